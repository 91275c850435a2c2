//! Body about a website (sheet section 7).

use cohong_core::model::{Folders, Website};
use serde::{Deserialize, Serialize};

use crate::common::wire::website::{ElsewhereBody, ErrorBody, Parts, RouteBody};
use crate::gate::fault::Fault;

/// A website.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct WebsiteBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    redirect_all_requests_to: Option<ElsewhereBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_document: Option<IndexBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_document: Option<ErrorBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_rules: Option<RoutesBody>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexBody {
    suffix: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct RoutesBody {
    #[serde(rename = "RoutingRule", default)]
    routes: Vec<RouteBody>,
}

impl WebsiteBody {
    pub(in crate::s3) fn read(self) -> Result<Website, Fault> {
        let parts = Parts {
            elsewhere: self.redirect_all_requests_to,
            index: self.index_document.map(|index| (index.suffix, true)),
            error: self.error_document,
            routes: self.routing_rules.unwrap_or_default().routes,
        };
        parts.read(Folders::Redirect)
    }

    /// A website as far as the vendor has words for it.
    pub(in crate::s3) fn new(website: &Website) -> Self {
        let parts = Parts::of(website);
        let routes = parts.routes;
        Self {
            redirect_all_requests_to: parts.elsewhere,
            index_document: parts.index.map(|(suffix, _)| IndexBody { suffix }),
            error_document: parts.error,
            routing_rules: (!routes.is_empty()).then_some(RoutesBody { routes }),
        }
    }
}
