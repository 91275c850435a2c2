//! JSON that clients send: bounded in depth and size, no member twice, and where a vendor's SDKs do not
//! agree on capital letters, member names without regard to case.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeOwned, DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::limits::JSON_DEPTH_MAX;

/// How member names are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// As they are written.
    Exact,
    /// In lower case: `RuleID` and `RuleId` are one member.
    Lower,
}

/// A document that cannot be read; says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the JSON document is malformed: {0}")]
pub struct BadJson(String);

/// Reads an object with [`Names::Lower`] into a type whose members are named in lower case.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, BadJson> {
    let value = parse(text, Names::Lower)?;
    if !value.is_object() {
        return Err(BadJson("it is not an object".into()));
    }
    serde_json::from_value(value).map_err(|error| BadJson(error.to_string()))
}

/// Reads a document. A member that stands twice (after `names`) is an error, as is nesting deeper than
/// 16 levels. The caller bounds the size.
pub fn parse(text: &[u8], names: Names) -> Result<Value, BadJson> {
    let mut source = serde_json::Deserializer::from_slice(text);
    let seed = Strict {
        names,
        depth: JSON_DEPTH_MAX,
    };
    let value = seed.deserialize(&mut source).and_then(|value| {
        source.end()?;
        Ok(value)
    });
    value.map_err(|error| BadJson(error.to_string()))
}

#[derive(Clone, Copy)]
struct Strict {
    names: Names,
    depth: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        let depth = depth.ok_or_else(|| E::custom("it is nested too deeply"))?;
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut map = Map::new();
        let mut seen = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            let name = match self.names {
                Names::Exact => name,
                Names::Lower => name.to_ascii_lowercase(),
            };
            if !seen.insert(name.clone()) {
                return Err(A::Error::custom(format!(
                    "the member {name:?} stands twice"
                )));
            }
            map.insert(name, members.next_value_seed(inner)?);
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_read_as_asked() {
        let text = br#"{"RuleID": 1, "a": [{"B": null, "b2": true}], "C": -1.5}"#;
        let lower = json!({"ruleid": 1, "a": [{"b": null, "b2": true}], "c": -1.5});
        assert_eq!(parse(text, Names::Lower), Ok(lower));
        let exact = json!({"RuleID": 1, "a": [{"B": null, "b2": true}], "C": -1.5});
        assert_eq!(parse(text, Names::Exact), Ok(exact));
    }

    #[test]
    fn a_member_that_stands_twice_is_refused() {
        let cases = [
            (r#"{"a":1,"a":1}"#, Names::Exact, false),
            (r#"{"a":1,"A":1}"#, Names::Exact, true),
            (r#"{"a":1,"A":1}"#, Names::Lower, false),
            (r#"[{"a":1},{"a":1}]"#, Names::Lower, true),
        ];
        for (text, names, good) in cases {
            assert_eq!(
                parse(text.as_bytes(), names).is_ok(),
                good,
                "{text} {names:?}"
            );
        }
    }

    #[test]
    fn depth_and_form_are_bounded() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(parse(nested(JSON_DEPTH_MAX).as_bytes(), Names::Exact).is_ok());
        assert!(parse(nested(JSON_DEPTH_MAX + 1).as_bytes(), Names::Exact).is_err());
        assert!(parse(nested(100_000).as_bytes(), Names::Exact).is_err());
        for text in [
            "",
            "{",
            "{}x",
            "{'a':1}",
            "nul",
            "\u{feff}{}",
            "[1,]",
            "1e999",
        ] {
            assert!(parse(text.as_bytes(), Names::Exact).is_err(), "{text}");
        }
        assert!(parse(b"\"\xff\"", Names::Exact).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            if let Ok(value) = parse(&bytes, Names::Exact) {
                prop_assert_eq!(Some(value), serde_json::from_slice::<Value>(&bytes).ok());
            }
        }
    }
}
