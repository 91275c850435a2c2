//! What an uploader may ask to be called back.

use serde::{Deserialize, Serialize};

/// How values are escaped in a callback's body, and its `Content-Type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BodyType {
    /// `application/x-www-form-urlencoded`.
    #[default]
    Form,
    /// `application/json`.
    Json,
}

impl BodyType {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Form => "application/x-www-form-urlencoded",
            Self::Json => "application/json",
        }
    }
}

/// How etags are written to applications, without quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EtagCase {
    /// Hex digits in lower case.
    #[default]
    Lower,
    /// Hex digits in upper case.
    Upper,
}

/// How strictly a JSON template is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum JsonTemplate {
    /// What the values make of it has to be JSON; a placeholder between quotes breaks it.
    #[default]
    Strict,
    /// Between quotes only the text of a value is filled in, and the result is sent as it is.
    Lenient,
}

/// Which answers of an application are success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accept {
    /// Any 2xx with any body.
    #[default]
    Any2xx,
    /// Exactly 200 with a `Content-Length`, and a body of JSON, or of XML when its `Content-Type` is
    /// `application/xml`.
    Document,
}

/// Where vendors differ in what they make of an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackStyle {
    /// How the etag is written.
    pub etag: EtagCase,
    /// How JSON templates are read.
    pub json: JsonTemplate,
    /// What counts as success.
    pub accept: Accept,
}

/// A decoded and checked order to call an application before the uploader is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackSpec {
    /// Absolute http or https URLs, tried in this order until one succeeds; one to five.
    pub urls: Vec<Box<str>>,
    /// Replaces the `Host` header when given.
    pub host: Option<Box<str>>,
    /// Body template with `${name}` placeholders, not empty.
    pub body: Box<str>,
    /// How values are escaped.
    pub body_type: BodyType,
    /// Custom variables; every name begins with `x:`.
    pub vars: Vec<(Box<str>, Box<str>)>,
    /// Headers to send beside those that every call has.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The vendor's way.
    pub style: CallbackStyle,
}

/// An order that uploads give by its name. Its texts are those of the dialect through which it was put.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedCallback {
    /// Its name, unique in the bucket.
    pub name: Box<str>,
    /// The order.
    pub order: Box<str>,
    /// Its custom variables, where an upload gives none of its own.
    pub vars: Option<Box<str>>,
}
