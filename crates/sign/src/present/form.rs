//! Claims in the fields of a POST form.

use super::{Fields, Flavour, Presented, claims_signature, set_once};
use crate::error::{Fault, Place, PresentError};
use crate::scheme::Scheme;

/// Parses the claim of a POST form from its fields (name, value), names in any case; nothing if it is not signed.
///
/// Read only the fields before the file; a form is bound to what they say.
pub fn present_form<'a>(
    scheme: &Scheme,
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Presented>, PresentError> {
    parse(scheme, fields).map_err(|fault| fault.at(Place::Form))
}

fn parse<'a>(
    scheme: &Scheme,
    form: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Presented>, Fault> {
    let mut fields = Fields::default();
    let mut signed = false;
    for (name, value) in form {
        if name.eq_ignore_ascii_case("policy") {
            set_once(&mut fields.policy, "policy", value)?;
            continue;
        }
        let suffix = scheme.suffix(name.as_bytes());
        let Some(suffix) = suffix.filter(|s| means_something(scheme, s)) else {
            continue;
        };
        signed |= claims_signature(scheme, &suffix);
        if let Some(slot) = fields.slot(scheme, &suffix) {
            set_once(slot, name, value)?;
        }
    }
    if !signed {
        return Ok(None);
    }
    fields.check_algorithm(scheme)?;
    let policy = fields.policy.take();
    let policy = policy.ok_or_else(|| Fault::missing("policy"))?;
    fields.assemble(scheme, Flavour::Form { policy }).map(Some)
}

/// Whether a field, after the vendor prefix, has a meaning for the signature of a form.
fn means_something(scheme: &Scheme, suffix: &str) -> bool {
    matches!(suffix, "date" | "security-token") || claims_signature(scheme, suffix)
}
