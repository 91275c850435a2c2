//! Listing finished blobs.

use std::io;

use cohong_core::model::BlobId;
use cohong_core::ports::{BlobError, BlobInfo};

use super::format::len_of;
use super::{Folder, failed, parse_name};

/// Finished blobs in order of id, after `after`, at most `limit`. Blocks. A file whose size is not one
/// of a blob is listed with length 0, so that it can be removed; reading it says that it is damaged.
pub(super) fn scan(
    folder: &Folder,
    after: Option<BlobId>,
    limit: usize,
) -> Result<Vec<BlobInfo>, BlobError> {
    let mut found = Vec::new();
    let first = after.map_or(0, |id| {
        let [first, ..] = id.payload.0;
        first
    });
    for first in first..=u8::MAX {
        for id in names(folder, first, after)? {
            if found.len() >= limit {
                return Ok(found);
            }
            found.extend(info(folder, id)?);
        }
    }
    Ok(found)
}

/// Ids in one folder, in order. Files that are not ours are left alone.
fn names(folder: &Folder, first: u8, after: Option<BlobId>) -> Result<Vec<BlobId>, BlobError> {
    let path = folder.fan(first);
    let names = folder.disk.list(&path);
    let names = names.map_err(|error| failed(&path, &error))?;
    let ids = names.iter().filter_map(|name| parse_name(name));
    let mut ids: Vec<_> = ids
        .filter(|id| id.payload.0.first() == Some(&first) && Some(*id) > after)
        .collect();
    ids.sort_unstable();
    Ok(ids)
}

/// `None` when the blob was deleted meanwhile.
fn info(folder: &Folder, id: BlobId) -> Result<Option<BlobInfo>, BlobError> {
    let path = folder.path(id);
    match folder.disk.open(&path).and_then(|file| file.size()) {
        Ok(size) => {
            let len = len_of(size).unwrap_or(0);
            Ok(Some(BlobInfo { id, len }))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(&path, &error)),
    }
}
