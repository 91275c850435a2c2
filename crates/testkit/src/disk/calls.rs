//! The calls of a file system on the simulated disk.

use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use cohong_store::disk::{Disk, DiskFile};

use super::{Inode, Node, SimDisk, State, inside, overwrite};

impl Disk for SimDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.lock();
        for path in path.ancestors().filter(|path| !path.as_os_str().is_empty()) {
            match state.written.get(path) {
                Some(Node::Folder) => break,
                Some(Node::File(_)) => return Err(ErrorKind::NotADirectory.into()),
                None => {
                    state.change()?;
                    state.written.insert(path.to_owned(), Node::Folder);
                }
            }
        }
        Ok(())
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.lock();
        state.free_name(path)?;
        state.change()?;
        state.inodes.push(Inode::default());
        let inode = state.inodes.len() - 1;
        state.written.insert(path.to_owned(), Node::File(inode));
        let disk = self.clone();
        Ok(Arc::new(SimFile { disk, inode }))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.lock();
        state.alive()?;
        let inode = state.inode(path)?;
        let disk = self.clone();
        Ok(Arc::new(SimFile { disk, inode }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.lock();
        let inode = state.inode(from)?;
        state.free_name(to)?;
        state.change()?;
        state.written.remove(from);
        state.written.insert(to.to_owned(), Node::File(inode));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.lock();
        state.inode(path)?;
        state.change()?;
        state.written.remove(path);
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let state = self.lock();
        state.alive()?;
        state.folder(dir)?;
        let names = inside(&state.written, dir).filter_map(|(path, _)| path.file_name());
        Ok(names.map(OsString::from).collect())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.lock();
        state.folder(dir)?;
        state.change()?;
        if state.sync_fails() {
            return Err(broken());
        }
        let State {
            written, durable, ..
        } = &mut *state;
        let gone: Vec<_> = inside(durable, dir).map(|(path, _)| path.clone()).collect();
        for path in gone {
            durable.remove(&path);
        }
        durable.extend(inside(written, dir).map(|(path, node)| (path.clone(), *node)));
        Ok(())
    }

    fn free_space(&self, _: &Path) -> io::Result<u64> {
        let state = self.lock();
        state.alive()?;
        Ok(state.free())
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: usize,
}

impl SimFile {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        work(&mut self.disk.lock())
    }
}

impl DiskFile for SimFile {
    fn size(&self) -> io::Result<u64> {
        self.with(|state| {
            state.alive()?;
            Ok(state.inodes[self.inode].written.len() as u64)
        })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.with(|state| {
            state.alive()?;
            let bytes = &state.inodes[self.inode].written;
            let from = usize::try_from(offset).map_err(io::Error::other)?;
            let read = bytes.get(from..from + buffer.len());
            buffer.copy_from_slice(read.ok_or(ErrorKind::UnexpectedEof)?);
            Ok(())
        })
    }

    /// On a disk that runs full, the part that fits is written.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with(|state| {
            state.change()?;
            let from = usize::try_from(offset).map_err(io::Error::other)?;
            let free = usize::try_from(state.free()).unwrap_or(usize::MAX);
            let inode = &mut state.inodes[self.inode];
            let room = inode.space().saturating_add(free).saturating_sub(from);
            let fits = &data[..data.len().min(room)];
            overwrite(&mut inode.written, from, fits);
            inode.pending.push((from, fits.to_vec()));
            if fits.len() < data.len() {
                return Err(ErrorKind::StorageFull.into());
            }
            Ok(())
        })
    }

    fn preallocate(&self, bytes: u64) -> io::Result<bool> {
        self.with(|state| {
            state.change()?;
            let bytes = usize::try_from(bytes).map_err(io::Error::other)?;
            let free = state.free();
            let inode = &mut state.inodes[self.inode];
            if bytes.saturating_sub(inode.space()) as u64 > free {
                return Err(ErrorKind::StorageFull.into());
            }
            inode.reserved = inode.reserved.max(bytes);
            Ok(true)
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|state| {
            state.change()?;
            let fails = state.sync_fails();
            let inode = &mut state.inodes[self.inode];
            inode.pending.clear();
            inode.lost |= fails;
            if !inode.lost {
                inode.durable.clone_from(&inode.written);
            }
            if fails { Err(broken()) } else { Ok(()) }
        })
    }
}

/// What a system call says when the device fails.
fn broken() -> io::Error {
    io::Error::other("input/output error")
}
