//! Bodies of multipart operations (sheet section 4, Multipart).

use cohong_core::engine::{CompleteReceipt, NamedPart, PartSummary};
use cohong_core::model::Etag;
use serde::{Deserialize, Serialize};

use crate::common::owner::Owner;
use crate::common::upload::{PartPage, named_part};
use crate::tos::error::TosError;
use crate::tos::words::TOS;

/// Answer of `CreateMultipartUpload`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct Created {
    pub(in crate::tos) bucket: String,
    pub(in crate::tos) key: String,
    pub(in crate::tos) upload_id: String,
}

/// Body of `CompleteMultipartUpload`; member names in lower case.
#[derive(Debug, Default, Deserialize)]
pub(in crate::tos) struct CompleteBody {
    parts: Option<Vec<PartBody>>,
}

#[derive(Debug, Deserialize)]
struct PartBody {
    #[serde(rename = "partnumber")]
    number: u32,
    etag: String,
}

impl CompleteBody {
    /// The parts by number; `None` for all that were uploaded, which is what a missing or empty list
    /// means (sheet, trap 5). Clients name them in the order they finished (trap 4).
    pub(in crate::tos) fn parts(self) -> Result<Option<Vec<NamedPart>>, TosError> {
        let parts = self.parts.unwrap_or_default();
        if parts.is_empty() {
            return Ok(None);
        }
        let named = |part: PartBody| named_part(part.number, &part.etag);
        let mut parts: Vec<NamedPart> = parts.into_iter().map(named).collect::<Result<_, _>>()?;
        parts.sort_by_key(|part| part.number);
        if parts
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.number == b.number))
        {
            return Err(TosError::malformed_body("a part is named twice"));
        }
        Ok(Some(parts))
    }
}

/// Answer of `CompleteMultipartUpload`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct CompleteResult<'a> {
    bucket: &'a str,
    key: &'a str,
    #[serde(rename = "ETag")]
    etag: String,
    location: &'a str,
    completed_parts: Vec<CompletedPart>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CompletedPart {
    part_number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

impl<'a> CompleteResult<'a> {
    pub(in crate::tos) fn new(
        bucket: &'a str,
        key: &'a str,
        location: &'a str,
        receipt: &'a CompleteReceipt,
    ) -> Self {
        let part = |part: &NamedPart| CompletedPart {
            part_number: part.number,
            etag: format!("\"{}\"", part.etag),
        };
        Self {
            bucket,
            key,
            etag: TOS.quoted(&receipt.stored.etag),
            location,
            completed_parts: receipt.parts.iter().map(part).collect(),
        }
    }
}

/// Answer of `ListParts`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct PartList {
    bucket: String,
    key: String,
    upload_id: String,
    part_number_marker: u32,
    next_part_number_marker: u32,
    max_parts: usize,
    is_truncated: bool,
    storage_class: &'static str,
    owner: Owner,
    parts: Vec<PartLine>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PartLine {
    part_number: u32,
    last_modified: String,
    #[serde(rename = "ETag")]
    etag: String,
    size: u64,
}

impl PartList {
    pub(in crate::tos) fn new(page: &PartPage) -> Self {
        let (target, listing) = (&page.target, &page.listing);
        let line = |part: &PartSummary| PartLine {
            part_number: part.number,
            last_modified: TOS.date(part.written_at),
            etag: TOS.quoted(&Etag::Md5(part.md5)),
            size: part.size,
        };
        Self {
            bucket: target.bucket.to_string(),
            key: target.key.to_string(),
            upload_id: target.upload.to_string(),
            part_number_marker: page.after,
            next_part_number_marker: page.next(),
            max_parts: page.limit,
            is_truncated: listing.next.is_some(),
            storage_class: TOS.class_word(listing.class),
            owner: Owner::of(&listing.owner),
            parts: listing.parts.iter().map(line).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::json::read;

    fn parts(text: &str) -> Result<Option<Vec<u32>>, TosError> {
        let body = read::<CompleteBody>(text.as_bytes()).expect("the shape");
        Ok(body
            .parts()?
            .map(|parts| parts.iter().map(|part| part.number).collect()))
    }

    #[test]
    fn parts_come_in_any_order_or_not_at_all() {
        let two = r#"{"Parts":[{"PartNumber":2,"ETag":"b"},{"PartNumber":1,"ETag":"\"a\""}]}"#;
        assert_eq!(parts(two).expect("two"), Some(vec![1, 2]));
        assert_eq!(parts("{}").expect("all"), None);
        assert_eq!(parts(r#"{"Parts":[]}"#).expect("all"), None);
        let twice = r#"{"Parts":[{"PartNumber":1,"ETag":"b"},{"PartNumber":1,"ETag":"a"}]}"#;
        assert_eq!(parts(twice).expect_err("twice").code, "MalformedBody");
        for number in [0, 10_001] {
            let text = format!(r#"{{"Parts":[{{"PartNumber":{number},"ETag":"b"}}]}}"#);
            assert_eq!(parts(&text).expect_err("number").code, "InvalidPartNumber");
        }
        assert!(read::<CompleteBody>(br#"{"Parts":[{"PartNumber":-1,"ETag":"b"}]}"#).is_err());
        assert!(read::<CompleteBody>(b"[]").is_err());
    }
}
