//! The order of steps that every dialect takes: address, operation, who asks, the operation itself, and
//! the headers every answer has. A dialect implements [`Protocol`] with its vendor's facts and is a
//! [`Dialect`] by that.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cohong_core::engine::{Body, Cx, Engine};
use cohong_core::model::{BucketName, DialectId, ObjectKey};
use cohong_core::{Error, ErrorKind};
use http::header::{RANGE, SERVER};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::BodyDataStream;

use super::access::LogFormat;
use super::address::{self, Address, Addressing, OwnDomain};
use super::auth::Proved;
use super::body::{declared_length, inbound, streamed};
use super::call::{Call, begins, decode_query};
use super::fault::Fault;
use super::given::Given;
use super::origin;
use super::route::{Facts, Level, is_form};
use super::said::{Asked, Said, Vendor, condition, encode};
use super::service::asking;
use super::{Claim, Dialect, GateCx, InBody, OutBody, Refused, Served};

/// An operation of a vendor.
pub(crate) trait Operation: Copy + Send + Sync + 'static {
    /// The vendor's name of it, for logs and metrics.
    fn name(self) -> &'static str;

    /// Whether a missing bucket is told before anything else that is wrong, the signature included.
    fn tells_missing_bucket_first(self) -> bool {
        false
    }
}

/// The facts of a vendor's protocol.
#[async_trait]
pub(crate) trait Protocol: Vendor {
    /// Operations: one enum with a variant for each that the vendor has.
    type Op: Operation;
    /// Which dialect it is.
    const ID: DialectId;
    /// Whether parameters of a presigned URL under the vendor's prefix count as headers.
    const HOISTS: bool = false;

    /// The engine it translates for.
    fn engine(&self) -> &Engine;

    /// Where it is reached.
    fn addressing(&self) -> &Addressing;

    /// Region of buckets that an unsigned request, or a scheme without regions, makes.
    fn default_region(&self) -> &str;

    /// Whether the request bears a signature of this vendor's schemes.
    fn signs(&self, head: &Parts) -> bool;

    /// Whether `+` in the query of a request is a plus; else it is a blank.
    fn is_plus_plain(&self, _head: &Parts) -> bool {
        false
    }

    /// Whether a parameter belongs to the signature or the SDK and selects no operation.
    fn is_neutral(name: &str) -> bool;

