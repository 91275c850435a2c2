//! Many steps drawn by chance, compared with a model.

use std::collections::BTreeMap;

use bytes::Bytes;
use cohong_core::model::BlobId;
use cohong_core::ports::{
    CommitError, Expect, Limit, MetadataStore, Order, Position, StoreError, Txn, When, Write,
};

use super::{Subject, append, blob, get, key, log, put, range, tail, txn};

/// What the store must hold, without revisions.
#[derive(Default)]
struct Model {
    records: BTreeMap<Vec<u8>, Bytes>,
    logs: BTreeMap<u64, Vec<Bytes>>,
    payloads: BTreeMap<BlobId, Bytes>,
}

/// A small generator with a fixed course, so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn name(&mut self) -> String {
        format!("k{:02}", self.below(30))
    }
}

/// Some hundreds of calls with several members each, checked against a model and, every now and
/// then, after an end. Only `Now`: what an end may lose cannot be foretold.
pub async fn many_steps_match_a_model(subject: &mut dyn Subject) {
    for seed in 1..4 {
        let mut dice = Dice(seed);
        let mut model = Model::default();
        clear(&*subject.store()).await;
        for step in 0..60 {
            let store = subject.store();
            let members = 1 + dice.below(5);
            let mut txns = Vec::new();
            let mut expected = Vec::new();
            for _ in 0..members {
                let (txn, holds) = draw(&mut dice, &model, &*store, txns.is_empty()).await;
                if holds {
                    model.apply(&txn);
                }
                txns.push(txn);
                expected.push(holds);
            }
            let answers = store.commit(txns).await;
            let passed: Vec<_> = answers.iter().map(Result::is_ok).collect();
            assert_eq!(passed, expected, "seed {seed} step {step}: {answers:?}");
            assert!(
                answers
                    .iter()
                    .all(|a| matches!(a, Ok(()) | Err(CommitError::Conflict)))
            );
            drop(store);
            if step % 20 == 19 {
                subject.reopen();
            }
            model.compare(&*subject.store(), &mut dice).await;
        }
    }
}

async fn clear(store: &dyn MetadataStore) {
    let mut writes = Vec::new();
    writes.extend((0..30).map(|n| Write::Delete(key(format!("k{n:02}")))));
    writes.extend((0..3).map(|n| Write::Trim(log(n), Position(u64::MAX))));
    writes.extend((0..10).map(|n| Write::DropPayload(blob(n))));
    super::write(store, writes).await;
}

/// A transaction and whether it must pass. Revisions are only expected by the first member of a
/// call, because a test cannot know those that members before it make.
async fn draw(
    dice: &mut Dice,
    model: &Model,
    store: &dyn MetadataStore,
    first: bool,
) -> (Txn, bool) {
    let mut expect = Vec::new();
    let mut holds = true;
    if dice.below(2) == 0 {
        let name = dice.name();
        holds &= !model.records.contains_key(name.as_bytes());
        expect.push(Expect::Absent(key(name)));
    } else if first {
        let name = dice.name();
        if let Some(record) = get(store, &name).await {
            expect.push(Expect::Revision(key(name), record.revision));
        }
    }
    let mut write = Vec::new();
    for _ in 0..dice.below(5) {
        write.push(match dice.below(6) {
            0 | 1 => put(
                dice.name(),
                vec![b'v'; usize::try_from(dice.below(300)).expect("fits")],
            ),
            2 => Write::Delete(key(dice.name())),
            3 | 4 => append(dice.below(3), dice.below(1000).to_string()),
            _ => Write::DropPayload(blob(dice.below(10))),
        });
    }
    let mut txn = Txn {
        when: When::Now,
        ..txn(expect, write)
    };
    if dice.below(3) == 0 && store.small_payload_max() >= 2000 {
        let len = usize::try_from(dice.below(2000)).expect("fits");
        txn.payloads
            .push((blob(dice.below(10)), Bytes::from(vec![b'p'; len])));
    }
    (txn, holds)
}

impl Model {
    fn apply(&mut self, txn: &Txn) {
        self.payloads.extend(txn.payloads.iter().cloned());
        for write in &txn.write {
            match write {
                Write::Put(key, bytes) => {
                    self.records.insert(key.bytes.to_vec(), bytes.clone());
                }
                Write::Delete(key) => {
                    self.records.remove(&key.bytes[..]);
                }
                Write::Append(log, bytes) => {
                    self.logs.entry(log.0.0).or_default().push(bytes.clone());
                }
                Write::DropPayload(id) => {
                    self.payloads.remove(id);
                }
                Write::Trim(..) => unreachable!("the model draws no trims"),
            }
        }
    }

    async fn compare(&self, store: &dyn MetadataStore, dice: &mut Dice) {
        let (order, rows) = match dice.below(2) {
            0 => (Order::Ascending, self.records.iter().collect::<Vec<_>>()),
            _ => (Order::Descending, self.records.iter().rev().collect()),
        };
        let limit = Limit {
            rows: 1000,
            bytes: 1 << 20,
        };
        let pages = store
            .scan(&[range("", None)], order, limit)
            .await
            .expect("a scan");
        let found = pages[0]
            .rows
            .iter()
            .map(|(key, record)| (key.to_vec(), record.bytes.clone()));
        let wanted = rows
            .into_iter()
            .map(|(key, bytes)| (key.clone(), bytes.clone()));
        assert!(found.eq(wanted), "records differ");
        for n in 0..3 {
            let tail = tail(store, n, Position(0)).await;
            let found = tail.records.iter().map(|(_, bytes)| bytes);
            assert!(
                found.eq(self.logs.get(&n).into_iter().flatten()),
                "log {n} differs"
            );
        }
        for n in 0..10 {
            if let Some(bytes) = self.payloads.get(&blob(n)) {
                let end = u64::try_from(bytes.len()).expect("fits");
                assert_eq!(
                    store.payload(blob(n), 0..end).await.expect("a payload"),
                    bytes
                );
            } else {
                let answer = store.payload(blob(n), 0..0).await;
                assert!(
                    matches!(answer, Err(StoreError::NoSuchPayload)),
                    "payload {n}"
                );
            }
        }
    }
}
