//! Alibaba Cloud's Open Archive Service: vaults, archives and jobs. Wire facts are in the protocol sheet; its sections
//! are named where they matter.
//!
//! It serves archives and not objects: nothing in an address is a bucket, so it takes its own short way instead of
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
use cohong_core::model::{BucketName, DialectId};
use http::header::EXPECT;
use http::request::Parts;
use http::{HeaderName, Response};

use crate::gate::address::{BaseDomains, host};
use crate::gate::auth::Rules;
use crate::gate::body::{Lent, inbound};
use crate::gate::call::decode_query;
use crate::gate::fault::Fault;
use crate::gate::service::{Failure as _, Trace, asking, identified, served};
use crate::gate::{Claim, Dialect, GateCx, InBody, OutBody, Refused};
use error::OasError;
use limits::{PART_BYTES_MIN, SKEW_MAX, UNREAD_BYTES_MAX};
use ops::Call;
use route::Route;

pub use wire::inventory::OasInventory;

/// Prefix of the vendor's own headers.
const PREFIX: &str = "x-oas-";
/// On every answer: clients die without it (sheet section 1.3).
const REQUEST_ID: HeaderName = HeaderName::from_static("x-oas-request-id");

/// What the dialect is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Domains beside the vendor's own.
    pub domains: Vec<String>,
    /// Region of vaults where the host names none.
    pub default_region: String,
    /// Smallest part of an upload, bytes; the last one may be shorter.
    pub part_bytes_min: u64,
    /// What `OSSHost` may say; anything where there are none. Whatever it says means this server.
    pub oss_hosts: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            default_region: "cn-hangzhou".into(),
            part_bytes_min: PART_BYTES_MIN,
            oss_hosts: Vec::new(),
        }
    }
}

/// The dialect.
#[derive(Debug)]
pub struct Oas {
    engine: Arc<Engine>,
    rules: Rules,
    domains: BaseDomains,
    options: Options,
}

impl Oas {
    /// A dialect on an engine.
    pub fn new(engine: Arc<Engine>, options: Options) -> Self {
        let vendor = words::DOMAINS.iter().map(|domain| format!("*{domain}"));
        Self {
            engine,
            rules: Rules {
                regions: Vec::new(),
                skew_max: SKEW_MAX,
            },
            domains: BaseDomains::new(vendor.chain(options.domains.iter().cloned())),
            options,
        }
    }

    async fn answer(
        &self,
        head: &Parts,
        body: &Lent,
        cx: &GateCx,
        trace: &mut Trace,
    ) -> Result<Response<OutBody>, OasError> {
        let routed = route::route(&head.method, head.uri.path());
        trace.operation = routed.as_ref().ok().map(|route| route.op.name());
        let principal = auth::request(&self.engine, &self.rules, head).await?;
        trace.account = principal.account().map(|account| account.0.clone());
        let Route { op, vault, id } = routed?;
        let host = host(head).unwrap_or_default().to_ascii_lowercase();
        let call = Call {
            cx: asking(&self.engine, DialectId::Oas, principal, head, cx),
            region: words::region(&host)
                .unwrap_or(&self.options.default_region)
                .to_owned(),
            vault,
            id,
            query: decode_query(head.uri.query().unwrap_or(""), PREFIX, false)?,
            headers: head.headers.clone(),
            body,
        };
        let outcome = ops::run(op, &call, self).await;
        if let Err(refused) = &outcome
            && refused.status.is_client_error()
        {
            ops::must_exist(op, &call, self).await?;
        }
        outcome
    }
}

#[async_trait]
impl Dialect for Oas {
    fn id(&self) -> DialectId {
        DialectId::Oas
    }

    /// A path tells nothing: a bucket may be called `vaults`.
    fn claim(&self, head: &Parts) -> Claim {
        if cohong_sign::oas::is_signed(&head.headers) {
            return Claim::Scheme;
        }
        let here = host(head).and_then(|host| self.domains.take_apart(host));
        if here.is_some_and(|here| here.by_name && here.bucket.is_none()) {
            return Claim::Host;
        }
        let own = |name: &HeaderName| name.as_str().starts_with(PREFIX);
        if head.headers.keys().any(own) {
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
        let body = Lent::new(inbound(body));
        let outcome = self.answer(&head, &body, &cx, &mut trace).await;
        // Sheet section 5: clients send the whole body before they read. One that asked first has not begun.
        if outcome.is_err() && !head.headers.contains_key(EXPECT) {
            body.drain(UNREAD_BYTES_MAX).await;
        }
        served(outcome, trace, &cx, REQUEST_ID)
    }

    fn refuse(&self, why: Refused, _: &Parts, cx: &GateCx) -> Response<OutBody> {
        let error = OasError::from(Fault::from(why));
        identified(error.encode(&cx.request_id), cx, REQUEST_ID)
    }
}
