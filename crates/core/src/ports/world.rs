//! Time, ids, tasks and load: everything that would make a run different from the last one.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;

use crate::model::{PayloadId, Timestamp, UploadId, WorkId};

/// A reading of a clock that never jumps: time since some fixed moment of this process.
pub type Mono = Duration;

/// Time.
#[async_trait]
pub trait Clock: Debug + Send + Sync + 'static {
    /// The wall clock: labels only.
    fn now(&self) -> Timestamp;
    /// The monotonic clock: back-off, deadlines, grace.
    fn mono(&self) -> Mono;
    /// Returns when `mono` has reached `at`.
    async fn sleep_until(&self, at: Mono);
}

/// Identifiers nobody else draws. Not secret.
pub trait Ids: Debug + Send + Sync + 'static {
    /// A payload's id.
    fn payload(&self) -> PayloadId;
    /// An upload's id.
    fn upload(&self) -> UploadId;
    /// A blob's number within its upload.
    fn blob_number(&self) -> u64;
    /// A work item's id.
    fn work(&self) -> WorkId;
    /// A number between 0 and `bound` (exclusive) for jitter; 0 when `bound` is 0.
    fn below(&self, bound: u64) -> u64;
}

/// A unit of background activity.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts tasks.
pub trait Spawner: Debug + Send + Sync + 'static {
    /// Runs a task to its end, whatever happens to the caller. `name` is for diagnosis.
    fn spawn(&self, name: &'static str, task: Task);
}

/// How hard requests press on the threads that serve them.
pub trait Load: Debug + Send + Sync + 'static {
    /// How long a request waits for a thread, on average of late; zero while none is being served.
    fn wait(&self) -> Duration;
}
