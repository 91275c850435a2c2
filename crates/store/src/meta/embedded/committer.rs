//! The thread that owns all writes. It drains the queue into a batch, writes and syncs the batch
//! once, and then answers its members. It never waits in order to gather: batches form while a sync
//! runs. What passes is decided by [`Batch`]; how things are written, by an [`Engine`].
//!
//! A write or sync that fails is fatal: nobody can tell what of it will be found later, so nothing
//! more may be promised on top of it. The hook is called, which ends the process; should it return,
//! everybody is refused from then on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use cohong_core::commit::{Batch, Bounds, Offer, Sealed, State};
use cohong_core::limits::{BATCH_MEMBERS_MAX, SOON_MAX};
use cohong_core::ports::{CommitError, StoreError, Txn, When, Write};

use super::queue::{Answer, Member, Message};
use super::stats::Totals;

/// Called with what happened when the store cannot go on.
pub type FatalHook = Arc<dyn Fn(&str) + Send + Sync>;

/// How often free space is asked for.
const SPACE_EVERY: Duration = Duration::from_millis(100);

/// Numbers that unsynced transactions may take before they are synced. The engine skips at least as
/// many when it is opened, so that no number of a lost transaction is ever taken again.
pub(super) const UNSYNCED_NUMBERS_MAX: u64 = 1 << 20;

/// What the committer writes to.
pub(super) trait Engine: State + Send + 'static {
    /// Applies a batch as a whole; with `sync` it and everything before it is durable afterwards.
    /// Readers see it only after that.
    fn apply(&mut self, batch: Sealed, sync: bool) -> Result<(), StoreError>;

    /// Makes everything applied durable.
    fn sync(&mut self) -> Result<(), StoreError>;

    /// Does a small piece of work that may be repeated; false when none is left. Fails only if a
    /// write does.
    fn tidy(&mut self) -> Result<bool, StoreError>;

    /// Bytes that can still be written.
    fn free_space(&mut self) -> std::io::Result<u64>;
}

/// What the thread shares with readers.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// The last number that is durable.
    pub(super) settled: AtomicU64,
    pub(super) totals: Totals,
}

/// The committer's state. See the module's text.
pub(super) struct Committer<E> {
    engine: E,
    inbox: Receiver<Message>,
    shared: Arc<Shared>,
    on_fatal: FatalHook,
    bounds: Bounds,
    /// Last number taken.
    last: u64,
    /// Last number that is durable, and when the first one after it was written.
    synced: u64,
    unsynced_since: Option<Instant>,
    space: Space,
    /// Found no room in the last batch.
    carried: Option<Member>,
    closing: bool,
}

/// What to do next.
enum Next {
    Commit(Member),
    Sync,
    Tidy,
    End,
}

impl<E: Engine> Committer<E> {
    /// `last` is the last number that may have been taken before; `reserve` the free bytes below
    /// which the store only shrinks.
    pub(super) fn new(
        engine: E,
        inbox: Receiver<Message>,
        shared: Arc<Shared>,
        on_fatal: FatalHook,
        (small_payload_max, reserve): (usize, u64),
        last: u64,
    ) -> Self {
        Self {
            engine,
            inbox,
            shared,
            on_fatal,
            bounds: Bounds::standard(small_payload_max),
            last,
            synced: last,
            unsynced_since: None,
            space: Space {
                reserve,
                free: u64::MAX,
                asked: None,
            },
            carried: None,
            closing: false,
        }
    }

    /// Runs until closed or failed; true when it was closed.
    pub(super) fn run(mut self) -> bool {
        // A panic is as bad as a failed write: the callers would wait for a thread that is gone.
        let guard = PanicGuard(Arc::clone(&self.on_fatal));
        let worked = self.work();
        if let Err(error) = &worked {
            let told = format!("the metadata store cannot go on: {}", chain(error));
            tracing::error!("{told}");
            (self.on_fatal)(&told);
            self.refuse_all();
        }
        drop(guard);
        worked.is_ok()
    }

    fn work(&mut self) -> Result<(), StoreError> {
        let mut tidying = true;
        loop {
            match self.next(tidying) {
                Next::Commit(member) => {
                    self.commit(member)?;
                    tidying = true;
                }
                Next::Sync => self.sync()?,
                Next::Tidy => tidying = self.engine.tidy()?,
                Next::End => {
                    return if self.unsynced_since.is_some() {
                        self.sync()
                    } else {
                        Ok(())
                    };
                }
            }
        }
    }

    fn next(&mut self, tidying: bool) -> Next {
        if let Some(member) = self.carried.take().or_else(|| self.waiting()) {
            return Next::Commit(member);
        }
        if self.closing {
            return Next::End;
        }
        if self
            .unsynced_since
            .is_some_and(|since| since.elapsed() >= SOON_MAX)
        {
            return Next::Sync;
        }
        if tidying {
            return Next::Tidy;
        }
        let message = match self.unsynced_since {
            Some(since) => self
                .inbox
                .recv_timeout(SOON_MAX.saturating_sub(since.elapsed())),
            None => self
                .inbox
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
        };
        match message {
            Ok(Message::Member(member, _places)) => Next::Commit(member),
            Ok(Message::Close) => {
                self.closing = true;
                self.next(false)
            }
            Err(RecvTimeoutError::Timeout) => Next::Sync,
            Err(RecvTimeoutError::Disconnected) => Next::End,
        }
    }

