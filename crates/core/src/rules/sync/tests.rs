use super::*;
use crate::engine::Secret;
use crate::model::{BucketName, ObjectKey, StorageClass, SyncSource, SyncStage};

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn source(size: u64, modified: u64) -> SourceObject {
    SourceObject {
        size,
        etag: None,
        modified: at(modified),
        digests: SourceDigests::default(),
        headers: StoredHeaders {
            content_type: Some("text/plain".into()),
            content_encoding: Some("br".into()),
            cache_control: Some("no-cache".into()),
            ..StoredHeaders::default()
        },
        user_meta: vec![("who".into(), "公行".into())],
        class: StorageClass::Infrequent,
        archived: false,
    }
}

fn with(size: u64, modified: u64, digests: SourceDigests) -> SourceObject {
    SourceObject {
        digests,
        ..source(size, modified)
    }
}

fn crc(crc64: u64) -> SourceDigests {
    SourceDigests {
        crc64: Some(crc64),
        ..SourceDigests::default()
    }
}

fn md5(md5: u8) -> SourceDigests {
    SourceDigests {
        md5: Some([md5; 16]),
        ..SourceDigests::default()
    }
}

/// Something of 10 bytes, CRC-64 7 and MD5 1, written at 5.9 s.
fn there(etag: Etag) -> There {
    There {
        size: 10,
        etag,
        written_at: at(5900),
        crc64: 7,
    }
}

#[test]
fn what_is_copied() {
    use ContentCheck::{Crc64, None as Nothing, SizeAndTime};
    use Overwrite::{Always, Never, NewerOrOtherSize, OtherCrc64};
    let none = SourceDigests::default();
    let same = with(10, 5000, none);
    let cases: [(Overwrite, ContentCheck, SourceObject, bool); 18] = [
        (Never, SizeAndTime, with(11, 9000, crc(8)), false),
        (Always, SizeAndTime, with(10, 1000, crc(7)), true),
        (NewerOrOtherSize, SizeAndTime, same.clone(), false),
        (NewerOrOtherSize, SizeAndTime, with(10, 5999, none), false),
        (NewerOrOtherSize, SizeAndTime, with(10, 6000, none), true),
        (NewerOrOtherSize, SizeAndTime, with(11, 5000, none), true),
        (NewerOrOtherSize, Nothing, same.clone(), false),
        (NewerOrOtherSize, SizeAndTime, with(10, 5000, md5(1)), false),
        (NewerOrOtherSize, SizeAndTime, with(10, 5000, md5(2)), true),
        (NewerOrOtherSize, SizeAndTime, with(10, 5000, crc(8)), false),
        (NewerOrOtherSize, Crc64, with(10, 5000, crc(8)), true),
        (NewerOrOtherSize, Crc64, with(10, 9000, crc(7)), false),
        (NewerOrOtherSize, Crc64, with(10, 9000, none), true),
        (OtherCrc64, SizeAndTime, with(10, 9000, crc(7)), false),
        (OtherCrc64, SizeAndTime, with(10, 1000, crc(8)), true),
        (OtherCrc64, SizeAndTime, same, false),
        (OtherCrc64, SizeAndTime, with(10, 6000, none), true),
        (OtherCrc64, Nothing, with(10, 5000, crc(8)), true),
    ];
    for (overwrite, check, source, wanted) in cases {
        let there = there(Etag::Md5([1; 16]));
        let decided = wants_copy(overwrite, check, &source, Some(&there));
        assert_eq!(decided, wanted, "{overwrite:?} {check:?} {source:?}");
        let decided = wants_copy(overwrite, check, &source, None);
        assert!(decided, "what is not there is copied: {overwrite:?}");
    }
    let parts = Etag::Parts {
        digest: [2; 16],
        count: 2,
    };
    let source = with(10, 5000, md5(2));
    let decided = wants_copy(NewerOrOtherSize, SizeAndTime, &source, Some(&there(parts)));
    assert!(!decided, "the etag of parts says nothing of the bytes");
}

