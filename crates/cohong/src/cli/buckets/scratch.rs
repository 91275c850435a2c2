//! A file that is not complete: it stands beside the one it is going to be, and takes its name when it was compared
//! with what the store says of the object.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use cohong_core::engine::Comparison;
use cohong_core::ports::{SourceDigests, SourceObject};
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::limits::PIECE_BYTES;
use super::trouble::Trouble;

/// What names of such files begin with; 32 hex digits follow.
const PREFIX: &str = ".cohong-";
/// What stands behind them in the name of the notes.
const NOTES: &str = ".json";

/// Which parts are there, and of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Notes {
    etag: Box<str>,
    size: u64,
    modified_ms: u64,
    /// First bytes of the parts that were written.
    done: BTreeSet<u64>,
}

/// Such a file, which no other command writes meanwhile. Without notes it goes with this value.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    to: PathBuf,
    file: File,
    notes: Option<Notes>,
    /// Whether it stays for the next command.
    keep: bool,
}

impl Scratch {
    /// The file for an object that is to be `to`; `object` names it among all of all stores.
    pub(super) fn open(to: &Path, object: &str) -> Result<Self, Trouble> {
        let (Some(folder), Some(name)) = (to.parent(), to.file_name()) else {
            return Err(Trouble::Said(format!("{} is no file", to.display())));
        };
        match std::fs::symlink_metadata(to) {
            Ok(facts) if !facts.is_file() && !facts.is_symlink() => {
                let text = format!(
                    "{} is no regular file; - means standard output",
                    to.display()
                );
                return Err(Trouble::Said(text));
            }
            _ => {}
        }
        let mut id = Md5::new();
        id.update(object);
        id.update(name.as_encoded_bytes());
        let path = folder.join(format!("{PREFIX}{}", hex::encode(id.finalize())));
        let named = |error: std::io::Error| Trouble::Said(format!("{}: {error}", to.display()));
        loop {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false);
            let no_follow = rustix::fs::OFlags::NOFOLLOW.bits();
            options.custom_flags(no_follow.cast_signed());
            let file = options.open(&path).map_err(named)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    let text = format!("another command is writing {}", to.display());
                    return Err(Trouble::Said(text));
                }
                Err(TryLockError::Error(error)) => return Err(named(error)),
            }
            // Another command may have ended in between, and taken it away.
            let there = std::fs::symlink_metadata(&path).map(|facts| facts.ino());
            if there.is_ok_and(|there| file.metadata().is_ok_and(|own| own.ino() == there)) {
                return Ok(Self {
                    path,
                    to: to.to_owned(),
                    file,
                    notes: None,
                    keep: false,
                });
            }
        }
    }

    /// Goes on with parts that a former command wrote of the same state of the object: gives their first bytes. An
    /// object without an entity tag has no states that could be told apart.
    pub(super) fn resume(&mut self, object: &SourceObject) -> Result<BTreeSet<u64>, Trouble> {
        let Some(etag) = object.etag.clone() else {
            self.file.set_len(0)?;
            return Ok(BTreeSet::new());
        };
        let fresh = Notes {
            etag,
            size: object.size,
            modified_ms: object.modified.millis(),
            done: BTreeSet::new(),
        };
        let found = std::fs::read(self.beside()).ok();
        let found = found.and_then(|text| serde_json::from_slice::<Notes>(&text).ok());
        let same = found.filter(|found| {
            let state = Notes {
                done: BTreeSet::new(),
                ..found.clone()
            };
            state == fresh
        });
        let same = same.filter(|_| self.file.metadata().is_ok_and(|f| f.len() == object.size));
        let notes = same.unwrap_or(fresh);
        if notes.done.is_empty() {
            self.file.set_len(0)?;
        }
        self.file.set_len(object.size)?;
        let done = notes.done.clone();
        self.notes = Some(notes);
        self.keep = true;
        Ok(done)
    }

    /// Where parts are written.
    pub(super) fn file(&self) -> Result<File, Trouble> {
        Ok(self.file.try_clone()?)
    }

    /// Notes that a part was written. Only the comparison at the end trusts that the disk has it; without one it
    /// is made sure now.
    pub(super) fn note(&mut self, start: u64, digests: SourceDigests) -> Result<(), Trouble> {
        if digests == SourceDigests::default() {
            self.file.sync_data()?;
        }
        let (place, fresh) = (self.beside(), self.path.with_extension("new"));
        let Some(notes) = &mut self.notes else {
            return Ok(());
        };
        notes.done.insert(start);
        let text = serde_json::to_vec(notes).map_err(std::io::Error::from)?;
        std::fs::write(&fresh, text)?;
        std::fs::rename(&fresh, &place)?;
        Ok(())
    }

    /// Writes all of a small object.
    pub(super) fn write(&self, bytes: &[u8]) -> Result<(), Trouble> {
        self.file.set_len(0)?;
        self.file.write_all_at(bytes, 0)?;
        Ok(())
    }

    /// Gives the file its name, if it is what the store says of the object; else it is gone.
    pub(super) fn settle(mut self, object: &SourceObject) -> Result<(), Trouble> {
        self.file.rewind()?;
        if !matches(&mut self.file, object.size, object.digests)? {
            self.keep = false;
            let text = "what came is not what the store says of it; copy it again";
            return Err(Trouble::Said(text.into()));
        }
        let modified = SystemTime::UNIX_EPOCH + Duration::from_millis(object.modified.millis());
        self.file.set_modified(modified)?;
        self.file.sync_all()?;
        std::fs::rename(&self.path, &self.to)?;
        self.keep = false;
        Ok(())
    }

    fn beside(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(NOTES);
        name.into()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !self.keep {
            // After it took its name only the notes are left, if there are any.
            drop(std::fs::remove_file(&self.path));
            drop(std::fs::remove_file(self.beside()));
        }
    }
}

