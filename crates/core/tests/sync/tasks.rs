//! Making, showing, starting, stopping and deleting.

use std::time::Duration;

use cohong_core::limits::{SYNC_TASKS_MAX, SYNC_TEXT_BYTES_MAX};
use cohong_core::model::{BucketName, SyncState, SyncTaskId};
use cohong_core::ports::Table;
use cohong_core::{ErrorKind, work};

use super::common::{World, account, anonymous, owner, run};
use super::{SECRET, create, keys, task, task_of, with_keys};

#[test]
fn a_task_goes_from_running_to_stopped_and_back() {
    run(async {
        let world = World::new();
        let id = task(&world).await;
        let engine = &world.engine;
        let cx = owner();
        let made = engine.sync_task(&cx, id).await.unwrap();
        assert_eq!(made.state, SyncState::Running);
        assert_eq!(made.settings, super::settings(&made.settings.bucket));
        assert_eq!(
            (made.created_at, made.started_at),
            (made.created_at, made.created_at)
        );
        let start = || engine.start_sync_task(&cx, id, with_keys());
        let kind = |outcome: Result<(), cohong_core::Error>| outcome.map_err(|e| e.kind());
        assert_eq!(kind(start().await), Err(ErrorKind::TaskState));
        assert_eq!(
            kind(engine.delete_sync_task(&cx, id).await),
            Err(ErrorKind::TaskState)
        );
        world.clock.advance(Duration::from_secs(9));
        assert_eq!(kind(engine.stop_sync_task(&cx, id).await), Ok(()));
        assert_eq!(
            kind(engine.stop_sync_task(&cx, id).await),
            Err(ErrorKind::TaskState)
        );
        assert!(world.rows(Table::SyncSecrets).await.is_empty(), "forgotten");
        assert_eq!(kind(start().await), Ok(()));
        let started = engine.sync_task(&cx, id).await.unwrap();
        assert_eq!(started.state, SyncState::Running);
        assert_eq!(
            started.started_at,
            made.started_at.plus(Duration::from_secs(9))
        );
        assert_eq!(started.created_at, made.created_at);
        assert_eq!(world.rows(Table::SyncSecrets).await.len(), 1);
    });
}

#[test]
fn tasks_are_of_the_account_that_made_them() {
    run(async {
        let world = World::new();
        let id = task(&world).await;
        let engine = &world.engine;
        for cx in [account("stranger"), anonymous()] {
            let wanted = if cx.principal.account().is_some() {
                ErrorKind::NoSuchTask
            } else {
                ErrorKind::Denied
            };
            let told = |outcome: Result<(), cohong_core::Error>| outcome.unwrap_err().kind();
            assert_eq!(told(engine.sync_task(&cx, id).await.map(drop)), wanted);
            assert_eq!(told(engine.stop_sync_task(&cx, id).await), wanted);
            assert_eq!(
                told(engine.start_sync_task(&cx, id, with_keys()).await),
                wanted
            );
            assert_eq!(told(engine.delete_sync_task(&cx, id).await), wanted);
            assert_eq!(
                told(engine.accept_sync(&cx, id, keys(&["a"])).await),
                wanted
            );
            assert_eq!(told(engine.sync_backlog(&cx, id).await.map(drop)), wanted);
        }
        assert!(
            engine
                .sync_tasks(&account("stranger"))
                .await
                .unwrap()
                .is_empty()
        );
        let unknown = engine.sync_task(&owner(), SyncTaskId([9; 16])).await;
        assert_eq!(unknown.unwrap_err().kind(), ErrorKind::NoSuchTask);
    });
}

#[test]
fn an_account_has_so_many_tasks_newest_first() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("into").await;
        let mut made = Vec::new();
        for _ in 0..SYNC_TASKS_MAX {
            world.clock.advance(Duration::from_millis(1));
            made.push(task_of(&world, &owner(), &bucket).await);
        }
        let more = world
            .engine
            .create_sync_task(&owner(), create(&bucket))
            .await;
        assert_eq!(more.unwrap_err().kind(), ErrorKind::TooManyTasks);
        task_of(&world, &account("other"), &bucket).await;
        let listed = world.engine.sync_tasks(&owner()).await.unwrap();
        let listed: Vec<SyncTaskId> = listed.into_iter().map(|task| task.id).collect();
        assert_eq!(listed, made.into_iter().rev().collect::<Vec<_>>());
    });
}

#[test]
fn what_cannot_be_a_task_is_refused() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("into").await;
        let refused = async |req, cx| {
            let outcome = world.engine.create_sync_task(&cx, req).await;
            outcome.unwrap_err().kind()
        };
        let absent = BucketName::new("absent").unwrap();
        assert_eq!(
            refused(create(&absent), owner()).await,
            ErrorKind::NoSuchBucket
        );
        assert_eq!(
            refused(create(&bucket), anonymous()).await,
            ErrorKind::Denied
        );
        let mut long = create(&bucket);
        long.settings.description = "d".repeat(SYNC_TEXT_BYTES_MAX + 1).into();
        assert_eq!(refused(long, owner()).await, ErrorKind::InvalidArgument);
        assert!(world.rows(Table::SyncTasks).await.is_empty());
        assert!(world.rows(Table::SyncSecrets).await.is_empty());
    });
}

#[test]
fn secrets_are_sealed_and_never_shown() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("into").await;
        let asked = create(&bucket);
        assert!(!format!("{asked:?}").contains(SECRET), "{asked:?}");
        let id = task_of(&world, &owner(), &bucket).await;
        let shown = world.engine.sync_task(&owner(), id).await.unwrap();
        assert!(!format!("{shown:?}").contains(SECRET), "{shown:?}");
        for table in Table::ALL {
            for (at, stored) in world.rows(table).await {
                let text = String::from_utf8_lossy(&stored.bytes);
                assert!(!text.contains(SECRET), "{table:?} {at:?}");
            }
        }
    });
}

#[test]
fn a_deleted_task_leaves_nothing() {
    run(async {
        let world = World::new();
        let id = task(&world).await;
        let (engine, cx) = (&world.engine, owner());
        let many: Vec<String> = (0..100).map(|n| format!("key {n}")).collect();
        let many: Vec<&str> = many.iter().map(|name| &**name).collect();
        engine.accept_sync(&cx, id, keys(&many)).await.unwrap();
        engine.stop_sync_task(&cx, id).await.unwrap();
        assert_eq!(engine.sync_backlog(&cx, id).await.unwrap(), 100);
        engine.delete_sync_task(&cx, id).await.unwrap();
        let gone = engine.sync_task(&cx, id).await;
        assert_eq!(gone.unwrap_err().kind(), ErrorKind::NoSuchTask);
        assert_eq!(work::run_due_once(engine).await.unwrap(), 1);
        for table in [
            Table::SyncTasks,
            Table::SyncSecrets,
            Table::SyncItems,
            Table::SyncCounts,
            Table::SyncLines,
            Table::Work,
        ] {
            assert!(world.rows(table).await.is_empty(), "{table:?}");
        }
    });
}
