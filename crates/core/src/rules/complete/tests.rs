use crc_fast::CrcAlgorithm;
use proptest::prelude::*;

use super::*;
use crate::model::{BlobId, Checksums, PayloadId, Place, Timestamp};

const PAYLOAD: PayloadId = PayloadId([7; 16]);

/// A part as an upload of these bytes stores it.
fn part(number: u32, bytes: &[u8]) -> (u32, PartRecord) {
    let len = bytes.len() as u64;
    let blob = BlobId {
        payload: PAYLOAD,
        n: u64::from(number),
    };
    let record = PartRecord {
        md5: Md5::digest(bytes).into(),
        checksums: Checksums {
            crc64: crc_fast::checksum(CrcAlgorithm::Crc64Xz, bytes),
            further: None,
        },
        extents: vec![Extent {
            at: Place::Hot(blob),
            offset: 0,
            len,
        }],
        size: len,
        written_at: Timestamp::default(),
    };
    (number, record)
}

fn name(number: u32, bytes: &[u8]) -> NamedPart {
    NamedPart {
        number,
        etag: hex::encode(Md5::digest(bytes)).into(),
        checksum: None,
    }
}

#[test]
fn refusals() {
    use ErrorKind::{InvalidPart, InvalidPartOrder, PartTooSmall};
    let stored = [part(1, b"aaaa"), part(3, b"bb"), part(5, b"cccc")];
    let (one, three, five) = (name(1, b"aaaa"), name(3, b"bb"), name(5, b"cccc"));
    let wrong = name(3, b"other");
    // (parts named, least size, outcome)
    let cases = [
        (Some(vec![one.clone(), five.clone()]), 4, None),
        (Some(vec![one.clone(), three.clone()]), 4, None),
        (Some(vec![three.clone()]), 4, None),
        (
            Some(vec![one.clone(), three.clone(), five.clone()]),
            4,
            Some(PartTooSmall),
        ),
        (
            Some(vec![one.clone(), three.clone(), five.clone()]),
            2,
            None,
        ),
        (None, 4, Some(PartTooSmall)),
        (None, 2, None),
        (Some(vec![]), 0, Some(InvalidPart)),
        (
            Some(vec![five.clone(), one.clone()]),
            0,
            Some(InvalidPartOrder),
        ),
        (
            Some(vec![one.clone(), one.clone()]),
            0,
            Some(InvalidPartOrder),
        ),
        (Some(vec![one.clone(), wrong]), 0, Some(InvalidPart)),
        (Some(vec![name(2, b"aaaa")]), 0, Some(InvalidPart)),
        (Some(vec![name(0, b"aaaa")]), 0, Some(InvalidPart)),
        (Some(vec![name(u32::MAX, b"aaaa")]), 0, Some(InvalidPart)),
    ];
    for (named, least, wanted) in cases {
        let outcome = assemble(&stored, named.as_deref(), least, None);
        assert_eq!(
            outcome.err().map(|error| error.kind()),
            wanted,
            "{named:?} with at least {least}"
        );
    }
    let nothing = assemble(&[], None, 0, None).map_err(|error| error.kind());
    assert_eq!(nothing, Err(InvalidPart));
}

#[test]
fn etags_compare_without_regard_to_case() {
    let stored = [part(1, b"a")];
    let mut named = name(1, b"a");
    named.etag = named.etag.to_uppercase().into();
    assert!(assemble(&stored, Some(&[named]), 0, None).is_ok());
}

#[test]
fn an_object_larger_than_any_may_be_is_refused() {
    let mut stored = vec![part(1, b"a"), part(2, b"b")];
    stored[0].1.size = limits::OBJECT_BYTES_MAX;
    let outcome = assemble(&stored, None, 0, None).map_err(|error| error.kind());
    assert_eq!(outcome, Err(ErrorKind::TooLarge));
}

/// Made with `md5(md5("hello ") + md5("world"))` of an independent tool.
#[test]
fn the_etag_is_the_md5_of_md5s_and_the_count() {
    let stored = [part(1, b"hello "), part(2, b"world")];
    let etag = assemble(&stored, None, 0, None).unwrap().etag;
    assert_eq!(etag.to_string(), "e09e4fd6265b36115fe3db32df945d84-2");
}

proptest! {
    /// The parts' digests say of the whole what the whole would say itself.
    #[test]
    fn parts_add_up(
        bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 1..12),
        named: bool,
    ) {
        let numbered = || (1_u32..).step_by(3).zip(&bodies);
        let stored: Vec<_> = numbered().map(|(n, body)| part(n, body)).collect();
        let names: Vec<_> = numbered().map(|(n, body)| name(n, body)).collect();
        let made = assemble(&stored, named.then_some(names.as_slice()), 0, None).unwrap();
        let whole = bodies.concat();
        prop_assert_eq!(made.size, whole.len() as u64);
        prop_assert_eq!(made.checksums.crc64, crc_fast::checksum(CrcAlgorithm::Crc64Xz, &whole));
        prop_assert_eq!(made.extents.iter().map(|extent| extent.len).sum::<u64>(), made.size);
        prop_assert!(made.extents.iter().all(|extent| extent.len > 0));
        prop_assert_eq!(&made.parts, &names);
    }

    /// A plan never refers to a part it did not see.
    #[test]
    fn only_stored_parts_are_used(
        stored in proptest::collection::btree_set(1_u32..12, 0..8),
        wanted in proptest::collection::vec(1_u32..12, 0..8),
    ) {
        let parts: Vec<_> = stored.iter().map(|n| part(*n, &n.to_be_bytes())).collect();
        let names: Vec<_> = wanted.iter().map(|n| name(*n, &n.to_be_bytes())).collect();
        let ascending = wanted.is_sorted_by(|a, b| a < b);
        let known = wanted.iter().all(|n| stored.contains(n));
        let outcome = assemble(&parts, Some(&names), 0, None);
        prop_assert_eq!(outcome.is_ok(), ascending && known && !wanted.is_empty());
        if let Ok(made) = outcome {
            prop_assert_eq!(made.parts, names);
        }
    }
}
