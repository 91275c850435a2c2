//! What a request says about its body: the header whose value version 4 signs as its payload line (S3 sheet
//! sections 2.1 and 3).

use http::HeaderMap;

use crate::error::{Fault, Place, PresentError};
use crate::present::header::single;
use crate::scheme::UNSIGNED_PAYLOAD;

/// Header with the payload line, and in a URL the parameter.
pub const CONTENT_HASH: &str = "x-amz-content-sha256";

/// What is known about a body before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// Nothing: the body may be anything.
    Unsigned,
    /// The body must have this SHA-256; the caller compares when it has read the body.
    Sha256([u8; 32]),
    /// The body comes in the vendor's own chunks inside whatever framing HTTP gives it.
    Chunked {
        /// Whether each chunk, and the trailer if there is one, is signed.
        signed: bool,
        /// Whether lines follow the last chunk.
        trailer: bool,
    },
}

/// What an unsigned request says about its body. Signed chunks are refused, since there is no signature to continue.
pub fn content(headers: &HeaderMap) -> Result<Content, PresentError> {
    without_seed(headers).map_err(|fault| fault.at(Place::Header))
}

/// As [`content`], for claims of versions that chunks cannot continue.
pub(super) fn without_seed(headers: &HeaderMap) -> Result<Content, Fault> {
    match single(headers, CONTENT_HASH)?.map(parse).transpose()? {
        None => Ok(Content::Unsigned),
        Some(Content::Chunked { signed: true, .. }) => {
            let hint = "chunks can be signed only when the request is signed with AWS4-HMAC-SHA256";
            Err(Fault::malformed(CONTENT_HASH, hint))
        }
        Some(content) => Ok(content),
    }
}

/// Reads a payload line.
pub(super) fn parse(text: &str) -> Result<Content, Fault> {
    let chunked = |signed, trailer| Ok(Content::Chunked { signed, trailer });
    match text {
        UNSIGNED_PAYLOAD => Ok(Content::Unsigned),
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => chunked(false, true),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => chunked(true, false),
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => chunked(true, true),
        _ if text.starts_with("STREAMING-AWS4-ECDSA-") => Err(Fault::Asymmetric),
        _ => {
            let mut sum = [0; 32];
            let hint = "write the SHA-256 of the body in hexadecimal, UNSIGNED-PAYLOAD, or a STREAMING name that is known";
            hex::decode_to_slice(text, &mut sum)
                .map_err(|_| Fault::malformed(CONTENT_HASH, hint))?;
            Ok(Content::Sha256(sum))
        }
    }
}
