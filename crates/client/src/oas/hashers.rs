//! Digests of ranges of files, computed where that holds up nobody.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use super::api::Digests;
use super::error::Error;
use super::hash::{Pieces, Section, hash_into, open};
use super::ranges::{ByteRange, range_size};
use crate::parallel::{blocking, cores};

/// Computes digests of ranges, no more at once than there are cores, as more would only wait for each other.
///
/// What files are read into is used again: an allocator keeps what is given back once for every thread that did.
#[derive(Debug)]
pub(super) struct Hashers {
    turns: Semaphore,
    idle: Mutex<Vec<Pieces>>,
}

impl Default for Hashers {
    fn default() -> Self {
        Self {
            turns: Semaphore::new(cores()),
            idle: Mutex::default(),
        }
    }
}

impl Hashers {
    /// Etag and tree-etag of a range of a file.
    pub(super) async fn digests(
        &self,
        path: PathBuf,
        (first, last): ByteRange,
    ) -> Result<Digests, Error> {
        let _turn = self.turns.acquire().await.expect("never closed");
        let mut pieces = self.idle().pop().unwrap_or_default();
        let (digests, pieces) = blocking(move || {
            let section = Section {
                offset: first,
                size: Some(range_size((first, last))),
                ..Section::default()
            };
            let (etag, tree_etag) = hash_into(&mut open(&path)?, section, &mut pieces)?;
            Ok::<_, Error>((Digests { etag, tree_etag }, pieces))
        })
        .await?;
        self.idle().push(pieces);
        Ok(digests)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Pieces>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
