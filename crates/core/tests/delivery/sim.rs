//! A tiny executor with its own time: tasks run one after the other in an order drawn from a seed, and
//! when none can run the clock moves on to the next sleeper. Every run of a seed is the same run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::model::{PayloadId, Timestamp, UploadId, WorkId};
use cohong_core::ports::{Clock, Ids, Load, Mono, Spawner, Task};

/// Where the wall clock begins.
const WALL_MS: i64 = 1_700_000_000_000;

/// Tasks, time and randomness.
#[derive(Clone)]
pub(crate) struct Sim(Arc<Mutex<State>>);

struct State {
    random: u64,
    now: Mono,
    wall_shift_ms: i64,
    request_wait: Duration,
    next: u64,
    sleeps: usize,
    tasks: BTreeMap<u64, Task>,
    ready: BTreeSet<u64>,
    sleepers: BTreeMap<(Mono, u64), Waker>,
}

impl Sim {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            random: seed,
            now: Mono::ZERO,
            wall_shift_ms: 0,
            request_wait: Duration::ZERO,
            next: 1,
            sleeps: 0,
            tasks: BTreeMap::new(),
            ready: BTreeSet::new(),
            sleepers: BTreeMap::new(),
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// A number under `bound`.
    pub(crate) fn random(&self, bound: u64) -> u64 {
        let mut state = self.state();
        state.random = state.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)).checked_rem(bound).unwrap_or(0)
    }

    /// The wall clock jumps; the monotonic one does not.
    pub(crate) fn jump_wall(&self, by_ms: i64) {
        self.state().wall_shift_ms += by_ms;
    }

    /// Requests wait this long for a thread from now on.
    pub(crate) fn load(&self, request_wait: Duration) {
        self.state().request_wait = request_wait;
    }

    /// Drops every task where it stands, as a crash does.
    pub(crate) fn kill(&self) {
        // Tasks wake each other when dropped, so they must not be dropped under the lock.
        let tasks = std::mem::take(&mut self.state().tasks);
        drop(tasks);
        let mut state = self.state();
        state.ready.clear();
        state.sleepers.clear();
    }

    /// Runs `main` and everything it starts until `main` ends.
    pub(crate) fn run<T>(&self, main: impl Future<Output = T>) -> T {
        let mut main = std::pin::pin!(main);
        let waker = self.waker(0);
        self.state().ready.insert(0);
        loop {
            let Some(id) = self.pick() else {
                self.sleep_on();
                continue;
            };
            if id == 0 {
                if let Poll::Ready(value) = main.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return value;
                }
            } else {
                self.poll(id);
            }
        }
    }

    fn pick(&self) -> Option<u64> {
        let n = u64::try_from(self.state().ready.len()).unwrap();
        let chosen = usize::try_from(self.random(n)).unwrap();
        let mut state = self.state();
        let id = *state.ready.iter().nth(chosen)?;
        state.ready.remove(&id);
        Some(id)
    }

    fn poll(&self, id: u64) {
        let Some(mut task) = self.state().tasks.remove(&id) else {
            return;
        };
        let waker = self.waker(id);
        if task
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
        {
            self.state().tasks.insert(id, task);
        }
    }

    fn sleep_on(&self) {
        let mut state = self.state();
        let ((at, _), waker) = state.sleepers.pop_first().expect("nobody can go on");
        state.now = state.now.max(at);
        drop(state);
        waker.wake();
    }

    fn waker(&self, id: u64) -> Waker {
        Waker::from(Arc::new(Wakes {
            id,
            sim: self.clone(),
        }))
    }

    fn number(&self) -> u64 {
        let mut state = self.state();
        state.next += 1;
        state.next
    }
}

impl fmt::Debug for Sim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sim(..)")
    }
}

struct Wakes {
    id: u64,
    sim: Sim,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.sim.state().ready.insert(self.id);
    }
}

impl Load for Sim {
    fn wait(&self) -> Duration {
        self.state().request_wait
    }
}

impl Spawner for Sim {
    fn spawn(&self, _name: &'static str, task: Task) {
        let id = self.number();
        let mut state = self.state();
        state.tasks.insert(id, task);
        state.ready.insert(id);
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
        if state.now >= self.at {
            return Poll::Ready(());
        }
        state
            .sleepers
            .insert((self.at, self.id), cx.waker().clone());
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
        let mono = i64::try_from(state.now.as_millis()).unwrap();
        Timestamp::from_millis(u64::try_from(WALL_MS + mono + state.wall_shift_ms).unwrap())
    }

    fn mono(&self) -> Mono {
        self.state().now
    }

    async fn sleep_until(&self, at: Mono) {
        let id = self.number();
        self.count_sleep();
        let sim = self.clone();
        Sleep { sim, at, id }.await;
    }
}

impl Sim {
    /// How often anybody went to sleep. Nobody does so for ever without time passing.
    pub(crate) fn sleeps(&self) -> usize {
        self.state().sleeps
    }

    fn count_sleep(&self) {
        self.state().sleeps += 1;
        let sleeps = self.sleeps();
        assert!(sleeps < 10_000_000, "somebody sleeps again and again");
    }

    /// Lets time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        self.sleep_until(self.mono() + time).await;
    }
}

impl Ids for Sim {
    fn payload(&self) -> PayloadId {
        PayloadId(u128::from(self.number()).to_be_bytes())
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
