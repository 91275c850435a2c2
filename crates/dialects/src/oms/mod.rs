//! Huawei Cloud OMS, and of the vendor's identity service what OMS clients need. Wire facts are in the protocol
//! sheet; its sections are named where they matter.
//!
//! It moves objects and does not serve them: nothing addresses a bucket, so it takes its own short way instead of
//! that of `gate::pipeline`. `route` says what is asked, `auth` who asks, `ops` does it.

mod auth;
mod error;
mod limits;
mod ops;
mod route;
mod wire;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use cohong_core::engine::Engine;
use cohong_core::model::{AccountId, BucketName, DialectId, Principal};
use cohong_core::ports::Sources;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response};
use sha2::{Digest as _, Sha256};

use crate::gate::address::{BaseDomains, host};
use crate::gate::auth::Rules;
use crate::gate::body::{inbound, read_whole};
use crate::gate::fault::Fault;
use crate::gate::service::{Failure as _, Trace, asking, identified, served};
use crate::gate::{Claim, Dialect, GateCx, InBody, OutBody, Refused};
use auth::Asker;
use error::OmsError;
use limits::{EVENT_KEYS_MAX, PATH_ID_CHARS_MAX, SKEW_MAX};
use ops::Call;
use route::{Op, Route};

pub use wire::lists::OmsLists;

/// Domains under which the vendor serves, so that a hosts entry is all an SDK needs (sheet section 1).
pub const VENDOR_DOMAINS: [&str; 3] = [
    "oms.*.myhuaweicloud.com",
    "iam.*.myhuaweicloud.com",
    "iam.myhuaweicloud.com",
];

/// Regions in which the vendor has the service, as its SDKs list them.
pub const VENDOR_REGIONS: [&str; 21] = [
    "af-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "cn-east-2",
    "cn-east-3",
    "cn-east-4",
    "cn-north-1",
    "cn-north-12",
    "cn-north-4",
    "cn-north-9",
    "cn-south-1",
    "cn-south-4",
    "cn-southwest-2",
    "la-north-2",
    "la-south-2",
    "me-east-1",
    "sa-brazil-1",
    "tr-west-1",
];

/// What the dialect is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Domains beside the vendor's own.
    pub domains: Vec<String>,
    /// The id of every account's project; without it each has one of its own, made of its name.
    pub project_id: Option<String>,
    /// Most keys of one event; at most 100.
    pub event_keys_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            project_id: None,
            event_keys_max: EVENT_KEYS_MAX,
        }
    }
}

/// The dialect.
#[derive(Debug)]
pub struct Oms {
    engine: Arc<Engine>,
    sources: Arc<dyn Sources>,
    rules: Rules,
    domains: BaseDomains,
    options: Options,
}

impl Oms {
    /// A dialect on an engine, whose tasks read from these sources.
    pub fn new(engine: Arc<Engine>, sources: Arc<dyn Sources>, options: Options) -> Self {
        let domains = VENDOR_DOMAINS.iter().map(ToString::to_string);
        Self {
            engine,
            sources,
            rules: Rules {
                regions: Vec::new(),
                skew_max: SKEW_MAX,
            },
            domains: BaseDomains::new(domains.chain(options.domains.iter().cloned())),
            options,
        }
    }

    /// The id of an account's project: 32 hexadecimal digits, as the vendor's have.
    fn project(&self, account: &AccountId) -> String {
        match &self.options.project_id {
            Some(id) => id.clone(),
            None => id_of("project", account),
        }
    }

