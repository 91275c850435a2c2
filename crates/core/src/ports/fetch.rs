//! Other people's servers, to read from by order of a client.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::ports::ByteStream;

/// What a URL gave.
pub struct Fetched {
    /// Length, bytes, where the server says it.
    pub len: Option<u64>,
    /// `Content-Type`, where the server says it and it is text.
    pub content_type: Option<Box<str>>,
    /// The bytes; they end with an error when they are cut short or take too long.
    pub body: ByteStream,
}

/// Why a URL gave nothing. Texts hold neither the URL's query nor an address behind its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchFault {
    /// It cannot be asked for, or may not.
    #[error("{0}")]
    Refused(Box<str>),
    /// It was answered with this status, which is none of success.
    #[error("the URL was answered with status {0}")]
    Status(u16),
    /// There was no answer. One text whatever happened, so that fetching scans no networks.
    #[error("the URL could not be read")]
    Broken,
}

impl FetchFault {
    /// Whether trying again may help.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Refused(_) => false,
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Broken => true,
        }
    }
}

/// Reads what URLs name. Whoever asks is not trusted: what may be called is for the implementation to judge.
#[async_trait]
pub trait Fetcher: Debug + Send + Sync + 'static {
    /// Judges a URL by its text alone.
    fn check(&self, url: &str) -> Result<(), FetchFault>;

    /// Asks for a URL, once, within a time limit for its head, and another for its body.
    async fn fetch(&self, url: &str) -> Result<Fetched, FetchFault>;
}
