use super::*;
use crate::engine::Cx;
use crate::model::{
    AccessKeyId, AccountId, Acl, Action, Actions, BucketId, BucketName, BucketState, DialectId,
    Effect, LogFields, ObjectKey, Principal, Principals, Replicated, RuleSetVersion, Statement,
    StorageClass,
};
use crate::rules::access::{allow_lock, bypass, known_lock};

const DAY: u64 = 24 * 3_600_000;

fn at(days: u64) -> Timestamp {
    Timestamp::from_millis(days * DAY)
}

fn kept(mode: LockMode, until: u64) -> Kept {
    let until = at(until);
    Kept { mode, until }
}

fn bucket(locks: Option<Locks>, policy: Vec<Statement>) -> Bucket {
    Bucket {
        id: BucketId(1),
        name: BucketName::new("photos").unwrap(),
        owner: AccountId("owner".into()),
        created_at: Timestamp::default(),
        region: "region".into(),
        home: DialectId::S3,
        state: BucketState::Live,
        versioning: Versioning::Enabled,
        acl: Acl::default(),
        default_class: StorageClass::Standard,
        labels: Vec::new(),
        rules: Vec::new(),
        rule_set: RuleSetVersion(0),
        policy,
        requester_pays: false,
        has_cors: false,
        lifecycle: None,
        retention: None,
        encryption: None,
        referers: crate::model::Referers::default(),
        has_website: false,
        has_mirrors: false,
        blocks_public: false,
        account_blocks_public: false,
        reads_archive: false,
        renames: false,
        quota: None,
        domains: Vec::new(),
        tls: None,
        kept: Vec::new(),
        expires: false,
        locks,
        access_log: None,
        log_fields: LogFields::default(),
        access_monitor: None,
        sets: None,
        replicated: Vec::new(),
        kind: crate::model::BucketKind::Flat,
        trash: None,
    }
}

fn locking() -> Bucket {
    bucket(Some(Locks::default()), Vec::new())
}

fn cx(account: &str, bypasses: bool) -> Cx {
    Cx {
        principal: Principal::Account {
            account: AccountId(account.into()),
            key: AccessKeyId("key".into()),
        },
        request_id: "request".into(),
        source: None,
        dialect: DialectId::S3,
        at: at(0),
        secure: true,
        tls: None,
        user_agent: None,
        referer: None,
        pays: false,
        by_link: false,
        bypasses,
        past: crate::model::SyncPast::None,
        encrypting: crate::engine::Encrypting::default(),
    }
}

fn says(effect: Effect, who: &str, action: Action) -> Statement {
    Statement {
        effect,
        principals: Principals::Accounts(vec![AccountId(who.into())]),
        actions: Actions::of([action]),
        resources: vec!["photos/*".into()],
        conditions: Vec::new(),
    }
}

fn key() -> ObjectKey {
    ObjectKey::new("a").unwrap()
}

fn passing() -> Option<Bypass> {
    let passing = bypass(&cx("owner", true), &locking(), &key());
    assert!(passing.is_some());
    passing
}

fn version(lock: Lock) -> ObjectVersion {
    let record = crate::model::ObjectRecord {
        size: 1,
        etag: crate::model::Etag::Md5([1; 16]),
        checksums: crate::model::Checksums::default(),
        payload: crate::model::PayloadRef::Empty,
        headers: crate::model::StoredHeaders::default(),
        user_meta: Vec::new(),
        tags: Vec::new(),
        class: StorageClass::Standard,
        upload: None,
        owner: AccountId("owner".into()),
        acl: None,
        form: crate::model::Form::Normal,
        restore: None,
        seal: None,
        expires_at: None,
        lock,
        replicated: Replicated::No,
        nanos: 0,
    };
    ObjectVersion {
        id: crate::model::VersionId(1),
        is_null: false,
        written_at: at(0),
        kind: crate::model::VersionKind::Object(Box::new(record)),
    }
}

