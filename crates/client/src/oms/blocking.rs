//! The same client for programs without a runtime: every method blocks until it is done. None of it may be called from
//! within a runtime of tokio.
//!
//! ```no_run
//! use cohong_client::oms::blocking::OmsClient;
//!
//! # fn example(sync_task_id: &str) -> Result<(), cohong_client::oms::Error> {
//! let client = OmsClient::new("access key", "secret key", "http://127.0.0.1:9000", "project id")?;
//! client.create_sync_events(sync_task_id, &["test/001.txt"])?;
//! # Ok(())
//! # }
//! ```

use super::{CreateSyncTask, Error, Retry, SyncKeys, SyncTask};
use crate::blocking::{blocking, runtime};

blocking! {
    /// A service, a project and who asks: [`super::OmsClient`] with a runtime. Clones are cheap and share both.
    OmsClient, super::OmsClient;
    new(access_key: impl Into<String>, secret_key: impl Into<String>, endpoint: &str, project_id: impl Into<String>);
    change with_security_token(token: impl Into<String>);
    change with_retry(retry: Retry);
    fn create_sync_events(sync_task_id: &str, names: &[impl AsRef<str>]) -> ();
    fn create_sync_task(task: &CreateSyncTask) -> String;
    fn show_sync_task(sync_task_id: &str, query_time: u64) -> SyncTask;
    fn start_sync_task(sync_task_id: &str, keys: &SyncKeys) -> ();
    fn stop_sync_task(sync_task_id: &str) -> ();
    fn delete_sync_task(sync_task_id: &str) -> ();
}

impl OmsClient {
    /// As [`super::OmsClient::of_region`].
    pub fn of_region(
        access_key: &str,
        secret_key: &str,
        endpoint: &str,
        iam_endpoint: &str,
        region: &str,
    ) -> Result<Self, Error> {
        let runtime = runtime()?;
        let found =
            super::OmsClient::of_region(access_key, secret_key, endpoint, iam_endpoint, region);
        Ok(Self {
            inner: runtime.block_on(found)?,
            runtime,
        })
    }
}
