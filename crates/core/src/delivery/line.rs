//! What the parts of delivery share: the ports, the lines to the runners, and the wish to stop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::registry::Registry;
use crate::engine::Ports;
use crate::model::{BucketId, Destination, Timestamp};
use crate::ports::Load;
use crate::records::keys::DestinationKey;

/// Shared by the dispatcher, the runners, the replays and the operator's handle.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) ports: Ports,
    pub(super) registry: Registry,
    pub(super) bell: Arc<super::Bell>,
    pub(super) load: Arc<dyn Load>,
    /// Held by each sender that rests.
    pub(super) crowd: Arc<()>,
    pub(super) lines: Mutex<BTreeMap<DestinationKey, Arc<Line>>>,
    stop: watch::Sender<bool>,
    tasks: watch::Sender<usize>,
}

/// The line to one runner.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) destination: Destination,
    mail: Mutex<Mail>,
    pub(super) ring: Notify,
    pub(super) report: Mutex<Report>,
}

/// What a runner is asked to do. Asking twice is asking once.
#[derive(Debug, Default)]
pub(super) struct Mail {
    /// Buckets whose log grew or whose subscription changed.
    pub(super) grown: BTreeSet<BucketId>,
    /// Look whether subscriptions that have nothing owed are still named by a rule.
    pub(super) sweep: bool,
    /// Something was repaired: probe a paused target now.
    pub(super) hurry: bool,
}

impl Mail {
    pub(super) fn is_empty(&self) -> bool {
        self.grown.is_empty() && !self.sweep && !self.hurry
    }
}

/// What a runner says about itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    pub(super) pause: Option<PauseReport>,
    /// Sends under way, by bucket.
    pub(super) in_flight: BTreeMap<BucketId, usize>,
}

/// Why nothing is sent.
#[derive(Clone, Debug)]
pub(super) struct PauseReport {
    pub(super) since: Timestamp,
    pub(super) why: Box<str>,
    /// On the monotonic clock.
    pub(super) due: Duration,
}

/// Locks; a panic elsewhere leaves nothing half written here.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    pub(super) fn new(destination: Destination) -> Self {
        Self {
            destination,
            mail: Mutex::default(),
            ring: Notify::new(),
            report: Mutex::default(),
        }
    }

    /// Changes what the runner is asked, and wakes it.
    pub(super) fn ask(&self, change: impl FnOnce(&mut Mail)) {
        change(&mut lock(&self.mail));
        self.ring.notify_one();
    }

    /// Takes the mail.
    pub(super) fn take_mail(&self) -> Mail {
        std::mem::take(&mut *lock(&self.mail))
    }

    pub(super) fn has_mail(&self) -> bool {
        !lock(&self.mail).is_empty()
    }
}

impl Shared {
    pub(super) fn new(
        ports: Ports,
        registry: Registry,
        bell: Arc<super::Bell>,
        load: Arc<dyn Load>,
    ) -> Self {
        Self {
            ports,
            registry,
            bell,
            load,
            crowd: Arc::default(),
            lines: Mutex::default(),
            stop: watch::Sender::new(false),
            tasks: watch::Sender::new(0),
        }
    }

    /// Starts a task that `stopped` waits for.
    pub(super) fn spawn(
        self: &Arc<Self>,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let alive = Alive::new(self.clone());
        let task = async move {
            let _alive = alive;
            task.await;
        };
        self.ports.spawner.spawn(name, Box::pin(task));
    }

    /// Asks every task to come to its end.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Whether tasks are asked to end.
    pub(super) fn is_stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Returns when tasks are asked to end.
    pub(super) async fn stopping(&self) {
        // An error would mean that the sender is gone, which `self` holds.
        let _ = self.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Returns when every task has ended.
    pub(super) async fn stopped(&self) {
        let _ = self.tasks.subscribe().wait_for(|alive| *alive == 0).await;
    }
}

/// Counts a task as long as it lives.
struct Alive(Arc<Shared>);

impl Alive {
    fn new(shared: Arc<Shared>) -> Self {
        shared.tasks.send_modify(|alive| *alive += 1);
        Self(shared)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.tasks.send_modify(|alive| *alive -= 1);
    }
}
