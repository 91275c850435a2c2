//! The committer's decisions on a state of a few records.

use super::*;
use crate::model::{BucketId, PayloadId};
use crate::ports::Table;

const BOUNDS: Bounds = Bounds {
    bytes: 1000,
    members: 4,
    small_payload_max: 100,
};
const LOG: LogId = LogId(BucketId(7));

struct Fixed(BTreeMap<Key, Revision>);

impl State for Fixed {
    fn revision(&self, key: &Key) -> Result<Option<Revision>, StoreError> {
        if key.bytes == "damaged" {
            return Err(StoreError::Damaged("a test".into()));
        }
        Ok(self.0.get(key).copied())
    }
}

fn key(name: &str) -> Key {
    Key {
        table: Table::Heads,
        bytes: Bytes::copy_from_slice(name.as_bytes()),
    }
}

fn put(name: &str) -> Write {
    Write::Put(key(name), Bytes::from_static(b"v"))
}

fn append(text: &'static str) -> Write {
    Write::Append(LOG, Bytes::from_static(text.as_bytes()))
}

fn now(expect: Vec<Expect>, write: Vec<Write>) -> Txn {
    Txn {
        when: When::Now,
        expect,
        write,
        payloads: Vec::new(),
    }
}

fn state() -> Fixed {
    Fixed(BTreeMap::from([(key("a"), Revision(3))]))
}

fn blob(n: u64) -> BlobId {
    BlobId {
        payload: PayloadId([1; 16]),
        n,
    }
}

