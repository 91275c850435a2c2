//! A small archive service in memory, with faults on order. It takes nothing on trust: signatures, digests and ranges
//! are compared. It speaks HTTP by hand, because its faults are below HTTP.

mod service;
mod state;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

pub(crate) use state::{State, etag, tree_etag};

pub(crate) const ACCESS_KEY: &str = "OASTESTACCESSKEYID00";
pub(crate) const SECRET: &str = "OasTestSecretAccessKey0123456789";

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection ends before the body is read.
    Refuse,
    /// The request is carried out, and the connection ends without an answer.
    Lose,
    /// A byte of the request's body changes on the way.
    DamageRequest,
    /// The answer's body ends after so many bytes, and so does the connection.
    Cut(usize),
    /// The answer says that its body is shorter than asked for, and it is.
    Shorten,
    /// The answer has more bytes than asked for.
    Lengthen,
    /// A byte of the answer's body changes on the way.
    Damage,
    /// The service answers this.
    Answer(u16, &'static str),
    /// What answers is not the service.
    Html,
}

/// A request as it came.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).map(HeaderValue::as_bytes);
        std::str::from_utf8(value.unwrap_or_default()).expect("UTF-8")
    }
}

/// An answer before faults.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

/// The server; it ends with its runtime.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, shared.clone()));
            }
        });
        Self { address, state }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    /// Orders a fault for the next request of that method whose path or range contains a text.
    pub(crate) fn fault(&self, method: Method, part: &'static str, fault: Fault) {
        self.state().faults.push((method, part.to_owned(), fault));
    }

    /// Requests so far whose line contains a text: method, path and, where there is one, range.
    pub(crate) fn asked(&self, part: &str) -> usize {
        let state = self.state();
        state.log.iter().filter(|line| line.contains(part)).count()
    }
}

/// Serves one connection until it ends.
async fn connection(stream: TcpStream, state: Arc<Mutex<State>>) {
    stream.set_nodelay(true).expect("an option of TCP");
    let mut stream = BufReader::new(stream);
    while let Some(mut request) = head(&mut stream).await {
        let fault = state.lock().expect("not poisoned").begin(&request);
        if fault == Some(Fault::Refuse) {
            return;
        }
        let bytes = request.header("content-length").parse().unwrap_or(0);
        request.body = vec![0; bytes];
        if stream.read_exact(&mut request.body).await.is_err() {
            return;
        }
        if fault == Some(Fault::DamageRequest) {
            request.body[bytes / 2] ^= 1;
        }
        let answer = match fault {
            Some(Fault::Answer(status, code)) => service::refusal(status, code),
            Some(Fault::Html) => html(),
            _ => state.lock().expect("not poisoned").answer(&request),
        };
        if !send(&mut stream, answer, fault).await {
            return;
        }
    }
}

/// Reads a request up to its body; nothing at the end of the connection.
async fn head(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|n| *n > 0)?;
    let mut words = line.split(' ');
    let method = words.next()?.parse().ok()?;
    let (path, query) = {
        let target = words.next()?;
        target.split_once('?').unwrap_or((target, ""))
    };
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut headers = HeaderMap::new();
    loop {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line).await.ok()?;
        let line = line.trim_ascii_end();
        if line.is_empty() {
            break;
        }
        let colon = line.iter().position(|b| *b == b':').expect("a header");
        let name = HeaderName::from_bytes(&line[..colon]).expect("a name");
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).expect("a value");
        headers.append(name, value);
    }
    Some(Request {
        method,
        path,
        query,
        headers,
        body: Vec::new(),
    })
}

/// Writes an answer with its fault; whether the connection goes on.
async fn send(stream: &mut BufReader<TcpStream>, mut answer: Answer, fault: Option<Fault>) -> bool {
    let mut sent = answer.body.len();
    match fault {
        Some(Fault::Lose) => return false,
        Some(Fault::Cut(bytes)) => sent = sent.min(bytes),
        Some(Fault::Shorten) => {
            answer.body.truncate(sent / 2);
            sent /= 2;
        }
        Some(Fault::Lengthen) => {
            answer.body.push(0);
            sent += 1;
        }
        Some(Fault::Damage) => answer.body[sent / 2] ^= 1,
        _ => {}
    }
    let mut head = format!(
        "HTTP/1.1 {} X\r\nContent-Length: {}\r\nX-OAS-Request-Id: {:032X}\r\n",
        answer.status,
        answer.body.len(),
        7
    );
    for (name, value) in &answer.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    let whole = sent == answer.body.len();
    let written = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(&answer.body[..sent]).await?;
        stream.flush().await
    };
    written.await.is_ok() && whole
}

fn html() -> Answer {
    Answer {
        status: 502,
        headers: vec![("Content-Type", "text/html".into())],
        body: b"<html>a gateway</html>".to_vec(),
    }
}
