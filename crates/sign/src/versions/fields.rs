//! Reading the fields of claims of the older versions, wherever they stand.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::Timing;
use crate::error::{Fault, Place, PresentError};
use crate::limits::{MAX_ACCESS_KEY_BYTES, MAX_AUTHORIZATION_BYTES};
use crate::percent::Pair;
use crate::present::header::single;
use crate::time::{HTTP_DATE, Timestamp, parse_http_date};

/// Whether `Authorization` begins with the name of one of these schemes. Cheap: nothing is parsed.
pub(crate) fn is_of_scheme(headers: &HeaderMap, schemes: &[&str]) -> bool {
    headers.get(AUTHORIZATION).is_some_and(|value| {
        let first = value.as_bytes().split(|byte| *byte == b' ').next();
        first.is_some_and(|first| schemes.iter().any(|name| name.as_bytes() == first))
    })
}

/// Parses what a request claims in `Authorization`; nothing if it has none.
pub(crate) fn claimed<C>(
    headers: &HeaderMap,
    parse: impl FnOnce(&HeaderMap) -> Result<C, Fault>,
) -> Result<Option<C>, PresentError> {
    if !headers.contains_key(AUTHORIZATION) {
        return Ok(None);
    }
    let claim = parse(headers).map_err(|fault| fault.at(Place::Header))?;
    Ok(Some(claim))
}

/// What follows the name of this scheme in `Authorization`; a fault where it names another.
pub(crate) fn behind_scheme<'a>(
    headers: &'a HeaderMap,
    expected: &'static str,
) -> Result<&'a str, Fault> {
    match authorization(headers)? {
        (scheme, rest) if scheme == expected => Ok(rest),
        _ => Err(Fault::UnknownAlgorithm { expected }),
    }
}

/// First word and rest of `Authorization`.
pub(crate) fn authorization(headers: &HeaderMap) -> Result<(&str, &str), Fault> {
    let field = AUTHORIZATION.as_str();
    let text = single(headers, field)?.ok_or_else(|| Fault::missing(field))?;
    if text.len() > MAX_AUTHORIZATION_BYTES {
        let hint = "it is too long; sign fewer headers";
        return Err(Fault::malformed(field, hint));
    }
    Ok(text.split_once(' ').unwrap_or((text, "")))
}

/// Access key and signature of `{access key}:{signature}`.
pub(crate) fn key_and_signature(text: &str) -> Result<(String, String), Fault> {
    let (key, signature) = text.rsplit_once(':').ok_or_else(|| {
        let hint = "write access key and signature with a colon between";
        Fault::malformed(AUTHORIZATION.as_str(), hint)
    })?;
    Ok((access_key(key)?, signature.to_owned()))
}

/// Checks an access key.
pub(crate) fn access_key(text: &str) -> Result<String, Fault> {
    const FIELD: &str = "the access key";
    match text.len() {
        0 => Err(Fault::malformed(FIELD, "it is empty")),
        1..=MAX_ACCESS_KEY_BYTES => Ok(text.to_owned()),
        _ => Err(Fault::malformed(FIELD, "it is too long")),
    }
}

/// A date header as text and as time, of HTTP's form or that of the newest versions.
pub(crate) fn date(headers: &HeaderMap, name: &str) -> Result<Option<(String, i64)>, Fault> {
    let Some(text) = single(headers, name)? else {
        return Ok(None);
    };
    let time = Timestamp::parse(text).map(|time| time.unix_seconds());
    let time = time.or_else(|| parse_http_date(text));
    let time = time.ok_or_else(|| Fault::malformed(name, HTTP_DATE))?;
    Ok(Some((text.to_owned(), time)))
}

/// The token in a header, unless it is empty.
pub(crate) fn token(headers: &HeaderMap, name: &str) -> Result<Option<String>, Fault> {
    let token = single(headers, name)?.filter(|token| !token.is_empty());
    Ok(token.map(str::to_owned))
}

/// A time of expiry, seconds since 1970.
pub(crate) fn until(name: &str, text: &str) -> Result<Timing, Fault> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let seconds = digits.then(|| text.parse().ok()).flatten();
    seconds.map(Timing::Until).ok_or_else(|| {
        let hint = "write the time of expiry in seconds since 1970";
        Fault::malformed(name, hint)
    })
}

/// The one value of a query parameter whose name `is` takes, if it is there.
pub(crate) fn parameter<'a>(
    pairs: &'a [Pair],
    name: &str,
    is: impl Fn(&[u8]) -> bool,
) -> Result<Option<&'a str>, Fault> {
    let mut values = pairs.iter().filter(|(given, _)| is(given));
    let Some((_, value)) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Fault::Duplicate {
            field: name.to_owned(),
        });
    }
    let text = std::str::from_utf8(value).map_err(|_| Fault::malformed(name, "use UTF-8"))?;
    Ok(Some(text))
}

/// The one value of a form's field, its name in any case, if it is there.
pub(crate) fn field<'a>(
    fields: &[(&'a str, &'a str)],
    name: &str,
) -> Result<Option<&'a str>, Fault> {
    let mut values = fields
        .iter()
        .filter(|(given, _)| given.eq_ignore_ascii_case(name));
    let first = values.next().map(|(_, value)| *value);
    if values.next().is_some() {
        return Err(Fault::Duplicate {
            field: name.to_owned(),
        });
    }
    Ok(first)
}
