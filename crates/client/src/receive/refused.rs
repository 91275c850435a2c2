//! Why something that arrived is not taken.

use http::StatusCode;

use crate::web::ConnectionError;

/// Why something that arrived is not taken. The texts are for the receiver's own log; a sender learns enough from
/// [`status`](Self::status).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// A header is missing that a signature or an event needs.
    #[error("the header {0} is missing")]
    Missing(&'static str),
    /// Something cannot be read, or stands twice.
    #[error("{0} cannot be read")]
    Malformed(&'static str),
    /// The body is longer than [`BODY_BYTES_MAX`](super::BODY_BYTES_MAX).
    #[error("the body is longer than 1 MiB")]
    TooLong,
    /// The call names a key of somebody who is not trusted. A forger names a key of his own.
    #[error("the key at {0:?} is not trusted; trust its prefix, if it is the server's")]
    Untrusted(String),
    /// The key cannot be read now.
    #[error("the public key cannot be read")]
    Key(#[source] ConnectionError),
    /// The signature is not that of this request.
    #[error("the signature does not match")]
    Mismatch,
    /// The delivery was signed too long ago, or is from the future: it may be a repeated one.
    #[error("the delivery was signed more than five minutes ago or ahead; compare the clocks")]
    Stale,
}

impl Refused {
    /// What to answer. Only when the key cannot be read is another delivery of use.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Missing(_) | Self::Untrusted(_) | Self::Mismatch | Self::Stale => {
                StatusCode::FORBIDDEN
            }
            Self::Key(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
