//! The data listeners: connections in, requests to their dialect, answers out, and an orderly end.
//!
//! A request runs as its own task: a client that disconnects ends its body, which aborts an upload
//! before its commit, but cancels nothing after it.

pub(super) mod access;
mod ask;
mod body;
mod connection;
mod handshake;
mod head;
mod limits;
mod load;
mod patience;
mod places;
mod public;
mod tunnel;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use cohong_dialects::gate::detect::Dialects;
use cohong_dialects::gate::{GateCx, OutBody, Refused, Served};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::rustls::ServerConfig;

use self::patience::Progress;
use super::authority::Authority;
use super::callback_key::KeyRing;
use super::tls::Certificates;
use super::world;
use access::AccessLogs;
use connection::Line;
use places::{Place, Places};

/// The gateway of the data listeners.
#[derive(Debug)]
pub(crate) struct Gateway {
    dialects: Dialects,
    logs: Arc<AccessLogs>,
    keys: Arc<KeyRing>,
    local: Option<Local>,
    places: Places,
    requests: Semaphore,
    gauge: load::Gauge,
    draining: AtomicBool,
    ids: RequestIds,
}

/// Names of others that the gateway stands for.
#[derive(Debug)]
pub(crate) struct Local {
    pub authority: Arc<Authority>,
    /// What TLS is spoken with by these names.
    pub config: Arc<ServerConfig>,
}

/// What a listener speaks.
#[derive(Clone, Debug)]
pub(crate) enum Speech {
    /// Plain HTTP, and TLS where names are stood for.
    Any,
    /// TLS.
    Tls(Certificates),
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
    /// A gateway to these dialects, which also gives away the public half of `keys`, with places for connections as
    /// `handles`, the limit of open files, allows. Its requests run in the runtime that this is called in.
    pub(crate) fn new(
        dialects: Dialects,
        logs: Arc<AccessLogs>,
        keys: Arc<KeyRing>,
        local: Option<Local>,
        handles: usize,
    ) -> Arc<Self> {
        Arc::new(Self {
            dialects,
            logs,
            keys,
            local,
            places: Places::new(handles),
            requests: Semaphore::new(limits::REQUESTS_MAX),
            gauge: load::Gauge::here(),
            draining: AtomicBool::new(false),
            ids: RequestIds {
                boot: world::random() >> 16,
                next: AtomicU64::new(0),
            },
        })
    }

    /// What TLS is spoken with by the names of others, when they are stood for.
    pub(crate) fn local_config(&self) -> Option<Arc<ServerConfig>> {
        Some(self.local.as_ref()?.config.clone())
    }

    /// Accepts until `stop` turns true, then lets running requests end within
    /// [`limits::DRAIN_MAX`].
    pub(crate) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        speech: Speech,
        mut stop: watch::Receiver<bool>,
    ) {
        // Whoever serves a connection listens to it, so it is closed when nobody does.
        let running = watch::Sender::new(());
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                accepted = accept(&listener, &self.places) => accepted,
            };
            let Some((stream, peer, place)) = accepted else {
                continue;
            };
            let (gateway, speech, stop) = (self.clone(), speech.clone(), stop.clone());
            let runs = running.subscribe();
            tokio::spawn(async move {
                let ended = gateway.attend(stream, peer, speech, stop).await;
                if let Err(error) = ended {
                    tracing::debug!(%peer, %error, "connection ended early");
                }
                drop((place, runs));
            });
        }
        drop(listener);
        self.draining.store(true, Ordering::Relaxed);
        if tokio::time::timeout(limits::DRAIN_MAX, running.closed())
            .await
            .is_err()
        {
            tracing::warn!("requests were still running when the time to drain was over");
        }
    }

    fn cx(&self, line: Line) -> GateCx {
        GateCx {
            request_id: self.ids.draw(),
            peer: Some(line.peer.ip()),
            secure: line.tls.is_some(),
            tls: line.tls,
        }
    }

    /// Runs a request as a task of its own, so that nothing the client does can cancel it.
    async fn detached(
        self: Arc<Self>,
        request: Request<Incoming>,
        line: Line,
        progress: Arc<Progress>,
    ) -> Response<OutBody> {
        let (started, at) = (Instant::now(), self.logs.now());
        let (mut head, body) = request.into_parts();
        let body = body::timed(body, progress);
        let cx = self.cx(line);
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
                dialect.serve(head, body, cx).await
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
        self.logs.attend(&kept, &cx, response, (started, at))
    }
}

/// Waits for a place, then for a connection, which is closed when its address has too many. Failures to accept are logged and waited out, because
/// they come from running out of file handles.
async fn accept(listener: &TcpListener, places: &Places) -> Option<(TcpStream, SocketAddr, Place)> {
    let place = places.wait().await?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            let Some(place) = places.take(place, peer.ip()) else {
                metrics::counter!("cohong_connections_refused_total").increment(1);
                tracing::debug!(%peer, "too many connections of one address; this one is closed");
                return None;
            };
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
