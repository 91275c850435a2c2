//! What all objects of one command share: memory, the bar, trying again, and what has to be given up when it ends early.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use cohong_client::Retry;
use cohong_core::model::ObjectKey;
use cohong_core::ports::Sink as _;
use cohong_egress::Reader;
use indicatif::ProgressBar;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::MEMORY_MIB;
use super::trouble::Trouble;
use crate::cli::bar::{TICK, bar, stopped};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// An upload that nobody can go on with.
pub(super) struct Open {
    pub(super) to: Arc<Reader>,
    pub(super) key: ObjectKey,
    pub(super) upload: Box<str>,
}

/// Shared by all that a command moves.
pub(super) struct Context {
    memory: Arc<Semaphore>,
    pub(super) bar: ProgressBar,
    open: Mutex<Vec<Open>>,
}

impl Context {
    pub(super) fn new(output: Output) -> Arc<Self> {
        let bar = bar(output, 0);
        bar.enable_steady_tick(TICK);
        Arc::new(Self {
            memory: Arc::new(Semaphore::new(MEMORY_MIB as usize)),
            bar,
            open: Mutex::default(),
        })
    }

    /// Waits until there is memory for so many bytes.
    pub(super) async fn room(&self, bytes: u64) -> Result<OwnedSemaphorePermit, Trouble> {
        let mib = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u32::MAX);
        let permit = self
            .memory
            .clone()
            .acquire_many_owned(mib.clamp(1, MEMORY_MIB));
        permit
            .await
            .map_err(|error| Trouble::Said(error.to_string()))
    }

    /// Does something until it succeeds or cannot.
    pub(super) async fn again<T, F: Future<Output = Result<T, Trouble>>>(
        &self,
        work: impl FnMut() -> F,
    ) -> Result<T, Trouble> {
        let told = |trouble: &Trouble, pause| tracing::debug!(%trouble, ?pause, "trying again");
        Retry::default().run(work, Trouble::may_pass, told).await
    }

    /// Gives an upload up when the command is interrupted before it was closed.
    pub(super) fn opened(&self, open: Open) {
        self.uploads().push(open);
    }

    /// The upload is complete or given up.
    pub(super) fn closed(&self, upload: &str) {
        self.uploads().retain(|open| &*open.upload != upload);
    }

    fn uploads(&self) -> std::sync::MutexGuard<'_, Vec<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a command's work until it is done or Ctrl-C comes.
    pub(super) async fn until_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let ended = {
            let mut work = pin!(work);
            tokio::select! {
                biased;
                stop = tokio::signal::ctrl_c() => Err(stopped(stop).hint(
                    "go on with the same command: what is there already is not moved again",
                )),
                done = &mut work => done,
            }
        };
        self.bar.finish_and_clear();
        let left = std::mem::take(&mut *self.uploads());
        for Open { to, key, upload } in left {
            // It stays, as it would without this try.
            drop(to.abort(&key, &upload).await);
        }
        ended
    }
}