#[test]
fn what_a_lock_forbids() {
    use LockMode::{Compliance, Governance};
    // (mode, held, day, passed over, whether it may go); the version is kept until day 5.
    let cases = [
        (None, false, 0, false, true),
        (None, true, 0, false, false),
        (None, true, 0, true, false),
        (Some(Governance), false, 4, false, false),
        (Some(Governance), false, 4, true, true),
        (Some(Governance), false, 5, false, true),
        (Some(Governance), true, 4, true, false),
        (Some(Governance), true, 5, true, false),
        (Some(Compliance), false, 4, false, false),
        (Some(Compliance), false, 4, true, false),
        (Some(Compliance), false, 5, false, true),
        (Some(Compliance), true, 5, false, false),
    ];
    for (mode, held, day, passes, may) in cases {
        let kept = mode.map(|mode| kept(mode, 5));
        let bypass = if passes { passing() } else { None };
        let held_too = Some(held);
        let lock = Lock {
            kept,
            held: held_too,
        };
        let checked = check(&version(lock), bypass, at(day));
        let found = checked.map_err(|error| error.kind());
        let wanted = if may {
            Ok(())
        } else {
            Err(ErrorKind::Retained)
        };
        assert_eq!(
            found, wanted,
            "{mode:?}, held {held}, day {day}, passes {passes}"
        );
    }
}

#[test]
fn every_step_of_every_lock() {
    use ErrorKind::{InvalidArgument, Retained};
    use LockMode::{Compliance, Governance};
    let (g, c) = (
        |until| kept(Governance, until),
        |until| kept(Compliance, until),
    );
    // It is day 2. (what keeps it, what is asked, without the right to pass, with it)
    let cases = [
        (None, Some(g(3)), None, None),
        (None, Some(c(3)), None, None),
        (None, None, None, None),
        (
            None,
            Some(g(2)),
            Some(InvalidArgument),
            Some(InvalidArgument),
        ),
        (Some(g(5)), Some(g(5)), None, None),
        (Some(g(5)), Some(g(6)), None, None),
        (Some(g(5)), Some(g(4)), Some(Retained), None),
        (Some(g(5)), None, Some(Retained), None),
        (Some(g(5)), Some(c(6)), Some(Retained), None),
        (
            Some(g(5)),
            Some(g(1)),
            Some(InvalidArgument),
            Some(InvalidArgument),
        ),
        (Some(g(2)), None, None, None),
        (Some(g(2)), Some(c(3)), None, None),
        (Some(c(5)), Some(c(5)), None, None),
        (Some(c(5)), Some(c(6)), None, None),
        (Some(c(5)), Some(c(4)), Some(Retained), Some(Retained)),
        (Some(c(5)), Some(g(9)), Some(Retained), Some(Retained)),
        (Some(c(5)), None, Some(Retained), Some(Retained)),
        (Some(c(2)), None, None, None),
    ];
    for (old, new, plain, passed) in cases {
        for held in [None, Some(true)] {
            let current = Lock { kept: old, held };
            for (bypass, wanted) in [(None, plain), (passing(), passed)] {
                let step = LockStep::Keep(new);
                let found = after(&locking(), current, step, bypass, at(2));
                let found = found.map_err(|error| error.kind());
                let wanted = wanted.map_or(Ok(Lock { kept: new, held }), Err);
                assert_eq!(
                    found,
                    wanted,
                    "{old:?} to {new:?}, passes {}",
                    bypass.is_some()
                );
            }
        }
    }
    for held in [false, true] {
        let current = Lock {
            kept: Some(c(5)),
            held: Some(!held),
        };
        let found = after(&locking(), current, LockStep::Hold(held), None, at(2)).unwrap();
        assert_eq!(
            found,
            Lock {
                held: Some(held),
                ..current
            }
        );
    }
}

#[test]
fn new_versions_are_kept_as_they_or_their_bucket_say() {
    let default = |span| {
        let mode = LockMode::Governance;
        bucket(
            Some(Locks {
                default: Some(DefaultLock { mode, span }),
            }),
            Vec::new(),
        )
    };
    let asked = Lock {
        kept: Some(kept(LockMode::Compliance, 3)),
        held: None,
    };
    let held = Lock {
        kept: None,
        held: Some(true),
    };
    let of = |bucket: &Bucket, lock| of_new(bucket, lock, at(1)).map_err(|error| error.kind());
    let until = |day| Some(kept(LockMode::Governance, day));
    assert_eq!(of(&locking(), Lock::default()), Ok(Lock::default()));
    assert_eq!(of(&locking(), asked), Ok(asked));
    let days = default(LockSpan::Days(2));
    assert_eq!(of(&days, Lock::default()).unwrap().kept, until(3));
    assert_eq!(of(&days, asked), Ok(asked));
    assert_eq!(
        of(&days, held),
        Ok(Lock {
            kept: until(3),
            held: Some(true)
        })
    );
    let years = default(LockSpan::Years(2));
    assert_eq!(of(&years, Lock::default()).unwrap().kept, until(731));
    let plain = bucket(None, Vec::new());
    assert_eq!(of(&plain, Lock::default()), Ok(Lock::default()));
    for lock in [asked, held] {
        assert_eq!(of(&plain, lock), Err(ErrorKind::LockUnsupported));
    }
    let check = |day| check_new(&locking(), asked, at(day)).map_err(|error| error.kind());
    assert_eq!(check(2), Ok(()));
    assert_eq!(check(3), Err(ErrorKind::InvalidArgument));
    let step = after(&plain, Lock::default(), LockStep::Hold(true), None, at(0));
    assert_eq!(
        step.map_err(|error| error.kind()),
        Err(ErrorKind::LockUnsupported)
    );
}

