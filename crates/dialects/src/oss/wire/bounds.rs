//! Bodies of settings that bound what may be done with a bucket: its capacity, versions of TLS, objects that are not
//! overwritten (sheet section 6).

use cohong_core::model::{AccountId, OverwriteRule, TlsVersion};
use serde::{Deserialize, Serialize};

use crate::common::xml::Flag;
use crate::gate::fault::Fault;

/// Bytes of the vendor's unit of capacity.
const GIB: u64 = 1 << 30;

/// How much a bucket may hold, GiB.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct Capacity {
    storage_capacity: i64,
}

impl Capacity {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "BucketUserQos";

    /// A bound in bytes, where there is one, rounded up.
    pub(in crate::oss) fn new(quota: Option<u64>) -> Self {
        let gib = |bytes: u64| i64::try_from(bytes.div_ceil(GIB)).unwrap_or(i64::MAX);
        Self {
            storage_capacity: quota.map_or(-1, gib),
        }
    }

    /// The bound in bytes; -1 for none.
    pub(in crate::oss) fn quota(&self) -> Result<Option<u64>, Fault> {
        let bytes = u64::try_from(self.storage_capacity).map(|gib| gib.checked_mul(GIB));
        match bytes {
            Ok(Some(bytes)) => Ok(Some(bytes)),
            Err(_) if self.storage_capacity == -1 => Ok(None),
            _ => Err(Fault::argument(
                "StorageCapacity",
                &self.storage_capacity.to_string(),
                "StorageCapacity is a number of GiB, or -1 for any",
            )),
        }
    }
}

/// Which versions of TLS a bucket is reached over.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::oss) struct HttpsBody {
    #[serde(rename = "TLS")]
    tls: Versions,
    #[serde(rename = "CipherSuite", default, skip_serializing)]
    suites: Suites,
}

#[derive(Debug, Serialize, Deserialize)]
struct Versions {
    #[serde(rename = "Enable")]
    enable: Flag,
    #[serde(rename = "TLSVersion", default)]
    versions: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Suites {
    #[serde(rename = "Enable", default)]
    enable: Flag,
}

const TLS: [(TlsVersion, &str); 4] = [
    (TlsVersion::V1_0, "TLSv1.0"),
    (TlsVersion::V1_1, "TLSv1.1"),
    (TlsVersion::V1_2, "TLSv1.2"),
    (TlsVersion::V1_3, "TLSv1.3"),
];

impl HttpsBody {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "HttpsConfiguration";

    pub(in crate::oss) fn new(versions: Option<&[TlsVersion]>) -> Self {
        let named = |(_, word): &(_, &str)| (*word).to_owned();
        let all = TLS.iter();
        let all = all.filter(|(version, _)| versions.is_some_and(|some| some.contains(version)));
        Self {
            tls: Versions {
                enable: Flag(versions.is_some()),
                versions: all.map(named).collect(),
            },
            suites: Suites::default(),
        }
    }

    /// Whether it chooses cipher suites.
    pub(in crate::oss) fn chooses_suites(&self) -> bool {
        self.suites.enable.0
    }

    /// The versions, in order and each once; `None` where every one will do.
    pub(in crate::oss) fn versions(&self) -> Result<Option<Vec<TlsVersion>>, Fault> {
        if !self.tls.enable.0 {
            return Ok(None);
        }
        let said = &self.tls.versions;
        let known = |word: &String| TLS.iter().any(|(_, known)| known == word);
        if said.is_empty() || !said.iter().all(known) {
            return Err(Fault::Xml);
        }
        let named = TLS
            .iter()
            .filter(|(_, word)| said.iter().any(|said| said == word));
        Ok(Some(named.map(|(version, _)| *version).collect()))
    }
}

/// What nobody overwrites.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::oss) struct OverwriteBody {
    #[serde(rename = "Rule", default)]
    rules: Vec<RuleBody>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RuleBody {
    #[serde(rename = "ID", default)]
    id: String,
    #[serde(rename = "Action")]
    action: String,
    #[serde(rename = "Prefix", default)]
    prefix: String,
    #[serde(rename = "Suffix", default)]
    suffix: String,
    #[serde(
        rename = "Principals",
        default,
        skip_serializing_if = "Whom::is_everybody"
    )]
    principals: Whom,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Whom {
    #[serde(rename = "Principal", default)]
    all: Vec<String>,
}

impl Whom {
    fn is_everybody(&self) -> bool {
        self.all.is_empty()
    }
}

