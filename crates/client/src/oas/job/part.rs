//! `<path>.oas-part`: bytes that are not complete yet, apart from the final name.

use std::fs::{File, TryLockError};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::notes::beside;
use crate::oas::error::{DownloadArchiveError, Error};
use crate::oas::hash::{Section, compute_tree_etag_from_file_obj};
use crate::oas::ranges::{ByteRange, range_size};

/// Bytes written at once: above it the kernel takes memory in pieces so large that a virtual machine has to be given
/// them first, which makes writing ten times slower.
const WRITE_BYTES: usize = 1 << 20;

/// The file, held by this download alone.
pub(super) struct Part {
    file: File,
    place: PathBuf,
    final_name: PathBuf,
}

impl Part {
    /// Opens or makes it. Fails when another download holds it.
    pub(super) fn open(final_name: &Path) -> Result<Self, Error> {
        let place = beside(final_name, ".oas-part");
        let opened = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&place);
        let file = opened.map_err(|error| Error::file("open", &place, &error))?;
        let held = match file.try_lock() {
            // A download that ended meanwhile has given this very file its final name.
            Ok(()) => is_there(&file, &place),
            Err(TryLockError::WouldBlock) => false,
            Err(TryLockError::Error(error)) => {
                return Err(Error::file("lock", &place, &error).into());
            }
        };
        if !held {
            let text = format!("another download writes {}; wait for it", place.display());
            return Err(DownloadArchiveError::of(text));
        }
        Ok(Self {
            file,
            place,
            final_name: final_name.to_owned(),
        })
    }

    /// Forgets what a former attempt has left.
    pub(super) fn clear(&self) -> Result<(), Error> {
        let empty = self.file.metadata().map(|facts| facts.len() == 0);
        match empty.and_then(|empty| if empty { Ok(()) } else { self.file.set_len(0) }) {
            Ok(()) => Ok(()),
            Err(error) => Err(Error::file("empty", &self.place, &error).into()),
        }
    }

    pub(super) fn write_at(&self, bytes: &[u8], at: u64) -> Result<(), Error> {
        let places = (at..).step_by(WRITE_BYTES);
        let mut pieces = bytes.chunks(WRITE_BYTES).zip(places);
        let written = pieces.try_for_each(|(piece, at)| self.file.write_all_at(piece, at));
        written.map_err(|error| Error::file("write", &self.place, &error).into())
    }

    /// Tree-etag of a range; nothing when the file is too short.
    pub(super) fn tree_etag(&self, range: ByteRange) -> Option<String> {
        let section = Section {
            offset: range.0,
            size: Some(range_size(range)),
            ..Section::default()
        };
        // A handle of its own: positions belong to handles, and ranges are read side by side.
        let mut file = File::open(&self.place).ok()?;
        compute_tree_etag_from_file_obj(&mut file, section).ok()
    }

    /// Makes durable what was written so far.
    pub(super) fn sync(&self) -> Result<(), Error> {
        let synced = self.file.sync_data();
        synced.map_err(|error| Error::file("sync", &self.place, &error).into())
    }

    /// All is there: makes it durable and gives it its final name.
    pub(super) fn finish(&self, length: u64) -> Result<(), Error> {
        let done = self.file.set_len(length);
        let done = done.and_then(|()| self.file.sync_all());
        let done = done.and_then(|()| std::fs::rename(&self.place, &self.final_name));
        done.and_then(|()| sync_folder(&self.final_name))
            .map_err(|error| Error::file("finish", &self.final_name, &error).into())
    }

    /// Throws it away.
    pub(super) fn remove(&self) -> Result<(), Error> {
        let removed = std::fs::remove_file(&self.place);
        removed.map_err(|error| Error::file("remove", &self.place, &error).into())
    }
}

/// Whether a file is the one under that name.
fn is_there(file: &File, place: &Path) -> bool {
    let number = |facts: std::fs::Metadata| (facts.dev(), facts.ino());
    match (file.metadata(), std::fs::metadata(place)) {
        (Ok(file), Ok(named)) => number(file) == number(named),
        _ => false,
    }
}

fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
