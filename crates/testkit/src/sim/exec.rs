//! A tiny executor with its own time: tasks run one after the other in an order drawn from the seed,
//! and when none can run the clock moves on to the next sleeper. No threads, no real time.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::model::{PayloadId, Timestamp, UploadId, WorkId};
use cohong_core::ports::{Clock, Ids, Load, Mono, Spawner, Task};

use crate::seed::Seed;

/// Where the wall clock begins, milliseconds.
const WALL_MS: u64 = 1_700_000_000_000;

/// Polls at one instant, or looks at the clock within one poll, after which something is busy without
/// end.
const BUSY: u64 = 100_000;

/// Polls of one wait; reached only by a server that goes round without end.
const POLLS_MAX: u64 = 50_000_000;

/// How long a wait may take.
const WAIT_MAX: Duration = Duration::from_hours(24);

/// A task, for those who ask who is running.
pub type TaskId = u64;

/// Why [`Sim::run`] came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// What was waited for is so.
    Done,
    /// As many polls as were allowed are used up.
    Polls,
    /// The time is over.
    Time,
}

/// Tasks, time, randomness and the trace of one run. Clones are the same simulation.
#[derive(Clone)]
pub struct Sim(Arc<Mutex<State>>);

struct State {
    seed: Seed,
    mono: Mono,
    wall_shift_ms: i64,
    /// The latest that the wall clock said before it jumped.
    latest: Timestamp,
    last: u64,
    running: TaskId,
    /// Looks at the clock since the running task was polled.
    looks: u64,
    tasks: BTreeMap<TaskId, (Option<Task>, Waker)>,
    ready: Vec<TaskId>,
    sleepers: BTreeMap<(Mono, u64), Waker>,
    trace: Vec<String>,
    /// Payload ids that may be given out again, where they are.
    repeated: Option<Vec<PayloadId>>,
}

