//! Tasks that find their objects themselves.

use std::time::Duration;

use cohong_core::ErrorKind;
use cohong_core::engine::CreateSyncTask;
use cohong_core::limits::{SYNC_AHEAD, SYNC_FOUND_MAX, SYNC_PICKS_MAX};
use cohong_core::model::{
    ObjectKey, ScanFaultKind, SyncPick, SyncProgress, SyncScope, SyncSettings, SyncState,
    SyncTaskId,
};
use cohong_core::ports::{SourceFault, Table};
use cohong_testkit::source::Mishap;

use crate::world::{World, noise, owner};

const LATE: Duration = Duration::from_mins(10);

fn broken() -> Mishap {
    Mishap::Fault(SourceFault::Broken("no route".into()))
}

fn all() -> SyncScope {
    prefixes(&[""])
}

fn prefixes(texts: &[&str]) -> SyncScope {
    let prefix = |text: &&str| SyncPick::Prefix((*text).into());
    SyncScope::Found(texts.iter().map(prefix).collect())
}

fn key(name: &str) -> SyncPick {
    SyncPick::Key(ObjectKey::new(name).unwrap())
}

fn state(world: &World, task: SyncTaskId) -> SyncState {
    let engine = world.engine.clone();
    world.wait(async move { engine.sync_task(&owner(), task).await.unwrap().state })
}

fn progress(world: &World, task: SyncTaskId) -> SyncProgress {
    let engine = world.engine.clone();
    world.wait(async move { engine.sync_progress(&owner(), task).await.unwrap() })
}

/// Waits until a task does not run any more.
fn end(world: &World, task: SyncTaskId) -> SyncState {
    let until = world.now() + LATE;
    while state(world, task) == SyncState::Running {
        assert!(world.now() < until, "{:?}", progress(world, task));
        world.pass(Duration::from_millis(100));
    }
    world.pass(Duration::from_millis(100));
    state(world, task)
}

fn stop(world: &World, task: SyncTaskId) {
    let engine = world.engine.clone();
    world.wait(async move { engine.stop_sync_task(&owner(), task).await.unwrap() });
}

fn start(world: &World, task: SyncTaskId) {
    let (engine, keys) = (world.engine.clone(), world.keys());
    world.wait(async move { engine.start_sync_task(&owner(), task, keys).await.unwrap() });
}

fn restart(world: &World, task: SyncTaskId, only_failed: bool) {
    let (engine, keys) = (world.engine.clone(), world.keys());
    world.wait(async move {
        let cx = owner();
        let restarted = engine.restart_sync_task(&cx, task, keys, only_failed);
        restarted.await.unwrap();
    });
}

/// Found, success, failure, skip.
fn numbers(progress: &SyncProgress) -> (u64, u64, u64, u64) {
    let counts = progress.counts;
    (progress.found, counts.success, counts.failure, counts.skip)
}

#[test]
fn a_bucket_is_brought_page_by_page_and_the_task_ends() {
    let world = World::new(1);
    let names: Vec<String> = (0..2500).map(|n| format!("key/{n:05}")).collect();
    for name in &names {
        world.source.put(name, name.clone());
    }
    let task = world.task(|settings| {
        settings.scope = all();
        settings.lists = true;
    });
    assert!(task.number().is_some());
    let mut most = 0;
    while state(&world, task) == SyncState::Running {
        world.steps(2000);
        most = most.max(world.rows(Table::SyncItems));
    }
    assert!(
        most <= SYNC_FOUND_MAX + SYNC_AHEAD + 100,
        "{most} wait at once"
    );
    assert_eq!(state(&world, task), SyncState::Done);
    let progress = progress(&world, task);
    assert_eq!(numbers(&progress), (2500, 2500, 0, 0));
    assert!(progress.complete && progress.fault.is_none());
    assert_eq!(progress.found_bytes, 2500 * 9);
    assert_eq!(progress.counts.bytes, progress.found_bytes);
    assert_eq!(world.rows(Table::SyncSecrets), 0);
    for name in &names {
        assert_eq!(world.bytes(name).unwrap(), name.as_bytes());
    }
    let lists = world.list(&format!("lists/{task}/Success/"));
    assert!(!lists.is_empty(), "they are there when the task has ended");
    world.source.put("later", "x");
    world.pass(LATE);
    assert_eq!(world.bytes("later"), None);
}

