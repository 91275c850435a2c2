//! Objects that come in parts.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::model::{BandwidthSpan, ContentCheck, Etag, SyncTaskId};
use cohong_core::ports::{SourceFault, Table};
use cohong_core::{limits, work};
use cohong_testkit::source::{Mishap, Publishes, Read};

use crate::world::{PART_BYTES, World, noise, outcomes, owner};

const LATE: Duration = Duration::from_mins(5);
const KEY: &str = "large";
/// Ten parts, the last one short.
const PARTS: usize = 10;

fn large(seed: u64) -> Bytes {
    noise(PARTS * 100_000 - 7, seed)
}

fn begin(world: &World, bytes: &Bytes) -> SyncTaskId {
    world.source.put(KEY, bytes.clone());
    let task = world.task(|_| {});
    world.accept(task, &[KEY]);
    task
}

/// Starts of the ranges that were read.
fn starts(reads: &[Read]) -> Vec<u64> {
    reads
        .iter()
        .map(|read| read.range.start / PART_BYTES)
        .collect()
}

/// Nothing of an upload is left.
fn check_clean(world: &World) {
    world.pass(limits::DROP_GRACE + Duration::from_mins(1));
    for table in [Table::Uploads, Table::Parts, Table::SyncItems, Table::Work] {
        assert_eq!(world.rows(table), 0, "{table:?}");
    }
}

#[test]
fn a_large_object_comes_in_parts_and_is_the_same() {
    for publishes in [Publishes::Nothing, Publishes::Md5, Publishes::Crc64] {
        let world = World::new(1);
        world.source.publish(publishes);
        let bytes = large(1);
        let task = begin(&world, &bytes);
        world.settle(task, LATE);
        let (info, brought) = world.get(KEY).unwrap();
        assert_eq!(brought, bytes);
        assert!(matches!(info.record.etag, Etag::Parts { count: 10, .. }));
        let counts = world.counts(task);
        assert_eq!(outcomes(counts), (1, 0, 0));
        assert_eq!(counts.bytes, bytes.len() as u64);
        assert_eq!(
            starts(&world.source.reads()),
            (0..PARTS as u64).collect::<Vec<_>>()
        );
        check_clean(&world);
    }
}

#[test]
fn large_and_small_objects_are_encrypted_where_the_bucket_says_so() {
    for publishes in [Publishes::Nothing, Publishes::Md5, Publishes::Crc64] {
        let world = World::new(3);
        world.encrypt();
        world.source.publish(publishes);
        let bytes = large(1);
        world.source.put("small", "few bytes");
        let task = begin(&world, &bytes);
        world.accept(task, &["small"]);
        world.settle(task, LATE);
        for (key, wanted) in [(KEY, bytes), ("small", Bytes::from_static(b"few bytes"))] {
            let (info, brought) = world.get(key).unwrap();
            assert!(info.record.seal.is_some(), "{key}");
            assert_eq!(brought, wanted, "{key}");
        }
        assert_eq!(outcomes(world.counts(task)), (2, 0, 0));
    }
}

#[test]
fn parts_are_read_some_at_a_time_and_no_faster_than_the_task_may() {
    // Ten parts of two pieces each, a second a piece: in rows of four.
    let world = World::new(10);
    let slow = Mishap::Slow(Duration::from_secs(1));
    world.source.fail_always(KEY, Some(slow));
    let begun = world.now();
    let task = begin(&world, &large(12));
    world.settle(task, LATE);
    let took = world.now().saturating_sub(begun).as_secs();
    assert_eq!(took, 6);
    // 100,000 bytes a second, whatever comes at once.
    let world = World::new(11);
    let bytes = large(13);
    world.source.put(KEY, bytes.clone());
    let begun = world.now();
    let task = world.task(|settings| {
        settings.bandwidth = vec![BandwidthSpan::always(100_000)];
    });
    world.accept(task, &[KEY]);
    world.settle(task, LATE);
    let took = world.now().saturating_sub(begun).as_secs();
    assert!((9..=10).contains(&took), "{took} s");
    assert_eq!(world.bytes(KEY).unwrap(), bytes);
}

#[test]
fn parts_that_are_durable_are_not_read_again() {
    for mishap in [Mishap::Cut(50_000), Mishap::Fault(SourceFault::Busy(None))] {
        let world = World::new(2);
        let bytes = large(2);
        world.source.put(KEY, bytes.clone());
        let task = world.task(|_| {});
        world
            .source
            .fail_always(KEY, Some(Mishap::Slow(Duration::from_secs(1))));
        world.accept(task, &[KEY]);
        world.pass(Duration::from_secs(3));
        world.source.fail_always(KEY, None);
        world.source.fail(KEY, [mishap]);
        world.settle(task, LATE);
        assert_eq!(world.bytes(KEY).unwrap(), bytes);
        let starts = starts(&world.source.reads());
        let different: BTreeSet<u64> = starts.iter().copied().collect();
        assert_eq!(different.len(), PARTS);
        assert!(starts.len() <= PARTS + 1, "{starts:?}");
        check_clean(&world);
    }
}