#[test]
fn what_is_written_to_another_store() {
    use ContentCheck::SizeAndTime;
    use Overwrite::{Always, Never, NewerOrOtherSize, OtherCrc64};
    let none = SourceDigests::default();
    // Something of 10 bytes that was written at 5 s.
    let cases = [
        // The same bytes, whatever the dates and the mode.
        (Always, with(10, 9000, crc(7)), crc(7), false),
        (NewerOrOtherSize, with(10, 9000, md5(1)), md5(1), false),
        // Nothing to compare but dates and sizes.
        (NewerOrOtherSize, with(10, 9000, crc(7)), md5(1), true),
        (NewerOrOtherSize, with(10, 5000, crc(7)), none, false),
        (NewerOrOtherSize, with(11, 5000, crc(7)), crc(7), true),
        (NewerOrOtherSize, with(10, 5000, md5(2)), md5(1), true),
        (OtherCrc64, with(10, 5000, crc(8)), crc(7), true),
        (OtherCrc64, with(10, 5000, crc(8)), none, false),
        (OtherCrc64, with(10, 6000, crc(8)), none, true),
        (Never, with(11, 9000, crc(8)), crc(7), false),
    ];
    for (overwrite, ours, digests, wanted) in cases {
        let there = with(10, 5000, digests);
        let decided = wants_copy_there(overwrite, SizeAndTime, &ours, Some(&there));
        assert_eq!(decided, wanted, "{overwrite:?} {ours:?} {there:?}");
        assert!(wants_copy_there(overwrite, SizeAndTime, &ours, None));
    }
}

#[test]
fn what_is_checked() {
    let source = with(1, 1, crc(3));
    let none = SourceDigests::default();
    let cases = [
        (ContentCheck::SizeAndTime, (crc(3), Checked::Digest)),
        (ContentCheck::Crc64, (crc(3), Checked::Digest)),
        (ContentCheck::None, (none, Checked::Size)),
    ];
    for (check, wanted) in cases {
        assert_eq!(expected(check, &source), wanted);
        let bare = expected(check, &super::tests::source(1, 1));
        assert_eq!(bare, (none, Checked::Size));
    }
}

fn settings() -> SyncSettings {
    SyncSettings {
        source: SyncSource {
            cloud: "cloud".into(),
            region: "here".into(),
            bucket: "from".into(),
            prefix: "".into(),
        },
        out: false,
        scope: SyncScope::Told,
        since: None,
        bucket: BucketName::new("into").unwrap(),
        into: "".into(),
        description: "".into(),
        metadata: false,
        restore: false,
        class: None,
        overwrite: Overwrite::Always,
        check: ContentCheck::None,
        deletes: false,
        lists: false,
        bandwidth: Vec::new(),
        labels: Vec::new(),
    }
}

#[test]
fn what_a_copy_carries() {
    let source = source(1, 1);
    let some = carried(&settings(), &source);
    assert_eq!(some.headers.content_type.as_deref(), Some("text/plain"));
    assert_eq!(some.headers.content_encoding.as_deref(), Some("br"));
    assert_eq!(some.headers.cache_control, None);
    assert!(some.user_meta.is_empty());
    assert_eq!(some.class, Some(StorageClass::Infrequent));
    let all = SyncSettings {
        metadata: true,
        class: Some(StorageClass::Standard),
        ..settings()
    };
    let all = carried(&all, &source);
    assert_eq!(all.headers, source.headers);
    assert_eq!(all.user_meta, source.user_meta);
    assert_eq!(all.class, Some(StorageClass::Standard));
}

#[test]
fn every_request_has_one_outcome() {
    let outcomes = [
        (
            SyncOutcome::Success {
                bytes: 9,
                checked: Checked::Size,
            },
            (1, 0, 2, 9),
        ),
        (SyncOutcome::Skip { size: 9 }, (0, 0, 3, 0)),
        (
            SyncOutcome::Failure {
                stage: SyncStage::Read,
                why: "".into(),
            },
            (0, 3, 0, 0),
        ),
    ];
    for (outcome, (success, failure, skip, bytes)) in outcomes {
        let wanted = SyncCounts {
            requests: 0,
            success,
            failure,
            skip,
            bytes,
        };
        assert_eq!(counts_of(&outcome, 3), wanted);
    }
}

