//! The task that serves one sync task: reads what it has to do, runs keys, waits after failures, counts
//! what ended. Never two runs of one key.

mod scan;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::select;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::shared::{Line, Shared};
use super::transfer::{Desk, Hope, Trouble, Way};
use crate::engine::{Ended, Walk};
use crate::error::Error;
use crate::limits::{
    SETTLE_AFTER, SETTLE_OUTCOMES_MAX, SYNC_AHEAD, SYNC_LIST_AFTER, SYNC_MIND_MAX,
};
use crate::model::{ObjectKey, SyncState, SyncTaskId};
use crate::pace::Brake;
use crate::ports::{KeyRange, Mono};
use crate::records::keys;
use crate::rules::sync::{Tried, pause};
use scan::Scan;

/// Pause after the store could not be read or written.
const STORE_RETRY: Duration = Duration::from_secs(1);
/// A runner without anything to wait for looks around this often.
const IDLE: Duration = Duration::from_hours(1);

/// Failed tries of a key, one after the other.
#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    count: u32,
    first: Option<Mono>,
}

/// Where a key that the runner knows of is.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// May start.
    Ready(Tries),
    /// Is being run.
    Flying(Tries),
    /// Waits for its next try.
    Waiting(Tries),
    /// Its run ended and is to be counted.
    Ended,
}

/// The way through the items.
#[derive(Debug, Default)]
struct Pass {
    /// What is left of it; `None` when none is under way.
    rest: Option<KeyRange>,
    /// Whether another is to follow, because something came that it may have gone past.
    again: bool,
}

/// See the module's text.
#[derive(Debug)]
pub(super) struct Runner {
    shared: Shared,
    id: SyncTaskId,
    line: Arc<Line>,
    /// What all copies of the task share.
    brake: Arc<Brake>,
    /// The task while it runs.
    desk: Option<Arc<Desk>>,
    mind: BTreeMap<ObjectKey, Place>,
    ready: VecDeque<ObjectKey>,
    waiting: BTreeSet<(Mono, ObjectKey)>,
    ended: Vec<Ended>,
    flying: usize,
    pass: Pass,
    scan: Scan,
    /// When what ended is counted at the latest.
    settle_at: Option<Mono>,
    /// The task as it ran last, for its lists.
    scribe: Option<Arc<Desk>>,
    /// When lists are written.
    lists_at: Option<Mono>,
    /// Nothing is asked of the store before this.
    retry_at: Option<Mono>,
    landings: UnboundedSender<(ObjectKey, Way)>,
    landed: UnboundedReceiver<(ObjectKey, Way)>,
}

impl Runner {
    pub(super) fn new(shared: Shared, id: SyncTaskId, line: Arc<Line>) -> Self {
        let (landings, landed) = unbounded_channel();
        let clock = shared.engine.ports().clock.clone();
        Self {
            brake: Arc::new(Brake::new(clock, Vec::new())),
            shared,
            id,
            line,
            desk: None,
            mind: BTreeMap::new(),
            ready: VecDeque::new(),
            waiting: BTreeSet::new(),
            ended: Vec::new(),
            flying: 0,
            pass: Pass::default(),
            scan: Scan::new(),
            settle_at: None,
            scribe: None,
            lists_at: None,
            retry_at: None,
            landings,
            landed,
        }
    }

    /// Runs until the task does not run any more, or syncing stops.
    pub(super) async fn run(mut self) {
        loop {
            if self.may_try() {
                let round = self.round().await;
                self.retry_at = round.is_err().then(|| self.now() + STORE_RETRY);
            }
            let idle = self.flying == 0 && self.ended.is_empty();
            if self.shared.is_stopping() && (idle || self.retry_at.is_some()) {
                return;
            }
            let gone = idle && self.desk.is_none() && self.retry_at.is_none();
            if gone && self.shared.leave(self.id, &self.line) {
                return;
            }
            self.wait().await;
        }
    }

    /// Does what is to be done now.
    async fn round(&mut self) -> Result<(), Error> {
        self.look().await?;
        if self.desk.is_some() && !self.shared.is_stopping() {
            self.read_on().await?;
            self.wake_waiting();
            self.depart();
        }
        self.settle().await?;
        self.scan_on().await?;
        self.write_lists().await;
        Ok(())
    }

    /// Writes lists when it is time, and before the runner leaves.
    async fn write_lists(&mut self) {
        let Some(due) = self.lists_at.filter(|_| !self.shared.is_stopping()) else {
            return;
        };
        let leaves = self.desk.is_none() && self.flying == 0;
        if due > self.now() && !leaves {
            return;
        }
        self.lists_at = None;
        let Some(scribe) = self.scribe.clone() else {
            return;
        };
        if scribe.write_lists().await.is_err() {
            // The copies go on; lines wait, if need be for the next start.
            self.lists_at = Some(self.now() + SYNC_LIST_AFTER).filter(|_| !leaves);
        }
    }

