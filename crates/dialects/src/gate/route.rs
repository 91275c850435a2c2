//! What routing looks at, and the questions all dialects ask of it.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};

use super::fault::Fault;

/// What the address names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Nothing: the service itself.
    Service,
    /// A bucket.
    Bucket,
    /// An object of a bucket.
    Object,
}

/// The facts of a request that tell its operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// Method.
    pub(crate) method: &'a Method,
    /// What the address names.
    pub(crate) level: Level,
    /// Decoded query parameters.
    pub(crate) query: &'a [(String, String)],
    /// Whether a copy source is named.
    pub(crate) copies: bool,
    /// Whether the body is `multipart/form-data`.
    pub(crate) form: bool,
    /// Whether the host shows the bucket as a website.
    pub(crate) pages: bool,
    /// Whether a parameter belongs to the signature or the SDK and selects nothing.
    pub(crate) neutral: fn(&str) -> bool,
}

impl Facts<'_> {
    /// Whether a parameter is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.query.iter().any(|(found, _)| found == name)
    }

    /// Whether no parameter selects anything.
    pub(crate) fn plain(&self) -> bool {
        self.query.iter().all(|(name, _)| (self.neutral)(name))
    }

    /// Two names would select two operations; which one was meant is not guessed.
    pub(crate) fn one_of(&self, names: &[&str]) -> Result<(), Fault> {
        let mut given = names.iter().filter(|name| self.has(name));
        match (given.next(), given.next()) {
            (Some(one), Some(other)) => Err(Fault::argument(
                (*other).to_owned(),
                "",
                format!("the query names both {one} and {other}; ask for one"),
            )),
            _ => Ok(()),
        }
    }

    /// The first of these names that is there.
    pub(crate) fn first_of(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| self.has(name))
    }

    /// The operation when nothing but these parameters is there: any other name might be a sub-resource,
    /// which must not be answered with another operation.
    pub(crate) fn only<Op>(&self, known: &[&str], op: Op) -> Result<Op, Fault> {
        let unknown = self
            .query
            .iter()
            .find(|(name, _)| !(self.neutral)(name) && !known.contains(&name.as_str()));
        match unknown {
            None => Ok(op),
            Some((name, _)) => Err(Fault::method(format!(
                "the sub-resource {name:?} does not exist"
            ))),
        }
    }
}

/// Method, path without its first slash, and operation. A part in braces is any one segment, an empty one too.
pub(crate) type Row<Op> = (Method, &'static str, Op);

/// Why no row of a table fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Astray {
    /// There is no such path.
    Path,
    /// There is, but not with this method.
    Method,
}

/// The row of a method and a raw path, and the decoded segments that stand for its parts in braces.
pub(crate) fn find<'t, Op>(
    table: &'t [Row<Op>],
    method: &Method,
    path: &str,
) -> Result<(&'t Row<Op>, Vec<String>), Astray> {
    let segments = segments(path).ok_or(Astray::Path)?;
    let mut why = Astray::Path;
    for row in table {
        let Some(taken) = taken(row.1, &segments) else {
            continue;
        };
        if row.0 == *method {
            return Ok((row, taken));
        }
        why = Astray::Method;
    }
    Err(why)
}

/// The decoded segments of a path, without the first slash; `None` when they are no text.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let decoded = path.split('/').map(|segment| {
        let bytes = cohong_sign::decode(segment).ok()?;
        String::from_utf8(bytes).ok()
    });
    decoded.collect()
}

/// What stands for the parts in braces in segments that fit a pattern.
fn taken(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    if pattern.split('/').count() != segments.len() {
        return None;
    }
    let mut taken = Vec::new();
    for (part, segment) in pattern.split('/').zip(segments) {
        if part.starts_with('{') {
            taken.push(segment.clone());
        } else if part != segment {
            return None;
        }
    }
    Some(taken)
}

/// A method that does nothing here.
pub(crate) fn not_allowed() -> Fault {
    Fault::method("this method does nothing here")
}

/// Whether a body is a form.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"multipart/form-data"))
}