impl Sim {
    /// An empty one. Equal seeds give equal runs.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            seed: Seed::new(seed),
            mono: Mono::ZERO,
            wall_shift_ms: 0,
            latest: Timestamp::default(),
            last: 0,
            running: 0,
            looks: 0,
            tasks: BTreeMap::new(),
            ready: Vec::new(),
            sleepers: BTreeMap::new(),
            trace: Vec::new(),
            repeated: None,
        })))
    }

    // A panic is a violation that was found; what it found must still be readable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn random(&self, bound: u64) -> u64 {
        self.state().seed.below(bound)
    }

    /// Whether an event of one chance in `n` happens.
    pub fn one_in(&self, n: u64) -> bool {
        self.random(n) == 0
    }

    /// Heads or tails.
    pub fn coin(&self) -> bool {
        self.one_in(2)
    }

    /// One of several.
    pub fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        let n = usize::try_from(self.random(of.len() as u64)).ok()?;
        of.get(n)
    }

    /// The task being polled.
    pub fn running(&self) -> TaskId {
        self.state().running
    }

    /// Adds a line to the trace.
    pub fn note(&self, line: impl fmt::Display) {
        let mut state = self.state();
        let at = state.mono.as_millis();
        let by = state.running;
        state.trace.push(format!("{at:>9} #{by:<4} {line}"));
    }

    /// The trace so far.
    pub fn trace(&self) -> Vec<String> {
        self.state().trace.clone()
    }

    /// The wall clock jumps; the monotonic one does not.
    pub fn jump_wall(&self, by_ms: i64) {
        let latest = self.latest();
        self.state().latest = latest;
        self.state().wall_shift_ms += by_ms;
        self.note(format_args!("wall clock jumps by {by_ms} ms"));
    }

    /// The latest that the wall clock has said.
    pub(crate) fn latest(&self) -> Timestamp {
        let now = Clock::now(self);
        self.state().latest.max(now)
    }

    /// From now on payload ids are given out again at times: what no source of ids may do.
    pub(crate) fn repeat_ids(&self) {
        self.state().repeated = Some(Vec::new());
    }

    /// Drops every task where it stands, as a crash does.
    pub fn kill(&self) {
        // Tasks wake each other when dropped, so they must not be dropped under the lock.
        let tasks = std::mem::take(&mut self.state().tasks);
        drop(tasks);
        let sleepers = std::mem::take(&mut self.state().sleepers);
        drop(sleepers);
        self.state().ready.clear();
    }

    /// Polls tasks until `done`, for at most so many polls and until a time.
    pub fn run(&self, mut done: impl FnMut() -> bool, polls: u64, until: Mono) -> Stop {
        let mut since = (self.state().mono, 0);
        for poll in 0..polls {
            if done() {
                return Stop::Done;
            }
            let now = self.state().mono;
            if now > since.0 {
                since = (now, poll);
            }
            assert!(poll - since.1 < BUSY, "something is busy without end");
            while self.state().ready.is_empty() {
                if !self.sleep_on(until) {
                    return Stop::Time;
                }
            }
            self.poll_one();
        }
        Stop::Polls
    }

    /// Runs everything until `main` ends. Panics when it has not within a day.
    pub fn wait<T: Send + 'static>(&self, main: impl Future<Output = T> + Send + 'static) -> T {
        let (told, heard) = mpsc::channel();
        self.start(async move {
            // Nobody hears a task that outlives its wait.
            let _ = told.send(main.await);
        });
        let mut value = None;
        let ended = || {
            value = heard.try_recv().ok();
            value.is_some()
        };
        let stop = self.run(ended, POLLS_MAX, self.mono() + WAIT_MAX);
        assert_eq!(stop, Stop::Done, "something waits for ever");
        value.expect("what was waited for is there")
    }

    /// Runs everything for a time. Panics when it does not come to rest in it.
    pub fn rest(&self, time: Duration) {
        let stop = self.run(|| false, POLLS_MAX, self.mono() + time);
        assert_eq!(stop, Stop::Time, "the server is busy with itself");
    }

    /// Runs everything for so many polls, or a minute.
    pub fn steps(&self, polls: u64) {
        self.run(|| false, polls, self.mono() + Duration::from_mins(1));
    }

    fn poll_one(&self) {
        let mut state = self.state();
        let n = state.ready.len() as u64;
        let chosen = usize::try_from(state.seed.below(n)).unwrap_or(0);
        let id = state.ready.swap_remove(chosen);
        let Some((slot, waker)) = state.tasks.get_mut(&id) else {
            return;
        };
        let (Some(mut task), waker) = (slot.take(), waker.clone()) else {
            return;
        };
        state.running = id;
        state.looks = 0;
        drop(state);
        let poll = task.as_mut().poll(&mut Context::from_waker(&waker));
        let ended = match poll {
            Poll::Ready(()) => self.state().tasks.remove(&id),
            Poll::Pending => {
                if let Some((slot, _)) = self.state().tasks.get_mut(&id) {
                    *slot = Some(task);
                }
                None
            }
        };
        self.state().running = 0;
        drop(ended);
    }

    /// Moves time to the next sleeper; `false` when it sleeps longer than that.
    fn sleep_on(&self, until: Mono) -> bool {
        let mut state = self.state();
        let next = state.sleepers.keys().next().copied();
        let Some((at, _)) = next.filter(|(at, _)| *at <= until) else {
            state.mono = state.mono.max(until);
            return false;
        };
        state.mono = state.mono.max(at);
        let woken = state.sleepers.pop_first();
        drop(state);
        if let Some((_, waker)) = woken {
            waker.wake();
        }
        true
    }

    fn number(&self) -> u64 {
        let mut state = self.state();
        state.last += 1;
        state.last
    }

    /// Starts a task and says which it is.
    pub fn start(&self, task: impl Future<Output = ()> + Send + 'static) -> TaskId {
        let id = self.number();
        let waker = Waker::from(Arc::new(Wakes {
            id,
            sim: self.clone(),
        }));
        let mut state = self.state();
        state.tasks.insert(id, (Some(Box::pin(task)), waker));
        state.ready.push(id);
        id
    }

    /// Lets time pass.
    pub async fn pass(&self, time: Duration) {
        self.sleep_until(self.mono() + time).await;
    }

    /// Lets others run.
    pub async fn give_way(&self) {
        let mut given = false;
        std::future::poll_fn(|cx| {
            if std::mem::replace(&mut given, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sim(..)")
    }
}

struct Wakes {
    id: TaskId,
    sim: Sim,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        let mut state = self.sim.state();
        if state.tasks.contains_key(&self.id) && !state.ready.contains(&self.id) {
            state.ready.push(self.id);
        }
    }
}

impl Load for Sim {
    fn wait(&self) -> Duration {
        Duration::ZERO
    }
}

impl Spawner for Sim {
    fn spawn(&self, _name: &'static str, task: Task) {
        self.start(task);
    }
}

struct Sleep {
    sim: Sim,
    at: Mono,
    id: u64,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.sim.state();
        if state.mono >= self.at {
            return Poll::Ready(());
        }
        let place = (self.at, self.id);
        let before = state.sleepers.insert(place, cx.waker().clone());
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let gone = self.sim.state().sleepers.remove(&(self.at, self.id));
        drop(gone);
    }
}

#[async_trait]
impl Clock for Sim {
    fn now(&self) -> Timestamp {
        let state = self.state();
        let mono = u64::try_from(state.mono.as_millis()).unwrap_or(u64::MAX);
        let wall = (WALL_MS + mono).saturating_add_signed(state.wall_shift_ms);
        Timestamp::from_millis(wall)
    }

    fn mono(&self) -> Mono {
        let mut state = self.state();
        state.looks += 1;
        let looks = state.looks;
        let mono = state.mono;
        drop(state);
        assert!(looks < BUSY, "a task goes round without end");
        mono
    }

    async fn sleep_until(&self, at: Mono) {
        let id = self.number();
        let sim = self.clone();
        Sleep { sim, at, id }.await;
    }
}

impl Ids for Sim {
    fn payload(&self) -> PayloadId {
        let id = PayloadId(u128::from(self.number()).to_be_bytes());
        let State { seed, repeated, .. } = &mut *self.state();
        let Some(given) = repeated else { return id };
        given.push(id);
        let back = match seed.below(8) {
            0 => seed.below(given.len() as u64),
            _ => 0,
        };
        let place = given.len() - 1 - usize::try_from(back).unwrap_or(0);
        given[place]
    }

    fn upload(&self) -> UploadId {
        UploadId(u128::from(self.number()).to_be_bytes())
    }

    fn blob_number(&self) -> u64 {
        self.number()
    }

    fn work(&self) -> WorkId {
        WorkId(u128::from(self.number()).to_be_bytes())
    }

    fn below(&self, bound: u64) -> u64 {
        self.random(bound)
    }
}
