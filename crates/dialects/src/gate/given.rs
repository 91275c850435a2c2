//! The named values of a request, from headers or from the fields of a form: they have the same names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::HeaderMap;

use super::fault::Fault;

/// Names that operations look at beside those with the vendor's prefix.
const STANDARD: [&str; 12] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-type",
    "expires",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "range",
];

/// Names behind the vendor's prefix whose values are lists that may be spread over several headers. Who
/// needs one reads the headers.
const LISTS: [&str; 1] = ["object-attributes"];

/// Values under lower-case names, each once. Names with the vendor's prefix are asked for without it, so
/// that dialects that differ in their prefix only are read by the same code.
#[derive(Debug)]
pub(crate) struct Given<'a> {
    prefix: &'static str,
    values: BTreeMap<Cow<'a, str>, &'a str>,
}

impl<'a> Given<'a> {
    /// Of the headers that operations look at. An error for one that is given twice or is no text: an
    /// operation would have to choose.
    pub(crate) fn headers(headers: &'a HeaderMap, prefix: &'static str) -> Result<Self, Fault> {
        let known = headers
            .iter()
            .filter(|(name, _)| is_known(name.as_str(), prefix));
        let pairs = known.map(|(name, value)| {
            let text = std::str::from_utf8(value.as_bytes());
            let value = text.map_err(|_| {
                Fault::argument(name.to_string(), "", format!("header {name} is not UTF-8"))
            })?;
            Ok((name.as_str().into(), value))
        });
        Self::collect(prefix, pairs)
    }

    /// Of the fields of a form. They become headers later, so they must be able to.
    /// Those named in `bare` count as if they bore the prefix.
    pub(crate) fn fields(
        fields: &'a [(String, String)],
        prefix: &'static str,
        bare: &[&str],
    ) -> Result<Self, Fault> {
        let named = fields.iter().map(|(name, value)| {
            let mut name = name.to_ascii_lowercase();
            if bare.contains(&name.as_str()) {
                name.insert_str(0, prefix);
            }
            (name, value)
        });
        let known = named.filter(|(name, _)| is_known(name, prefix));
        let pairs = known.map(|(name, value)| {
            let clean = |text: &str| !text.contains(|c: char| c.is_control() && c != '\t');
            if !clean(value) || http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                let why = format!("the form field {name:?} holds what no header can hold");
                return Err(Fault::argument(name, value, why));
            }
            Ok((name.into(), value.as_str()))
        });
        Self::collect(prefix, pairs)
    }

    fn collect(
        prefix: &'static str,
        pairs: impl Iterator<Item = Result<(Cow<'a, str>, &'a str), Fault>>,
    ) -> Result<Self, Fault> {
        let mut values = BTreeMap::new();
        for pair in pairs {
            let (name, value) = pair?;
            if values.insert(name.clone(), value).is_some() {
                return Err(Fault::twice("", &name));
            }
        }
        Ok(Self { prefix, values })
    }

    /// The value under a lower-case name without vendor prefix.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.values.get(name).copied()
    }

    /// The value under the vendor's prefix and a lower-case name.
    pub(crate) fn own(&self, name: &str) -> Option<&'a str> {
        let mut all = self.values.iter();
        let found = all.find(|(found, _)| found.strip_prefix(self.prefix) == Some(name));
        found.map(|(_, value)| *value)
    }

    /// As [`Given::own`], with an empty value seen as none.
    pub(crate) fn own_text(&self, name: &str) -> Option<&'a str> {
        self.own(name).filter(|value| !value.is_empty())
    }

    /// A name with the vendor's prefix, as clients write it.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Names behind the vendor's prefix and `front`, with their values.
    pub(crate) fn family(&self, front: &str) -> impl Iterator<Item = (&str, &'a str)> {
        let front = self.name(front);
        self.values.iter().filter_map(move |(name, value)| {
            let rest = name.strip_prefix(&front).filter(|rest| !rest.is_empty())?;
            Some((rest, *value))
        })
    }

    /// An error about a value under the vendor's prefix.
    pub(crate) fn bad(&self, name: &str, why: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
        Fault::argument(self.name(name), self.own(name).unwrap_or_default(), why)
    }
}

fn is_known(name: &str, prefix: &str) -> bool {
    match name.strip_prefix(prefix) {
        Some(own) => !LISTS.contains(&own),
        None => STANDARD.contains(&name),
    }
}