/// However often the process dies: at most the parts under way are read twice.
#[test]
fn a_crash_costs_at_most_the_parts_under_way() {
    let mut world = World::new(3);
    world.source.publish(Publishes::Crc64);
    let bytes = large(3);
    let task = begin(&world, &bytes);
    world
        .source
        .fail_always(KEY, Some(Mishap::Slow(Duration::from_secs(1))));
    let mut crashes = 0;
    loop {
        world.pass(Duration::from_millis(2500));
        if world.backlog(task) == 0 {
            break;
        }
        world = world.crash();
        crashes += 1;
        assert!(crashes < 50, "it does not get on");
    }
    assert_eq!(world.bytes(KEY).unwrap(), bytes);
    let reads = world.source.reads().len();
    assert!(
        crashes >= 2 && reads <= PARTS + crashes * limits::SYNC_OBJECT_PARTS_MAX,
        "{reads} reads, {crashes} crashes"
    );
    assert_eq!(outcomes(world.counts(task)), (1, 0, 0));
    check_clean(&world);
}

/// A slow large object may take as long as it takes: tries are counted anew when parts come.
#[test]
fn a_source_that_fails_after_every_part_is_read_to_its_end() {
    let world = World::new(4);
    let bytes = large(4);
    world.source.put(KEY, bytes.clone());
    let cut = || Mishap::Cut(1);
    let fine = || Mishap::Slow(Duration::from_millis(1));
    let mishaps = (0..PARTS).flat_map(|_| [cut(), fine()]);
    world.source.fail(KEY, mishaps);
    let task = world.task(|_| {});
    world.accept(task, &[KEY]);
    world.settle(task, LATE);
    assert_eq!(world.bytes(KEY).unwrap(), bytes);
    assert_eq!(world.source.reads().len(), 2 * PARTS);
}

#[test]
fn a_source_that_changes_is_begun_anew() {
    let world = World::new(5);
    let task = begin(&world, &large(5));
    world
        .source
        .fail_always(KEY, Some(Mishap::Slow(Duration::from_secs(1))));
    world.pass(Duration::from_secs(3));
    world.source.fail_always(KEY, None);
    let new = large(6);
    world.source.put(KEY, new.clone());
    world.settle(task, LATE);
    assert_eq!(world.bytes(KEY).unwrap(), new);
    assert_eq!(outcomes(world.counts(task)), (1, 0, 0));
    check_clean(&world);
    let world = World::new(6);
    let task = begin(&world, &large(7));
    world
        .source
        .fail_always(KEY, Some(Mishap::Slow(Duration::from_secs(1))));
    world.pass(Duration::from_secs(3));
    world.source.fail_always(KEY, None);
    world.source.put(KEY, "small now");
    world.settle(task, LATE);
    assert_eq!(world.bytes(KEY).unwrap(), "small now");
    check_clean(&world);
}

#[test]
fn wrong_bytes_of_a_part_never_become_visible() {
    for publishes in [Publishes::Md5, Publishes::Crc64] {
        let world = World::new(7);
        world.source.publish(publishes);
        let bytes = large(8);
        let task = begin(&world, &bytes);
        world.source.fail(KEY, [Mishap::WrongByte]);
        world.settle(task, LATE);
        assert_eq!(world.bytes(KEY).unwrap(), bytes, "the second try was right");
        world.pass(Duration::from_secs(2));
        world.source.put(KEY, large(9));
        world.source.fail_always(KEY, Some(Mishap::WrongByte));
        world.accept(task, &[KEY]);
        world.settle(task, LATE);
        assert_eq!(outcomes(world.counts(task)), (1, 1, 0));
        assert_eq!(world.bytes(KEY).unwrap(), bytes);
        check_clean(&world);
    }
}

#[test]
fn without_a_check_only_the_length_counts() {
    let world = World::new(8);
    let bytes = large(10);
    world.source.put(KEY, bytes.clone());
    world.source.fail(KEY, [Mishap::WrongByte]);
    let task = world.task(|settings| settings.check = ContentCheck::None);
    world.accept(task, &[KEY]);
    world.settle(task, LATE);
    assert_eq!(outcomes(world.counts(task)), (1, 0, 0));
    assert_ne!(world.bytes(KEY).unwrap(), bytes);
}

#[test]
fn a_large_object_that_fails_or_whose_task_goes_leaves_no_upload() {
    let world = World::new(9);
    let task = begin(&world, &large(11));
    world
        .source
        .fail_always(KEY, Some(Mishap::Slow(Duration::from_secs(1))));
    world.pass(Duration::from_secs(3));
    assert_eq!(world.rows(Table::Uploads), 1);
    world
        .source
        .fail_always(KEY, Some(Mishap::Fault(SourceFault::Denied)));
    world.settle(task, LATE);
    assert_eq!(outcomes(world.counts(task)), (0, 1, 0));
    check_clean(&world);

    world
        .source
        .fail_always(KEY, Some(Mishap::Slow(Duration::from_secs(1))));
    world.accept(task, &[KEY]);
    world.pass(Duration::from_secs(3));
    assert_eq!(world.rows(Table::Uploads), 1);
    let engine = world.engine.clone();
    world
        .source
        .fail_always(KEY, Some(Mishap::Fault(SourceFault::Busy(None))));
    world.wait(async move {
        engine.stop_sync_task(&owner(), task).await.unwrap();
        engine.delete_sync_task(&owner(), task).await.unwrap();
    });
    world.pass(LATE);
    check_clean(&world);
    assert_eq!(world.rows(Table::SyncCounts), 0);
    let left = world.engine.clone();
    assert_eq!(
        world.wait(async move { work::run_due_once(&left).await.unwrap() }),
        0
    );
}
