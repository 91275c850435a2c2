//! Digests that clients see.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The entity tag. Shown without quotes; dialects add them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Etag {
    /// MD5 of the bytes: 32 hex digits.
    Md5([u8; 16]),
    /// Of a multipart upload: MD5 over the parts' MD5 digests, a hyphen, the number of parts.
    Parts {
        /// The digest.
        digest: [u8; 16],
        /// How many parts, 1 to 10,000.
        count: u16,
    },
    /// Tells states of an object apart and says nothing of its bytes: 32 hex digits.
    Opaque([u8; 16]),
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Md5(digest) | Self::Opaque(digest) => f.write_str(&hex::encode(digest)),
            Self::Parts { digest, count } => write!(f, "{}-{count}", hex::encode(digest)),
        }
    }
}

/// Digests of a whole object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    /// CRC-64/XZ (ECMA-182, reflected) of the bytes.
    pub crc64: u64,
}
