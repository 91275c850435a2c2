//! A way to a server that fails after so many bytes.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::common::{command, key};

/// Small, so that a request is passed on in several.
const PIECE: usize = 1 << 14;

/// Longer than the head of any answer.
const HEAD: usize = 2000;

/// What happens when the bytes are used up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// Nothing moves any more.
    Stall,
    /// All connections end, and there are no new ones.
    Cut,
    /// One byte from the server changes, and all goes on.
    Damage,
}

/// Passes bytes on, both ways together.
pub(crate) struct Relay {
    address: SocketAddr,
    ended: watch::Receiver<bool>,
}

struct Shared {
    left: AtomicUsize,
    end: End,
    ended: watch::Sender<bool>,
}

impl Shared {
    /// The bytes are used up; whether they were before.
    fn spend(&self) -> bool {
        self.ended.send_replace(true)
    }
}

impl Relay {
    pub(crate) async fn start(to: SocketAddr, bytes: usize, end: End) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let (told, ended) = watch::channel(false);
        let shared = Arc::new(Shared {
            left: AtomicUsize::new(bytes),
            end,
            ended: told,
        });
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if end == End::Cut && *shared.ended.borrow() {
                    continue;
                }
                let server = TcpStream::connect(to).await.expect("connected");
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(pass(from_client, to_server, shared.clone(), false));
                tokio::spawn(pass(from_server, to_client, shared.clone(), true));
            }
        });
        Self { address, ended }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until the bytes are used up.
    pub(crate) async fn ended(&self) {
        let mut ended = self.ended.clone();
        ended.wait_for(|ended| *ended).await.expect("it lives");
    }

    pub(crate) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }
}

/// Runs a command through a relay that stalls after so many bytes, and types Ctrl-C then. Gives what it said.
pub(crate) async fn interrupted(to: SocketAddr, words: &[&str], budget: usize) -> String {
    let relay = Relay::start(to, budget, End::Stall).await;
    let (endpoint, key) = (relay.endpoint(), key());
    let mut all = words.to_vec();
    all.extend(["--endpoint", &endpoint, "--key", &key]);
    let child = command(&all)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    relay.ended().await;
    let pid = child.id().expect("running").to_string();
    let asked = tokio::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .await;
    assert!(asked.expect("asked").success());
    let done = child.wait_with_output().await.expect("ended");
    let said = String::from_utf8(done.stderr).expect("UTF-8");
    assert_eq!(done.status.code(), Some(1), "{said}");
    said
}

async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    shared: Arc<Shared>,
    from_server: bool,
) {
    let mut piece = vec![0; PIECE];
    let mut ended = shared.ended.subscribe();
    loop {
        let read = tokio::select! {
            read = from.read(&mut piece) => read,
            _ = ended.wait_for(|ended| *ended && shared.end == End::Cut) => return,
        };
        let Ok(bytes @ 1..) = read else { return };
        let used = |left: usize| left.checked_sub(bytes);
        let order = Ordering::SeqCst;
        let spent = shared.left.fetch_update(order, order, used).is_err();
        match shared.end {
            End::Stall if spent => {
                shared.spend();
                std::future::pending::<()>().await;
            }
            End::Cut if spent => {
                shared.spend();
                return;
            }
            // More than a head ends in a body.
            End::Damage if spent && from_server && bytes > HEAD && !shared.spend() => {
                piece[bytes - 1] ^= 1;
            }
            _ => {}
        }
        if to.write_all(&piece[..bytes]).await.is_err() {
            return;
        }
    }
}
