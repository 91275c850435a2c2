//! The variables a callback's template may name.

use std::borrow::Cow;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ImageInfo;
use crate::model::{BucketName, Etag, EtagCase, ObjectKey, ObjectRecord, VersionTag};

/// The value of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// Text: quoted in JSON, percent-encoded in a form.
    Text(Cow<'a, str>),
    /// A number: bare in both.
    Number(u64),
}

impl Value<'_> {
    const EMPTY: Self = Value::Text(Cow::Borrowed(""));
}

/// What is known about the upload. The names are those of TOS sheet section 5 and OSS sheet section 4.4,
/// which agree in what each means.
#[derive(Clone, Copy, Debug)]
pub struct Variables<'a> {
    /// Where it went.
    pub bucket: &'a BucketName,
    /// Under which key.
    pub key: &'a ObjectKey,
    /// What was stored.
    pub record: &'a ObjectRecord,
    /// How clients know the version.
    pub version: VersionTag,
    /// What the object shows, when it is an image.
    pub image: Option<ImageInfo>,
    /// Where the upload came from.
    pub source: Option<IpAddr>,
    /// The request that uploaded it.
    pub request_id: &'a str,
    /// What that request was, in the words of its dialect.
    pub operation: &'a str,
    /// Custom variables; names begin with `x:`.
    pub custom: &'a [(Box<str>, Box<str>)],
    /// How the etag is written.
    pub etag_case: EtagCase,
}

impl<'a> Variables<'a> {
    /// The value of a name; empty for a name that means nothing.
    pub fn value(&self, name: &str) -> Value<'a> {
        match name {
            "bucket" => Self::text(self.bucket.as_str()),
            "object" => Self::text(self.key.as_str()),
            "etag" => Self::text(self.etag()),
            "size" => Value::Number(self.record.size),
            "mimeType" => Self::text(self.record.headers.content_type.as_deref().unwrap_or("")),
            "crc64" => Self::text(self.record.checksums.crc64.to_string()),
            "contentMd5" => match self.record.etag {
                Etag::Md5(digest) => Self::text(STANDARD.encode(digest)),
                Etag::Parts { .. } | Etag::Opaque(_) => Value::EMPTY,
            },
            "imageInfo.height" => self.of_image(|image| Value::Number(image.height)),
            "imageInfo.width" => self.of_image(|image| Value::Number(image.width)),
            "imageInfo.format" => self.of_image(|image| Self::text(image.format)),
            "versionId" => match self.version {
                VersionTag::Unversioned => Value::EMPTY,
                VersionTag::Null => Self::text("null"),
                VersionTag::Id(id) => Self::text(id.to_string()),
            },
            "clientIp" => self
                .source
                .map_or(Value::EMPTY, |ip| Self::text(ip.to_string())),
            "reqId" => Self::text(self.request_id),
            "operation" => Self::text(self.operation),
            // There is no such network here.
            "vpcId" => Value::EMPTY,
            custom => self.custom(custom),
        }
    }

    fn etag(&self) -> String {
        let etag = self.record.etag.to_string();
        match self.etag_case {
            EtagCase::Lower => etag,
            EtagCase::Upper => etag.to_ascii_uppercase(),
        }
    }

    fn of_image(&self, part: impl Fn(ImageInfo) -> Value<'a>) -> Value<'a> {
        self.image.map_or(Value::EMPTY, part)
    }

    fn custom(&self, name: &str) -> Value<'a> {
        self.custom
            .iter()
            .find(|(known, _)| &**known == name)
            .map_or(Value::EMPTY, |(_, value)| Self::text(&**value))
    }

    fn text(text: impl Into<Cow<'a, str>>) -> Value<'a> {
        Value::Text(text.into())
    }
}
