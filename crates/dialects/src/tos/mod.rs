//! Volcengine TOS. Wire facts are in the protocol sheet; its sections are named where they matter.
//!
//! The order of steps is in this file: address, operation, who asks, body, the operation itself, and
//! the headers every answer has. `auth` says who asks, `route` what is asked, `ops` does it.

mod auth;
mod error;
mod event;
mod limits;
mod ops;
mod route;
mod wire;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use cohong_core::engine::{Body, Cx, Engine};
use cohong_core::model::{BucketName, DialectId, ObjectKey};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use crate::gate::address::{self, Address, BaseDomains};
use crate::gate::body::{declared_length, inbound};
use crate::gate::{Claim, Dialect, GateCx, InBody, OutBody, Refused, Served};
use auth::{Auth, Proved};
use error::TosError;
use route::{Facts, Level, Op};

pub use event::TosEvents;

/// Base domains under which the vendor serves, so that a proxy setting or a hosts entry is all an SDK
/// needs (sheet section 1).
pub const VENDOR_DOMAINS: [&str; 3] = [
    "tos-*.volces.com",
    "tos-*.ivolces.com",
    "tos-*.bytepluses.com",
];

/// The vendor's published regions.
pub const VENDOR_REGIONS: [&str; 6] = [
    "cn-beijing",
    "cn-guangzhou",
    "cn-shanghai",
    "cn-hongkong",
    "ap-southeast-1",
    "ap-southeast-3",
];

/// What the dialect is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Base domains beside the vendor's own.
    pub domains: Vec<String>,
    /// Regions accepted in signatures beside the vendor's published ones.
    pub regions: Vec<String>,
    /// Region of buckets created without a signature's region.
    pub default_region: String,
    /// Names this server in `x-tos-id-2` and `HostId`.
    pub host_id: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            regions: Vec::new(),
            default_region: "cn-beijing".into(),
            host_id: "cohong".into(),
        }
    }
}

/// The dialect.
#[derive(Debug)]
pub struct Tos {
    engine: Arc<Engine>,
    auth: Auth,
    domains: BaseDomains,
    options: Options,
}

/// A request whose signature holds, taken apart.
#[derive(Debug)]
struct Call {
    /// What is asked.
    op: Op,
    /// Who asks.
    cx: Cx,
    /// Region of the signature; the dialect's default for unsigned requests.
    region: Box<str>,
    /// Host of the service without bucket, with port: for `Location` and endpoints in answers.
    endpoint: Box<str>,
    /// The bucket addressed.
    bucket: Option<BucketName>,
    /// The key addressed, percent-decoded once.
    key: Option<ObjectKey>,
    /// Query parameters, percent-decoded once, in order.
    query: Vec<(String, String)>,
    /// Headers as they came.
    headers: HeaderMap,
    /// The body.
    body: Body,
    /// SHA-256 the signature promises of the body.
    sha256: Option<[u8; 32]>,
}

/// What the log and the error body say of a request, as far as it was understood.
#[derive(Debug, Default)]
struct Trace {
    operation: Option<&'static str>,
    account: Option<Box<str>>,
    bucket: Option<Box<str>>,
}

impl Tos {
    /// A dialect on an engine.
    pub fn new(engine: Arc<Engine>, options: Options) -> Self {
        let domains = VENDOR_DOMAINS.iter().map(ToString::to_string);
        let domains = BaseDomains::new(domains.chain(options.domains.iter().cloned()));
        let regions = VENDOR_REGIONS.iter().map(ToString::to_string);
        let regions = regions.chain(options.regions.iter().cloned());
        let regions = regions.chain([options.default_region.clone()]).collect();
        Self {
            auth: Auth::new(engine.clone(), regions),
            engine,
            domains,
            options,
        }
    }

