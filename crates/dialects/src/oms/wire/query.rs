//! Parameters.

use std::ops::RangeInclusive;

use cohong_sign::plain_query_pairs;

use crate::oms::error::OmsError;
use crate::oms::limits::TEXT_CHARS_MAX;

/// Decoded parameters, each once.
#[derive(Debug)]
pub(crate) struct Query(Vec<(String, String)>);

/// Reads a raw query as signatures do: a plus stands for itself.
pub(crate) fn read(raw: &str) -> Result<Query, OmsError> {
    let bad = || OmsError::value("the query is percent-encoded UTF-8");
    let mut query: Vec<(String, String)> = Vec::new();
    for (name, value) in plain_query_pairs(raw).map_err(|_| bad())? {
        let text = |bytes| String::from_utf8(bytes).map_err(|_| bad());
        let (name, value) = (text(name)?, text(value)?);
        if query.iter().any(|(known, _)| *known == name) {
            return Err(OmsError::value(format!("{name} stands twice in the query")));
        }
        query.push((name, value));
    }
    Ok(Query(query))
}

impl Query {
    /// A text of at most 255 characters.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, OmsError> {
        let found = self.0.iter().find(|(known, _)| known == name);
        let Some((_, value)) = found else {
            return Ok(None);
        };
        if value.chars().count() > TEXT_CHARS_MAX {
            let message = format!("{name} has at most {TEXT_CHARS_MAX} characters");
            return Err(OmsError::value(message));
        }
        Ok(Some(value))
    }

    /// As [`Query::text`], where there has to be one.
    pub(crate) fn needed_text(&self, name: &str) -> Result<&str, OmsError> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        text.ok_or_else(|| OmsError::missing(name))
    }

    /// A number in decimal digits.
    pub(crate) fn number(
        &self,
        name: &str,
        range: &RangeInclusive<u64>,
    ) -> Result<Option<u64>, OmsError> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(OmsError::wrong_type(name, "a number in decimal digits"));
        }
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            OmsError::value(format!("{name} is between {least} and {most}"))
        })
    }

    /// A moment, milliseconds since 1970, where there has to be one.
    pub(crate) fn needed_moment(&self, name: &str) -> Result<u64, OmsError> {
        // The end of the year 9999.
        const LAST: u64 = 253_402_300_799_999;
        let moment = self.number(name, &(0..=LAST))?;
        moment.ok_or_else(|| OmsError::missing(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_or_refused() {
        let code = |outcome: Result<String, OmsError>| match outcome {
            Ok(text) => text,
            Err(error) => error.code.to_owned(),
        };
        let shown = |number: Option<u64>| number.map_or("none".into(), |n| n.to_string());
        let long = format!("n={}", "1".repeat(256));
        let table = [
            ("", "none"),
            ("n=5", "5"),
            ("n=%35", "5"),
            ("n=0", "OMS.1003"),
            ("n=101", "OMS.1003"),
            ("n=99999999999999999999999", "OMS.1003"),
            ("n=", "OMS.1010"),
            ("n=+5", "OMS.1010"),
            ("n=-5", "OMS.1010"),
            ("n=5.0", "OMS.1010"),
            ("n=5&n=5", "OMS.1003"),
            ("n=%", "OMS.1003"),
            ("n=%ff", "OMS.1003"),
            (&long, "OMS.1003"),
        ];
        for (raw, wanted) in table {
            let found = read(raw).and_then(|query| query.number("n", &(1..=100)).map(shown));
            assert_eq!(code(found), wanted, "{raw}");
        }
        let query = read("a=b+c&e=").expect("a query");
        assert_eq!(query.needed_text("a").expect("there"), "b+c");
        for (name, wanted) in [("e", "OMS.1004"), ("x", "OMS.1004")] {
            assert_eq!(code(query.needed_text(name).map(Into::into)), wanted);
        }
        assert_eq!(
            code(query.needed_moment("x").map(|n| n.to_string())),
            "OMS.1004"
        );
    }
}
