//! An HTTP server for tests: keeps what it is sent and answers what it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Path and query.
    pub target: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
}

type Answering = dyn Fn(&Arrived) -> (StatusCode, Bytes) + Send + Sync;

/// A receiver on a free port of the loopback interface; ends when dropped.
#[derive(Debug)]
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    arrived: Mutex<Vec<Arrived>>,
    more: Notify,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Receiver {
    /// Starts one that answers 200 with `{}`.
    pub async fn start() -> std::io::Result<Self> {
        Self::answering(|_| (StatusCode::OK, Bytes::from_static(b"{}"))).await
    }

    /// Starts one that answers what `answer` says.
    pub async fn answering(
        answer: impl Fn(&Arrived) -> (StatusCode, Bytes) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = tokio::spawn(accept(listener, shared.clone(), Arc::new(answer)));
        Ok(Self {
            address,
            shared,
            accepting,
        })
    }

    /// Its URL, without path.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that arrived so far, in order of arrival.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.shared
            .arrived
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Everything that arrived since the last time, in order of arrival; it is kept no longer.
    pub fn take(&self) -> Vec<Arrived> {
        let mut arrived = self
            .shared
            .arrived
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *arrived)
    }

    /// How many requests have arrived so far.
    pub fn count(&self) -> usize {
        self.shared
            .arrived
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Waits until `count` requests have arrived; what arrived by then, or by the end of `within`.
    pub async fn wait(&self, count: usize, within: Duration) -> Vec<Arrived> {
        let enough = async {
            loop {
                let more = self.shared.more.notified();
                if self.count() >= count {
                    return;
                }
                more.await;
            }
        };
        if tokio::time::timeout(within, enough).await.is_err() {
            return self.arrived();
        }
        self.arrived()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, answer: Arc<Answering>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (shared, answer) = (shared.clone(), answer.clone());
        let service = service_fn(move |request| one(request, shared.clone(), answer.clone()));
        let connection = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            // A sender that breaks off is what some tests want.
            drop(connection.await);
        });
    }
}

async fn one(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    answer: Arc<Answering>,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    let (head, body) = request.into_parts();
    let target = head
        .uri
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let body = body.collect().await?.to_bytes();
    let arrived = Arrived {
        target,
        headers: head.headers,
        body,
    };
    let (status, text) = answer(&arrived);
    shared
        .arrived
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(arrived);
    shared.more.notify_waiters();
    let mut response = Response::new(Full::new(text));
    *response.status_mut() = status;
    Ok(response)
}
