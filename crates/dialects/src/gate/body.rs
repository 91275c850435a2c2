//! Bodies between the gateway and the engine.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use bytes::Bytes;
use cohong_core::error::BoxError;
use cohong_core::ports::{BodyError, ByteStream};
use cohong_core::{Error, ErrorKind};
use futures_core::Stream;
use futures_util::StreamExt;
use http::HeaderMap;
use http_body_util::{BodyExt, BodyStream, StreamBody};

use super::fault::Fault;
use super::{InBody, OutBody};

/// A request body as the engine reads it.
pub fn inbound(body: InBody) -> ByteStream {
    let frames = BodyStream::new(body).filter_map(async |frame| match frame {
        Ok(frame) => frame.into_data().ok().map(Ok),
        Err(cause) => Some(Err(BodyError::Aborted(cause.to_string()))),
    });
    Box::pin(frames)
}

/// A request body of which somebody else reads, so that what was left of it can be read to its end.
pub(crate) struct Lent(Arc<Mutex<ByteStream>>);

impl Lent {
    /// A body to lend.
    pub(crate) fn new(body: ByteStream) -> Self {
        Self(Arc::new(Mutex::new(body)))
    }

    /// The body, for who reads it.
    pub(crate) fn stream(&self) -> ByteStream {
        let shared = self.0.clone();
        Box::pin(futures_util::stream::poll_fn(move |cx| {
            let mut body = shared.lock().unwrap_or_else(PoisonError::into_inner);
            body.poll_next_unpin(cx)
        }))
    }

    /// Reads on to the end of the body, or until `bytes_max` bytes more have come, and keeps nothing: a client that
    /// is still sending does not hear an answer.
    pub(crate) async fn drain(self, bytes_max: u64) {
        let mut rest = self.stream();
        let mut bytes = 0_u64;
        while let Some(Ok(piece)) = rest.next().await {
            bytes = bytes.saturating_add(piece.len() as u64);
            if bytes > bytes_max {
                return;
            }
        }
    }
}

/// A stored body as the gateway sends it.
pub fn outbound(stream: ByteStream) -> OutBody {
    streamed(stream)
}

/// A stream of bytes as the gateway sends it.
pub(crate) fn streamed<E: Into<BoxError>>(
    stream: impl Stream<Item = Result<Bytes, E>> + Send + 'static,
) -> OutBody {
    let frames = stream.map(|piece| piece.map(http_body::Frame::data).map_err(Into::into));
    BodyExt::boxed_unsync(StreamBody::new(frames))
}

/// A body that is announced and does not come. It ends with an error once the head had time to go.
pub(crate) fn unsent() -> OutBody {
    let mut told = false;
    streamed(futures_util::stream::poll_fn(move |cx| {
        if std::mem::replace(&mut told, true) {
            return Poll::Ready(Some(Err::<Bytes, _>("nothing of the object is sent")));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }))
}

/// The length a request declares; `None` for chunked bodies.
pub fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(http::header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Reads a small body whole; `Err(None)` when it is longer than `limit` bytes.
pub async fn collect(mut stream: ByteStream, limit: usize) -> Result<Bytes, Option<BodyError>> {
    let mut all = Vec::new();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(Some)?;
        if all.len() + piece.len() > limit {
            return Err(None);
        }
        all.extend_from_slice(&piece);
    }
    Ok(all.into())
}

/// Reads a body of at most `limit` bytes whole.
pub(crate) async fn read_whole(
    headers: &HeaderMap,
    body: ByteStream,
    limit: usize,
) -> Result<Bytes, Fault> {
    let too_large = || {
        let message = format!("the body is larger than {limit} bytes");
        Fault::from(Error::new(ErrorKind::TooLarge, message))
    };
    if declared_length(headers).is_some_and(|len| len > limit as u64) {
        return Err(too_large());
    }
    let read = collect(body, limit).await;
    read.map_err(|error| match error {
        None => too_large(),
        Some(error) => Error::from(error).into(),
    })
}
