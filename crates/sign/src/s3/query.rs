//! Claims in query parameters: presigned URLs.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::claim::{Basis, Claim, Version};
use super::content::{CONTENT_HASH, Content, parse as parse_content, without_seed};
use super::{v2, v4};
use crate::canonical::RequestHead;
use crate::error::{Fault, Place};
use crate::percent::{Pair, plain_query_pairs};
use crate::present::header::single;
use crate::present::{Presented, present, require};
use crate::scheme::{AWS4, UNSIGNED_PAYLOAD};
use crate::versions::fields::{access_key, parameter, until};

/// Parameters of version 4 (after the vendor prefix, in lower case) that are no headers.
const NO_HEADERS: [&str; 8] = [
    "algorithm",
    "content-sha256",
    "credential",
    "date",
    "expires",
    "security-token",
    "signature",
    "signedheaders",
];

/// The decoded parameters.
pub(super) fn pairs(query: &str) -> Result<Vec<Pair>, Fault> {
    plain_query_pairs(query).map_err(|_| {
        let hint = "a percent sign must be followed by two hexadecimal digits";
        Fault::malformed("query", hint)
    })
}

/// Which version the parameters claim to be signed by; nothing if they claim no signature.
pub(super) fn version(pairs: &[Pair]) -> Result<Option<Version>, Fault> {
    let any = |is: &dyn Fn(&[u8]) -> bool| pairs.iter().any(|(name, _)| is(name));
    match (any(&|name| name == v2::KEY.as_bytes()), any(&v4::claims)) {
        (true, true) => Err(Fault::Duplicate {
            field: "the signature".to_owned(),
        }),
        (true, false) => Ok(Some(Version::V2)),
        (false, true) => Ok(Some(Version::V4)),
        (false, false) => Ok(None),
    }
}

/// Parses the claim of a version. `pairs` is the decoded query of `head`.
pub(super) fn parse(
    version: Version,
    head: &RequestHead<'_>,
    pairs: &[Pair],
) -> Result<Claim, Fault> {
    let hoisted = hoisted(version, head.headers, pairs)?;
    match version {
        Version::V2 => {
            let field = |name: &str| parameter(pairs, name, |given| given == name.as_bytes());
            let needed = |name: &str| require(field(name)?, || name.to_owned());
            let date = needed(v2::EXPIRES)?.to_owned();
            let token = match single(head.headers, v4::TOKEN)? {
                None => single(&hoisted, v4::TOKEN)?,
                sent => sent,
            };
            Ok(Claim {
                place: Place::Query,
                access_key: access_key(needed(v2::KEY)?)?,
                security_token: token.filter(|token| !token.is_empty()).map(str::to_owned),
                timing: until(v2::EXPIRES, &date)?,
                content: without_seed(head.headers)?,
                signature: needed(v2::SIGNATURE)?.to_owned(),
                policy: None,
                basis: Basis::V2 { date },
            })
        }
        Version::V4 => {
            let algorithm = vendor_parameter(pairs, "algorithm")?;
            if algorithm == Some(v4::ASYMMETRIC) {
                return Err(Fault::Asymmetric);
            }
            let presented = present(&AWS4, head.headers, head.query);
            let presented = presented.map_err(|error| error.fault)?;
            let presented = presented.ok_or_else(|| Fault::missing("X-Amz-Algorithm"))?;
            let (content, lines) = payload(&presented, head.headers, pairs)?;
            Ok(v4::claim(Place::Query, presented, content, lines))
        }
    }
}

/// What a URL of version 4 says about the body, and the payload lines that its signer may have written: the value
/// of its parameter; without one `UNSIGNED-PAYLOAD`, or what the header says if it is signed.
fn payload(
    presented: &Presented,
    headers: &HeaderMap,
    pairs: &[Pair],
) -> Result<(Content, Vec<String>), Fault> {
    let sent = single(headers, CONTENT_HASH)?;
    match (vendor_parameter(pairs, "content-sha256")?, sent) {
        (Some(line), Some(sent)) if line != sent => Err(Fault::Duplicate {
            field: CONTENT_HASH.to_owned(),
        }),
        (Some(line), _) => Ok((parse_content(line)?, vec![line.to_owned()])),
        (None, Some(sent)) => {
            let mut lines = vec![UNSIGNED_PAYLOAD.to_owned()];
            if presented.signed_headers.contains(CONTENT_HASH) {
                lines.push(sent.to_owned());
            }
            Ok((parse_content(sent)?, lines))
        }
        (None, None) => Ok((Content::Unsigned, vec![UNSIGNED_PAYLOAD.to_owned()])),
    }
}

/// Parameters that act as headers, where the request has no such header. An error for what no header can hold.
pub(super) fn hoisted(
    version: Version,
    headers: &HeaderMap,
    pairs: &[Pair],
) -> Result<HeaderMap, Fault> {
    let mut hoisted = HeaderMap::new();
    for (name, value) in pairs.iter().filter(|(name, _)| is_header(version, name)) {
        let shown = || String::from_utf8_lossy(name).into_owned();
        let hint = "a parameter that acts as a header holds what a header can hold";
        let bad = || Fault::malformed(shown(), hint);
        let header = HeaderName::from_bytes(name).map_err(|_| bad())?;
        let value = HeaderValue::from_bytes(value).map_err(|_| bad())?;
        if !headers.contains_key(&header) {
            hoisted.append(header, value);
        }
    }
    Ok(hoisted)
}

fn is_header(version: Version, name: &[u8]) -> bool {
    let suffix = AWS4.suffix(name);
    match version {
        Version::V2 => {
            let also = ["content-md5", "content-type"].map(str::as_bytes);
            suffix.is_some() || also.iter().any(|known| name.eq_ignore_ascii_case(known))
        }
        Version::V4 => suffix.is_some_and(|suffix| !NO_HEADERS.contains(&suffix.as_str())),
    }
}

/// The one value of the vendor's parameter, named by what follows the prefix in lower case.
fn vendor_parameter<'a>(pairs: &'a [Pair], suffix: &str) -> Result<Option<&'a str>, Fault> {
    let is = |given: &[u8]| AWS4.suffix(given).as_deref() == Some(suffix);
    parameter(pairs, &AWS4.header(suffix), is)
}
