//! What clients ask of locks, retentions, quotas and what everybody may, and say beside what a request is about.

use std::time::Duration;

use cohong_core::engine::BucketChange;
use cohong_core::model::{
    Acl, DefaultLock, Grant, Grantee, Kept, Lock, LockMode, LockSpan, Permission, Timestamp,
};
use cohong_core::rules::lock::LockStep;
use cohong_core::rules::retention::RetentionStep;

use super::choose::{Chooser, OWNER, STRANGER};
use crate::sim::model::{At, Bucket, Op, Says, Sealed};

/// Keys that clients have.
const KEYS: [u8; 2] = [1, 2];

impl Chooser<'_> {
    /// What a request says beside what it is about: most often what it takes to succeed.
    pub(super) fn says(&self, op: &Op) -> Says {
        let reads = matches!(op, Op::Get(_) | Op::Copy { .. });
        let strange = self.sim.one_in(if reads { 6 } else { 16 });
        let by = if strange { STRANGER } else { OWNER };
        let says = Says::of(by);
        match op {
            Op::Get(at) => Says {
                key: self.key_to(self.read(at)),
                ..says
            },
            Op::Put { .. } | Op::Create { .. } => self.written(says),
            Op::Append { bucket, key, .. } => match self.current(bucket, key) {
                Some(there) => Says {
                    key: self.key_to(there.sealed),
                    ..says
                },
                None => self.written(says),
            },
            Op::Copy { from, .. } => Says {
                source_key: self.key_to(self.found(from)),
                ..self.written(says)
            },
            Op::Part { bucket, upload, .. } | Op::CopyPart { bucket, upload, .. } => {
                let bucket = self.model.buckets.get(bucket);
                let open = bucket.and_then(|bucket| bucket.uploads.get(upload));
                Says {
                    key: self.key_to(open.map_or(Sealed::No, |open| open.sealed)),
                    source_key: op.source().and_then(|from| self.key_to(self.read(from))),
                    ..says
                }
            }
            Op::Delete(..) | Op::Lock(..) => Says {
                bypass: self.sim.one_in(4),
                ..says
            },
            _ => says,
        }
    }

    /// How something new is encrypted and kept.
    fn written(&self, says: Says) -> Says {
        let key = self.sim.one_in(6).then(|| self.any_key());
        Says {
            key,
            seal: key.is_none() && self.sim.one_in(8),
            lock: self.new_lock(),
            ..says
        }
    }

    fn any_key(&self) -> u8 {
        *self.sim.pick(&KEYS).expect("there are keys")
    }

    /// The key that opens something; seldom another one, or none, or one where none is wanted.
    fn key_to(&self, sealed: Sealed) -> Option<u8> {
        match self.sim.random(24) {
            0 => None,
            1 => Some(self.any_key()),
            _ => sealed.key(),
        }
    }

    fn read(&self, at: &At) -> Sealed {
        let owner = self.model.buckets.get(&at.0).map(|bucket| bucket.owner);
        let found = owner.and_then(|owner| self.model.read(at, owner).ok());
        found.map_or(Sealed::No, |(object, _)| object.sealed)
    }

    fn found(&self, at: &At) -> Sealed {
        let owner = self.model.buckets.get(&at.0).map(|bucket| bucket.owner);
        let found = owner.and_then(|owner| self.model.copied(at, owner).ok());
        found.map_or(Sealed::No, |(object, _)| object.sealed)
    }

    /// What keeps something new: most often nothing.
    fn new_lock(&self) -> Lock {
        match self.sim.random(24) {
            0 => Lock {
                kept: Some(self.kept()),
                held: None,
            },
            1 => Lock {
                kept: None,
                held: Some(self.sim.coin()),
            },
            _ => Lock::default(),
        }
    }

    /// Until a time of the next two days; seldom one that is over.
    fn kept(&self) -> Kept {
        let hours = Duration::from_hours(1 + self.sim.random(48));
        let until = if self.sim.one_in(12) {
            Timestamp::from_millis(self.now.millis() - 1)
        } else {
            self.now.plus(hours)
        };
        Kept {
            mode: self.mode(),
            until,
        }
    }

    fn mode(&self) -> LockMode {
        if self.sim.one_in(3) {
            LockMode::Compliance
        } else {
            LockMode::Governance
        }
    }

    /// A lock of a version, most often of one whose bucket locks some.
    pub(super) fn lock(&self) -> Op {
        let mut at = self.at();
        let locks = |bucket: &String| {
            let found = self.model.buckets.get(bucket);
            found.is_some_and(|bucket| bucket.locks.is_some())
        };
        for _ in 0..3 {
            if !locks(&at.0) {
                at = self.at();
            }
        }
        let step = match self.sim.random(5) {
            0 => LockStep::Hold(true),
            1 => LockStep::Hold(false),
            2 => LockStep::Keep(None),
            _ => LockStep::Keep(Some(self.kept())),
        };
        Op::Lock(at, step)
    }

    /// The default lock of a bucket, which locks objects from then on.
    pub(super) fn locks(&self, bucket: String) -> Op {
        let default = DefaultLock {
            mode: self.mode(),
            span: LockSpan::Days(1),
        };
        let change = BucketChange::Locks {
            default: self.sim.one_in(3).then_some(default),
            versioned: self.sim.coin(),
        };
        Op::Change(bucket, change)
    }

    /// A step of the retention of a bucket; it is seldom locked, since that is for good.
    pub(super) fn retention(&self, bucket: String) -> Op {
        let current = self.model.buckets.get(&bucket);
        let current = current.and_then(|bucket| bucket.retention.as_ref());
        let id = current.map_or_else(|| "none".into(), |one| one.id.clone());
        let days = 1 + u32::try_from(self.sim.random(2)).unwrap_or(0);
        let step = match (self.sim.random(12), current) {
            (0, _) => RetentionStep::Lock(id),
            (1, _) => RetentionStep::Extend(id, days + 1),
            (2..9, Some(_)) | (2, None) => RetentionStep::Abort,
            _ => RetentionStep::Begin(days),
        };
        Op::Change(bucket, BucketChange::Retention(step))
    }

    /// What everybody may, of a bucket or of all of an account.
    pub(super) fn public(&self, bucket: String) -> Op {
        let everybody = Acl {
            grants: vec![Grant {
                grantee: Grantee::AllUsers,
                permission: Permission::Read,
            }],
        };
        let change = match self.sim.random(8) {
            0 => return Op::BlockPublic(self.sim.coin()),
            1 => BucketChange::BlocksPublic(true),
            2 => BucketChange::BlocksPublic(false),
            3 => BucketChange::Acl(Acl::default()),
            _ => BucketChange::Acl(everybody),
        };
        Op::Change(bucket, change)
    }

    /// A quota with some room, or with none; at times no quota any more.
    pub(super) fn quota(&self, bucket: String) -> Op {
        let held = self.model.buckets.get(&bucket).map_or(0, Bucket::held);
        let quota = match self.sim.random(8) {
            0..3 => None,
            3 => Some(held / 2),
            _ => Some(held + self.sim.random(300)),
        };
        Op::Change(bucket, BucketChange::Quota(quota))
    }
}
