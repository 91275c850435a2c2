//! A connection on which everything can be said, and a reader of what is answered.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Longest wait for an answer; reached only by a server that hangs.
const WAIT_MAX: Duration = Duration::from_secs(90);

/// A connection.
pub(crate) struct Raw {
    stream: TcpStream,
    /// Received and not yet taken.
    rest: Vec<u8>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header under its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(found, _)| found == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The vendor's word for an error.
    pub(crate) fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["Code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Raw {
    pub(crate) async fn open(server: SocketAddr) -> Self {
        let stream = TcpStream::connect(server).await.expect("connected");
        stream.set_nodelay(true).expect("no delay");
        Self {
            stream,
            rest: Vec::new(),
        }
    }

    /// A connection that comes from another address of this machine, `127.0.0.n`.
    pub(crate) async fn open_from(n: u8, server: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(([127, 0, 0, n], 0).into()).expect("an address");
        let stream = socket.connect(server).await.expect("connected");
        Self {
            stream,
            rest: Vec::new(),
        }
    }

    /// Sends bytes. A server that has hung up is found out when reading.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        drop(self.stream.write_all(bytes).await);
    }

    /// Sends a request without body beyond `bytes` and reads its answer.
    pub(crate) async fn ask(&mut self, bytes: &[u8]) -> Answer {
        self.send(bytes).await;
        self.answer(false).await
    }

    /// Ends the sending half.
    pub(crate) async fn finish(&mut self) {
        drop(self.stream.shutdown().await);
    }

    /// One read: what came in one piece.
    pub(crate) async fn piece(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 1 << 20];
        let len = self.stream.read(&mut bytes).await.expect("read");
        bytes.truncate(len);
        bytes
    }

    /// Reads an answer; one to HEAD has no body whatever its headers say.
    pub(crate) async fn answer(&mut self, to_head: bool) -> Answer {
        let answer = tokio::time::timeout(WAIT_MAX, self.next(to_head)).await;
        answer
            .expect("the server answers")
            .expect("an answer before the connection ends")
    }

    /// Waits for the end of the connection; what came before it.
    pub(crate) async fn until_closed(&mut self) -> Vec<u8> {
        let all = async {
            while self.more().await {}
            std::mem::take(&mut self.rest)
        };
        tokio::time::timeout(WAIT_MAX, all)
            .await
            .expect("the server hangs up")
    }

    /// Whether anything comes before the connection ends.
    pub(crate) async fn is_answered(&mut self) -> bool {
        let first = tokio::time::timeout(WAIT_MAX, self.stream.peek(&mut [0])).await;
        matches!(first.expect("an answer or an end"), Ok(1))
    }

    /// Whether the server keeps the connection for another request.
    pub(crate) async fn still_serves(&mut self) -> bool {
        let target = crate::ask::unsigned("GET", "/alive");
        drop(self.stream.write_all(&target).await);
        let next = tokio::time::timeout(WAIT_MAX, self.next(false)).await;
        next.expect("an answer or an end").is_some()
    }

    async fn next(&mut self, to_head: bool) -> Option<Answer> {
        let end = loop {
            if let Some(at) = find(&self.rest, b"\r\n\r\n") {
                break at + 4;
            }
            if !self.more().await {
                return None;
            }
        };
        let head: Vec<u8> = self.rest.drain(..end).collect();
        let mut answer = head_of(std::str::from_utf8(&head).expect("text"));
        let len = answer
            .header("content-length")
            .and_then(|len| len.parse().ok())
            .unwrap_or(0);
        let len: usize = if to_head { 0 } else { len };
        while self.rest.len() < len {
            if !self.more().await {
                return None;
            }
        }
        answer.body = self.rest.drain(..len).collect();
        Some(answer)
    }

    /// Reads more; false at the end of the connection.
    async fn more(&mut self) -> bool {
        matches!(self.stream.read_buf(&mut self.rest).await, Ok(len) if len > 0)
    }
}

fn head_of(text: &str) -> Answer {
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let pairs = lines.filter_map(|line| line.split_once(": "));
    Answer {
        status: status
            .and_then(|status| status.parse().ok())
            .expect("a status"),
        headers: pairs
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: Vec::new(),
    }
}

/// Where `needle` begins.
pub(crate) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len())
        .position(|window| window == needle)
}
