//! Payloads in the blob store.

use serde::{Deserialize, Serialize};

/// What may happen to a payload's blobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PayloadState {
    /// An upload may still add blobs; never swept.
    Open,
    /// Held by versions, as `payload_refs` says.
    Live,
    /// No holder is left and none can come; its blobs are being removed.
    Dropping,
    /// A blob without record was found; no commit may adopt it any more.
    Doomed,
}

/// The record of a payload. Payloads in the metadata store's care have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayloadRecord {
    /// Its state.
    pub state: PayloadState,
}