    async fn answer(
        &self,
        head: Parts,
        body: InBody,
        cx: &GateCx,
        trace: &mut Trace,
    ) -> Result<Response<OutBody>, OmsError> {
        let Route { op, project, id } = route::route(&head.method, head.uri.path())?;
        trace.operation = Some(op.name());
        let (body, limit) = (inbound(body), op.body_bytes_max());
        let (principal, body) = match op {
            Op::CreateToken => (
                Principal::Anonymous,
                read_whole(&head.headers, body, limit).await?,
            ),
            _ => match auth::asker(&self.engine, &head.headers).await? {
                Asker::Known(principal) => {
                    (principal, read_whole(&head.headers, body, limit).await?)
                }
                Asker::Signed(claim) => {
                    let body = read_whole(&head.headers, body, limit).await?;
                    let signer =
                        auth::signer(&self.engine, &self.rules, &claim, &head, &body).await?;
                    (signer, body)
                }
            },
        };
        if let Some(account) = principal.account() {
            trace.account = Some(account.0.clone());
            self.check_project(account, project.as_deref(), &head)?;
        }
        if id.chars().count() > PATH_ID_CHARS_MAX {
            return Err(OmsError::value(
                "an id in the path is longer than 1,024 characters",
            ));
        }
        let call = Call {
            cx: asking(&self.engine, DialectId::Oms, principal, &head, cx),
            id,
            query: wire::query::read(head.uri.query().unwrap_or(""))?,
            body,
            host: host(&head).unwrap_or_default().to_owned(),
        };
        ops::run(op, call, self).await
    }

    /// Path, `X-Project-Id` and caller have to agree (sheet section 2.2).
    fn check_project(
        &self,
        account: &AccountId,
        in_path: Option<&str>,
        head: &Parts,
    ) -> Result<(), OmsError> {
        if in_path.is_some_and(|id| id.chars().count() > PATH_ID_CHARS_MAX) {
            return Err(OmsError::value(
                "project_id is longer than 1,024 characters",
            ));
        }
        let own = self.project(account);
        let in_header = head.headers.get("x-project-id").map(HeaderValue::as_bytes);
        let agree =
            in_path.is_none_or(|id| id == own) && in_header.is_none_or(|id| id == own.as_bytes());
        if agree {
            return Ok(());
        }
        Err(OmsError::denied(
            "this is not the project of the access key; GET /v3/projects tells which is",
        ))
    }
}

/// An id made of an account's name: 32 hexadecimal digits that differ by what they are for.
fn id_of(what: &str, account: &AccountId) -> String {
    let digest = Sha256::digest(format!("{what}\n{account}"));
    let mut front = [0; 16];
    front.copy_from_slice(&digest[..16]);
    format!("{:032x}", u128::from_be_bytes(front))
}

/// Sheet section 1: the SDKs put this id into their exceptions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[async_trait]
impl Dialect for Oms {
    fn id(&self) -> DialectId {
        DialectId::Oms
    }

    /// Every scheme of the vendor's SDKs is claimed, though one is understood: nobody else can tell the client.
    /// A path below `/v2` or `/v3` is no bucket of anybody, because their names have three characters at least.
    fn claim(&self, head: &Parts) -> Claim {
        let scheme = head.headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let signed = scheme
            .is_some_and(|text| text.starts_with(b"SDK-") || text.starts_with(b"V11-HMAC-SHA256"));
        if signed || head.headers.contains_key("x-auth-token") {
            return Claim::Scheme;
        }
        let here = host(head).and_then(|host| self.domains.take_apart(host));
        let Some(here) = here.filter(|here| here.bucket.is_none()) else {
            return Claim::No;
        };
        if here.by_name {
            return Claim::Host;
        }
        let first = head.uri.path().split('/').nth(1);
        if head.headers.contains_key("x-sdk-date") || matches!(first, Some("v2" | "v3")) {
            return Claim::Header;
        }
        Claim::No
    }

    fn bucket(&self, _: &Parts) -> Option<BucketName> {
        None
    }

    fn domains(&self) -> Vec<&str> {
        self.domains.all().collect()
    }

    fn is_at(&self, host: &str) -> bool {
        let here = self.domains.take_apart(host);
        here.is_some_and(|here| here.by_name && here.bucket.is_none())
    }

    async fn serve(&self, head: Parts, body: InBody, cx: GateCx) -> Response<OutBody> {
        let mut trace = Trace::default();
        let outcome = self.answer(head, body, &cx, &mut trace).await;
        served(outcome, trace, &cx, REQUEST_ID)
    }

    fn refuse(&self, why: Refused, _: &Parts, cx: &GateCx) -> Response<OutBody> {
        let error = OmsError::from(Fault::from(why));
        identified(error.encode(&cx.request_id), cx, REQUEST_ID)
    }
}
