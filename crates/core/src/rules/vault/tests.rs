use proptest::prelude::*;

use super::*;
use crate::model::{BlobId, PayloadId, Place, Timestamp, UploadId, VaultId};
use crate::records::PartRecord;

const MIB: u64 = 1 << 20;

fn part(size: u64, n: u64) -> ArchivePartRecord {
    let blob = BlobId {
        payload: PayloadId([1; 16]),
        n,
    };
    ArchivePartRecord {
        part: PartRecord {
            md5: [u8::try_from(n).unwrap(); 16],
            checksums: Checksums {
                crc64: n,
                further: None,
            },
            extents: vec![Extent {
                at: Place::Hot(blob),
                offset: 0,
                len: size,
            }],
            size,
            written_at: Timestamp::default(),
        },
        tree: TreeHash([u8::try_from(n).unwrap(); 16]),
    }
}

/// Number and length of parts.
fn parts(sizes: &[(u16, u64)]) -> Vec<(u16, ArchivePartRecord)> {
    let part = |(n, size): &(u16, u64)| (*n, part(*size, u64::from(*n)));
    sizes.iter().map(part).collect()
}

#[test]
fn parts_make_an_archive_when_none_is_missing_or_short() {
    /// Parts (number and MiB), size, whether they make it.
    type Case = (&'static [(u16, u64)], u64, bool);
    let cases: [Case; 10] = [
        (&[(0, 2)], 2 * MIB, true),
        (&[(0, 2), (1, 2), (2, 1)], 5 * MIB, true),
        (&[(0, 1)], MIB, true),
        (&[], 0, false),
        (&[], MIB, false),
        (&[(1, 2)], 2 * MIB, false),
        (&[(0, 2), (2, 2)], 4 * MIB, false),
        (&[(0, 1), (1, 2)], 3 * MIB, false),
        (&[(0, 2), (1, 1)], 4 * MIB, false),
        (&[(0, 2), (1, 1)], 2 * MIB, false),
    ];
    for (given, size, good) in cases {
        let given: Vec<_> = given.iter().map(|(n, mib)| (*n, mib * MIB)).collect();
        let made = assemble(&parts(&given), 2 * MIB, size);
        match made {
            Ok(made) => {
                assert!(good, "{given:?}");
                let len: u64 = made.extents.iter().map(|extent| extent.len).sum();
                assert_eq!(len, size, "{given:?}");
                let count = u16::try_from(given.len()).unwrap();
                assert!(matches!(made.etag, Etag::Parts { count: n, .. } if n == count));
            }
            Err(error) => {
                assert!(!good, "{given:?}: {error}");
                assert_eq!(error.kind(), ErrorKind::InvalidPart, "{given:?}");
            }
        }
    }
}

#[test]
fn part_sizes_are_multiples_of_a_block() {
    for good in [MIB, 96 * MIB, 4096 * MIB] {
        check_part_size(good).unwrap();
    }
    for (bad, kind) in [
        (0, ErrorKind::InvalidArgument),
        (MIB - 1, ErrorKind::InvalidArgument),
        (MIB + 1, ErrorKind::InvalidArgument),
        (4097 * MIB, ErrorKind::TooLarge),
        (u64::MAX, ErrorKind::InvalidArgument),
    ] {
        assert_eq!(check_part_size(bad).unwrap_err().kind(), kind, "{bad}");
    }
}

fn put(range: Range<u64>) -> PutArchivePart {
    PutArchivePart {
        vault: VaultId([1; 16]),
        upload: UploadId([2; 16]),
        range,
        md5: [0; 16],
        tree: TreeHash([0; 16]),
    }
}

#[test]
fn parts_begin_where_the_one_before_ends() {
    let size = 4 * MIB;
    let last = 9999 * size;
    // (range, number or error)
    let cases = [
        (0..size, Ok(0)),
        (0..1, Ok(0)),
        (size..2 * size, Ok(1)),
        (last..last + 7, Ok(9999)),
        (0..0, Err(ErrorKind::InvalidPart)),
        (0..size + 1, Err(ErrorKind::InvalidPart)),
        (MIB..2 * MIB, Err(ErrorKind::InvalidPart)),
        (size..size, Err(ErrorKind::InvalidPart)),
        (last + size..last + size + 1, Err(ErrorKind::TooLarge)),
        (size << 30..(size << 30) + 1, Err(ErrorKind::TooLarge)),
    ];
    for (range, wanted) in cases {
        let found = number_of(&put(range.clone()), size).map_err(|error| error.kind());
        assert_eq!(found, wanted, "{range:?}");
    }
}

#[test]
fn texts_are_short_and_without_control_characters() {
    for good in ["", "text", "存档", &"x".repeat(1024)] {
        check_text(good).unwrap();
    }
    for bad in ["a\nb", "\0", &"x".repeat(1025)] {
        let refused = check_text(bad).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    }
}

proptest! {
    #[test]
    fn what_is_retrieved_is_whole_blocks(size in 1..9 * MIB, first in 0..9_u64, last in 0..9 * MIB) {
        let first = first * MIB;
        match retrieved(Some((first, last)), size) {
            Ok(range) => {
                prop_assert_eq!(range.clone(), first..last + 1);
                prop_assert!(range.end <= size);
                prop_assert!(range.end % MIB == 0 || range.end == size);
            }
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::InvalidArgument);
                let end = last + 1;
                prop_assert!(end > size || first >= end || (end % MIB != 0 && end != size));
            }
        }
        prop_assert_eq!(retrieved(None, size).unwrap(), 0..size);
        prop_assert!(retrieved(Some((first, u64::MAX)), size).is_err());
    }
}
