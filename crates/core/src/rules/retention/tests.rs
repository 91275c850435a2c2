use super::*;

const HOUR: u64 = 3_600_000;

fn at(hours: u64) -> Timestamp {
    Timestamp::from_millis(hours * HOUR)
}

/// One that was made at 100 hours.
fn retention(days: u32, locked: bool) -> Retention {
    Retention {
        id: "one".into(),
        days,
        since: at(100),
        locked,
    }
}

#[test]
fn objects_are_kept_from_their_last_change_on() {
    // (days, locked, written, now, kept)
    let cases = [
        (1, true, 0, 23, true),
        (1, true, 0, 24, false),
        (1, true, 200, 223, true),
        (2, true, 200, 247, true),
        (2, true, 200, 248, false),
        // One that is not locked counts for a day.
        (9, false, 100, 123, true),
        (9, false, 100, 124, false),
        (9, false, 90, 101, true),
    ];
    for (days, locked, written, now, kept) in cases {
        let seen = retention(days, locked).keeps(at(written), at(now));
        assert_eq!(seen, kept, "{days} days, locked {locked}, {written}, {now}");
    }
}

#[test]
fn every_step_in_every_state() {
    use ErrorKind::{InvalidArgument, InvalidRetention, NoSuchRetention, RetentionLocked};
    use RetentionStep::{Abort, Begin, Extend, Lock};
    let (open, locked) = (retention(5, false), retention(5, true));
    let one = || "one".into();
    let longer = Retention {
        days: 6,
        ..locked.clone()
    };
    let new = |days| Retention {
        id: "new".into(),
        days,
        since: at(101),
        locked: false,
    };
    // (state, step, what is there afterwards)
    let cases = [
        (None, Begin(1), Ok(Some(new(1)))),
        (
            None,
            Begin(RETENTION_DAYS_MAX),
            Ok(Some(new(RETENTION_DAYS_MAX))),
        ),
        (None, Begin(0), Err(InvalidArgument)),
        (None, Begin(RETENTION_DAYS_MAX + 1), Err(InvalidArgument)),
        (None, Abort, Err(NoSuchRetention)),
        (None, Lock(one()), Err(NoSuchRetention)),
        (None, Extend(one(), 6), Err(NoSuchRetention)),
        (Some(&open), Begin(1), Err(InvalidRetention)),
        (Some(&open), Abort, Ok(None)),
        (Some(&open), Lock(one()), Ok(Some(locked.clone()))),
        (Some(&open), Lock("two".into()), Err(NoSuchRetention)),
        (Some(&open), Extend(one(), 6), Err(InvalidRetention)),
        (Some(&locked), Begin(1), Err(RetentionLocked)),
        (Some(&locked), Abort, Err(RetentionLocked)),
        (Some(&locked), Lock(one()), Err(RetentionLocked)),
        (Some(&locked), Extend(one(), 6), Ok(Some(longer))),
        (Some(&locked), Extend(one(), 5), Err(InvalidRetention)),
        (
            Some(&locked),
            Extend(one(), RETENTION_DAYS_MAX + 1),
            Err(InvalidArgument),
        ),
        (Some(&locked), Extend("two".into(), 6), Err(NoSuchRetention)),
    ];
    for (state, step, wanted) in cases {
        let seen = after(state, Versioning::Off, &step, "new".into(), at(101));
        assert_eq!(seen.map_err(|e| e.kind()), wanted, "{state:?} {step:?}");
    }
}

#[test]
fn one_that_was_not_locked_in_time_is_as_none() {
    let old = retention(5, false);
    let step = |step| {
        after(Some(&old), Versioning::Off, &step, "new".into(), at(124)).map_err(|e| e.kind())
    };
    assert_eq!(step(RetentionStep::Abort), Err(ErrorKind::NoSuchRetention));
    let lock = RetentionStep::Lock("one".into());
    assert_eq!(step(lock), Err(ErrorKind::NoSuchRetention));
    assert!(step(RetentionStep::Begin(1)).is_ok());
}

#[test]
fn suspended_versioning_takes_none() {
    for (versioning, wanted) in [
        (Versioning::Off, true),
        (Versioning::Enabled, true),
        (Versioning::Suspended, false),
    ] {
        let begin = RetentionStep::Begin(1);
        let seen = after(None, versioning, &begin, "new".into(), at(0));
        assert_eq!(seen.is_ok(), wanted, "{versioning:?}");
    }
}
