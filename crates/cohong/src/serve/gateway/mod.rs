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
mod tunnel;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cohong_core::error::BoxError;
use cohong_dialects::gate::detect::Dialects;
use cohong_dialects::gate::{GateCx, OutBody, Refused, Served};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::rustls::ServerConfig;

use super::authority::Authority;
use super::callback_key::KeyRing;
use super::tls::Certificates;
use super::world;
use patience::Patient;
use tunnel::{Refusal, Tunnel};

/// The gateway of the data listeners.
#[derive(Debug)]
pub(crate) struct Gateway {
    dialects: Dialects,
    keys: Arc<KeyRing>,
    local: Option<Local>,
    connections: Arc<Semaphore>,
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

/// What is known of a connection.
#[derive(Clone, Copy, Debug)]
struct Line {
    peer: SocketAddr,
    /// Whether it is TLS.
    secure: bool,
    /// Whether it began as another one.
    tunnelled: bool,
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
    pub(crate) fn new(dialects: Dialects, keys: Arc<KeyRing>, local: Option<Local>) -> Arc<Self> {
        Arc::new(Self {
            dialects,
            keys,
            local,
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
                accepted = accept(&listener, &self.connections) => accepted,
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

    /// Serves a connection, and the tunnel that it may turn into.
    async fn attend(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        speech: Speech,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), BoxError> {
        let line = |secure, tunnelled| Line {
            peer,
            secure,
            tunnelled,
        };
        let Some(tls) = unless_stopped(&mut stop, self.tls(&speech, &stream)).await else {
            return Ok(());
        };
        let tunnel = if let Some(config) = tls? {
            let shaking = handshake::secured(stream, config);
            let Some(stream) = unless_stopped(&mut stop, shaking).await else {
                return Ok(());
            };
            let line = line(true, false);
            self.clone().converse(stream?, line, &mut stop).await?
        } else {
            let line = line(false, false);
            self.clone().converse(stream, line, &mut stop).await?
        };
        let Some(Tunnel { bytes, secure }) = tunnel else {
            return Ok(());
        };
        let stream = TokioIo::new(bytes.await?);
        let Some(config) = self.local_config().filter(|_| secure) else {
            self.converse(stream, line(false, true), &mut stop).await?;
            return Ok(());
        };
        let shaking = handshake::shaken(stream, config);
        let Some(stream) = unless_stopped(&mut stop, shaking).await else {
            return Ok(());
        };
        self.converse(stream?, line(true, true), &mut stop).await?;
        Ok(())
    }

    /// What TLS is spoken with on a connection that begins; none where plain HTTP is.
    async fn tls(
        &self,
        speech: &Speech,
        stream: &TcpStream,
    ) -> io::Result<Option<Arc<ServerConfig>>> {
        if let Speech::Tls(certificates) = speech {
            return Ok(Some(certificates.borrow().clone()));
        }
        match self.local_config() {
            Some(config) if handshake::is_begun(stream).await? => Ok(Some(config)),
            _ => Ok(None),
        }
    }

    /// Serves the requests of a connection; the tunnel, if one of them asked for it.
    async fn converse<S>(
        self: Arc<Self>,
        stream: S,
        line: Line,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Option<Tunnel>, BoxError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let asked = Arc::new(Mutex::new(None));
        let tunnel = asked.clone();
        let service = service_fn(move |request: Request<Incoming>| {
            let (gateway, tunnel) = (self.clone(), tunnel.clone());
            async move {
                Ok::<_, Infallible>(if request.method() == Method::CONNECT {
                    gateway.connect(request, line, &tunnel)
                } else {
                    gateway.detached(request, line).await
                })
            }
        });
        let stream = Patient::new(stream, limits::ANSWER_IDLE_MAX);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits::HEAD_TIMEOUT)
            .max_buf_size(limits::HEAD_BYTES_MAX)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        if let Some(ended) = unless_stopped(stop, connection.as_mut()).await {
            ended?;
        } else {
            connection.as_mut().graceful_shutdown();
            connection.await?;
        }
        let tunnel = asked.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(tunnel)
    }

    /// Grants a tunnel to this server itself, or refuses it.
    fn connect(
        &self,
        mut request: Request<Incoming>,
        line: Line,
        tunnel: &Mutex<Option<Tunnel>>,
    ) -> Response<OutBody> {
        let started = Instant::now();
        let cx = self.cx(line);
        let bytes = hyper::upgrade::on(&mut request);
        let (head, _) = request.into_parts();
        let authority = self.local.as_ref().map(|local| &*local.authority);
        let judged = match self.draining.load(Ordering::Relaxed) {
            true => Err(Refusal::Draining),
            false => tunnel::judge(&head, line, authority),
        };
        let response = match judged {
            Err(refusal) => refusal.answer(),
            Ok(secure) => {
                let granted = Some(Tunnel { bytes, secure });
                *tunnel.lock().unwrap_or_else(PoisonError::into_inner) = granted;
                tunnel::granted()
            }
        };
        log(&head.method, &cx, &response, started);
        response
    }

    fn cx(&self, line: Line) -> GateCx {
        GateCx {
            request_id: self.ids.draw(),
            peer: Some(line.peer.ip()),
            secure: line.secure,
        }
    }

    /// Runs a request as a task of its own, so that nothing the client does can cancel it.
    async fn detached(
        self: Arc<Self>,
        request: Request<Incoming>,
        line: Line,
    ) -> Response<OutBody> {
        let started = Instant::now();
        let (mut head, body) = request.into_parts();
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
        response
    }
}

/// What comes of something unless the server stops first.
async fn unless_stopped<T>(
    stop: &mut watch::Receiver<bool>,
    doing: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => None,
        done = doing => Some(done),
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
