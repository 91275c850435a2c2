//! A file that goes away unless it is kept.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Handle;

use super::Folder;
use crate::disk::{Disk, DiskFile};

/// A file of a blob that is not finished.
pub(super) struct Temp {
    folder: Arc<Folder>,
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    settled: bool,
}

impl Temp {
    /// Creates the file. Blocks.
    pub(super) fn create(folder: Arc<Folder>, path: PathBuf) -> io::Result<Self> {
        let file = folder.disk.create(&path)?;
        Ok(Self {
            folder,
            file,
            path,
            settled: false,
        })
    }

    /// The file.
    pub(super) fn file(&self) -> &dyn DiskFile {
        &*self.file
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it another name; it still goes away. Blocks.
    pub(super) fn rename(&mut self, to: PathBuf) -> io::Result<()> {
        self.folder.disk.rename(&self.path, &to)?;
        self.path = to;
        Ok(())
    }

    /// It stays.
    pub(super) fn keep(mut self) {
        self.settled = true;
    }

    /// Removes it. Blocks.
    pub(super) fn remove(mut self) {
        self.settled = true;
        remove(&*self.folder.disk, &self.path);
    }
}

impl Drop for Temp {
    /// May run on an asynchronous thread, where nothing may block; closing the last handle of a
    /// removed file frees its space and may block too.
    fn drop(&mut self) {
        if self.settled {
            return;
        }
        let (disk, file) = (self.folder.disk.clone(), self.file.clone());
        let path = std::mem::take(&mut self.path);
        let work = move || {
            remove(&*disk, &path);
            drop(file);
        };
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(work)),
            Err(_) => work(),
        }
    }
}

/// Whatever cannot be removed is removed by the next start.
fn remove(disk: &dyn Disk, path: &Path) {
    if let Err(error) = disk.remove(path) {
        tracing::warn!(path = %path.display(), %error, "an unfinished blob stays until the next start");
    }
}
