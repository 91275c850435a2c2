//! Pieces of what is sent: how large they are, what tells them apart, and whether what is stored is what was sent.

use std::collections::BTreeMap;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use cohong_client::blocking;
use cohong_core::engine::{Comparison, ExpectedDigests};
use cohong_core::ports::{ByteStream, SourceDigests, SourceFault};
use futures_util::StreamExt;
use md5::{Digest as _, Md5};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::limits::{PART_BYTES, PARTS_MAX, STREAM_PARTS};
use super::trouble::Trouble;

/// A part that is up.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) etag: Box<str>,
    pub(super) sum: Sum,
}

/// What tells bytes apart.
#[derive(Clone, Copy)]
pub(super) struct Sum {
    pub(super) size: u64,
    pub(super) md5: [u8; 16],
    pub(super) crc64: u64,
}

/// All bytes of a body that has so many.
pub(super) async fn collected(mut body: ByteStream, size: u64) -> Result<Bytes, Trouble> {
    let mut bytes = BytesMut::with_capacity(usize::try_from(size).unwrap_or_default());
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|error| SourceFault::Broken(error.to_string().into()))?;
        bytes.extend_from_slice(&piece);
        if bytes.len() as u64 > size {
            break;
        }
    }
    if bytes.len() as u64 != size {
        return Err(
            SourceFault::Broken("the answer has another length than it said".into()).into(),
        );
    }
    Ok(bytes.freeze())
}

/// The next bytes of a stream, fewer only at its end.
pub(super) async fn piece(
    input: &mut (impl AsyncRead + Unpin),
    size: u64,
) -> Result<Bytes, Trouble> {
    let mut bytes = Vec::new();
    input.take(size).read_to_end(&mut bytes).await?;
    Ok(bytes.into())
}

/// Size of a part of a stream. The first is as large as what is sent whole.
pub(super) fn stream_part(number: u32) -> u64 {
    PART_BYTES << (u64::from(number) / STREAM_PARTS)
}

/// The parts of an object of that size.
pub(super) fn ranges(size: u64) -> Vec<Range<u64>> {
    cut(size, PART_BYTES.max(size.div_ceil(PARTS_MAX)))
}

/// Pieces of that size, the last may be shorter.
pub(super) fn cut(size: u64, part: u64) -> Vec<Range<u64>> {
    let starts = (0..size.div_ceil(part)).map(|n| n * part);
    starts.map(|start| start..size.min(start + part)).collect()
}

/// What tells bytes apart, and the bytes.
pub(super) async fn sum(bytes: Bytes) -> Result<(Sum, Bytes), Trouble> {
    blocking(move || {
        let mut comparison = Comparison::new(ExpectedDigests::default());
        comparison.update(&bytes);
        let (md5, sums) = comparison
            .finish()
            .map_err(|error| Trouble::Said(error.message().into()))?;
        let sum = Sum {
            size: bytes.len() as u64,
            md5,
            crc64: sums.crc64,
        };
        Ok((sum, bytes))
    })
    .await
}

/// Whether an entity tag is that MD5; nothing where it is none.
pub(super) fn same(etag: &str, md5: [u8; 16]) -> Option<bool> {
    let mut found = [0; 16];
    hex::decode_to_slice(etag.trim_matches('"'), &mut found).ok()?;
    Some(found == md5)
}

/// What S3 makes of the tags of parts; nothing where these are no MD5s.
pub(super) fn tag_of(parts: &BTreeMap<u32, Part>) -> Option<String> {
    let mut all = Md5::new();
    for part in parts.values() {
        same(&part.etag, part.sum.md5).filter(|same| *same)?;
        all.update(part.sum.md5);
    }
    Some(format!("{}-{}", hex::encode(all.finalize()), parts.len()))
}

/// Refuses what is stored and has another checksum than what was sent.
pub(super) fn checked(stored: SourceDigests, crc64: u64) -> Result<(), Trouble> {
    match stored.crc64 {
        Some(stored) if stored != crc64 => Err(not_as_sent()),
        _ => Ok(()),
    }
}

/// What is stored is something else.
pub(super) fn not_as_sent() -> Trouble {
    Trouble::Said("what is stored is not what was sent; copy it again".into())
}

#[cfg(test)]
mod tests {
    use super::super::limits::WHOLE_BYTES_MAX;
    use super::*;

    #[test]
    fn parts_cover_all_and_are_not_too_many() {
        for size in [
            WHOLE_BYTES_MAX + 1,
            3 * PART_BYTES,
            PARTS_MAX * PART_BYTES + 1,
            5 << 40,
        ] {
            let ranges = ranges(size);
            assert!(ranges.len() as u64 <= PARTS_MAX, "{size}");
            let mut next = 0;
            for range in &ranges {
                assert!(range.start == next && range.end > next, "{size}");
                next = range.end;
            }
            assert_eq!(next, size);
        }
    }

    #[test]
    fn parts_of_a_stream_hold_any_file() {
        let all: u64 = (1..=10_000).map(stream_part).sum();
        assert!(all > 5 << 40, "{all}");
        assert_eq!(stream_part(999), PART_BYTES);
        assert_eq!(stream_part(1000), 2 * PART_BYTES);
    }

    #[test]
    fn tags_are_md5s_or_say_nothing() {
        let md5 = [0xab; 16];
        let tag = "AB".repeat(16);
        assert_eq!(same(&format!("\"{tag}\""), md5), Some(true));
        assert_eq!(same(&"00".repeat(16), md5), Some(false));
        assert_eq!(same("0x8D", md5), None);
    }
}
