//! Body about a website (sheet section 7).

use cohong_core::model::{Folders, Website};
use serde::{Deserialize, Serialize};

use crate::common::wire::website::{ElsewhereBody, ErrorBody, Parts, RouteBody};
use crate::gate::fault::Fault;

/// A website.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct WebsiteBody {
    #[serde(
        alias = "redirectallrequeststo",
        skip_serializing_if = "Option::is_none"
    )]
    redirect_all_requests_to: Option<ElsewhereBody>,
    #[serde(alias = "indexdocument", skip_serializing_if = "Option::is_none")]
    index_document: Option<IndexBody>,
    #[serde(alias = "errordocument", skip_serializing_if = "Option::is_none")]
    error_document: Option<ErrorBody>,
    #[serde(alias = "routingrules", default, skip_serializing_if = "Vec::is_empty")]
    routing_rules: Vec<RouteBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexBody {
    #[serde(alias = "suffix", default)]
    suffix: String,
    #[serde(
        alias = "forbiddensubdir",
        default,
        skip_serializing_if = "std::ops::Not::not"
    )]
    forbidden_sub_dir: bool,
}

impl WebsiteBody {
    pub(in crate::tos) fn read(self) -> Result<Website, Fault> {
        let index = self.index_document;
        let parts = Parts {
            elsewhere: self.redirect_all_requests_to,
            index: index.map(|index| (index.suffix, !index.forbidden_sub_dir)),
            error: self.error_document,
            routes: self.routing_rules,
        };
        parts.read(Folders::Redirect)
    }

    /// A website as far as the vendor has words for it.
    pub(in crate::tos) fn new(website: &Website) -> Self {
        let parts = Parts::of(website);
        Self {
            redirect_all_requests_to: parts.elsewhere,
            index_document: parts.index.map(|(suffix, own)| IndexBody {
                suffix,
                forbidden_sub_dir: !own,
            }),
            error_document: parts.error,
            routing_rules: parts.routes,
        }
    }
}
