use proptest::prelude::*;

use super::*;
use crate::engine::LateChecksum;

use ChecksumAlgorithm::{Crc32, Crc32c, Crc64Nvme, Sha1, Sha256};
use ChecksumKind::{Composite, Full};

fn form(algorithm: ChecksumAlgorithm, kind: ChecksumKind) -> ChecksumForm {
    ChecksumForm { algorithm, kind }
}

fn value(algorithm: ChecksumAlgorithm, bytes: &[u8]) -> ChecksumValue {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    hasher.finish()
}

#[test]
fn crcs_cover_bytes_and_other_digests_those_of_parts() {
    let cases = [
        (Crc32, Full, true),
        (Crc32, Composite, true),
        (Crc32c, Full, true),
        (Crc32c, Composite, true),
        (Crc64Nvme, Full, true),
        (Crc64Nvme, Composite, false),
        (Sha1, Full, false),
        (Sha1, Composite, true),
        (Sha256, Full, false),
        (Sha256, Composite, true),
    ];
    for (algorithm, kind, fits) in cases {
        let refused = check_form(form(algorithm, kind)).map_err(|error| error.kind());
        let wanted = if fits {
            Ok(())
        } else {
            Err(ErrorKind::InvalidArgument)
        };
        assert_eq!(refused, wanted, "{algorithm} {kind:?}");
    }
}

/// What is computed of a part, as text.
fn shown(outcome: Result<Option<FurtherDigest>, Error>) -> String {
    match outcome {
        Err(error) => format!("{:?}", error.kind()),
        Ok(None) => "nothing".to_owned(),
        Ok(Some(FurtherDigest::Compute(algorithm))) => format!("computes {algorithm}"),
        Ok(Some(FurtherDigest::Sent(value))) => format!("checks {}", value.algorithm()),
        Ok(Some(FurtherDigest::Late(late))) => format!("awaits {}", late.algorithm()),
    }
}

#[test]
fn parts_get_the_checksum_of_their_upload() {
    let sent = |algorithm| Some(FurtherDigest::Sent(value(algorithm, b"a")));
    let late = |algorithm| Some(FurtherDigest::Late(LateChecksum::new(algorithm)));
    let compute = |algorithm| Some(FurtherDigest::Compute(algorithm));
    let crc = Some(form(Crc32, Composite));
    let sha = Some(form(Sha256, Composite));
    let cases = [
        (None, None, "nothing"),
        (None, sent(Sha1), "checks SHA-1"),
        (None, late(Crc32c), "awaits CRC-32C"),
        (None, compute(Crc64Nvme), "computes CRC-64/NVME"),
        (crc, None, "computes CRC-32"),
        (crc, compute(Crc64Nvme), "computes CRC-32"),
        (crc, sent(Crc32), "checks CRC-32"),
        (crc, late(Crc32), "awaits CRC-32"),
        (crc, sent(Crc32c), "InvalidArgument"),
        (crc, late(Sha256), "InvalidArgument"),
        (sha, None, "InvalidArgument"),
        (sha, compute(Sha256), "InvalidArgument"),
        (sha, sent(Sha256), "checks SHA-256"),
        (sha, late(Sha256), "awaits SHA-256"),
        (sha, sent(Sha1), "InvalidArgument"),
        (sha, sent(Crc64Nvme), "InvalidArgument"),
    ];
    for (upload, part, wanted) in cases {
        let case = format!("{upload:?} {part:?}");
        assert_eq!(shown(of_part(upload, part)), wanted, "{case}");
    }
}

#[test]
fn a_late_checksum_is_filled_once_and_with_as_many_bytes_as_it_has() {
    let late = LateChecksum::new(Sha1);
    assert!(!late.fill(&[1; 19]));
    assert!(!late.fill(&[1; 32]));
    assert_eq!(late.value(), None);
    assert!(late.clone().fill(&[1; 20]));
    assert!(!late.fill(&[2; 20]));
    assert_eq!(late.value(), Some(ChecksumValue::Sha1([1; 20])));
}

/// Parts with checksums, one each.
fn parts(
    bodies: &[Vec<u8>],
    algorithm: impl Fn(usize) -> Option<ChecksumAlgorithm>,
) -> Vec<(Option<FurtherChecksum>, u64)> {
    let part = |(n, body): (usize, &Vec<u8>)| {
        let checksum = algorithm(n).map(|algorithm| FurtherChecksum::full(value(algorithm, body)));
        (checksum, body.len() as u64)
    };
    bodies.iter().enumerate().map(part).collect()
}

#[test]
fn an_upload_that_fixed_nothing_gets_a_crc_that_all_parts_have() {
    let bodies = [b"12345".to_vec(), b"6789".to_vec()];
    for crc in [Crc32, Crc32c, Crc64Nvme] {
        let whole = FurtherChecksum::full(value(crc, b"123456789"));
        assert_eq!(of_whole(None, parts(&bodies, |_| Some(crc))), Some(whole));
    }
    let first_only = |n| (n == 0).then_some(Crc64Nvme);
    let mixed = |n| Some(if n == 0 { Crc64Nvme } else { Crc32 });
    assert_eq!(of_whole(None, parts(&bodies, first_only)), None);
    assert_eq!(of_whole(None, parts(&bodies, mixed)), None);
    assert_eq!(of_whole(None, parts(&bodies, |_| Some(Sha256))), None);
    assert_eq!(of_whole(None, parts(&[], |_| Some(Crc32))), None);
    assert_eq!(of_whole(None, parts(&bodies, |_| None)), None);
}

proptest! {
    /// CRCs of pieces say of the joined bytes what these say themselves.
    #[test]
    fn full_checksums_are_those_of_the_joined_bytes(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..12),
    ) {
        let joined = bodies.concat();
        for algorithm in [Crc32, Crc32c, Crc64Nvme] {
            let whole = of_whole(Some(form(algorithm, Full)), parts(&bodies, |_| Some(algorithm)));
            let wanted = FurtherChecksum::full(value(algorithm, &joined));
            prop_assert_eq!(whole, Some(wanted));
        }
    }

    /// Composite ones are the digest of the parts' digests, in order.
    #[test]
    fn composite_checksums_are_digests_of_digests(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..12),
    ) {
        for algorithm in [Crc32, Crc32c, Sha1, Sha256] {
            let form = form(algorithm, Composite);
            let whole = of_whole(Some(form), parts(&bodies, |_| Some(algorithm)));
            let digests: Vec<_> = bodies.iter().map(|body| value(algorithm, body)).collect();
            let digests: Vec<u8> = digests.iter().flat_map(|v| v.bytes().to_vec()).collect();
            let value = value(algorithm, &digests);
            prop_assert_eq!(whole, Some(FurtherChecksum { value, kind: Composite }));
        }
    }
}
