//! Claims in the fields of a POST form (OSS sheet section 2.6).

use super::claim::{Basis, Claim};
use super::{V1_KEY, VERSION, v2, v4};
use crate::error::{Fault, Place, PresentError};
use crate::present::{self, require};
use crate::signed_headers::SignedHeaders;
use crate::versions::Timing;
use crate::versions::fields::{access_key, field};

/// Signature of version 1.
const V1_SIGNATURE: &str = "Signature";

/// Parses the claim of a POST form from its fields (name, value), names in any case; nothing if it is not signed.
///
/// Read only the fields before the file; a form is bound to what they say.
pub fn present_form<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Claim>, PresentError> {
    let fields: Vec<(&str, &str)> = fields.into_iter().collect();
    let at = |fault: Fault| fault.at(Place::Form);
    match field(&fields, VERSION).map_err(at)? {
        Some(v2::ALGORITHM) => {
            let basis = Basis::V2 {
                date: String::new(),
                additional: SignedHeaders::default(),
            };
            plain(&fields, v2::KEY, v2::SIGNATURE, basis)
                .map(Some)
                .map_err(at)
        }
        None if [V1_KEY, V1_SIGNATURE].iter().any(|n| has(&fields, n)) => {
            let basis = Basis::V1 {
                date: String::new(),
            };
            plain(&fields, V1_KEY, V1_SIGNATURE, basis)
                .map(Some)
                .map_err(at)
        }
        _ => {
            let presented = present::present_form(&v4::SCHEME, fields)?;
            Ok(presented.map(|presented| v4::claim(Place::Form, presented)))
        }
    }
}

/// The claim of versions 1 and 2, whose fields have other names.
fn plain(
    fields: &[(&str, &str)],
    key: &str,
    signature: &str,
    basis: Basis,
) -> Result<Claim, Fault> {
    let needed = |name: &str| require(field(fields, name)?, || name.to_owned());
    let token = field(fields, "x-oss-security-token")?.filter(|token| !token.is_empty());
    Ok(Claim {
        place: Place::Form,
        access_key: access_key(needed(key)?)?,
        security_token: token.map(str::to_owned),
        timing: Timing::Policy,
        signature: needed(signature)?.to_owned(),
        policy: Some(needed("policy")?.to_owned()),
        basis,
    })
}

fn has(fields: &[(&str, &str)], name: &str) -> bool {
    fields
        .iter()
        .any(|(given, _)| given.eq_ignore_ascii_case(name))
}
