//! Claims in the `Authorization` header.

use http::HeaderMap;
use http::header::DATE;

use super::claim::{Basis, Claim};
use super::content::{CONTENT_HASH, parse as parse_content, without_seed};
use super::{v2, v4};
use crate::error::{Fault, Place};
use crate::present::header::{self, single};
use crate::scheme::AWS4;
use crate::versions::Timing;
use crate::versions::fields::{authorization, date, key_and_signature, token};

pub(super) fn parse(headers: &HeaderMap) -> Result<Claim, Fault> {
    let (algorithm, rest) = authorization(headers)?;
    match algorithm {
        v2::ALGORITHM => parse_v2(headers, rest.trim()),
        v4::ASYMMETRIC => Err(Fault::Asymmetric),
        _ => {
            let presented = header::parse(&AWS4, headers)?;
            let line = single(headers, CONTENT_HASH)?;
            let line = line.ok_or_else(|| Fault::missing(CONTENT_HASH))?;
            let content = parse_content(line)?;
            let lines = vec![line.to_owned()];
            Ok(v4::claim(Place::Header, presented, content, lines))
        }
    }
}

/// Parses `{access key}:{signature}`. The vendor's date header is signed as a header, and then the line of the date
/// is empty.
fn parse_v2(headers: &HeaderMap, text: &str) -> Result<Claim, Fault> {
    let (access_key, signature) = key_and_signature(text)?;
    let (line, signed_at) = match date(headers, v4::DATE)? {
        Some((_, signed_at)) => (String::new(), signed_at),
        None => date(headers, DATE.as_str())?.ok_or_else(|| Fault::missing(DATE.as_str()))?,
    };
    Ok(Claim {
        place: Place::Header,
        access_key,
        security_token: token(headers, v4::TOKEN)?,
        timing: Timing::SignedAt(signed_at),
        content: without_seed(headers)?,
        signature,
        policy: None,
        basis: Basis::V2 { date: line },
    })
}
