//! Appending: which objects take a piece at which position, how their bytes are laid out then, and what
//! they become.
//!
//! The bytes of an appendable object only ever grow, so whoever shares them (a copy) finds the bytes it
//! knew at the place where they were, however they are stored by now.

use md5::{Digest, Md5};

use super::crc::CRC64_XZ;
use crate::error::{Error, ErrorKind};
use crate::limits::{APPENDED_PIECES_MAX, OBJECT_BYTES_MAX};
use crate::model::{Checksums, Etag, Form, ObjectRecord, ObjectVersion, PayloadRef};

/// A piece to be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Length, bytes.
    pub size: u64,
    /// MD5.
    pub md5: [u8; 16],
    /// CRC-64/XZ.
    pub crc64: u64,
}

/// How an object holds its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It has none.
    Nothing,
    /// In the metadata store's care.
    Small,
    /// In blobs: how many, and how many bytes the last one has.
    Blobs(u32, u64),
}

/// What becomes of the bytes an object holds when a piece comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Nothing: the piece is empty.
    Same,
    /// The piece is all there is.
    First,
    /// They and the piece travel in the commit, as one small body.
    Small,
    /// The last blob and the piece are stored as one new blob.
    Gather,
    /// The piece is a further blob.
    Next,
}

/// The object that a piece at `position` is appended to; `None` when it creates the object. Who `modifies` an
/// object needs one, `NoSuchKey`, and may as well take one that was written as a whole.
/// `NotAppendable` when there is an object of another form, `PositionMismatch`, which tells the length,
/// when the object ends elsewhere.
pub fn onto(
    current: Option<&ObjectVersion>,
    position: u64,
    modifies: bool,
) -> Result<Option<&ObjectRecord>, Error> {
    let object = current.and_then(ObjectVersion::object);
    let takes_pieces = |object: &ObjectRecord| match object.form {
        Form::Appendable => true,
        Form::Normal => modifies,
        Form::Symlink(_) | Form::Directory { .. } => false,
    };
    if modifies && object.is_none() {
        return Err(Error::new(
            ErrorKind::NoSuchKey,
            "there is no object to modify; store one first",
        ));
    }
    if object.is_some_and(|object| !takes_pieces(object)) {
        return Err(Error::new(
            ErrorKind::NotAppendable,
            "the object was not made by appending; delete it first, or append to another key",
        ));
    }
    let length = object.map_or(0, |object| object.size);
    if position != length {
        let message = format!("the object is {length} bytes long; append at that position");
        return Err(Error::new(ErrorKind::PositionMismatch, message).at_length(length));
    }
    Ok(object)
}

/// Where a piece goes. Pieces that fit into a commit (`small_max` bytes) are gathered until they do not,
/// so that many small pieces make few blobs. The first blob is left alone: copies may name it.
/// `TooLarge` beyond [`OBJECT_BYTES_MAX`] and [`APPENDED_PIECES_MAX`].
pub fn layout(held: Held, size: u64, piece: u64, small_max: u64) -> Result<Layout, Error> {
    if size.saturating_add(piece) > OBJECT_BYTES_MAX {
        let message = format!("the object would be larger than {OBJECT_BYTES_MAX} bytes");
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    match held {
        _ if piece == 0 => Ok(Layout::Same),
        Held::Nothing => Ok(Layout::First),
        Held::Small if size.saturating_add(piece) <= small_max => Ok(Layout::Small),
        Held::Blobs(2.., last) if piece <= small_max && last < small_max => Ok(Layout::Gather),
        Held::Blobs(APPENDED_PIECES_MAX.., _) => Err(Error::new(
            ErrorKind::TooLarge,
            "the object has as many pieces as it may; append to another key, or larger pieces",
        )),
        Held::Small | Held::Blobs(..) => Ok(Layout::Next),
    }
}

/// The object with a piece more.
#[must_use]
pub fn grown(before: &ObjectRecord, piece: &Piece, payload: PayloadRef) -> ObjectRecord {
    ObjectRecord {
        size: before.size.saturating_add(piece.size),
        etag: etag(Some(&before.etag), piece),
        checksums: Checksums {
            crc64: CRC64_XZ.append(before.checksums.crc64, piece.crc64, piece.size),
            further: None,
        },
        payload,
        // From now on it has its bytes to itself.
        form: if piece.size == 0 {
            before.form.clone()
        } else {
            Form::Appendable
        },
        upload: None,
        nanos: 0,
        ..before.clone()
    }
}

/// The etag of an object that grew: made of the one it had and the digest of the piece, so that it is
/// another one each time and says nothing of the bytes.
pub fn etag(before: Option<&Etag>, piece: &Piece) -> Etag {
    let mut digest = Md5::new();
    digest.update(before.map_or_else(String::new, ToString::to_string));
    digest.update(piece.md5);
    Etag::Opaque(digest.finalize().into())
}

#[cfg(test)]
mod tests;