    /// Looks at the task when something is new.
    async fn look(&mut self) -> Result<(), Error> {
        if !self.line.take_mail() && self.retry_at.is_none() {
            return Ok(());
        }
        let found = self.shared.engine.find_sync_task(self.id).await?;
        let known = self.desk.as_ref().map(|desk| desk.revision);
        match found.filter(|(task, _)| task.state == SyncState::Running) {
            Some((_, revision)) if known == Some(revision) => {}
            Some(running) => {
                let desk = Desk::new(&self.shared, &self.brake, running);
                self.brake.change(desk.task.settings.bandwidth.clone());
                self.desk = Some(Arc::new(desk));
                self.scribe.clone_from(&self.desk);
                self.scan.begin();
                // Lines may have been left by a crash.
                self.lists_at = Some(self.now() + SYNC_LIST_AFTER);
            }
            None => self.rest(),
        }
        self.pass.again = true;
        Ok(())
    }

    /// The task does not run: forgets what has not begun.
    fn rest(&mut self) {
        self.desk = None;
        self.pass = Pass::default();
        self.ready.clear();
        self.waiting.clear();
        self.mind
            .retain(|_, place| matches!(place, Place::Flying(_) | Place::Ended));
    }

    /// Reads keys ahead.
    async fn read_on(&mut self) -> Result<(), Error> {
        while self.ready.len() < SYNC_AHEAD && self.mind.len() < SYNC_MIND_MAX {
            let begins = self.pass.rest.is_none() && std::mem::take(&mut self.pass.again);
            let whole = begins.then(|| keys::sync_items_range(self.id));
            let Some(range) = self.pass.rest.take().or(whole) else {
                return Ok(());
            };
            let mut walk = Walk::over(range.clone());
            let page = walk.page(&*self.shared.engine.ports().meta).await;
            let page = page.inspect_err(|_| self.pass.rest = Some(range))?;
            self.pass.rest = walk.rest();
            for (at, _) in page.unwrap_or_default() {
                self.take_up(&at);
            }
        }
        Ok(())
    }

    /// A key that is unknown may start. One that no object can have is left alone.
    fn take_up(&mut self, at: &Bytes) {
        if let Some(key) = keys::object_of_sync(at)
            && !self.mind.contains_key(&key)
        {
            self.make_ready(key, Tries::default());
        }
    }

    fn make_ready(&mut self, key: ObjectKey, tries: Tries) {
        self.mind.insert(key.clone(), Place::Ready(tries));
        self.ready.push_back(key);
    }

    fn wake_waiting(&mut self) {
        let now = self.now();
        while let Some((due, key)) = self.waiting.pop_first() {
            if due > now {
                self.waiting.insert((due, key));
                return;
            }
            if let Some(Place::Waiting(tries)) = self.mind.get(&key).copied() {
                self.make_ready(key, tries);
            }
        }
    }

    /// Starts what may start.
    fn depart(&mut self) {
        let Some(desk) = self.desk.clone() else {
            return;
        };
        while self.flying < self.shared.task_copies_max()
            && let Some(key) = self.ready.pop_front()
        {
            let Some(Place::Ready(tries)) = self.mind.get(&key).copied() else {
                continue;
            };
            self.mind.insert(key.clone(), Place::Flying(tries));
            self.flying += 1;
            let (shared, desk) = (self.shared.clone(), desk.clone());
            let landings = self.landings.clone();
            let flight = async move {
                let way = fly(&shared, &desk, &key).await;
                // Nobody listens any more when the runner is gone, and then nobody has to know.
                let _ = landings.send((key, way));
            };
            let spawner = &self.shared.engine.ports().spawner;
            spawner.spawn("sync copy", Box::pin(flight));
        }
    }

    fn land(&mut self, key: ObjectKey, way: Way) {
        self.flying -= 1;
        let Some(Place::Flying(tries)) = self.mind.get(&key).copied() else {
            return;
        };
        match way {
            Way::Marked => self.end(key, None),
            Way::Done(done) => self.end(key, Some(done)),
            Way::Trouble(trouble) => self.put_off(key, tries, trouble),
            Way::Cut => drop(self.mind.remove(&key)),
        }
    }

    fn end(&mut self, key: ObjectKey, done: Option<crate::records::SyncDone>) {
        self.mind.insert(key.clone(), Place::Ended);
        self.ended.push((key, done));
        let due = self.now() + SETTLE_AFTER;
        self.settle_at.get_or_insert(due);
    }

