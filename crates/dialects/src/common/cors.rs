//! Rules for pages of other origins, as documents of any form tell them. What they do to requests is in
//! [`crate::gate::origin`].

use cohong_core::model::CorsRule;

use crate::gate::fault::Fault;
use crate::gate::origin::{method_of, method_word};

/// The texts of a rule.
#[derive(Debug)]
pub(crate) struct Texts {
    /// Origins.
    pub(crate) origins: Vec<String>,
    /// Methods.
    pub(crate) methods: Vec<String>,
    /// Headers that pages may send.
    pub(crate) headers: Vec<String>,
    /// Headers that pages may read.
    pub(crate) exposed: Vec<String>,
    /// How long the answer to a preflight request may be kept, seconds.
    pub(crate) max_age: Option<String>,
    /// Whether answers say that they depend on the origin.
    pub(crate) vary: bool,
}

impl Texts {
    /// The rule they are.
    pub(crate) fn read(self) -> Result<CorsRule, Fault> {
        let method = |word: String| {
            let why = "a method is GET, PUT, POST, DELETE or HEAD";
            method_of(&word).ok_or_else(|| Fault::argument("AllowedMethod", &word, why))
        };
        let age = |text: String| {
            let why = "MaxAgeSeconds is a number of seconds";
            let age = text.trim().parse();
            age.map_err(|_| Fault::argument("MaxAgeSeconds", &text, why))
        };
        let boxed = |texts: Vec<String>| texts.into_iter().map(Into::into).collect();
        Ok(CorsRule {
            origins: boxed(self.origins),
            methods: self
                .methods
                .into_iter()
                .map(method)
                .collect::<Result<_, _>>()?,
            headers: boxed(self.headers),
            exposed: boxed(self.exposed),
            max_age_s: self.max_age.map(age).transpose()?,
            vary: self.vary,
        })
    }

    /// Those of a rule.
    pub(crate) fn of(rule: &CorsRule) -> Self {
        let texts = |all: &[Box<str>]| all.iter().map(ToString::to_string).collect();
        let word = |method| method_word(method).to_owned();
        Self {
            origins: texts(&rule.origins),
            methods: rule.methods.iter().copied().map(word).collect(),
            headers: texts(&rule.headers),
            exposed: texts(&rule.exposed),
            max_age: rule.max_age_s.map(|age| age.to_string()),
            vary: rule.vary,
        }
    }
}
