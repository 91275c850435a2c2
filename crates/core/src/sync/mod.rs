//! What sync tasks do: for each key that they are told of, the object of the source is brought over,
//! verified, through the ordinary path of objects.
//!
//! Promise: what was accepted survives a crash, and every accepted request ends in exactly one of
//! success, failure and skip. An object becomes visible as a whole or not at all, never with bytes that
//! are not those the source publishes a digest of, and the copy is one of the states that the source had
//! after the request was accepted.
//!
//! How: `engine::sync` puts an item a key. The `dispatch` task gives each running task a `runner`, which
//! reads items, makes one `transfer` a key at a time, tries again after failures, and counts what ended
//! in batches. A crash repeats what was not counted. It knows no transport: [`Registry`] opens sources.

mod dispatch;
mod large;
mod out;
mod own;
mod probe;
mod rule;
mod runner;
mod shared;
mod transfer;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Engine;
use crate::model::DialectId;
use crate::ports::{OutcomeFormat, Sources};

pub use own::OwnBuckets;
pub use probe::probe;
pub use rule::RuleTarget;
pub(crate) use rule::rule_message;
pub use shared::SyncHandle;

/// What tasks need beside the engine.
#[derive(Clone, Debug)]
pub struct Registry {
    /// Who opens sources.
    pub sources: Arc<dyn Sources>,
    /// Who names and writes lists, by the dialect a task was made through. Without one there are none.
    pub formats: BTreeMap<DialectId, Arc<dyn OutcomeFormat>>,
    /// Smallest length of the parts of a large object, bytes; [`crate::limits::SYNC_PART_BYTES`].
    pub part_bytes: u64,
    /// Bodies that all tasks together read at once, from 1; [`crate::limits::SYNC_TRANSFERS`].
    pub transfers: usize,
}

/// Starts everything that running tasks have to do, now and from now on.
pub fn start(engine: &Arc<Engine>, registry: Registry) -> SyncHandle {
    let (handle, shared) = shared::Shared::new(engine, registry);
    let spawner = &engine.ports().spawner;
    spawner.spawn("sync dispatcher", Box::pin(dispatch::run(shared)));
    handle
}
