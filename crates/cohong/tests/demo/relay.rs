//! Stands between two programs and lies about what they say to each other.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::lies::{Act, Lie};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// Listens until it is dropped.
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Relay {
    pub(crate) async fn start(to: SocketAddr, lie: &Lie) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (when, act) = (lie.when, lie.act);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = service_fn(move |request| pass(request, to, when, act));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(async move {
                    // Either side may break off.
                    drop(connection.await);
                });
            }
        });
        Ok(Self { address, accepting })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn pass(
    request: Request<Incoming>,
    to: SocketAddr,
    when: &'static str,
    act: Act,
) -> Result<Response<Full<Bytes>>, Failed> {
    let line = format!("{} {}", request.method(), request.uri());
    let about = match when.strip_suffix('*') {
        Some(begin) => line.starts_with(begin),
        None => line == when,
    };
    let act = if about { act } else { Act::Pass };
    if act == Act::Swallow {
        return Ok(Response::new(Full::default()));
    }
    let (mut head, body) = request.into_parts();
    let mut body = body.collect().await?.to_bytes();
    match act {
        Act::SentBody(from, to) => body = replace(&body, from, to),
        Act::SentHeader(name) => drop(head.headers.remove(name)),
        _ => {}
    }
    length_follows(&mut head.headers);
    let stream = TcpStream::connect(to).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // The sender sees the same end.
        drop(connection.await);
    });
    let response = sender
        .send_request(Request::from_parts(head, Full::new(body)))
        .await?;
    let (mut head, body) = response.into_parts();
    let mut body = body.collect().await?.to_bytes();
    match act {
        Act::Status(status) => head.status = StatusCode::from_u16(status)?,
        Act::Header(name, value) => {
            head.headers.insert(name, HeaderValue::from_static(value));
        }
        Act::Body(from, to) => body = replace(&body, from, to),
        _ => {}
    }
    length_follows(&mut head.headers);
    Ok(Response::from_parts(head, Full::new(body)))
}

/// The length is what is sent now.
fn length_follows(headers: &mut HeaderMap) {
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
}

fn replace(body: &Bytes, from: &str, to: &str) -> Bytes {
    String::from_utf8_lossy(body).replace(from, to).into()
}
