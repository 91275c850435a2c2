//! The data listeners: connections in, requests to their dialect, answers out, and an orderly end.
//!
//! A request runs as its own task: a client that disconnects ends its body, which aborts an upload
//! before its commit, but cancels nothing after it.

mod body;
mod handshake;
mod head;
mod limits;
mod load;
mod patience;
mod public;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use cohong_core::error::BoxError;
use cohong_dialects::gate::detect::Dialects;
use cohong_dialects::gate::{GateCx, OutBody, Refused, Served};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::rustls::ServerConfig;

use super::callback_key::KeyRing;
use super::tls::Certificates;
use super::world;
use patience::Patient;

/// The gateway of the data listeners.
#[derive(Debug)]
pub(crate) struct Gateway {
    dialects: Dialects,
    keys: Arc<KeyRing>,
    connections: Arc<Semaphore>,
    requests: Semaphore,
    gauge: load::Gauge,
    draining: AtomicBool,
    ids: RequestIds,
}

/// What is known of a connection.
#[derive(Clone, Copy, Debug)]
struct Line {
    peer: SocketAddr,
    /// Whether it is TLS.
    secure: bool,
}

impl Line {
    fn plain(peer: SocketAddr) -> Self {
        let secure = false;
        Self { peer, secure }
    }
}

/// Request ids: 24 capital hex digits, which every vendor's SDK takes; unique across restarts.
#[derive(Debug)]
struct RequestIds {
    boot: u64,
    next: AtomicU64,
}

impl RequestIds {
    fn draw(&self) -> Box<str> {
        let n = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{:012X}{n:012X}", self.boot).into()
    }
}

impl Gateway {
    /// A gateway to these dialects, which also gives away the public half of `keys`. Its requests run in the
    /// runtime that this is called in.
    pub(crate) fn new(dialects: Dialects, keys: Arc<KeyRing>) -> Arc<Self> {
        Arc::new(Self {
            dialects,
            keys,
            connections: Arc::new(Semaphore::new(limits::CONNECTIONS_MAX)),
            requests: Semaphore::new(limits::REQUESTS_MAX),
            gauge: load::Gauge::here(),
            draining: AtomicBool::new(false),
            ids: RequestIds {
                boot: world::random() >> 16,
                next: AtomicU64::new(0),
            },
        })
    }

    /// Accepts until `stop` turns true, then lets running requests end within
    /// [`limits::DRAIN_MAX`]. Speaks TLS when there are certificates.
    pub(crate) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        certificates: Option<Certificates>,
        mut stop: watch::Receiver<bool>,
    ) {
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = accept(&listener, &self.connections) => accepted,
            };
            let Some((stream, peer, place)) = accepted else {
                continue;
            };
            let (gateway, watcher, stop) = (self.clone(), graceful.watcher(), stop.clone());
            let config = certificates.as_ref().map(|all| all.borrow().clone());
            tokio::spawn(async move {
                let ended = match config {
                    None => gateway.converse(stream, Line::plain(peer), watcher).await,
                    Some(config) => gateway.secured(stream, peer, config, watcher, stop).await,
                };
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "connection ended early");
                }
                drop(place);
            });
        }
        drop(listener);
        self.draining.store(true, Ordering::Relaxed);
        if tokio::time::timeout(limits::DRAIN_MAX, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("requests were still running when the time to drain was over");
        }
    }

    /// A TLS connection; one that has shaken no hands yet when the server stops has no request to end.
    async fn secured(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        config: Arc<ServerConfig>,
        watcher: Watcher,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), BoxError> {
        let stream = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            shaken = handshake::secured(stream, config) => shaken?,
        };
        let secure = true;
        self.converse(stream, Line { peer, secure }, watcher).await
    }

    /// Serves the requests of a connection.
    async fn converse<S>(
        self: Arc<Self>,
        stream: S,
        line: Line,
        watcher: Watcher,
    ) -> Result<(), BoxError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(move |request| self.clone().detached(request, line));
        let stream = Patient::new(stream, limits::ANSWER_IDLE_MAX);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits::HEAD_TIMEOUT)
            .max_buf_size(limits::HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service);
        Ok(watcher.watch(connection).await?)
    }

    /// Runs a request as a task of its own, so that nothing the client does can cancel it.
    async fn detached(
        self: Arc<Self>,
        request: Request<Incoming>,
        line: Line,
    ) -> Result<Response<OutBody>, std::convert::Infallible> {
        let started = Instant::now();
        let (mut head, body) = request.into_parts();
        let cx = GateCx {
            request_id: self.ids.draw(),
            peer: Some(line.peer.ip()),
            secure: line.secure,
        };
        self.dialects.look_up(&mut head).await;
        let dialect = self.dialects.of(&head).await.clone();
        let kept = head::copy(&head);
        let gateway = self.clone();
        let task = tokio::spawn({
            let (cx, dialect) = (cx.clone(), dialect.clone());
            async move {
                if gateway.draining.load(Ordering::Relaxed) {
                    return dialect.refuse(Refused::Draining, &head, &cx);
                }
                if let Err(why) = head::check(&head) {
                    return head::closing(dialect.refuse(Refused::BadHead(why), &head, &cx));
                }
                let Ok(_permit) = gateway.requests.try_acquire() else {
                    return dialect.refuse(Refused::Overload, &head, &cx);
                };
                if let Some(answer) = public::answer(&gateway.keys, &head).await {
                    return answer;
                }
                dialect.serve(head, body::timed(body), cx).await
            }
        });
        let response = match task.await {
            Ok(response) => response,
            Err(defect) => {
                tracing::error!(request_id = %cx.request_id, %defect, "a request ended in a defect");
                dialect.refuse(Refused::Defect, &kept, &cx)
            }
        };
        log(&kept.method, &cx, &response, started);
        Ok(response)
    }
}

/// Waits for a place, then for a connection. Failures to accept are logged and waited out, because
/// they come from running out of file handles.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers must not wait for the peer's acknowledgement.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%peer, %error, "cannot set TCP_NODELAY");
            }
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(limits::ACCEPT_PAUSE).await;
            None
        }
    }
}

/// One line and one set of numbers a request. Keys and signatures stay out.
fn log(method: &Method, cx: &GateCx, response: &Response<OutBody>, started: Instant) {
    let served = response.extensions().get::<Served>();
    let operation = served.map_or("Refused", |served| served.operation);
    let status = response.status().as_u16();
    let took = started.elapsed();
    metrics::counter!("cohong_requests_total", "operation" => operation, "status" => status.to_string())
        .increment(1);
    metrics::histogram!("cohong_request_seconds", "operation" => operation).record(took);
    let bucket = served.and_then(|served| served.bucket.as_deref());
    let account = served.and_then(|served| served.account.as_deref());
    let code = served.and_then(|served| served.code);
    let cause = served.and_then(|served| served.cause.as_deref());
    let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let request_id = &*cx.request_id;
    if status >= 500 {
        tracing::warn!(request_id, operation, method = %method, bucket, account, status, code, cause, took_us, "request failed");
    } else {
        tracing::info!(request_id, operation, method = %method, bucket, account, status, code, cause, took_us, "request");
    }
}
