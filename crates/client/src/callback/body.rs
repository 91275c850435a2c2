//! What the application is sent: a template with the names of values.

use std::borrow::Cow;

use cohong_sign::encode;
use serde_json::Value;

/// How values are escaped, and the `Content-Type` of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyType {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

impl BodyType {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        }
    }
}

/// A value that the service fills in (TOS sheet section 5, OSS sheet section 4.4). What does not exist is the empty
/// text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Variable {
    /// The bucket.
    Bucket,
    /// The key.
    Object,
    /// Etag, without quotes.
    Etag,
    /// Bytes of the object; a number in JSON.
    Size,
    /// `Content-Type` of the object.
    MimeType,
    /// CRC-64/ECMA-182 as a decimal text.
    Crc64,
    /// MD5 in Base64; not of an upload in parts. OSS only.
    ContentMd5,
    /// Height of an image, pixels; a number in JSON.
    ImageHeight,
    /// Width of an image, pixels; a number in JSON.
    ImageWidth,
    /// Format of an image, such as `png`.
    ImageFormat,
    /// Version, where the bucket keeps versions. TOS only.
    VersionId,
    /// Where the upload came from.
    ClientIp,
    /// Id of the upload's request.
    RequestId,
    /// `PutObject`, `PostObject` or `CompleteMultipartUpload`.
    Operation,
    /// The network the upload came from; empty on this server. OSS only.
    VpcId,
    /// A variable of the order, given with [`Callback::var`](super::Callback::var).
    Custom(String),
}

/// The variables of the services, their names, and whether TOS and OSS have them.
const NAMES: &[(Variable, &str, bool, bool)] = &[
    (Variable::Bucket, "bucket", true, true),
    (Variable::Object, "object", true, true),
    (Variable::Etag, "etag", true, true),
    (Variable::Size, "size", true, true),
    (Variable::MimeType, "mimeType", true, true),
    (Variable::Crc64, "crc64", true, true),
    (Variable::ContentMd5, "contentMd5", false, true),
    (Variable::ImageHeight, "imageInfo.height", true, true),
    (Variable::ImageWidth, "imageInfo.width", true, true),
    (Variable::ImageFormat, "imageInfo.format", true, true),
    (Variable::VersionId, "versionId", true, false),
    (Variable::ClientIp, "clientIp", true, true),
    (Variable::RequestId, "reqId", true, true),
    (Variable::Operation, "operation", true, true),
    (Variable::VpcId, "vpcId", false, true),
];

impl Variable {
    /// A variable of the order; its name begins with `x:`.
    pub fn custom(name: impl Into<String>) -> Self {
        Self::Custom(name.into())
    }

    fn into_name(self) -> Cow<'static, str> {
        let known = NAMES.iter().find(|(variable, ..)| *variable == self);
        match (self, known) {
            (Self::Custom(name), _) => name.into(),
            (_, Some((_, name, ..))) => (*name).into(),
            (_, None) => "".into(),
        }
    }

    /// Whether a name is one of the variables that every upload has.
    pub(super) fn is_known(name: &str, tos: bool) -> bool {
        let here = |(_, known, of_tos, of_oss): &(Self, &str, bool, bool)| {
            *known == name && if tos { *of_tos } else { *of_oss }
        };
        NAMES.iter().any(here)
    }
}

/// What the application is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub(super) kind: BodyType,
    members: Vec<String>,
    template: Option<String>,
}

impl Body {
    /// A JSON object, with the members that are added.
    pub fn json() -> Self {
        Self {
            kind: BodyType::Json,
            members: Vec::new(),
            template: None,
        }
    }

    /// A form, with the fields that are added.
    pub fn form() -> Self {
        Self {
            kind: BodyType::Form,
            ..Self::json()
        }
    }

    /// A template as the services read it: `${name}` stands for a value, between no quotes of its own in JSON. Members
    /// added to it are passed over.
    pub fn template(kind: BodyType, text: impl Into<String>) -> Self {
        Self {
            kind,
            members: Vec::new(),
            template: Some(text.into()),
        }
    }

    /// Adds a member, or a field, whose value the service fills in.
    #[must_use]
    pub fn with(self, name: &str, value: Variable) -> Self {
        let value = format!("${{{}}}", value.into_name());
        self.added(name, &value)
    }

    /// Adds a member, or a field, with a value of one's own.
    #[must_use]
    pub fn text(self, name: &str, value: &str) -> Self {
        let value = self.literal(value);
        self.added(name, &value)
    }

    fn added(mut self, name: &str, value: &str) -> Self {
        let name = self.literal(name);
        self.members.push(match self.kind {
            BodyType::Json => format!("{name}:{value}"),
            BodyType::Form => format!("{name}={value}"),
        });
        self
    }

    /// A text that stays what it is: a dollar sign would begin a placeholder.
    fn literal(&self, text: &str) -> String {
        match self.kind {
            BodyType::Json => Value::from(text).to_string().replace('$', "\\u0024"),
            BodyType::Form => encode(text.as_bytes()),
        }
    }

    /// The template.
    pub(super) fn written(&self) -> String {
        match (&self.template, self.kind) {
            (Some(text), _) => text.clone(),
            (None, BodyType::Json) => format!("{{{}}}", self.members.join(",")),
            (None, BodyType::Form) => self.members.join("&"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_written_as_the_services_read_them() {
        let filled = |body: Body| {
            body.with("bucket", Variable::Bucket)
                .with("k\"1", Variable::custom("x:key1"))
                .text("te xt", "5 $ ${x}")
                .written()
        };
        let json = r#"{"bucket":${bucket},"k\"1":${x:key1},"te xt":"5 \u0024 \u0024{x}"}"#;
        assert_eq!(filled(Body::json()), json);
        let form = "bucket=${bucket}&k%221=${x:key1}&te%20xt=5%20%24%20%24%7Bx%7D";
        assert_eq!(filled(Body::form()), form);
        assert_eq!(Body::json().written(), "{}");
        let own = Body::template(BodyType::Form, "a=${size}");
        assert_eq!(own.written(), "a=${size}");
    }

    #[test]
    fn every_variable_has_a_name() {
        for (variable, name, ..) in NAMES {
            assert_eq!(variable.clone().into_name(), *name);
        }
        assert!(Variable::is_known("versionId", true) && !Variable::is_known("versionId", false));
        assert!(!Variable::is_known("Bucket", true) && !Variable::is_known("", false));
    }
}
