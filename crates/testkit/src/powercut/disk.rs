//! What a disk holds, and what it may hold after a power cut.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use super::book::Step;
use super::pages::Pages;
use super::{Inode, Names, ROOT};
use crate::seed::Seed;

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// What becomes of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// Nothing of it is there.
    None,
    /// All of it is there, as after a kill.
    All,
    /// Each changed name and each sector by itself, with this many chances of 8.
    Some(u64),
}

/// Files and folders in two stages: durable, and changed since.
#[derive(Clone, Debug)]
pub struct Disk {
    nodes: Vec<Node>,
    /// Syncs that run: of what, and how many of its changes, from the first, they cover.
    syncing: BTreeMap<usize, (Inode, usize)>,
    /// Changes of names so far.
    changes: usize,
}

#[derive(Clone, Debug)]
enum Node {
    File {
        durable: Pages,
        pending: Vec<Change>,
        /// Changes that became durable since the disk was made.
        settled: usize,
        mode: u32,
    },
    Folder {
        durable: Names,
        pending: Vec<Naming>,
    },
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Arc<[u8]>),
    Resize(u64),
}

/// A name that now leads to something, or to nothing.
#[derive(Clone, Debug)]
struct Naming {
    name: String,
    to: Option<Inode>,
    /// Both halves of a rename have one number.
    change: usize,
}

impl Disk {
    /// An empty folder.
    pub fn empty() -> Self {
        let root = Node::Folder {
            durable: BTreeMap::new(),
            pending: Vec::new(),
        };
        Self {
            nodes: vec![root],
            syncing: BTreeMap::new(),
            changes: 0,
        }
    }

    /// A folder as it is, all of it durable. Sockets are left out.
    pub fn read(folder: &Path) -> io::Result<Self> {
        let mut disk = Self::empty();
        disk.read_folder(folder, ROOT)?;
        Ok(disk)
    }

