//! What has a length, and opening files (OAS sheet section 7.5).

use std::fs::File;
use std::io::{Cursor, Seek, Stdin};
use std::path::Path;

use super::error::{Error, ValueError};

/// Bytes, in memory or in a file.
pub trait Content {
    /// Whether it is read like a file.
    fn is_file_like(&self) -> bool;

    /// Number of its bytes; of a file, those behind its position. Fails for what has no length, such as a pipe.
    fn content_length(&mut self) -> Result<u64, ValueError>;
}

/// Whether something is read like a file.
///
/// ```
/// use cohong_client::oas::is_file_like;
/// assert!(is_file_like(&std::io::stdin()));
/// assert!(!is_file_like(&"text"));
/// ```
pub fn is_file_like(content: &impl Content) -> bool {
    content.is_file_like()
}

/// Number of bytes of something, as [`Content::content_length`] tells it.
///
/// ```
/// use cohong_client::oas::content_length;
/// assert_eq!(content_length(&mut "text")?, 4);
/// assert!(content_length(&mut std::io::stdin()).is_err());
/// # Ok::<(), cohong_client::oas::ValueError>(())
/// ```
pub fn content_length(content: &mut impl Content) -> Result<u64, ValueError> {
    content.content_length()
}

/// Bytes in memory are no files and have a length.
macro_rules! in_memory {
    ($($bytes:ty),*) => {$(
        impl Content for $bytes {
            fn is_file_like(&self) -> bool {
                false
            }

            fn content_length(&mut self) -> Result<u64, ValueError> {
                Ok(self.len() as u64)
            }
        }
    )*};
}

in_memory!(&str, String, &[u8], Vec<u8>, bytes::Bytes);

impl<T: AsRef<[u8]>> Content for Cursor<T> {
    fn is_file_like(&self) -> bool {
        true
    }

    fn content_length(&mut self) -> Result<u64, ValueError> {
        let bytes = self.get_ref().as_ref().len() as u64;
        Ok(bytes.saturating_sub(self.position()))
    }
}

impl Content for File {
    fn is_file_like(&self) -> bool {
        true
    }

    fn content_length(&mut self) -> Result<u64, ValueError> {
        let facts = self.metadata().ok().filter(std::fs::Metadata::is_file);
        match (facts, self.stream_position()) {
            (Some(facts), Ok(position)) => Ok(facts.len().saturating_sub(position)),
            _ => Err(no_length()),
        }
    }
}

impl Content for Stdin {
    fn is_file_like(&self) -> bool {
        true
    }

    fn content_length(&mut self) -> Result<u64, ValueError> {
        Err(no_length())
    }
}

fn no_length() -> ValueError {
    ValueError::new("this has no length: write it to a file first")
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// `rb`: to be read.
    #[default]
    Rb,
    /// `wb`: to be written, made or emptied.
    Wb,
    /// `rb+`: to be read and written, as it is.
    RbPlus,
    /// `wb+`: to be read and written, made or emptied.
    WbPlus,
}

/// The file object as it is, else the file of that path, opened. Fails with a [`ValueError`] when neither is given.
///
/// ```
/// use cohong_client::oas::{Mode, open_file};
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("f");
/// let file = open_file(Some(&path), None, Mode::Wb)?;
/// open_file(None, Some(file), Mode::default())?;
/// assert!(open_file(None, None, Mode::default()).is_err());
/// # Ok::<(), cohong_client::oas::Error>(())
/// ```
pub fn open_file(
    file_path: Option<&Path>,
    file_obj: Option<File>,
    mode: Mode,
) -> Result<File, Error> {
    match (file_path, file_obj) {
        (_, Some(file)) => Ok(file),
        (Some(path), None) => {
            let writes = matches!(mode, Mode::Wb | Mode::WbPlus);
            File::options()
                .read(mode != Mode::Wb)
                .write(mode != Mode::Rb)
                .create(writes)
                .truncate(writes)
                .open(path)
                .map_err(|error| Error::file("open", path, &error).into())
        }
        (None, None) => Err(ValueError::new("give a path or a file object").into()),
    }
}
