//! What an upload callback says.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::{Refused, bounded, header};

/// Most members that are read; an order has about 115 different values to tell.
const MEMBERS_MAX: usize = 1000;

/// The members of a callback's body, a JSON object or a form, as texts: numbers as they are written, an object or a list
/// as its JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallbackBody(pub BTreeMap<String, String>);

impl CallbackBody {
    /// Reads a body as its `Content-Type` says, a form without one. Of members with one name the last counts.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refused> {
        bounded(body)?;
        let kind = match headers.get(CONTENT_TYPE) {
            Some(_) => header(headers, "content-type", 256)?,
            None => "",
        };
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let members: BTreeMap<String, String> = if kind.eq_ignore_ascii_case("application/json") {
            let members: BTreeMap<String, Value> =
                serde_json::from_slice(body).map_err(|_| Refused::Malformed("the body"))?;
            members
                .into_iter()
                .map(|(name, value)| (name, text(value)))
                .collect()
        } else {
            form_urlencoded::parse(body).into_owned().collect()
        };
        if members.len() > MEMBERS_MAX {
            return Err(Refused::Malformed("the body"));
        }
        Ok(Self(members))
    }

    /// A member; `None` when it is missing or empty, as with a variable that has no value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name).map(String::as_str);
        value.filter(|value| !value.is_empty())
    }
}

fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn read(kind: Option<&'static str>, body: &str) -> Result<CallbackBody, Refused> {
        let mut headers = HeaderMap::new();
        if let Some(kind) = kind {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        CallbackBody::read(&headers, body.as_bytes())
    }

    #[test]
    fn bodies_of_both_kinds_say_the_same() {
        let form = "bucket=b&object=dir%2Fa+b%2B&size=5&none=";
        let json = r#"{"bucket":"b","object":"dir/a b+","size":5,"none":null}"#;
        for (kind, body) in [
            (None, form),
            (Some("application/x-www-form-urlencoded"), form),
            (Some("Application/JSON; charset=utf-8"), json),
        ] {
            let body = read(kind, body).expect("a body");
            assert_eq!(body.get("object"), Some("dir/a b+"));
            assert_eq!((body.get("size"), body.get("none")), (Some("5"), None));
            assert_eq!(body.0.len(), 4);
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        let json = Some("application/json");
        for bad in ["", "[]", "5", "{\"a\":", "{\"a\":1} x"] {
            assert!(read(json, bad).is_err(), "{bad}");
        }
        let long = format!("a={}", "x".repeat(super::super::BODY_BYTES_MAX));
        assert!(matches!(read(None, &long), Err(Refused::TooLong)));
        let many: Vec<String> = (0..1001).map(|n| format!("m{n}=")).collect();
        assert!(read(None, &many.join("&")).is_err());
    }
}
