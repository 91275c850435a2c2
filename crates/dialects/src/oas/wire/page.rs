//! Which page of a list is asked for (sheet section 4, "Lists").

use super::super::error::OasError;

/// A page asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PageAsked<M> {
    /// Where it begins; from the start when missing.
    pub(crate) marker: Option<M>,
    /// Most entries.
    pub(crate) limit: usize,
}

/// Reads `marker` and `limit`. The default of the limit is its maximum; what is greater counts as that. A marker is
/// an id; the page begins there or at the next one, for an entry may be deleted between two pages.
pub(crate) fn read<M>(
    query: &[(String, String)],
    limit_max: usize,
    parse: impl FnOnce(&str) -> Option<M>,
) -> Result<PageAsked<M>, OasError> {
    let given = |name: &str| {
        let mut named = query.iter().filter(|(found, _)| found == name);
        let value = named.next().map(|(_, value)| value.as_str());
        value.filter(|value| !value.is_empty())
    };
    let limit = given("limit").map(|text| limit(text, limit_max));
    let marker = given("marker").map(|text| {
        let bad = || OasError::argument("marker is what the page before gave as Marker");
        parse(text).ok_or_else(bad)
    });
    Ok(PageAsked {
        marker: marker.transpose()?,
        limit: limit.transpose()?.unwrap_or(limit_max),
    })
}

fn limit(text: &str, limit_max: usize) -> Result<usize, OasError> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let number = text.parse().unwrap_or(limit_max);
    if digits && number > 0 {
        return Ok(number.min(limit_max));
    }
    let why = "limit is a positive number in decimal digits";
    Err(OasError::bad("ParameterIllegal", why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_or_refused() {
        let table = [
            (vec![], Ok((None, 10))),
            (vec![("limit", "3")], Ok((None, 3))),
            (vec![("limit", "11")], Ok((None, 10))),
            (vec![("limit", "99999999999999999999999")], Ok((None, 10))),
            (vec![("limit", "")], Ok((None, 10))),
            (vec![("marker", "")], Ok((None, 10))),
            (vec![("marker", "7"), ("limit", "1")], Ok((Some(7), 1))),
            (vec![("other", "x")], Ok((None, 10))),
            (vec![("limit", "0")], Err("ParameterIllegal")),
            (vec![("limit", "abc")], Err("ParameterIllegal")),
            (vec![("limit", "-1")], Err("ParameterIllegal")),
            (vec![("limit", "+1")], Err("ParameterIllegal")),
            (vec![("limit", "1.5")], Err("ParameterIllegal")),
            (vec![("marker", "x")], Err("InvalidArgument")),
        ];
        for (query, wanted) in table {
            let pairs: Vec<_> = query
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            let found = read(&pairs, 10, |text| text.parse::<u64>().ok());
            let found = found.map(|page| (page.marker, page.limit));
            assert_eq!(found.map_err(|error| error.code), wanted, "{query:?}");
        }
    }
}
