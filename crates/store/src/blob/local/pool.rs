//! Blocking work, a bounded number at a time: on blocking threads within a tokio runtime, where it is asked
//! for without one.

use std::sync::Arc;

use cohong_core::ports::BlobError;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;

/// Permits for blocking work.
#[derive(Clone, Debug)]
pub(super) struct Pool(Arc<Semaphore>);

/// Work that was started. Dropping it lets it run to its end.
pub(super) enum Job<T> {
    Running(JoinHandle<Result<T, BlobError>>),
    /// Ended when it was started; `None` once its outcome was taken.
    Ended(Option<Box<Result<T, BlobError>>>),
}

impl Pool {
    /// At least one job at a time.
    pub(super) fn new(jobs: usize) -> Self {
        Self(Arc::new(Semaphore::new(jobs.max(1))))
    }

    /// Waits for a permit, then starts the work.
    pub(super) async fn start<T, F>(&self, work: F) -> Job<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, BlobError> + Send + 'static,
    {
        let permit = self.0.clone().acquire_owned().await;
        spawn(permit.expect("nobody closes the semaphore"), work)
    }

    /// Starts the work if that needs no waiting.
    pub(super) fn try_start<T, F>(&self, work: F) -> Option<Job<T>>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, BlobError> + Send + 'static,
    {
        let permit = self.0.clone().try_acquire_owned().ok()?;
        Some(spawn(permit, work))
    }

    /// Starts the work and waits for its end.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, BlobError>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T, BlobError> + Send + 'static,
    {
        self.start(work).await.end().await
    }
}

impl<T> Job<T> {
    /// Waits for the end. May be cancelled and called again, until it gave the outcome.
    pub(super) async fn end(&mut self) -> Result<T, BlobError> {
        match self {
            Self::Running(job) => {
                let ended = job.await;
                ended.unwrap_or_else(|error| Err(BlobError::Failed(error.into())))
            }
            Self::Ended(outcome) => match outcome.take() {
                Some(outcome) => *outcome,
                None => Err(BlobError::Failed("the outcome was taken".into())),
            },
        }
    }
}

fn spawn<T, F>(permit: OwnedSemaphorePermit, work: F) -> Job<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T, BlobError> + Send + 'static,
{
    let work = move || {
        let outcome = work();
        drop(permit);
        outcome
    };
    match Handle::try_current() {
        Ok(runtime) => Job::Running(runtime.spawn_blocking(work)),
        Err(_) => Job::Ended(Some(Box::new(work()))),
    }
}
