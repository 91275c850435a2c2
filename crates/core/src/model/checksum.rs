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

/// Digests of a whole object, or of a part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checksums {
    /// CRC-64/XZ (ECMA-182, reflected) of the bytes.
    pub crc64: u64,
    /// The one that was asked for beside it.
    pub further: Option<FurtherChecksum>,
}

/// How a further checksum is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChecksumAlgorithm {
    /// CRC-32/ISO-HDLC.
    Crc32,
    /// CRC-32C (Castagnoli).
    Crc32c,
    /// CRC-64/NVME.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl ChecksumAlgorithm {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Crc32,
        Self::Crc32c,
        Self::Crc64Nvme,
        Self::Sha1,
        Self::Sha256,
    ];
}

impl fmt::Display for ChecksumAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Crc32 => "CRC-32",
            Self::Crc32c => "CRC-32C",
            Self::Crc64Nvme => "CRC-64/NVME",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
        })
    }
}

/// A further checksum's bytes; those of a CRC are big-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChecksumValue {
    /// CRC-32/ISO-HDLC.
    Crc32([u8; 4]),
    /// CRC-32C.
    Crc32c([u8; 4]),
    /// CRC-64/NVME.
    Crc64Nvme([u8; 8]),
    /// SHA-1.
    Sha1([u8; 20]),
    /// SHA-256.
    Sha256([u8; 32]),
}

impl ChecksumValue {
    /// The checksum with these bytes; `None` when they are not as many as the algorithm gives.
    pub fn new(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Option<Self> {
        match algorithm {
            ChecksumAlgorithm::Crc32 => bytes.try_into().ok().map(Self::Crc32),
            ChecksumAlgorithm::Crc32c => bytes.try_into().ok().map(Self::Crc32c),
            ChecksumAlgorithm::Crc64Nvme => bytes.try_into().ok().map(Self::Crc64Nvme),
            ChecksumAlgorithm::Sha1 => bytes.try_into().ok().map(Self::Sha1),
            ChecksumAlgorithm::Sha256 => bytes.try_into().ok().map(Self::Sha256),
        }
    }

    /// How it was computed.
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        match self {
            Self::Crc32(_) => ChecksumAlgorithm::Crc32,
            Self::Crc32c(_) => ChecksumAlgorithm::Crc32c,
            Self::Crc64Nvme(_) => ChecksumAlgorithm::Crc64Nvme,
            Self::Sha1(_) => ChecksumAlgorithm::Sha1,
            Self::Sha256(_) => ChecksumAlgorithm::Sha256,
        }
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Crc32(bytes) | Self::Crc32c(bytes) => bytes,
            Self::Crc64Nvme(bytes) => bytes,
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }
}

/// What a further checksum is computed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChecksumKind {
    /// All bytes.
    Full,
    /// The checksums of the parts, one behind the other; how many they are stands in the etag.
    Composite,
}

/// A further checksum, and what it covers. That of a part is always full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FurtherChecksum {
    /// The checksum.
    pub value: ChecksumValue,
    /// What it covers.
    pub kind: ChecksumKind,
}

impl FurtherChecksum {
    /// The checksum of all bytes.
    pub fn full(value: ChecksumValue) -> Self {
        Self {
            value,
            kind: ChecksumKind::Full,
        }
    }
}

/// Which further checksum the object of an upload gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChecksumForm {
    /// How it is computed.
    pub algorithm: ChecksumAlgorithm,
    /// What it covers.
    pub kind: ChecksumKind,
}
