//! The disk under the blob store: it tears writes, runs full, breaks, reads wrong bits and loses power.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cohong_core::model::BlobId;
use cohong_store::disk::{Disk, DiskFile};

use super::Weather;
use crate::disk::SimDisk;
use crate::sim::exec::Sim;
use crate::sim::oracle::Oracle;

/// Where the blobs are.
pub(crate) const ROOT: &str = "/data";

/// What stands behind the bytes of a blob: a footer, and a checksum for each block.
const FOOTER: u64 = 52;
const BLOCK: u64 = 64 << 10;
const SUM: u64 = 4;

/// See the module's text. Clones are the same disk.
#[derive(Clone, Debug)]
pub(crate) struct RoughDisk {
    sim: Sim,
    weather: Weather,
    oracle: Oracle,
    inner: SimDisk,
}

impl RoughDisk {
    pub(crate) fn new((sim, weather, oracle): (&Sim, &Weather, &Oracle)) -> Self {
        Self {
            sim: sim.clone(),
            weather: weather.clone(),
            oracle: oracle.clone(),
            inner: SimDisk::new(),
        }
    }

    /// The disk after a power cut. Whoever still uses this one is told that the power is off.
    pub(crate) fn crash(&self) -> Self {
        Self {
            inner: self.inner.crash(self.sim.random(u64::MAX)),
            ..self.clone()
        }
    }

    /// The power fails after so many further changes.
    pub(crate) fn cut_after(&self, changes: u64) {
        self.inner.cut_after(changes);
    }

    /// Whether so many bytes of a blob survive a power cut, and are all there are.
    pub(crate) fn is_durable(&self, id: BlobId, bytes: u64) -> bool {
        let name = id.to_string();
        let path = Path::new(ROOT).join("blobs").join(&name[..2]).join(name);
        let least = bytes + bytes.div_ceil(BLOCK) * SUM + FOOTER;
        let durable = self.inner.durable_size(&path);
        durable.is_some_and(|durable| durable >= least)
    }

    fn fails(&self, chance: u64, what: &'static str) -> io::Result<()> {
        let (sim, oracle) = (&self.sim, &self.oracle);
        if self.weather.fails(sim, oracle, chance, what) {
            return Err(io::Error::other(what));
        }
        Ok(())
    }

    /// A disk without space takes nothing more.
    fn space(&self, chance: u64) -> io::Result<()> {
        if self.weather.now().full {
            self.oracle.faulted("the disk is full");
            return Err(ErrorKind::StorageFull.into());
        }
        let full = self.fails(chance, "no space on the disk");
        full.map_err(|_| ErrorKind::StorageFull.into())
    }

    /// Breaks the next sync, which ends the process: one of the plan's crashes.
    fn break_sync(&self) {
        if self.weather.strikes(&self.sim, 150) && self.weather.crash() {
            self.oracle.faulted("a sync fails");
            self.inner.fail_sync_after(0);
        }
    }

    /// What a call came to. Without power there is no process that could see it.
    fn end<T>(&self, outcome: io::Result<T>) -> io::Result<T> {
        if outcome.is_err() && self.inner.is_off() {
            self.oracle.faulted("the power is off");
            self.weather.now().dying = true;
        }
        outcome
    }
}

impl Disk for RoughDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.inner.create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.space(80)?;
        self.fails(80, "a file cannot be created")?;
        let inner = self.end(self.inner.create(path))?;
        let disk = self.clone();
        Ok(Arc::new(RoughFile { disk, inner }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.fails(200, "a file cannot be opened")?;
        let inner = self.end(self.inner.open(path))?;
        let disk = self.clone();
        Ok(Arc::new(RoughFile { disk, inner }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.fails(100, "a file cannot be renamed")?;
        self.end(self.inner.rename(from, to))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.fails(50, "a file cannot be removed")?;
        self.end(self.inner.remove(path))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.end(self.inner.list(dir))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.break_sync();
        self.end(self.inner.sync_dir(dir))
    }

    /// More than anybody needs: how old a reading of it is depends on real time.
    fn free_space(&self, _dir: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

#[derive(Debug)]
struct RoughFile {
    disk: RoughDisk,
    inner: Arc<dyn DiskFile>,
}

impl DiskFile for RoughFile {
    fn size(&self) -> io::Result<u64> {
        self.disk.end(self.inner.size())
    }

    /// At times a bit is another one than was written.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.disk.fails(150, "a file cannot be read")?;
        self.disk.end(self.inner.read_at(offset, buffer))?;
        if !buffer.is_empty() && self.disk.weather.strikes(&self.disk.sim, 60) {
            self.disk.oracle.damaged();
            let bit = self.disk.sim.random(buffer.len() as u64 * 8);
            let at = usize::try_from(bit / 8).unwrap_or(0);
            buffer[at] ^= 1 << (bit % 8);
        }
        Ok(())
    }

    /// A disk that runs full or breaks has written a part.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let written = self.disk.space(80);
        let written = written.and_then(|()| self.disk.fails(80, "a write fails"));
        if let Err(error) = written {
            let half = &data[..data.len() / 2];
            self.disk.end(self.inner.write_at(offset, half))?;
            return Err(error);
        }
        self.disk.end(self.inner.write_at(offset, data))
    }

    fn preallocate(&self, bytes: u64) -> io::Result<bool> {
        self.disk.end(self.inner.preallocate(bytes))
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.break_sync();
        self.disk.end(self.inner.sync())
    }
}

/// Where the blobs are, as the store wants it.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(ROOT)
}
