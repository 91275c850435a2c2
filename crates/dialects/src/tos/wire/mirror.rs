//! Body about origins that stand in for missing objects (sheet section 7). What is false or empty is left
//! out of answers, as the vendor does.

use cohong_core::model::{KeyChange, Mirror, MirrorRule, PassedHeaders, When};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use crate::common::wire::website::said;
use crate::gate::fault::Fault;

/// Whether a list, a flag or a text says nothing.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Rules for origins.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct MirrorBody {
    #[serde(alias = "rules", default)]
    rules: Vec<RuleBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RuleBody {
    #[serde(
        rename = "ID",
        alias = "id",
        default,
        skip_serializing_if = "is_default"
    )]
    id: String,
    #[serde(alias = "condition", default)]
    condition: ConditionBody,
    #[serde(alias = "redirect")]
    redirect: RedirectBody,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ConditionBody {
    #[serde(alias = "httpcode")]
    http_code: Option<u16>,
    #[serde(alias = "keyprefix", skip_serializing_if = "is_default")]
    key_prefix: Option<String>,
    #[serde(alias = "keysuffix", skip_serializing_if = "is_default")]
    key_suffix: Option<String>,
    #[serde(alias = "httpmethod", skip_serializing_if = "is_default")]
    http_method: Vec<String>,
    #[serde(alias = "allowhost", skip_serializing_if = "is_default")]
    allow_host: Vec<String>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, not a state"
)]
struct RedirectBody {
    #[serde(alias = "redirecttype")]
    redirect_type: String,
    #[serde(alias = "fetchsourceonredirect", skip_serializing_if = "is_default")]
    fetch_source_on_redirect: bool,
    #[serde(
        alias = "fetchsourceonredirectwithquery",
        skip_serializing_if = "is_default"
    )]
    fetch_source_on_redirect_with_query: bool,
    #[serde(alias = "publicsource")]
    public_source: SourceBody,
    #[serde(alias = "privatesource", skip_serializing)]
    private_source: Option<IgnoredAny>,
    #[serde(alias = "passquery", skip_serializing_if = "is_default")]
    pass_query: bool,
    #[serde(alias = "followredirect", skip_serializing_if = "is_default")]
    follow_redirect: bool,
    #[serde(alias = "mirrorheader", skip_serializing_if = "is_default")]
    mirror_header: HeaderBody,
    #[serde(alias = "transform", skip_serializing_if = "is_default")]
    transform: TransformBody,
    #[serde(
        alias = "fetchheadertometadatarules",
        skip_serializing_if = "is_default"
    )]
    fetch_header_to_meta_data_rules: Vec<MetaBody>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct SourceBody {
    #[serde(alias = "sourceendpoint")]
    source_endpoint: EndpointBody,
    #[serde(alias = "fixedendpoint", skip_serializing_if = "is_default")]
    fixed_endpoint: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct EndpointBody {
    #[serde(alias = "primary", skip_serializing_if = "is_default")]
    primary: Vec<String>,
    #[serde(alias = "follower", skip_serializing_if = "is_default")]
    follower: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct HeaderBody {
    #[serde(alias = "passall", skip_serializing_if = "is_default")]
    pass_all: bool,
    #[serde(alias = "pass", skip_serializing_if = "is_default")]
    pass: Vec<String>,
    #[serde(alias = "remove", skip_serializing_if = "is_default")]
    remove: Vec<String>,
    #[serde(alias = "set", skip_serializing_if = "is_default")]
    set: Vec<SetBody>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SetBody {
    #[serde(alias = "key")]
    key: String,
    #[serde(alias = "value", default)]
    value: String,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TransformBody {
    #[serde(alias = "withkeyprefix", skip_serializing_if = "is_default")]
    with_key_prefix: String,
    #[serde(alias = "withkeysuffix", skip_serializing_if = "is_default")]
    with_key_suffix: String,
    #[serde(alias = "replacekeyprefix", skip_serializing_if = "is_default")]
    replace_key_prefix: Option<PrefixBody>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct PrefixBody {
    #[serde(alias = "keyprefix")]
    key_prefix: String,
    #[serde(alias = "replacewith")]
    replace_with: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetaBody {
    #[serde(alias = "sourceheader")]
    source_header: String,
    #[serde(alias = "metadatasuffix")]
    meta_data_suffix: String,
}

impl MirrorBody {
    pub(in crate::tos) fn read(self) -> Result<Vec<MirrorRule>, Fault> {
        self.rules.into_iter().map(RuleBody::read).collect()
    }

    pub(in crate::tos) fn new(rules: &[MirrorRule]) -> Self {
        Self {
            rules: rules.iter().map(RuleBody::new).collect(),
        }
    }
}

fn boxed(all: Vec<String>) -> Vec<Box<str>> {
    all.into_iter().map(Into::into).collect()
}

fn texts(all: &[Box<str>]) -> Vec<String> {
    all.iter().map(ToString::to_string).collect()
}

impl RuleBody {
    fn read(self) -> Result<MirrorRule, Fault> {
        Ok(MirrorRule {
            id: self.id.into(),
            when: self.condition.read(),
            mirror: self.redirect.read()?,
        })
    }

    fn new(rule: &MirrorRule) -> Self {
        Self {
            id: rule.id.to_string(),
            condition: ConditionBody::new(&rule.when),
            redirect: RedirectBody::new(&rule.mirror),
        }
    }
}

impl ConditionBody {
    fn read(self) -> When {
        When {
            prefix: said(self.key_prefix),
            suffix: said(self.key_suffix),
            status: self.http_code.or(Some(404)),
            headers: Vec::new(),
            methods: boxed(self.http_method),
            hosts: boxed(self.allow_host),
        }
    }

    fn new(when: &When) -> Self {
        let text = |text: &Option<Box<str>>| text.as_ref().map(ToString::to_string);
        Self {
            http_code: when.status,
            key_prefix: text(&when.prefix),
            key_suffix: text(&when.suffix),
            http_method: texts(&when.methods),
            allow_host: texts(&when.hosts),
        }
    }
}

impl RedirectBody {
    fn read(self) -> Result<Mirror, Fault> {
        if self.private_source.is_some() {
            return Err(Fault::NotServed("PrivateSource".into()));
        }
        let redirects = match self.redirect_type.as_str() {
            "Mirror" => false,
            "Async" => true,
            other => {
                let why = "RedirectType is Mirror or Async";
                return Err(Fault::argument("RedirectType", other, why));
            }
        };
        let source = self.public_source;
        let metadata = self.fetch_header_to_meta_data_rules.into_iter();
        let pair = |rule: MetaBody| (rule.source_header.into(), rule.meta_data_suffix.into());
        Ok(Mirror {
            origins: boxed(source.source_endpoint.primary),
            spares: boxed(source.source_endpoint.follower),
            probe: None,
            key: self.transform.read(),
            pass_query: self.pass_query,
            follow: self.follow_redirect,
            check_md5: false,
            headers: self.mirror_header.read(),
            metadata: metadata.map(pair).collect(),
            redirects,
            fetches_redirected: self.fetch_source_on_redirect,
            fetches_queries: self.fetch_source_on_redirect_with_query,
            fixed: source.fixed_endpoint,
        })
    }

    fn new(mirror: &Mirror) -> Self {
        let meta = |(from, to): &(Box<str>, Box<str>)| MetaBody {
            source_header: from.to_string(),
            meta_data_suffix: to.to_string(),
        };
        Self {
            redirect_type: if mirror.redirects { "Async" } else { "Mirror" }.into(),
            fetch_source_on_redirect: mirror.fetches_redirected,
            fetch_source_on_redirect_with_query: mirror.fetches_queries,
            public_source: SourceBody {
                source_endpoint: EndpointBody {
                    primary: texts(&mirror.origins),
                    follower: texts(&mirror.spares),
                },
                fixed_endpoint: mirror.fixed,
            },
            private_source: None,
            pass_query: mirror.pass_query,
            follow_redirect: mirror.follow,
            mirror_header: HeaderBody::new(&mirror.headers),
            transform: TransformBody::new(&mirror.key),
            fetch_header_to_meta_data_rules: mirror.metadata.iter().map(meta).collect(),
        }
    }
}

impl HeaderBody {
    fn read(self) -> PassedHeaders {
        let pair = |set: SetBody| (set.key.into(), set.value.into());
        PassedHeaders {
            all: self.pass_all,
            pass: boxed(self.pass),
            remove: boxed(self.remove),
            set: self.set.into_iter().map(pair).collect(),
        }
    }

    fn new(headers: &PassedHeaders) -> Self {
        let set = |(key, value): &(Box<str>, Box<str>)| SetBody {
            key: key.to_string(),
            value: value.to_string(),
        };
        Self {
            pass_all: headers.all,
            pass: texts(&headers.pass),
            remove: texts(&headers.remove),
            set: headers.set.iter().map(set).collect(),
        }
    }
}

impl TransformBody {
    fn read(self) -> KeyChange {
        let prefix = self.replace_key_prefix;
        KeyChange {
            whole: None,
            prefix: prefix.map(|prefix| (prefix.key_prefix.into(), prefix.replace_with.into())),
            before: self.with_key_prefix.into(),
            behind: self.with_key_suffix.into(),
        }
    }

    fn new(change: &KeyChange) -> Self {
        let prefix = change.prefix.as_ref();
        Self {
            with_key_prefix: change.before.to_string(),
            with_key_suffix: change.behind.to_string(),
            replace_key_prefix: prefix.map(|(from, to)| PrefixBody {
                key_prefix: from.to_string(),
                replace_with: to.to_string(),
            }),
        }
    }
}
