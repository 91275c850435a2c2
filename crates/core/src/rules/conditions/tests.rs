use proptest::prelude::*;

use super::*;

const WRITTEN: Timestamp = Timestamp::from_millis(10_900);
const ETAG: Etag = Etag::Md5([0xab; 16]);
const VERSIONING: [Versioning; 3] = [Versioning::Off, Versioning::Enabled, Versioning::Suspended];
const TAG: &str = "abababababababababababababababab";

fn one(tag: &str) -> ETagMatch {
    ETagMatch::OneOf(vec!["other".into(), tag.into()])
}

fn at(second: u64) -> Timestamp {
    Timestamp::from_millis(second * 1000)
}

fn case(
    if_match: Option<ETagMatch>,
    if_none_match: Option<ETagMatch>,
    if_modified_since: Option<Timestamp>,
    if_unmodified_since: Option<Timestamp>,
) -> Conditions {
    Conditions {
        if_match,
        if_none_match,
        no_overwrite: false,
        if_modified_since,
        if_unmodified_since,
    }
}

#[test]
fn conditions_on_a_version_that_exists() {
    use ErrorKind::{NotModified, ObjectExists, PreconditionFailed};
    let any = || Some(ETagMatch::Any);
    let failed = Err(PreconditionFailed);
    let same = Err(NotModified);
    // (conditions, read, write)
    let cases = [
        (Conditions::default(), Ok(()), Ok(())),
        (case(any(), None, None, None), Ok(()), Ok(())),
        (case(Some(one(TAG)), None, None, None), Ok(()), Ok(())),
        (
            case(Some(one(&TAG.to_uppercase())), None, None, None),
            Ok(()),
            Ok(()),
        ),
        (case(Some(one("cd")), None, None, None), failed, failed),
        (case(None, any(), None, None), same, Err(ObjectExists)),
        (case(None, Some(one(TAG)), None, None), same, failed),
        (case(None, Some(one("cd")), None, None), Ok(()), Ok(())),
        // Written at 10.9 s, which clients know as 10 s.
        (case(None, None, Some(at(9)), None), Ok(()), Ok(())),
        (case(None, None, Some(at(10)), None), same, failed),
        (case(None, None, Some(at(11)), None), same, failed),
        (case(None, None, None, Some(at(9))), failed, failed),
        (case(None, None, None, Some(at(10))), Ok(()), Ok(())),
        (case(None, None, None, Some(at(11))), Ok(()), Ok(())),
        // An etag condition replaces the date condition of its sense.
        (
            case(Some(one(TAG)), None, None, Some(at(9))),
            Ok(()),
            Ok(()),
        ),
        (
            case(Some(one("cd")), None, None, Some(at(11))),
            failed,
            failed,
        ),
        (
            case(None, Some(one("cd")), Some(at(11)), None),
            Ok(()),
            Ok(()),
        ),
        (case(None, Some(one(TAG)), Some(at(9)), None), same, failed),
        // The demanding conditions speak first.
        (
            case(Some(one("cd")), Some(one(TAG)), None, None),
            failed,
            failed,
        ),
        (
            case(Some(one(TAG)), Some(one(TAG)), None, None),
            same,
            failed,
        ),
        (
            case(None, any(), None, Some(at(9))),
            failed,
            Err(ObjectExists),
        ),
    ];
    for (conditions, read, write) in cases {
        let current = Some((&ETAG, WRITTEN));
        assert_eq!(check_read(&conditions, current), read, "{conditions:?}");
        for versioning in VERSIONING {
            let found = check_write(&conditions, versioning, current);
            assert_eq!(found, write, "{conditions:?}");
        }
        assert_eq!(
            check_part_source(&conditions, current),
            read.map_err(|_| PreconditionFailed),
            "{conditions:?}"
        );
    }
}

#[test]
fn conditions_on_nothing() {
    let failed = Err(ErrorKind::PreconditionFailed);
    let cases = [
        (Conditions::default(), Ok(())),
        (case(Some(ETagMatch::Any), None, None, None), failed),
        (case(Some(one(TAG)), None, None, None), failed),
        (case(None, Some(ETagMatch::Any), None, None), Ok(())),
        (case(None, Some(one(TAG)), None, None), Ok(())),
        (case(None, None, Some(at(9)), None), Ok(())),
        (case(None, None, None, Some(at(11))), failed),
    ];
    for (conditions, wanted) in cases {
        let found = check_write(&conditions, Versioning::Off, None);
        assert_eq!(found, wanted, "{conditions:?}");
    }
}

#[test]
fn overwriting_is_forbidden_only_where_it_would_lose_something() {
    let conditions = Conditions {
        no_overwrite: true,
        ..Conditions::default()
    };
    for versioning in VERSIONING {
        assert_eq!(check_write(&conditions, versioning, None), Ok(()));
        let wanted = match versioning {
            Versioning::Off => Err(ErrorKind::ObjectExists),
            Versioning::Enabled | Versioning::Suspended => Ok(()),
        };
        let current = Some((&ETAG, WRITTEN));
        assert_eq!(check_write(&conditions, versioning, current), wanted);
        assert_eq!(check_read(&conditions, current), Ok(()));
    }
}

#[test]
fn etags_of_uploads_compare_with_their_count() {
    let etag = Etag::Parts {
        digest: [0xab; 16],
        count: 3,
    };
    let check = |tag: &str| {
        check_read(
            &case(Some(one(tag)), None, None, None),
            Some((&etag, WRITTEN)),
        )
    };
    assert_eq!(check(&format!("{TAG}-3")), Ok(()));
    assert_eq!(check(TAG), Err(ErrorKind::PreconditionFailed));
}

fn tag_match() -> impl Strategy<Value = Option<ETagMatch>> {
    proptest::option::of(prop_oneof![
        Just(ETagMatch::Any),
        Just(ETagMatch::OneOf(vec![TAG.into()])),
        Just(ETagMatch::OneOf(vec!["cd".into()])),
        Just(ETagMatch::OneOf(Vec::new())),
    ])
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let date = || proptest::option::of((0..20_u64).prop_map(|s| Timestamp::from_millis(s * 1000)));
    (tag_match(), tag_match(), date(), date()).prop_map(|(a, b, c, d)| case(a, b, c, d))
}

proptest! {
    /// Only two answers depend on who asks; whether the request goes on does not.
    #[test]
    fn reads_copies_and_writes_agree(conditions in conditions(), exists: bool) {
        let current = exists.then_some((&ETAG, WRITTEN));
        let read = check_read(&conditions, current);
        let write = check_write(&conditions, Versioning::Enabled, current);
        prop_assert_eq!(read.is_ok(), write.is_ok());
        prop_assert_eq!(read.is_ok(), check_part_source(&conditions, current).is_ok());
    }

    /// Writing later never makes an unmodified-since condition hold, nor a modified-since one fail.
    #[test]
    fn dates_are_monotonic(conditions in conditions(), early in 0..20_000_u64, more in 0..5_000_u64) {
        let check = |millis| check_read(
            &Conditions { if_match: None, if_none_match: None, ..conditions.clone() },
            Some((&ETAG, Timestamp::from_millis(millis))),
        );
        let order = |result| match result {
            Err(ErrorKind::NotModified) => 0,
            Ok(()) => 1,
            _ => 2,
        };
        prop_assert!(order(check(early)) <= order(check(early + more)));
    }
}
