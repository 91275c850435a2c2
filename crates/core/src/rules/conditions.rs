//! Conditional requests: `If-Match` and its relatives, for reads, copies and writes.
//!
//! The order is that of RFC 9110 section 13.2.2: an etag condition that is given replaces the date
//! condition of the same sense. Dates count in whole seconds, because that is what clients are shown.

use crate::engine::{Conditions, ETagMatch};
use crate::error::ErrorKind;
use crate::model::{Etag, Timestamp, Versioning};

/// The version a condition is about: its etag and when it was written; `None` when there is none.
type Current<'a> = Option<(&'a Etag, Timestamp)>;

/// Whether a read may go on: `PreconditionFailed`, or `NotModified` when the client's own copy is
/// still good.
pub fn check_read(conditions: &Conditions, current: Current<'_>) -> Result<(), ErrorKind> {
    if !demanded(conditions, current) {
        return Err(ErrorKind::PreconditionFailed);
    }
    if !changed(conditions, current) {
        return Err(ErrorKind::NotModified);
    }
    Ok(())
}

/// Whether a copied part may read its source: every failure is `PreconditionFailed`.
pub fn check_part_source(conditions: &Conditions, current: Current<'_>) -> Result<(), ErrorKind> {
    check_read(conditions, current).map_err(|_| ErrorKind::PreconditionFailed)
}

/// Whether a write may replace what is there. `if_none_match: Any` and `no_overwrite` on something that
/// exists are `ObjectExists`, the latter only where nothing but the current version was ever kept;
/// everything else that fails is `PreconditionFailed`, also a condition that needs a version when there
/// is none.
pub fn check_write(
    conditions: &Conditions,
    versioning: Versioning,
    current: Current<'_>,
) -> Result<(), ErrorKind> {
    let only_new = conditions.if_none_match == Some(ETagMatch::Any)
        || conditions.no_overwrite && versioning == Versioning::Off;
    if only_new && current.is_some() {
        return Err(ErrorKind::ObjectExists);
    }
    check_part_source(conditions, current)
}

/// `if_match`, or else `if_unmodified_since`.
fn demanded(conditions: &Conditions, current: Current<'_>) -> bool {
    match (&conditions.if_match, conditions.if_unmodified_since) {
        (Some(wanted), _) => current.is_some_and(|(etag, _)| matches(wanted, etag)),
        (None, Some(since)) => {
            current.is_some_and(|(_, written)| written.seconds() <= since.seconds())
        }
        (None, None) => true,
    }
}

/// `if_none_match`, or else `if_modified_since`.
fn changed(conditions: &Conditions, current: Current<'_>) -> bool {
    match (&conditions.if_none_match, conditions.if_modified_since) {
        (Some(unwanted), _) => current.is_none_or(|(etag, _)| !matches(unwanted, etag)),
        (None, Some(since)) => {
            current.is_none_or(|(_, written)| written.seconds() > since.seconds())
        }
        (None, None) => true,
    }
}

/// Hex digits compare without regard to case.
fn matches(wanted: &ETagMatch, etag: &Etag) -> bool {
    match wanted {
        ETagMatch::Any => true,
        ETagMatch::OneOf(tags) => {
            let etag = etag.to_string();
            tags.iter().any(|tag| tag.eq_ignore_ascii_case(&etag))
        }
    }
}

#[cfg(test)]
mod tests;