    /// The operation a request means.
    fn route(&self, facts: Facts<'_>) -> Result<Self::Op, Said<Self>>;

    /// Judges the signature. A form proves itself by its fields, when they have been read; `at` is the
    /// decoded address.
    async fn prove(&self, head: &Parts, op: Self::Op, at: Named<'_>) -> Result<Proved, Said<Self>>;

    /// Reads what the wire says, asks the engine once, and writes the answer.
    async fn call(&self, op: Self::Op, call: Call) -> Result<Response<OutBody>, Said<Self>>;

    /// The body of an error.
    fn error_body(&self, error: &Said<Self>, asked: &Asked<'_>) -> Vec<u8>;

    /// The header that carries the body of an error where an answer has none, with vendors that have one.
    fn head_error(_body: &[u8]) -> Option<(HeaderName, HeaderValue)> {
        None
    }

    /// How access logs are written, with vendors that have them.
    fn access_log() -> Option<&'static dyn LogFormat> {
        None
    }

    /// Adds headers that every answer of this vendor has beside those of its family.
    fn finish(&self, _headers: &mut HeaderMap) {}
}

/// Bucket and key of an address, decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    /// The bucket.
    pub(crate) bucket: Option<&'a str>,
    /// The key.
    pub(crate) key: Option<&'a str>,
}

/// What the log and the error body say of a request, as far as it was understood.
#[derive(Debug, Default)]
struct Trace {
    operation: Option<&'static str>,
    account: Option<Box<str>>,
    bucket: Option<Box<str>>,
    path: Box<str>,
    /// What the answer tells browsers, whatever becomes of the request.
    told: HeaderMap,
}

async fn answer<P: Protocol>(
    dialect: &P,
    head: Parts,
    body: InBody,
    cx: &GateCx,
    trace: &mut Trace,
) -> Result<Response<OutBody>, Said<P>> {
    let words = P::words();
    trace.path = head.uri.path().trim_start_matches('/').into();
    let address = dialect.addressing().of(&head).ok_or(Fault::Host)?;
    trace.bucket = address.bucket.as_deref().map(Into::into);
    trace.path = address.path.as_str().into();
    trace.told = origin::told(dialect.engine(), &head, trace.bucket.as_deref()).await;
    let given = Given::headers(&head.headers, words.prefix)?;
    let query = decode_query(
        head.uri.query().unwrap_or(""),
        words.prefix,
        dialect.is_plus_plain(&head),
    )?;
    let key = words.keys.decode(&address.path)?;
    let level = match (&address.bucket, &key) {
        (None, None) => Level::Service,
        (Some(_), None) => Level::Bucket,
        (Some(_), Some(_)) => Level::Object,
        (None, Some(_)) => return Err(Fault::NoBucket.into()),
    };
    let op = dialect.route(Facts {
        method: &head.method,
        level,
        query: &query,
        copies: given.own("copy-source").is_some() || hoists::<P>(&query, "copy-source"),
        form: is_form(&head.headers),
        pages: address.pages,
        neutral: P::is_neutral,
    })?;
    trace.operation = Some(op.name());
    let bucket = address.bucket.as_deref().map(BucketName::new).transpose();
    let bucket = bucket.map_err(|invalid| Fault::bucket_name(&invalid))?;
    let first = bucket.clone().filter(|_| op.tells_missing_bucket_first());
    let understood = Understood {
        pays: pays(&given, &query),
        address,
        bucket,
        key,
        query,
    };
    let refused = match perform(dialect, op, understood, head, body, cx, trace).await {
        Ok(response) => return Ok(response),
        Err(refused) => refused,
    };
    if let Some(bucket) = first {
        must_exist(dialect.engine(), &bucket).await?;
    }
    Err(refused)
}

/// What a head says, whoever sent it.
struct Understood {
    address: Address,
    bucket: Option<BucketName>,
    key: Option<ObjectKey>,
    query: Vec<(String, String)>,
    pays: bool,
}

async fn perform<P: Protocol>(
    dialect: &P,
    op: P::Op,
    asked: Understood,
    mut head: Parts,
    body: InBody,
    cx: &GateCx,
    trace: &mut Trace,
) -> Result<Response<OutBody>, Said<P>> {
    let named = Named {
        bucket: asked.bucket.as_ref().map(BucketName::as_str),
        key: asked.key.as_ref().map(ObjectKey::as_str),
    };
    let proved = dialect.prove(&head, op, named).await?;
    head.headers.extend(proved.hoisted);
    let clock = &dialect.engine().ports().clock;
    let pace = P::words().pace(clock, &head.headers, &asked.query)?;
    trace.account = proved.principal.account().map(|account| account.0.clone());
    let call = Call {
        cx: Cx {
            pays: asked.pays,
            ..asking(dialect.engine(), P::ID, proved.principal, &head, cx)
        },
        region: proved
            .region
            .unwrap_or_else(|| dialect.default_region().into()),
        address: asked.address,
        bucket: asked.bucket,
        key: asked.key,
        query: asked.query,
        body: Mutex::new(Body {
            len: declared_length(&head.headers),
            stream: match &pace {
                Some(pace) => Box::pin(pace.clone().slow(inbound(body))),
                None => inbound(body),
            },
        }),
        headers: head.headers,
        sha256: proved.sha256,
        further: None,
        framing: proved.framing,
    };
    let response = dialect.call(op, call).await?;
    Ok(match pace {
        Some(pace) => response.map(|body| streamed(pace.slow(BodyDataStream::new(body)))),
        None => response,
    })
}

fn finished<P: Protocol>(
    dialect: &P,
    mut response: Response<OutBody>,
    request_id: &str,
) -> Response<OutBody> {
    let words = P::words();
    let now_ms = dialect.engine().ports().clock.now().millis();
    let headers = response.headers_mut();
    headers.insert(SERVER, HeaderValue::from_static(words.server));
    if let Some(time) = &words.names.server_time {
        headers.insert(time.clone(), now_ms.into());
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(words.names.request_id.clone(), id);
    }
    dialect.finish(headers);
    response
}

#[async_trait]
impl<P: Protocol> Dialect for P {
    fn id(&self) -> DialectId {
        P::ID
    }

