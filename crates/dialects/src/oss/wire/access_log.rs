//! Lines of access logs as the vendor's page on logging has them.

use cohong_core::model::{AccessLog, BucketName, Timestamp};

use crate::common::date::shaped;
use crate::gate::access::{Access, LogFormat, or_dash, quoted};

/// Logs in the vendor's words.
pub(in crate::oss) struct OssLog;

impl LogFormat for OssLog {
    fn line(&self, access: &Access<'_>) -> String {
        let text = |text: Option<&str>| quoted(text.unwrap_or("-"));
        let uri = format!("{} {} {:?}", access.method, access.target, access.version);
        let key = Some(access.key).filter(|key| !key.is_empty());
        let cells = [
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
        format!("{}\n", cells.join(" "))
    }

    fn key(&self, log: &AccessLog, source: &BucketName, at: Timestamp, unique: &str) -> String {
        let at = shaped(at, "%Y-%m-%d-%H-%M-%S");
        format!("{}{source}{at}-{unique}", log.prefix)
    }
}