#[test]
fn which_buckets_lock_objects() {
    use ErrorKind::{InvalidBucketState, InvalidRetention};
    use LockSpan::{Days, Years};
    // (versioning, whether it must be enabled, default, refused with)
    let cases = [
        (Versioning::Enabled, true, None, None),
        (Versioning::Off, true, None, Some(InvalidBucketState)),
        (Versioning::Off, false, None, None),
        (Versioning::Suspended, true, None, Some(InvalidBucketState)),
        (Versioning::Suspended, false, None, Some(InvalidBucketState)),
        (
            Versioning::Enabled,
            true,
            Some(Days(0)),
            Some(InvalidRetention),
        ),
        (Versioning::Enabled, true, Some(Days(1)), None),
        (Versioning::Enabled, true, Some(Days(36_500)), None),
        (
            Versioning::Enabled,
            true,
            Some(Days(36_501)),
            Some(InvalidRetention),
        ),
        (
            Versioning::Enabled,
            true,
            Some(Years(0)),
            Some(InvalidRetention),
        ),
        (Versioning::Enabled, true, Some(Years(100)), None),
        (
            Versioning::Enabled,
            true,
            Some(Years(101)),
            Some(InvalidRetention),
        ),
    ];
    for (versioning, versioned, span, refused) in cases {
        let mode = LockMode::Compliance;
        let default = span.map(|span| DefaultLock { mode, span });
        let found = enabled(versioning, versioned, default).map_err(|error| error.kind());
        let wanted = refused.map_or(Ok(Locks { default }), Err);
        assert_eq!(found, wanted, "{versioning:?} {versioned} {span:?}");
    }
}

#[test]
fn who_may_pass_over_and_lock() {
    use Effect::{Allow, Deny};
    let rights = |policy: &[Statement], who: &str, asks: bool| {
        let bucket = bucket(Some(Locks::default()), policy.to_vec());
        bypass(&cx(who, asks), &bucket, &key()).is_some()
    };
    let allowed = says(Allow, "other", Action::BypassRetention);
    let denied = says(Deny, "owner", Action::BypassRetention);
    let denied_other = says(Deny, "other", Action::BypassRetention);
    assert!(rights(&[], "owner", true));
    assert!(!rights(&[], "owner", false));
    assert!(!rights(&[], "other", true));
    assert!(rights(std::slice::from_ref(&allowed), "other", true));
    assert!(!rights(&[denied], "owner", true));
    assert!(!rights(&[allowed, denied_other], "other", true));
    let keeps = Lock {
        kept: Some(kept(LockMode::Governance, 9)),
        held: None,
    };
    let holds = Lock {
        kept: None,
        held: Some(true),
    };
    // (right of another account, lock, whether it may set it)
    let cases = [
        (Action::WriteObject, keeps, false),
        (Action::WriteObject, holds, false),
        (Action::WriteObject, Lock::default(), true),
        (Action::WriteObjectRetention, keeps, true),
        (Action::WriteObjectRetention, holds, false),
        (Action::WriteLegalHold, holds, true),
        (Action::WriteLegalHold, keeps, false),
    ];
    for (action, lock, may) in cases {
        let bucket = bucket(Some(Locks::default()), vec![says(Allow, "other", action)]);
        let set = allow_lock(&cx("other", false), &bucket, &key(), lock);
        assert_eq!(set.is_ok(), may, "{action:?} {lock:?}");
    }
    let both = Lock {
        kept: keeps.kept,
        held: Some(true),
    };
    let told = |policy: &[Statement], who: &str| {
        let bucket = bucket(Some(Locks::default()), policy.to_vec());
        known_lock(
            &cx(who, false),
            &bucket,
            super::super::access::On::Key(&key()),
            both,
        )
    };
    assert_eq!(told(&[], "owner"), both);
    assert_eq!(told(&[], "other"), Lock::default());
    let reads = says(Allow, "other", Action::ReadObjectRetention);
    assert_eq!(told(&[reads], "other"), keeps);
}
