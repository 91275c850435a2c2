//! Either server killed in the middle, and started again on the same folder.

use std::collections::BTreeSet;
use std::sync::Arc;

use cohong_core::limits::SYNC_OBJECT_PARTS_MAX;
use cohong_testkit::instance::{Instance, SECRET_KEY};
use cohong_testkit::source::{MachineClock, MemorySource, WireSource};
use cohong_testkit::sync_task::{Counts, From, Task};

use crate::wire::Wire;
use crate::{SOURCE, add_source, bucket, bytes_of, folder, get, port, start};

const WAY: (&str, &str, &str, &str) = ("oss", "path", "cn-hangzhou", "127.0.0.1");

const FROM: From<'static> = From {
    region: "oss",
    bucket: SOURCE,
    secret: SECRET_KEY,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_source_killed_in_the_middle_of_an_object_is_read_on_when_it_is_back() {
    let folders = [folder(), folder()];
    let (a, b) = (start(&folders[0]).await, start(&folders[1]).await);
    let mut source = bucket(&a, SOURCE).await;
    let bytes = bytes_of(7, 9 << 20);
    source.put(SOURCE, "k", bytes.clone()).await.unwrap();
    let mut copies = bucket(&b, "copies").await;
    let wire = Wire::start(a.listen()).await;
    add_source(&b, WAY, port(wire.address)).await;
    let task = Task::create(&b, &FROM, "copies").await.unwrap();
    wire.allow(4 << 20);
    task.event(&b, &["k".to_owned()]).await.unwrap();
    wire.is_full().await;
    a.kill().await.unwrap();
    assert_eq!(
        copies.get("copies", "k").await.unwrap(),
        None,
        "half an object"
    );
    let a = start(&folders[0]).await;
    wire.move_to(a.listen());
    wire.allow(u64::MAX);
    let counts = task.ended(&b).await.unwrap();
    assert_eq!((counts.success, counts.failure), (1, 0));
    assert_eq!(get(&mut copies, "copies", "k").await.body, bytes);
    for server in [a, b] {
        server.kill().await.unwrap();
    }
}

/// Small objects of the stream of events, and parts of the large object; as many as a server would really
/// meet with `COHONG_SYNC_KILL=full`.
fn amounts() -> (usize, usize) {
    match std::env::var("COHONG_SYNC_KILL").as_deref() {
        Ok("full") => (10_000, 64),
        Ok(other) => panic!("COHONG_SYNC_KILL is `full` or nothing, not {other}"),
        Err(_) => (500, 10),
    }
}

/// Length of the parts that large objects are copied in.
const PART: usize = 16 << 20;
const KILLS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_events_survives_kills_and_every_request_is_counted_once() {
    let (count, _) = amounts();
    let len = |n: usize| 2000 + n % 500;
    let folders = [folder(), folder()];
    let (a, mut b) = (start(&folders[0]).await, start(&folders[1]).await);
    let mut source = bucket(&a, SOURCE).await;
    let keys: Vec<String> = (0..count).map(|n| format!("many/{n}")).collect();
    for (n, key) in keys.iter().enumerate() {
        let bytes = bytes_of(n, len(n));
        source.put(SOURCE, key, bytes).await.unwrap();
    }
    drop(bucket(&b, "copies").await);
    let wire = Wire::start(a.listen()).await;
    add_source(&b, WAY, port(wire.address)).await;
    let task = Task::create(&b, &FROM, "copies").await.unwrap();
    let mut events = keys.chunks(50).peekable();
    let share = (count * 2000 / (KILLS + 1)) as u64;
    for _ in 0..KILLS {
        wire.allow(share);
        loop {
            tokio::select! {
                sent = send(&task, &b, events.peek().copied()) => {
                    sent.unwrap();
                    events.next();
                }
                // An event on its way may have been accepted, and is sent again.
                () = wire.is_full() => break,
            }
        }
        b.kill().await.unwrap();
        b = start(&folders[1]).await;
    }
    wire.allow(u64::MAX);
    for event in events {
        task.event(&b, event).await.unwrap();
    }
    let counts = task.ended(&b).await.unwrap();
    let bytes: usize = (0..count).map(len).sum();
    let wanted = Counts {
        success: count as u64,
        failure: 0,
        // Requests of events that were sent again.
        skip: counts.requests - count as u64,
        bytes: bytes as u64,
        ..counts
    };
    assert_eq!(counts, wanted);
    assert!(counts.skip <= 50 * KILLS as u64, "{counts:?}");
    let mut copies = b.client();
    for (n, key) in keys.iter().enumerate() {
        let copy = get(&mut copies, "copies", key).await.body;
        assert_eq!(copy, bytes_of(n, len(n)), "{key}");
    }
    for server in [a, b] {
        server.kill().await.unwrap();
    }
}

/// Sends an event; without one it never returns.
async fn send(task: &Task, server: &Instance, event: Option<&[String]>) -> Result<(), String> {
    match event {
        Some(keys) => task.event(server, keys).await,
        None => std::future::pending().await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_large_object_that_were_durable_when_the_server_was_killed_are_not_read_again() {
    let (_, parts) = amounts();
    let source = MemorySource::new(Arc::new(MachineClock::new()));
    let large = bytes_of(9, parts * PART - 5);
    source.put("large", large.clone());
    let behind = WireSource::start(source.clone()).await.unwrap();
    let wire = Wire::start(behind.address()).await;
    let folder = folder();
    let mut b = start(&folder).await;
    drop(bucket(&b, "copies").await);
    let way = ("s3", "path", "us-east-1", "127.0.0.1");
    add_source(&b, way, port(wire.address)).await;
    let from = From {
        region: "s3",
        ..FROM
    };
    let task = Task::create(&b, &from, "copies").await.unwrap();
    let kills = if parts > 10 { KILLS } else { 1 };
    let share = (large.len() / (kills + 1)) as u64;
    wire.allow(share);
    task.event(&b, &["large".to_owned()]).await.unwrap();
    for _ in 0..kills {
        wire.is_full().await;
        b.kill().await.unwrap();
        b = start(&folder).await;
        let half = b.client().get("copies", "large").await.unwrap();
        assert_eq!(half, None, "half an object");
        wire.allow(share);
    }
    wire.allow(u64::MAX);
    let counts = task.ended(&b).await.unwrap();
    let size = large.len() as u64;
    assert_eq!(
        (counts.requests, counts.success, counts.bytes),
        (1, 1, size)
    );
    let copy = get(&mut b.client(), "copies", "large").await.body;
    assert!(copy == large, "the copy has other bytes");
    // Besides the beginning that told how long the object is.
    let reads = source.reads().into_iter().map(|read| read.range);
    let reads: Vec<_> = reads.filter(|range| *range != (0..size)).collect();
    let different: BTreeSet<u64> = reads.iter().map(|range| range.start).collect();
    assert_eq!(different.len(), parts);
    let most = parts + kills * SYNC_OBJECT_PARTS_MAX;
    assert!(
        reads.len() <= most,
        "{} reads of {parts} parts",
        reads.len()
    );
    b.kill().await.unwrap();
}
