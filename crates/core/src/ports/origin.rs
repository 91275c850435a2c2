//! Origins: other people's servers that have what a bucket lacks.

use async_trait::async_trait;

use super::ByteStream;

/// An object that is asked for at its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginRequest {
    /// URLs that the key is put behind. The next one is asked when one cannot be reached or fails.
    pub origins: Vec<Box<str>>,
    /// The key, as it is.
    pub key: String,
    /// The query, percent-encoded; none when empty.
    pub query: String,
    /// Headers to send, names in lower case.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// Whether redirects are followed.
    pub follow: bool,
}

/// An object on its way from its origin.
pub struct OriginObject {
    /// Headers of the answer, names in lower case.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// Its length, where the origin tells.
    pub len: Option<u64>,
    /// Its bytes; they end with an error when they do not come in time.
    pub body: ByteStream,
}

impl std::fmt::Debug for OriginObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OriginObject")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

/// Why an origin gives nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginFault {
    /// It has no such object.
    #[error("the origin has no such object")]
    Missing,
    /// It cannot be reached, may not be called, or answers with an error. For the log.
    #[error("{0}")]
    Failed(Box<str>),
}

/// Reaches origins.
#[async_trait]
pub trait Origins: Send + Sync + std::fmt::Debug {
    /// Asks for an object. Ends within a time limit of its own; the bytes have another.
    async fn fetch(&self, request: OriginRequest) -> Result<OriginObject, OriginFault>;
}
