//! Amazon S3. Wire facts are in the protocol sheet; its sections are named where they matter.
//!
//! The order of steps is that of `gate::pipeline`. `auth` says who asks, `route` what is asked,
//! `ops` does it, in the `words` of the vendor, and `event` writes what becomes of its notification rules.

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
use http::{HeaderMap, HeaderName, HeaderValue, Response};

use crate::gate::OutBody;
use crate::gate::access::LogFormat;
use crate::gate::address::{Addressing, BaseDomains, Style};
use crate::gate::auth::{Proved, Rules, regions};
use crate::gate::call::Call;
use crate::gate::pipeline::{Named, Protocol};
use crate::gate::route::Facts;
use crate::gate::said::Asked;
pub use event::S3Events;

use error::S3Error;
use limits::SKEW_MAX;
use route::Op;
use wire::access_log::S3Log;

/// Lists of what buckets hold, in the vendor's words.
pub fn reports() -> Arc<dyn ReportFormat> {
    Arc::new(wire::inventory::REPORTS)
}

/// Base domains under which the vendor serves, so that a proxy setting or a hosts entry is all an SDK
/// needs (sheet section 1).
pub const VENDOR_DOMAINS: [&str; 6] = [
    "s3.amazonaws.com",
    "s3.*.amazonaws.com",
    "s3-*.amazonaws.com",
    "s3.dualstack.*.amazonaws.com",
    "s3.*.amazonaws.com.cn",
    "s3.dualstack.*.amazonaws.com.cn",
];

/// Domains in front of which the vendor shows buckets as websites (sheet section 7).
pub const VENDOR_WEBSITE_DOMAINS: [&str; 3] = [
    "s3-website-*.amazonaws.com",
    "s3-website.*.amazonaws.com",
    "s3-website.*.amazonaws.com.cn",
];

/// What the dialect is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Base domains beside the vendor's own.
    pub domains: Vec<String>,
    /// Domains that each belong to one bucket, and its name.
    pub custom_domains: BTreeMap<String, String>,
    /// Domains beside the vendor's own in front of which buckets are shown as websites.
    pub website_domains: Vec<String>,
    /// Regions accepted in signatures; any where the list is empty.
    pub regions: Vec<String>,
    /// Region of buckets created without a signature's region. Always accepted.
    pub default_region: String,
    /// Names this server in `x-amz-id-2` and `HostId`.
    pub host_id: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            custom_domains: BTreeMap::new(),
            website_domains: Vec::new(),
            regions: Vec::new(),
            default_region: "us-east-1".into(),
            host_id: "cohong".into(),
        }
    }
}

/// The dialect.
#[derive(Debug)]
pub struct S3 {
    engine: Arc<Engine>,
    rules: Rules,
    addressing: Addressing,
    options: Options,
}

impl S3 {
    /// A dialect on an engine.
    pub fn new(engine: Arc<Engine>, options: Options) -> Self {
        let domains = VENDOR_DOMAINS.iter().map(ToString::to_string);
        let pages = VENDOR_WEBSITE_DOMAINS.iter().map(ToString::to_string);
        let custom = options.custom_domains.iter();
        // Clients sign whatever region they are configured with, and a server has none of its own to
        // insist on (sheet, trap 28).
        let served = if options.regions.is_empty() {
            Vec::new()
        } else {
            regions(&[], &options.regions, &options.default_region)
        };
        Self {
            engine,
            rules: Rules {
                regions: served,
                skew_max: SKEW_MAX,
            },
            addressing: Addressing {
                domains: BaseDomains::new(domains.chain(options.domains.iter().cloned())),
                pages: BaseDomains::new(pages.chain(options.website_domains.iter().cloned())),
                paths: true,
                custom: custom
                    .map(|(domain, bucket)| (domain.to_ascii_lowercase(), bucket.clone()))
                    .collect(),
                no_bucket: &[],
            },
            options,
        }
    }

    /// Whether buckets may be in a region.
    fn serves(&self, region: &str) -> bool {
        let regions = &self.rules.regions;
        regions.is_empty() || regions.iter().any(|served| served == region)
    }

    /// The bucket that the host names, which version 2 signs.
    fn bucket_in_host(&self, head: &Parts) -> Option<String> {
        let address = self.addressing.of(head)?;
        (address.style != Style::Path).then_some(address.bucket)?
    }
}

#[async_trait]
impl Protocol for S3 {
    type Op = Op;
    const ID: DialectId = DialectId::S3;
    const HOISTS: bool = true;

    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn addressing(&self) -> &Addressing {
        &self.addressing
    }

    fn access_log() -> Option<&'static dyn LogFormat> {
        Some(&S3Log)
    }

    fn default_region(&self) -> &str {
        &self.options.default_region
    }

    fn signs(&self, head: &Parts) -> bool {
        cohong_sign::s3::is_signed(&head.headers, head.uri.query().unwrap_or(""))
    }

    fn is_plus_plain(&self, head: &Parts) -> bool {
        cohong_sign::s3::is_plus_plain(&head.headers, head.uri.query().unwrap_or(""))
    }

    fn is_neutral(name: &str) -> bool {
        route::is_neutral(name)
    }

    fn route(&self, facts: Facts<'_>) -> Result<Op, S3Error> {
        route::route(facts)
    }

    async fn prove(&self, head: &Parts, op: Op, _: Named<'_>) -> Result<Proved, S3Error> {
        match op {
            // Visitors of a website sign nothing, and what they send as a signature is not looked at.
            Op::PostObject | Op::OptionsObject | Op::Page | Op::PageHead => Ok(Proved::nothing()),
            _ => auth::request(self, head).await,
        }
    }

    async fn call(&self, op: Op, call: Call) -> Result<Response<OutBody>, S3Error> {
        Box::pin(ops::run(op, call, self)).await
    }

    fn error_body(&self, error: &S3Error, asked: &Asked<'_>) -> Vec<u8> {
        error.body(asked, &self.options.host_id).into_bytes()
    }

    /// Sheet section 5.
    fn finish(&self, headers: &mut HeaderMap) {
        let name = HeaderName::from_static("x-amz-id-2");
        if let Ok(value) = HeaderValue::from_str(&self.options.host_id) {
            headers.insert(name, value);
        }
    }
}