    async fn answer(
        &self,
        head: Parts,
        body: InBody,
        cx: &GateCx,
        trace: &mut Trace,
    ) -> Result<Response<OutBody>, TosError> {
        let address = self.address(&head)?;
        trace.bucket = address.bucket.as_deref().map(Into::into);
        ops::check_headers(&head.headers)?;
        let query = decode_query(head.uri.query().unwrap_or(""))?;
        let key = decode_key(head.uri.path())?;
        let level = match (&address.bucket, &key) {
            (None, None) => Level::Service,
            (Some(_), None) => Level::Bucket,
            (Some(_), Some(_)) => Level::Object,
            (None, Some(_)) => {
                return Err(TosError::invalid_argument(
                    "the bucket belongs into the host name, as in bucket.tos-cn-beijing.volces.com",
                ));
            }
        };
        let op = route::route(Facts {
            method: &head.method,
            level,
            query: &query,
            copies: head.headers.contains_key("x-tos-copy-source"),
            form: is_form(&head.headers),
        })?;
        trace.operation = Some(op.name());
        let proved = self.prove(&head, op).await?;
        trace.account = proved.principal.account().map(|account| account.0.clone());
        let bucket = address.bucket.as_deref().map(BucketName::new).transpose();
        let call = Call {
            op,
            cx: Cx {
                principal: proved.principal,
                request_id: cx.request_id.clone(),
                source: cx.peer,
                dialect: DialectId::Tos,
            },
            region: proved
                .region
                .unwrap_or_else(|| self.options.default_region.as_str().into()),
            endpoint: address.endpoint.into(),
            bucket: bucket.map_err(|invalid| TosError::invalid_bucket_name(&invalid))?,
            key,
            query,
            body: Body {
                len: declared_length(&head.headers),
                stream: inbound(body),
            },
            headers: head.headers,
            sha256: proved.sha256,
        };
        ops::run(call, &self.engine, &self.auth).await
    }

    fn address(&self, head: &Parts) -> Result<Address, TosError> {
        address::host(head).and_then(|host| self.domains.address(host)).ok_or_else(|| {
            TosError::invalid_argument(
                "this host name is not served here; add it to `tos.domains` or use one of the vendor's",
            )
        })
    }

    /// A form proves itself by its fields, when they have been read.
    async fn prove(&self, head: &Parts, op: Op) -> Result<Proved, TosError> {
        match op {
            Op::PostObject => auth::before_form(head),
            _ => self.auth.request(head).await,
        }
    }

    /// Adds what every answer has (sheet section 3).
    fn finish(&self, mut response: Response<OutBody>, request_id: &str) -> Response<OutBody> {
        let now = self.engine.ports().clock.now().millis().to_string();
        let headers = response.headers_mut();
        headers.insert(header::SERVER, HeaderValue::from_static("TosServer"));
        for (name, value) in [
            ("x-tos-request-id", request_id),
            ("x-tos-id-2", &self.options.host_id),
            ("x-tos-server-time", &now),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        response
    }

    fn fail(&self, error: &TosError, head: (&Method, &str), id: &str) -> Response<OutBody> {
        let (method, resource) = head;
        self.finish(
            error::encode(error, method, resource, id, &self.options.host_id),
            id,
        )
    }
}

#[async_trait]
impl Dialect for Tos {
    fn id(&self) -> DialectId {
        DialectId::Tos
    }

    fn claim(&self, head: &Parts) -> Claim {
        let signed = head
            .headers
            .get(header::AUTHORIZATION)
            .is_some_and(|value| value.as_bytes().starts_with(b"TOS4-"));
        let query = head.uri.query().unwrap_or("").to_ascii_lowercase();
        if signed || query.contains("x-tos-algorithm=") || query.contains("x-tos-policy=") {
            return Claim::Scheme;
        }
        if address::host(head).is_some_and(|host| host.contains("tos-")) {
            return Claim::Host;
        }
        if head
            .headers
            .keys()
            .any(|name| name.as_str().starts_with("x-tos-"))
        {
            return Claim::Header;
        }
        Claim::Default
    }

