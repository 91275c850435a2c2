//! A copy of the store as it is at one moment, in a folder of its own, while the store goes on.

use std::path::Path;

use cohong_core::error::BoxError;
use cohong_core::model::PayloadId;
use cohong_core::ports::StoreError;
use cohong_core::records::keys;
use fjall::{PersistMode, Readable};

use super::engine::{FjallEngine, Tables, engine_error, fetch};
use super::examine::keyspaces;
use super::folder::Folder;
use super::{EmbeddedMeta, codec, open_tables};

/// A copy, for asking what it holds.
pub struct Copy {
    tables: Tables,
    /// Its rows.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl EmbeddedMeta {
    /// Copies everything there is at this moment into an empty folder. Every row is looked at on its way; a damaged
    /// one ends the copying. Blocks.
    pub fn copy_to(&self, dir: &Path) -> Result<Copy, BoxError> {
        let snapshot = self.tables.db.snapshot();
        let folder = Folder::open(dir)?;
        let tables = Tables::open(&folder.engine())?;
        let mut copy = Copy {
            tables,
            rows: 0,
            bytes: 0,
        };
        let pairs = keyspaces(&self.tables).zip(keyspaces(&copy.tables));
        for ((what, from), (_, to)) in pairs {
            let mut ingestion = to.start_ingestion()?;
            for row in snapshot.iter(from) {
                let (at, value) = row.into_inner().map_err(engine_error)?;
                codec::decode_plain(what, &at, value.clone().into())?;
                copy.rows += 1;
                copy.bytes += (at.len() + value.len()) as u64;
                ingestion.write(at, value)?;
            }
            ingestion.finish()?;
        }
        copy.tables.db.persist(PersistMode::SyncAll)?;
        let (_, mark) = copy.tables.last()?;
        folder.raise_durable(mark.batch)?;
        Ok(copy)
    }
}

impl Copy {
    /// Whether it knows of a payload in the blob store.
    pub fn knows(&self, payload: PayloadId) -> Result<bool, StoreError> {
        let at = codec::record_key(&keys::payload(payload));
        let found = fetch(&self.tables.db.snapshot(), &self.tables.records, &at)?;
        Ok(found.is_some())
    }
}

/// Sees to it that a store that is not open takes no number up to `at_least` again: events and versions that were lost
/// with the days after a backup had them. Blocks.
pub fn raise_numbers(dir: &Path, at_least: u64) -> Result<(), BoxError> {
    let folder = Folder::open(dir)?;
    let tables = open_tables(&folder)?;
    let mut engine = FjallEngine::new(tables, dir)?;
    Ok(engine.raise(at_least)?)
}
