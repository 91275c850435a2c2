//! Claims in the fields of a POST form (S3 sheet section 2.4).

use super::claim::{Basis, Claim};
use super::content::Content;
use super::{v2, v4};
use crate::error::{Fault, Place, PresentError};
use crate::present::{self, require};
use crate::scheme::AWS4;
use crate::versions::Timing;
use crate::versions::fields::{access_key, field};

/// Parses the claim of a POST form from its fields (name, value), names in any case; nothing if it is not signed.
///
/// Read only the fields before the file; a form is bound to what they say.
pub fn present_form<'a>(
    fields: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Option<Claim>, PresentError> {
    let fields: Vec<(&str, &str)> = fields.into_iter().collect();
    let at = |fault: Fault| fault.at(Place::Form);
    let presented = present::present_form(&AWS4, fields.iter().copied())?;
    match (presented, is_v2(&fields)) {
        (Some(_), true) => Err(at(Fault::Duplicate {
            field: "the signature".to_owned(),
        })),
        (Some(presented), false) => {
            let claim = v4::claim(Place::Form, presented, Content::Unsigned, Vec::new());
            Ok(Some(claim))
        }
        (None, true) => parse_v2(&fields).map(Some).map_err(at),
        (None, false) => Ok(None),
    }
}

fn is_v2(fields: &[(&str, &str)]) -> bool {
    let own = |name: &str| {
        [v2::KEY, v2::SIGNATURE]
            .iter()
            .any(|own| name.eq_ignore_ascii_case(own))
    };
    fields.iter().any(|(name, _)| own(name))
}

fn parse_v2(fields: &[(&str, &str)]) -> Result<Claim, Fault> {
    let needed = |name: &str| require(field(fields, name)?, || name.to_owned());
    let token = field(fields, v4::TOKEN)?.filter(|token| !token.is_empty());
    Ok(Claim {
        place: Place::Form,
        access_key: access_key(needed(v2::KEY)?)?,
        security_token: token.map(str::to_owned),
        timing: Timing::Policy,
        content: Content::Unsigned,
        signature: needed(v2::SIGNATURE)?.to_owned(),
        policy: Some(needed("policy")?.to_owned()),
        basis: Basis::V2 {
            date: String::new(),
        },
    })
}
