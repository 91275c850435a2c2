//! Restoring: objects of some classes are read only for a while, and only after they were asked for.
//! What a restore has come to is computed from its record and the time; nothing has to happen for it to
//! become ready or to end.

use std::time::Duration;

use crate::error::ErrorKind;
use crate::model::{Form, ObjectRecord, Restore, RestoreState, StorageClass, Timestamp};

/// What a request to restore did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// A restore was begun.
    Begun,
    /// The object was restored already and stays so for longer.
    Extended,
}

/// What the restore of an object has come to; `None` when there is none, or when it has ended.
pub fn state(record: &ObjectRecord, now: Timestamp) -> Option<RestoreState> {
    let restore = record.restore.filter(|restore| now < restore.expires_at)?;
    Some(if now < restore.ready_at {
        RestoreState::Running
    } else {
        RestoreState::Until(restore.expires_at)
    })
}

/// Whether the bytes of an object may be read: `NotRestored`. `at_once` says whether those of class
/// `Archive` are read without a restore.
pub fn check_readable(
    record: &ObjectRecord,
    at_once: bool,
    now: Timestamp,
) -> Result<(), ErrorKind> {
    let restored = matches!(state(record, now), Some(RestoreState::Until(_)));
    let open = at_once && record.class == StorageClass::Archive;
    if record.class.is_frozen() && !open && !restored {
        return Err(ErrorKind::NotRestored);
    }
    Ok(())
}

/// Restores an object for a time that begins when it is ready, which takes `delay`. What is restored
/// stays so for that time from now, and never for less than before. `NotArchived` when it needs no restore,
/// `RestoreInProgress`.
pub fn plan(
    record: &ObjectRecord,
    time: Duration,
    delay: Duration,
    now: Timestamp,
) -> Result<(Restore, Accepted), ErrorKind> {
    if !record.class.is_frozen() || matches!(record.form, Form::Symlink(_)) {
        return Err(ErrorKind::NotArchived);
    }
    match (state(record, now), record.restore) {
        (Some(RestoreState::Running), _) => Err(ErrorKind::RestoreInProgress),
        (Some(RestoreState::Until(until)), Some(restore)) => {
            let expires_at = until.max(now.plus(time));
            Ok((
                Restore {
                    expires_at,
                    ..restore
                },
                Accepted::Extended,
            ))
        }
        (Some(RestoreState::Until(_)) | None, _) => {
            let ready_at = now.plus(delay);
            let restore = Restore {
                ready_at,
                expires_at: ready_at.plus(time),
                told: false,
            };
            Ok((restore, Accepted::Begun))
        }
    }
}

/// Ends a restore before its time: `RestoreInProgress` while it runs, `NotRestored` when there is none,
/// `NotArchived` for an object that needs none.
pub fn end(record: &ObjectRecord, now: Timestamp) -> Result<Restore, ErrorKind> {
    if !record.class.is_frozen() || matches!(record.form, Form::Symlink(_)) {
        return Err(ErrorKind::NotArchived);
    }
    match (state(record, now), record.restore) {
        (Some(RestoreState::Running), _) => Err(ErrorKind::RestoreInProgress),
        (Some(RestoreState::Until(_)), Some(restore)) => Ok(Restore {
            expires_at: now,
            ..restore
        }),
        (Some(RestoreState::Until(_)) | None, _) => Err(ErrorKind::NotRestored),
    }
}

/// What is to be told of a restore that somebody is owed the end of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing (any more): it was told, or is no restore.
    Nothing,
    /// Nothing before then.
    Later(Timestamp),
    /// That it has finished; it is to be stored so.
    Now(Restore),
}

