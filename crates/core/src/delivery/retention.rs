//! Forgetting: events past their time, the delivery log, and what removed buckets leave behind.

use std::sync::Arc;
use std::time::Duration;

use tokio::select;

use super::drain::{after, commit_one, current};
use super::line::Shared;
use super::status::of_sub;
use super::sub::{PAGE, scan};
use crate::engine::Ports;
use crate::limits::{ATTEMPTS_RETENTION, EVENT_RETENTION};
use crate::model::BucketId;
use crate::ports::{
    CommitError, Key, KeyRange, Limit, LogId, Position, StoreError, Table, Txn, When, Write,
};
use crate::records::keys::{self, DestinationKey};
use crate::records::{
    AttemptBlock, LoggedEvent, ReplayRecord, ReplaySource, ReplayState, SubRecord, decode,
};

/// How often it runs by itself.
const EVERY: Duration = Duration::from_hours(1);
/// Pages read of one log or delivery log in one run; the rest is for the next.
const PAGES_MAX: usize = 256;

/// Runs until delivery stops.
pub(super) async fn run(shared: Arc<Shared>) {
    let clock = &shared.ports.clock;
    let mut wait = EVERY;
    loop {
        select! {
            biased;
            () = shared.stopping() => return,
            () = clock.sleep_until(clock.mono() + wait) => {}
        }
        // Trouble with the store is made up for by the next run; nothing is lost meanwhile.
        let done = maintain_once(&shared.ports).await.unwrap_or(true);
        wait = if done { EVERY } else { Duration::from_secs(10) };
    }
}

/// One run over everything; false when there is more to forget.
pub(super) async fn maintain_once(ports: &Ports) -> Result<bool, StoreError> {
    let mut done = true;
    let running = running_replays(ports).await?;
    for bucket in buckets(ports).await? {
        done &= trim_log(ports, bucket, &running).await?;
        forget_removed(ports, bucket, &running).await?;
    }
    done &= trim_attempts(ports).await?;
    Ok(done)
}

/// Every bucket with a log: those with rule sets. From one to the next, reading one row each.
async fn buckets(ports: &Ports) -> Result<Vec<BucketId>, StoreError> {
    let mut range = keys::prefix_range(Table::RuleSets, &[]);
    let mut found = Vec::new();
    while let Some(prefix) = first_prefix::<8>(ports, &range).await? {
        found.push(BucketId(u64::from_be_bytes(prefix)));
        let Some(next) = keys::after_prefix(&prefix) else {
            break;
        };
        range.start = next;
    }
    Ok(found)
}

/// The first `N` bytes of the first key in a range.
async fn first_prefix<const N: usize>(
    ports: &Ports,
    range: &KeyRange,
) -> Result<Option<[u8; N]>, StoreError> {
    let one = Limit { rows: 1, ..PAGE };
    let (rows, _) = scan(ports, range.clone(), one).await?;
    let Some((key, _)) = rows.first() else {
        return Ok(None);
    };
    let prefix = key.first_chunk::<N>();
    let damaged = || StoreError::Damaged("a key shorter than its prefix".into());
    prefix.copied().map(Some).ok_or_else(damaged)
}

/// Trims events past their time, never past what a subscription or a running replay has yet to read.
async fn trim_log(
    ports: &Ports,
    bucket: BucketId,
    running: &[ReplayRecord],
) -> Result<bool, StoreError> {
    let floor = floor(ports, bucket, running).await?;
    let log = LogId(bucket);
    let mut upto = Position(0);
    let mut done = false;
    for _ in 0..PAGES_MAX {
        let tail = ports.meta.tail(log, upto, PAGE).await?;
        let old = tail.records.iter();
        let old = old.take_while(|(at, bytes)| *at <= floor && is_old(ports, bytes));
        let old: Vec<Position> = old.map(|(at, _)| *at).collect();
        upto = old.last().copied().unwrap_or(upto);
        if old.len() < tail.records.len() || !tail.more {
            done = true;
            break;
        }
    }
    if upto > Position(0) {
        apply(ports, vec![Write::Trim(log, upto)]).await?;
    }
    Ok(done)
}

/// Damaged records go with those before them.
fn is_old(ports: &Ports, bytes: &[u8]) -> bool {
    decode::<LoggedEvent>(bytes).map_or(true, |logged| {
        ports.clock.now().since(logged.event.time) > EVENT_RETENTION
    })
}

/// The last position that nobody needs any more.
async fn floor(
    ports: &Ports,
    bucket: BucketId,
    running: &[ReplayRecord],
) -> Result<Position, StoreError> {
    let mut floor = Position(u64::MAX);
    for sub in subs_of(ports, bucket).await? {
        floor = floor.min(sub.cursor);
    }
    for replay in running.iter().filter(|replay| replay.bucket == bucket) {
        if let ReplaySource::Log { .. } = replay.source {
            floor = floor.min(replay.cursor);
        }
    }
    Ok(floor)
}

