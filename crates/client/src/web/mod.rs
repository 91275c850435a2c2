//! What every client of this crate needs of HTTP: where a service is, waiting for it, trying again, reading what it
//! says. Knows no vendor.

mod body;
mod endpoint;
mod error;
pub(crate) mod limits;
mod retry;

pub(crate) use body::{Body, within};
pub(crate) use endpoint::{client, now, origin};
pub use error::{ConnectionError, ValueError};
pub use retry::Retry;
