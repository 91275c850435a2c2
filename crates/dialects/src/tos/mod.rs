//! Volcengine TOS. Wire facts are in the protocol sheet; its sections are named where they matter.
//!
//! The order of steps is that of `gate::pipeline`. `auth` says who asks, `route` what is asked,
//! `ops` does it, in the `words` of the vendor.

mod auth;
mod error;
mod event;
mod limits;
mod ops;
mod policy;
mod route;
mod wire;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use cohong_core::engine::Engine;
use cohong_core::model::DialectId;
use cohong_core::ports::ReportFormat;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use crate::gate::OutBody;
use crate::gate::address::{Addressing, BaseDomains};
use crate::gate::auth::{Proved, Rules, regions};
use crate::gate::call::Call;
use crate::gate::pipeline::{Named, Protocol};
use crate::gate::route::Facts;
use crate::gate::said::Asked;
use error::TosError;
use limits::SKEW_MAX;
use route::Op;

pub use event::TosEvents;

/// Lists of what buckets hold, in the vendor's words.
pub fn reports() -> Arc<dyn ReportFormat> {
    Arc::new(wire::inventory::REPORTS)
}

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
    rules: Rules,
    addressing: Addressing,
    options: Options,
}

impl Tos {
    /// A dialect on an engine.
    pub fn new(engine: Arc<Engine>, options: Options) -> Self {
        let domains = VENDOR_DOMAINS.iter().map(ToString::to_string);
        Self {
            engine,
            rules: Rules {
                regions: regions(&VENDOR_REGIONS, &options.regions, &options.default_region),
                skew_max: SKEW_MAX,
            },
            addressing: Addressing {
                pages: BaseDomains::NONE,
                domains: BaseDomains::new(domains.chain(options.domains.iter().cloned())),
                paths: false,
                custom: BTreeMap::new(),
                no_bucket: &[],
            },
            options,
        }
    }
}

#[async_trait]
impl Protocol for Tos {
    type Op = Op;
    const ID: DialectId = DialectId::Tos;

    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn addressing(&self) -> &Addressing {
        &self.addressing
    }

    fn default_region(&self) -> &str {
        &self.options.default_region
    }

    fn signs(&self, head: &Parts) -> bool {
        let signed = head
            .headers
            .get(header::AUTHORIZATION)
            .is_some_and(|value| value.as_bytes().starts_with(b"TOS4-"));
        let query = head.uri.query().unwrap_or("").to_ascii_lowercase();
        signed || query.contains("x-tos-algorithm=") || query.contains("x-tos-policy=")
    }

    fn is_neutral(name: &str) -> bool {
        route::is_neutral(name)
    }

    fn route(&self, facts: Facts<'_>) -> Result<Op, TosError> {
        route::route(facts)
    }

    async fn prove(&self, head: &Parts, op: Op, at: Named<'_>) -> Result<Proved, TosError> {
        match op {
            Op::PostObject => auth::before_form(head),
            Op::OptionsObject => Ok(Proved::nothing()),
            _ => auth::request(&self.engine, &self.rules, head, (op, at)).await,
        }
    }

    async fn call(&self, op: Op, call: Call) -> Result<Response<OutBody>, TosError> {
        ops::run(op, call, self).await
    }

    fn error_body(&self, error: &TosError, asked: &Asked<'_>) -> Vec<u8> {
        error::body(error, asked, &self.options.host_id)
    }

    /// Sheet section 3.
    fn finish(&self, headers: &mut HeaderMap) {
        let name = HeaderName::from_static("x-tos-id-2");
        if let Ok(value) = HeaderValue::from_str(&self.options.host_id) {
            headers.insert(name, value);
        }
    }
}
