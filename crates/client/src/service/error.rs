//! What can go wrong with the clients of TOS, OSS and OMS.

use std::fmt;

use crate::web::{ConnectionError, ValueError};

/// Any failure of these clients.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service refused.
    #[error(transparent)]
    Server(#[from] Box<ServerError>),
    /// The object is stored, and the application that was to be called did not accept.
    #[error(transparent)]
    Callback(#[from] Box<CallbackError>),
    /// An argument cannot be used.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A connection could not be made or broke, or an answer made no sense.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// A local file could not be read.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The service refused: any status but 2xx.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerError {
    /// HTTP status.
    pub status_code: u16,
    /// The service's word for what happened, such as `NoSuchBucket`; empty when the answer was not the service's.
    pub code: String,
    /// Explanation for people.
    pub message: String,
    /// Id of the request, to ask the operator about; empty when there was none.
    pub request_id: String,
    /// Finer number of the error, where the vendor has one, such as `0006-00000001`; else empty.
    pub ec: String,
    /// What was asked for, without the query.
    pub request_url: String,
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}", self.status_code)?;
        for (before, text, after) in [
            (" ", &self.code, ""),
            (": ", &self.message, ""),
            (" (request ", &self.request_id, ")"),
        ] {
            if !text.is_empty() {
                write!(f, "{before}{text}{after}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ServerError {}

/// The upload succeeded and its callback failed: status 203 (TOS sheet section 5, OSS sheet section 4.7). The object
/// stays; a multipart upload is completed and its id gone. Uploading again would store it again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the object is stored, but its callback failed: {error}")]
pub struct CallbackError {
    /// What the service says of the call.
    pub error: ServerError,
    /// Etag of what is stored, without quotes.
    pub etag: String,
    /// Its version, where the bucket keeps versions.
    pub version_id: Option<String>,
}
