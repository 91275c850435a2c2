//! What a client says of a body.

use std::sync::{Arc, OnceLock};

use crate::model::{ChecksumAlgorithm, ChecksumValue};

/// Digests the client sent along; each given one must be that of the body.
#[derive(Clone, Debug, Default)]
pub struct ExpectedDigests {
    /// MD5.
    pub md5: Option<[u8; 16]>,
    /// SHA-256.
    pub sha256: Option<[u8; 32]>,
    /// CRC-64/XZ.
    pub crc64: Option<u64>,
    /// The further checksum that is computed and kept with the bytes; none costs nothing.
    pub further: Option<FurtherDigest>,
}

/// A further checksum to compute of a body.
#[derive(Clone, Debug)]
pub enum FurtherDigest {
    /// The client sent none. A part gets that of its upload instead, where the upload fixed one.
    Compute(ChecksumAlgorithm),
    /// It must be this.
    Sent(ChecksumValue),
    /// It must be what comes behind the body.
    Late(LateChecksum),
}

impl FurtherDigest {
    /// How it is computed.
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        match self {
            Self::Compute(algorithm) => *algorithm,
            Self::Sent(value) => value.algorithm(),
            Self::Late(late) => late.algorithm,
        }
    }
}

/// A checksum that comes behind the body. Who decodes the body fills it before the stream ends; the
/// engine reads it after the last byte, and refuses with `MissingDigest` a body without one.
#[derive(Clone, Debug)]
pub struct LateChecksum {
    algorithm: ChecksumAlgorithm,
    value: Arc<OnceLock<ChecksumValue>>,
}

impl LateChecksum {
    /// An empty one.
    pub fn new(algorithm: ChecksumAlgorithm) -> Self {
        Self {
            algorithm,
            value: Arc::default(),
        }
    }

    /// How it is computed.
    pub fn algorithm(&self) -> ChecksumAlgorithm {
        self.algorithm
    }

    /// Fills it, also through a clone. `false` when the bytes are not as many as the algorithm gives,
    /// or when it was filled before.
    #[must_use]
    pub fn fill(&self, bytes: &[u8]) -> bool {
        let value = ChecksumValue::new(self.algorithm, bytes);
        value.is_some_and(|value| self.value.set(value).is_ok())
    }

    /// What it was filled with.
    pub(crate) fn value(&self) -> Option<ChecksumValue> {
        self.value.get().copied()
    }
}
