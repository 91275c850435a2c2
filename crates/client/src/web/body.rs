//! Reading the body of an answer.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::error::ConnectionError;
use super::limits::SILENCE_MAX;

/// Where the bytes of a body come from.
#[derive(Debug)]
pub(crate) enum Body {
    /// All is here.
    Whole(Bytes),
    /// It comes, and this is left of the last piece.
    Stream(Box<reqwest::Response>, Bytes),
}

impl Body {
    /// The body of an answer whose head has come.
    pub(crate) fn of(response: reqwest::Response) -> Self {
        Self::Stream(Box::new(response), Bytes::new())
    }

    /// Next bytes, at most `size`; none at the end. Fails when the connection breaks or nothing comes for 100 seconds:
    /// an end is always the whole body's.
    pub(crate) async fn read(&mut self, size: usize) -> Result<Bytes, ConnectionError> {
        match self {
            Self::Whole(bytes) => Ok(bytes.split_to(size.min(bytes.len()))),
            Self::Stream(response, left) => {
                while left.is_empty() {
                    match within(SILENCE_MAX, response.chunk()).await? {
                        Some(piece) => *left = piece,
                        None => return Ok(Bytes::new()),
                    }
                }
                Ok(left.split_to(size.min(left.len())))
            }
        }
    }

    /// The rest, which may not be longer than that.
    pub(crate) async fn rest(&mut self, bytes_max: usize) -> Result<Bytes, ConnectionError> {
        let mut all = BytesMut::new();
        loop {
            let piece = self.read(bytes_max).await?;
            if piece.is_empty() {
                return Ok(all.freeze());
            }
            if all.len() + piece.len() > bytes_max {
                let text = format!("the answer is longer than {bytes_max} bytes");
                return Err(ConnectionError::new(text));
            }
            all.extend_from_slice(&piece);
        }
    }
}

/// Waits for the HTTP library, but not for ever.
pub(crate) async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, reqwest::Error>>,
) -> Result<T, ConnectionError> {
    match tokio::time::timeout(time, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            let text = if error.is_connect() {
                "the service cannot be reached"
            } else {
                "the connection broke"
            };
            Err(ConnectionError::of(text, error))
        }
        Err(_) => {
            let text = format!("the service was silent for {} seconds", time.as_secs());
            Err(ConnectionError::new(text))
        }
    }
}
