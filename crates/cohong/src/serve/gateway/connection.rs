//! One connection: what is spoken on it, its requests one after the other, and what it turns into when a way to
//! another host is asked for.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use cohong_core::error::BoxError;
use cohong_core::model::TlsVersion;
use cohong_dialects::gate::OutBody;
use http::{Method, Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::rustls::ServerConfig;

use super::patience::{Patient, Progress};
use super::tunnel::{End, Refusal, Tunnel};
use super::{Gateway, Speech, handshake, limits, log, tunnel};

/// What is known of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) peer: SocketAddr,
    /// Which TLS it is, if it is.
    pub(super) tls: Option<TlsVersion>,
    /// Whether it began as another one.
    pub(super) tunnelled: bool,
}

impl Gateway {
    /// Serves a connection, and the tunnel that it may turn into.
    pub(super) async fn attend(
        self: Arc<Self>,
        stream: TcpStream,
        peer: SocketAddr,
        speech: Speech,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), BoxError> {
        let line = |tls, tunnelled| Line {
            peer,
            tls,
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
            let stream = stream?;
            let line = line(Some(handshake::version(&stream)), false);
            self.clone().converse(stream, line, &mut stop).await?
        } else {
            let line = line(None, false);
            self.clone().converse(stream, line, &mut stop).await?
        };
        let Some(Tunnel::Granted(bytes, end)) = tunnel else {
            return Ok(());
        };
        let stream = TokioIo::new(bytes.await?);
        let Some(config) = self.local_config().filter(|_| end == End::Tls) else {
            self.converse(stream, line(None, true), &mut stop).await?;
            return Ok(());
        };
        let shaking = handshake::shaken(stream, config);
        let Some(stream) = unless_stopped(&mut stop, shaking).await else {
            return Ok(());
        };
        let stream = stream?;
        let line = line(Some(handshake::version(&stream)), true);
        self.converse(stream, line, &mut stop).await?;
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
        let progress = Arc::new(Progress::default());
        let (tunnel, told) = (asked.clone(), progress.clone());
        let service = service_fn(move |request: Request<Incoming>| {
            told.begin(!request.body().is_end_stream());
            let (gateway, tunnel, told) = (self.clone(), tunnel.clone(), told.clone());
            async move {
                Ok::<_, Infallible>(if request.method() == Method::CONNECT {
                    told.turn_into_tunnel();
                    gateway.connect(request, line, &tunnel)
                } else {
                    gateway.detached(request, line, told).await
                })
            }
        });
        let stream = Patient::new(stream, limits::ANSWER_IDLE_MAX, progress);
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits::IDLE_MAX)
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
        let mut tunnel = asked.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Tunnel::Refused(bytes)) = tunnel {
            unless_stopped(stop, tunnel::close(bytes))
                .await
                .transpose()?;
            tunnel = None;
        }
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
        let judged = if self.draining.load(Ordering::Relaxed) {
            Err(Refusal::Draining)
        } else {
            tunnel::judge(&head, line, authority)
        };
        let (response, turned) = match judged {
            Err(refusal) => (refusal.answer(), Tunnel::Refused(bytes)),
            Ok(end) => (tunnel::granted(), Tunnel::Granted(bytes, end)),
        };
        *tunnel.lock().unwrap_or_else(PoisonError::into_inner) = Some(turned);
        log(&head.method, &cx, &response, started);
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