#[test]
fn settings_and_credentials_have_limits() {
    assert!(check_settings(&settings()).is_ok());
    let long: Box<str> = "x".repeat(SYNC_TEXT_BYTES_MAX + 1).into();
    let described = SyncSettings {
        description: long.clone(),
        ..settings()
    };
    assert!(check_settings(&described).is_err());
    for n in 0..4 {
        let mut settings = settings();
        let source = &mut settings.source;
        let texts = [
            &mut source.cloud,
            &mut source.region,
            &mut source.bucket,
            &mut source.prefix,
        ];
        *texts.into_iter().nth(n).unwrap() = long.clone();
        assert!(check_settings(&settings).is_err(), "{n}");
    }
    let keys = |len: usize| SourceCredentials {
        access: "a".into(),
        secret: Secret::new(&"s".repeat(len)),
        token: None,
    };
    assert!(check_credentials(&keys(SYNC_SECRET_BYTES_MAX)).is_ok());
    assert!(check_credentials(&keys(SYNC_SECRET_BYTES_MAX + 1)).is_err());
}

#[test]
fn parts_are_as_large_as_their_number_demands() {
    assert_eq!(part_size(1, 100), 100);
    let most = 100 * u64::from(PARTS_MAX);
    assert_eq!(part_size(most, 100), 100);
    assert_eq!(part_size(most + 1, 100), 101);
}

#[test]
fn a_copy_goes_on_only_while_the_source_is_the_same() {
    let mut source = source(9, 5000);
    source.etag = Some("a".into());
    let resume = SyncResume {
        upload: crate::model::UploadId([1; 16]),
        key: ObjectKey::new("k").unwrap(),
        etag: source.etag.clone(),
        modified: source.modified,
        size: source.size,
        part_size: 3,
    };
    assert!(goes_on(&resume, &source));
    let others: [fn(&mut SourceObject); 3] = [
        |source| source.etag = Some("b".into()),
        |source| source.modified = at(6000),
        |source| source.size = 10,
    ];
    for change in others {
        let mut other = source.clone();
        change(&mut other);
        assert!(!goes_on(&resume, &other));
    }
}

#[test]
fn keys_are_tried_four_to_eight_times_within_ninety_seconds() {
    for longest in [false, true] {
        let below = |bound: u64| if longest { bound - 1 } else { 0 };
        for asked in [
            None,
            Some(Duration::from_secs(20)),
            Some(Duration::from_hours(1)),
        ] {
            let mut since = Duration::ZERO;
            let mut tries = 1;
            let mut before = Duration::ZERO;
            loop {
                let failed = Tried {
                    tries,
                    since,
                    asked,
                    restoring: false,
                };
                let Some(pause) = pause(failed, below) else {
                    break;
                };
                assert!(asked.is_some() || pause > before, "pauses grow");
                assert!(pause >= asked.unwrap_or_default().min(PAUSE_MAX));
                before = pause;
                since += pause;
                tries += 1;
            }
            assert!((4..=8).contains(&tries), "{tries} tries");
            assert!(since <= TRIED_MAX, "{since:?}");
        }
    }
}

#[test]
fn a_restore_is_waited_for_three_minutes() {
    let mut since = Duration::ZERO;
    let mut looks = 0;
    let failed = |since| Tried {
        tries: 1,
        since,
        asked: None,
        restoring: true,
    };
    while let Some(pause) = pause(failed(since), |_| 0) {
        since += pause;
        looks += 1;
    }
    assert_eq!(since, RESTORED_MAX);
    assert_eq!(looks, 18);
}

#[test]
fn spans_begin_at_multiples_of_five_minutes() {
    for (millis, start) in [(0, 0), (299_999, 0), (300_000, 300_000), (900_001, 900_000)] {
        assert_eq!(span_of(at(millis)), at(start));
    }
}
