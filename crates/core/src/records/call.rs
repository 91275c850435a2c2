//! Upload callbacks owed and made.

use serde::{Deserialize, Serialize};

use crate::model::Timestamp;
use crate::ports::CallAttempt;

/// How a callback ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallResult {
    /// Attempts in order; none when there was nothing that could be sent.
    pub attempts: Vec<CallAttempt>,
    /// Whether an application accepted.
    pub ok: bool,
    /// When it ended.
    pub finished_at: Timestamp,
    /// Why it failed, for operators; empty for success.
    pub failure: Box<str>,
}

/// The callback of one version. It is stored as owed in the commit of the upload and overwritten when
/// it has ended; the last step may be lost by a crash, and a callback is never made again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// The request that uploaded.
    pub request_id: Box<str>,
    /// The URLs in order, without user information and query.
    pub urls: Vec<Box<str>>,
    /// The run of the server that owes it, as the wall clock at its start in milliseconds.
    pub boot: u64,
    /// When it was owed.
    pub started_at: Timestamp,
    /// How it ended; `None` while it is owed.
    pub result: Option<CallResult>,
}

impl CallRecord {
    /// What is known about it by the run of the server that began at `boot`.
    pub fn state(&self, boot: u64) -> CallState {
        match &self.result {
            Some(result) if result.ok => CallState::Accepted,
            Some(_) => CallState::Failed,
            None if self.boot == boot => CallState::Running,
            None => CallState::Unknown,
        }
    }
}

/// What is known about a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallState {
    /// It is being made.
    Running,
    /// An application accepted it.
    Accepted,
    /// No application accepted it.
    Failed,
    /// The server stopped in the middle: it was not made, or its outcome is unknown.
    Unknown,
}

/// The key that signs callbacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallbackKeyRecord {
    /// The private key, sealed.
    pub sealed: Vec<u8>,
    /// The key before it.
    pub former: Option<FormerCallbackKey>,
}

/// What is left of a key that signed callbacks before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerCallbackKey {
    /// Its name.
    pub id: Box<str>,
    /// Its public half, as receivers read it.
    pub public: Box<str>,
}
