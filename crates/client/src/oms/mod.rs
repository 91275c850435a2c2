//! A client of Huawei Cloud OMS for sync tasks: objects that are new or changed at a source are named, and the service
//! brings them; for this server and the vendor's.
//!
//! Names are those of the vendor's clients.
//!
//! ```no_run
//! use cohong_client::oms::OmsClient;
//!
//! # async fn example(sync_task_id: &str) -> Result<(), cohong_client::oms::Error> {
//! let endpoint = "http://127.0.0.1:9000";
//! let client = OmsClient::of_region("access key", "secret key", endpoint, endpoint, "cn-north-4").await?;
//! client.create_sync_events(sync_task_id, &["test/001.txt", "test/002.txt"]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! When [`create_sync_events`](OmsClient::create_sync_events) returns, all names are accepted, and when it fails, none.
//! What only reads is tried again as [`Retry`] says, everything else after 429 and 503. Everything is asynchronous, on a
//! runtime of tokio; [`blocking`] has the same without one.

pub mod blocking;
mod event;
mod task;

use bytes::Bytes;
use cohong_sign::encode;
use cohong_sign::sdk_hmac::Signer;
use http::{HeaderMap, Method};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::service::{Error, ServerError};
pub use crate::web::{ConnectionError, Retry, ValueError};
pub use event::SyncEvent;
pub use task::{CreateSyncTask, SyncKeys, SyncTask};

use crate::service::{Addressing, Ask, Service, Vendor, Who, Wire};

/// The vendor.
#[derive(Debug)]
enum Oms {}

impl Vendor for Oms {
    const SCHEME: &'static str = "https";
    const PREFIX: &'static str = "x-";

    fn authorize(who: &Who, wire: Wire<'_>, headers: &mut HeaderMap) -> Result<String, ValueError> {
        let signer = Signer {
            credentials: who.credentials(),
            time: wire.time,
        };
        let body = wire.ask.payload.bytes();
        signer
            .sign_headers(&wire.ask.method, wire.path, wire.query, headers, body)
            .map_err(|error| ValueError::new(error.to_string()))
    }

    fn refusal(headers: &HeaderMap, body: &[u8]) -> ServerError {
        let told: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let id = headers.get("x-request-id");
        ServerError {
            code: text("error_code"),
            message: text("error_msg"),
            request_id: id
                .and_then(|id| id.to_str().ok())
                .unwrap_or_default()
                .to_owned(),
            ..ServerError::default()
        }
    }
}

#[derive(Deserialize)]
struct Projects {
    projects: Vec<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: String,
}

#[derive(Deserialize)]
struct Created {
    sync_task_id: String,
}

/// A service, a project and who asks. Clones are cheap and share connections. `Debug` does not show the secret.
#[derive(Debug, Clone)]
pub struct OmsClient {
    service: Service<Oms>,
    project_id: String,
}

impl OmsClient {
    /// A project of a service at `https://host`, `http://host:port` or a host alone, which means `https`. Nothing is sent
    /// yet.
    pub fn new(
        access_key: impl Into<String>,
        secret_key: impl Into<String>,
        endpoint: &str,
        project_id: impl Into<String>,
    ) -> Result<Self, Error> {
        let who = Who {
            access_key: access_key.into(),
            secret: secret_key.into(),
            security_token: None,
            region: String::new(),
        };
        // Nothing here is in a bucket.
        let service = Service::new(endpoint, who, Addressing::Path, String::new())?;
        Ok(Self {
            service,
            project_id: segment(&project_id.into())?,
        })
    }

    /// The project of a region, asked for at `iam_endpoint`, as the vendor's clients do that know no project.
    pub async fn of_region(
        access_key: &str,
        secret_key: &str,
        endpoint: &str,
        iam_endpoint: &str,
        region: &str,
    ) -> Result<Self, Error> {
        let iam = Self::new(access_key, secret_key, iam_endpoint, "-")?;
        let ask = Ask::new(Method::GET, None, "v3/projects").with("name", region);
        let found: Projects = read(&iam.service.send(&ask).await?.whole().await?)?;
        let project = found.projects.into_iter().next();
        let missing = || ValueError::new(format!("there is no project of region {region}"));
        let id = project.ok_or_else(missing)?.id;
        Self::new(access_key, secret_key, endpoint, id)
    }

