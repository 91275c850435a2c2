//! A backup of a data folder whose server goes on, and a new data folder made of it.
//!
//! A backup is the metadata as of one moment, in a store of its own, and every blob that it knows of. Blobs never
//! change, so they are linked where backup and data folder share a file system, and copied where they do not; no blob
//! goes away while that is done. The file `backup` is written last: without it a backup is none. The server's key
//! is not in it: whoever has both can open the stored secrets.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cohong_core::error::BoxError;
use cohong_core::ports::{BlobStore, BodyError};
use futures_util::StreamExt;

use crate::blob::{self, LocalBlobs};
use crate::disk::RealDisk;
use crate::meta::{self, EmbeddedMeta, Examined, RowsFrom};
use crate::seal::KEY_FILE;

/// Name of the file that says that a backup is whole, and what it begins with.
const DONE: &str = "backup";
const FORMAT: &str = "cohong backup 1\n";
/// Blobs listed, and rows read, at once.
const PAGE: usize = 1000;

/// What a backup holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Records, log records and small bodies.
    pub rows: u64,
    /// Blobs.
    pub blobs: u64,
    /// Bytes of all of them.
    pub bytes: u64,
}

/// Why there is no backup, or no folder made of one.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Something is there already.
    #[error("{} is not empty: name a folder that is not there yet", .0.display())]
    NotEmpty(PathBuf),
    /// It was not finished, or is none.
    #[error("{} is no finished backup of this version", .0.display())]
    NotABackup(PathBuf),
    /// It is not as it was written.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// The metadata could not be copied or opened.
    #[error("the metadata cannot be copied: look at the cause")]
    Meta(#[source] BoxError),
    /// The file system refused something.
    #[error("{} cannot be copied", path.display())]
    Io {
        /// What was to be read or written.
        path: PathBuf,
        /// Why it was refused.
        #[source]
        source: io::Error,
    },
}

/// Makes a backup in a new folder, of everything that was acknowledged before, as of one moment. Blocks.
pub fn backup(meta: &EmbeddedMeta, blobs: &LocalBlobs, to: &Path) -> Result<Report, BackupError> {
    make_empty(to)?;
    let hold = blobs.hold();
    let copy = meta.copy_to(&to.join("meta")).map_err(BackupError::Meta)?;
    let mut report = Report {
        rows: copy.rows,
        blobs: 0,
        bytes: copy.bytes,
    };
    let mut last = None;
    loop {
        let page = hold.scan(last, PAGE);
        let page = page.map_err(|error| BackupError::Meta(error.into()))?;
        let Some(end) = page.last() else { break };
        last = Some(end.id);
        for info in page {
            let known = copy.knows(info.id.payload);
            if !known.map_err(|error| BackupError::Meta(error.into()))? {
                continue;
            }
            match hold.put_into(info.id, to) {
                Ok(bytes) => {
                    report.blobs += 1;
                    report.bytes += bytes;
                }
                // It was being removed before all of this began.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(refused(to)(error)),
            }
        }
    }
    drop(hold);
    drop(copy);
    sync_folders(to)?;
    let text = format!("{FORMAT}blobs {}\n", report.blobs);
    write(&to.join(DONE), text.as_bytes())?;
    sync(to)?;
    Ok(report)
}

/// Makes a data folder of a backup and the server's key, and looks at all that is in it. No number of an event or
/// version up to `number` is taken again: those of the days that are lost had them. Use within a tokio runtime, which
/// is blocked for a while.
pub async fn restore(
    from: &Path,
    data: &Path,
    key: &Path,
    number: u64,
) -> Result<Report, BackupError> {
    let expected = blobs_of(from)?;
    make_empty(data)?;
    for part in ["meta", "blobs"] {
        copy_tree(&from.join(part), &data.join(part), part == "blobs")?;
    }
    let to = data.join(KEY_FILE);
    fs::copy(key, &to).map_err(refused(key))?;
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&to, private).map_err(refused(&to))?;
    sync_folders(data)?;
    meta::raise_numbers(&data.join("meta"), number).map_err(BackupError::Meta)?;
    let report = verify(data).await?;
    if report.blobs != expected {
        let what = format!("it has {} files of {expected}", report.blobs);
        return Err(BackupError::Damaged(what));
    }
    Ok(report)
}

