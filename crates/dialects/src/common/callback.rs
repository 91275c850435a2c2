//! Parameters of upload callbacks: two texts, each Base64 of a JSON object, that name the application to
//! call and the variables to tell it.
//!
//! Read before the body of the upload is, so that a bad parameter costs nothing. What vendors differ in
//! are facts ([`CallbackRules`]). Whether an address may be called is not judged here.

use std::fmt;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use cohong_core::limits::{CALLBACK_PARAM_BYTES_MAX, CALLBACK_URLS_MAX, CALLBACK_VARS_MAX};
use cohong_core::model::{BodyType, CallbackSpec, CallbackStyle};
use cohong_core::rules::callback::header_fits;
use serde_json::{Map, Value};

use super::json::{self, Names};

/// Clients differ in whether they write the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

type Pairs = Vec<(Box<str>, Box<str>)>;

/// What vendors differ in.
#[derive(Clone, Copy, Debug)]
pub struct CallbackRules {
    /// Longest parameter, characters of Base64.
    pub base64_max: usize,
    /// Scheme of an address that names none.
    pub scheme: &'static str,
    /// What no header that an order adds may begin with, lower case; `None` when the vendor's orders add
    /// none.
    pub reserved_headers: Option<&'static str>,
    /// Whether variables whose names do not begin with `x:` are passed over; else they are an error.
    pub skips_bare_names: bool,
    /// Whether fields of a form that begin with `x:` are variables.
    pub variable_fields: bool,
    /// Whether a parameter may stand in header and query when it is the same in both.
    pub may_stand_twice: bool,
    /// What the vendor makes of an order.
    pub style: CallbackStyle,
}

/// One of the two parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// The order to call.
    Order,
    /// Its custom variables.
    Variables,
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Order => "the callback parameter",
            Self::Variables => "the callback variables",
        })
    }
}

/// A callback parameter that cannot be used; says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCallback {
    /// Longer than the vendor or this server takes.
    #[error("{0}: too long; shorten it")]
    TooLong(Parameter),
    /// Not Base64.
    #[error("{0}: not Base64")]
    NotBase64(Parameter),
    /// Not a JSON object.
    #[error("{parameter}: {why}")]
    NotJson {
        /// Which one.
        parameter: Parameter,
        /// What was found instead.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// An address that cannot be one.
    #[error("callbackUrl {0}")]
    Url(&'static str),
    /// Too many addresses.
    #[error("callbackUrl names more than {CALLBACK_URLS_MAX} addresses")]
    TooManyUrls,
    /// A host that cannot be one.
    #[error("callbackHost is no host name and no address")]
    Host,
    /// No body to send.
    #[error("callbackBody is empty, or no string")]
    Body,
    /// A body type that is none.
    #[error("callbackBodyType is application/x-www-form-urlencoded or application/json")]
    BodyType,
    /// Headers that cannot be added.
    #[error("additionalHeaders {0}")]
    Headers(&'static str),
    /// Variables that cannot be used.
    #[error("the callback variables: {0}")]
    Variables(String),
    /// The bucket keeps no order of this name.
    #[error("the bucket has no callback of the name {0:?}")]
    NoSuch(String),
    /// The parameter stands in header and query.
    #[error("{0}: given in a header and in the query; give it once")]
    Twice(Parameter),
}

/// Reads the parameters: `order` is the order to call, `vars` its custom variables; `fields` are names
/// and values of variables that stand for themselves. `None` when no call is ordered: there is no
/// parameter, or its address is empty or missing.
pub fn decode<'a>(
    rules: &CallbackRules,
    order: Option<&str>,
    vars: Option<&str>,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Option<CallbackSpec>, BadCallback> {
    let Some(order) = order.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let order = object(rules, order, Parameter::Order)?;
    let Some(urls) = text(&order, "callbackUrl", BadCallback::Url("is no string"))? else {
        return Ok(None);
    };
    let urls = read_urls(rules, urls)?;
    let body = text(&order, "callbackBody", BadCallback::Body)?;
    let kind = text(&order, "callbackBodyType", BadCallback::BodyType)?;
    let vars = vars.filter(|text| !text.is_empty());
    Ok(Some(CallbackSpec {
        urls,
        host: host(text(&order, "callbackHost", BadCallback::Host)?)?,
        body: body.ok_or(BadCallback::Body)?.into(),
        body_type: body_type(kind)?,
        vars: variables(rules, vars, fields)?,
        headers: added_headers(rules, &order)?,
        style: rules.style,
    }))
}

/// The name of an order that the bucket keeps, where this one gives nothing else.
pub fn name_in(
    rules: &CallbackRules,
    order: Option<&str>,
    member: &str,
) -> Result<Option<String>, BadCallback> {
    let Some(order) = order.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let order = object(rules, order, Parameter::Order)?;
    let name = text(&order, member, BadCallback::NoSuch(String::new()))?;
    Ok(name.map(ToOwned::to_owned))
}

fn object(
    rules: &CallbackRules,
    given: &str,
    parameter: Parameter,
) -> Result<Map<String, Value>, BadCallback> {
    if given.len() > rules.base64_max {
        return Err(BadCallback::TooLong(parameter));
    }
    let decoded = BASE64
        .decode(given)
        .map_err(|_| BadCallback::NotBase64(parameter))?;
    if decoded.len() > CALLBACK_PARAM_BYTES_MAX {
        return Err(BadCallback::TooLong(parameter));
    }
    let why = match json::parse(&decoded, Names::Exact) {
        Ok(Value::Object(members)) => return Ok(members),
        Ok(_) => "not a JSON object".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(BadCallback::NotJson {
        parameter,
        text: String::from_utf8_lossy(&decoded).into_owned(),
        why,
    })
}

/// A member that is text, `None` when it is missing or empty, `bad` when it is something else.
fn text<'a>(
    order: &'a Map<String, Value>,
    name: &str,
    bad: BadCallback,
) -> Result<Option<&'a str>, BadCallback> {
    match order.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(bad),
    }
}

