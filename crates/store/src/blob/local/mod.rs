//! Blobs as files of one folder.
//!
//! `blobs/<first two hex digits>/<id>` holds finished blobs: 256 folders whose order is the order of
//! ids. `tmp/<id>` holds those being written; start-up empties it. A finished blob is its bytes and a
//! [trailer](format). A file is written and synced under its temporary name, renamed, and its folder
//! is synced, in this order, so that a visible blob is a whole one also after a power cut.
//!
//! Everything that may block runs on blocking threads, a bounded number at a time; where there is no
//! runtime that has them, as in the simulation, it runs where it is called. Callers hold at most two pieces of
//! [`PIECE`] bytes per body. It does not know what a blob is for.

mod format;
mod hold;
mod pool;
mod reader;
mod scan;
mod space;
mod temp;
mod writer;

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use cohong_core::model::BlobId;
use cohong_core::ports::{BlobError, BlobInfo, BlobStore, BlobWriter, ByteStream};

use crate::disk::Disk;
pub use hold::Hold;
use hold::Holds;
use pool::Pool;
use space::Space;

/// Most bytes of one read or write of the disk, and of one piece handed out.
const PIECE: usize = 1 << 20;

/// Called with the cause when a sync failed: what the disk holds is unknown from then on. The server
/// ends its process here.
pub type FatalHook = Arc<dyn Fn(&io::Error) + Send + Sync>;

/// How a [`LocalBlobs`] behaves.
#[derive(Clone)]
pub struct Options {
    /// Free bytes of the file system that blobs leave to others: metadata and progress.
    pub reserve: u64,
    /// Disk operations at once. Each holds a thread and at most one piece of a body. Syncs wait for
    /// the device, so that many at once are worth more than there are cores.
    pub jobs: usize,
    /// What happens when a sync fails, besides that the store takes no more blobs.
    pub on_fatal: FatalHook,
}

