//! Bodies about objects that are fetched from a URL (sheet section 6; states as the vendor's SDKs know them).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::records::{FetchRecord, FetchState};
use serde::{Deserialize, Serialize};

use crate::common::xml::Flag;

/// Word under which a task keeps its order to call back, as it was sent.
pub(in crate::oss) const CALLBACK: &str = "callback";

/// Body of `PutAsyncFetchTask`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct TaskBody {
    pub(in crate::oss) url: String,
    pub(in crate::oss) object: String,
    #[serde(default)]
    pub(in crate::oss) host: String,
    #[serde(rename = "ContentMD5", default)]
    pub(in crate::oss) content_md5: String,
    #[serde(default)]
    pub(in crate::oss) callback: String,
    #[serde(default)]
    pub(in crate::oss) storage_class: String,
    ignore_same_key: Option<Flag>,
    #[serde(default)]
    callback_when_failed: Flag,
}

impl TaskBody {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "AsyncFetchTaskConfiguration";

    /// Whether an object that is there keeps the task from being made; said or not.
    pub(in crate::oss) fn keeps(&self) -> bool {
        self.ignore_same_key.is_none_or(|said| said.0)
    }

    /// What it asks for that is not served.
    pub(in crate::oss) fn unserved(&self) -> Option<&'static str> {
        if self.callback_when_failed.0 {
            return Some("CallbackWhenFailed");
        }
        (!self.host.is_empty()).then_some("Host of an asynchronous fetch")
    }
}

/// Answer of `PutAsyncFetchTask`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct TaskMade {
    pub(in crate::oss) task_id: String,
}

impl TaskMade {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "AsyncFetchTaskResult";
}

/// Answer of `GetAsyncFetchTask`. SDKs miss elements that are not there, so all are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct TaskInfo<'a> {
    task_id: &'a str,
    state: &'static str,
    error_msg: &'a str,
    task_info: Task<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Task<'a> {
    url: &'a str,
    object: &'a str,
    host: &'static str,
    #[serde(rename = "ContentMD5")]
    content_md5: String,
    callback: &'a str,
    ignore_same_key: bool,
    callback_when_failed: bool,
}

impl<'a> TaskInfo<'a> {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &'static str = "AsyncFetchTaskInfo";

    pub(in crate::oss) fn new(task_id: &'a str, record: &'a FetchRecord) -> Self {
        let (state, error_msg) = match &record.state {
            FetchState::Running | FetchState::Calling => ("Running", ""),
            FetchState::Stored => ("Success", ""),
            FetchState::Uncalled => (
                "FetchSuccessCallbackFailed",
                "the object is stored, but its callback did not succeed",
            ),
            FetchState::Failed(why) => ("Failed", &**why),
        };
        let order = record.labels.iter().find(|(name, _)| **name == *CALLBACK);
        Self {
            task_id,
            state,
            error_msg,
            task_info: Task {
                url: &record.url,
                object: record.key.as_str(),
                host: "",
                content_md5: record
                    .md5
                    .map_or_else(String::new, |sum| STANDARD.encode(sum)),
                callback: order.map_or("", |(_, order)| &**order),
                ignore_same_key: record.keeps,
                callback_when_failed: false,
            },
        }
    }
}
