//! Members of a JSON body, read one by one: the vendor has a code for each way to be wrong (sheet section 3).

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::common::json::{Names, parse};
use crate::oms::error::OmsError;
use crate::oms::limits::TEXT_CHARS_MAX;

/// The members of an object. Unknown ones are left alone; `null` is as good as absent (sheet section 1).
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body.
    pub(crate) fn read(body: &[u8]) -> Result<Self, OmsError> {
        let value = parse(body, Names::Exact)
            .map_err(|error| OmsError::bad("OMS.1006", error.to_string()))?;
        match value {
            Value::Object(members) => Ok(Self(members)),
            _ => Err(OmsError::wrong_type("the body", "an object")),
        }
    }

    /// Any member.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub(crate) fn text(&self, name: &str, chars_max: usize) -> Result<Option<&str>, OmsError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = value.as_str();
        let text = text.ok_or_else(|| OmsError::wrong_type(name, "a string"))?;
        if text.chars().count() > chars_max {
            let message = format!("{name} has at most {chars_max} characters");
            return Err(OmsError::value(message));
        }
        Ok(Some(text))
    }

    /// A text that has to be there.
    pub(crate) fn needed(&self, name: &str, chars_max: usize) -> Result<&str, OmsError> {
        let text = self.text(name, chars_max)?;
        text.ok_or_else(|| OmsError::missing(name))
    }

    /// A number that has to be there.
    pub(crate) fn needed_number(
        &self,
        name: &str,
        range: &RangeInclusive<u64>,
    ) -> Result<u64, OmsError> {
        let number = self.number(name, range)?;
        number.ok_or_else(|| OmsError::missing(name))
    }

    /// A number.
    pub(crate) fn number(
        &self,
        name: &str,
        range: &RangeInclusive<u64>,
    ) -> Result<Option<u64>, OmsError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if !value.is_i64() && !value.is_u64() {
            return Err(OmsError::wrong_type(name, "a whole number"));
        }
        let number = value.as_u64().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            OmsError::value(format!("{name} is between {least} and {most}"))
        })
    }

    /// Yes or no; no when it is absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, OmsError> {
        self.flag_or(name, false)
    }

    /// Yes or no.
    pub(crate) fn flag_or(&self, name: &str, default: bool) -> Result<bool, OmsError> {
        match self.get(name) {
            None => Ok(default),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(OmsError::wrong_type(name, "true or false")),
        }
    }

    /// One of some words and what it means; that of `default` when it is absent.
    pub(crate) fn word<T: Copy>(
        &self,
        name: &str,
        words: &[(&'static str, T)],
        default: &'static str,
    ) -> Result<(&'static str, T), OmsError> {
        let given = self.text(name, TEXT_CHARS_MAX)?.unwrap_or(default);
        let known = words.iter().copied().find(|(word, _)| *word == given);
        known.ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            OmsError::value(format!("{name} is one of {}", words.join(", ")))
        })
    }

    /// An object.
    pub(crate) fn inner(&self, name: &str) -> Result<Self, OmsError> {
        let value = self.get(name).ok_or_else(|| OmsError::missing(name))?;
        Self::of(name, value)
    }

    /// The members of a value that is, or is within, a member of that name.
    pub(crate) fn of(name: &str, value: &Value) -> Result<Self, OmsError> {
        match value {
            Value::Object(members) => Ok(Self(members.clone())),
            _ => Err(OmsError::wrong_type(name, "an object")),
        }
    }

    /// An array.
    pub(crate) fn list(&self, name: &str) -> Result<Option<&[Value]>, OmsError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(_) => Err(OmsError::wrong_type(name, "an array")),
        }
    }
}
