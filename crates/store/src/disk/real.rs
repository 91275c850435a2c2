//! The real file system.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;

use super::{Disk, DiskFile};

/// The operating system's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).open(path)?;
        Ok(Arc::new(RealFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(RealFile(File::open(path)?)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        if fs::exists(to)? {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let entries = fs::read_dir(dir)?;
        entries.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn free_space(&self, dir: &Path) -> io::Result<u64> {
        let stat = statvfs(dir)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }
}

#[derive(Debug)]
struct RealFile(File);

impl DiskFile for RealFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(buffer, offset)
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_all_at(data, offset)
    }

    fn preallocate(&self, bytes: u64) -> io::Result<bool> {
        match fallocate(&self.0, FallocateFlags::KEEP_SIZE, 0, bytes) {
            Ok(()) => Ok(true),
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let disk = RealDisk;
        disk.create(&a).unwrap().write_at(0, b"first").unwrap();
        disk.create(&b).unwrap();
        let taken = io::ErrorKind::AlreadyExists;
        assert_eq!(disk.create(&a).unwrap_err().kind(), taken);
        assert_eq!(disk.rename(&b, &a).unwrap_err().kind(), taken);
        let mut read = [0; 5];
        disk.open(&a).unwrap().read_at(0, &mut read).unwrap();
        assert_eq!(&read, b"first");
    }

    #[test]
    fn preallocation_leaves_the_length_and_reads_past_the_end_fail() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let file = RealDisk.create(&path).unwrap();
        file.preallocate(1 << 20).unwrap();
        file.write_at(0, b"abc").unwrap();
        file.sync().unwrap();
        RealDisk.sync_dir(folder.path()).unwrap();
        assert_eq!(file.size().unwrap(), 3);
        let past = RealDisk.open(&path).unwrap().read_at(1, &mut [0; 3]);
        assert_eq!(past.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert!(RealDisk.free_space(folder.path()).unwrap() > 0);
    }
}
