//! Bodies of uploads in parts.

use cohong_core::engine::{NamedPart, UploadListing};
use cohong_core::limits::PARTS_MAX;
use serde::{Deserialize, Serialize};

use crate::common::lines::{PrefixLine, UploadLine};
use crate::common::list::Page;
use crate::common::upload::{PartLine, PartPage, PartsTold, named_part};
use crate::common::vocabulary::Vocabulary;
use crate::common::wire::checksum::ChecksumMembers;
use crate::gate::fault::Fault;

/// Parts to make an object of.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CompleteBody {
    #[serde(default)]
    part: Vec<PartBody>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PartBody {
    part_number: u32,
    #[serde(rename = "ETag")]
    etag: String,
    #[serde(rename = "ChecksumCRC32")]
    crc32: Option<String>,
    #[serde(rename = "ChecksumCRC32C")]
    crc32c: Option<String>,
    #[serde(rename = "ChecksumCRC64NVME")]
    crc64nvme: Option<String>,
    #[serde(rename = "ChecksumSHA1")]
    sha1: Option<String>,
    #[serde(rename = "ChecksumSHA256")]
    sha256: Option<String>,
}

impl CompleteBody {
    /// The parts, 1 to 10,000, as they stand: their order is judged later.
    pub(crate) fn parts(self) -> Result<Vec<NamedPart>, Fault> {
        let most = usize::try_from(PARTS_MAX).unwrap_or(usize::MAX);
        if self.part.is_empty() || self.part.len() > most {
            return Err(Fault::Xml);
        }
        let named = |part: PartBody| {
            // One by one: numbers cannot be read beside members that are flattened.
            let checksum = ChecksumMembers {
                crc32: part.crc32,
                crc32c: part.crc32c,
                crc64nvme: part.crc64nvme,
                sha1: part.sha1,
                sha256: part.sha256,
            };
            named_part(part.part_number, &part.etag, checksum.read()?)
        };
        self.part.into_iter().map(named).collect()
    }
}

/// Parts of an upload.
#[derive(Debug, Serialize)]
pub(crate) struct PartList {
    #[serde(flatten)]
    told: PartsTold,
    #[serde(rename = "Part")]
    parts: Vec<PartLine>,
}

impl PartList {
    /// Root of the document.
    pub(crate) const ROOT: &str = "ListPartsResult";
}

/// Open uploads.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UploadList {
    bucket: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding_type: Option<&'static str>,
    prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<String>,
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
    /// Root of the document.
    pub(crate) const ROOT: &str = "ListMultipartUploadsResult";
}

impl Vocabulary {
    /// The body of a page of parts.
    pub(crate) fn part_list(&self, page: PartPage) -> PartList {
        let parts = page.listing.parts.iter();
        PartList {
            told: page.told,
            parts: parts.map(|part| self.part_line(part)).collect(),
        }
    }

    /// The body of a page of uploads. The markers of the next page are those of the last upload where
    /// there is no next page.
    pub(crate) fn upload_list(&self, page: &Page<UploadListing>) -> UploadList {
        let (query, listing) = (&page.query, &page.listing);
        let next = page.next_upload();
        let truncated = next.is_some();
        let last = listing.uploads.last();
        let last =
            || last.map(|last| (page.write(last.key.as_str()), Some(last.upload.to_string())));
        let (next_key, next_upload) = next.or_else(last).unwrap_or_default();
        let line = |upload| self.upload_line(upload, query.encoding);
        UploadList {
            bucket: query.bucket.clone(),
            encoding_type: query.encoding.name(),
            prefix: page.write(&query.prefix),
            delimiter: self.delimiter(page),
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
    use cohong_core::ErrorKind;

    use super::*;
    use crate::common::xml::read;

    /// The parts of a document; what is wrong with it otherwise.
    fn parts(inner: &str) -> Result<Vec<(u32, String)>, &'static str> {
        let text = format!("<CompleteMultipartUpload>{inner}</CompleteMultipartUpload>");
        let body: CompleteBody =
            read(text.as_bytes(), "CompleteMultipartUpload").map_err(|_| "shape")?;
        let parts = body.parts().map_err(|fault| match fault {
            Fault::Xml => "shape",
            Fault::Engine(error) if error.kind() == ErrorKind::InvalidPartNumber => "number",
            _ => "another",
        })?;
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
            let refused = parts(&part(number, "ab"));
            assert_eq!(refused, Err("number"), "{number}");
        }
        for shape in [
            "",
            &part("", "ab"),
            &part("-1", "ab"),
            "<Part><ETag>ab</ETag></Part>",
        ] {
            assert_eq!(parts(shape), Err("shape"), "{shape}");
        }
        let many = part("1", "ab").repeat(10_001);
        assert_eq!(parts(&many), Err("shape"));
    }
}