fn read_urls(rules: &CallbackRules, list: &str) -> Result<Vec<Box<str>>, BadCallback> {
    let urls: Vec<_> = list
        .split(';')
        .map(|text| url(rules, text))
        .collect::<Result<_, _>>()?;
    if urls.len() > CALLBACK_URLS_MAX {
        return Err(BadCallback::TooManyUrls);
    }
    Ok(urls)
}

/// The address as it is called: under the vendor's scheme unless it says otherwise, everything else
/// verbatim.
fn url(rules: &CallbackRules, text: &str) -> Result<Box<str>, BadCallback> {
    let text = text.trim_matches(' ');
    if text.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(BadCallback::Url(
            "holds a control character or a space; escape it as %XX",
        ));
    }
    let (url, rest) = match text.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?', '#']) => {
            if !["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()) {
                return Err(BadCallback::Url("is neither http nor https"));
            }
            (text.to_owned(), rest)
        }
        _ => (format!("{}://{text}", rules.scheme), text),
    };
    if rest.is_empty() || rest.starts_with(['/', '?', '#', ':']) {
        return Err(BadCallback::Url("names no host"));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = authority.rsplit_once(':').map(|(_, port)| port);
    let in_brackets = |port: &&str| port.ends_with(']');
    if port.is_some_and(|port| !in_brackets(&port) && port.parse::<u16>().is_err()) {
        return Err(BadCallback::Url("names a port that is none"));
    }
    Ok(url.into())
}

fn host(text: Option<&str>) -> Result<Option<Box<str>>, BadCallback> {
    let of_hosts = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    match text {
        Some(text) if !text.chars().all(of_hosts) => Err(BadCallback::Host),
        text => Ok(text.map(Into::into)),
    }
}

fn body_type(text: Option<&str>) -> Result<BodyType, BadCallback> {
    let Some(text) = text else {
        return Ok(BodyType::default());
    };
    [BodyType::Form, BodyType::Json]
        .into_iter()
        .find(|known| known.media_type() == text)
        .ok_or(BadCallback::BodyType)
}

fn variables<'a>(
    rules: &CallbackRules,
    encoded: Option<&str>,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Pairs, BadCallback> {
    let bad = |why: String| Err(BadCallback::Variables(why));
    let mut vars: Pairs = Vec::new();
    if let Some(encoded) = encoded {
        for (name, value) in object(rules, encoded, Parameter::Variables)? {
            match value {
                _ if rules.skips_bare_names && !name.starts_with("x:") => {}
                Value::String(value) if name.starts_with("x:") => {
                    vars.push((name.into(), value.into()));
                }
                Value::String(_) => return bad(format!("{name:?} does not begin with x:")),
                _ => return bad(format!("{name:?} is not a string")),
            }
        }
    }
    vars.extend(fields.map(|(name, value)| (name.into(), value.into())));
    if vars.len() > CALLBACK_VARS_MAX {
        return bad(format!("there are more than {CALLBACK_VARS_MAX}"));
    }
    Ok(vars)
}

fn added_headers(rules: &CallbackRules, order: &Map<String, Value>) -> Result<Pairs, BadCallback> {
    let Some(reserved) = rules.reserved_headers else {
        return Ok(Vec::new());
    };
    let members = match order.get("additionalHeaders") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(BadCallback::Headers("is no JSON object")),
    };
    let header = |(name, value): (&String, &Value)| match value {
        _ if name.to_ascii_lowercase().starts_with(reserved) => Err(BadCallback::Headers(
            "has a name with the prefix of the vendor's own",
        )),
        Value::String(value) if header_fits(name, value) => {
            Ok((name.as_str().into(), value.as_str().into()))
        }
        _ => Err(BadCallback::Headers(
            "has a name or a value that no added header can have",
        )),
    };
    members.iter().map(header).collect()
}

#[cfg(test)]
mod tests;
