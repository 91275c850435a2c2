//! Claims in the `Authorization` header.

use http::HeaderMap;
use http::header::{AUTHORIZATION, DATE};

use super::claim::{Basis, Claim};
use super::{v1, v2, v4};
use crate::error::{Fault, Place};
use crate::present::{header, set_once};
use crate::signed_headers::SignedHeaders;
use crate::versions::Timing;
use crate::versions::fields::{access_key, authorization, date, key_and_signature, token};

/// Date header of the vendor.
const OSS_DATE: &str = "x-oss-date";

pub(super) fn parse(headers: &HeaderMap) -> Result<Claim, Fault> {
    let (algorithm, rest) = authorization(headers)?;
    match algorithm {
        v1::ALGORITHM => parse_v1(headers, rest.trim()),
        v2::ALGORITHM => parse_v2(headers, rest),
        _ => {
            let presented = header::parse(&v4::SCHEME, headers)?;
            v4::check_content_hash(headers)?;
            Ok(v4::claim(Place::Header, presented))
        }
    }
}

/// Parses `{access key}:{signature}`. A token stands in `x-oss-security-token`, or, from the newer Python SDK, in
/// `security-token` (OSS sheet section 2.1).
fn parse_v1(headers: &HeaderMap, text: &str) -> Result<Claim, Fault> {
    let (access_key, signature) = key_and_signature(text)?;
    let (date, signed_at) = match date(headers, OSS_DATE)? {
        Some(date) => date,
        None => date(headers, DATE.as_str())?.ok_or_else(|| Fault::missing(DATE.as_str()))?,
    };
    let token = match token(headers, "x-oss-security-token")? {
        Some(token) => Some(token),
        None => token(headers, "security-token")?,
    };
    Ok(Claim {
        place: Place::Header,
        access_key,
        security_token: token,
        timing: Timing::SignedAt(signed_at),
        signature,
        policy: None,
        basis: Basis::V1 { date },
    })
}

/// Parses `AccessKeyId:...,AdditionalHeaders:...,Signature:...` in any order, of which the list may be absent.
fn parse_v2(headers: &HeaderMap, text: &str) -> Result<Claim, Fault> {
    let (mut key, mut list, mut signature) = (None, None, None);
    for piece in text.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (name, value) = piece.split_once(':').unwrap_or((piece, ""));
        let slot = match name {
            "AccessKeyId" => &mut key,
            "AdditionalHeaders" => &mut list,
            "Signature" => &mut signature,
            _ => {
                let hint = "send AccessKeyId, AdditionalHeaders and Signature, separated by commas";
                return Err(Fault::malformed(AUTHORIZATION.as_str(), hint));
            }
        };
        set_once(slot, name, value)?;
    }
    let key = key.ok_or_else(|| Fault::missing("AccessKeyId"))?;
    let field = DATE.as_str();
    let (date, signed_at) = date(headers, field)?.ok_or_else(|| Fault::missing(field))?;
    Ok(Claim {
        place: Place::Header,
        access_key: access_key(&key)?,
        security_token: token(headers, "x-oss-security-token")?,
        timing: Timing::SignedAt(signed_at),
        signature: signature.ok_or_else(|| Fault::missing("Signature"))?,
        policy: None,
        basis: Basis::V2 {
            date,
            additional: additional(list.as_deref())?,
        },
    })
}

/// The list of further signed headers of version 2, which may be absent or empty.
pub(super) fn additional(list: Option<&str>) -> Result<SignedHeaders, Fault> {
    match list {
        None | Some("") => Ok(SignedHeaders::default()),
        Some(list) => SignedHeaders::parse("AdditionalHeaders", list),
    }
}
