//! How things are stored: key encodings, record encodings, record types.
//!
//! Every record begins with one byte, the version of its format, and a reader knows every version
//! ever released. Model types that are stored derive the encoding of version 1; fixtures under
//! `crates/core/tests/fixtures` fail when a change of a type would change stored bytes.

mod account;
mod call;
mod delivery;
mod domain;
mod event;
mod fetch;
mod function;
pub mod keys;
mod payload;
mod read;
mod source;
mod sync;
mod upload;
mod vault;
mod version;
mod work;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::ports::StoreError;

pub use account::{AccountRecord, CredentialRecord, RootRecord};
pub use call::{CallRecord, CallResult, CallState, CallbackKeyRecord, FormerCallbackKey};
pub use delivery::{
    AttemptBlock, AttemptRecord, DeadRecord, ERRORS_MAX, HeldRecord, ReplayRecord, ReplaySource,
    ReplayState, SubRecord, SubState, push_error,
};
pub use domain::DomainRecord;
pub use event::{Hit, LoggedEvent, RuleSetRecord};
pub use fetch::{FetchRecord, FetchState};
pub use function::FunctionRecord;
pub use payload::{PayloadRecord, PayloadState};
pub use read::ReadRecord;
pub use source::SourceRecord;
pub use sync::{
    FailedKeys, SyncDone, SyncItemRecord, SyncLine, SyncResume, SyncScanRecord, SyncSecretRecord,
    SyncSettled, SyncTaken,
};
pub use upload::{PartRecord, UploadRecord, UploadState};
pub use vault::{ArchivePartRecord, ArchiveUploadRecord};
pub use version::CurrentRecord;
pub use work::{
    HistoryStep, InventoryFile, InventoryStep, LifecycleStage, LifecycleStep, OwedCopy,
    OwedRestore, WorkKind, WorkRecord,
};

/// Version of the record format written today.
const FORMAT: u8 = 1;

/// Encodes a record.
pub fn encode<T: Serialize>(record: &T) -> Bytes {
    let bytes = postcard::to_extend(record, vec![FORMAT])
        .expect("records hold no maps of unknown length and memory is the only sink");
    Bytes::from(bytes)
}

/// Decodes a record of the format of today.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StoreError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => {
            postcard::from_bytes(rest).map_err(|e| StoreError::Damaged(format!("record: {e}")))
        }
        Some((version, _)) => Err(StoreError::Damaged(format!(
            "record of unknown format {version}"
        ))),
        None => Err(StoreError::Damaged("empty record".into())),
    }
}
