//! Body about the pages that may lead to a bucket (sheet section 6).

use cohong_core::model::Referers;
use serde::{Deserialize, Serialize};

use crate::common::xml::Flag;

/// What is asked of the pages.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct RefererBody {
    allow_empty_referer: Flag,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_truncate_query_string: Option<Flag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncate_path: Option<Flag>,
    #[serde(default)]
    referer_list: List,
    #[serde(skip_serializing_if = "Option::is_none")]
    referer_blacklist: Option<List>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    #[serde(rename = "Referer", default)]
    referers: Vec<String>,
}

impl List {
    fn read(self) -> Vec<Box<str>> {
        self.referers.into_iter().map(Into::into).collect()
    }

    fn new(texts: &[Box<str>]) -> Self {
        let referers = texts.iter().map(ToString::to_string).collect();
        Self { referers }
    }
}

impl RefererBody {
    pub(in crate::oss) fn read(self) -> Referers {
        Referers {
            allow_empty: self.allow_empty_referer.0,
            allowed: self.referer_list.read(),
            denied: self.referer_blacklist.unwrap_or_default().read(),
            cut_query: self.allow_truncate_query_string.is_none_or(|Flag(cut)| cut),
            cut_path: self.truncate_path.is_some_and(|Flag(cut)| cut),
        }
    }

    pub(in crate::oss) fn new(referers: &Referers) -> Self {
        let denied = &referers.denied;
        Self {
            allow_empty_referer: Flag(referers.allow_empty),
            allow_truncate_query_string: Some(Flag(referers.cut_query)),
            truncate_path: Some(Flag(referers.cut_path)),
            referer_list: List::new(&referers.allowed),
            referer_blacklist: (!denied.is_empty()).then(|| List::new(denied)),
        }
    }
}