#[test]
fn expectations_are_compared_with_the_state_and_the_batch_so_far() {
    let revision = |name: &str, n| Expect::Revision(key(name), Revision(n));
    let absent = |name: &str| Expect::Absent(key(name));
    // Members before, then the expectation, then whether it holds. Numbers of members begin at 11.
    let cases: Vec<(Vec<Vec<Write>>, Expect, bool)> = vec![
        (vec![], revision("a", 3), true),
        (vec![], revision("a", 4), false),
        (vec![], absent("a"), false),
        (vec![], absent("b"), true),
        (vec![], revision("b", 3), false),
        (vec![vec![put("a")]], revision("a", 3), false),
        (vec![vec![put("a")]], revision("a", 11), true),
        (vec![vec![put("b")]], absent("b"), false),
        (vec![vec![Write::Delete(key("a"))]], absent("a"), true),
        (
            vec![vec![Write::Delete(key("a"))], vec![put("a")]],
            revision("a", 12),
            true,
        ),
        (vec![vec![append("x"), put("a")]], revision("a", 11), true),
    ];
    for (before, expect, holds) in cases {
        let mut batch = Batch::after(10, BOUNDS);
        for writes in &before {
            assert!(matches!(
                batch.offer(now(vec![], writes.clone()), &state()),
                Offer::Taken
            ));
        }
        let offer = batch.offer(now(vec![expect.clone()], vec![put("z")]), &state());
        match offer {
            Offer::Taken => assert!(holds, "{before:?} {expect:?}"),
            Offer::Refused(CommitError::Conflict) => assert!(!holds, "{before:?} {expect:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_member_is_compared_with_the_state_before_its_own_writes() {
    let mut batch = Batch::after(10, BOUNDS);
    let txn = now(
        vec![Expect::Absent(key("b"))],
        vec![put("b"), Write::Delete(key("b")), put("b")],
    );
    assert!(matches!(batch.offer(txn, &state()), Offer::Taken));
}

#[test]
fn a_refused_member_changes_nothing_and_takes_no_number() {
    let mut batch = Batch::after(10, BOUNDS);
    let refused = now(vec![Expect::Absent(key("a"))], vec![put("b"), append("x")]);
    assert!(matches!(
        batch.offer(refused, &state()),
        Offer::Refused(CommitError::Conflict)
    ));
    let sealed = batch.seal();
    assert_eq!(
        sealed,
        Sealed {
            effects: Effects::default(),
            last: 10,
            now: false
        }
    );
}

#[test]
fn a_check_without_changes_passes_and_takes_no_number() {
    let mut batch = Batch::after(10, BOUNDS);
    let check = now(vec![Expect::Revision(key("a"), Revision(3))], vec![]);
    assert!(matches!(batch.offer(check, &state()), Offer::Taken));
    let sealed = batch.seal();
    assert!(sealed.effects.is_empty());
    assert_eq!(sealed.last, 10);
}

#[test]
fn an_unreadable_expectation_refuses_its_member_alone() {
    let mut batch = Batch::after(10, BOUNDS);
    let unreadable = now(vec![Expect::Absent(key("damaged"))], vec![put("b")]);
    assert!(matches!(
        batch.offer(unreadable, &state()),
        Offer::Refused(CommitError::Unavailable(StoreError::Damaged(_)))
    ));
    assert!(matches!(
        batch.offer(now(vec![], vec![put("c")]), &state()),
        Offer::Taken
    ));
}

#[test]
fn numbers_are_taken_in_order_first_the_revision_then_the_positions() {
    let mut batch = Batch::after(10, BOUNDS);
    batch.offer(
        now(vec![], vec![append("x"), put("b"), append("y"), put("c")]),
        &state(),
    );
    batch.offer(now(vec![], vec![append("z")]), &state());
    let sealed = batch.seal();
    let revisions: Vec<_> = sealed
        .effects
        .records
        .values()
        .flatten()
        .map(|record| record.revision.0)
        .collect();
    let positions: Vec<_> = sealed.effects.appends.keys().map(|(_, at)| at.0).collect();
    assert_eq!(
        (revisions, positions, sealed.last),
        (vec![11, 11], vec![12, 13, 15], 15)
    );
}

#[test]
fn a_trim_reaches_earlier_appends_and_never_later_ones() {
    let mut batch = Batch::after(10, BOUNDS);
    batch.offer(now(vec![], vec![append("x"), append("y")]), &state());
    batch.offer(now(vec![], vec![Write::Trim(LOG, Position(12))]), &state());
    batch.offer(
        now(
            vec![],
            vec![Write::Trim(LOG, Position(u64::MAX)), append("z")],
        ),
        &state(),
    );
    batch.offer(now(vec![], vec![Write::Trim(LOG, Position(1))]), &state());
    let sealed = batch.seal();
    assert_eq!(sealed.effects.trims, BTreeMap::from([(LOG, Position(15))]));
    let left: Vec<_> = sealed.effects.appends.keys().map(|(_, at)| at.0).collect();
    assert_eq!(left, vec![16]);
}

#[test]
fn a_payload_can_be_stored_and_dropped_in_one_batch() {
    let mut batch = Batch::after(10, BOUNDS);
    let payloads = vec![
        (blob(1), Bytes::from_static(b"1")),
        (blob(2), Bytes::from_static(b"2")),
    ];
    batch.offer(
        Txn {
            payloads,
            ..now(vec![], vec![])
        },
        &state(),
    );
    batch.offer(now(vec![], vec![Write::DropPayload(blob(1))]), &state());
    let payloads = batch.seal().effects.payloads;
    assert_eq!(
        payloads,
        BTreeMap::from([(blob(1), None), (blob(2), Some(Bytes::from_static(b"2")))])
    );
}

#[test]
fn a_batch_ends_at_its_bounds() {
    let mut batch = Batch::after(0, BOUNDS);
    for _ in 0..BOUNDS.members {
        assert!(matches!(
            batch.offer(now(vec![], vec![put("b")]), &state()),
            Offer::Taken
        ));
    }
    let fifth = now(vec![], vec![put("c")]);
    match batch.offer(fifth.clone(), &state()) {
        Offer::NoRoom(back) => assert_eq!(back, fifth),
        other => panic!("{other:?}"),
    }

    let mut batch = Batch::after(0, BOUNDS);
    let large = now(
        vec![],
        vec![Write::Put(key("b"), Bytes::from(vec![0; 600]))],
    );
    assert!(matches!(batch.offer(large.clone(), &state()), Offer::Taken));
    assert!(matches!(batch.offer(large, &state()), Offer::NoRoom(_)));
    assert!(matches!(
        batch.offer(now(vec![], vec![put("c")]), &state()),
        Offer::Taken
    ));
}

#[test]
fn only_a_now_member_asks_for_durability() {
    let soon = Txn {
        when: When::Soon,
        ..now(vec![], vec![put("b")])
    };
    let mut batch = Batch::after(0, BOUNDS);
    batch.offer(soon.clone(), &state());
    assert!(!batch.seal().now);
    let mut batch = Batch::after(0, BOUNDS);
    batch.offer(soon.clone(), &state());
    batch.offer(now(vec![], vec![put("c")]), &state());
    batch.offer(soon, &state());
    assert!(batch.seal().now);
}

#[test]
fn transactions_no_caller_should_make_are_refused_with_what_to_do() {
    let long = Key {
        table: Table::Heads,
        bytes: vec![0; RECORD_KEY_BYTES_MAX + 1].into(),
    };
    let payload = |bytes: usize| vec![(blob(1), Bytes::from(vec![0; bytes]))];
    let soon = |write, payloads| Txn {
        when: When::Soon,
        expect: vec![],
        write,
        payloads,
    };
    let wide = Bounds {
        bytes: 100_000,
        ..BOUNDS
    };
    let cases = [
        (soon(vec![append("x")], vec![]), wide, "`Now`"),
        (soon(vec![], payload(1)), wide, "`Now`"),
        (
            now(vec![], vec![Write::Delete(long.clone())]),
            wide,
            "4097 bytes",
        ),
        (now(vec![Expect::Absent(long)], vec![]), wide, "4097 bytes"),
        (
            Txn {
                payloads: payload(101),
                ..now(vec![], vec![])
            },
            wide,
            "blob store",
        ),
        (
            now(vec![], vec![Write::Put(key("b"), vec![0; 1000].into())]),
            BOUNDS,
            "split",
        ),
    ];
    for (txn, bounds, says) in cases {
        let mut batch = Batch::after(0, bounds);
        let Offer::Refused(CommitError::Unavailable(StoreError::Unavailable(cause))) =
            batch.offer(txn.clone(), &state())
        else {
            panic!("{txn:?} was not refused");
        };
        assert!(cause.to_string().contains(says), "{cause}");
        assert_eq!(batch.seal().effects, Effects::default());
    }
    let mut batch = Batch::after(0, wide);
    let largest = Txn {
        payloads: payload(100),
        ..now(vec![], vec![])
    };
    assert!(matches!(batch.offer(largest, &state()), Offer::Taken));
}
