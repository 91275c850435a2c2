//! A disk that loses power, runs full and breaks, the same way for the same seed.
//!
//! Everything has two stages: written and durable. A file's bytes become durable when it is synced,
//! a name when its folder is. [`SimDisk::crash`] keeps what is durable and, as a real disk would, an
//! arbitrary part of the rest.

mod calls;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::seed::Seed;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// A simulated disk. Clones are the same disk.
#[derive(Clone, Default)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    written: BTreeMap<PathBuf, Node>,
    durable: BTreeMap<PathBuf, Node>,
    inodes: Vec<Inode>,
    /// Bytes of all named files together; `None` is no limit.
    capacity: Option<u64>,
    /// Changes that still happen before the power fails.
    changes_left: Option<u64>,
    /// Syncs that still succeed before one fails.
    syncs_left: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    /// Index of an inode.
    File(usize),
}

#[derive(Default)]
struct Inode {
    written: Vec<u8>,
    durable: Vec<u8>,
    /// Writes since the last sync.
    pending: Vec<(usize, Vec<u8>)>,
    reserved: usize,
    /// A sync failed: the system believes its pages to be clean, and never writes them again.
    lost: bool,
}

impl SimDisk {
    /// An empty disk without limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on all files together have at most `bytes` bytes; `None` lifts the limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.lock().capacity = bytes;
    }

    /// Bytes of all files.
    pub fn used(&self) -> u64 {
        self.lock().used()
    }

    /// `n` more syncs of files or folders succeed, and the one after fails with an I/O error.
    pub fn fail_sync_after(&self, n: u64) {
        self.lock().syncs_left = Some(n);
    }

    /// `n` more changes happen, then the power is off and everything fails until [`Self::crash`].
    pub fn cut_after(&self, n: u64) {
        self.lock().changes_left = Some(n);
    }

    /// Inverts one bit of a file, written and durable. `false` when there is no such bit.
    pub fn flip_bit(&self, path: &Path, n: u64) -> bool {
        let mut state = self.lock();
        let Ok(inode) = state.inode(path) else {
            return false;
        };
        let Ok(at) = usize::try_from(n / 8) else {
            return false;
        };
        let inode = &mut state.inodes[inode];
        let mut flipped = false;
        for bytes in [&mut inode.written, &mut inode.durable] {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << (n % 8);
                flipped = true;
            }
        }
        flipped
    }

    /// Whether the power is off.
    pub fn is_off(&self) -> bool {
        self.lock().alive().is_err()
    }

    /// Length of a file that a power cut leaves as it is, bytes; `None` when there is no such file, or one
    /// that has changed since it was synced.
    pub fn durable_size(&self, path: &Path) -> Option<u64> {
        let state = self.lock();
        let inode = state.inode(path).ok()?;
        let named = path.ancestors().all(|path| {
            state.durable.get(path) == state.written.get(path) || path.parent().is_none()
        });
        let file = &state.inodes[inode];
        let synced = named && file.durable == file.written;
        synced.then_some(file.durable.len() as u64)
    }

    /// Length of a file, bytes; `None` when there is none.
    pub fn size(&self, path: &Path) -> Option<u64> {
        let state = self.lock();
        let inode = state.inode(path).ok()?;
        Some(state.inodes[inode].written.len() as u64)
    }

    /// The power fails. Returns the disk as the next start finds it: all that is durable; of changed
    /// names any, of unsynced writes any, torn at sectors. This disk and its open files are dead.
    #[must_use]
    pub fn crash(&self, seed: u64) -> Self {
        let mut state = self.lock();
        state.changes_left = Some(0);
        let mut seed = Seed::new(seed);
        let names = state.surviving_names(&mut seed);
        let mut after = State {
            capacity: state.capacity,
            ..State::default()
        };
        for (path, node) in names {
            let node = match node {
                Node::Folder => Node::Folder,
                Node::File(inode) => {
                    let bytes = state.inodes[inode].surviving_bytes(&mut seed);
                    after.inodes.push(Inode {
                        durable: bytes.clone(),
                        written: bytes,
                        ..Inode::default()
                    });
                    Node::File(after.inodes.len() - 1)
                }
            };
            after.written.insert(path, node);
        }
        after.durable = after.written.clone();
        Self(Arc::new(Mutex::new(after)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SimDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.lock().written.len();
        f.debug_struct("SimDisk")
            .field("names", &names)
            .finish_non_exhaustive()
    }
}

impl State {
    fn alive(&self) -> io::Result<()> {
        match self.changes_left {
            Some(0) => Err(io::Error::other("the power is off")),
            _ => Ok(()),
        }
    }

    /// Counts a change; none happens without power.
    fn change(&mut self) -> io::Result<()> {
        self.alive()?;
        if let Some(left) = &mut self.changes_left {
            *left -= 1;
        }
        Ok(())
    }

    /// Whether the sync that is due fails.
    fn sync_fails(&mut self) -> bool {
        let fails = self.syncs_left == Some(0);
        self.syncs_left = match self.syncs_left {
            Some(0) | None => None,
            Some(left) => Some(left - 1),
        };
        fails
    }

    fn inode(&self, path: &Path) -> io::Result<usize> {
        match self.written.get(path) {
            Some(Node::File(inode)) => Ok(*inode),
            Some(Node::Folder) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn folder(&self, path: &Path) -> io::Result<()> {
        match self.written.get(path) {
            Some(Node::Folder) => Ok(()),
            Some(Node::File(_)) => Err(ErrorKind::NotADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    /// A new name must be free and stand in a folder.
    fn free_name(&self, path: &Path) -> io::Result<()> {
        if self.written.contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        path.parent().map_or(Ok(()), |parent| self.folder(parent))
    }

    fn used(&self) -> u64 {
        let files = self.written.values().filter_map(|node| match node {
            Node::File(inode) => Some(&self.inodes[*inode]),
            Node::Folder => None,
        });
        files.map(|file| file.space() as u64).sum()
    }

    fn free(&self) -> u64 {
        match self.capacity {
            Some(capacity) => capacity.saturating_sub(self.used()),
            None => u64::MAX,
        }
    }

    fn surviving_names(&self, seed: &mut Seed) -> BTreeMap<PathBuf, Node> {
        let mut survivors: BTreeMap<PathBuf, Node> = BTreeMap::new();
        let all: BTreeSet<_> = self.written.keys().chain(self.durable.keys()).collect();
        for path in all {
            let (written, durable) = (self.written.get(path), self.durable.get(path));
            let changed = written != durable;
            let node = if changed && seed.coin() {
                written
            } else {
                durable
            };
            // The topmost folder has no parent that could be synced: it is always there.
            let (node, reachable) = match path.parent() {
                Some(parent) => (node, survivors.get(parent) == Some(&Node::Folder)),
                None => (written, true),
            };
            if let (Some(node), true) = (node, reachable) {
                survivors.insert(path.clone(), *node);
            }
        }
        survivors
    }
}

impl Inode {
    fn space(&self) -> usize {
        self.written.len().max(self.reserved)
    }

    fn surviving_bytes(&self, seed: &mut Seed) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for (offset, data) in &self.pending {
            let kept = match seed.below(3) {
                0 => 0,
                1 => seed.below(data.len() as u64 / SECTOR as u64 + 1) * SECTOR as u64,
                _ => data.len() as u64,
            };
            let kept = usize::try_from(kept).map_or(data.len(), |kept| kept.min(data.len()));
            if kept > 0 {
                overwrite(&mut bytes, *offset, &data[..kept]);
            }
        }
        bytes
    }
}

/// The names that stand in a folder itself.
fn inside<'a>(
    names: &'a BTreeMap<PathBuf, Node>,
    dir: &'a Path,
) -> impl Iterator<Item = (&'a PathBuf, &'a Node)> {
    let from = (Bound::Excluded(dir), Bound::Unbounded);
    let below = names.range::<Path, _>(from);
    below
        .take_while(move |(path, _)| path.starts_with(dir))
        .filter(move |(path, _)| path.parent() == Some(dir))
}

fn overwrite(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

#[cfg(test)]
mod tests;
