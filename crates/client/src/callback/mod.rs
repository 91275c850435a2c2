//! Orders of upload callbacks, for TOS and OSS: whom to call once an object is stored, and what to tell.
//!
//! [`Callback`] builds the two parameters of an upload, each Base64 of JSON, and refuses beforehand what the service
//! would refuse, or accept and never fill in. What is built here goes into [`PutOptions`](crate::tos::PutOptions), into
//! `complete_multipart_upload`, or, as texts, into any other client of the vendors.
//!
//! ```
//! use cohong_client::callback::{Body, Callback, Variable};
//!
//! let body = Body::json()
//!     .with("object", Variable::Object)
//!     .with("size", Variable::Size)
//!     .with("user", Variable::custom("x:user"));
//! let order = Callback::tos("https://app.example/stored", body)
//!     .or("https://standby.example/stored")
//!     .var("x:user", "u-17")
//!     .build()?;
//! assert!(order.callback_var.is_some());
//! # Ok::<(), cohong_client::callback::ValueError>(())
//! ```

mod body;
mod build;
mod check;

pub use crate::web::ValueError;
pub use body::{Body, BodyType, Variable};
pub use build::{Callback, CallbackParameters};
