//! Reading and writing objects of other stores: one way of asking, signing and reading answers for the family of
//! S3, and the vendors' differences as facts of a [`Speech`].
//!
//! Keys are taken byte for byte: they are escaped here, and a key that cannot be sent as it is is
//! refused instead of read as another one. Nothing is tried twice here.
//!
//! Does not know which stores there are, but for the public ones of [`known_store`]; where a store is
//! comes from the operator, and only bucket and region from whoever asks.

mod answer;
mod ask;
mod browse;
mod connection;
mod fault;
mod known;
mod list;
mod manage;
mod reader;
mod speech;
mod store;
#[cfg(test)]
mod tests;
mod wire;
mod writer;

pub use browse::{Listed, ListedBucket, Listing, Uploaded};
pub use known::known_store;
pub use reader::{Reader, SourceReaders};
pub use speech::Speech;
pub use store::Store;
