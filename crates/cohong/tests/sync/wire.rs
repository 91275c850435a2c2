//! Stands between two servers, counts what one says to the other, and stops it at a given byte.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A relay that the server behind it may come and go without.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) address: SocketAddr,
    lines: Arc<Lines>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Lines {
    to: watch::Sender<SocketAddr>,
    /// Bytes that the server behind has said, on all connections.
    said: watch::Sender<u64>,
    /// Bytes after which nothing more is passed on.
    limit: watch::Sender<u64>,
}

impl Wire {
    pub(crate) async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let lines = Arc::new(Lines {
            to: watch::Sender::new(to),
            said: watch::Sender::new(0),
            limit: watch::Sender::new(u64::MAX),
        });
        let shared = lines.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(pass(stream, shared.clone()));
            }
        });
        Self {
            address,
            lines,
            accepting,
        }
    }

    /// The server behind is somewhere else now.
    pub(crate) fn move_to(&self, to: SocketAddr) {
        self.lines.to.send_replace(to);
    }

    /// Lets so many more bytes pass.
    pub(crate) fn allow(&self, more: u64) {
        let limit = self.said().saturating_add(more);
        self.lines.limit.send_replace(limit);
    }

    /// Bytes passed on so far, and those that wait.
    pub(crate) fn said(&self) -> u64 {
        *self.lines.said.borrow()
    }

    /// Returns when as much was said as may pass.
    pub(crate) async fn is_full(&self) {
        let limit = *self.lines.limit.borrow();
        let mut said = self.lines.said.subscribe();
        said.wait_for(|said| *said >= limit)
            .await
            .expect("it lives");
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(near: TcpStream, lines: Arc<Lines>) {
    let to = *lines.to.borrow();
    let Ok(far) = TcpStream::connect(to).await else {
        return;
    };
    let (mut near_in, near_out) = near.into_split();
    let (far_in, mut far_out) = far.into_split();
    let ask = async {
        // Either side may break off.
        drop(tokio::io::copy(&mut near_in, &mut far_out).await);
        drop(far_out);
    };
    tokio::join!(ask, say(far_in, near_out, &lines));
}

async fn say(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, lines: &Lines) {
    let mut limit = lines.limit.subscribe();
    let mut piece = vec![0; 64 << 10];
    while let Ok(len @ 1..) = from.read(&mut piece).await {
        let mut said = 0;
        lines.said.send_modify(|all| {
            *all += len as u64;
            said = *all;
        });
        limit
            .wait_for(|limit| said <= *limit)
            .await
            .expect("it lives");
        if to.write_all(&piece[..len]).await.is_err() {
            return;
        }
    }
}
