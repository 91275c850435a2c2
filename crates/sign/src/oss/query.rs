//! Claims in query parameters: presigned URLs.

use super::claim::{Basis, Claim, Version};
use super::header::additional;
use super::{V1_KEY, VERSION, v2, v4};
use crate::canonical::RequestHead;
use crate::error::{Fault, Place};
use crate::percent::Pair;
use crate::present::{present, require};
use crate::versions::fields::{access_key, parameter, until};

/// Which version the parameters claim to be signed by; nothing if they claim no signature.
pub(super) fn version(pairs: &[Pair]) -> Result<Option<Version>, Fault> {
    let named = pairs
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(VERSION.as_bytes()));
    let by_key = pairs.iter().any(|(name, _)| name == V1_KEY.as_bytes());
    match named {
        Some(_) if by_key => Err(Fault::Duplicate {
            field: "the signature".to_owned(),
        }),
        Some((_, value)) if value == v2::ALGORITHM.as_bytes() => Ok(Some(Version::V2)),
        Some((_, value)) if value == v4::SCHEME.algorithm.as_bytes() => Ok(Some(Version::V4)),
        Some(_) => Err(Fault::UnknownAlgorithm {
            expected: v4::SCHEME.algorithm,
        }),
        None => Ok(by_key.then_some(Version::V1)),
    }
}

/// Parses the claim of a version. `pairs` is the decoded query of `head`.
pub(super) fn parse(
    version: Version,
    head: &RequestHead<'_>,
    pairs: &[Pair],
) -> Result<Claim, Fault> {
    let needed = |name: &str| require(field(pairs, name)?, || name.to_owned());
    let token = || field(pairs, "security-token").map(|t| t.filter(|t| !t.is_empty()));
    match version {
        Version::V1 => {
            let date = needed("Expires")?.to_owned();
            Ok(Claim {
                place: Place::Query,
                access_key: access_key(needed(V1_KEY)?)?,
                security_token: token()?.map(str::to_owned),
                timing: until("Expires", &date)?,
                signature: needed("Signature")?.to_owned(),
                policy: None,
                basis: Basis::V1 { date },
            })
        }
        Version::V2 => {
            let date = needed(v2::EXPIRES)?.to_owned();
            Ok(Claim {
                place: Place::Query,
                access_key: access_key(needed(v2::KEY)?)?,
                security_token: token()?.map(str::to_owned),
                timing: until(v2::EXPIRES, &date)?,
                signature: needed(v2::SIGNATURE)?.to_owned(),
                policy: None,
                basis: Basis::V2 {
                    date,
                    additional: additional(field(pairs, v2::ADDITIONAL)?)?,
                },
            })
        }
        Version::V4 => {
            v4::check_content_hash(head.headers)?;
            let presented = present(&v4::SCHEME, head.headers, head.query);
            let presented = presented.map_err(|error| error.fault)?;
            let presented = presented.ok_or_else(|| Fault::missing(VERSION))?;
            Ok(v4::claim(Place::Query, presented))
        }
    }
}

/// The one value of a parameter, if it is there.
fn field<'a>(pairs: &'a [Pair], name: &str) -> Result<Option<&'a str>, Fault> {
    parameter(pairs, name, |given| given == name.as_bytes())
}