/// The one action there is.
const FORBID: &str = "forbid";

impl OverwriteBody {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "OverwriteConfiguration";

    pub(in crate::oss) fn new(rules: &[OverwriteRule]) -> Self {
        let whom = |rule: &OverwriteRule| Whom {
            all: rule.accounts.iter().map(ToString::to_string).collect(),
        };
        let body = |rule: &OverwriteRule| RuleBody {
            id: rule.id.to_string(),
            action: FORBID.to_owned(),
            prefix: rule.prefix.to_string(),
            suffix: rule.suffix.to_string(),
            principals: whom(rule),
        };
        Self {
            rules: rules.iter().map(body).collect(),
        }
    }

    /// The rules; one without an id is called by its place.
    pub(in crate::oss) fn read(self) -> Result<Vec<OverwriteRule>, Fault> {
        let rule = |(body, place): (RuleBody, usize)| {
            if body.action != FORBID {
                return Err(Fault::Xml);
            }
            let accounts = body.principals.all.iter();
            Ok(OverwriteRule {
                id: if body.id.is_empty() {
                    format!("rule-{place}").into()
                } else {
                    body.id.into()
                },
                prefix: body.prefix.into(),
                suffix: body.suffix.into(),
                accounts: accounts
                    .map(|name| AccountId(name.as_str().into()))
                    .collect(),
            })
        };
        let rules = self.rules.into_iter().zip(1..);
        rules.map(rule).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::xml::read;

    #[test]
    fn capacities_go_both_ways() {
        // (said, bytes)
        let cases = [
            ("-1", Some(None)),
            ("0", Some(Some(0))),
            ("100", Some(Some(100 << 30))),
            ("-2", None),
            ("9223372036854775807", None),
        ];
        for (said, wanted) in cases {
            let text =
                format!("<BucketUserQos><StorageCapacity>{said}</StorageCapacity></BucketUserQos>");
            let body: Capacity = read(text.as_bytes(), Capacity::ROOT).expect("the shape");
            assert_eq!(body.quota().ok(), wanted, "{said}");
            if let Some(quota) = wanted {
                assert_eq!(Capacity::new(quota).storage_capacity.to_string(), said);
            }
        }
        assert_eq!(Capacity::new(Some(1)).storage_capacity, 1, "rounded up");
    }

    #[test]
    fn versions_of_tls_are_read_once_and_in_order() {
        use TlsVersion::{V1_2, V1_3};
        let cases = [
            (
                "<Enable>true</Enable><TLSVersion>TLSv1.3</TLSVersion><TLSVersion>TLSv1.2</TLSVersion>",
                Some(Some(vec![V1_2, V1_3])),
            ),
            (
                "<Enable>true</Enable><TLSVersion>TLSv1.2</TLSVersion><TLSVersion>TLSv1.2</TLSVersion>",
                Some(Some(vec![V1_2])),
            ),
            ("<Enable>false</Enable>", Some(None)),
            ("<Enable>true</Enable>", None),
            ("<Enable>true</Enable><TLSVersion>SSLv3</TLSVersion>", None),
        ];
        for (inner, wanted) in cases {
            let text = format!("<HttpsConfiguration><TLS>{inner}</TLS></HttpsConfiguration>");
            let body: HttpsBody = read(text.as_bytes(), HttpsBody::ROOT).expect("the shape");
            assert_eq!(body.versions().ok(), wanted, "{inner}");
        }
    }

    #[test]
    fn rules_of_overwriting_go_both_ways() {
        let text = "<OverwriteConfiguration><Rule><ID>a</ID><Action>forbid</Action><Prefix>p</Prefix>\
            <Suffix>s</Suffix><Principals><Principal>1</Principal><Principal>2</Principal></Principals></Rule>\
            <Rule><Action>forbid</Action></Rule></OverwriteConfiguration>";
        let body: OverwriteBody = read(text.as_bytes(), OverwriteBody::ROOT).expect("the shape");
        let rules = body.read().expect("rules");
        assert_eq!((&*rules[0].id, &*rules[1].id), ("a", "rule-2"));
        let again = OverwriteBody::new(&rules).read().expect("rules");
        assert_eq!(again, rules);
        let text = text.replace("forbid", "allow");
        let body: OverwriteBody = read(text.as_bytes(), OverwriteBody::ROOT).expect("the shape");
        assert!(body.read().is_err());
    }
}
