//! The parts of a website's configuration that vendors of one family write alike, as XML and as JSON. Names
//! are read in lower case, too, because some bodies are read so.

use cohong_core::model::{
    Elsewhere, ErrorPage, Folders, Index, KeyChange, Redirect, Route, Scheme, Then, Website, When,
};
use serde::{Deserialize, Serialize};

use crate::gate::fault::Fault;

/// Where everybody is sent.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ElsewhereBody {
    #[serde(alias = "hostname")]
    host_name: String,
    #[serde(alias = "protocol", skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
}

/// The page shown in place of an error.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ErrorBody {
    #[serde(alias = "key", default)]
    key: String,
}

/// A rule.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RouteBody {
    #[serde(alias = "condition", skip_serializing_if = "Option::is_none")]
    condition: Option<ConditionBody>,
    #[serde(alias = "redirect")]
    redirect: RedirectBody,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConditionBody {
    #[serde(alias = "keyprefixequals", skip_serializing_if = "Option::is_none")]
    key_prefix_equals: Option<String>,
    #[serde(
        alias = "httperrorcodereturnedequals",
        skip_serializing_if = "Option::is_none"
    )]
    http_error_code_returned_equals: Option<u16>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RedirectBody {
    #[serde(alias = "protocol", skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    #[serde(alias = "hostname", skip_serializing_if = "Option::is_none")]
    host_name: Option<String>,
    #[serde(
        alias = "replacekeyprefixwith",
        skip_serializing_if = "Option::is_none"
    )]
    replace_key_prefix_with: Option<String>,
    #[serde(alias = "replacekeywith", skip_serializing_if = "Option::is_none")]
    replace_key_with: Option<String>,
    #[serde(alias = "httpredirectcode", skip_serializing_if = "Option::is_none")]
    http_redirect_code: Option<u16>,
}

/// The scheme that a word names.
pub(crate) fn scheme(word: &str) -> Result<Scheme, Fault> {
    match word {
        "http" => Ok(Scheme::Http),
        "https" => Ok(Scheme::Https),
        _ => Err(Fault::argument(
            "Protocol",
            word,
            "Protocol is http or https",
        )),
    }
}

/// The word for a scheme.
pub(crate) fn scheme_word(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
    }
}

/// A text that says something.
pub(crate) fn said(text: Option<String>) -> Option<Box<str>> {
    text.filter(|text| !text.is_empty()).map(Into::into)
}

/// A scheme, where a word names one.
pub(crate) fn scheme_said(word: Option<String>) -> Result<Option<Scheme>, Fault> {
    said(word).map(|word| scheme(&word)).transpose()
}

impl ElsewhereBody {
    fn read(self) -> Result<Elsewhere, Fault> {
        Ok(Elsewhere {
            host: self.host_name.into(),
            scheme: scheme_said(self.protocol)?,
        })
    }

    fn new(all: &Elsewhere) -> Self {
        Self {
            host_name: all.host.to_string(),
            protocol: all.scheme.map(|scheme| scheme_word(scheme).to_owned()),
        }
    }
}

impl RouteBody {
    fn read(self, number: u32) -> Result<Route, Fault> {
        let condition = self.condition;
        let (prefix, status) = condition.map_or((None, None), |condition| {
            let prefix = said(condition.key_prefix_equals);
            (prefix, condition.http_error_code_returned_equals)
        });
        let to = self.redirect;
        let from = prefix.clone().unwrap_or_default();
        Ok(Route {
            number,
            when: When {
                prefix,
                status,
                ..When::default()
            },
            then: Then::Redirect(Redirect {
                host: said(to.host_name),
                scheme: scheme_said(to.protocol)?,
                key: KeyChange {
                    whole: said(to.replace_key_with),
                    prefix: to.replace_key_prefix_with.map(|to| (from, to.into())),
                    ..KeyChange::default()
                },
                status: to.http_redirect_code,
                pass_query: None,
                cdn: false,
            }),
        })
    }

    /// A rule as far as these vendors have words for it; `None` for any other.
    fn new(route: &Route) -> Option<Self> {
        let When {
            prefix,
            suffix: None,
            status,
            headers,
            methods,
            hosts,
        } = &route.when
        else {
            return None;
        };
        let Then::Redirect(redirect) = &route.then else {
            return None;
        };
        if !(headers.is_empty() && methods.is_empty() && hosts.is_empty()) {
            return None;
        }
        let text = |text: &Option<Box<str>>| text.as_ref().map(ToString::to_string);
        let condition = ConditionBody {
            key_prefix_equals: text(prefix),
            http_error_code_returned_equals: *status,
        };
        let says = prefix.is_some() || status.is_some();
        let changed = redirect.key.prefix.as_ref();
        Some(Self {
            condition: says.then_some(condition),
            redirect: RedirectBody {
                protocol: redirect.scheme.map(|scheme| scheme_word(scheme).to_owned()),
                host_name: text(&redirect.host),
                replace_key_prefix_with: changed.map(|(_, to)| to.to_string()),
                replace_key_with: text(&redirect.key.whole),
                http_redirect_code: redirect.status,
            },
        })
    }
}

/// The parts of a website as these vendors tell them.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Where everybody is sent.
    pub(crate) elsewhere: Option<ElsewhereBody>,
    /// Name of the index, and whether folders have one of their own.
    pub(crate) index: Option<(String, bool)>,
    /// The page shown in place of an error.
    pub(crate) error: Option<ErrorBody>,
    /// The rules.
    pub(crate) routes: Vec<RouteBody>,
}

impl Parts {
    /// The website they are. `folders` is how folders behave that have an index of their own.
    pub(crate) fn read(self, folders: Folders) -> Result<Website, Fault> {
        let routes = self.routes.into_iter().zip(1..);
        let routes = routes.map(|(route, number)| route.read(number));
        Ok(Website {
            elsewhere: self.elsewhere.map(ElsewhereBody::read).transpose()?,
            index: self.index.map(|(suffix, own)| Index {
                suffix: suffix.into(),
                folders: if own { folders } else { Folders::Bucket },
            }),
            error: self
                .error
                .filter(|page| !page.key.is_empty())
                .map(|page| ErrorPage {
                    key: page.key.into(),
                    status: None,
                }),
            routes: routes.collect::<Result<_, _>>()?,
        })
    }

    /// Those of a website.
    pub(crate) fn of(website: &Website) -> Self {
        let index = website.index.as_ref();
        Self {
            elsewhere: website.elsewhere.as_ref().map(ElsewhereBody::new),
            index: index.map(|index| {
                let own = index.folders != Folders::Bucket;
                (index.suffix.to_string(), own)
            }),
            error: website.error.as_ref().map(|page| ErrorBody {
                key: page.key.to_string(),
            }),
            routes: website.routes.iter().filter_map(RouteBody::new).collect(),
        }
    }
}
