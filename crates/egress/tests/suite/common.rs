//! A receiver that records what it got and answers from a script, and the outside world in small.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::model::{Accept, BucketName, DialectId, Timestamp};
use cohong_core::ports::{CallAbout, CallbackRequest, Clock, Mono};
use cohong_egress::policy::{Policy, Profile};
use cohong_egress::{CallbackLimits, Formats, Http, HttpCallbacks, HttpLimits, Resolve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A limit that a test waits for: still time enough to connect on a busy machine.
pub(crate) const SHORT: Duration = Duration::from_secs(2);
/// A limit that no test waits for.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// What a receiver does after it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Writes this and closes.
    Answer(String),
    /// Writes this and then says nothing more.
    Hang(String),
    /// Resets the connection.
    Reset,
    /// Writes the first text, then the second without end.
    Flood(String, String),
    /// Answers this to every request and keeps the connection.
    Keep(String),
    /// Writes this without reading anything.
    Speak(String),
    /// Does not even read.
    Ignore,
}

/// An answer with this status line, further header lines and a body.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Act {
    let length = body.len();
    Act::Answer(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}

/// The plain 200.
pub(crate) fn ok() -> Act {
    answer("200 OK", "content-type: text/plain\r\n", "done")
}

/// A listener with its record of requests.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
    written: Arc<AtomicUsize>,
}

impl Receiver {
    pub(crate) async fn start(act: Act) -> Self {
        Self::start_at([127, 0, 0, 1], act).await
    }

    pub(crate) async fn start_at(ip: [u8; 4], act: Act) -> Self {
        Self::listen(
            TcpListener::bind(SocketAddr::from((ip, 0))).await.unwrap(),
            act,
        )
    }

    /// A second receiver on the same port of another loopback address.
    pub(crate) async fn beside(&self, ip: [u8; 4], act: Act) -> Self {
        let address = SocketAddr::from((ip, self.address.port()));
        Self::listen(TcpListener::bind(address).await.unwrap(), act)
    }

    fn listen(listener: TcpListener, act: Act) -> Self {
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            requests: Arc::default(),
            written: Arc::default(),
        };
        let connections = Arc::clone(&receiver.connections);
        let requests = Arc::clone(&receiver.requests);
        let written = Arc::clone(&receiver.written);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(
                    stream,
                    act.clone(),
                    Arc::clone(&requests),
                    Arc::clone(&written),
                ));
            }
        });
        receiver
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request there was.
    pub(crate) fn request(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.into_iter().next().unwrap()
    }

    /// Bytes a flood has written.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }

    pub(crate) fn url(&self, rest: &str) -> String {
        format!("http://{}{rest}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

async fn serve(
    mut stream: TcpStream,
    act: Act,
    requests: Arc<Mutex<Vec<String>>>,
    written: Arc<AtomicUsize>,
) {
    if !matches!(act, Act::Ignore | Act::Speak(_) | Act::Keep(_)) {
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        requests.lock().unwrap().push(request);
    }
    match act {
        Act::Answer(text) => {
            // The other side may have gone; the test looks at what it got.
            let _ = stream.write_all(text.as_bytes()).await;
        }
        Act::Keep(text) => {
            while let Some(request) = read_request(&mut stream).await {
                requests.lock().unwrap().push(request);
                let _ = stream.write_all(text.as_bytes()).await;
            }
        }
        Act::Hang(text) | Act::Speak(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            std::future::pending::<()>().await;
        }
        Act::Reset => stream.set_zero_linger().unwrap(),
        Act::Flood(first, then) => {
            let mut next = first;
            while stream.write_all(next.as_bytes()).await.is_ok() {
                written.fetch_add(next.len(), Ordering::SeqCst);
                next.clone_from(&then);
            }
        }
        Act::Ignore => std::future::pending::<()>().await,
    }
}

/// Head and body as `content-length` says; `None` when the connection ended before.
async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut seen = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").map_or(0, |v| v.parse().unwrap());
            if body.len() >= length {
                return Some(text);
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => seen.extend_from_slice(&part[..n]),
        }
    }
}

/// A header's value in a recorded request.
pub(crate) fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
}

/// Names that resolve to what a test says: one list after the other, from the start again.
#[derive(Debug, Default)]
pub(crate) struct Names {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl Names {
    pub(crate) fn of(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |list: &&[&str]| list.iter().map(|ip| ip.parse().unwrap()).collect();
        Arc::new(Self {
            answers: answers.iter().map(parse).collect(),
            asked: AtomicUsize::new(0),
        })
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        if self.answers.is_empty() {
            return Err(io::Error::other("no such name"));
        }
        Ok(self.answers[asked % self.answers.len()].clone())
    }
}

/// A resolver that never answers.
#[derive(Debug)]
pub(crate) struct DeadNames;

#[async_trait]
impl Resolve for DeadNames {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        std::future::pending().await
    }
}

/// Stands still.
#[derive(Debug)]
pub(crate) struct Still(pub(crate) Timestamp);

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        self.0
    }

    fn mono(&self) -> Mono {
        Duration::ZERO
    }

    async fn sleep_until(&self, _: Mono) {}
}

pub(crate) fn policy(profile: Profile, allow: &[&str]) -> Policy {
    Policy::new(
        profile,
        allow.iter().map(|entry| entry.parse().unwrap()).collect(),
        Vec::new(),
    )
}

/// A client whose own limits are generous.
pub(crate) fn http(policy: Policy, names: Arc<dyn Resolve>) -> Arc<Http> {
    let limits = HttpLimits {
        resolve: LONG,
        connect: LONG,
    };
    Arc::new(Http::new(policy, names, limits).unwrap())
}

/// No names, receivers on this machine permitted.
pub(crate) fn dev() -> Arc<Http> {
    http(policy(Profile::Dev, &[]), Arc::new(Names::default()))
}

/// Callbacks whose limits are generous.
pub(crate) fn callbacks(http: Arc<Http>) -> HttpCallbacks {
    HttpCallbacks::new(
        http,
        CallbackLimits {
            per_url: LONG,
            ..CallbackLimits::default()
        },
        Formats::new(),
    )
}

/// A call of these URLs with a small form body.
pub(crate) fn call(urls: &[&str]) -> CallbackRequest {
    CallbackRequest {
        urls: urls.iter().map(|&url| url.into()).collect(),
        host: None,
        headers: Vec::new(),
        content_type: "application/x-www-form-urlencoded",
        body: Bytes::from_static(b"key=a%20b"),
        accept: Accept::Any2xx,
        about: CallAbout {
            dialect: DialectId::Tos,
            bucket: BucketName::new("photos").unwrap(),
            request_id: "request-1".into(),
            requester: None,
            at: Timestamp::from_millis(0),
        },
        timeout: LONG,
    }
}
