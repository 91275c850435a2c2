//! What requests about vaults may be, and which archive the parts of an upload make.

use std::ops::Range;

use md5::{Digest, Md5};

use crate::engine::PutArchivePart;
use crate::error::{Error, ErrorKind};
use crate::limits::{ARCHIVE_PART_BYTES_MAX, ARCHIVE_TEXT_BYTES_MAX, PARTS_MAX};
use crate::model::{Checksums, Etag, Extent, TreeHash};
use crate::records::ArchivePartRecord;
use crate::rules::crc::CRC64_XZ;
use crate::rules::tree::{BLOCK, Combiner, is_aligned};

/// Refuses descriptions and regions that are too long or hold control characters: `InvalidArgument`.
pub fn check_text(text: &str) -> Result<(), Error> {
    if text.len() > ARCHIVE_TEXT_BYTES_MAX {
        let most = ARCHIVE_TEXT_BYTES_MAX;
        return Err(invalid(format!("a description has at most {most} bytes")));
    }
    if text.contains(char::is_control) {
        return Err(invalid("a description has no control characters"));
    }
    Ok(())
}

/// Refuses part sizes that no upload can have: `InvalidArgument`, or `TooLarge`.
pub fn check_part_size(size: u64) -> Result<(), Error> {
    if size == 0 || !size.is_multiple_of(BLOCK) {
        return Err(invalid("the part size is a multiple of 1048576 bytes"));
    }
    if size > ARCHIVE_PART_BYTES_MAX {
        let most = ARCHIVE_PART_BYTES_MAX;
        let message = format!("a part has at most {most} bytes");
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    Ok(())
}

/// The number of the part that a range of an upload is, from 0 on: `InvalidPart` when it begins at no
/// multiple of the part size, is empty or longer than a part, `TooLarge` behind the last part that an archive
/// may have.
pub fn number_of(req: &PutArchivePart, part_size: u64) -> Result<u16, Error> {
    let Range { start, end } = req.range;
    let fits = start < end && end - start <= part_size && start.is_multiple_of(part_size);
    if !fits {
        let message = format!(
            "a part begins at a multiple of {part_size}, the part size, and is not longer than that"
        );
        return Err(Error::new(ErrorKind::InvalidPart, message));
    }
    let number = u16::try_from(start / part_size).ok();
    let number = number.filter(|number| u32::from(*number) < PARTS_MAX);
    number.ok_or_else(|| {
        let message = format!("an archive has at most {PARTS_MAX} parts; begin with larger ones");
        Error::new(ErrorKind::TooLarge, message)
    })
}

/// The bytes of an archive that a range (first and last byte) means; all when missing. `InvalidArgument` unless
/// they are whole blocks of an archive of `size` bytes.
pub fn retrieved(range: Option<(u64, u64)>, size: u64) -> Result<Range<u64>, Error> {
    let (first, last) = range.unwrap_or((0, size.saturating_sub(1)));
    let range = first..last.saturating_add(1);
    if is_aligned(&range, size) {
        return Ok(range);
    }
    Err(invalid(format!(
        "a range begins and ends at multiples of {BLOCK} within the archive, or at its end, byte {size}"
    )))
}

/// The archive that parts make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssembledArchive {
    /// Where the bytes are, in order.
    pub extents: Vec<Extent>,
    /// Entity tag of an object with these bytes.
    pub etag: Etag,
    /// Checksums of an object with these bytes.
    pub checksums: Checksums,
    /// The tree hash over those of the parts. It is that of all bytes when the part size is a power of two.
    pub combined: TreeHash,
}

/// Puts the parts of an upload (number and record, ascending) together: `InvalidPart` when one is missing or
/// short, or when all do not make `size` bytes.
pub fn assemble(
    parts: &[(u16, ArchivePartRecord)],
    part_size: u64,
    size: u64,
) -> Result<AssembledArchive, Error> {
    let refused = |message: String| Err(Error::new(ErrorKind::InvalidPart, message));
    let mut digests = Md5::new();
    let mut combined = Combiner::default();
    let (mut end, mut crc64) = (0_u64, 0_u64);
    let mut extents = Vec::with_capacity(parts.len());
    for ((number, ArchivePartRecord { part, tree }), wanted) in parts.iter().zip(0_u16..) {
        if *number != wanted || end != u64::from(wanted).saturating_mul(part_size) {
            return refused(format!(
                "bytes are missing from {end} on; upload every part, all but the last of {part_size} bytes"
            ));
        }
        digests.update(part.md5);
        crc64 = CRC64_XZ.append(crc64, part.checksums.crc64, part.size);
        extents.extend(&part.extents);
        combined.push(*tree);
        end = end.saturating_add(part.size);
    }
    let Some(combined) = combined.finish().filter(|_| end == size) else {
        return refused(format!("the parts make {end} bytes, not {size}"));
    };
    let count = u16::try_from(parts.len()).unwrap_or(u16::MAX);
    Ok(AssembledArchive {
        extents,
        etag: Etag::Parts {
            digest: digests.finalize().into(),
            count,
        },
        checksums: Checksums {
            crc64,
            further: None,
        },
        combined,
    })
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests;
