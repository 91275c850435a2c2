//! A small TOS client: signed requests over TCP, one connection each.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cohong_sign::{Credentials, Signer, TOS, Timestamp, encode, encode_path};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::notes::{Deviation, missing};

/// One of the vendor's own names; it is sent, never resolved.
const DOMAIN: &str = "tos-cn-beijing.volces.com";
const REGION: &str = "cn-beijing";

/// Who asks whom.
#[derive(Clone)]
pub(crate) struct Tos {
    pub server: SocketAddr,
    pub access_key: String,
    pub secret_key: String,
}

/// A request before it is signed.
#[derive(Default)]
pub(super) struct Ask<'a> {
    pub bucket: &'a str,
    /// Not encoded; empty for the bucket itself.
    pub key: &'a str,
    /// Not encoded.
    pub query: &'a [(&'a str, &'a str)],
    pub headers: &'a [(&'static str, &'a str)],
    pub body: Bytes,
}

/// An answer, read whole.
pub(super) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A member of a JSON body; nothing when it is not there.
    pub(super) fn member(&self, name: &str) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body[name].as_str().unwrap_or_default().to_owned()
    }

    /// A header; nothing when it is not there.
    pub(super) fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    }
}

impl Tos {
    /// Sends a signed request.
    pub(super) async fn send(&self, method: Method, ask: Ask<'_>) -> Result<Answer, Deviation> {
        let what = format!("{method} {}/{}", ask.bucket, ask.key);
        self.exchange(method, ask)
            .await
            .map_err(|why| missing(&what, why))
    }

    async fn exchange(&self, method: Method, ask: Ask<'_>) -> Result<Answer, String> {
        let request = self.request(method, ask)?;
        let stream = TcpStream::connect(self.server)
            .await
            .map_err(|e| e.to_string())?;
        let (mut sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|e| e.to_string())?;
        tokio::spawn(async move {
            // The sender sees the same end.
            drop(connection.await);
        });
        let response = sender
            .send_request(request)
            .await
            .map_err(|e| e.to_string())?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|e| e.to_string())?.to_bytes();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    fn request(&self, method: Method, ask: Ask<'_>) -> Result<Request<Full<Bytes>>, String> {
        let path = format!("/{}", encode_path(ask.key.as_bytes()));
        let pair = |&(name, value): &(&str, &str)| {
            format!("{}={}", encode(name.as_bytes()), encode(value.as_bytes()))
        };
        let query = ask.query.iter().map(pair).collect::<Vec<_>>().join("&");
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, value(&format!("{}.{DOMAIN}", ask.bucket))?);
        for (name, text) in ask.headers {
            headers.insert(*name, value(text)?);
        }
        let signed = self.sign(&method, &path, &query, &mut headers)?;
        headers.insert(header::AUTHORIZATION, value(&signed)?);
        let target = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let mut request = Request::new(Full::new(ask.body));
        *request.method_mut() = method;
        *request.uri_mut() = target.parse().map_err(|e| format!("{target}: {e}"))?;
        *request.headers_mut() = headers;
        Ok(request)
    }

    fn sign(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
    ) -> Result<String, String> {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_err(|e| e.to_string())?;
        let now = i64::try_from(since.as_secs()).map_err(|e| e.to_string())?;
        let time = Timestamp::from_unix(now).ok_or("the clock is beyond all dates")?;
        let credentials = Credentials {
            access_key: &self.access_key,
            secret: &self.secret_key,
            security_token: None,
        };
        headers.insert(
            "x-tos-content-sha256",
            HeaderValue::from_static("UNSIGNED-PAYLOAD"),
        );
        Signer::new(&TOS, credentials, REGION, time)
            .sign_headers(method, path, query, headers)
            .map_err(|e| e.to_string())
    }
}

fn value(text: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(text).map_err(|e| e.to_string())
}
