//! The list of header names that a signature covers.

use std::fmt;

use crate::error::Fault;
use crate::limits::MAX_SIGNED_HEADERS;

/// Header names in lower case, sorted, each once: the form in which the canonical request needs them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SignedHeaders(Vec<String>);

impl SignedHeaders {
    /// Parses `a;b;c`. Case and order do not matter; an empty, impossible or repeated name is a fault,
    /// as is a list longer than [`MAX_SIGNED_HEADERS`]. `field` is the name of the list in faults.
    pub fn parse(field: &str, text: &str) -> Result<Self, Fault> {
        let mut names = Vec::new();
        for name in text.split(';') {
            if names.len() == MAX_SIGNED_HEADERS {
                return Err(Fault::malformed(
                    field,
                    "too many names; sign fewer headers",
                ));
            }
            let name = http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                Fault::malformed(field, "write header names separated by semicolons")
            })?;
            names.push(name.as_str().to_owned());
        }
        names.sort_unstable();
        if names.windows(2).any(|pair| pair.first() == pair.last()) {
            return Err(Fault::Duplicate {
                field: format!("a name in {field}"),
            });
        }
        Ok(Self(names))
    }

    /// The list of the given names, sorted and without repetition.
    pub(crate) fn from_names(names: impl Iterator<Item = String>) -> Self {
        let mut names: Vec<String> = names.map(|n| n.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    /// The list without the names that `drop` picks.
    pub(crate) fn without(mut self, drop: impl Fn(&str) -> bool) -> Self {
        self.0.retain(|name| !drop(name));
        self
    }

    /// Whether `name` (lower case) is covered.
    pub fn contains(&self, name: &str) -> bool {
        self.0
            .binary_search_by(|listed| listed.as_str().cmp(name))
            .is_ok()
    }

    /// The names in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl fmt::Display for SignedHeaders {
    /// The names joined with `;`, as they stand in the canonical request.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(";"))
    }
}
