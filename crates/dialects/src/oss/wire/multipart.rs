//! Bodies of multipart operations (sheet section 5, Multipart).

use cohong_core::engine::{NamedPart, UploadListing};
use cohong_core::limits::PARTS_MAX;
use serde::{Deserialize, Serialize};

use crate::common::lines::{PrefixLine, UploadLine};
use crate::common::list::Page;
use crate::common::upload::{PartLine, PartPage, PartsTold, named_part};
use crate::oss::error::OssError;
use crate::oss::words::OSS;

/// Body of `CompleteMultipartUpload`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct CompleteBody {
    #[serde(default)]
    part: Vec<PartBody>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PartBody {
    part_number: u32,
    #[serde(rename = "ETag")]
    etag: String,
}

impl CompleteBody {
    /// The parts, 1 to 10,000, as they stand: their order is judged later.
    pub(in crate::oss) fn parts(self) -> Result<Vec<NamedPart>, OssError> {
        let most = usize::try_from(PARTS_MAX).unwrap_or(usize::MAX);
        if self.part.is_empty() || self.part.len() > most {
            return Err(OssError::malformed_xml());
        }
        let named = |part: PartBody| Ok(named_part(part.part_number, &part.etag)?);
        self.part.into_iter().map(named).collect()
    }
}

/// Answer of `ListParts`.
#[derive(Debug, Serialize)]
pub(in crate::oss) struct PartList {
    #[serde(flatten)]
    told: PartsTold,
    #[serde(rename = "Part")]
    parts: Vec<PartLine>,
}

impl PartList {
    pub(in crate::oss) fn new(page: PartPage) -> Self {
        let parts = page.listing.parts.iter();
        Self {
            told: page.told,
            parts: parts.map(|part| OSS.part_line(part)).collect(),
        }
    }
}

/// Answer of `ListMultipartUploads`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct UploadList {
    bucket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    prefix: String,
    delimiter: String,
    key_marker: String,
    upload_id_marker: String,
    next_key_marker: String,
    next_upload_id_marker: String,
    max_uploads: usize,
    is_truncated: bool,
    upload: Vec<UploadLine>,
    common_prefixes: Vec<PrefixLine>,
}

impl UploadList {
    /// The markers of the next page are those of the last upload where there is no next page.
    pub(in crate::oss) fn new(page: &Page<UploadListing>) -> Self {
        let (query, listing) = (&page.query, &page.listing);
        let next = page.next_upload();
        let truncated = next.is_some();
        let last = listing.uploads.last();
        let last =
            || last.map(|last| (page.write(last.key.as_str()), Some(last.upload.to_string())));
        let (next_key, next_upload) = next.or_else(last).unwrap_or_default();
        let line = |upload| OSS.upload_line(upload, query.encoding);
        Self {
            bucket: query.bucket.clone(),
            encoding_type: query.encoding.name(),
            prefix: page.write(&query.prefix),
            delimiter: page.write(&query.delimiter),
            key_marker: page.write(&page.marker),
            upload_id_marker: page.id_marker.clone(),
            next_key_marker: next_key,
            next_upload_id_marker: next_upload.unwrap_or_default(),
            max_uploads: query.limit,
            is_truncated: truncated,
            upload: listing.uploads.iter().map(line).collect(),
            common_prefixes: page.prefix_lines(&listing.prefixes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::xml::read;

    fn parts(inner: &str) -> Result<Vec<(u32, String)>, (&'static str, &'static str)> {
        let text = format!("<CompleteMultipartUpload>{inner}</CompleteMultipartUpload>");
        let body: CompleteBody =
            read(text.as_bytes(), "CompleteMultipartUpload").map_err(|_| ("", ""))?;
        let parts = body.parts().map_err(|error| (error.code, error.ec))?;
        let shown = |part: NamedPart| (part.number, part.etag.to_string());
        Ok(parts.into_iter().map(shown).collect())
    }

    #[test]
    fn parts_stand_as_they_are_named() {
        let part = |number: &str, etag: &str| {
            format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>")
        };
        let two = part("2", "\"Ab\"") + &part("1", "cd");
        let wanted = vec![(2, "Ab".into()), (1, "cd".into())];
        assert_eq!(parts(&two), Ok(wanted));
        for etag in ["&quot;ab&quot;", "\"\"ab\"\""] {
            assert_eq!(parts(&part("7", etag)), Ok(vec![(7, "ab".into())]));
        }
        for number in ["0", "10001"] {
            let refused = parts(&part(number, "ab")).expect_err("no such number");
            assert_eq!(refused.0, "InvalidArgument", "{number}");
        }
        for shape in [
            "",
            &part("", "ab"),
            &part("-1", "ab"),
            "<Part><ETag>ab</ETag></Part>",
        ] {
            let refused = parts(shape).expect_err("no such shape");
            assert!(["", "MalformedXML"].contains(&refused.0), "{shape}");
        }
        let many = part("1", "ab").repeat(10_001);
        assert_eq!(parts(&many).expect_err("too many").0, "MalformedXML");
    }
}
