//! A client of the admin interface: one request a connection, over the folder's socket or TCP.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use super::failure::Failure;
use super::find::Place;
use crate::place::Short;
use crate::serve::admin::SOCKET;

/// Largest answer that is read: pages of the interface are far smaller.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// What a path segment or a query value may hold as it is.
const PLAIN: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

/// A client of one server.
pub(super) struct Client {
    place: Place,
}

impl Client {
    pub(super) fn new(place: Place) -> Self {
        Self { place }
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::GET, path, None).await
    }

    pub(super) async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send(Method::DELETE, path, None).await
    }

    pub(super) async fn post(&self, path: &str, order: &Value) -> Result<Value, Failure> {
        self.send(Method::POST, path, Some(order)).await
    }

    /// Whether anybody answers there.
    pub(super) async fn is_there(&self) -> bool {
        match &self.place {
            Place::Folder(folder) => connect_socket(folder).await.is_ok(),
            Place::Address { authority, .. } => TcpStream::connect(authority).await.is_ok(),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        order: Option<&Value>,
    ) -> Result<Value, Failure> {
        let request = self.request(method, path, order)?;
        match &self.place {
            Place::Folder(folder) => {
                let stream = connect_socket(folder)
                    .await
                    .map_err(|error| no_socket(folder, &error))?;
                exchange(stream, request).await
            }
            Place::Address { authority, .. } => {
                let stream = TcpStream::connect(authority).await.map_err(|error| {
                    Failure::new(format!("no server answers at {authority}: {error}"))
                        .hint("start it with `cohong serve`, or name its admin address with --admin HOST:PORT")
                })?;
                exchange(stream, request).await
            }
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        order: Option<&Value>,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let body = order.map_or_else(Bytes::new, |order| Bytes::from(order.to_string()));
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/admin/v1{path}"));
        match &self.place {
            Place::Folder(_) => request = request.header(header::HOST, "localhost"),
            Place::Address { authority, key } => {
                let basic = format!("Basic {}", STANDARD.encode(key));
                request = request
                    .header(header::HOST, authority)
                    .header(header::AUTHORIZATION, basic);
            }
        }
        if order.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        request
            .body(Full::new(body))
            .map_err(|error| Failure::new(format!("{path}: {error}")))
    }
}

async fn connect_socket(folder: &Path) -> std::io::Result<UnixStream> {
    let name = Short::of(&folder.join(SOCKET))?;
    UnixStream::connect(name.path()).await
}

fn no_socket(folder: &Path, error: &std::io::Error) -> Failure {
    let shown = folder.display();
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => {
            Failure::new(format!("the server of the folder {shown} does not let this user in"))
                .hint("run the command as the user who runs the server, or use --admin HOST:PORT --key ACCESS:SECRET")
        }
        _ => Failure::new(format!("no server runs on the folder {shown}")).hint(format!(
            "start it with `cohong serve --data {shown}`, or name another folder with --data DIR"
        )),
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Value, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let broken = |error: &dyn std::fmt::Display| {
        Failure::new(format!("the server broke off: {error}"))
            .hint("its log says why; when it was stopped, start it again")
    };
    let (mut sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    tokio::spawn(async move {
        // The sender sees the same end.
        drop(connection.await);
    });
    let response = sender
        .send_request(request)
        .await
        .map_err(|error| broken(&error))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX)
        .collect()
        .await;
    let body = body.map_err(|error| broken(&error))?.to_bytes();
    let answer: Value = serde_json::from_slice(&body).map_err(|_| no_answer(status))?;
    if status.is_success() {
        return Ok(answer);
    }
    let error = answer["error"].as_str().ok_or_else(|| no_answer(status))?;
    let failure = Failure::new(error);
    Err(match answer["hint"].as_str() {
        Some(hint) => failure.hint(hint),
        None => failure,
    })
}

fn no_answer(status: StatusCode) -> Failure {
    Failure::new(format!(
        "what answers there is no cohong admin interface (status {status})"
    ))
    .hint("the admin address is not the one for SDKs; the server prints both when it starts")
}

/// A text as one segment of a path or one value of a query.
pub(super) fn escaped(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, PLAIN).to_string()
}
