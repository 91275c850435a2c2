//! Claims in the `Authorization` header.

use http::HeaderMap;
use http::header::{AUTHORIZATION, DATE};

use super::{Fields, Flavour, Presented, set_once};
use crate::error::Fault;
use crate::limits::MAX_AUTHORIZATION_BYTES;
use crate::scheme::Scheme;
use crate::time::{HTTP_DATE, Timestamp, parse_http_date};

/// Parses `{algorithm} Credential=..., {list of headers}=..., Signature=...` in any order, with or without spaces
/// after the commas, together with the vendor's date and token headers.
pub(crate) fn parse(scheme: &Scheme, headers: &HeaderMap) -> Result<Presented, Fault> {
    let text = single(headers, AUTHORIZATION.as_str())?
        .ok_or_else(|| Fault::missing(AUTHORIZATION.as_str()))?;
    if text.len() > MAX_AUTHORIZATION_BYTES {
        let hint = "it is too long; sign fewer headers";
        return Err(Fault::malformed(AUTHORIZATION.as_str(), hint));
    }
    let mut fields = split(scheme, text)?;
    fields.date = match single(headers, &scheme.header("date"))? {
        None if scheme.headers.plain_date => plain_date(headers)?,
        date => date.map(str::to_owned),
    };
    fields.security_token = single(headers, &scheme.header("security-token"))?.map(str::to_owned);
    fields.assemble(scheme, Flavour::Header)
}

/// The time that `Date` tells, in the form of the vendor's own header.
fn plain_date(headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let Some(text) = single(headers, DATE.as_str())? else {
        return Ok(None);
    };
    let time = Timestamp::parse(text);
    let time = time.or_else(|| Timestamp::from_unix(parse_http_date(text)?));
    match time {
        Some(time) => Ok(Some(time.as_str().to_owned())),
        None => Err(Fault::malformed(DATE.as_str(), HTTP_DATE)),
    }
}

fn split(scheme: &Scheme, text: &str) -> Result<Fields, Fault> {
    let (algorithm, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if algorithm != scheme.algorithm {
        return Err(Fault::UnknownAlgorithm {
            expected: scheme.algorithm,
        });
    }
    let mut fields = Fields::default();
    for piece in rest.split(',').map(str::trim).filter(|p| !p.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let slot = match name {
            "Credential" => &mut fields.credential,
            list if list == scheme.list_name => &mut fields.signed_headers,
            "Signature" => &mut fields.signature,
            _ => {
                return Err(Fault::malformed(
                    AUTHORIZATION.as_str(),
                    "send credential, list of headers and signature, separated by commas",
                ));
            }
        };
        set_once(slot, name, value)?;
    }
    Ok(fields)
}

/// The one value of a header, if it has any.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Fault> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Fault::Duplicate {
            field: name.to_owned(),
        });
    }
    let text = value
        .to_str()
        .map_err(|_| Fault::malformed(name, "use printable ASCII characters"))?;
    Ok(Some(text.trim()))
}
