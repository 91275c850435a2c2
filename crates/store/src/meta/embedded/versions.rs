//! Which files make up the engine's tables, and what their checksums are.
//!
//! lsm-tree 3 writes a version of each tree into `v<n>` and the version's number and checksum into `current`, but
//! does not compare them; a version names the tables and value files with the checksum of each as a whole.
//! Layouts are those of `version/persist.rs` and `version/mod.rs`; the file around them is of sfa 1. Numbers are
//! little-endian.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use cohong_core::error::BoxError;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// Bytes read at once.
const PIECE: usize = 1 << 20;

/// A tree's files are not as they were written.
#[derive(Debug, thiserror::Error)]
#[error("{} is damaged: restore the folder from a backup", .0.display())]
struct Damage(PathBuf);

/// Compares the version of each tree with its checksum, and the table of sections of each of its files: the engine
/// reserves as much memory as that says before it looks at the checksum.
pub(super) fn check(dir: &Path) -> Result<(), BoxError> {
    for file in files(dir)? {
        if !has_sections(&file.path)? {
            return Err(Damage(file.path).into());
        }
    }
    Ok(())
}

/// Bytes at the end of a file of sfa: magic, version, kind of checksums, checksum, place and length of the table of
/// sections.
const TRAILER: usize = 4 + 1 + 1 + 16 + 8 + 8;

/// Whether the table of sections of a file is as it was written. A file that is missing is for the engine to tell.
fn has_sections(path: &Path) -> io::Result<bool> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        opened => opened?,
    };
    let len = file.metadata()?.len();
    let Some(at) = len.checked_sub(TRAILER as u64) else {
        return Ok(false);
    };
    let mut trailer = [0; TRAILER];
    file.read_exact_at(&mut trailer, at)?;
    let (sum, place) = trailer[6..].split_at(16);
    let mut place = Cursor(place);
    let (Some(sum), Some(start), Some(table)) = (sum.first_chunk(), place.u64(), place.u64())
    else {
        return Ok(false);
    };
    if start.checked_add(table) != Some(at) {
        return Ok(false);
    }
    let mut bytes = vec![0; usize::try_from(table).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, start)?;
    Ok(xxh3_128(&bytes) == u128::from_le_bytes(*sum))
}

/// The folders of the trees.
fn trees(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let keyspaces = dir.join("keyspaces");
    if !keyspaces.exists() {
        return Ok(Vec::new());
    }
    let mut trees = Vec::new();
    for entry in fs::read_dir(keyspaces)? {
        let tree = entry?.path();
        if tree.join("current").exists() {
            trees.push(tree);
        }
    }
    trees.sort_unstable();
    Ok(trees)
}

/// The bytes of a tree's version.
fn current(tree: &Path) -> Result<Vec<u8>, BoxError> {
    let pointer = tree.join("current");
    let bytes = fs::read(&pointer)?;
    let parts = bytes.split_first_chunk::<8>().and_then(|(number, rest)| {
        let (sum, kind) = rest.split_first_chunk::<16>()?;
        (kind == [0]).then_some((u64::from_le_bytes(*number), u128::from_le_bytes(*sum)))
    });
    let Some((number, sum)) = parts else {
        return Err(Damage(pointer).into());
    };
    let path = tree.join(format!("v{number}"));
    match fs::read(&path) {
        Ok(version) if xxh3_128(&version) == sum => Ok(version),
        Ok(_) => Err(Damage(path).into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Damage(pointer).into()),
        Err(error) => Err(error.into()),
    }
}

/// A file that never changes, and the checksum of its bytes.
#[derive(Clone, Debug)]
pub struct TableFile {
    path: PathBuf,
    sum: u128,
}

/// The files that the trees are made of now.
pub(super) fn files(dir: &Path) -> Result<Vec<TableFile>, BoxError> {
    let mut files = Vec::new();
    for tree in trees(dir)? {
        let version = latest(&tree)?;
        let damage = || Damage(tree.clone());
        let tables = section(&version, b"tables")
            .and_then(tables)
            .ok_or_else(damage)?;
        let values = section(&version, b"blob_files")
            .and_then(values)
            .ok_or_else(damage)?;
        for (folder, list) in [("tables", tables), ("blobs", values)] {
            files.extend(list.into_iter().map(|(id, sum)| TableFile {
                path: tree.join(folder).join(id.to_string()),
                sum,
            }));
        }
    }
    Ok(files)
}

/// Times that a version is read anew because another took its place meanwhile.
const TRIES: usize = 5;

/// The bytes of the version of a tree that may be in use.
fn latest(tree: &Path) -> Result<Vec<u8>, BoxError> {
    let mut read = current(tree);
    for _ in 1..TRIES {
        if read.is_ok() {
            break;
        }
        read = current(tree);
    }
    read
}

/// Compares a file with its checksum: its length and, when it is not what was written, why not. A file that is gone
/// has been replaced by others.
pub(super) fn check_file(file: &TableFile) -> io::Result<(u64, Option<String>)> {
    let mut open = match File::open(&file.path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, None)),
        opened => opened?,
    };
    let (mut hash, mut len) = (Xxh3::new(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        let read = open.read(&mut piece)?;
        if read == 0 {
            break;
        }
        hash.update(&piece[..read]);
        len += read as u64;
    }
    let wrong = hash.digest128() != file.sum;
    let why = || format!("{} is not as it was written", file.path.display());
    Ok((len, wrong.then(why)))
}

/// A section of a file of sfa: the trailer at the end tells where the table of sections is.
fn section<'a>(file: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let trailer = file.get(file.len().checked_sub(TRAILER)?..)?;
    let mut list = Cursor(file.get(index(Cursor(trailer.get(22..)?).u64()?)?..)?);
    if list.take(4)? != b"TOC!" {
        return None;
    }
    for _ in 0..list.u32()? {
        let (at, len) = (index(list.u64()?)?, index(list.u64()?)?);
        let named = usize::from(u16::from_le_bytes(*list.take(2)?.first_chunk()?));
        if list.take(named)? == name {
            return file.get(at..at.checked_add(len)?);
        }
    }
    None
}

/// Tables by level and run, with their checksums.
fn tables(section: &[u8]) -> Option<Vec<(u64, u128)>> {
    let mut section = Cursor(section);
    let mut found = Vec::new();
    for _ in 0..section.u8()? {
        for _ in 0..section.u8()? {
            for _ in 0..section.u32()? {
                found.push(section.named_sum()?);
                section.u64()?;
            }
        }
    }
    Some(found)
}

/// Files of large values, with their checksums.
fn values(section: &[u8]) -> Option<Vec<(u64, u128)>> {
    let mut section = Cursor(section);
    (0..section.u32()?).map(|_| section.named_sum()).collect()
}

fn index(number: u64) -> Option<usize> {
    usize::try_from(number).ok()
}

/// Bytes that are read from the front.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(*self.take(4)?.first_chunk()?))
    }

    fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(*self.take(8)?.first_chunk()?))
    }

    /// A number, the kind of a checksum, which is one, and the checksum.
    fn named_sum(&mut self) -> Option<(u64, u128)> {
        let number = self.u64()?;
        let sum = self.take(17)?;
        (sum.first() == Some(&0)).then_some(())?;
        Some((number, u128::from_le_bytes(*sum.last_chunk()?)))
    }
}