    async fn serve(&self, head: Parts, body: InBody, cx: GateCx) -> Response<OutBody> {
        let mut trace = Trace::default();
        let method = head.method.clone();
        let path = head.uri.path().to_owned();
        let outcome = self.answer(head, body, &cx, &mut trace).await;
        let (mut response, code, cause) = match outcome {
            Ok(response) => (self.finish(response, &cx.request_id), None, None),
            Err(error) => {
                let resource = match &trace.bucket {
                    Some(bucket) => format!("/{bucket}{path}"),
                    None => path,
                };
                let response = self.fail(&error, (&method, &resource), &cx.request_id);
                (
                    response,
                    Some(error.code),
                    error.cause.as_deref().and_then(chain),
                )
            }
        };
        response.extensions_mut().insert(Served {
            operation: trace.operation.unwrap_or("Unknown"),
            bucket: trace.bucket,
            account: trace.account,
            code,
            cause,
        });
        response
    }

    fn refuse(&self, why: Refused, head: &Parts, cx: &GateCx) -> Response<OutBody> {
        let error = match why {
            Refused::Overload | Refused::Draining => TosError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailable",
                "0001-00000003",
                "the server is busy or shutting down; try again",
            ),
            Refused::BadHead(text) => TosError::invalid_argument(text),
            Refused::Defect => TosError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalError",
                "0001-00000004",
                "the server failed; its log has the details under this request id",
            ),
        };
        self.fail(&error, (&head.method, head.uri.path()), &cx.request_id)
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"multipart/form-data"))
}

/// The parameters of a raw query. None stands twice: one would be judged and the other used.
fn decode_query(raw: &str) -> Result<Vec<(String, String)>, TosError> {
    let text = |bytes| {
        String::from_utf8(bytes).map_err(|_| TosError::invalid_argument("the query is not UTF-8"))
    };
    let pairs = cohong_sign::query_pairs(raw)
        .map_err(|bad| TosError::invalid_argument(bad.to_string()))?
        .into_iter()
        .map(|(name, value)| Ok((text(name)?, text(value)?)))
        .collect::<Result<Vec<_>, TosError>>()?;
    let mut seen = BTreeSet::new();
    for (name, _) in &pairs {
        // The names of the signature are read in any case.
        let plain = if route::is_neutral(name) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name.as_str())
        };
        if !seen.insert(plain) {
            return Err(TosError::invalid_argument(format!(
                "the query parameter {name:?} stands twice"
            )));
        }
    }
    Ok(pairs)
}

/// The key in a raw path; none for the root.
fn decode_key(path: &str) -> Result<Option<ObjectKey>, TosError> {
    let raw = path.strip_prefix('/').unwrap_or(path);
    if raw.is_empty() {
        return Ok(None);
    }
    let bytes =
        cohong_sign::decode(raw).map_err(|bad| TosError::invalid_argument(bad.to_string()))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| TosError::invalid_key("an object key is UTF-8 text"))?;
    if text.len() > limits::KEY_BYTES_MAX {
        return Err(TosError::key_too_long());
    }
    ObjectKey::new(&text)
        .map(Some)
        .map_err(|invalid| TosError::invalid_key(invalid.0))
}

/// The causes of an error, outermost first; none when there is nothing beyond the client's message.
fn chain(error: &cohong_core::Error) -> Option<Arc<str>> {
    let mut text = String::new();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    (!text.is_empty()).then(|| text.into())
}

impl Call {
    /// The bucket; routing gives every bucket operation one.
    fn bucket(&self) -> Result<&BucketName, TosError> {
        self.bucket
            .as_ref()
            .ok_or_else(|| TosError::invalid_argument("this needs a bucket"))
    }

    /// The key; routing gives every object operation one.
    fn key(&self) -> Result<&ObjectKey, TosError> {
        self.key
            .as_ref()
            .ok_or_else(|| TosError::invalid_argument("this needs an object key"))
    }

    /// The first value of a query parameter.
    fn query(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header as text; an error when it is not.
    fn header(&self, name: &'static str) -> Result<Option<&str>, TosError> {
        match self.headers.get(name) {
            None => Ok(None),
            Some(value) => std::str::from_utf8(value.as_bytes())
                .map(Some)
                .map_err(|_| TosError::invalid_argument(format!("header {name} is not text"))),
        }
    }
}
