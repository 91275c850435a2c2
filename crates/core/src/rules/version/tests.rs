//! What acts do to versions: a table, and histories compared with a naive model.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::model::{
    AccessKeyId, BlobId, Checksums, Etag, Extent, PayloadId, PayloadRef, Place, Principal,
    Replicated, StorageClass, StoredHeaders,
};
use crate::rules::access::allow_account;

const OFF: Versioning = Versioning::Off;
const ON: Versioning = Versioning::Enabled;
const SUSPENDED: Versioning = Versioning::Suspended;

fn owner() -> AccountId {
    AccountId("owner".into())
}

fn permit() -> Permit {
    let principal = Principal::Account {
        account: owner(),
        key: AccessKeyId("key".into()),
    };
    let (permit, _) = allow_account(&principal).unwrap();
    permit
}

/// An object whose bytes can be told from those of other writes.
fn object(n: u8) -> Box<ObjectRecord> {
    let payload = PayloadId([n; 16]);
    Box::new(ObjectRecord {
        size: 1,
        etag: Etag::Md5([n; 16]),
        checksums: Checksums::default(),
        payload: PayloadRef::One {
            id: payload,
            extent: Extent {
                at: Place::Hot(BlobId { payload, n: 0 }),
                offset: 0,
                len: 1,
            },
        },
        headers: StoredHeaders::default(),
        user_meta: Vec::new(),
        tags: Vec::new(),
        class: StorageClass::Standard,
        upload: None,
        owner: owner(),
        acl: None,
        form: crate::model::Form::Normal,
        restore: None,
        seal: None,
        expires_at: None,
        lock: crate::model::Lock::default(),
        replicated: Replicated::No,
        nanos: 0,
    })
}

fn delete(choice: VersionChoice) -> Act {
    Act::Delete {
        choice,
        by: owner(),
    }
}

/// A key as a store holds it.
#[derive(Clone, Debug, Default)]
struct Stored {
    current: Option<CurrentRecord>,
    others: BTreeMap<VersionId, ObjectVersion>,
}

impl Stored {
    /// Carries an act out as the engine does, checking that the plan fits what is stored.
    fn act(&mut self, versioning: Versioning, act: Act, clock: u64) -> Option<Plan> {
        let looked = match look(versioning, self.current.as_ref(), &act) {
            Look::Nowhere => None,
            Look::At(id) => self.others.get(&id).cloned(),
            Look::Newest => self.others.last_key_value().map(|(_, v)| v.clone()),
        };
        let stamp = Stamp {
            id: VersionId(clock),
            at: Timestamp::from_millis(clock),
        };
        let plan = plan(
            permit(),
            versioning,
            self.current.clone(),
            looked,
            act,
            stamp,
        )?;
        if let Some(id) = plan.leaves {
            assert!(
                self.others.remove(&id).is_some(),
                "leaves without having been there"
            );
        }
        if let Some(joins) = &plan.joins {
            let before = self.others.insert(joins.id, joins.clone());
            assert_eq!(before, None, "joins over another");
        }
        self.current.clone_from(&plan.current);
        Some(plan)
    }

    /// All versions, newest first.
    fn versions(&self) -> Vec<ObjectVersion> {
        let current = self.current.iter().map(|record| record.version.clone());
        current.chain(self.others.values().rev().cloned()).collect()
    }

    /// A short picture: `o` object, `m` marker; `0` null, `v` with an id; newest first.
    fn picture(&self) -> String {
        let one = |v: &ObjectVersion| {
            let kind = if v.object().is_some() { "o" } else { "m" };
            format!("{kind}{}", if v.is_null { "0" } else { "v" })
        };
        let all: Vec<String> = self.versions().iter().map(one).collect();
        all.join(" ")
    }
}

/// What a step of a table does.
#[derive(Clone, Copy)]
enum Do {
    Put,
    Delete,
    DeleteNull,
    /// The n-th version, newest first, by its id.
    DeleteAt(usize),
}

