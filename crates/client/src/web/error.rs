//! Failures that are the same whatever the service.

/// An argument that cannot be used; nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(pub String);

impl ValueError {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// A connection could not be made or broke, or an answer made no sense.
#[doc(alias = "IOError")]
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ConnectionError {
    /// What happened.
    pub message: String,
    #[source]
    cause: Option<reqwest::Error>,
}

impl ConnectionError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            cause: None,
        }
    }

    /// From a failure of the HTTP library; the address in it is dropped, the caller knows it.
    pub(crate) fn of(message: impl Into<String>, error: reqwest::Error) -> Self {
        Self {
            message: message.into(),
            cause: Some(error.without_url()),
        }
    }
}
