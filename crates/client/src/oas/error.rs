//! What can go wrong (OAS sheet section 7.4).

use std::collections::BTreeMap;
use std::fmt;

pub use crate::web::{ConnectionError, ValueError};

/// Any failure of this client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The service refused.
    #[error(transparent)]
    Server(#[from] Box<OASServerError>),
    /// This client gave up, or found that bytes are not those they should be.
    #[error(transparent)]
    Client(#[from] OASClientError),
    /// An argument cannot be used.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A connection could not be made or broke, or an answer made no sense.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// A local file could not be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

impl Error {
    /// Whether the same may succeed when it is tried again: the connection broke, the service was at fault, or bytes
    /// were damaged on the way.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Server(error) => error.r#type != "client",
            Self::Client(_) | Self::Connection(_) => true,
            Self::Value(_) | Self::Io(_) => false,
        }
    }

    /// A failure with a local file, which is named.
    pub(super) fn file(
        what: &str,
        path: &std::path::Path,
        error: &std::io::Error,
    ) -> std::io::Error {
        let text = format!("cannot {what} {}: {error}", path.display());
        std::io::Error::new(error.kind(), text)
    }
}

/// The service refused: any status but 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OASServerError {
    /// HTTP status.
    pub status: u16,
    /// The service's word for what happened, such as `VaultNotExists`; empty when the answer was not the service's.
    pub code: String,
    /// Whose fault it is: `client` or `server`.
    pub r#type: String,
    /// Explanation for people.
    pub message: String,
    /// Id of the request, to ask the operator about; empty when there was none.
    pub request_id: String,
    /// Headers of the answer, names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl fmt::Display for OASServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}", self.status)?;
        if !self.code.is_empty() {
            write!(f, " {}", self.code)?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        if !self.request_id.is_empty() {
            write!(f, " (request {})", self.request_id)?;
        }
        Ok(())
    }
}

impl std::error::Error for OASServerError {}

/// This client gave up.
#[derive(Debug, thiserror::Error)]
pub enum OASClientError {
    /// An upload is not complete.
    #[error(transparent)]
    UploadArchive(#[from] UploadArchiveError),
    /// A download is not complete, or there is nothing to download.
    #[error(transparent)]
    DownloadArchive(#[from] DownloadArchiveError),
    /// Bytes are not those they should be.
    #[error(transparent)]
    HashDoesNotMatch(#[from] HashDoesNotMatchError),
}

/// Defines a failure with a text and perhaps a cause.
macro_rules! failure {
    ($(#[$doc:meta])* $name:ident, $variant:ident) => {
        $(#[$doc])*
        #[derive(Debug, thiserror::Error)]
        #[error("{message}")]
        pub struct $name {
            /// What happened, and what to do next.
            pub message: String,
            /// What led to it, where it was one failure of the service, the connection or a file.
            #[source]
            pub cause: Option<Box<Error>>,
        }

        impl $name {
            /// The failure, without a cause.
            pub(super) fn of(message: impl Into<String>) -> Error {
                Self { message: message.into(), cause: None }.into()
            }

            /// The failure that another led to.
            pub(super) fn by(message: impl Into<String>, cause: Error) -> Error {
                Self { message: message.into(), cause: Some(Box::new(cause)) }.into()
            }
        }

        impl From<$name> for Error {
            fn from(error: $name) -> Self {
                Self::Client(OASClientError::$variant(error))
            }
        }
    };
}

failure! {
    /// An upload is not complete. What the service has stays there until the upload is cancelled, and
    /// [`Uploader::resume`](super::Uploader::resume) goes on with it.
    UploadArchiveError, UploadArchive
}
failure! {
    /// A download is not complete, or there is nothing to download. What is there already is used by the next attempt.
    DownloadArchiveError, DownloadArchive
}
/// Bytes are not those they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HashDoesNotMatchError {
    /// Which bytes, and of what.
    pub message: String,
}

impl HashDoesNotMatchError {
    pub(super) fn of(message: impl Into<String>) -> Error {
        let message = message.into();
        Error::Client(Self { message }.into())
    }
}
