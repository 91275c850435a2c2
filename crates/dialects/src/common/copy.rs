//! Copies within the server.

use cohong_core::engine::{
    CopyObject, CopyPart, CopySource, Engine, NewMeta, ObjectTarget, VersionChoice,
};
use cohong_core::model::{BucketName, Etag, VersionTag};
use cohong_core::{Error, ErrorKind};
use http::HeaderMap;
use serde::Serialize;

use super::answer::{put, version_text};
use super::attributes::stored_headers;
use super::encryption::is_said;
use super::input::{part_number, source_conditions, upload, version};
use super::range;
use super::vocabulary::{OntoItself, PartRanges, Vocabulary};
use super::wire::checksum::ChecksumBody;
use crate::gate::call::{Call, KeyRules};
use crate::gate::fault::Fault;
use crate::gate::given::Given;

/// A finished copy, as its answer tells it.
pub(crate) struct Copied {
    /// Headers of the answer.
    pub(crate) headers: HeaderMap,
    /// Its body, in the words of the family.
    pub(crate) result: CopyResult,
}

/// What the body of a copy's answer tells.
#[derive(Debug, Serialize)]
pub(crate) struct CopyResult {
    /// Entity tag in quotes.
    #[serde(rename = "ETag")]
    etag: String,
    /// When it was written, as the vendor's bodies write dates.
    #[serde(rename = "LastModified")]
    last_modified: String,
    #[serde(flatten)]
    checksum: ChecksumBody,
}

impl Vocabulary {
    /// Copies an object. `acl` is the name of the header of the copy's access control list.
    pub(crate) async fn copy_object(
        &self,
        call: &Call,
        engine: &Engine,
        acl: &str,
    ) -> Result<Copied, Fault> {
        let given = self.given(call)?;
        self.refuse_unkept(&given)?;
        let source = self.source(&given)?;
        let (bucket, key) = (call.bucket()?, call.key()?);
        let from = &source.object;
        let onto_itself =
            (&from.bucket, &from.key) == (bucket, key) && from.version == VersionChoice::Current;
        let mut replace = replaces(&given, "metadata-directive")?;
        match self.copies.onto_itself {
            OntoItself::Replaces if onto_itself => replace = true,
            OntoItself::Refused if onto_itself && !replace && !changes(&given) => {
                return Err(Fault::OntoItself);
            }
            _ => {}
        }
        let request = CopyObject {
            bucket: bucket.clone(),
            key: key.clone(),
            replace: replace.then(|| NewMeta {
                headers: stored_headers(&given),
                user_meta: self.user_meta(&given),
                keeps_type: self.copies.keep_type,
            }),
            tags: replaces(&given, "tagging-directive")?
                .then(|| self.tags_given(&given))
                .transpose()?,
            class: self.class_given(&given)?,
            acl: self.acl_given(&given, acl)?.own(),
            checksum: self.checksum_asked(&given)?,
            conditions: self.copy_conditions(&given)?,
            expires_days: self.expiry_given(&given)?,
            lock: self.lock_given(&given)?,
            source,
        };
        let cx = self.encrypting(call, &given)?;
        let receipt = engine.copy_object(&cx, request).await;
        let receipt = receipt.map_err(|error| self.not_copied(error))?;
        let mut headers = self.uploaded(&receipt.stored, &cx);
        self.put_source(&mut headers, Some(receipt.source_version));
        Ok(Copied {
            headers,
            result: CopyResult {
                etag: self.quoted(&receipt.stored.etag),
                last_modified: self.date(receipt.stored.written_at),
                checksum: self.checksum_body(receipt.stored.further.as_ref(), &receipt.stored.etag),
            },
        })
    }

    /// Stores a part from a range of an object.
    pub(crate) async fn copy_part(&self, call: &Call, engine: &Engine) -> Result<Copied, Fault> {
        let given = self.given(call)?;
        self.refuse_unkept(&given)?;
        let bounds = given.own("copy-source-range").map(|text| {
            let bad = || {
                let name = given.name("copy-source-range");
                given.bad("copy-source-range", format!("{name} is bytes=first-last"))
            };
            let read = match self.copies.ranges {
                PartRanges::Open => range::parse,
                PartRanges::Closed => range::parse_strict,
                PartRanges::Within => range::parse_within,
            };
            read(text).ok_or_else(bad)
        });
        let request = CopyPart {
            target: upload(call)?,
            number: part_number(call)?,
            source: self.source(&given)?,
            range: bounds.transpose()?,
            checksum: self.usual_checksum,
        };
        self.refuse_encryption(&given)?;
        let cx = self.opening(call, &given)?;
        let receipt = engine.copy_part(&cx, request).await?;
        let mut headers = HeaderMap::new();
        let etag = Etag::Md5(receipt.md5);
        self.put_digests(&mut headers, &etag, receipt.checksums.crc64);
        self.put_encryption(&mut headers, receipt.encryption.as_ref(), &cx);
        self.put_source(&mut headers, receipt.source_version);
        Ok(Copied {
            headers,
            result: CopyResult {
                etag: self.quoted(&etag),
                last_modified: self.date(receipt.written_at),
                checksum: self
                    .checksum_body(receipt.checksums.further.as_ref(), &etag)
                    .of_part(),
            },
        })
    }

    /// A source that is not new enough, as the vendor sees it.
    fn not_copied(&self, error: Error) -> Fault {
        if error.kind() != ErrorKind::NotModified || self.copies.tell_not_modified {
            return error.into();
        }
        let message = "a condition on the source of the copy does not hold";
        Error::new(ErrorKind::PreconditionFailed, message).into()
    }

