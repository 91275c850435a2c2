//! Lists of what became of keys, and counts.

use std::collections::BTreeSet;
use std::time::Duration;

use cohong_core::limits::{SYNC_COUNTS_KEPT, SYNC_LIST_AFTER};
use cohong_core::model::SyncTaskId;
use cohong_core::ports::{SourceFault, Table};
use cohong_testkit::source::Mishap;

use crate::world::{World, outcomes, owner};

const SOON: Duration = Duration::from_secs(5);

/// Lines of all lists of one kind.
fn lines(world: &World, task: SyncTaskId, list: &str) -> Vec<String> {
    let keys = world.list(&format!("lists/{task}/{list}/"));
    let texts = keys.iter().map(|key| world.bytes(key).unwrap());
    let texts = texts.map(|text| String::from_utf8(text.to_vec()).unwrap());
    texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn begin(world: &World) -> SyncTaskId {
    world.source.put("good", "12345");
    world
        .source
        .fail("bad", [Mishap::Fault(SourceFault::Denied)]);
    let task = world.task(|settings| settings.lists = true);
    world.accept(task, &["good", "bad"]);
    world.settle(task, SOON);
    world.accept(task, &["good"]);
    world.settle(task, SOON);
    task
}

#[test]
fn every_outcome_is_a_line_within_seconds() {
    let world = World::new(1);
    let task = begin(&world);
    world.pass(SYNC_LIST_AFTER + Duration::from_secs(1));
    assert_eq!(lines(&world, task, "Success"), ["good 5 Digest"]);
    assert_eq!(lines(&world, task, "Skip"), ["good 5"]);
    let failed = lines(&world, task, "Failure");
    assert_eq!(
        failed,
        ["bad StatSource the source refuses the credentials"]
    );
    assert_eq!(world.lines(task), 0);
    let list = world.list(&format!("lists/{task}/Success/")).remove(0);
    let (info, _) = world.get(&list).unwrap();
    assert_eq!(
        info.record.headers.content_type.as_deref(),
        Some("text/plain")
    );
}

#[test]
fn a_task_without_lists_writes_none() {
    let world = World::new(2);
    world.source.put("good", "1");
    let task = world.task(|_| {});
    world.accept(task, &["good"]);
    world.settle(task, SOON);
    world.pass(Duration::from_mins(1));
    assert_eq!(world.list(""), ["good"]);
}

#[test]
fn lists_are_written_before_a_task_stops_and_after_a_crash() {
    let world = World::new(3);
    let task = begin(&world);
    let engine = world.engine.clone();
    world.wait(async move { engine.stop_sync_task(&owner(), task).await.unwrap() });
    world.pass(Duration::from_secs(1));
    assert_eq!(lines(&world, task, "Success"), ["good 5 Digest"]);

    let world = World::new(4);
    let task = begin(&world);
    // A commit that makes everything before it durable.
    world.accept(task, &["good"]);
    let world = world.crash();
    world.settle(task, SOON);
    world.pass(SYNC_LIST_AFTER + Duration::from_secs(1));
    assert_eq!(lines(&world, task, "Success"), ["good 5 Digest"]);
    assert_eq!(lines(&world, task, "Skip"), ["good 5", "good 5"]);
}

#[test]
fn lists_are_never_sources() {
    let world = World::new(5);
    let task = world.task(|settings| settings.lists = true);
    let key = format!("lists/{task}/Success/1");
    world.source.put(&key, "not mine");
    world.accept(task, &[&key]);
    world.settle(task, SOON);
    assert_eq!(outcomes(world.counts(task)), (0, 0, 1));
    assert_eq!(world.bytes(&key), None);
}

#[test]
fn many_lines_are_in_lists_once_each() {
    let mut world = World::new(6);
    let names: Vec<String> = (0..2500).map(|n| format!("{n:05}")).collect();
    for name in &names {
        world.source.put(name, "x");
    }
    let task = world.task(|settings| settings.lists = true);
    for event in names.chunks(100) {
        let event: Vec<&str> = event.iter().map(|name| &**name).collect();
        world.accept(task, &event);
        if world.sim.one_in(8) {
            world = world.crash();
        }
    }
    world.settle(task, Duration::from_mins(5));
    world.pass(SYNC_LIST_AFTER * 2);
    let mut listed = lines(&world, task, "Success");
    listed.sort_unstable();
    let wanted: Vec<String> = names
        .iter()
        .map(|name| format!("{name} 1 Digest"))
        .collect();
    let different: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(different.len(), listed.len(), "a line comes twice");
    assert!(listed == wanted, "{} lines", listed.len());
    assert_eq!(outcomes(world.counts(task)), (2500, 0, 0));
}

#[test]
fn a_list_that_cannot_be_written_is_dropped() {
    let world = World::new(7);
    let task = begin(&world);
    let (engine, bucket) = (world.engine.clone(), world.bucket.clone());
    world.wait(async move {
        let keys = ["good"].map(|key| cohong_core::model::ObjectKey::new(key).unwrap());
        let keys = keys.map(|key| (key, cohong_core::engine::VersionChoice::Current));
        engine
            .delete_objects(
                &owner(),
                &bucket,
                keys.into(),
                cohong_core::engine::Deletion::default(),
            )
            .await
            .unwrap();
        engine.delete_bucket(&owner(), &bucket).await.unwrap();
    });
    world.pass(SYNC_LIST_AFTER * 2);
    assert_eq!(world.lines(task), 0);
    world.accept(task, &["good"]);
    world.settle(task, SOON);
    assert_eq!(world.counts(task).failure, 2);
}

#[test]
fn counts_are_forgotten_in_time() {
    let world = World::new(8);
    world.source.put("a", "1");
    let task = world.task(|_| {});
    for _ in 0..3 {
        world.accept(task, &["a"]);
        world.settle(task, SOON);
        world.pass(Duration::from_mins(5));
    }
    assert_eq!(world.rows(Table::SyncCounts), 2 + 6);
    world
        .sim
        .jump_wall(i64::try_from(SYNC_COUNTS_KEPT.as_millis()).unwrap());
    world.pass(Duration::from_mins(5));
    world.accept(task, &["a"]);
    world.settle(task, SOON);
    assert_eq!(world.rows(Table::SyncCounts), 2 + 2);
}
