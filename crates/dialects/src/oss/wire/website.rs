//! Body about a website (sheet section 6;
//! <https://help.aliyun.com/en/oss/developer-reference/putbucketwebsite>).

use cohong_core::model::{ErrorPage, Folders, HeaderTest, Index, Route, Website, When};
use serde::{Deserialize, Serialize};

use super::redirect::RedirectBody;
use crate::common::wire::website::said;
use crate::common::xml::Flag;
use crate::gate::fault::Fault;

/// A website.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(in crate::oss) struct WebsiteBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    index_document: Option<IndexBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_document: Option<ErrorBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_rules: Option<RoutesBody>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct IndexBody {
    suffix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    support_sub_dir: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<u8>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ErrorBody {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct RoutesBody {
    #[serde(rename = "RoutingRule", default)]
    routes: Vec<RouteBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteBody {
    rule_number: u32,
    #[serde(default)]
    condition: ConditionBody,
    redirect: RedirectBody,
    #[serde(skip_serializing)]
    lua_config: Option<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct ConditionBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    key_prefix_equals: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_suffix_equals: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_error_code_returned_equals: Option<u16>,
    include_header: Vec<HeaderBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HeaderBody {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    equals: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_with: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_with: Option<String>,
}

impl WebsiteBody {
    pub(in crate::oss) fn read(self) -> Result<Website, Fault> {
        let routes = self.routing_rules.unwrap_or_default().routes.into_iter();
        let mut routes: Vec<Route> = routes.map(RouteBody::read).collect::<Result<_, _>>()?;
        routes.sort_by_key(|route| route.number);
        let index = self.index_document.filter(|index| !index.suffix.is_empty());
        let error = self.error_document.filter(|page| !page.key.is_empty());
        Ok(Website {
            elsewhere: None,
            index: index.map(IndexBody::read).transpose()?,
            error: error.map(|page| ErrorPage {
                key: page.key.into(),
                status: page.http_status.or(Some(404)),
            }),
            routes,
        })
    }

    /// A website as far as the vendor has words for it.
    pub(in crate::oss) fn new(website: &Website) -> Self {
        let routes: Vec<RouteBody> = website.routes.iter().map(RouteBody::new).collect();
        Self {
            index_document: website.index.as_ref().map(IndexBody::new),
            error_document: website.error.as_ref().map(|page| ErrorBody {
                key: page.key.to_string(),
                http_status: page.status,
            }),
            routing_rules: (!routes.is_empty()).then_some(RoutesBody { routes }),
        }
    }
}

impl IndexBody {
    fn read(self) -> Result<Index, Fault> {
        let own = self.support_sub_dir.unwrap_or_default().0;
        let folders = match (own, self.r#type.unwrap_or(0)) {
            (false, 0..=2) => Folders::Bucket,
            (true, 0) => Folders::Redirect,
            (true, 1) => Folders::Missing,
            (true, 2) => Folders::Show,
            (_, other) => {
                let why = "Type is 0, 1 or 2";
                return Err(Fault::argument("Type", &other.to_string(), why));
            }
        };
        Ok(Index {
            suffix: self.suffix.into(),
            folders,
        })
    }

    fn new(index: &Index) -> Self {
        let r#type = match index.folders {
            Folders::Bucket => None,
            Folders::Redirect => Some(0),
            Folders::Missing => Some(1),
            Folders::Show => Some(2),
        };
        Self {
            suffix: index.suffix.to_string(),
            support_sub_dir: r#type.map(|_| Flag(true)),
            r#type,
        }
    }
}

impl RouteBody {
    fn read(self) -> Result<Route, Fault> {
        if self.lua_config.is_some() {
            return Err(Fault::NotServed("LuaConfig".into()));
        }
        let condition = self.condition;
        let headers = condition.include_header.into_iter();
        let mut when = When {
            prefix: said(condition.key_prefix_equals),
            suffix: said(condition.key_suffix_equals),
            status: condition.http_error_code_returned_equals,
            headers: headers.map(HeaderBody::read).collect(),
            ..When::default()
        };
        let then = self.redirect.read(&mut when)?;
        Ok(Route {
            number: self.rule_number,
            when,
            then,
        })
    }

    fn new(route: &Route) -> Self {
        let text = |text: &Option<Box<str>>| text.as_ref().map(ToString::to_string);
        let when = &route.when;
        Self {
            rule_number: route.number,
            condition: ConditionBody {
                key_prefix_equals: text(&when.prefix),
                key_suffix_equals: text(&when.suffix),
                http_error_code_returned_equals: when.status,
                include_header: when.headers.iter().map(HeaderBody::new).collect(),
            },
            redirect: RedirectBody::new(when, &route.then),
            lua_config: None,
        }
    }
}

impl HeaderBody {
    fn read(self) -> HeaderTest {
        HeaderTest {
            name: self.key.into(),
            equals: self.equals.map(Into::into),
            starts: self.starts_with.map(Into::into),
            ends: self.ends_with.map(Into::into),
        }
    }

    fn new(wanted: &HeaderTest) -> Self {
        let text = |text: &Option<Box<str>>| text.as_ref().map(ToString::to_string);
        Self {
            key: wanted.name.to_string(),
            equals: text(&wanted.equals),
            starts_with: text(&wanted.starts),
            ends_with: text(&wanted.ends),
        }
    }
}