    fn put_source(&self, headers: &mut HeaderMap, version: Option<VersionTag>) {
        if let Some(version) = version.and_then(version_text) {
            put(headers, self.names.source_version_id.clone(), &version);
        }
    }

    fn source(&self, given: &Given<'_>) -> Result<CopySource, Fault> {
        let text = given.own("copy-source").unwrap_or_default();
        let object = source_object(text, &self.keys);
        let object = object.map_err(|fault| match fault {
            BadSource::Text => {
                let name = given.name("copy-source");
                let why = "is bucket/key, percent-encoded, with ?versionId=... for a version";
                given.bad("copy-source", format!("{name} {why}"))
            }
            BadSource::Fault(fault) => fault,
        });
        Ok(CopySource {
            object: object?,
            conditions: source_conditions(given)?,
        })
    }
}

/// Whether a copy changes something beside metadata.
fn changes(given: &Given<'_>) -> bool {
    let changing = ["storage-class", "website-redirect-location"];
    is_said(given) || changing.iter().any(|name| given.own(name).is_some())
}

/// Whether a directive says REPLACE; COPY is the default. SDKs write it in capitals or as `Replace`.
fn replaces(given: &Given<'_>, name: &str) -> Result<bool, Fault> {
    let word = given.own(name).unwrap_or_default();
    if word.eq_ignore_ascii_case("REPLACE") {
        return Ok(true);
    }
    if word.is_empty() || word.eq_ignore_ascii_case("COPY") {
        return Ok(false);
    }
    let why = format!("{} is COPY or REPLACE", given.name(name));
    Err(given.bad(name, why))
}

/// Why a copy source is none.
#[derive(Debug)]
enum BadSource {
    /// It is no such text at all.
    Text,
    /// Its bucket, key or version cannot be one.
    Fault(Fault),
}

impl From<Fault> for BadSource {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Reads `bucket/key[?versionId=v]`, percent-encoded once, with or without a slash in front. A plus is a blank: the
/// vendors' clients in Go encode keys as a query is.
fn source_object(text: &str, keys: &KeyRules) -> Result<ObjectTarget, BadSource> {
    let bad = || BadSource::Text;
    let (path, query) = text
        .split_once('?')
        .map_or((text, None), |(path, query)| (path, Some(query)));
    let wanted = query
        .map(|query| query.strip_prefix("versionId=").ok_or_else(bad))
        .transpose()?;
    let path = cohong_sign::decode(&path.replace('+', " ")).map_err(|_| bad())?;
    let path = String::from_utf8(path).map_err(|_| bad())?;
    let path = path.strip_prefix('/').unwrap_or(&path);
    let (bucket, name) = path.split_once('/').ok_or_else(bad)?;
    Ok(ObjectTarget {
        bucket: BucketName::new(bucket).map_err(|invalid| Fault::bucket_name(&invalid))?,
        key: keys.read(name)?,
        version: version(wanted)?,
    })
}

#[cfg(test)]
mod tests {
    use cohong_core::model::VersionId;

    use super::*;

    const KEYS: KeyRules = KeyRules {
        bytes_max: 696,
        no_start: &[],
    };

    #[test]
    fn sources_are_read() {
        let cases = [
            ("src-bucket/a%20b", "a b", VersionChoice::Current),
            ("/src-bucket/a+b", "a b", VersionChoice::Current),
            ("/src-bucket/a%2Bb", "a+b", VersionChoice::Current),
            ("src-bucket%2Fa%3Fb", "a?b", VersionChoice::Current),
            ("src-bucket//a", "/a", VersionChoice::Current),
            ("src-bucket/../x", "../x", VersionChoice::Current),
            ("src-bucket/a%2520", "a%20", VersionChoice::Current),
            ("src-bucket/a?versionId=null", "a", VersionChoice::Null),
            (
                "src-bucket/a?versionId=000000000000000a",
                "a",
                VersionChoice::Id(VersionId(10)),
            ),
        ];
        for (text, key, version) in cases {
            let read = source_object(text, &KEYS).expect(text);
            assert_eq!(
                (read.bucket.as_str(), read.key.as_str()),
                ("src-bucket", key),
                "{text}"
            );
            assert_eq!(read.version, version, "{text}");
        }
    }

    #[test]
    fn bad_sources_are_refused() {
        let long = format!("src-bucket/{}", "k".repeat(697));
        let cases = [
            ("", "text"),
            ("src-bucket", "text"),
            ("src-bucket/a%zz", "text"),
            ("src-bucket/%ff", "text"),
            ("src-bucket/a?acl", "text"),
            ("src-bucket/", "key"),
            ("src-bucket/a%00", "key"),
            ("Src/a", "bucket"),
            ("src-bucket/a?versionId=", "version"),
            (long.as_str(), "long"),
        ];
        for (text, wanted) in cases {
            let found = match source_object(text, &KEYS).expect_err(text) {
                BadSource::Text => "text",
                BadSource::Fault(Fault::KeyTooLong) => "long",
                BadSource::Fault(Fault::Engine(error)) => match error.kind() {
                    ErrorKind::InvalidKey => "key",
                    ErrorKind::InvalidBucketName => "bucket",
                    ErrorKind::InvalidVersion => "version",
                    _ => "another kind",
                },
                BadSource::Fault(_) => "another fault",
            };
            assert_eq!(found, wanted, "{text}");
        }
    }
}