    /// A try failed: waits for the next one, or gives up.
    fn put_off(&mut self, key: ObjectKey, tries: Tries, trouble: Trouble) {
        let now = self.now();
        // A large object that gets on is as good as new.
        let tries = if trouble.progressed {
            Tries::default()
        } else {
            tries
        };
        let first = tries.first.unwrap_or(now);
        let tries = Tries {
            count: tries.count + 1,
            first: Some(first),
        };
        let so_far = Tried {
            tries: tries.count,
            since: now.saturating_sub(first),
            asked: match trouble.hope {
                Hope::Later(asked) => asked,
                Hope::Lost | Hope::Restoring => None,
            },
            restoring: trouble.hope == Hope::Restoring,
        };
        if self.desk.is_none() {
            // It waits for the next start.
            self.mind.remove(&key);
            return;
        }
        let ports = self.shared.engine.ports();
        let again = match trouble.hope {
            Hope::Lost => None,
            Hope::Later(_) | Hope::Restoring => pause(so_far, |bound| ports.ids.below(bound)),
        };
        if let Some(pause) = again {
            self.mind.insert(key.clone(), Place::Waiting(tries));
            self.waiting.insert((now + pause, key));
        } else {
            let done = trouble.given_up(ports.clock.now());
            self.end(key, Some(done));
        }
    }

    /// Counts what ended, when it is time.
    async fn settle(&mut self) -> Result<(), Error> {
        let now = self.now();
        let ending = self.desk.is_none() || self.shared.is_stopping();
        while !self.ended.is_empty() {
            let due = self.settle_at.is_some_and(|due| due <= now);
            if self.ended.len() < SETTLE_OUTCOMES_MAX && !due && !ending {
                return Ok(());
            }
            let some = self.ended.len().min(SETTLE_OUTCOMES_MAX);
            let batch: Vec<Ended> = self.ended.drain(..some).collect();
            let scribe = self.scribe.as_ref();
            let lists = scribe.is_some_and(|scribe| scribe.format().is_some());
            let folded = self.shared.engine.fold_sync(self.id, &batch, lists).await;
            let again = match folded {
                Ok(again) => again,
                Err(error) => {
                    self.unsettled(batch);
                    return Err(error);
                }
            };
            if lists {
                let due = self.now() + SYNC_LIST_AFTER;
                self.lists_at.get_or_insert(due);
            }
            for (key, _) in batch {
                self.mind.remove(&key);
            }
            self.run_again(again);
        }
        self.settle_at = None;
        Ok(())
    }

    /// Nobody knows whether these were counted. What the items say can be counted again; what only the
    /// runs knew must not be, so these keys are run again, if there is still something to do.
    fn unsettled(&mut self, batch: Vec<Ended>) {
        let (known, marked): (Vec<Ended>, Vec<Ended>) =
            batch.into_iter().partition(|(_, done)| done.is_some());
        self.ended.extend(marked);
        for (key, _) in &known {
            self.mind.remove(key);
        }
        self.run_again(known.into_iter().map(|(key, _)| key).collect());
    }

    /// Keys that something is owed for. Those of a task that does not run wait for its next start.
    fn run_again(&mut self, keys: Vec<ObjectKey>) {
        let runs = self.desk.is_some();
        for key in keys.into_iter().filter(|_| runs) {
            self.make_ready(key, Tries::default());
        }
    }

    async fn wait(&mut self) {
        let wake = self.wake();
        let stopping = self.shared.is_stopping();
        let shared = self.shared.clone();
        select! {
            biased;
            () = shared.stopping(), if !stopping => {}
            Some((key, way)) = self.landed.recv() => {
                self.land(key, way);
                while let Ok((key, way)) = self.landed.try_recv() {
                    self.land(key, way);
                }
            }
            Some(look) = self.scan.looked.recv() => self.looked(look),
            () = self.line.rung() => {}
            () = shared.engine.ports().clock.sleep_until(wake) => {}
        }
    }

    /// When something is to be done that nobody rings for.
    fn wake(&self) -> Mono {
        let now = self.now();
        if let Some(retry) = self.retry_at {
            return retry;
        }
        let slots = self.flying < self.shared.task_copies_max();
        let ready = slots && !self.ready.is_empty() && !self.shared.is_stopping();
        let next = self.waiting.first().map(|(due, _)| *due);
        let next = next.filter(|_| !self.shared.is_stopping());
        let lists = self.lists_at.filter(|_| !self.shared.is_stopping());
        let look = self.scan.wait.filter(|_| self.desk.is_some());
        let look = look.filter(|_| !self.shared.is_stopping());
        let dues = [ready.then_some(now), self.settle_at, next, lists, look];
        dues.into_iter().flatten().min().unwrap_or(now + IDLE)
    }

    fn may_try(&self) -> bool {
        self.retry_at.is_none_or(|retry| retry <= self.now()) || self.shared.is_stopping()
    }

    fn now(&self) -> Mono {
        self.shared.engine.ports().clock.mono()
    }
}

/// Runs a key; breaks off when syncing stops.
async fn fly(shared: &Shared, desk: &Desk, key: &ObjectKey) -> Way {
    select! {
        biased;
        () = shared.stopping() => Way::Cut,
        way = desk.run(key) => way,
    }
}
