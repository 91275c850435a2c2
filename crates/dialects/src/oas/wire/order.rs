//! What a job is to do, as a request says it (sheet section 4.14).

use cohong_core::engine::JobOrder;
use cohong_core::model::{ArchiveId, BucketName, ObjectKey};
use cohong_core::{Error, ErrorKind};
use serde::Deserialize;

use super::super::error::OasError;
use super::said::range;
use crate::common::json::{Names, parse};
use crate::oas::words::{INVENTORY, PULL, PUSH, RETRIEVAL};

/// The body of a request for a job. Unknown members are left alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    #[serde(rename = "Type")]
    kind: String,
    archive_id: Option<String>,
    retrieval_byte_range: Option<String>,
    #[serde(rename = "OSSHost")]
    oss_host: Option<String>,
    bucket: Option<String>,
    object: Option<String>,
    description: Option<String>,
}

/// Reads what a job is to do and what is said of it. `hosts` are those that mean this server; where there are none,
/// every host does.
pub(crate) fn read(body: &[u8], hosts: &[String]) -> Result<(JobOrder, Box<str>), OasError> {
    let bad = |why: String| OasError::bad("JobJsonFormatError", why);
    let value = parse(body, Names::Exact).map_err(|error| bad(error.to_string()))?;
    let written: Written = serde_json::from_value(value).map_err(|error| bad(error.to_string()))?;
    let order = match written.kind.as_str() {
        kind if kind == RETRIEVAL.0 => JobOrder::Retrieval {
            archive: archive(&written)?,
            range: written
                .retrieval_byte_range
                .as_deref()
                .map(byte_range)
                .transpose()?,
        },
        kind if kind == INVENTORY.0 => {
            if written.retrieval_byte_range.is_some() {
                let why = "an inventory has no RetrievalByteRange; leave it out";
                return Err(OasError::argument(why));
            }
            JobOrder::Inventory
        }
        kind if kind == PULL.0 => {
            let (bucket, key) = place(&written, hosts)?;
            JobOrder::Pull { bucket, key }
        }
        kind if kind == PUSH.0 => {
            let archive = archive(&written)?;
            let (bucket, key) = place(&written, hosts)?;
            JobOrder::Push {
                archive,
                bucket,
                key,
            }
        }
        _ => {
            let kinds = [RETRIEVAL.0, INVENTORY.0, PULL.0, PUSH.0].join(", ");
            return Err(OasError::argument(format!("Type is one of {kinds}")));
        }
    };
    Ok((order, written.description.unwrap_or_default().into()))
}

fn needed<'a>(value: Option<&'a String>, name: &str) -> Result<&'a str, OasError> {
    let text = value.map(String::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| OasError::missing(name))
}

fn archive(written: &Written) -> Result<ArchiveId, OasError> {
    archive_id(needed(written.archive_id.as_ref(), "ArchiveId")?)
}

/// An archive's id. One that cannot be one names no archive.
pub(crate) fn archive_id(text: &str) -> Result<ArchiveId, OasError> {
    let absent = || {
        let why = "there is no such archive in the vault; its inventory tells which there are";
        OasError::absent(ErrorKind::NoSuchArchive, why)
    };
    ArchiveId::parse(text).ok_or_else(absent)
}

fn byte_range(text: &str) -> Result<(u64, u64), OasError> {
    let why = "RetrievalByteRange is the first and the last byte, such as 0-1048575";
    range(text).ok_or_else(|| OasError::argument(why))
}

/// The object on the other side. Its bucket is one of this server, whatever the host.
fn place(written: &Written, hosts: &[String]) -> Result<(BucketName, ObjectKey), OasError> {
    let host = needed(written.oss_host.as_ref(), "OSSHost")?;
    if !hosts.is_empty() && !hosts.iter().any(|known| known.eq_ignore_ascii_case(host)) {
        let why = "OSSHost names no host that means this server; oas.oss_hosts tells which do";
        return Err(OasError::argument(why));
    }
    let bucket = needed(written.bucket.as_ref(), "Bucket")?;
    let bucket = BucketName::new(bucket)
        .map_err(|invalid| Error::new(ErrorKind::InvalidBucketName, invalid.0))?;
    let key = needed(written.object.as_ref(), "Object")?;
    let key =
        ObjectKey::new(key).map_err(|invalid| Error::new(ErrorKind::InvalidKey, invalid.0))?;
    Ok((bucket, key))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(body: &Value, hosts: &[String]) -> Result<String, &'static str> {
        let read = read(body.to_string().as_bytes(), hosts);
        let told = |(order, text)| format!("{order:?} {text}");
        read.map(told).map_err(|error| error.code)
    }

    #[test]
    fn orders_are_read_or_refused() {
        let id = ArchiveId([7; 16]);
        let text = id.to_string().to_ascii_uppercase();
        let elsewhere = ["oss-cn-hangzhou-internal.aliyuncs.com".to_owned()];
        let retrieval = |range: Value| json!({"Type": "archive-retrieval", "ArchiveId": text, "RetrievalByteRange": range});
        let pull = json!({"Type": "pull-from-oss", "OSSHost": "h", "Bucket": "bucket-a",
            "Object": "k", "RetrievalByteRange": "nonsense", "Description": "d"});
        let without = |body: &Value, name: &str| {
            let mut body = body.clone();
            body.as_object_mut().expect("an object").remove(name);
            body
        };
        let wrong_type = json!({"Type": "inventory-retrieval", "Description": 1});
        let cases = [
            (retrieval(Value::Null), "range: None"),
            (retrieval("0-1048575".into()), "range: Some((0, 1048575))"),
            (retrieval("1048575-0".into()), "InvalidArgument"),
            (retrieval("bytes=0-1".into()), "InvalidArgument"),
            (json!({"Type": "inventory-retrieval"}), "Inventory"),
            (
                json!({"Type": "inventory-retrieval", "RetrievalByteRange": "0-1"}),
                "InvalidArgument",
            ),
            (json!({"Type": "archive-retrieval"}), "MissingArgument"),
            (
                json!({"Type": "archive-retrieval", "ArchiveId": "x"}),
                "ArchiveNotExists",
            ),
            (pull.clone(), "Pull"),
            (without(&pull, "OSSHost"), "MissingArgument"),
            (without(&pull, "Bucket"), "MissingArgument"),
            (without(&pull, "Object"), "MissingArgument"),
            (json!({"Type": "push-to-oss"}), "MissingArgument"),
            (json!({"Type": "select"}), "InvalidArgument"),
            (json!({}), "JobJsonFormatError"),
            (json!([]), "JobJsonFormatError"),
            (wrong_type, "JobJsonFormatError"),
        ];
        for (body, wanted) in cases {
            match told(&body, &[]) {
                Ok(found) => assert!(found.contains(wanted), "{body} {found}"),
                Err(code) => assert_eq!(code, wanted, "{body}"),
            }
        }
        assert_eq!(told(&pull, &elsewhere), Err("InvalidArgument"));
        assert!(told(&pull, &["H".to_owned()]).is_ok(), "hosts have no case");
        for body in ["", "{", "{\"Type\":\"inventory-retrieval\"}x"] {
            let found = read(body.as_bytes(), &[]).map_err(|error| error.code);
            assert_eq!(found.err(), Some("JobJsonFormatError"), "{body}");
        }
    }
}
