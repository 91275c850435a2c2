//! The task that gives each running sync task a runner.

use std::time::Duration;

use tokio::select;

use super::runner::Runner;
use super::shared::Shared;
use crate::model::{SyncState, SyncTaskId};

/// How often everything is looked at without a ring: a ring is lost when a commit's answer is.
const POLL: Duration = Duration::from_secs(5);

/// Runs until syncing stops.
pub(super) async fn run(shared: Shared) {
    let engine = shared.engine.clone();
    let clock = engine.ports().clock.clone();
    let mut next = clock.mono();
    loop {
        select! {
            biased;
            () = shared.stopping() => return,
            changed = engine.sync_bell.wait() => {
                for task in changed {
                    tell(&shared, task);
                }
            }
            () = clock.sleep_until(next) => {
                // A poll that failed is made up for by the next one.
                for task in engine.all_sync_tasks().await.unwrap_or_default() {
                    if task.state == SyncState::Running {
                        tell(&shared, task.id);
                    }
                }
                next = clock.mono() + POLL;
            }
        }
    }
}

fn tell(shared: &Shared, task: SyncTaskId) {
    if let Some(line) = shared.tell(task) {
        let runner = Runner::new(shared.clone(), task, line);
        let spawner = &shared.engine.ports().spawner;
        spawner.spawn("sync runner", Box::pin(runner.run()));
    }
}
