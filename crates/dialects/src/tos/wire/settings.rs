//! Bodies about settings of buckets that are not found in other files: rules for pages of other origins,
//! quota, renaming, access monitor, domains (sheet section 7).

use cohong_core::model::{BucketDomain, Cors, CorsRule, DialectId};
use serde::{Deserialize, Serialize};

use crate::common::cors::Texts;
use crate::gate::fault::Fault;

/// Body of `PutBucketCORS`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutCors {
    #[serde(rename = "corsrules")]
    rules: Vec<PutCorsRule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PutCorsRule {
    #[serde(rename = "allowedorigins", default)]
    origins: Vec<String>,
    #[serde(rename = "allowedmethods", default)]
    methods: Vec<String>,
    #[serde(rename = "allowedheaders", default)]
    headers: Vec<String>,
    #[serde(rename = "exposeheaders", default)]
    exposed: Vec<String>,
    #[serde(rename = "maxageseconds")]
    max_age: Option<u32>,
    #[serde(rename = "responsevary")]
    vary: Option<bool>,
}

impl PutCors {
    /// The rules it names.
    pub(in crate::tos) fn rules(self) -> Result<Cors, Fault> {
        let rule = |rule: PutCorsRule| {
            let texts = Texts {
                origins: rule.origins,
                methods: rule.methods,
                headers: rule.headers,
                exposed: rule.exposed,
                max_age: rule.max_age.map(|age| age.to_string()),
                vary: rule.vary.unwrap_or(false),
            };
            texts.read()
        };
        Ok(Cors {
            rules: self.rules.into_iter().map(rule).collect::<Result<_, _>>()?,
        })
    }
}

/// Answer of `GetBucketCORS`.
#[derive(Debug, Serialize)]
pub(in crate::tos) struct CorsBody {
    #[serde(rename = "CORSRules")]
    rules: Vec<CorsRuleBody>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CorsRuleBody {
    allowed_origins: Vec<String>,
    allowed_methods: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowed_headers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expose_headers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age_seconds: Option<u32>,
    response_vary: bool,
}

impl CorsBody {
    pub(in crate::tos) fn new(cors: &Cors) -> Self {
        let rule = |rule: &CorsRule| {
            let texts = Texts::of(rule);
            CorsRuleBody {
                allowed_origins: texts.origins,
                allowed_methods: texts.methods,
                allowed_headers: texts.headers,
                expose_headers: texts.exposed,
                max_age_seconds: rule.max_age_s,
                response_vary: texts.vary,
            }
        };
        Self {
            rules: cors.rules.iter().map(rule).collect(),
        }
    }
}

/// Body of `PutBucketQuota`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutQuota {
    #[serde(rename = "storagequota")]
    bytes: Number,
}

/// A number, or its digits as a text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(in crate::tos) enum Number {
    Number(u64),
    Text(String),
}

impl Number {
    /// Bytes of a quota.
    pub(in crate::tos) fn bytes(&self) -> Result<u64, Fault> {
        let bytes = match self {
            Self::Number(bytes) => Some(*bytes),
            Self::Text(digits) => digits.parse().ok(),
        };
        // The vendor counts with a sign.
        let bytes = bytes.filter(|bytes| i64::try_from(*bytes).is_ok());
        bytes.ok_or(Fault::Body("StorageQuota is a number of bytes".into()))
    }

    /// Whether it is a text that says nothing.
    pub(in crate::tos) fn is_empty(&self) -> bool {
        matches!(self, Self::Text(digits) if digits.is_empty())
    }
}

impl PutQuota {
    /// The quota, bytes; 0 is none.
    pub(in crate::tos) fn quota(&self) -> Result<Option<u64>, Fault> {
        Ok(Some(self.bytes.bytes()?).filter(|bytes| *bytes > 0))
    }
}

/// Answer of `GetBucketQuota`: 0 where there is none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct QuotaBody {
    storage_quota: u64,
}

impl QuotaBody {
    pub(in crate::tos) fn new(quota: Option<u64>) -> Self {
        Self {
            storage_quota: quota.unwrap_or(0),
        }
    }
}

/// Body of `PutBucketRename`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutRename {
    #[serde(rename = "renameenable")]
    pub(in crate::tos) enabled: bool,
}

/// Answer of `GetBucketRename`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct RenameBody {
    pub(in crate::tos) rename_enable: bool,
}

/// Body of `PutBucketAccessMonitor`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutMonitor {
    pub(in crate::tos) status: String,
}

/// Answer of `GetBucketAccessMonitor`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct MonitorBody {
    pub(in crate::tos) status: &'static str,
}

/// Body of `PutBucketCustomDomain`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct PutDomain {
    #[serde(rename = "customdomainrule")]
    rule: PutDomainRule,
}

