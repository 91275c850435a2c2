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

/// A decoded and checked order to call an application before the uploader is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}
