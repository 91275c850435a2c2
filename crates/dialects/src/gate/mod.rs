//! The gate: what a dialect is, which one a request speaks, and the order of steps all share.
//!
//! The gateway of the binary hands every request to the dialect that claims it most strongly. A
//! dialect never fails: a failure is a response in its vendor's words. `pipeline` has the order of
//! steps; a dialect gives it the vendor's facts.

pub mod access;
pub mod address;
pub(crate) mod auth;
pub mod body;
pub(crate) mod call;
pub mod chunked;
pub mod detect;
pub(crate) mod fault;
pub(crate) mod given;
pub(crate) mod origin;
pub(crate) mod pipeline;
pub(crate) mod route;
pub(crate) mod said;
pub(crate) mod service;

use std::net::IpAddr;
use std::sync::Arc;

use access::LogFormat;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::error::BoxError;
use cohong_core::model::{BucketName, DialectId, TlsVersion};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;

/// A request body as the gateway received it.
pub type InBody = UnsyncBoxBody<Bytes, BoxError>;

/// A response body.
pub type OutBody = UnsyncBoxBody<Bytes, BoxError>;

/// What the gateway knows of a request beside the request.
#[derive(Clone, Debug)]
pub struct GateCx {
    /// The request's id, unique on the server.
    pub request_id: Box<str>,
    /// Address of the peer.
    pub peer: Option<IpAddr>,
    /// Whether it came over TLS.
    pub secure: bool,
    /// Which TLS it came over, where it came over a connection.
    pub tls: Option<TlsVersion>,
}

/// How strongly a dialect claims a request; the strongest claim wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// Cannot even read its address.
    No,
    /// Could read it; takes it when nobody else does.
    Default,
    /// By a header prefix, or by a path that no bucket can have.
    Header,
    /// By the host's suffix.
    Host,
    /// By the signature scheme: only its owner can verify it.
    Scheme,
}

/// Why the gateway refuses a request before a dialect serves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Too many requests at once.
    Overload,
    /// The server is shutting down.
    Draining,
    /// The head of the request is ambiguous: two `Host` headers, a length and a chunked body, ...
    BadHead(&'static str),
    /// Serving it ended in a defect of this server; the log has the details.
    Defect,
}

/// What a dialect tells the gateway about a request it served, for the log and the metrics. Travels as
/// an extension of the response. Holds no secret.
#[derive(Clone, Debug)]
pub struct Served {
    /// The operation's name, one of a fixed list.
    pub operation: &'static str,
    /// The bucket addressed.
    pub bucket: Option<Box<str>>,
    /// The key addressed, percent-encoded; empty for none. For access logs of the bucket, and no other log.
    pub key: Box<str>,
    /// The account that signed; none for anonymous requests.
    pub account: Option<Box<str>>,
    /// The vendor's error code of a failure.
    pub code: Option<&'static str>,
    /// The chain of causes of a failure, printed once, in the log.
    pub cause: Option<Arc<str>>,
}

/// A tongue.
#[async_trait]
pub trait Dialect: Send + Sync + 'static {
    /// Which one.
    fn id(&self) -> DialectId;

    /// Whether the request speaks it.
    fn claim(&self, head: &Parts) -> Claim;

    /// Whether the host of the request is one of this dialect's.
    fn knows_host(&self, _head: &Parts) -> bool {
        false
    }

    /// The bucket it is addressed to, as this dialect reads addresses.
    fn bucket(&self, head: &Parts) -> Option<BucketName>;

    /// Where it is reached by name: base domains, in which `*` stands for any run of characters without a
    /// dot, and domains that are a bucket's own.
    fn domains(&self) -> Vec<&str>;

    /// Whether a host, without port, is one of its domains, or a bucket in front of one.
    fn is_at(&self, host: &str) -> bool;

    /// How it writes logs of requests to a bucket, if its vendor has such logs.
    fn access_log(&self) -> Option<&'static dyn LogFormat> {
        None
    }

    /// Serves a request. Never fails.
    async fn serve(&self, head: Parts, body: InBody, cx: GateCx) -> Response<OutBody>;

    /// Answers for a request that the gateway refuses.
    fn refuse(&self, why: Refused, head: &Parts, cx: &GateCx) -> Response<OutBody>;
}

/// A response with a body in memory.
pub fn full(status: StatusCode, body: impl Into<Bytes>) -> Response<OutBody> {
    use http_body_util::{BodyExt, Full};
    let body = Full::new(body.into())
        .map_err(|never| match never {})
        .boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// A header as text, for rules that compare it; what is no text is replaced, not left out.
pub(crate) fn header_text(headers: &HeaderMap, name: &HeaderName) -> Option<Box<str>> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into())
}