#[test]
fn only_what_is_picked_is_brought_where_it_is_to_go() {
    let world = World::new(2);
    for name in ["a/1", "a/2", "b", "c/d/1", "c/e", "z"] {
        world.source.put(name, name.to_owned());
    }
    let long = "k".repeat(1020);
    world.source.put(&long, "x");
    let task = world.task(|settings| {
        let picks = [
            SyncPick::Prefix("a/".into()),
            key("b"),
            key(&long),
            SyncPick::Prefix("c/d".into()),
        ];
        settings.scope = SyncScope::Found(picks.into());
        settings.into = "copy/".into();
    });
    assert_eq!(end(&world, task), SyncState::Failed);
    assert_eq!(
        world.list(""),
        ["copy/a/1", "copy/a/2", "copy/b", "copy/c/d/1"]
    );
    assert_eq!(numbers(&progress(&world, task)), (5, 4, 1, 0));
}

#[test]
fn a_large_object_goes_where_it_is_to_go_and_is_given_up_there() {
    let world = World::new(3);
    let bytes = noise(500_000, 1);
    world.source.put("large", bytes.clone());
    world.source.put("other", bytes.clone());
    let task = world.task(|settings| {
        settings.scope = all();
        settings.into = "copy/".into();
    });
    world
        .source
        .fail_always("other", Some(Mishap::Cut(250_000)));
    assert_eq!(end(&world, task), SyncState::Failed);
    assert_eq!(world.list(""), ["copy/large"]);
    assert_eq!(world.bytes("copy/large").unwrap(), bytes);
    assert_eq!(world.rows(Table::Uploads), 0);
}

#[test]
fn objects_from_before_a_moment_are_skipped() {
    let world = World::new(4);
    world.source.put("old", "12345");
    world.pass(Duration::from_secs(10));
    let since = world.sim_now();
    world.source.put("new", "1");
    let task = world.task(|settings| {
        settings.scope = all();
        settings.since = Some(since);
    });
    assert_eq!(end(&world, task), SyncState::Done);
    assert_eq!(world.list(""), ["new"]);
    let progress = progress(&world, task);
    assert_eq!(numbers(&progress), (2, 1, 0, 1));
    assert_eq!((progress.counts.bytes, progress.skipped_bytes), (1, 5));
}

#[test]
fn a_stopped_task_goes_on_where_it_was() {
    let world = World::new(5);
    for n in 0..3000 {
        world.source.put(&format!("{n:05}"), "x");
    }
    let task = world.task(|settings| settings.scope = all());
    while progress(&world, task).counts.success < 500 {
        world.steps(500);
    }
    stop(&world, task);
    world.pass(Duration::from_secs(10));
    let stopped = progress(&world, task);
    assert!(stopped.found < 3000 && !stopped.complete, "{stopped:?}");
    assert_eq!(state(&world, task), SyncState::Stopped);
    world.pass(LATE);
    assert_eq!(progress(&world, task), stopped);
    // What was found already is not looked for again.
    world.source.put("00000 too late", "x");
    start(&world, task);
    assert_eq!(end(&world, task), SyncState::Done);
    assert_eq!(numbers(&progress(&world, task)), (3000, 3000, 0, 0));
    assert_eq!(world.source.stats(), 3000);
    assert_eq!(world.bytes("00000 too late"), None);
}

