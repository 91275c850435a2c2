//! Further checksums: how they are computed, which of them an upload and its parts take, and what those
//! of the parts say of the whole.

use crc_fast::CrcAlgorithm;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::crc::{CRC32, CRC32C, CRC64_NVME, Crc};
use crate::engine::FurtherDigest;
use crate::error::{Error, ErrorKind};
use crate::model::{ChecksumAlgorithm, ChecksumForm, ChecksumKind, ChecksumValue, FurtherChecksum};

/// Computes a further checksum of bytes that come in pieces.
pub(crate) enum Hasher {
    /// CRC-32/ISO-HDLC.
    Crc32(crc_fast::Digest),
    /// CRC-32C.
    Crc32c(crc_fast::Digest),
    /// CRC-64/NVME.
    Crc64Nvme(crc_fast::Digest),
    /// SHA-1.
    Sha1(Sha1),
    /// SHA-256.
    Sha256(Sha256),
}

impl Hasher {
    /// That of no bytes yet.
    pub(crate) fn new(algorithm: ChecksumAlgorithm) -> Self {
        let crc = crc_fast::Digest::new;
        match algorithm {
            ChecksumAlgorithm::Crc32 => Self::Crc32(crc(CrcAlgorithm::Crc32IsoHdlc)),
            ChecksumAlgorithm::Crc32c => Self::Crc32c(crc(CrcAlgorithm::Crc32Iscsi)),
            ChecksumAlgorithm::Crc64Nvme => Self::Crc64Nvme(crc(CrcAlgorithm::Crc64Nvme)),
            ChecksumAlgorithm::Sha1 => Self::Sha1(Sha1::new()),
            ChecksumAlgorithm::Sha256 => Self::Sha256(Sha256::new()),
        }
    }

    /// Takes further bytes.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc32(digest) | Self::Crc32c(digest) | Self::Crc64Nvme(digest) => {
                digest.update(bytes);
            }
            Self::Sha1(digest) => digest.update(bytes),
            Self::Sha256(digest) => digest.update(bytes),
        }
    }

    /// The checksum of all bytes.
    pub(crate) fn finish(self) -> ChecksumValue {
        match self {
            Self::Crc32(digest) => ChecksumValue::Crc32(low(digest.finalize())),
            Self::Crc32c(digest) => ChecksumValue::Crc32c(low(digest.finalize())),
            Self::Crc64Nvme(digest) => ChecksumValue::Crc64Nvme(digest.finalize().to_be_bytes()),
            Self::Sha1(digest) => ChecksumValue::Sha1(digest.finalize().into()),
            Self::Sha256(digest) => ChecksumValue::Sha256(digest.finalize().into()),
        }
    }
}

impl ChecksumValue {
    /// The checksum of bytes that are at hand.
    pub fn of(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new(algorithm);
        hasher.update(bytes);
        hasher.finish()
    }
}

/// A checksum of 32 bits.
fn low(crc: u64) -> [u8; 4] {
    let [_, _, _, _, low @ ..] = crc.to_be_bytes();
    low
}

/// Refuses with `InvalidArgument` what no object can get: CRCs of parts give that of the whole, the other
/// digests do not; CRC-64/NVME is never composite (S3 sheet section 4).
pub(crate) fn check_form(form: ChecksumForm) -> Result<(), Error> {
    use ChecksumAlgorithm::{Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
    let why = match (form.algorithm, form.kind) {
        (Crc32 | Crc32c, _)
        | (Crc64Nvme, ChecksumKind::Full)
        | (Sha1 | Sha256, ChecksumKind::Composite) => return Ok(()),
        (Crc64Nvme, ChecksumKind::Composite) => "covers the whole object only",
        (Sha1 | Sha256, ChecksumKind::Full) => "covers the digests of parts only",
    };
    let message = format!("in an upload {} {why}", form.algorithm);
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

/// Whether the parts of an upload with this checksum have to bring theirs, when they are sent and when
/// they are named (S3 sheet section 4).
pub(crate) fn parts_bring(algorithm: ChecksumAlgorithm) -> bool {
    matches!(
        algorithm,
        ChecksumAlgorithm::Sha1 | ChecksumAlgorithm::Sha256
    )
}

/// The further checksum of a part that is sent to an upload: that of the upload, where it fixed one.
/// `InvalidArgument` when the part brings another, or none where it has to.
pub(crate) fn of_part(
    upload: Option<ChecksumForm>,
    sent: Option<FurtherDigest>,
) -> Result<Option<FurtherDigest>, Error> {
    let Some(ChecksumForm { algorithm, .. }) = upload else {
        return Ok(sent);
    };
    let refused = |what: &str| {
        let message = format!("parts of this upload come with {algorithm}; this one has {what}");
        Err(Error::new(ErrorKind::InvalidArgument, message))
    };
    match sent {
        None | Some(FurtherDigest::Compute(_)) if parts_bring(algorithm) => refused("none"),
        None | Some(FurtherDigest::Compute(_)) => Ok(Some(FurtherDigest::Compute(algorithm))),
        Some(other) if other.algorithm() != algorithm => refused(&other.algorithm().to_string()),
        same => Ok(same),
    }
}

/// The further checksum of an object, from those of its parts in order and their lengths in bytes; also
/// where the upload fixed none and all parts have one CRC. `None` when one of them lacks it.
pub(crate) fn of_whole(
    upload: Option<ChecksumForm>,
    parts: impl IntoIterator<Item = (Option<FurtherChecksum>, u64)>,
) -> Option<FurtherChecksum> {
    let mut parts = parts.into_iter().peekable();
    let first = parts.peek().and_then(|(checksum, _)| *checksum);
    let ChecksumForm { algorithm, kind } = upload.or_else(|| joinable(first?))?;
    let mut parts = parts.map(|(checksum, len)| {
        let value = checksum?.value;
        (value.algorithm() == algorithm).then_some((value, len))
    });
    let mut digest = Hasher::new(algorithm);
    let value = match kind {
        ChecksumKind::Full => {
            let of_nothing = digest.finish();
            parts.try_fold(of_nothing, |whole, part| append(whole, part?))?
        }
        ChecksumKind::Composite => {
            for part in parts {
                digest.update(part?.0.bytes());
            }
            digest.finish()
        }
    };
    Some(FurtherChecksum { value, kind })
}

/// The checksum of a whole object whose first part has this one, where those of parts can be joined.
fn joinable(of_part: FurtherChecksum) -> Option<ChecksumForm> {
    let form = ChecksumForm {
        algorithm: of_part.value.algorithm(),
        kind: ChecksumKind::Full,
    };
    check_form(form).is_ok().then_some(form)
}

/// The checksum of bytes followed by others, of which it knows the length; CRCs of one algorithm only.
fn append(
    first: ChecksumValue,
    (second, second_len): (ChecksumValue, u64),
) -> Option<ChecksumValue> {
    use ChecksumValue as V;
    let append32 = |crc: Crc, first, second| {
        let [first, second] = [first, second].map(|bytes| u32::from_be_bytes(bytes).into());
        low(crc.append(first, second, second_len))
    };
    match (first, second) {
        (V::Crc32(first), V::Crc32(second)) => Some(V::Crc32(append32(CRC32, first, second))),
        (V::Crc32c(first), V::Crc32c(second)) => Some(V::Crc32c(append32(CRC32C, first, second))),
        (V::Crc64Nvme(first), V::Crc64Nvme(second)) => {
            let [first, second] = [first, second].map(u64::from_be_bytes);
            let whole = CRC64_NVME.append(first, second, second_len);
            Some(V::Crc64Nvme(whole.to_be_bytes()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