    /// A member that waits already.
    fn waiting(&mut self) -> Option<Member> {
        match self.inbox.try_recv() {
            Ok(Message::Member(member, _places)) => Some(member),
            Ok(Message::Close) | Err(TryRecvError::Disconnected) => {
                self.closing = true;
                None
            }
            Err(TryRecvError::Empty) => None,
        }
    }

    fn commit(&mut self, first: Member) -> Result<(), StoreError> {
        let mut batch = Batch::after(self.last, self.bounds);
        let mut answers = Vec::new();
        let mut taken = 0;
        let mut next = Some(first);
        while let Some(Member { txn, answer }) = next {
            let result = if self.space.refuses(&txn, &mut self.engine) {
                Err(CommitError::Full)
            } else {
                match batch.offer(txn, &self.engine) {
                    Offer::Taken => {
                        taken += 1;
                        Ok(())
                    }
                    Offer::Refused(error) => Err(error),
                    Offer::NoRoom(txn) => {
                        self.carried = Some(Member { txn, answer });
                        break;
                    }
                }
            };
            answers.push((answer, result));
            next = if answers.len() < BATCH_MEMBERS_MAX {
                self.waiting()
            } else {
                None
            };
        }
        let written = self.write(batch.seal(), taken);
        self.answer(answers, written.is_ok());
        written
    }

    fn write(&mut self, batch: Sealed, members: u64) -> Result<(), StoreError> {
        self.last = batch.last;
        if batch.effects.is_empty() {
            return Ok(());
        }
        let since = *self.unsynced_since.get_or_insert_with(Instant::now);
        let sync = batch.now
            || since.elapsed() >= SOON_MAX
            || self.last - self.synced >= UNSYNCED_NUMBERS_MAX / 2;
        let begun = Instant::now();
        self.engine.apply(batch, sync)?;
        self.shared.totals.batch(members);
        if sync {
            self.mark_synced(begun);
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        let begun = Instant::now();
        self.engine.sync()?;
        self.mark_synced(begun);
        Ok(())
    }

    fn mark_synced(&mut self, begun: Instant) {
        self.synced = self.last;
        self.unsynced_since = None;
        self.shared.settled.store(self.last, Ordering::Release);
        self.shared.totals.sync(begun.elapsed());
    }

    fn answer(&self, answers: Vec<(Answer, Result<(), CommitError>)>, written: bool) {
        for (answer, result) in answers {
            let result = if written { result } else { Err(failed()) };
            match &result {
                Err(CommitError::Conflict) => self.shared.totals.conflict(),
                Err(CommitError::Unavailable(error)) => {
                    tracing::error!("a metadata transaction was refused: {}", chain(error));
                }
                Ok(()) | Err(CommitError::Full) => {}
            }
            // A caller that went away has no use for its answer.
            let _ = answer.send(result);
        }
    }

    fn refuse_all(&mut self) {
        let carried = self.carried.take();
        let waiting = self.inbox.iter().map_while(|message| match message {
            Message::Member(member, _places) => Some(member),
            Message::Close => None,
        });
        for member in carried.into_iter().chain(waiting) {
            let _ = member.answer.send(Err(failed()));
        }
    }
}

/// Free space, asked for now and then. Running out in the middle of a write would be fatal, so the
/// store refuses to grow while there is still room for what it does by itself.
struct Space {
    reserve: u64,
    free: u64,
    asked: Option<Instant>,
}

impl Space {
    /// Below the reserve only transactions that remove something are taken, so that space can be
    /// made, and progress, so that what was done is not done again; below a quarter of it, none.
    fn refuses(&mut self, txn: &Txn, engine: &mut impl Engine) -> bool {
        if self
            .asked
            .is_none_or(|asked| asked.elapsed() >= SPACE_EVERY)
        {
            self.asked = Some(Instant::now());
            match engine.free_space() {
                Ok(free) => self.free = free,
                Err(error) => tracing::warn!("free space cannot be told: {error}"),
            }
        }
        if self.free >= self.reserve {
            return false;
        }
        let removes = txn.write.iter().any(|write| {
            matches!(
                write,
                Write::Delete(_) | Write::Trim(..) | Write::DropPayload(_)
            )
        });
        let small = txn.when == When::Soon || (removes && txn.payloads.is_empty());
        !small || self.free < self.reserve / 4
    }
}

struct PanicGuard(FatalHook);

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            (self.0)("the metadata committer panicked");
        }
    }
}

fn failed() -> CommitError {
    let told = "the metadata store failed and takes no more writes: restart the server";
    CommitError::Unavailable(StoreError::Unavailable(told.into()))
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;
