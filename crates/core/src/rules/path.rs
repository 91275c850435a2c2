//! Keys of hierarchical buckets as paths: which directories a key lies in, and what may be made, moved and put
//! away where.
//!
//! A directory is a row of its own whose key ends with `/`. Two things hold in such a bucket after every commit:
//! whatever lies in a directory has all directories above it, and no key stands both with and without `/` at its
//! end. So to know that a key may be written it is enough to see its own directory; only where that is missing
//! are those above it looked at.

use crate::error::{Error, ErrorKind};
use crate::limits::{DIRECTORY_LEVELS_MAX, EXPIRES_DAYS_MAX, TRASH_PATH_BYTES_MAX};
use crate::model::{Form, ObjectKey, ObjectRecord, Trash};

/// Whether a key names a directory.
pub fn names_directory(key: &str) -> bool {
    key.ends_with('/')
}

/// The directories that a key lies in, outermost first; it is none of them itself.
pub fn above(key: &str) -> Vec<&str> {
    let inner = key.strip_suffix('/').unwrap_or(key);
    let ends = inner.match_indices('/').map(|(at, _)| at.saturating_add(1));
    ends.filter_map(|end| key.get(..end)).collect()
}

/// What must not stand beside a key: the directory of an object's name, or the object of a directory's. `None`
/// where that name is too long to be there.
pub fn counterpart(key: &ObjectKey) -> Option<ObjectKey> {
    let text = key.as_str();
    match text.strip_suffix('/') {
        Some(object) => ObjectKey::new(object).ok(),
        None => ObjectKey::new(&format!("{text}/")).ok(),
    }
}

/// Checks that a key can be a path: no empty name, at most [`DIRECTORY_LEVELS_MAX`] directories. `InvalidKey`.
pub fn check(key: &str) -> Result<(), Error> {
    let inner = key.strip_suffix('/').unwrap_or(key);
    if inner.split('/').any(str::is_empty) {
        return Err(invalid("a path has no empty names"));
    }
    if above(key).len() > DIRECTORY_LEVELS_MAX {
        return Err(invalid("a path leads through at most 512 directories"));
    }
    Ok(())
}

/// What is stored under a key of a hierarchical bucket: under one that ends with `/` a directory, which has no
/// bytes and no end. `DirectoryMismatch` for anything else there, and for a directory elsewhere.
pub fn settled(key: &str, record: ObjectRecord) -> Result<ObjectRecord, Error> {
    let plain = matches!(record.form, Form::Normal | Form::Directory { .. });
    let empty = record.size == 0 && record.upload.is_none();
    match (names_directory(key), record.is_directory()) {
        (false, false) => Ok(record),
        (true, _) if plain && empty => Ok(ObjectRecord {
            form: Form::Directory { leaving: false },
            expires_at: None,
            seal: None,
            ..record
        }),
        _ => Err(Error::new(
            ErrorKind::DirectoryMismatch,
            "a key that ends with / is a directory and has no bytes; every other is an object",
        )),
    }
}

/// The key that something gets when the directory `from` becomes `to`; both end with `/`. `None` where it does
/// not lie in there; `InvalidKey` where the new key is too long.
pub fn moved(key: &str, from: &str, to: &str) -> Option<Result<ObjectKey, Error>> {
    let rest = key.strip_prefix(from)?;
    Some(ObjectKey::new(&format!("{to}{rest}")).map_err(|bad| invalid(bad.0)))
}

/// Where a deleted key goes: below the trash and a name of its own for every deletion, by its whole path.
/// `InvalidKey` where that is too long.
pub fn in_trash(trash: &Trash, deletion: u64, key: &str) -> Result<ObjectKey, Error> {
    let path = format!("{}{deletion:016x}/{key}", trash.path);
    ObjectKey::new(&path).map_err(|_| {
        invalid("the key is too long to be moved into the trash; delete it past the trash")
    })
}

/// Checks a trash and writes its path with `/` at its end.
pub fn check_trash(trash: &Trash) -> Result<Trash, Error> {
    let bad = |why: &'static str| Error::new(ErrorKind::InvalidArgument, why);
    let path = trash.path.trim_end_matches('/');
    if path.is_empty() || path.len() >= TRASH_PATH_BYTES_MAX {
        return Err(bad("the path of a trash has 1 to 255 bytes"));
    }
    if !(1..=EXPIRES_DAYS_MAX).contains(&trash.days) {
        return Err(bad("a trash is cleaned after 1 to 36500 days"));
    }
    let key = ObjectKey::new(&format!("{path}/"))?;
    check(key.as_str())?;
    Ok(Trash {
        path: key.as_str().into(),
        ..trash.clone()
    })
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidKey, message)
}

#[cfg(test)]
mod tests;