    fn read_folder(&mut self, folder: &Path, inode: Inode) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let child = self.nodes.len();
            if kind.is_dir() {
                self.nodes.push(Node::Folder {
                    durable: BTreeMap::new(),
                    pending: Vec::new(),
                });
                self.read_folder(&entry.path(), child)?;
            } else if kind.is_file() {
                let file = File::open(entry.path())?;
                self.nodes.push(Node::File {
                    durable: Pages::read(&file)?,
                    pending: Vec::new(),
                    settled: 0,
                    mode: file.metadata()?.permissions().mode() & 0o777,
                });
            } else {
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Node::Folder { durable, .. } = &mut self.nodes[inode] {
                durable.insert(name, child);
            }
        }
        Ok(())
    }

    /// The names in each folder, and the length of each file.
    pub(super) fn names(&self) -> (Vec<Option<Names>>, BTreeMap<Inode, u64>) {
        let mut lens = BTreeMap::new();
        let nodes = self.nodes.iter().enumerate();
        let folders = nodes.map(|(inode, node)| match node {
            Node::Folder { durable, .. } => Some(durable.clone()),
            Node::File { durable, .. } => {
                lens.insert(inode, durable.len());
                None
            }
        });
        (folders.collect(), lens)
    }

    /// Takes a step. `syncs` says of a path whether its syncs do what they promise: a disk that lies
    /// is how a test of this is tested.
    pub fn apply(&mut self, step: &Step, syncs: impl Fn(&str) -> bool) {
        match step {
            Step::Made {
                dir,
                name,
                inode,
                mode,
            } => {
                debug_assert_eq!(*inode, self.nodes.len(), "inodes come in order");
                self.nodes.push(match mode {
                    Some(mode) => Node::File {
                        durable: Pages::default(),
                        pending: Vec::new(),
                        settled: 0,
                        mode: *mode,
                    },
                    None => Node::Folder {
                        durable: BTreeMap::new(),
                        pending: Vec::new(),
                    },
                });
                self.name(&[(*dir, name, Some(*inode))]);
            }
            Step::Removed { dir, name } => self.name(&[(*dir, name, None)]),
            Step::Renamed { from, to, inode } => {
                self.name(&[(from.0, &from.1, None), (to.0, &to.1, Some(*inode))]);
            }
            Step::Written { inode, at, bytes } => {
                self.change(*inode, Change::Write(*at, bytes.clone()));
            }
            Step::Resized { inode, len } => self.change(*inode, Change::Resize(*len)),
            Step::SyncBegun { inode, path, sync } => {
                if syncs(path) {
                    let covers = match &self.nodes[*inode] {
                        Node::File {
                            pending, settled, ..
                        } => settled + pending.len(),
                        Node::Folder { .. } => self.changes,
                    };
                    self.syncing.insert(*sync, (*inode, covers));
                }
            }
            Step::SyncEnded { sync } => {
                if let Some((inode, covers)) = self.syncing.remove(sync) {
                    self.synced(inode, covers);
                }
            }
            Step::Answered(_) | Step::Sent { .. } => {}
        }
    }

    fn name(&mut self, namings: &[(Inode, &String, Option<Inode>)]) {
        let change = self.changes;
        self.changes += 1;
        for (dir, name, to) in namings {
            if let Node::Folder { pending, .. } = &mut self.nodes[*dir] {
                pending.push(Naming {
                    name: (*name).clone(),
                    to: *to,
                    change,
                });
            }
        }
    }

    fn change(&mut self, inode: Inode, change: Change) {
        if let Node::File { pending, .. } = &mut self.nodes[inode] {
            pending.push(change);
        }
    }

    fn synced(&mut self, inode: Inode, covers: usize) {
        let changes: BTreeSet<usize> = match &mut self.nodes[inode] {
            Node::File {
                durable,
                pending,
                settled,
                ..
            } => {
                // Two syncs of one file may run at once, and the one that began later end first.
                for change in pending.drain(..covers.saturating_sub(*settled)) {
                    change.apply(durable);
                }
                *settled = covers.max(*settled);
                self.names_of(inode)
            }
            Node::Folder { pending, .. } => {
                let changes = pending.iter().map(|naming| naming.change);
                let mut changes: BTreeSet<_> = changes.filter(|change| *change < covers).collect();
                changes.extend(self.names_of(inode));
                changes
            }
        };
        self.settle(&changes);
    }

    /// The changes that lead to a file or folder from the root and are not durable: what is synced can be
    /// found.
    fn names_of(&self, inode: Inode) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut of = inode;
        'up: while of != ROOT {
            for (dir, node) in self.nodes.iter().enumerate() {
                let Node::Folder { durable, pending } = node else {
                    continue;
                };
                if let Some(naming) = pending.iter().rfind(|naming| naming.to == Some(of)) {
                    found.insert(naming.change);
                    of = dir;
                    continue 'up;
                }
                if durable.values().any(|to| *to == of) {
                    of = dir;
                    continue 'up;
                }
            }
            return found;
        }
        found
    }

    /// Makes changes of names durable, and with each those before it of the same name.
    fn settle(&mut self, changes: &BTreeSet<usize>) {
        for node in &mut self.nodes {
            let Node::Folder { durable, pending } = node else {
                continue;
            };
            if !pending
                .iter()
                .any(|naming| changes.contains(&naming.change))
            {
                continue;
            }
            let names = pending.iter().rev();
            let settled = names.filter(|naming| changes.contains(&naming.change));
            let mut last: BTreeMap<String, (usize, Option<Inode>)> = BTreeMap::new();
            for naming in settled {
                last.entry(naming.name.clone())
                    .or_insert((naming.change, naming.to));
            }
            pending.retain(|naming| {
                last.get(&naming.name)
                    .is_none_or(|(change, _)| naming.change > *change)
            });
            for (name, (_, to)) in last {
                link(durable, name, to);
            }
        }
    }

    /// The disk as the next start finds it. Nothing on it is pending.
    #[must_use]
    pub fn cut(&self, survival: Survival, seed: u64) -> Self {
        let mut seed = Seed::new(seed);
        let mut after = self.clone();
        after.syncing.clear();
        let mut kept: BTreeMap<usize, bool> = BTreeMap::new();
        for node in &mut after.nodes {
            match node {
                Node::File {
                    durable, pending, ..
                } => {
                    let pending = std::mem::take(pending);
                    survive(&pending, durable, survival, &mut seed);
                }
                Node::Folder { durable, pending } => {
                    for naming in pending.drain(..) {
                        let kept = *kept
                            .entry(naming.change)
                            .or_insert_with(|| survival.draw(&mut seed));
                        if kept {
                            link(durable, naming.name, naming.to);
                        }
                    }
                }
            }
        }
        after
    }

    /// Writes a disk on which nothing is pending into an empty folder.
    pub fn put(&self, folder: &Path) -> io::Result<()> {
        self.put_folder(folder, ROOT)
    }

    fn put_folder(&self, folder: &Path, inode: Inode) -> io::Result<()> {
        let Node::Folder { durable, .. } = &self.nodes[inode] else {
            return Ok(());
        };
        for (name, inode) in durable {
            let path = folder.join(name);
            match &self.nodes[*inode] {
                Node::Folder { .. } => {
                    fs::DirBuilder::new().mode(0o700).create(&path)?;
                    self.put_folder(&path, *inode)?;
                }
                Node::File { durable, mode, .. } => {
                    let mut options = OpenOptions::new();
                    let file = options
                        .write(true)
                        .create_new(true)
                        .mode(*mode)
                        .open(path)?;
                    durable.put(&file)?;
                }
            }
        }
        Ok(())
    }

    /// Compares everything, durable or not, with a folder. An error names the first difference.
    pub(super) fn compare(&self, folder: &Path) -> Result<(), String> {
        let found = Self::read(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let book = self.cut(Survival::All, 0);
        let (book, found) = (book.flat(), found.flat());
        for path in book.keys().chain(found.keys()) {
            let (Some(one), Some(two)) = (book.get(path), found.get(path)) else {
                let where_from = if book.contains_key(path) {
                    "only in the record"
                } else {
                    "not recorded"
                };
                return Err(format!("{path} is {where_from}"));
            };
            let differ = match (one, two) {
                (None, None) => None,
                (Some(one), Some(two)) => one.difference(two),
                _ => Some(0),
            };
            if let Some(at) = differ {
                return Err(format!("{path} differs from its record at byte {at}"));
            }
        }
        Ok(())
    }

    /// Paths and what is there: bytes, or none for a folder.
    fn flat(&self) -> BTreeMap<String, Option<&Pages>> {
        let mut all = BTreeMap::new();
        let mut folders = vec![(String::new(), ROOT)];
        while let Some((above, inode)) = folders.pop() {
            let Node::Folder { durable, .. } = &self.nodes[inode] else {
                continue;
            };
            for (name, inode) in durable {
                let path = format!("{above}/{name}");
                match &self.nodes[*inode] {
                    Node::File { durable, .. } => {
                        all.insert(path, Some(durable));
                    }
                    Node::Folder { .. } => {
                        all.insert(path.clone(), None);
                        folders.push((path, *inode));
                    }
                }
            }
        }
        all
    }
}

