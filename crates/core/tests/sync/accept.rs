//! Accepting events.

use std::collections::BTreeMap;
use std::time::Duration;

use cohong_core::ErrorKind;
use cohong_core::engine::SyncSpan;
use cohong_core::limits::{SYNC_ITEMS_MAX, SYNC_KEYS_MAX};
use cohong_core::model::{SyncTaskId, Timestamp};
use cohong_core::ports::{MetadataStore, Table, Txn, When, Write};
use cohong_core::records::keys::{object_of_sync, sync_taken};
use cohong_core::records::{SyncItemRecord, SyncTaken, decode, encode};
use futures_util::future::join_all;

use super::common::{World, owner, run};
use super::{keys, task};

async fn accept(world: &World, id: SyncTaskId, names: &[&str]) -> Result<(), ErrorKind> {
    let accepted = world.engine.accept_sync(&owner(), id, keys(names)).await;
    accepted.map_err(|error| error.kind())
}

/// Requests owed, by key.
async fn owed(world: &World) -> BTreeMap<String, u64> {
    let rows = world.rows(Table::SyncItems).await;
    let owed = |(at, stored): &(bytes::Bytes, cohong_core::ports::Record)| {
        let item: SyncItemRecord = decode(&stored.bytes).unwrap();
        (object_of_sync(at).unwrap().to_string(), item.owed)
    };
    rows.iter().map(owed).collect()
}

async fn requests(world: &World, id: SyncTaskId) -> Vec<(u64, u64)> {
    let all = (Timestamp::default(), Timestamp::from_millis(u64::MAX));
    let span = SyncSpan::FiveMinutes;
    let counts = world
        .engine
        .sync_counts(&owner(), id, all, span, 1000)
        .await;
    let counts = counts.unwrap().into_iter();
    counts.map(|(at, c)| (at.millis(), c.requests)).collect()
}

#[test]
fn an_event_is_accepted_in_one_durable_commit() {
    run(async {
        let world = World::new();
        let id = task(&world).await;
        world.meta.applied();
        accept(&world, id, &["a", "b/", "a", "  ", "/c//d"])
            .await
            .unwrap();
        let applied = world.meta.applied();
        assert_eq!(applied.len(), 1);
        assert_eq!(applied[0].when, When::Now);
        let wanted = [("  ", 1), ("/c//d", 1), ("a", 2), ("b/", 1)];
        let wanted = wanted.map(|(key, n)| (key.to_owned(), n));
        assert_eq!(owed(&world).await, BTreeMap::from(wanted));
        let now = 1_700_000_000_000_u64;
        assert_eq!(requests(&world, id).await, [(now - now % 300_000, 5)]);
        assert_eq!(world.engine.sync_backlog(&owner(), id).await.unwrap(), 4);
    });
}

#[test]
fn repeats_coalesce_and_are_counted_when_they_come() {
    run(async {
        let world = World::new();
        let id = task(&world).await;
        accept(&world, id, &["a"]).await.unwrap();
        world.clock.advance(Duration::from_mins(5));
        accept(&world, id, &["a", "b"]).await.unwrap();
        assert_eq!(
            owed(&world).await,
            BTreeMap::from([("a".into(), 2), ("b".into(), 1)])
        );
        let counted = requests(&world, id).await;
        assert_eq!(counted.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(counted[1].0 - counted[0].0, 300_000);
        assert_eq!(world.engine.sync_backlog(&owner(), id).await.unwrap(), 2);
    });
}

#[test]
fn events_at_once_lose_nothing() {
    run(async {
        let world = World::new();
        let id = task(&world).await;
        let events = (0..20).map(|n| {
            let world = &world;
            async move { accept(world, id, &["same", &format!("own {n}")]).await }
        });
        for accepted in join_all(events).await {
            assert_eq!(accepted, Ok(()));
        }
        let owed = owed(&world).await;
        assert_eq!(owed.get("same"), Some(&20));
        assert_eq!(owed.len(), 21);
        let all: u64 = requests(&world, id).await.iter().map(|(_, n)| n).sum();
        assert_eq!(all, 40);
    });
}

#[test]
fn what_is_refused_leaves_nothing() {
    run(async {
        let world = World::new();
        let id = task(&world).await;
        let full = vec!["a"; SYNC_KEYS_MAX];
        let over = vec!["a"; SYNC_KEYS_MAX + 1];
        assert_eq!(
            accept(&world, id, &[]).await,
            Err(ErrorKind::InvalidArgument)
        );
        assert_eq!(
            accept(&world, id, &over).await,
            Err(ErrorKind::InvalidArgument)
        );
        let unknown = SyncTaskId([1; 16]);
        assert_eq!(
            accept(&world, unknown, &over).await,
            Err(ErrorKind::NoSuchTask)
        );
        world.engine.stop_sync_task(&owner(), id).await.unwrap();
        assert_eq!(accept(&world, id, &full).await, Err(ErrorKind::TaskState));
        assert!(world.rows(Table::SyncItems).await.is_empty());
        assert!(requests(&world, id).await.is_empty());
    });
}

#[test]
fn a_task_that_is_behind_takes_no_more() {
    run(async {
        let world = World::new();
        let id = task(&world).await;
        let items = SYNC_ITEMS_MAX - 1;
        let txn = Txn {
            when: When::Now,
            expect: Vec::new(),
            write: vec![Write::Put(sync_taken(id), encode(&SyncTaken { items }))],
            payloads: Vec::new(),
        };
        world.meta.commit(vec![txn]).await.remove(0).unwrap();
        let before = accept(&world, id, &["a", "b"]).await;
        assert_eq!(before, Err(ErrorKind::Unavailable));
        assert!(world.rows(Table::SyncItems).await.is_empty());
        assert_eq!(accept(&world, id, &["a"]).await, Ok(()));
        assert_eq!(accept(&world, id, &["a"]).await, Ok(()), "it waits already");
        assert_eq!(
            accept(&world, id, &["b"]).await,
            Err(ErrorKind::Unavailable)
        );
    });
}

#[test]
fn hours_are_sums_and_empty_spans_are_left_out() {
    run(async {
        let world = World::new();
        let id = task(&world).await;
        let hour = 3_600_000;
        world.clock.set_wall(1_700_000_000_000 / hour * hour);
        for wait in [0, 10, 49, 180] {
            world.clock.advance(Duration::from_mins(wait));
            accept(&world, id, &["a"]).await.unwrap();
        }
        let start = 1_700_000_000_000 / hour * hour;
        let counts = async |from: u64, upto: u64, span| {
            let time = (Timestamp::from_millis(from), Timestamp::from_millis(upto));
            let counts = world
                .engine
                .sync_counts(&owner(), id, time, span, 1000)
                .await;
            let counts = counts.unwrap().into_iter();
            counts
                .map(|(at, c)| ((at.millis() - start) / 60_000, c.requests))
                .collect::<Vec<_>>()
        };
        let all = counts(start, start + 9 * hour, SyncSpan::FiveMinutes).await;
        assert_eq!(all, [(0, 1), (10, 1), (55, 1), (235, 1)]);
        let hours = counts(start, start + 9 * hour, SyncSpan::Hour).await;
        assert_eq!(hours, [(0, 3), (180, 1)]);
        let overlapping = counts(start + 599_999, start + 600_000, SyncSpan::FiveMinutes).await;
        assert_eq!(overlapping, [(10, 1)]);
        let none = counts(start + hour, start + 2 * hour, SyncSpan::Hour).await;
        assert!(none.is_empty());
    });
}
