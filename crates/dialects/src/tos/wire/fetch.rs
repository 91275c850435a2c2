//! Bodies about objects that are fetched from a URL (sheet section 7; states as the vendor documents them).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::model::CallbackSpec;
use cohong_core::records::{FetchRecord, FetchState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::object::{Pair, pairs};
use crate::common::attributes::boolean;
use crate::common::callback::decode;
use crate::common::input::md5_of;
use crate::gate::fault::Fault;
use crate::tos::words::{CALLBACKS, TOS};

/// Headers of the request whose words a task gives back.
pub(in crate::tos) const LABELS: [&str; 6] = [
    "acl",
    "grant-full-control",
    "grant-read",
    "grant-read-acp",
    "grant-write-acp",
    "storage-class",
];

/// Body of `FetchObject` and `PutFetchTask`; member names in lower case.
#[derive(Debug, Deserialize)]
pub(in crate::tos) struct FetchBody {
    pub(in crate::tos) url: Option<String>,
    pub(in crate::tos) object: Option<String>,
    #[serde(rename = "ignoresamekey")]
    ignore_same_key: Option<Value>,
    #[serde(rename = "contentmd5")]
    content_md5: Option<String>,
    #[serde(rename = "callbackurl")]
    callback_url: Option<String>,
    #[serde(rename = "callbackhost")]
    callback_host: Option<String>,
    #[serde(rename = "callbackbody")]
    callback_body: Option<String>,
    #[serde(rename = "callbackbodytype")]
    callback_body_type: Option<String>,
}

impl FetchBody {
    /// Whether an object that is there is left alone. SDKs write it as a boolean, the vendor's page as a
    /// text.
    pub(in crate::tos) fn keeps(&self) -> Result<bool, Fault> {
        const NAME: &str = "IgnoreSameKey";
        match &self.ignore_same_key {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(said)) => Ok(*said),
            Some(Value::String(text)) => boolean(NAME, text),
            Some(other) => boolean(NAME, &other.to_string()),
        }
    }

    /// The digest that is expected.
    pub(in crate::tos) fn md5(&self) -> Result<Option<[u8; 16]>, Fault> {
        let text = self.content_md5.as_deref().filter(|text| !text.is_empty());
        text.map(md5_of).transpose()
    }

    /// The callback that is ordered, by the rules for those of uploads.
    pub(in crate::tos) fn callback(&self) -> Result<Option<CallbackSpec>, Fault> {
        let order = json!({
            "callbackUrl": self.callback_url.as_deref().unwrap_or_default(),
            "callbackHost": self.callback_host.as_deref().unwrap_or_default(),
            "callbackBody": self.callback_body.as_deref().unwrap_or_default(),
            "callbackBodyType": self.callback_body_type.as_deref().unwrap_or_default(),
        });
        let order = STANDARD.encode(order.to_string());
        decode(&CALLBACKS, Some(&order), None, std::iter::empty()).map_err(Fault::Callback)
    }
}

/// Answer of `FetchObject`.
#[derive(Debug, Serialize)]
pub(in crate::tos) struct FetchDone {
    #[serde(rename = "ETag")]
    pub(in crate::tos) etag: String,
}

/// Answer of `PutFetchTask`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct TaskMade {
    pub(in crate::tos) task_id: String,
}

/// Answer of `GetFetchTask`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct TaskInfo<'a> {
    state: &'static str,
    err: &'a str,
    task: Task<'a>,
}

/// The task as it was ordered. SDKs read the key as `Key`, the vendor's page calls it `Object`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Task<'a> {
    bucket: &'a str,
    key: &'a str,
    object: &'a str,
    #[serde(rename = "URL")]
    url: &'a str,
    ignore_same_key: bool,
    #[serde(rename = "ContentMD5", skip_serializing_if = "Option::is_none")]
    content_md5: Option<String>,
    #[serde(rename = "CallbackURL", skip_serializing_if = "Option::is_none")]
    callback_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    callback_body_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acl: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_full_control: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_read: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_read_acp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant_write_acp: Option<&'a str>,
    user_meta: Vec<Pair>,
}