#[test]
fn what_failed_is_brought_again_alone() {
    let world = World::new(6);
    for n in 0..1200 {
        world.source.put(&format!("{n:05}"), "x");
    }
    for name in ["00003", "00007", "01100"] {
        world
            .source
            .fail(name, [Mishap::Fault(SourceFault::Denied)]);
    }
    let task = world.task(|settings| settings.scope = all());
    assert_eq!(end(&world, task), SyncState::Failed);
    assert_eq!(numbers(&progress(&world, task)), (1200, 1197, 3, 0));
    world
        .source
        .fail("00007", [Mishap::Fault(SourceFault::Denied)]);
    restart(&world, task, true);
    assert_eq!(end(&world, task), SyncState::Failed);
    assert_eq!(numbers(&progress(&world, task)), (1200, 1199, 1, 0));
    restart(&world, task, true);
    assert_eq!(end(&world, task), SyncState::Done);
    assert_eq!(numbers(&progress(&world, task)), (1200, 1200, 0, 0));
    assert_eq!(world.source.stats(), 1204);
    assert_eq!(world.lines(task), 0);
    let (engine, keys) = (world.engine.clone(), world.keys());
    let again =
        world.wait(async move { engine.restart_sync_task(&owner(), task, keys, false).await });
    assert_eq!(again.unwrap_err().kind(), ErrorKind::TaskState);
}

#[test]
fn everything_is_looked_at_anew_where_that_is_asked() {
    let world = World::new(7);
    for n in 0..10 {
        world.source.put(&format!("{n}"), "x");
    }
    world.source.fail("3", [Mishap::Fault(SourceFault::Denied)]);
    let task = world.task(|settings| settings.scope = all());
    assert_eq!(end(&world, task), SyncState::Failed);
    world.source.put("new", "x");
    restart(&world, task, false);
    assert_eq!(end(&world, task), SyncState::Done);
    assert_eq!(numbers(&progress(&world, task)), (11, 2, 0, 9));
    assert_eq!(world.lines(task), 0, "failures of before are forgotten");
}

#[test]
fn a_source_that_cannot_be_listed_fails_the_task() {
    let world = World::new(8);
    world.source.put("a", "x");
    // Trouble that passes is waited for; `""` is the listing.
    world.source.fail("", [broken(), broken()]);
    let task = world.task(|settings| settings.scope = all());
    assert_eq!(end(&world, task), SyncState::Done);
    assert_eq!(numbers(&progress(&world, task)), (1, 1, 0, 0));

    let task = world.task(|settings| settings.scope = prefixes(&["", "b"]));
    world.source.fail_always("", Some(broken()));
    assert_eq!(end(&world, task), SyncState::Failed);
    let told = progress(&world, task);
    let fault = told.fault.clone().unwrap();
    assert_eq!(
        (fault.kind, &*fault.why),
        (ScanFaultKind::Other, "the source failed: no route")
    );
    assert!(told.complete);

    world.source.fail_always("", None);
    world.source.refuse(true);
    restart(&world, task, true);
    assert_eq!(end(&world, task), SyncState::Failed);
    let fault = progress(&world, task).fault.unwrap();
    assert_eq!(fault.kind, ScanFaultKind::Denied);

    world.source.refuse(false);
    restart(&world, task, true);
    assert_eq!(end(&world, task), SyncState::Done);
    assert_eq!(numbers(&progress(&world, task)), (1, 0, 0, 1));
}

