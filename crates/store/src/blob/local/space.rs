//! Free space, and who may still use it.

use std::io;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cohong_core::ports::BlobError;

use crate::disk::Disk;

/// A reading is used this long: a disk at 1 GB/s loses 100 MB meanwhile, less than the reserve.
const READING_AGE: Duration = Duration::from_millis(100);

/// The last reading of the free space.
#[derive(Debug)]
pub(super) struct Space {
    reserve: u64,
    reading: Mutex<Reading>,
}

#[derive(Debug)]
struct Reading {
    at: Instant,
    free: u64,
}

impl Space {
    /// Nothing is known to be free before the first measurement.
    pub(super) fn new(reserve: u64) -> Self {
        let reading = Reading {
            at: Instant::now(),
            free: 0,
        };
        Self {
            reserve,
            reading: Mutex::new(reading),
        }
    }

    /// Reads the free space. Blocks.
    pub(super) fn measure(&self, disk: &dyn Disk, root: &Path) -> io::Result<()> {
        let free = disk.free_space(root)?;
        let at = Instant::now();
        *self.lock() = Reading { at, free };
        Ok(())
    }

    /// Whether the reading is young enough to decide with.
    pub(super) fn is_recent(&self) -> bool {
        self.lock().at.elapsed() < READING_AGE
    }

    /// Refuses `bytes` that would use the reserve.
    pub(super) fn admit(&self, bytes: u64) -> Result<(), BlobError> {
        let needed = self.reserve.saturating_add(bytes);
        if self.lock().free < needed {
            return Err(BlobError::Full);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        // A reading is replaced as a whole, so a panic elsewhere leaves a usable one.
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