#[test]
fn acts_by_versioning() {
    use Do::{Delete, DeleteAt, DeleteNull, Put};
    let cases: [(&[(Versioning, Do)], &str); 22] = [
        (&[(OFF, Put)], "o0"),
        (&[(OFF, Put), (OFF, Put)], "o0"),
        (&[(OFF, Put), (OFF, Delete)], ""),
        (&[(OFF, Put), (OFF, DeleteNull)], ""),
        (&[(OFF, Put), (OFF, DeleteAt(0))], "o0"),
        (&[(OFF, Delete)], ""),
        (&[(OFF, Put), (ON, Put)], "ov o0"),
        (&[(OFF, Put), (ON, Delete)], "mv o0"),
        (&[(ON, Delete)], "mv"),
        (&[(ON, Delete), (ON, Delete)], "mv mv"),
        (&[(ON, Put), (ON, Put), (ON, DeleteAt(0))], "ov"),
        (&[(ON, Put), (ON, Put), (ON, DeleteAt(1))], "ov"),
        (&[(ON, Put), (ON, Delete), (ON, DeleteAt(0))], "ov"),
        (&[(ON, Put), (ON, Delete), (ON, DeleteAt(1))], "mv"),
        (&[(ON, Put), (ON, DeleteAt(0))], ""),
        (&[(ON, Put), (ON, DeleteNull)], "ov"),
        (&[(ON, Put), (SUSPENDED, Put)], "o0 ov"),
        (&[(OFF, Put), (ON, Put), (SUSPENDED, Put)], "o0 ov"),
        (&[(OFF, Put), (ON, Put), (SUSPENDED, Delete)], "m0 ov"),
        (&[(ON, Put), (SUSPENDED, Put), (SUSPENDED, Delete)], "m0 ov"),
        (&[(SUSPENDED, Delete), (SUSPENDED, Delete)], "m0"),
        (&[(OFF, Put), (ON, Put), (ON, DeleteNull)], "ov"),
    ];
    for (steps, wanted) in cases {
        let mut key = Stored::default();
        for (n, (versioning, step)) in (1..).zip(steps) {
            let act = match step {
                Put => Act::Write(object(n)),
                Delete => delete(VersionChoice::Current),
                DeleteNull => delete(VersionChoice::Null),
                DeleteAt(i) => delete(VersionChoice::Id(key.versions()[*i].id)),
            };
            key.act(*versioning, act, u64::from(n));
        }
        assert_eq!(key.picture(), wanted);
    }
}

#[test]
fn what_is_said_of_an_act() {
    let mut key = Stored::default();
    assert_eq!(key.act(OFF, delete(VersionChoice::Current), 1), None);
    let put = key.act(OFF, Act::Write(object(1)), 2).unwrap();
    assert_eq!(
        put.change,
        Change::Written(VersionId(2), VersionTag::Unversioned)
    );
    let put = key.act(ON, Act::Write(object(2)), 3).unwrap();
    assert_eq!(
        put.change,
        Change::Written(VersionId(3), VersionTag::Id(VersionId(3)))
    );
    let marked = key
        .act(ON, delete(VersionChoice::Current), 4)
        .unwrap()
        .change;
    assert_eq!(marked, Change::Marked(VersionTag::Id(VersionId(4))));
    assert_eq!(marked.of_delete().0, EventKind::RemovedMarker);
    let named = delete(VersionChoice::Id(VersionId(4)));
    let removed = key.act(ON, named.clone(), 5).unwrap().change;
    let version = VersionTag::Id(VersionId(4));
    assert_eq!(
        removed,
        Change::Removed {
            version,
            marker: true
        }
    );
    assert_eq!(removed.of_delete(), (EventKind::RemovedDelete, version));
    assert_eq!(key.act(ON, named, 6), None, "it is gone already");
    let null = key
        .act(SUSPENDED, delete(VersionChoice::Null), 7)
        .unwrap()
        .change;
    let version = VersionTag::Null;
    assert_eq!(
        null,
        Change::Removed {
            version,
            marker: false
        }
    );
}

#[test]
fn ids_grow_though_the_clock_goes_back() {
    let mut key = Stored::default();
    key.act(ON, Act::Write(object(1)), 1000);
    for n in 2..5 {
        key.act(ON, Act::Write(object(n)), 10);
    }
    let ids: Vec<u64> = key.versions().iter().map(|v| v.id.0).collect();
    assert_eq!(ids, [1003, 1002, 1001, 1000]);
}