fn link(names: &mut Names, name: String, to: Option<Inode>) {
    match to {
        Some(inode) => names.insert(name, inode),
        None => names.remove(&name),
    };
}

impl Survival {
    fn draw(self, seed: &mut Seed) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Some(chances) => seed.below(8) < chances,
        }
    }

    /// How many of some changes in a row are there: often all of them, or else any number.
    fn until(self, count: usize, seed: &mut Seed) -> usize {
        if self.draw(seed) {
            return count;
        }
        match self {
            Self::Some(_) => usize::try_from(seed.below(count as u64 + 1)).unwrap_or(count),
            Self::None | Self::All => 0,
        }
    }
}

impl Change {
    fn apply(self, pages: &mut Pages) {
        match self {
            Self::Write(at, bytes) => pages.write(at, &bytes),
            Self::Resize(len) => pages.resize(len),
        }
    }
}

/// What is there of unsynced changes of a file. A sector is as it was at some time since the last sync, each
/// at its own; so is the length.
fn survive(pending: &[Change], pages: &mut Pages, survival: Survival, seed: &mut Seed) {
    let (durable, count) = (pages.len(), pending.len());
    let kept_len = survival.until(count, seed);
    let mut kept: BTreeMap<u64, usize> = BTreeMap::new();
    let mut len = durable;
    for (n, change) in pending.iter().enumerate() {
        match change {
            Change::Write(at, bytes) => {
                for (at, piece) in pieces(*at, bytes) {
                    let sector = at / SECTOR as u64;
                    let until = kept
                        .entry(sector)
                        .or_insert_with(|| survival.until(count, seed));
                    if n < *until {
                        pages.write(at, piece);
                    }
                }
                if n < kept_len {
                    len = len.max(at + bytes.len() as u64);
                }
            }
            Change::Resize(to) if n < kept_len => {
                pages.resize(*to);
                len = *to;
            }
            Change::Resize(_) => {}
        }
    }
    pages.resize(len);
}

/// A write, cut where sectors of the file begin.
fn pieces(at: u64, bytes: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let sector = SECTOR as u64;
    let first = usize::try_from(sector - at % sector).unwrap_or(SECTOR);
    let (head, rest) = bytes.split_at(first.min(bytes.len()));
    let rest_at = at + head.len() as u64;
    let rest = rest.chunks(SECTOR).enumerate();
    std::iter::once((at, head))
        .chain(rest.map(move |(n, piece)| (rest_at + n as u64 * sector, piece)))
}
