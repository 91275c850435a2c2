//! Bodies of multipart operations (sheet section 4, Multipart).

use cohong_core::engine::NamedPart;
use serde::{Deserialize, Serialize};

use crate::common::owner::Owner;
use crate::common::upload::{CompleteResult, Completed, PartLine, PartPage, PartsTold, named_part};
use crate::tos::error::TosError;
use crate::tos::words::TOS;

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
        let named = |part: PartBody| named_part(part.number, &part.etag, None);
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
pub(in crate::tos) struct Made<'a> {
    #[serde(flatten)]
    result: &'a CompleteResult,
    completed_parts: Vec<CompletedPart>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct CompletedPart {
    part_number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

impl<'a> Made<'a> {
    pub(in crate::tos) fn new(done: &'a Completed) -> Self {
        let part = |part: &NamedPart| CompletedPart {
            part_number: part.number,
            etag: format!("\"{}\"", part.etag),
        };
        Self {
            result: &done.result,
            completed_parts: done.receipt.parts.iter().map(part).collect(),
        }
    }
}

/// Answer of `ListParts`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::tos) struct PartList {
    #[serde(flatten)]
    told: PartsTold,
    owner: Owner,
    parts: Vec<PartLine>,
}

impl PartList {
    pub(in crate::tos) fn new(page: PartPage) -> Self {
        let parts = page.listing.parts.iter();
        Self {
            told: page.told,
            owner: Owner::of(&page.listing.owner),
            parts: parts.map(|part| TOS.part_line(part)).collect(),
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