/// Looks at every row, file and blob of a data folder that no server has open.
async fn verify(data: &Path) -> Result<Report, BackupError> {
    let opened = EmbeddedMeta::open(&data.join("meta"), meta::Options::default());
    let meta = opened.map_err(|error| BackupError::Meta(error.into()))?;
    let mut report = Report::default();
    for file in meta.table_files().map_err(BackupError::Meta)? {
        undamaged(meta.examine_file(&file).map_err(refused(data))?)?;
    }
    let mut from = Some(RowsFrom::default());
    while let Some(rows) = from {
        let (found, next) = meta.examine_rows(rows, PAGE);
        report.rows += found.rows;
        report.bytes += found.bytes;
        undamaged(found)?;
        from = next;
    }
    let options = blob::Options::new(Arc::new(|_| {}));
    let blobs = LocalBlobs::open(data.to_owned(), Arc::new(RealDisk), options);
    let blobs = blobs.map_err(refused(data))?;
    let mut last = None;
    loop {
        let page = blobs.scan(last, PAGE).await;
        let page = page.map_err(|error| BackupError::Meta(error.into()))?;
        let Some(end) = page.last() else { break };
        last = Some(end.id);
        for info in page {
            report.blobs += 1;
            report.bytes += info.len;
            whole(&blobs, info.id, info.len)
                .await
                .map_err(|error| BackupError::Damaged(error.to_string()))?;
        }
    }
    Ok(report)
}

fn undamaged(found: Examined) -> Result<(), BackupError> {
    match found.damage.into_iter().next() {
        Some(what) => Err(BackupError::Damaged(what)),
        None => Ok(()),
    }
}

/// Reads a blob from its first to its last byte.
async fn whole(
    blobs: &LocalBlobs,
    id: cohong_core::model::BlobId,
    len: u64,
) -> Result<(), BodyError> {
    let mut stream = blobs.read(id, 0..len).await?;
    while let Some(piece) = stream.next().await {
        piece?;
    }
    Ok(())
}

/// How many blobs a finished backup has.
fn blobs_of(from: &Path) -> Result<u64, BackupError> {
    let text = fs::read_to_string(from.join(DONE)).unwrap_or_default();
    let count = text.strip_prefix(FORMAT);
    let count = count.and_then(|rest| rest.strip_prefix("blobs ")?.trim_end().parse().ok());
    count.ok_or_else(|| BackupError::NotABackup(from.to_owned()))
}

fn make_empty(folder: &Path) -> Result<(), BackupError> {
    let first = fs::read_dir(folder).map(|mut entries| entries.next().is_some());
    match first {
        Ok(true) => return Err(BackupError::NotEmpty(folder.to_owned())),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(refused(folder)(error));
        }
        Ok(false) | Err(_) => {}
    }
    let mut builder = DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(folder);
    made.map_err(refused(folder))
}

/// Copies a folder; with `link`, by linking its files where that is possible.
fn copy_tree(from: &Path, to: &Path, link: bool) -> Result<(), BackupError> {
    let entries = match fs::read_dir(from) {
        // A backup without blobs has no folder of them.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(refused(from))?,
    };
    fs::create_dir_all(to).map_err(refused(to))?;
    for entry in entries {
        let entry = entry.map_err(refused(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_tree(&source, &target, link)?;
            continue;
        }
        if link && fs::hard_link(&source, &target).is_ok() {
            continue;
        }
        fs::copy(&source, &target).map_err(refused(&source))?;
        sync(&target)?;
    }
    Ok(())
}

/// Makes the names in a folder, and in those below it, durable.
fn sync_folders(folder: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(folder).map_err(refused(folder))? {
        let path = entry.map_err(refused(folder))?.path();
        if path.is_dir() {
            sync_folders(&path)?;
        }
    }
    sync(folder)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    fs::write(path, bytes).map_err(refused(path))?;
    sync(path)
}

fn sync(path: &Path) -> Result<(), BackupError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(refused(path))
}

fn refused(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    |source| BackupError::Io { path, source }
}