    /// The same with the token of temporary keys.
    #[must_use]
    pub fn with_security_token(self, token: impl Into<String>) -> Self {
        let service = self.service.with_security_token(token);
        Self { service, ..self }
    }

    /// The same with another way of trying again.
    #[must_use]
    pub fn with_retry(self, retry: Retry) -> Self {
        let service = self.service.with_retry(retry);
        Self { service, ..self }
    }

    /// Names 1 to 100 objects to a task, which brings them; the names are as they are, not encoded.
    pub async fn create_sync_events<T: AsRef<str>>(
        &self,
        sync_task_id: &str,
        names: &[T],
    ) -> Result<(), Error> {
        let event = SyncEvent::of(names)?;
        let path = self.task(sync_task_id, "/events")?;
        self.call(Method::POST, &path, Some(&event)).await.map(drop)
    }

    /// Makes a task; its id.
    pub async fn create_sync_task(&self, task: &CreateSyncTask) -> Result<String, Error> {
        let path = format!("v2/{}/sync-tasks", self.project_id);
        let body = self.call(Method::POST, &path, Some(task)).await?;
        Ok(read::<Created>(&body)?.sync_task_id)
    }

    /// A task, with what it did in the month that holds `query_time`, Unix milliseconds.
    pub async fn show_sync_task(
        &self,
        sync_task_id: &str,
        query_time: u64,
    ) -> Result<SyncTask, Error> {
        let path = self.task(sync_task_id, "")?;
        let ask = self.ask(Method::GET, &path)?;
        let ask = ask.with("query_time", query_time.to_string());
        read(&self.service.send(&ask).await?.whole().await?)
    }

    /// Starts a stopped task.
    pub async fn start_sync_task(&self, sync_task_id: &str, keys: &SyncKeys) -> Result<(), Error> {
        let path = self.task(sync_task_id, "/start")?;
        self.call(Method::POST, &path, Some(keys)).await.map(drop)
    }

    /// Stops a task.
    pub async fn stop_sync_task(&self, sync_task_id: &str) -> Result<(), Error> {
        let path = self.task(sync_task_id, "/stop")?;
        self.call(Method::POST, &path, None::<&()>).await.map(drop)
    }

    /// Removes a stopped task.
    pub async fn delete_sync_task(&self, sync_task_id: &str) -> Result<(), Error> {
        let path = self.task(sync_task_id, "")?;
        self.call(Method::DELETE, &path, None::<&()>)
            .await
            .map(drop)
    }

    fn task(&self, sync_task_id: &str, below: &str) -> Result<String, ValueError> {
        let task = segment(sync_task_id)?;
        Ok(format!("v2/{}/sync-tasks/{task}{below}", self.project_id))
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<Bytes, Error> {
        let mut ask = self.ask(method, path)?;
        if let Some(body) = body {
            let body = serde_json::to_vec(body).map_err(|e| ValueError::new(e.to_string()))?;
            ask = ask.body(body);
        }
        Ok(self.service.send(&ask).await?.whole().await?)
    }

    fn ask<'a>(&self, method: Method, path: &'a str) -> Result<Ask<'a>, ValueError> {
        let mut ask = Ask::new(method, None, path);
        ask.header("content-type", "application/json;charset=utf-8")?;
        ask.header("x-project-id", &self.project_id)?;
        Ok(ask)
    }
}

/// One segment of a path.
fn segment(text: &str) -> Result<String, ValueError> {
    match text {
        "" | "." | ".." => Err(ValueError::new(format!("{text:?} is no id"))),
        text => Ok(encode(text.as_bytes())),
    }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| {
        ConnectionError::new(format!("the answer is not what was asked for: {error}")).into()
    })
}
