//! Bodies between the gateway and the engine.

use bytes::Bytes;
use cohong_core::error::BoxError;
use cohong_core::ports::{BodyError, ByteStream};
use futures_core::Stream;
use futures_util::StreamExt;
use http::HeaderMap;
use http_body_util::{BodyExt, BodyStream, StreamBody};

use super::{InBody, OutBody};

/// A request body as the engine reads it.
pub fn inbound(body: InBody) -> ByteStream {
    let frames = BodyStream::new(body).filter_map(async |frame| match frame {
        Ok(frame) => frame.into_data().ok().map(Ok),
        Err(cause) => Some(Err(BodyError::Aborted(cause.to_string()))),
    });
    Box::pin(frames)
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