impl Options {
    /// 256 MiB of reserve and 64 operations at once.
    pub fn new(on_fatal: FatalHook) -> Self {
        Self {
            reserve: 256 << 20,
            jobs: 64,
            on_fatal,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("reserve", &self.reserve)
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

/// Blobs as files of one folder. Without a tokio runtime it works where it is called.
#[derive(Debug)]
pub struct LocalBlobs {
    folder: Arc<Folder>,
    pool: Pool,
}

/// What the disk operations share.
struct Folder {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    space: Space,
    on_fatal: FatalHook,
    /// A sync failed: nothing is acknowledged any more.
    broken: AtomicBool,
    holds: Holds,
}

impl LocalBlobs {
    /// Opens the store in `root`, creating what is missing and removing what a crash left unfinished.
    /// Blocks. One process at a time, which the caller sees to. Errors name the path.
    pub fn open(root: PathBuf, disk: Arc<dyn Disk>, options: Options) -> io::Result<Self> {
        let folder = Folder {
            root,
            disk,
            space: Space::new(options.reserve),
            on_fatal: options.on_fatal,
            broken: AtomicBool::new(false),
            holds: Holds::default(),
        };
        folder.prepare()?;
        folder.remove_unfinished()?;
        folder.space.measure(&*folder.disk, &folder.root)?;
        Ok(Self {
            folder: Arc::new(folder),
            pool: Pool::new(options.jobs),
        })
    }
}

#[async_trait]
impl BlobStore for LocalBlobs {
    async fn create(&self, id: BlobId, len: Option<u64>) -> Result<Box<dyn BlobWriter>, BlobError> {
        self.folder.usable()?;
        if !self.folder.space.is_recent() {
            let folder = self.folder.clone();
            self.pool.run(move || folder.measure()).await?;
        }
        self.folder.space.admit(len.unwrap_or(0))?;
        let (folder, pool) = (self.folder.clone(), self.pool.clone());
        Ok(Box::new(writer::Writer::new(folder, pool, id, len)))
    }

    async fn read(&self, id: BlobId, range: Range<u64>) -> Result<ByteStream, BlobError> {
        reader::read(self.folder.clone(), self.pool.clone(), id, range).await
    }

    async fn delete(&self, id: BlobId) -> Result<(), BlobError> {
        if self.folder.holds.defer(id) {
            return Ok(());
        }
        let folder = self.folder.clone();
        self.pool.run(move || folder.remove(id)).await
    }

    async fn scan(&self, after: Option<BlobId>, limit: usize) -> Result<Vec<BlobInfo>, BlobError> {
        let folder = self.folder.clone();
        self.pool
            .run(move || scan::scan(&folder, after, limit))
            .await
    }
}

impl Folder {
    fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    fn temporary(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// The folder of all ids that begin with this byte.
    fn fan(&self, first: u8) -> PathBuf {
        self.blobs().join(format!("{first:02x}"))
    }

    fn fan_of(&self, id: BlobId) -> PathBuf {
        let [first, ..] = id.payload.0;
        self.fan(first)
    }

    fn path(&self, id: BlobId) -> PathBuf {
        self.fan_of(id).join(id.to_string())
    }

    /// Makes all folders durable, also those that an earlier start created and did not sync.
    fn prepare(&self) -> io::Result<()> {
        let (blobs, temporary) = (self.blobs(), self.temporary());
        let fans = (0..=u8::MAX).map(|first| self.fan(first));
        for folder in fans.chain([blobs.clone(), temporary]) {
            self.disk
                .create_dir(&folder)
                .map_err(|e| named(&folder, &e))?;
        }
        let parent = self.root.parent().filter(|p| !p.as_os_str().is_empty());
        let synced = [Some(&*blobs), Some(&*self.root), parent];
        for folder in synced.into_iter().flatten() {
            self.disk.sync_dir(folder).map_err(|e| named(folder, &e))?;
        }
        Ok(())
    }

    fn remove_unfinished(&self) -> io::Result<()> {
        let temporary = self.temporary();
        let names = self.disk.list(&temporary);
        for name in names.map_err(|e| named(&temporary, &e))? {
            let path = temporary.join(name);
            self.disk.remove(&path).map_err(|e| named(&path, &e))?;
        }
        Ok(())
    }

    fn remove(&self, id: BlobId) -> Result<(), BlobError> {
        let path = self.path(id);
        match self.disk.remove(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&path, &error)),
            _ => Ok(()),
        }
    }

    fn measure(&self) -> Result<(), BlobError> {
        let measured = self.space.measure(&*self.disk, &self.root);
        measured.map_err(|error| failed(&self.root, &error))
    }

    fn usable(&self) -> Result<(), BlobError> {
        if self.broken.load(Ordering::SeqCst) {
            let why = "a sync failed: restart the server after looking at its disk";
            return Err(BlobError::Failed(why.into()));
        }
        Ok(())
    }

    /// Takes note of a failed sync.
    fn broken(&self, path: &Path, error: &io::Error) -> BlobError {
        self.broken.store(true, Ordering::SeqCst);
        (self.on_fatal)(error);
        failed(path, error)
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder")
            .field("root", &self.root)
            .field("disk", &self.disk)
            .finish_non_exhaustive()
    }
}

/// Reads the name of a blob's file; `None` for anything that is not exactly such a name.
fn parse_name(name: &OsStr) -> Option<BlobId> {
    use cohong_core::model::PayloadId;

    let name = name.to_str()?;
    let (payload, n) = name.split_once('-')?;
    let id = BlobId {
        payload: PayloadId(u128::from_str_radix(payload, 16).ok()?.to_be_bytes()),
        n: u64::from_str_radix(n, 16).ok()?,
    };
    (id.to_string() == name).then_some(id)
}

fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// An error of the disk in the words of the port.
fn failed(path: &Path, error: &io::Error) -> BlobError {
    use io::ErrorKind::{QuotaExceeded, StorageFull};

    match error.kind() {
        StorageFull | QuotaExceeded => BlobError::Full,
        _ => BlobError::Failed(named(path, error).into()),
    }
}
