//! cohong-egress: everything this server sends to other people's servers.
//!
//! The outbound trust boundary. An address may come from whoever uploads an object, so every call
//! passes [`policy`] three times: when its URL is read, when its name is resolved and when the
//! connection stands. [`Http`] is the only HTTP client; [`HttpCallbacks`] calls uploaders'
//! applications; [`FunctionTarget`] and [`WebhookTarget`] deliver notifications; [`SourceReaders`] opens
//! buckets of other stores, for sync tasks and for commands, [`HttpOrigins`] objects that a bucket mirrors,
//! [`UrlReader`] what a client's URL names.
//!
//! It does **not** know buckets of this server, records, configuration files, or what is done about a
//! failed call: `cohong-core` decides that. Vendors' words are known to `source` only, which has to
//! speak them. Start reading at [`policy`].

pub mod limits;
pub mod policy;

mod callback;
mod client;
mod fetch;
mod origin;
mod resolve;
mod retry_after;
mod source;
mod target;

pub use callback::{CallbackLimits, Formats, HttpCallbacks};
pub use client::{BuildError, Http, HttpLimits};
pub use fetch::UrlReader;
pub use origin::HttpOrigins;
pub use resolve::{Resolve, SystemResolver};
pub use source::{
    Listed, ListedBucket, Listing, Reader, SourceReaders, Speech, Store, Uploaded, known_store,
};
pub use target::function::{Endpoint, FunctionRegistry, FunctionTarget};
pub use target::webhook::{WebhookSecret, WebhookSecrets, WebhookTarget};