/// Whether the end of a restore is to be told now.
pub fn tell(record: Option<&ObjectRecord>, now: Timestamp) -> Told {
    match record.and_then(|record| record.restore) {
        Some(restore) if !restore.told && now < restore.ready_at => Told::Later(restore.ready_at),
        Some(restore) if !restore.told => Told::Now(Restore {
            told: true,
            ..restore
        }),
        Some(_) | None => Told::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountId, Checksums, Etag, ObjectKey, PayloadRef, StoredHeaders};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn record(class: StorageClass, restore: Option<(u64, u64)>) -> ObjectRecord {
        ObjectRecord {
            size: 9,
            etag: Etag::Md5([1; 16]),
            checksums: Checksums::default(),
            payload: PayloadRef::Empty,
            headers: StoredHeaders::default(),
            user_meta: Vec::new(),
            tags: Vec::new(),
            class,
            upload: None,
            owner: AccountId("owner".into()),
            acl: None,
            form: Form::Normal,
            restore: restore.map(|(ready, expires)| Restore {
                ready_at: at(ready),
                expires_at: at(expires),
                told: true,
            }),
            seal: None,
            expires_at: None,
            lock: crate::model::Lock::default(),
            replicated: crate::model::Replicated::No,
            nanos: 0,
        }
    }

    #[test]
    fn a_restore_is_ended_once_it_is_ready() {
        let cold = |restore| record(StorageClass::ColdArchive, restore);
        let ended = |record: &ObjectRecord, now| end(record, at(now));
        assert_eq!(ended(&cold(None), 5), Err(ErrorKind::NotRestored));
        assert_eq!(
            ended(&cold(Some((10, 20))), 5),
            Err(ErrorKind::RestoreInProgress)
        );
        assert_eq!(
            ended(&cold(Some((10, 20))), 20),
            Err(ErrorKind::NotRestored)
        );
        let plain = record(StorageClass::Standard, None);
        assert_eq!(ended(&plain, 5), Err(ErrorKind::NotArchived));
        let mut cold = cold(Some((10, 20)));
        cold.restore = Some(ended(&cold, 15).unwrap());
        assert_eq!(state(&cold, at(15)), None);
        assert!(check_readable(&cold, true, at(15)).is_err());
    }

    #[test]
    fn bytes_can_be_read_between_ready_and_expired() {
        use RestoreState::{Running, Until};
        let restored = Some((10, 20));
        // (restore, now, state)
        let cases = [
            (None, 15, None),
            (restored, 9, Some(Running)),
            (restored, 10, Some(Until(at(20)))),
            (restored, 19, Some(Until(at(20)))),
            (restored, 20, None),
            (restored, 99, None),
        ];
        for (restore, now, wanted) in cases {
            for class in StorageClass::ALL {
                let record = record(class, restore);
                assert_eq!(state(&record, at(now)), wanted, "{restore:?} at {now}");
                let good = !class.is_frozen() || matches!(wanted, Some(Until(_)));
                let readable = check_readable(&record, false, at(now));
                assert_eq!(readable.is_ok(), good, "{class:?} {restore:?} at {now}");
                let readable = check_readable(&record, true, at(now));
                let good = good || class == StorageClass::Archive;
                assert_eq!(readable.is_ok(), good, "{class:?} {restore:?} at {now}");
            }
        }
    }

    #[test]
    fn restores_begin_once_and_are_extended() {
        let cold = StorageClass::ColdArchive;
        // (restore, now, outcome: ready, expires); 7 seconds, ready after 5
        let cases = [
            (None, 1, Ok((6, 13, Accepted::Begun))),
            (Some((10, 20)), 5, Err(ErrorKind::RestoreInProgress)),
            (Some((10, 20)), 12, Ok((10, 20, Accepted::Extended))),
            (Some((10, 20)), 15, Ok((10, 22, Accepted::Extended))),
            (Some((10, 20)), 20, Ok((25, 32, Accepted::Begun))),
        ];
        let (time, delay) = (Duration::from_secs(7), Duration::from_secs(5));
        for (restore, now, wanted) in cases {
            let planned = plan(&record(cold, restore), time, delay, at(now));
            if let Ok((restore, accepted)) = planned {
                assert_eq!(restore.told, accepted == Accepted::Extended);
            }
            let seen = planned.map(|(restore, accepted)| {
                let seconds = |at: Timestamp| at.seconds();
                (
                    seconds(restore.ready_at),
                    seconds(restore.expires_at),
                    accepted,
                )
            });
            assert_eq!(seen, wanted, "{restore:?} at {now}");
        }
    }

    #[test]
    fn the_end_of_a_restore_is_told_once() {
        let told = |now, told| {
            let mut record = record(StorageClass::Archive, Some((10, 20)));
            record.restore = record.restore.map(|restore| Restore { told, ..restore });
            tell(Some(&record), at(now))
        };
        let now = Told::Now(Restore {
            ready_at: at(10),
            expires_at: at(20),
            told: true,
        });
        // (now, whether it was told, what is told)
        let cases = [
            (9, false, Told::Later(at(10))),
            (10, false, now),
            (99, false, now),
            (9, true, Told::Nothing),
            (10, true, Told::Nothing),
        ];
        for (now, before, wanted) in cases {
            assert_eq!(told(now, before), wanted, "at {now}, told {before}");
        }
        let never = record(StorageClass::Archive, None);
        assert_eq!(tell(Some(&never), at(1)), Told::Nothing);
        assert_eq!(tell(None, at(1)), Told::Nothing);
    }

    #[test]
    fn what_is_not_archived_is_not_restored() {
        let link = ObjectRecord {
            form: Form::Symlink(ObjectKey::new("k").unwrap().into()),
            ..record(StorageClass::Archive, None)
        };
        let thawed = StorageClass::ALL
            .into_iter()
            .filter(|class| !class.is_frozen());
        for record in thawed.map(|class| record(class, None)).chain([link]) {
            let planned = plan(&record, Duration::ZERO, Duration::ZERO, at(1));
            assert_eq!(planned, Err(ErrorKind::NotArchived), "{record:?}");
        }
    }
}
