//! The folder of the store: one process at a time, one format.
//!
//! `lock` is held while the store is open and names the process; `format` says how everything else is
//! laid out and is read before anything else is touched; `durable` says how many batches are known to be
//! durable, so that it is noticed when the end of the journal is missing; `fjall` is the engine's.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use cohong_core::error::BoxError;
use cohong_core::ports::StoreError;
use crc_fast::crc32_iscsi;

/// The format this code reads and writes.
pub const FORMAT: &str = "cohong metadata 1\n";

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "the metadata folder {} is in use by {holder}: stop that server or give this one another folder",
        dir.display()
    )]
    Locked {
        /// The folder.
        dir: PathBuf,
        /// Who holds it, as far as it says.
        holder: String,
    },
    /// Another version wrote it.
    #[error(
        "the metadata folder {} has the format {found:?}, this server knows {FORMAT:?}: \
         run the version that wrote it or a newer one",
        dir.display()
    )]
    Format {
        /// The folder.
        dir: PathBuf,
        /// What its format file says.
        found: String,
    },
    /// The folder has data but does not say in which format.
    #[error(
        "the metadata folder {} has data but no format file: \
         restore the folder from a backup or give an empty one",
        dir.display()
    )]
    NoFormat {
        /// The folder.
        dir: PathBuf,
    },
    /// The file system refused something.
    #[error("cannot open {}", path.display())]
    Io {
        /// What was to be opened, created or read.
        path: PathBuf,
        /// Why it was refused.
        #[source]
        source: io::Error,
    },
    /// The engine cannot open its files.
    #[error(
        "the metadata in {} cannot be opened: see the cause, and restore a backup if files are damaged",
        dir.display()
    )]
    Engine {
        /// The folder.
        dir: PathBuf,
        /// The engine's error.
        #[source]
        source: BoxError,
    },
    /// Batches are missing that were durable.
    #[error(
        "the metadata in {} lacks the last {batches} batches that were durable: restore a backup, or remove {}/durable to go on without them",
        dir.display(), dir.display()
    )]
    Missing {
        /// The folder.
        dir: PathBuf,
        /// How many.
        batches: u64,
    },
    /// The engine opened, but what it holds cannot be read.
    #[error("the metadata in {} cannot be read", dir.display())]
    Store {
        /// The folder.
        dir: PathBuf,
        /// What was read.
        #[source]
        source: StoreError,
    },
}

/// The folder, held by this process until dropped.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    _lock: File,
}

impl Folder {
    /// Creates the folder if need be, locks it and checks its format.
    pub(super) fn open(dir: &Path) -> Result<Self, OpenError> {
        fs::create_dir_all(dir).map_err(failed(dir))?;
        let lock = lock(dir)?;
        let folder = Self {
            dir: dir.to_owned(),
            _lock: lock,
        };
        folder.check_format()?;
        Ok(folder)
    }

    /// Where the engine's files are.
    pub(super) fn engine(&self) -> PathBuf {
        self.dir.join("fjall")
    }

    /// How many batches are known to be durable. A note that cannot be read is replaced: it guards only against the
    /// loss of the journal's end.
    pub(super) fn durable(&self) -> Result<u64, OpenError> {
        let path = self.dir.join("durable");
        match fs::read(&path) {
            Ok(note) => Ok(read_note(&note).unwrap_or_else(|| {
                tracing::warn!("{} is damaged and is replaced", path.display());
                0
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(failed(&path)(error)),
        }
    }

    /// Compares the number of batches found with what was known to be durable, and notes the new number.
    pub(super) fn raise_durable(&self, batches: u64) -> Result<(), OpenError> {
        let noted = self.durable()?;
        if batches < noted {
            return Err(OpenError::Missing {
                dir: self.dir.clone(),
                batches: noted - batches,
            });
        }
        let path = self.dir.join("durable");
        let note = batches.to_le_bytes();
        let note = [&note[..], &crc32_iscsi(&note).to_le_bytes()].concat();
        self.write_new(&path, &note).map_err(failed(&path))
    }

    fn check_format(&self) -> Result<(), OpenError> {
        let path = self.dir.join("format");
        match fs::read(&path) {
            Ok(found) if found == FORMAT.as_bytes() => Ok(()),
            Ok(found) => {
                let found = String::from_utf8_lossy(found.get(..64).unwrap_or(&found)).into_owned();
                Err(OpenError::Format {
                    dir: self.dir.clone(),
                    found,
                })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if fs::exists(self.engine()).map_err(failed(&self.engine()))? {
                    return Err(OpenError::NoFormat {
                        dir: self.dir.clone(),
                    });
                }
                self.write_format(&path).map_err(failed(&path))
            }
            Err(error) => Err(failed(&path)(error)),
        }
    }

    /// Whole or not at all, and durable afterwards.
    fn write_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let new = path.with_extension("new");
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, path)?;
        File::open(&self.dir)?.sync_all()
    }

    /// Before the engine creates anything.
    fn write_format(&self, path: &Path) -> io::Result<()> {
        self.write_new(path, FORMAT.as_bytes())?;
        match self.dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
            _ => Ok(()),
        }
    }
}

/// The number in a note; `None` when the note is damaged.
fn read_note(note: &[u8]) -> Option<u64> {
    let (number, sum) = note.split_first_chunk::<8>()?;
    let whole = sum == crc32_iscsi(number).to_le_bytes();
    whole.then(|| u64::from_le_bytes(*number))
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join("lock");
    let mut options = OpenOptions::new();
    let options = options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).map_err(failed(&path))?;
    match file.try_lock() {
        Ok(()) => {
            let name = |file: &mut File| {
                file.set_len(0)?;
                file.rewind()?;
                write!(file, "process {}", std::process::id())
            };
            name(&mut file).map_err(failed(&path))?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let read = file.take(64).read_to_string(&mut holder);
            if read.is_err() || holder.is_empty() {
                "another process".clone_into(&mut holder);
            }
            Err(OpenError::Locked {
                dir: dir.to_owned(),
                holder,
            })
        }
        Err(TryLockError::Error(error)) => Err(failed(&path)(error)),
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    |source| OpenError::Io { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_folder_and_process() {
        let dir = tempfile::tempdir().unwrap();
        let first = Folder::open(dir.path()).unwrap();
        let told = Folder::open(dir.path()).unwrap_err().to_string();
        assert!(told.contains(&dir.path().display().to_string()), "{told}");
        assert!(
            told.contains(&format!("process {}", std::process::id())),
            "{told}"
        );
        drop(first);
        Folder::open(dir.path()).unwrap();
    }

    #[test]
    fn an_unknown_format_is_refused_and_nothing_is_touched() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("format"), "cohong metadata 2\n").unwrap();
        let told = Folder::open(dir.path()).unwrap_err().to_string();
        assert!(
            told.contains("cohong metadata 2") && told.contains("newer"),
            "{told}"
        );
        let kept = fs::read_to_string(dir.path().join("format")).unwrap();
        assert_eq!(kept, "cohong metadata 2\n");
        assert!(!dir.path().join("fjall").exists());
    }

    #[test]
    fn data_without_a_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("fjall")).unwrap();
        assert!(matches!(
            Folder::open(dir.path()),
            Err(OpenError::NoFormat { .. })
        ));
    }

    #[test]
    fn a_new_folder_gets_the_format_and_opens_again() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        drop(Folder::open(&deep).unwrap());
        assert_eq!(fs::read_to_string(deep.join("format")).unwrap(), FORMAT);
        drop(Folder::open(&deep).unwrap());
    }
}
