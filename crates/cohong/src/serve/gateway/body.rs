//! Request bodies under a clock: silence and trickle end a body instead of holding a place. That a body came to its
//! end is told.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cohong_core::error::BoxError;
use cohong_dialects::gate::InBody;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::Sleep;

use super::limits::{BODY_IDLE_MAX, BODY_RATE_MIN};
use super::patience::Progress;

/// The body with its time limits; `progress` is told when it came to its end.
pub(super) fn timed(body: Incoming, progress: Arc<Progress>) -> InBody {
    let idle = Box::pin(tokio::time::sleep(BODY_IDLE_MAX));
    Timed {
        body,
        idle,
        started: Instant::now(),
        received: 0,
        progress,
    }
    .boxed_unsync()
}

struct Timed<B: Body> {
    body: B,
    idle: Pin<Box<Sleep>>,
    started: Instant,
    received: u64,
    progress: Arc<Progress>,
}

impl<B> Body for Timed<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let len = frame.data_ref().map_or(0, Bytes::len);
                self.received += u64::try_from(len).unwrap_or(u64::MAX);
                if too_slow(self.received, self.started.elapsed()) {
                    return Poll::Ready(Some(Err("the body comes too slowly".into())));
                }
                self.idle
                    .as_mut()
                    .reset(tokio::time::Instant::now() + BODY_IDLE_MAX);
                if self.body.is_end_stream() {
                    self.progress.end_body();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(other) => {
                if other.is_none() {
                    self.progress.end_body();
                }
                Poll::Ready(other.map(|end| end.map_err(Into::into)))
            }
            Poll::Pending => match self.idle.as_mut().poll(cx) {
                Poll::Ready(()) => Poll::Ready(Some(Err("the body stopped coming".into()))),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// After a minute's grace a body must have come at the least speed on average.
fn too_slow(received: u64, elapsed: Duration) -> bool {
    let owed = elapsed
        .as_secs()
        .saturating_sub(60)
        .saturating_mul(BODY_RATE_MIN);
    received < owed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trickles_are_told_from_slow_lines() {
        let at = Duration::from_secs;
        assert!(!too_slow(0, at(60)));
        assert!(!too_slow(10 << 10, at(70)));
        assert!(too_slow((10 << 10) - 1, at(70)));
        assert!(!too_slow(u64::MAX, at(u64::MAX)));
    }
}
