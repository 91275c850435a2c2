//! Lines of access logs as the vendor's page on logging has them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::limits::LOG_FIELDS_BYTES_MAX;
use cohong_core::model::{AccessLog, BucketName, LogFields, Timestamp};
use serde::{Deserialize, Serialize};

use crate::common::date::shaped;
use crate::gate::access::{Access, Fields, LogFormat, or_dash, quoted};

/// Logs in the vendor's words.
pub(in crate::oss) struct OssLog;

impl LogFormat for OssLog {
    fn line(&self, access: &Access<'_>) -> String {
        let text = |text: Option<&str>| quoted(text.unwrap_or("-"));
        let uri = format!("{} {} {:?}", access.method, access.target, access.version);
        let key = Some(access.key).filter(|key| !key.is_empty());
        let mut cells = vec![
            or_dash(access.peer),
            "-".into(),
            "-".into(),
            shaped(access.at, "[%d/%b/%Y:%H:%M:%S %z]"),
            quoted(&uri),
            access.status.to_string(),
            access.sent.to_string(),
            access.took_ms.to_string(),
            text(access.referer),
            text(access.user_agent),
            text(access.host),
            quoted(access.request_id),
            quoted("true"),
            text(access.account),
            quoted(access.operation),
            quoted(access.bucket),
            text(key),
            or_dash(access.size),
            access.turn_ms.to_string(),
            text(access.code),
            or_dash(access.received),
            quoted(access.owner),
            // How the bucket grew, whether a cache asked, and the classes before and after.
            "-".into(),
            quoted("-"),
            quoted("-"),
            quoted("-"),
            quoted("-"),
        ];
        cells.extend(
            access
                .fields
                .as_ref()
                .map(|fields| quoted(&user_defined(fields))),
        );
        format!("{}\n", cells.join(" "))
    }

    fn key(&self, log: &AccessLog, source: &BucketName, at: Timestamp, unique: &str) -> String {
        let at = shaped(at, "%Y-%m-%d-%H-%M-%S");
        format!("{}{source}{at}-{unique}", log.prefix)
    }
}

/// The `user_defined_log_fields` of a line (vendor's page on `PutUserDefinedLogFieldsConfig`): names and values up to a
/// number of bytes, and whether that left something out.
fn user_defined(fields: &Fields) -> String {
    let (mut left, mut truncated) = (LOG_FIELDS_BYTES_MAX, false);
    let mut told = |pairs: &[(Box<str>, String)]| {
        let mut map = serde_json::Map::new();
        for (name, value) in pairs {
            let room = left.saturating_sub(name.len());
            let kept = &value[..value.floor_char_boundary(room)];
            truncated |= kept.len() < value.len() || name.len() > left;
            left = room.saturating_sub(kept.len());
            map.insert(name.to_string(), kept.into());
        }
        map
    };
    let (headers, querys) = (told(&fields.headers), told(&fields.parameters));
    let json = serde_json::json!({"truncated": truncated, "headers": headers, "querys": querys});
    STANDARD.encode(json.to_string())
}

/// Which headers and parameters lines tell beside; the root alone where there are none.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct LogFieldsBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    header_set: Option<HeaderSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    param_set: Option<ParamSet>,
}

#[derive(Debug, Serialize, Deserialize)]
struct HeaderSet {
    #[serde(rename = "header", default)]
    names: Vec<Box<str>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct ParamSet {
    #[serde(rename = "parameter", default)]
    names: Vec<Box<str>>,
}

impl LogFieldsBody {
    /// Root of the document.
    pub(in crate::oss) const ROOT: &str = "UserDefinedLogFieldsConfiguration";

    pub(in crate::oss) fn read(self) -> LogFields {
        LogFields {
            headers: self.header_set.map_or_else(Vec::new, |set| set.names),
            parameters: self.param_set.map_or_else(Vec::new, |set| set.names),
        }
    }

    pub(in crate::oss) fn new(fields: &LogFields) -> Self {
        let named = |names: &Vec<Box<str>>| (!names.is_empty()).then(|| names.clone());
        Self {
            header_set: named(&fields.headers).map(|names| HeaderSet { names }),
            param_set: named(&fields.parameters).map(|names| ParamSet { names }),
        }
    }
}
