//! Claims in query parameters: presigned URLs and policy URLs.

use super::{Fields, Flavour, Presented, claims_signature, set_once};
use crate::error::{Fault, Place, PresentError};
use crate::scheme::Scheme;

/// Gathers the signature parameters of a query, names in any case; nothing if they claim no signature.
///
/// A query that cannot be decoded is a fault even if it might hold no claim: no later step could read it.
pub(super) fn claims(scheme: &Scheme, query: &str) -> Result<Option<Fields>, PresentError> {
    let at = |fault: Fault| fault.at(Place::Query);
    let pairs = scheme.pairs(query).map_err(|_| {
        let hint = "a percent sign must be followed by two hexadecimal digits";
        at(Fault::malformed("query", hint))
    })?;
    let mut fields = Fields::default();
    let mut claimed = Vec::new();
    for (name, value) in &pairs {
        let Some(suffix) = scheme.suffix(name) else {
            continue;
        };
        if fields.slot(scheme, &suffix).is_some() {
            claimed.push((suffix, value));
        }
    }
    if !claimed
        .iter()
        .any(|(suffix, _)| claims_signature(scheme, suffix))
    {
        return Ok(None);
    }
    for (suffix, value) in claimed {
        let name = scheme.header(&suffix);
        let text = std::str::from_utf8(value)
            .map_err(|_| at(Fault::malformed(name.as_str(), "use UTF-8")))?;
        if let Some(slot) = fields.slot(scheme, &suffix) {
            set_once(slot, &name, text).map_err(at)?;
        }
    }
    Ok(Some(fields))
}

/// Parses gathered parameters. A policy makes it a policy URL, which has no `SignedHeaders`.
pub(super) fn parse(scheme: &Scheme, mut fields: Fields) -> Result<Presented, Fault> {
    fields.check_algorithm(scheme)?;
    let flavour = match fields.policy.take() {
        Some(_) if fields.signed_headers.is_some() => {
            let hint = "a policy URL has no list of signed headers; send one of the two";
            return Err(Fault::malformed(scheme.parameter("Policy"), hint));
        }
        Some(policy) => Flavour::PolicyUrl { policy },
        None => Flavour::Query,
    };
    fields.assemble(scheme, flavour)
}