/// What the vendor's service says of a domain besides is of its making and not looked at.
#[derive(Debug, Deserialize)]
struct PutDomainRule {
    domain: String,
    protocol: Option<String>,
    #[serde(rename = "certid")]
    certificate: Option<String>,
    forbidden: Option<bool>,
}

const TOS_WORD: &str = "tos";
const S3_WORD: &str = "s3";

impl PutDomain {
    /// The domain it names.
    pub(in crate::tos) fn domain(self) -> Result<BucketDomain, Fault> {
        if self.rule.certificate.is_some_and(|id| !id.is_empty()) {
            return Err(Fault::NotServed("CertId".into()));
        }
        if self.rule.forbidden == Some(true) {
            return Err(Fault::NotServed("Forbidden".into()));
        }
        let dialect = match self.rule.protocol.as_deref() {
            None | Some("" | TOS_WORD) => DialectId::Tos,
            Some(S3_WORD) => DialectId::S3,
            Some(word) => {
                return Err(Fault::argument("Protocol", word, "Protocol is tos or s3"));
            }
        };
        Ok(BucketDomain {
            name: self.rule.domain.to_ascii_lowercase().into(),
            dialect,
        })
    }
}

/// Answer of `ListBucketCustomDomain`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct DomainList {
    custom_domain_rules: Vec<DomainBody>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct DomainBody {
    domain: String,
    cname: String,
    protocol: &'static str,
    forbidden: bool,
}

impl DomainList {
    /// `cname` is the name that DNS is to lead the domains to.
    pub(in crate::tos) fn new(domains: &[BucketDomain], cname: &str) -> Self {
        let one = |domain: &BucketDomain| DomainBody {
            domain: domain.name.to_string(),
            cname: cname.to_owned(),
            protocol: match domain.dialect {
                DialectId::S3 => S3_WORD,
                _ => TOS_WORD,
            },
            forbidden: false,
        };
        Self {
            custom_domain_rules: domains.iter().map(one).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::common::json::read;

    #[test]
    fn rules_for_other_origins_go_both_ways() {
        let body = json!({"CORSRules": [
            {
                "AllowedOrigins": ["http://*.example"], "AllowedMethods": ["PUT", "GET"],
                "AllowedHeaders": ["*"], "ExposeHeaders": ["x-tos-request-id"],
                "MaxAgeSeconds": 100, "ResponseVary": true,
            },
            {"AllowedOrigins": ["*"], "AllowedMethods": ["GET"], "ResponseVary": false},
        ]});
        let put: PutCors = read(body.to_string().as_bytes()).expect("the shape");
        let told = CorsBody::new(&put.rules().expect("rules"));
        assert_eq!(serde_json::to_value(told).expect("JSON"), body);
        let bad = json!({"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["PATCH"]}]});
        let bad: PutCors = read(bad.to_string().as_bytes()).expect("the shape");
        assert!(bad.rules().is_err());
    }

    #[test]
    fn quotas_are_numbers_of_bytes() {
        let cases = [
            ("65536", Some(Some(65536))),
            ("\"65536\"", Some(Some(65536))),
            ("0", Some(None)),
            ("9223372036854775807", Some(Some(u64::MAX >> 1))),
            ("9223372036854775808", None),
            ("\"many\"", None),
            ("\"-1\"", None),
        ];
        for (text, wanted) in cases {
            let body = format!("{{\"StorageQuota\": {text}}}");
            let put: PutQuota = read(body.as_bytes()).expect("the shape");
            assert_eq!(put.quota().ok(), wanted, "{text}");
        }
        assert!(read::<PutQuota>(b"{\"StorageQuota\": -1}").is_err());
        assert!(read::<PutQuota>(b"{}").is_err());
    }

    #[test]
    fn domains_have_a_tongue() {
        let read = |rule: serde_json::Value| {
            let body = json!({ "CustomDomainRule": rule }).to_string();
            let put: PutDomain = read(body.as_bytes()).expect("the shape");
            put.domain()
                .ok()
                .map(|domain| (domain.name.into_string(), domain.dialect))
        };
        let of = |dialect| Some(("files.example.com".to_owned(), dialect));
        let name = "Files.Example.com";
        assert_eq!(read(json!({"Domain": name})), of(DialectId::Tos));
        assert_eq!(
            read(json!({"Domain": name, "Protocol": "tos"})),
            of(DialectId::Tos)
        );
        assert_eq!(
            read(json!({"Domain": name, "Protocol": "s3"})),
            of(DialectId::S3)
        );
        assert_eq!(read(json!({"Domain": name, "Protocol": "oss"})), None);
        assert_eq!(read(json!({"Domain": name, "CertId": "c"})), None);
        assert_eq!(read(json!({"Domain": name, "Forbidden": true})), None);
    }
}
