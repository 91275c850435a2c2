//! Keeping every file while somebody copies them.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cohong_core::model::BlobId;
use cohong_core::ports::{BlobError, BlobInfo};

use super::scan::scan;
use super::{Folder, LocalBlobs, named};

/// Who holds the files, and what is to be removed when nobody does any more.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    holders: usize,
    deferred: Vec<BlobId>,
}

impl Holds {
    /// Takes note of a removal if it has to wait. What a crash makes of the note is a blob without record, which is
    /// found.
    pub(super) fn defer(&self, id: BlobId) -> bool {
        let mut held = self.lock();
        let waits = held.holders > 0;
        if waits {
            held.deferred.push(id);
        }
        waits
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lives, no finished blob goes away. Dropping it removes what was to be removed meanwhile, which blocks.
#[derive(Debug)]
pub struct Hold(Arc<Folder>);

impl LocalBlobs {
    /// Keeps every blob there is.
    pub fn hold(&self) -> Hold {
        self.folder.holds.lock().holders += 1;
        Hold(self.folder.clone())
    }
}

impl Hold {
    /// Finished blobs, as [`cohong_core::ports::BlobStore::scan`] lists them. Blocks.
    pub fn scan(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<BlobInfo>, BlobError> {
        scan(&self.0, after, limit)
    }

    /// Puts a blob into another folder of blobs: as a link, which costs no space, else as a copy; its length as a
    /// file. The caller makes it durable. Blocks.
    pub fn put_into(&self, id: BlobId, root: &Path) -> io::Result<u64> {
        let from = self.0.path(id);
        let place = from.strip_prefix(&self.0.root).map_err(io::Error::other)?;
        let to = root.join(place);
        if let Some(fan) = to.parent() {
            fs::create_dir_all(fan)?;
        }
        let copy = || {
            fs::copy(&from, &to)?;
            fs::File::open(&to)?.sync_all()
        };
        fs::hard_link(&from, &to)
            .or_else(|_| copy())
            .and_then(|()| Ok(fs::metadata(&to)?.len()))
            .map_err(|error| named(&from, &error))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.0.holds.lock();
        held.holders -= 1;
        if held.holders > 0 {
            return;
        }
        let deferred = std::mem::take(&mut held.deferred);
        drop(held);
        for id in deferred {
            if let Err(error) = self.0.remove(id) {
                tracing::warn!(%id, cause = cause(&error), "a blob that nothing needs stays");
            }
        }
    }
}

fn cause(error: &BlobError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
