//! Further checksums as the model has them: computed from all bytes each time.

use cohong_core::model::{
    ChecksumAlgorithm, ChecksumForm, ChecksumKind, ChecksumValue, FurtherChecksum,
};
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// All that uploads can fix.
pub(crate) const FORMS: [ChecksumForm; 7] = {
    use ChecksumAlgorithm::{Crc32, Crc32c, Crc64Nvme};
    use ChecksumKind::{Composite, Full};
    const fn form(algorithm: ChecksumAlgorithm, kind: ChecksumKind) -> ChecksumForm {
        ChecksumForm { algorithm, kind }
    }
    [
        form(Crc32, Full),
        form(Crc32, Composite),
        form(Crc32c, Full),
        form(Crc32c, Composite),
        form(Crc64Nvme, Full),
        form(ChecksumAlgorithm::Sha1, Composite),
        form(ChecksumAlgorithm::Sha256, Composite),
    ]
};

/// The checksum of bytes.
pub(crate) fn sum_of(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> ChecksumValue {
    match algorithm {
        ChecksumAlgorithm::Crc32 => {
            ChecksumValue::Crc32(crc_fast::crc32_iso_hdlc(bytes).to_be_bytes())
        }
        ChecksumAlgorithm::Crc32c => {
            ChecksumValue::Crc32c(crc_fast::crc32_iscsi(bytes).to_be_bytes())
        }
        ChecksumAlgorithm::Crc64Nvme => {
            ChecksumValue::Crc64Nvme(crc_fast::crc64_nvme(bytes).to_be_bytes())
        }
        ChecksumAlgorithm::Sha1 => ChecksumValue::Sha1(Sha1::digest(bytes).into()),
        ChecksumAlgorithm::Sha256 => ChecksumValue::Sha256(Sha256::digest(bytes).into()),
    }
}

/// The checksum of an object made of these parts.
pub(super) fn sum_of_parts(form: ChecksumForm, parts: &[&bytes::Bytes]) -> FurtherChecksum {
    let text: Vec<u8> = match form.kind {
        ChecksumKind::Full => parts.iter().flat_map(|part| part.to_vec()).collect(),
        ChecksumKind::Composite => {
            let sum = |part: &&bytes::Bytes| sum_of(form.algorithm, part).bytes().to_vec();
            parts.iter().flat_map(sum).collect()
        }
    };
    FurtherChecksum {
        value: sum_of(form.algorithm, &text),
        kind: form.kind,
    }
}
