//! Bodies compressed on the way to those who ask for it.

use std::io::Write as _;

use bytes::Bytes;
use cohong_core::ports::ByteStream;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::StreamExt;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RANGE, VARY};
use http::{HeaderMap, HeaderValue};

use super::answer::CONTENT_MD5;
use super::limits::COMPRESSED_BYTES_MIN;
use super::vocabulary::Vocabulary;

const NEVER_FULL: &str = "a vector takes all bytes";

impl Vocabulary {
    /// Whether a body of `len` bytes is compressed: the vendor does so with its type, it is not encoded in
    /// any way yet, and the request takes gzip and asks for no range.
    pub(crate) fn compresses(&self, asked: &HeaderMap, told: &HeaderMap, len: u64) -> bool {
        let kind = told
            .get(CONTENT_TYPE)
            .map_or(&b""[..], HeaderValue::as_bytes);
        let kind = kind.split(|b| *b == b';').next().unwrap_or_default();
        let known = |one: &&str| kind.trim_ascii().eq_ignore_ascii_case(one.as_bytes());
        len >= COMPRESSED_BYTES_MIN
            && self.compressed.iter().any(known)
            && !told.contains_key(CONTENT_ENCODING)
            && !asked.contains_key(RANGE)
            && takes_gzip(asked)
    }
}

/// Whether `Accept-Encoding` names gzip and does not refuse it (RFC 9110 section 12.5.3).
fn takes_gzip(asked: &HeaderMap) -> bool {
    let values = asked.get_all(ACCEPT_ENCODING).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let mut codings = texts.flat_map(|text| text.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let gzip = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let zero = |weight: &str| weight.trim_start_matches("q=").parse() == Ok(0.0_f32);
        gzip && !parts.any(zero)
    })
}

/// Makes the headers of a body those of the compressed one, whose length nobody knows yet.
pub(crate) fn tell_compressed(headers: &mut HeaderMap) {
    headers.remove(CONTENT_LENGTH);
    headers.remove(CONTENT_MD5);
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    headers.insert(VARY, HeaderValue::from_name(ACCEPT_ENCODING));
}

/// The body compressed, piece by piece.
pub(crate) fn gzip(body: ByteStream) -> ByteStream {
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let state = Some((body, encoder));
    Box::pin(futures_util::stream::unfold(state, |state| async {
        let (mut body, mut encoder) = state?;
        while let Some(piece) = body.next().await {
            let piece = match piece {
                Ok(piece) => piece,
                Err(error) => return Some((Err(error), None)),
            };
            encoder.write_all(&piece).expect(NEVER_FULL);
            if !encoder.get_ref().is_empty() {
                let ready = Bytes::from(std::mem::take(encoder.get_mut()));
                return Some((Ok(ready), Some((body, encoder))));
            }
        }
        let last = encoder.finish().expect(NEVER_FULL);
        Some((Ok(last.into()), None))
    }))
}
