//! `<path>.oas`: which ranges of a download are good, for the next attempt. JSON, replaced as a whole.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::oas::error::Error;

/// What is noted. All but the ranges says which download they belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Notes {
    pub job: String,
    /// Bytes of the output.
    pub length: u64,
    /// Bytes of every range but the last.
    pub step: u64,
    /// Tree-etag of the output, where the service tells it.
    pub tree_etag: Option<String>,
    /// Tree-etags of the ranges that are there, by their first bytes.
    pub done: BTreeMap<u64, String>,
}

impl Notes {
    /// The ranges that a former attempt has noted for the same download; none when there are no notes, or none that
    /// can be used.
    pub(super) fn former(&self, file_path: &Path) -> Result<BTreeMap<u64, String>, Error> {
        let place = beside(file_path, ".oas");
        let text = match fs::read(&place) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(Error::file("read", &place, &error).into()),
        };
        let found = serde_json::from_slice::<Self>(&text).ok();
        let same = found.filter(|found| {
            let done = BTreeMap::new();
            Self {
                done,
                ..found.clone()
            } == Self {
                done: BTreeMap::new(),
                ..self.clone()
            }
        });
        if same.is_none() {
            tracing::warn!(
                target: "oas.ease.job",
                notes = %place.display(),
                "the notes are not of this download; starting over"
            );
        }
        Ok(same.map(|same| same.done).unwrap_or_default())
    }

    /// Replaces the notes. They need not be durable: what they say is compared before it is used.
    pub(super) fn save(&self, file_path: &Path) -> Result<(), Error> {
        let (place, fresh) = (beside(file_path, ".oas"), beside(file_path, ".oas-new"));
        let text = serde_json::to_vec(self).map_err(std::io::Error::other)?;
        let written = File::create(&fresh).and_then(|mut file| file.write_all(&text));
        written
            .and_then(|()| fs::rename(&fresh, &place))
            .map_err(|error| Error::file("write", &place, &error).into())
    }

    /// Removes the notes, if there are any.
    pub(super) fn remove(file_path: &Path) -> Result<(), Error> {
        let place = beside(file_path, ".oas");
        match fs::remove_file(&place) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Error::file("remove", &place, &error).into())
            }
            _ => Ok(()),
        }
    }
}

/// The name of a file that belongs to another.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
