//! Writing progress down: one transaction a subscription, many subscriptions in one submission.

use super::ledger::Ledger;
use super::sub::{STORE_RETRY, Sub, Subs};
use crate::engine::Ports;
use crate::model::BucketId;
use crate::ports::{CommitError, Expect, Mono, Record, Txn, When};
use crate::records::{SubRecord, SubState, decode, encode};

/// Settles the subscriptions of `which` that have something to settle. What could not be written
/// stays in the ledgers and is tried again later; subscriptions that are gone leave `subs`.
pub(super) async fn settle(ports: &Ports, subs: &mut Subs, which: &[BucketId]) {
    let mut planned = Vec::new();
    let mut txns = Vec::new();
    for bucket in which {
        if let Some(sub) = subs.get(bucket)
            && !sub.ledger.is_clean()
        {
            let (record, txn) = plan(ports, sub);
            planned.push((*bucket, sub.key(), record));
            txns.push(txn);
        }
    }
    if planned.is_empty() {
        return;
    }
    let results = ports.meta.commit(txns).await;
    let places: Vec<_> = planned.iter().map(|(_, key, _)| key.clone()).collect();
    let now = ports.clock.mono();
    let Ok(found) = ports.meta.get_many(&places).await else {
        // The fate is open; settling the same once more does no harm.
        for (bucket, _, _) in &planned {
            if let Some(sub) = subs.get_mut(bucket) {
                sub.retry_at = Some(now + STORE_RETRY);
            }
        }
        return;
    };
    for (((bucket, _, record), result), found) in planned.into_iter().zip(results).zip(found) {
        let Some(sub) = subs.get_mut(&bucket) else {
            continue;
        };
        match found {
            Some(stored) => settled(sub, record, &result, &stored, now),
            None => drop(subs.remove(&bucket)),
        }
    }
}

fn plan(ports: &Ports, sub: &Sub) -> (SubRecord, Txn) {
    let record = SubRecord {
        cursor: sub.window.cursor(),
        done: sub.window.done().collect(),
        ..sub.record.clone()
    };
    let (record, write) = sub.ledger.writes(record, sub.to, ports.clock.now());
    let txn = Txn {
        when: When::Soon,
        expect: vec![Expect::Revision(sub.key(), sub.revision)],
        write,
        payloads: Vec::new(),
    };
    (record, txn)
}

/// Takes in what became of a settlement.
fn settled(
    sub: &mut Sub,
    record: SubRecord,
    result: &Result<(), CommitError>,
    stored: &Record,
    now: Mono,
) {
    match result {
        Ok(()) => {
            sub.revision = stored.revision;
            sub.record = record;
            sub.ledger = Ledger::default();
            sub.retry_at = None;
            // An order of the operator may have come between the settlement and this look.
            if stored.bytes != encode(&sub.record) {
                adopt(sub, stored);
            }
        }
        Err(CommitError::Conflict) => adopt(sub, stored),
        Err(_) => sub.retry_at = Some(now + STORE_RETRY),
    }
}

/// Somebody else wrote the record: an order of the operator, or a settlement of ours whose answer
/// was lost. Cursors are only ours; state is only theirs.
pub(super) fn adopt(sub: &mut Sub, stored: &Record) {
    sub.revision = stored.revision;
    let Ok(theirs) = decode::<SubRecord>(&stored.bytes) else {
        return;
    };
    let cancelled = theirs.state != SubState::Active;
    sub.record.state = theirs.state;
    sub.record.next_block = sub.record.next_block.max(theirs.next_block);
    if cancelled {
        sub.window.shed();
        sub.more = true;
    }
}