impl<'a> TaskInfo<'a> {
    pub(in crate::tos) fn new(record: &'a FetchRecord) -> Self {
        let (state, err) = match &record.state {
            // The vendor has no word for a task that is calling.
            FetchState::Running | FetchState::Calling => ("Running", ""),
            FetchState::Stored => ("Succeed", ""),
            FetchState::Uncalled => (
                "FetchSuccessCallBackError",
                "the object is stored, but its callback did not succeed, or nobody knows",
            ),
            FetchState::Failed(why) => ("Failed", &**why),
        };
        Self {
            state,
            err,
            task: Task::new(record),
        }
    }
}

impl<'a> Task<'a> {
    fn new(record: &'a FetchRecord) -> Self {
        let said = |name: &str| {
            let found = record.labels.iter().find(|(found, _)| **found == *name);
            found.map(|(_, word)| &**word)
        };
        let callback = record.callback.as_ref();
        let [acl, full, read, read_acp, write_acp, class] = LABELS.map(said);
        Self {
            bucket: record.bucket.as_str(),
            key: record.key.as_str(),
            object: record.key.as_str(),
            url: &record.url,
            ignore_same_key: record.keeps,
            content_md5: record.md5.map(|sum| STANDARD.encode(sum)),
            callback_url: callback.map(|spec| spec.urls.join(";")),
            callback_host: callback.and_then(|spec| spec.host.as_deref()),
            callback_body: callback.map(|spec| &*spec.body),
            callback_body_type: callback.map(|spec| spec.body_type.media_type()),
            storage_class: class,
            acl,
            grant_full_control: full,
            grant_read: read,
            grant_read_acp: read_acp,
            grant_write_acp: write_acp,
            user_meta: pairs(&escaped(record)),
        }
    }
}

/// Metadata as it stands in headers: that is what SDKs decode.
fn escaped(record: &FetchRecord) -> cohong_core::model::UserMeta {
    let meta = record.attributes.user_meta.iter();
    meta.map(|(name, value)| (name.clone(), TOS.metadata.write(value).into()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::json::read;

    fn body(text: &str) -> FetchBody {
        read(text.as_bytes()).expect("the shape")
    }

    #[test]
    fn orders_are_read_in_every_spelling() {
        for (text, keeps) in [
            ("{}", Some(false)),
            (r#"{"IgnoreSameKey":true}"#, Some(true)),
            (r#"{"IgnoreSameKey":"True"}"#, Some(true)),
            (r#"{"IgnoreSameKey":"false"}"#, Some(false)),
            (r#"{"IgnoreSameKey":null}"#, Some(false)),
            (r#"{"IgnoreSameKey":1}"#, None),
        ] {
            assert_eq!(body(text).keeps().ok(), keeps, "{text}");
        }
        assert!(body(r#"{"ContentMD5":"123"}"#).md5().is_err());
        assert_eq!(body(r#"{"ContentMD5":""}"#).md5().ok(), Some(None));
    }

    #[test]
    fn callbacks_are_those_of_uploads() {
        let order = r#"{"CallbackUrl":"http://a.example/;http://b.example/","CallbackBody":"{\"o\":${object}}",
            "CallbackBodyType":"application/json"}"#;
        let spec = body(order).callback().expect("an order").expect("a call");
        assert_eq!(spec.urls.len(), 2);
        assert!(body("{}").callback().expect("no order").is_none());
        let bad = r#"{"CallbackUrl":"http://a.example/","CallbackBodyType":"text/plain","CallbackBody":"x"}"#;
        assert!(body(bad).callback().is_err());
        assert!(
            body(r#"{"CallbackUrl":"http://a.example/"}"#)
                .callback()
                .is_err()
        );
    }
}
