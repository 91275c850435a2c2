//! Bodies about pages of other origins.

use cohong_core::model::{Cors, CorsRule};
use serde::{Deserialize, Serialize};

use crate::common::cors::Texts;
use crate::common::vocabulary::Vocabulary;
use crate::common::xml::Flag;
use crate::gate::fault::Fault;

/// Body of the operations that put and get the rules.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CorsBody {
    #[serde(rename = "CORSRule", default)]
    rules: Vec<RuleBody>,
    #[serde(rename = "ResponseVary", skip_serializing_if = "Option::is_none")]
    vary: Option<Flag>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct RuleBody {
    #[serde(rename = "AllowedOrigin", default)]
    origins: Vec<String>,
    #[serde(rename = "AllowedMethod", default)]
    methods: Vec<String>,
    #[serde(rename = "AllowedHeader", default)]
    headers: Vec<String>,
    #[serde(rename = "ExposeHeader", default)]
    exposed: Vec<String>,
    #[serde(rename = "MaxAgeSeconds", skip_serializing_if = "Option::is_none")]
    max_age: Option<String>,
}

impl CorsBody {
    /// The rules it names.
    pub(crate) fn rules(self) -> Result<Cors, Fault> {
        let vary = self.vary.is_some_and(|Flag(vary)| vary);
        let rules = self.rules.into_iter().map(|rule| rule.read(vary));
        Ok(Cors {
            rules: rules.collect::<Result<_, _>>()?,
        })
    }
}

impl Vocabulary {
    /// Rules as an answer tells them.
    pub(crate) fn cors_body(&self, cors: &Cors) -> CorsBody {
        CorsBody {
            rules: cors.rules.iter().map(RuleBody::new).collect(),
            vary: self.bodies.vary.then_some(Flag(cors.varies())),
        }
    }
}

impl RuleBody {
    fn read(self, vary: bool) -> Result<CorsRule, Fault> {
        if self.exposed.iter().any(|name| name == "*") {
            let why = "ExposeHeader is the name of one header";
            return Err(Fault::argument("ExposeHeader", "*", why));
        }
        let texts = Texts {
            origins: self.origins,
            methods: self.methods,
            headers: self.headers,
            exposed: self.exposed,
            max_age: self.max_age,
            vary,
        };
        texts.read()
    }

    fn new(rule: &CorsRule) -> Self {
        let texts = Texts::of(rule);
        Self {
            origins: texts.origins,
            methods: texts.methods,
            headers: texts.headers,
            exposed: texts.exposed,
            max_age: texts.max_age,
        }
    }
}