/// Whether a name is that of such a file or its notes.
pub(super) fn is_scratch(name: &str) -> bool {
    let id = name.strip_prefix(PREFIX);
    let id = id.map(|id| {
        id.strip_suffix(NOTES)
            .or(id.strip_suffix(".new"))
            .unwrap_or(id)
    });
    id.is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Whether a file has that size and those digests.
pub(super) fn matches(file: &mut File, size: u64, digests: SourceDigests) -> Result<bool, Trouble> {
    let mut comparison = Comparison::new(digests.expected());
    let mut piece = vec![0; PIECE_BYTES];
    let mut read = 0;
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(bytes) => {
                read += bytes as u64;
                comparison.update(&piece[..bytes]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(read == size && comparison.finish().is_ok())
}

#[cfg(test)]
mod tests {
    use cohong_core::model::{StorageClass, StoredHeaders, Timestamp};

    use super::*;

    fn object(bytes: &[u8], etag: &str) -> SourceObject {
        SourceObject {
            size: bytes.len() as u64,
            etag: Some(etag.into()),
            modified: Timestamp::from_millis(1_769_853_600_000),
            digests: SourceDigests {
                md5: Some(Md5::digest(bytes).into()),
                ..SourceDigests::default()
            },
            headers: StoredHeaders::default(),
            user_meta: Vec::new(),
            class: StorageClass::Standard,
            archived: false,
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_gets_its_name_when_it_is_right_and_only_then() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("f");
        let scratch = Scratch::open(&to, "o").expect("a scratch");
        let busy = Scratch::open(&to, "o")
            .expect_err("another one")
            .to_string();
        assert!(busy.contains("another command"), "{busy}");
        scratch.write(b"wrong").expect("written");
        scratch.settle(&object(b"right", "e")).expect_err("wrong");
        assert!(names(folder.path()).is_empty());
        let scratch = Scratch::open(&to, "o").expect("a scratch");
        scratch.write(b"right").expect("written");
        scratch.settle(&object(b"right", "e")).expect("right");
        assert_eq!(names(folder.path()), ["f"]);
        let facts = std::fs::metadata(&to).expect("facts");
        assert_eq!(facts.mtime(), 1_769_853_600);
    }

    #[test]
    fn only_parts_of_the_same_state_are_gone_on_with() {
        let folder = tempfile::tempdir().expect("a folder");
        let to = folder.path().join("f");
        let first = object(b"right", "e");
        let mut scratch = Scratch::open(&to, "o").expect("a scratch");
        assert!(scratch.resume(&first).expect("begun").is_empty());
        scratch.note(3, first.digests).expect("noted");
        drop(scratch);
        let left = names(folder.path());
        assert!(
            left.len() == 2 && left.iter().all(|name| is_scratch(name)),
            "{left:?}"
        );
        let mut scratch = Scratch::open(&to, "o").expect("a scratch");
        assert_eq!(
            scratch.resume(&first).expect("gone on"),
            BTreeSet::from([3])
        );
        drop(scratch);
        let mut scratch = Scratch::open(&to, "o").expect("a scratch");
        let other = object(b"right", "other");
        assert!(scratch.resume(&other).expect("begun again").is_empty());
        drop(scratch);
        // A link there is not followed.
        let elsewhere = folder.path().join("elsewhere");
        std::fs::remove_file(folder.path().join(&left[0])).expect("removed");
        std::os::unix::fs::symlink(&elsewhere, folder.path().join(&left[0])).expect("linked");
        Scratch::open(&to, "o").expect_err("a link");
        assert!(!elsewhere.exists());
        assert!(!is_scratch(".cohong-data") && !is_scratch("f"));
    }
}
