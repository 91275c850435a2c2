//! Names that clients choose.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limits;

/// A name that no dialect could use; says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(pub &'static str);

/// A bucket's name: 3 to 63 of `[a-z0-9-]`, no hyphen at either end. The common denominator of the
/// dialects; a dialect may be stricter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BucketName(Box<str>);

impl BucketName {
    /// Checks a name.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if !(3..=63).contains(&name.len()) {
            return Err(InvalidName("a bucket name has 3 to 63 characters"));
        }
        if !name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        {
            return Err(InvalidName(
                "a bucket name has only lower-case letters, digits and hyphens",
            ));
        }
        if name.starts_with('-') || name.ends_with('-') {
            return Err(InvalidName(
                "a bucket name does not begin or end with a hyphen",
            ));
        }
        Ok(Self(name.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An object's key: 1 to 1,024 bytes of UTF-8 without NUL. Opaque: `/` and `..` mean nothing here,
/// and a key is never joined to a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectKey(Box<str>);

impl ObjectKey {
    /// Checks a key.
    pub fn new(key: &str) -> Result<Self, InvalidName> {
        if key.is_empty() {
            return Err(InvalidName("an object key is not empty"));
        }
        if key.len() > limits::KEY_BYTES_MAX {
            return Err(InvalidName("an object key has at most 1024 bytes"));
        }
        if key.contains('\0') {
            return Err(InvalidName("an object key has no NUL byte"));
        }
        Ok(Self(key.into()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
