//! What local blobs need of a disk.
//!
//! A trait, so that the same code runs on the real file system ([`RealDisk`]) and on a simulated one
//! that loses power, tears writes and runs full. Everything here blocks: it is called from blocking
//! threads only. It knows nothing of blobs.

mod real;

use std::ffi::OsString;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

pub use real::RealDisk;

/// A file system. A full disk is [`io::ErrorKind::StorageFull`] or `QuotaExceeded`, an absent name
/// `NotFound`. Names are durable only once their folder was synced, bytes once their file was.
pub trait Disk: Debug + Send + Sync + 'static {
    /// Creates a folder and the missing ones above it; an existing one is success.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Creates an empty file; `AlreadyExists` when the name is taken.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens a file for reading. It outlives its name.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;

    /// Renames a file; `AlreadyExists` when the new name is taken. The caller sees to it that nobody
    /// creates that name at the same time.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Names in a folder, in no order.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;

    /// Makes the names in a folder durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Bytes that can still be written below `dir`.
    fn free_space(&self, dir: &Path) -> io::Result<u64>;
}

/// An open file.
pub trait DiskFile: Debug + Send + Sync {
    /// Its length, bytes.
    fn size(&self) -> io::Result<u64>;

    /// Fills `buffer` from `offset` on; `UnexpectedEof` when the file ends before.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;

    /// Writes all of `data` at `offset`. On an error some of it may be written.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()>;

    /// Reserves space for `bytes` from the start without changing the length. `false` when the file
    /// system cannot.
    fn preallocate(&self, bytes: u64) -> io::Result<bool>;

    /// Makes bytes and length durable. After an error nothing may be assumed about either, also not
    /// after a later success.
    fn sync(&self) -> io::Result<()>;
}
