//! Names of sockets that the system takes.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

/// The longest name that fits into the address of a socket, bytes.
const NAME_BYTES_MAX: usize = 107;

/// A name for a socket that fits, whatever the length of its folder's: by way of an open handle of the
/// folder, which lives as long as this.
#[derive(Debug)]
pub(crate) struct Short {
    path: PathBuf,
    _folder: Option<File>,
}

impl Short {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let folder = match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) if path.as_os_str().len() > NAME_BYTES_MAX => {
                Some((File::open(folder)?, name))
            }
            _ => None,
        };
        Ok(match folder {
            Some((folder, name)) => {
                let path = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string());
                Self {
                    path: path.join(name),
                    _folder: Some(folder),
                }
            }
            None => Self {
                path: path.to_owned(),
                _folder: None,
            },
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
