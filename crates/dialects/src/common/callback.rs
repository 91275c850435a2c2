//! Parameters of upload callbacks: two texts, each Base64 of a JSON object, that name the application to
//! call and the variables to tell it.
//!
//! Read before the body of the upload is, so that a bad parameter costs nothing. Whether an address may be
//! called is not judged here.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cohong_core::limits::{CALLBACK_PARAM_BYTES_MAX, CALLBACK_URLS_MAX, CALLBACK_VARS_MAX};
use cohong_core::model::{BodyType, CallbackSpec};
use serde_json::{Map, Value};

use super::json::{self, Names};

/// Clients differ in whether they write the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

type Variables = Vec<(Box<str>, Box<str>)>;

/// A callback parameter that cannot be used; says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadCallback(String);

/// Reads the parameters: `callback` is the order to call, `vars` its custom variables. `None` when no call
/// is ordered: there is no parameter, or its address is empty or missing.
pub fn decode(
    callback: Option<&str>,
    vars: Option<&str>,
) -> Result<Option<CallbackSpec>, BadCallback> {
    let Some(callback) = callback.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let order = object(callback, "the callback parameter")?;
    let urls = urls(text(&order, "callbackUrl")?)?;
    if urls.is_empty() {
        return Ok(None);
    }
    let vars = vars.filter(|text| !text.is_empty());
    Ok(Some(CallbackSpec {
        urls,
        host: host(text(&order, "callbackHost")?)?,
        body: body(text(&order, "callbackBody")?)?,
        body_type: body_type(text(&order, "callbackBodyType")?)?,
        vars: vars.map(variables).transpose()?.unwrap_or_default(),
    }))
}

fn bad<T>(why: impl Into<String>) -> Result<T, BadCallback> {
    Err(BadCallback(why.into()))
}

fn object(parameter: &str, what: &str) -> Result<Map<String, Value>, BadCallback> {
    // Base64 of n bytes has at least 4n/3 characters, so nothing longer is decoded in vain.
    let too_long = || bad(format!("{what} is longer than 8 KiB"));
    if parameter.len() > CALLBACK_PARAM_BYTES_MAX / 3 * 4 + 8 {
        return too_long();
    }
    let Ok(decoded) = BASE64.decode(parameter) else {
        return bad(format!("{what} is not Base64"));
    };
    if decoded.len() > CALLBACK_PARAM_BYTES_MAX {
        return too_long();
    }
    match json::parse(&decoded, Names::Exact) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => bad(format!("{what} is not a JSON object")),
        Err(error) => bad(format!("{what}: {error}")),
    }
}

fn text<'a>(order: &'a Map<String, Value>, name: &str) -> Result<&'a str, BadCallback> {
    match order.get(name) {
        None | Some(Value::Null) => Ok(""),
        Some(Value::String(text)) => Ok(text),
        Some(_) => bad(format!("{name} is not a string")),
    }
}

fn urls(list: &str) -> Result<Vec<Box<str>>, BadCallback> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    let urls: Vec<_> = list.split(';').map(url).collect::<Result<_, _>>()?;
    if urls.len() > CALLBACK_URLS_MAX {
        return bad("callbackUrl names more than 5 addresses");
    }
    Ok(urls)
}

/// The address as it is called: https unless it says otherwise, everything else verbatim.
fn url(text: &str) -> Result<Box<str>, BadCallback> {
    let text = text.trim_matches(' ');
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return bad("callbackUrl holds a control character or a space; escape it as %XX");
    }
    let (url, rest) = match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => {
            if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
                return bad("callbackUrl is neither http nor https");
            }
            (text.to_owned(), rest)
        }
        _ => (format!("https://{text}"), text),
    };
    if rest.is_empty() || rest.starts_with(['/', '?', '#', ':']) {
        return bad("callbackUrl names no host");
    }
    Ok(url.into())
}

fn host(text: &str) -> Result<Option<Box<str>>, BadCallback> {
    let of_hosts = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if !text.chars().all(of_hosts) {
        return bad("callbackHost is no host name and no address");
    }
    Ok((!text.is_empty()).then(|| text.into()))
}

fn body(text: &str) -> Result<Box<str>, BadCallback> {
    if text.is_empty() {
        return bad("callbackBody is empty");
    }
    Ok(text.into())
}

fn body_type(text: &str) -> Result<BodyType, BadCallback> {
    if text.is_empty() {
        return Ok(BodyType::default());
    }
    [BodyType::Form, BodyType::Json]
        .into_iter()
        .find(|known| known.media_type() == text)
        .ok_or_else(|| {
            BadCallback(
                "callbackBodyType is application/x-www-form-urlencoded or application/json".into(),
            )
        })
}

fn variables(parameter: &str) -> Result<Variables, BadCallback> {
    let members = object(parameter, "the callback variables")?;
    if members.len() > CALLBACK_VARS_MAX {
        return bad("there are more than 100 callback variables");
    }
    members
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(value) if name.starts_with("x:") => Ok((name.into(), value.into())),
            Value::String(_) => bad(format!(
                "the callback variable {name:?} does not begin with x:"
            )),
            _ => bad(format!("the callback variable {name:?} is not a string")),
        })
        .collect()
}

#[cfg(test)]
mod tests;