#[test]
fn it_takes_no_events_and_nothing_that_cannot_be_found() {
    let world = World::new(9);
    let task = world.task(|settings| settings.scope = prefixes(&["nothing"]));
    let engine = world.engine.clone();
    let keys = vec![ObjectKey::new("a").unwrap()];
    let told = world.wait(async move { engine.accept_sync(&owner(), task, keys).await });
    assert_eq!(told.unwrap_err().kind(), ErrorKind::NoSuchTask);
    assert_eq!(end(&world, task), SyncState::Done);
    assert_eq!(numbers(&progress(&world, task)), (0, 0, 0, 0));
    let told = world.task(|_| {});
    let engine = world.engine.clone();
    let none = world.wait(async move { engine.sync_progress(&owner(), told).await });
    assert_eq!(none.unwrap_err().kind(), ErrorKind::NoSuchTask);

    let refused = |change: &dyn Fn(&mut SyncSettings)| {
        let mut settings = world.settings();
        change(&mut settings);
        let (engine, keys) = (world.engine.clone(), world.keys());
        let made = world.wait(async move {
            engine
                .create_sync_task(&owner(), CreateSyncTask { settings, keys })
                .await
        });
        made.unwrap_err().kind()
    };
    let cases: [&dyn Fn(&mut SyncSettings); 4] = [
        &|settings| settings.scope = SyncScope::Found(Vec::new()),
        &|settings| settings.scope = SyncScope::Found(vec![key("a"); SYNC_PICKS_MAX + 1]),
        &|settings| settings.scope = prefixes(&["p".repeat(65_537).as_str()]),
        &|settings| settings.into = "p".repeat(1025).into(),
    ];
    for change in cases {
        assert_eq!(refused(change), ErrorKind::InvalidArgument);
    }
}

#[test]
fn a_deleted_task_leaves_nothing() {
    let world = World::new(10);
    world.source.put("a", "x");
    world
        .source
        .fail_always("a", Some(Mishap::Fault(SourceFault::Denied)));
    let task = world.task(|settings| settings.scope = all());
    assert_eq!(end(&world, task), SyncState::Failed);
    let engine = world.engine.clone();
    world.wait(async move { engine.delete_sync_task(&owner(), task).await.unwrap() });
    world.pass(Duration::from_secs(10));
    let tables = [
        Table::SyncTasks,
        Table::SyncItems,
        Table::SyncCounts,
        Table::SyncLines,
    ];
    for table in tables {
        assert_eq!(world.rows(table), 0, "{table:?}");
    }
}

/// Stops, starts, crashes, and a store and a source that fail, at any moment.
#[test]
fn whatever_happens_every_object_comes_once() {
    for seed in 100..116 {
        let mut world = World::new(seed);
        world.keep_versions();
        let count = 900 + world.sim.random(1200);
        for n in 0..count {
            let name = format!("{n:05}");
            world.source.put(&name, name.clone());
            if world.sim.one_in(50) {
                world.source.fail(&name, [broken()]);
            }
        }
        let task = world.task(|settings| settings.scope = all());
        world.meta.be_rough(true);
        for _ in 0..12 {
            world.steps(world.sim.random(40_000));
            match world.sim.random(4) {
                0 => world = crash(world),
                1 => turn(&world, task),
                2 => world.source.fail("", [broken()]),
                _ => {}
            }
        }
        world.meta.be_rough(false);
        if state(&world, task) == SyncState::Stopped {
            start(&world, task);
        }
        assert_eq!(end(&world, task), SyncState::Done, "seed {seed}");
        assert_eq!(progress(&world, task).found, count, "seed {seed}");
        let counts = progress(&world, task).counts;
        assert_eq!(counts.success + counts.skip, count, "seed {seed}");
        for n in 0..count {
            let name = format!("{n:05}");
            assert_eq!(world.bytes(&name).unwrap(), name.as_bytes(), "seed {seed}");
        }
        assert_eq!(world.rows(Table::SyncItems), 0, "seed {seed}");
    }
}

fn crash(world: World) -> World {
    let world = world.crash();
    world.meta.be_rough(true);
    world
}

/// Stops or starts a task; either may fail.
fn turn(world: &World, task: SyncTaskId) {
    let (engine, keys) = (world.engine.clone(), world.keys());
    world.wait(async move {
        if let Ok(seen) = engine.sync_task(&owner(), task).await {
            let _ = match seen.state {
                SyncState::Running => engine.stop_sync_task(&owner(), task).await,
                _ => engine.start_sync_task(&owner(), task, keys).await,
            };
        }
    });
}
