//! Heads and answers under a clock: a client that stops within a head, or stops reading, ends its connection instead
//! of holding a place, and one that is still sending what nobody wants gets its answer all the same.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::limits::{HEAD_TIMEOUT, LINGER_MAX};

/// How far the request of a connection has come, as its bytes and its service both have to know.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// A whole head came since the last read.
    head_came: AtomicBool,
    /// A body is not yet read to its end, or never will be.
    unread: AtomicBool,
    /// What comes belongs to whoever is at the end of a tunnel.
    tunnel: AtomicBool,
}

impl Progress {
    /// A whole head came; whether a body follows it.
    pub(super) fn begin(&self, body: bool) {
        self.head_came.store(true, Ordering::Relaxed);
        self.unread.store(body, Ordering::Relaxed);
    }

    /// What comes from now on belongs to whoever is at the end of a tunnel.
    pub(super) fn turn_into_tunnel(&self) {
        self.tunnel.store(true, Ordering::Relaxed);
    }

    /// Whether what comes belongs to a head.
    fn awaits_head(&self) -> bool {
        !self.unread.load(Ordering::Relaxed) && !self.tunnel.load(Ordering::Relaxed)
    }

    /// The body came to its end.
    pub(super) fn end_body(&self) {
        self.unread.store(false, Ordering::Relaxed);
    }
}

/// A connection that waits for its peer, but not for ever.
pub(super) struct Patient<S> {
    stream: S,
    most: Duration,
    progress: Arc<Progress>,
    /// Runs from the first byte of a head to its last, and while a new connection says nothing.
    reading: Option<Pin<Box<Sleep>>>,
    /// Runs while nothing of an answer can be written.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Runs from the end of the last answer on, while a client is still sending.
    lingering: Option<Pin<Box<Sleep>>>,
}

/// How a connection ends whose time is over.
fn late(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, what)
}

impl<S> Patient<S> {
    /// A connection that fails when a head takes longer than [`HEAD_TIMEOUT`] or nothing could be written for `most`,
    /// and ends at once unless something is unread.
    pub(super) fn new(stream: S, most: Duration, progress: Arc<Progress>) -> Self {
        Self {
            stream,
            most,
            progress,
            reading: Some(Box::pin(tokio::time::sleep(HEAD_TIMEOUT))),
            waiting: None,
            lingering: None,
        }
    }

    /// Keeps the clock of heads after a read that brought something or has to wait.
    fn time_head(&mut self, cx: &mut Context<'_>, came: bool) -> io::Result<()> {
        if self.progress.head_came.swap(false, Ordering::Relaxed) {
            self.reading = None;
        }
        if came && self.progress.awaits_head() {
            self.reading
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(HEAD_TIMEOUT)));
        }
        let reading = self.reading.as_mut();
        if reading.is_some_and(|reading| reading.as_mut().poll(cx).is_ready()) {
            return Err(late("the client stopped within a head"));
        }
        Ok(())
    }

    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.waiting = None;
            return outcome;
        }
        let most = self.most;
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(most)));
        let waited = waiting.as_mut().poll(cx);
        waited.map(|()| Err(late("the client stopped reading")))
    }
}

impl<S: AsyncRead + Unpin> Patient<S> {
    /// Reads what still comes and throws it away, until the client has seen the end or a time is over: closing with
    /// bytes unread would take the answer back.
    fn discard(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let lingering = self
            .lingering
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER_MAX)));
        let mut rest = [0; 8192];
        loop {
            if lingering.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Ok(()));
            }
            let mut rest = ReadBuf::new(&mut rest);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut rest))?;
            if rest.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, into);
        self.time_head(cx, into.filled().len() > before)?;
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
            ready!(self.judge(cx, shut))?;
        }
        if self.progress.unread.load(Ordering::Relaxed) {
            return self.discard(cx);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn whoever_stops_reading_is_cut_off() {
        let (mut client, server) = tokio::io::duplex(4);
        let mut server = Patient::new(server, Duration::from_millis(20), Arc::default());
        let error = server.write_all(b"answer").await.expect_err("nobody reads");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let mut seen = [0; 4];
        client.read_exact(&mut seen).await.expect("what was sent");
        assert_eq!(&seen, b"answ");
    }

    #[tokio::test]
    async fn whoever_reads_gets_everything() {
        let (mut client, server) = tokio::io::duplex(4);
        let mut server = Patient::new(server, Duration::from_hours(1), Arc::default());
        let answer = vec![b'a'; 10_000];
        let mut seen = Vec::new();
        let send = async {
            server.write_all(&answer).await.expect("sent");
            server.shutdown().await.expect("closed");
        };
        let ((), read) = tokio::join!(send, client.read_to_end(&mut seen));
        read.expect("read");
        assert_eq!(seen, answer);
    }

    #[tokio::test]
    async fn whoever_is_still_sending_is_heard_out_for_a_while() {
        let progress = Arc::new(Progress::default());
        progress.begin(true);
        for ends in [true, false] {
            let (mut client, server) = tokio::io::duplex(4);
            let mut server = Patient::new(server, Duration::from_hours(1), progress.clone());
            let started = tokio::time::Instant::now();
            let send = async {
                client
                    .write_all(&vec![0; 100_000])
                    .await
                    .expect("all taken");
                if ends {
                    drop(client);
                    return None;
                }
                Some(client)
            };
            let (client, shut) = tokio::join!(send, server.shutdown());
            shut.expect("closed");
            let waited = started.elapsed();
            assert_eq!(waited >= LINGER_MAX, !ends, "{waited:?}");
            drop(client);
        }
    }
}