/// The model: all versions in one list, newest first, each with its object's number.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    id: u64,
    is_null: bool,
    object: Option<u8>,
}

#[derive(Clone, Debug)]
enum Step {
    Put,
    Delete,
    DeleteNull,
    DeleteAt(usize),
    DeleteUnknown,
    Switch(Versioning),
}

/// The model's act; gives the entry that is no more.
fn model(
    list: &mut Vec<Entry>,
    versioning: Versioning,
    step: &Step,
    n: u8,
    clock: u64,
) -> Vec<Entry> {
    let id = list.first().map_or(clock, |e| clock.max(e.id + 1));
    let mut add = |object| {
        let is_null = versioning != ON;
        let gone: Vec<Entry> = list.extract_if(.., |e| is_null && e.is_null).collect();
        list.insert(
            0,
            Entry {
                id,
                is_null,
                object,
            },
        );
        gone
    };
    match step {
        Step::Put => add(Some(n)),
        Step::Delete if versioning != OFF => add(None),
        Step::Delete => std::mem::take(list),
        Step::DeleteNull => list.extract_if(.., |e| e.is_null).collect(),
        Step::DeleteAt(i) if *i < list.len() && !list[*i].is_null => vec![list.remove(*i)],
        Step::DeleteAt(_) | Step::DeleteUnknown | Step::Switch(_) => Vec::new(),
    }
}

fn entry(version: &ObjectVersion) -> Entry {
    let number = |record: &ObjectRecord| match record.etag {
        Etag::Md5([n, ..]) => n,
        Etag::Parts { .. } | Etag::Opaque(_) => panic!("only plain objects here"),
    };
    Entry {
        id: version.id.0,
        is_null: version.is_null,
        object: version.object().map(number),
    }
}

fn steps() -> impl Strategy<Value = Vec<(Step, u64)>> {
    let step = prop_oneof![
        4 => Just(Step::Put),
        3 => Just(Step::Delete),
        1 => Just(Step::DeleteNull),
        3 => (0..5_usize).prop_map(Step::DeleteAt),
        1 => Just(Step::DeleteUnknown),
        1 => Just(Step::Switch(ON)),
        1 => Just(Step::Switch(SUSPENDED)),
    ];
    proptest::collection::vec((step, 1..50_u64), 1..40)
}

proptest! {
    /// Whatever the history and however the clock jumps: the versions are those of the model, the
    /// current record knows the null version, and exactly what vanished is released.
    #[test]
    fn histories_agree_with_the_model(history in steps()) {
        let mut versioning = OFF;
        let mut key = Stored::default();
        let mut list = Vec::new();
        for (n, (step, clock)) in (1..).zip(history) {
            let at = |i: usize| list.get(i).map_or(u64::MAX, |e: &Entry| e.id);
            let act = match &step {
                Step::Put => Act::Write(object(n)),
                Step::Delete => delete(VersionChoice::Current),
                Step::DeleteNull => delete(VersionChoice::Null),
                Step::DeleteAt(i) => delete(VersionChoice::Id(VersionId(at(*i)))),
                Step::DeleteUnknown => delete(VersionChoice::Id(VersionId(0))),
                Step::Switch(to) => {
                    versioning = *to;
                    continue;
                }
            };
            let gone = model(&mut list, versioning, &step, n, clock);
            let plan = key.act(versioning, act, clock);
            let found: Vec<Entry> = key.versions().iter().map(entry).collect();
            prop_assert_eq!(&found, &list);
            let released: Vec<Entry> =
                plan.iter().filter_map(|p| p.gone.as_ref()).map(entry).collect();
            let adds = matches!(step, Step::Put)
                || (matches!(step, Step::Delete) && versioning != OFF);
            prop_assert_eq!(plan.is_none(), gone.is_empty() && !adds);
            prop_assert_eq!(released, gone);
            let null_at = list.iter().find(|e| e.is_null).map(|e| VersionId(e.id));
            prop_assert_eq!(key.current.as_ref().and_then(|c| c.null_at), null_at);
            prop_assert_eq!(key.current.is_none(), list.is_empty());
        }
    }
}
