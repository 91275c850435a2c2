//! Alibaba Cloud OSS. Wire facts are in the protocol sheet; its sections are named where they matter.
//!
//! The order of steps is that of `gate::pipeline`. `auth` says who asks, `route` what is asked,
//! `ops` does it, in the `words` of the vendor. Events that requests in this dialect cause reach the rules
//! of a bucket in the form of the dialect that set them; this one has no rules of buckets (sheet
//! section 7).

mod auth;
pub mod callback;
mod error;
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
use http::{HeaderName, HeaderValue, Response};

use crate::gate::OutBody;
use crate::gate::access::LogFormat;
use crate::gate::address::{Addressing, BaseDomains};
use crate::gate::auth::{Proved, Rules, regions};
use crate::gate::call::Call;
use crate::gate::pipeline::{Named, Protocol};
use crate::gate::route::Facts;
use crate::gate::said::Asked;
use error::OssError;
use limits::SKEW_MAX;
use route::Op;
use wire::access_log::OssLog;

/// Lists of what buckets hold, in the vendor's words.
pub fn reports() -> Arc<dyn ReportFormat> {
    Arc::new(wire::inventory::REPORTS)
}

/// Base domains under which the vendor serves, so that a proxy setting or a hosts entry is all an SDK
/// needs (sheet section 1).
pub const VENDOR_DOMAINS: [&str; 2] = ["oss-*.aliyuncs.com", "*.oss.aliyuncs.com"];

/// The vendor's published regions.
pub const VENDOR_REGIONS: [&str; 33] = [
    "cn-hangzhou",
    "cn-shanghai",
    "cn-nanjing",
    "cn-fuzhou",
    "cn-wuhan-lr",
    "cn-qingdao",
    "cn-beijing",
    "cn-zhangjiakou",
    "cn-huhehaote",
    "cn-wulanchabu",
    "cn-shenzhen",
    "cn-heyuan",
    "cn-guangzhou",
    "cn-chengdu",
    "cn-hongkong",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-southeast-1",
    "ap-southeast-3",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "eu-central-1",
    "eu-west-1",
    "me-east-1",
    "me-central-1",
    "na-south-1",
    "us-east-1",
    "us-west-1",
    "cn-hangzhou-finance",
    "cn-shanghai-finance-1",
    "cn-shenzhen-finance-1",
    "cn-beijing-finance-1",
];

/// What the dialect is told.
#[derive(Clone, Debug)]
pub struct Options {
    /// Base domains beside the vendor's own.
    pub domains: Vec<String>,
    /// Domains that each belong to one bucket, and its name.
    pub custom_domains: BTreeMap<String, String>,
    /// Regions accepted in signatures beside the vendor's published ones.
    pub regions: Vec<String>,
    /// Region of buckets created without a signature's region.
    pub default_region: String,
    /// What answers name as the endpoint of a bucket; none for the host of the request.
    pub endpoint: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            domains: Vec::new(),
            custom_domains: BTreeMap::new(),
            regions: Vec::new(),
            default_region: "cn-hangzhou".into(),
            endpoint: None,
        }
    }
}

/// The dialect.
#[derive(Debug)]
pub struct Oss {
    engine: Arc<Engine>,
    rules: Rules,
    addressing: Addressing,
    options: Options,
}

impl Oss {
    /// A dialect on an engine.
    pub fn new(engine: Arc<Engine>, options: Options) -> Self {
        let domains = VENDOR_DOMAINS.iter().map(ToString::to_string);
        let custom = options.custom_domains.iter();
        Self {
            engine,
            rules: Rules {
                regions: regions(&VENDOR_REGIONS, &options.regions, &options.default_region),
                skew_max: SKEW_MAX,
            },
            addressing: Addressing {
                pages: BaseDomains::NONE,
                domains: BaseDomains::new(domains.chain(options.domains.iter().cloned())),
                paths: true,
                custom: custom
                    .map(|(domain, bucket)| (domain.to_ascii_lowercase(), bucket.clone()))
                    .collect(),
                no_bucket: &["", "undefined"],
            },
            options,
        }
    }

    /// The endpoint that answers name: with a scheme, because SDKs differ in the one they assume (sheet
    /// section 5, `ListBuckets`).
    fn endpoint(&self, call: &Call) -> String {
        match &self.options.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => format!("{}://{}", call.scheme(), call.address.endpoint),
        }
    }
}

#[async_trait]
impl Protocol for Oss {
    type Op = Op;
    const ID: DialectId = DialectId::Oss;

    fn engine(&self) -> &Engine {
        &self.engine
    }

    fn addressing(&self) -> &Addressing {
        &self.addressing
    }

    fn access_log() -> Option<&'static dyn LogFormat> {
        Some(&OssLog)
    }

    fn default_region(&self) -> &str {
        &self.options.default_region
    }

    fn signs(&self, head: &Parts) -> bool {
        cohong_sign::oss::is_signed(&head.headers, head.uri.query().unwrap_or(""))
    }

    fn is_neutral(name: &str) -> bool {
        route::is_neutral(name)
    }

    fn route(&self, facts: Facts<'_>) -> Result<Op, OssError> {
        route::route(facts)
    }

    async fn prove(&self, head: &Parts, op: Op, at: Named<'_>) -> Result<Proved, OssError> {
        match op {
            // What stands beside a form is ignored (sheet section 5, `PostObject`). Browsers sign no
            // question, and an SDK's signature of one changes nothing.
            Op::PostObject | Op::OptionObject => Ok(Proved::nothing()),
            _ => auth::request(&self.engine, &self.rules, head, at).await,
        }
    }

    async fn call(&self, op: Op, call: Call) -> Result<Response<OutBody>, OssError> {
        ops::run(op, call, self).await
    }

    fn error_body(&self, error: &OssError, asked: &Asked<'_>) -> Vec<u8> {
        error.body(asked).into_bytes()
    }

    fn head_error(body: &[u8]) -> Option<(HeaderName, HeaderValue)> {
        error::in_header(body)
    }
}
