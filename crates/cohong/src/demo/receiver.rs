//! A program that the server calls: keeps what it is sent and answers what it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A request that was answered with success.
#[derive(Clone)]
pub(crate) struct Accepted {
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Accepted {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Listens on a free port of this machine until it is dropped.
pub(crate) struct Receiver {
    /// Where the server is told to call it.
    pub address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    more: Notify,
}

struct State {
    status: StatusCode,
    answer: Bytes,
    accepted: Vec<Accepted>,
    refused: usize,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    pub(super) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (status, answer) = (StatusCode::OK, Bytes::from_static(b"{}"));
        let state = State {
            status,
            answer,
            accepted: Vec::new(),
            refused: 0,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            more: Notify::new(),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self {
            address,
            shared,
            accepting,
        })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on this is what it answers; what it was sent so far is forgotten.
    pub(super) fn answer(&self, status: StatusCode, answer: &'static str) {
        let mut state = self.shared.state();
        state.status = status;
        state.answer = Bytes::from_static(answer.as_bytes());
        state.accepted.clear();
        state.refused = 0;
    }

    /// Waits for `count` accepted requests; those that came, in order of arrival.
    pub(super) async fn accepted(&self, count: usize, patience: Duration) -> Vec<Accepted> {
        self.until(patience, |state| state.accepted.len() >= count)
            .await;
        self.shared.state().accepted.clone()
    }

    /// Waits until a request was refused; how many were.
    pub(super) async fn refused(&self, patience: Duration) -> usize {
        self.until(patience, |state| state.refused > 0).await;
        self.shared.state().refused
    }

    async fn until(&self, patience: Duration, enough: impl Fn(&State) -> bool) {
        let waiting = async {
            loop {
                let more = self.shared.more.notified();
                if enough(&self.shared.state()) {
                    return;
                }
                more.await;
            }
        };
        // Too little is what the caller compares and tells.
        drop(tokio::time::timeout(patience, waiting).await);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let shared = shared.clone();
        let service = service_fn(move |request| one(request, shared.clone()));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // A killed server breaks off its connections.
            drop(connection.await);
        });
    }
}

async fn one(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let target = head
        .uri
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let body = body.collect().await?.to_bytes();
    let (status, answer) = {
        let mut state = shared.state();
        if state.status.is_success() {
            state.accepted.push(Accepted {
                target,
                headers: head.headers,
                body,
            });
        } else {
            state.refused += 1;
        }
        (state.status, state.answer.clone())
    };
    shared.more.notify_waiters();
    let mut response = Response::new(Full::new(answer));
    *response.status_mut() = status;
    let media = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    Ok(response)
}
