//! Which object an upload's parts make.
//!
//! Pure: it sees what was stored about the parts, never their bytes. What the digests of parts say of
//! the whole is computed here: the etag is the MD5 of the parts' MD5 digests, CRCs are combined, and so
//! is a further checksum.

use md5::{Digest, Md5};

use crate::engine::NamedPart;
use crate::error::{BodyDigest, Error, ErrorKind};
use crate::limits;
use crate::model::{ChecksumForm, ChecksumValue, Checksums, Etag, Extent};
use crate::records::PartRecord;
use crate::rules::checksum::{of_whole, parts_bring};
use crate::rules::crc::CRC64_XZ;

/// The object that parts make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// Length, bytes.
    pub size: u64,
    /// Entity tag, with the number of parts.
    pub etag: Etag,
    /// CRC-64/XZ of all bytes, and the further checksum that the parts make.
    pub checksums: Checksums,
    /// Where the bytes are, in order; none of them empty.
    pub extents: Vec<Extent>,
    /// The parts in use, in order.
    pub parts: Vec<NamedPart>,
}

/// Puts the stored parts (number and record, ascending) together as the client names them, or all of
/// them. Every part but the last must have `part_bytes_min` bytes.
///
/// `InvalidPartOrder` unless the named numbers ascend strictly (a dialect whose vendor sorts does so
/// before), `InvalidPart` for a part that was not uploaded, has another etag or checksum, or when there
/// is none at all, `InvalidArgument` for one without a checksum where it has to be said, `PartTooSmall`,
/// `TooLarge`.
pub fn assemble(
    stored: &[(u32, PartRecord)],
    named: Option<&[NamedPart]>,
    part_bytes_min: u64,
    form: Option<ChecksumForm>,
) -> Result<Assembled, Error> {
    let chosen = match named {
        Some(named) => {
            check_said(named, form)?;
            choose(stored, named)?
        }
        None => stored.iter().collect(),
    };
    let Some(((last, _), others)) = chosen.split_last() else {
        return Err(Error::new(
            ErrorKind::InvalidPart,
            "there are no parts to complete; upload and name at least one",
        ));
    };
    let small = others
        .iter()
        .find(|(_, part)| part.size < part_bytes_min)
        .map(|(number, _)| number);
    if let Some(number) = small {
        let message = format!(
            "part {number} is smaller than {part_bytes_min} bytes, which only the last part, {last}, may be"
        );
        return Err(Error::new(ErrorKind::PartTooSmall, message));
    }
    join(&chosen, form)
}

/// Refuses an object that is not the one the client means: `BadDigest` when its further checksum is
/// another one or it gets none, `InvalidArgument` when its length is another one.
pub fn check_meant(
    made: &Assembled,
    checksum: Option<ChecksumValue>,
    size: Option<u64>,
) -> Result<(), Error> {
    if let Some(size) = size.filter(|size| *size != made.size) {
        let message = format!("the parts make {} bytes, not {size}", made.size);
        return Err(Error::new(ErrorKind::InvalidArgument, message));
    }
    let further = made.checksums.further.map(|further| further.value);
    if checksum.is_some() && checksum != further {
        let message = "the checksum sent along is not that of the object; name its parts again";
        return Err(Error::new(ErrorKind::BadDigest, message).at_digest(BodyDigest::Further));
    }
    Ok(())
}

type Stored = (u32, PartRecord);

/// Parts say their checksum where they have to.
fn check_said(named: &[NamedPart], form: Option<ChecksumForm>) -> Result<(), Error> {
    let Some(form) = form.filter(|form| parts_bring(form.algorithm)) else {
        return Ok(());
    };
    let Some(part) = named.iter().find(|part| part.checksum.is_none()) else {
        return Ok(());
    };
    let message = format!("name part {} with its {}", part.number, form.algorithm);
    Err(Error::new(ErrorKind::InvalidArgument, message))
}

fn choose<'a>(stored: &'a [Stored], named: &[NamedPart]) -> Result<Vec<&'a Stored>, Error> {
    if !named.is_sorted_by(|a, b| a.number < b.number) {
        return Err(Error::new(
            ErrorKind::InvalidPartOrder,
            "name every part once, in ascending order of numbers",
        ));
    }
    named.iter().map(|part| find(stored, part)).collect()
}

fn find<'a>(stored: &'a [Stored], named: &NamedPart) -> Result<&'a Stored, Error> {
    let invalid = |what: &str| {
        let message = format!("part {} {what}; upload it again", named.number);
        Error::new(ErrorKind::InvalidPart, message)
    };
    let at = stored.binary_search_by_key(&named.number, |(number, _)| *number);
    let found = at.ok().and_then(|at| stored.get(at));
    let found = found.ok_or_else(|| invalid("was not uploaded"))?;
    if !named.etag.eq_ignore_ascii_case(&hex::encode(found.1.md5)) {
        return Err(invalid("has another etag"));
    }
    let checksum = found.1.checksums.further.map(|further| further.value);
    if named.checksum.is_some() && named.checksum != checksum {
        return Err(invalid("has another checksum"));
    }
    Ok(found)
}

fn join(chosen: &[&Stored], form: Option<ChecksumForm>) -> Result<Assembled, Error> {
    let mut digests = Md5::new();
    let (mut size, mut crc64) = (0_u64, 0_u64);
    let further = chosen
        .iter()
        .map(|(_, part)| (part.checksums.further, part.size));
    let further = of_whole(form, further);
    let (mut extents, mut parts) = (Vec::new(), Vec::with_capacity(chosen.len()));
    for (number, part) in chosen {
        digests.update(part.md5);
        size = size.saturating_add(part.size);
        crc64 = CRC64_XZ.append(crc64, part.checksums.crc64, part.size);
        extents.extend(part.extents.iter().filter(|extent| extent.len > 0));
        parts.push(NamedPart {
            number: *number,
            etag: hex::encode(part.md5).into(),
            checksum: part.checksums.further.map(|further| further.value),
        });
    }
    if size > limits::OBJECT_BYTES_MAX {
        let most = limits::OBJECT_BYTES_MAX;
        let message = format!("the object is larger than the {most} bytes allowed");
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    let count = u16::try_from(chosen.len()).map_err(|_| {
        let most = limits::PARTS_MAX;
        let message = format!("an object has at most {most} parts");
        Error::new(ErrorKind::InvalidArgument, message)
    })?;
    Ok(Assembled {
        size,
        etag: Etag::Parts {
            digest: digests.finalize().into(),
            count,
        },
        checksums: Checksums { crc64, further },
        extents,
        parts,
    })
}

#[cfg(test)]
mod tests;