    fn claim(&self, head: &Parts) -> Claim {
        if self.signs(head) {
            return Claim::Scheme;
        }
        let address = self.addressing().of(head);
        let own = head.extensions.get::<OwnDomain>();
        if address.as_ref().is_some_and(|address| address.by_name)
            || own.is_some_and(|own| own.dialect == P::ID)
        {
            return Claim::Host;
        }
        let own = |name: &HeaderName| name.as_str().starts_with(P::words().prefix);
        if head.headers.keys().any(own) {
            return Claim::Header;
        }
        match address {
            Some(address) if address.bucket.is_some() || address.path.is_empty() => Claim::Default,
            _ => Claim::No,
        }
    }

    fn knows_host(&self, head: &Parts) -> bool {
        self.addressing().of(head).is_some()
    }

    fn bucket(&self, head: &Parts) -> Option<BucketName> {
        BucketName::new(&self.addressing().of(head)?.bucket?).ok()
    }

    fn domains(&self) -> Vec<&str> {
        let Addressing {
            domains, custom, ..
        } = self.addressing();
        domains
            .all()
            .chain(custom.keys().map(String::as_str))
            .collect()
    }

    fn is_at(&self, host: &str) -> bool {
        let Addressing {
            domains, custom, ..
        } = self.addressing();
        custom.contains_key(&host.to_ascii_lowercase())
            || domains.take_apart(host).is_some_and(|here| here.by_name)
    }

    fn access_log(&self) -> Option<&'static dyn LogFormat> {
        P::access_log()
    }

    async fn serve(&self, head: Parts, body: InBody, cx: GateCx) -> Response<OutBody> {
        let mut trace = Trace::default();
        let method = head.method.clone();
        let range = head.headers.get(RANGE).cloned();
        let condition = condition(&head.headers);
        let host = address::host(&head).unwrap_or_default().to_owned();
        let outcome = answer(self, head, body, &cx, &mut trace).await;
        let (response, code, cause) = match outcome {
            Ok(response) => (response, None, None),
            Err(error) => {
                let asked = Asked {
                    method: &method,
                    host: &host,
                    bucket: trace.bucket.as_deref(),
                    path: &trace.path,
                    range: range.as_ref().and_then(|range| range.to_str().ok()),
                    condition,
                    request_id: &cx.request_id,
                };
                let response = encode(self, &error, &asked);
                (
                    response,
                    Some(error.code),
                    error.cause.as_deref().and_then(chain),
                )
            }
        };
        let mut response = finished(self, response, &cx.request_id);
        response.headers_mut().extend(trace.told);
        response.extensions_mut().insert(Served {
            operation: trace.operation.unwrap_or("Unknown"),
            key: match trace.bucket {
                Some(_) => trace.path,
                None => Box::default(),
            },
            bucket: trace.bucket,
            account: trace.account,
            code,
            cause,
        });
        response
    }

    fn refuse(&self, why: Refused, head: &Parts, cx: &GateCx) -> Response<OutBody> {
        let asked = Asked {
            method: &head.method,
            host: address::host(head).unwrap_or_default(),
            bucket: None,
            path: head.uri.path().trim_start_matches('/'),
            range: None,
            condition: None,
            request_id: &cx.request_id,
        };
        let response = encode(self, &Fault::from(why).into(), &asked);
        finished(self, response, &cx.request_id)
    }
}

/// `NoSuchBucket` for a bucket that is not there.
async fn must_exist(engine: &Engine, bucket: &BucketName) -> Result<(), Fault> {
    let missing = || Error::new(ErrorKind::NoSuchBucket, "there is no bucket of this name");
    let home = engine.bucket_home(bucket).await?;
    home.map(|_| ()).ok_or_else(|| missing().into())
}

/// Whether a parameter stands for a header under the vendor's prefix.
fn hoists<P: Protocol>(query: &[(String, String)], name: &str) -> bool {
    let prefix = P::words().prefix;
    let is =
        |found: &str| begins(found, prefix) && found[prefix.len()..].eq_ignore_ascii_case(name);
    P::HOISTS && query.iter().any(|(found, _)| is(found))
}

/// Whether the requester agrees to bear the cost, in a header or a parameter.
fn pays(given: &Given<'_>, query: &[(String, String)]) -> bool {
    const NAME: &str = "request-payer";
    let name = given.name(NAME);
    let said = query.iter().find(|(found, _)| *found == name);
    let said = said.map(|(_, value)| value.as_str());
    said.or_else(|| given.own(NAME)) == Some("requester")
}

/// The causes of an error, outermost first; none when there is nothing beyond the client's message.
pub(crate) fn chain(error: &Error) -> Option<Arc<str>> {
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
