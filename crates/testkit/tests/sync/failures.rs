//! Failures that operators are shown.

use std::time::Duration;

use cohong_core::engine::SeenSync;
use cohong_core::limits::SYNC_FAILURES_KEPT;
use cohong_core::model::{ObjectKey, SyncOutcome, SyncStage};

use crate::world::World;

const SOON: Duration = Duration::from_secs(10);

#[test]
fn the_newest_failures_are_kept_whatever_became_of_their_keys_since() {
    let world = World::new(1);
    let task = world.task(|_| {});
    let seen = |key: &'static str| {
        let engine = world.engine.clone();
        let key = ObjectKey::new(key).unwrap();
        world.wait(async move { engine.seen_by_sync(task, &key).await.unwrap() })
    };
    world.accept(task, &["a"]);
    assert_eq!(seen("a").owed, 1);
    world.settle(task, SOON);
    let a = seen("a");
    let failed = a.failure.expect("a failure").outcome;
    assert_eq!(a.owed, 0);
    let at_source = matches!(
        &failed,
        SyncOutcome::Failure {
            stage: SyncStage::StatSource,
            ..
        }
    );
    assert!(at_source, "{failed:?}");
    assert_eq!(seen("b"), SeenSync::default());

    let kept = usize::try_from(SYNC_FAILURES_KEPT).unwrap();
    let names: Vec<String> = (0..kept).map(|n| format!("missing {n}")).collect();
    for names in names.chunks(100) {
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        world.accept(task, &names);
        world.settle(task, SOON);
    }
    let engine = world.engine.clone();
    let failures = world.wait(async move { engine.failures_of_sync(task).await.unwrap() });
    assert_eq!(failures.len(), kept);
    assert!(failures.is_sorted_by(|newer, older| newer.at >= older.at));
    assert_eq!(seen("a").failure, None, "the oldest went");
    assert!(seen("missing 0").failure.is_some());
}