async fn subs_of(ports: &Ports, bucket: BucketId) -> Result<Vec<SubRecord>, StoreError> {
    let range = keys::prefix_range(Table::Subs, &[&bucket.0.to_be_bytes()]);
    all(ports, range).await
}

/// The replays that go on. Those that ended are forgotten as long after they were asked for as the
/// events they sent.
async fn running_replays(ports: &Ports) -> Result<Vec<ReplayRecord>, StoreError> {
    let replays: Vec<ReplayRecord> = all(ports, keys::prefix_range(Table::Replays, &[])).await?;
    let (running, ended): (Vec<_>, Vec<_>) = replays
        .into_iter()
        .partition(|replay| replay.state == ReplayState::Running);
    let now = ports.clock.now();
    let old = ended
        .iter()
        .filter(|replay| now.since(replay.created_at) > EVENT_RETENTION);
    let forget: Vec<Write> = old
        .map(|replay| Write::Delete(keys::replay(replay.id)))
        .collect();
    for some in forget.chunks(PAGE.rows) {
        apply(ports, some.to_vec()).await?;
    }
    Ok(running)
}

async fn all<T: serde::de::DeserializeOwned>(
    ports: &Ports,
    mut range: KeyRange,
) -> Result<Vec<T>, StoreError> {
    let mut found = Vec::new();
    loop {
        let (rows, more) = scan(ports, range.clone(), PAGE).await?;
        for (_, row) in &rows {
            found.push(decode(&row.bytes)?);
        }
        let Some((last, true)) = rows.last().map(|(key, _)| (key, more)) else {
            return Ok(found);
        };
        range.start = after(last);
    }
}

/// The log and the rules of a removed bucket, once nothing is owed. Dead events need the rules to be
/// sent again, so as long as there are any the rules stay.
async fn forget_removed(
    ports: &Ports,
    bucket: BucketId,
    running: &[ReplayRecord],
) -> Result<(), StoreError> {
    let gone = current(ports, bucket)
        .await?
        .is_some_and(|current| current.bucket.is_none());
    let owed = !subs_of(ports, bucket).await?.is_empty()
        || running.iter().any(|replay| replay.bucket == bucket);
    if !gone || owed {
        return Ok(());
    }
    let mut write = vec![Write::Trim(LogId(bucket), Position(u64::MAX))];
    let of_bucket = |table| keys::prefix_range(table, &[&bucket.0.to_be_bytes()]);
    let one = Limit { rows: 1, ..PAGE };
    let (dead, _) = scan(ports, of_bucket(Table::Dead), one).await?;
    if dead.is_empty() {
        let (rules, _) = scan(ports, of_bucket(Table::RuleSets), PAGE).await?;
        write.extend(rules.into_iter().map(|(bytes, _)| {
            let table = Table::RuleSets;
            Write::Delete(Key { table, bytes })
        }));
    }
    apply(ports, write).await
}

/// Trims the delivery logs, one after the other.
async fn trim_attempts(ports: &Ports) -> Result<bool, StoreError> {
    let mut range = keys::prefix_range(Table::Attempts, &[]);
    let mut done = true;
    while let Some(prefix) = first_prefix::<24>(ports, &range).await? {
        let (bucket, to) = super::dead::owner(&prefix)?;
        done &= trim_attempts_of(ports, bucket, to).await?;
        let Some(next) = keys::after_prefix(&prefix) else {
            break;
        };
        range.start = next;
    }
    Ok(done)
}

async fn trim_attempts_of(
    ports: &Ports,
    bucket: BucketId,
    to: DestinationKey,
) -> Result<bool, StoreError> {
    let range = of_sub(Table::Attempts, bucket, to);
    for _ in 0..PAGES_MAX {
        let (rows, more) = scan(ports, range.clone(), PAGE).await?;
        let old = rows.iter().take_while(|(_, row)| {
            let now = ports.clock.now();
            decode::<AttemptBlock>(&row.bytes).map_or(true, |block| {
                now.since(block.written_at) > ATTEMPTS_RETENTION
            })
        });
        let table = Table::Attempts;
        let write: Vec<Write> = old
            .map(|(bytes, _)| {
                let bytes = bytes.clone();
                Write::Delete(Key { table, bytes })
            })
            .collect();
        let all_old = write.len() == rows.len();
        if !write.is_empty() {
            apply(ports, write).await?;
        }
        if !all_old || !more {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn apply(ports: &Ports, write: Vec<Write>) -> Result<(), StoreError> {
    let txn = Txn {
        when: When::Soon,
        expect: Vec::new(),
        write,
        payloads: Vec::new(),
    };
    commit_one(ports, txn).await.map_err(|error| match error {
        CommitError::Unavailable(error) => error,
        other => StoreError::Unavailable(Box::new(other)),
    })
}
