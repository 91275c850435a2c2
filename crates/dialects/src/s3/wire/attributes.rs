//! Body of `GetObjectAttributes` (sheet section 6).

use std::collections::BTreeSet;

use cohong_core::model::{Etag, ObjectRecord};
use serde::Serialize;

use crate::common::wire::checksum::ChecksumBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::s3::words::S3;

/// Names what is asked for: lists, in one header or several.
const NAME: &str = "x-amz-object-attributes";

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Attribute {
    Etag,
    Checksum,
    Parts,
    Class,
    Size,
}

/// What is asked for.
#[derive(Debug)]
pub(in crate::s3) struct Asked(BTreeSet<Attribute>);

impl Asked {
    pub(in crate::s3) fn read(call: &Call) -> Result<Self, Fault> {
        let mut asked = BTreeSet::new();
        for value in call.headers.get_all(NAME) {
            let text = String::from_utf8_lossy(value.as_bytes());
            for word in text.split(',').map(str::trim) {
                asked.insert(match word {
                    "ETag" => Attribute::Etag,
                    "Checksum" => Attribute::Checksum,
                    "ObjectParts" => Attribute::Parts,
                    "StorageClass" => Attribute::Class,
                    "ObjectSize" => Attribute::Size,
                    _ => {
                        let why = "Invalid attribute name specified.";
                        return Err(Fault::argument(NAME, word, why));
                    }
                });
            }
        }
        if asked.is_empty() {
            let why = "name the attributes that the answer is to tell";
            return Err(Fault::argument(NAME, "", why));
        }
        Ok(Self(asked))
    }

    fn of<T>(&self, attribute: Attribute, value: T) -> Option<T> {
        self.0.contains(&attribute).then_some(value)
    }
}

/// The answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct Attributes {
    #[serde(rename = "ETag", skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checksum: Option<ChecksumBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_parts: Option<Parts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_class: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object_size: Option<u64>,
}

/// How many parts the object was made of. Of each alone nothing is kept.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Parts {
    parts_count: u16,
}

impl Attributes {
    /// What is asked for and there. The entity tag stands without quotes (sheet, trap 12).
    pub(in crate::s3) fn new(asked: &Asked, record: &ObjectRecord) -> Self {
        let further = record.checksums.further.as_ref();
        let checksum = further.map(|further| S3.bare_checksum_body(further));
        let parts = match record.etag {
            Etag::Parts { count, .. } => Some(Parts { parts_count: count }),
            Etag::Md5(_) | Etag::Opaque(_) => None,
        };
        Self {
            etag: asked.of(Attribute::Etag, record.etag.to_string()),
            checksum: asked.of(Attribute::Checksum, checksum).flatten(),
            object_parts: asked.of(Attribute::Parts, parts).flatten(),
            storage_class: asked.of(Attribute::Class, S3.class_word(record.class)),
            object_size: asked.of(Attribute::Size, record.size),
        }
    }
}
