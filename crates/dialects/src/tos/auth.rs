//! Who asks: what the vendor's signatures claim (sheet section 2).

mod policy_url;

use cohong_core::engine::{Engine, Secret};
use cohong_sign::{
    Flavour, Payload, Place, PresentError, Presented, RequestHead, TOS, VerifyError, present,
    present_form, signing_key, uncovered, verify,
};
use http::StatusCode;
use http::request::Parts;

use super::error::TosError;
use super::limits::EXPIRES_MAX_S;
use super::route::Op;
use crate::gate::auth::{Claimed, Proved, Rules, Time, form_head, judge, pairs, signed_head};
use crate::gate::pipeline::Named;

/// Judges what stands beside a form. A signature there would not cover the fields, which tell the
/// server what to do, so it is refused.
pub(super) fn before_form(head: &Parts) -> Result<Proved, TosError> {
    let query = head.uri.query().unwrap_or("");
    match present(&TOS, &head.headers, query).map_err(|error| malformed(&error))? {
        None => Ok(Proved::nothing()),
        Some(_) => Err(TosError::invalid_argument(
            "a form is signed by its policy; send it without another signature",
        )),
    }
}

/// Judges a request that is not a form. An unsigned request is anonymous.
pub(super) async fn request(
    engine: &Engine,
    rules: &Rules,
    head: &Parts,
    (op, at): (Op, Named<'_>),
) -> Result<Proved, TosError> {
    let request = signed_head(head);
    let claim = present(&TOS, request.headers, request.query);
    let Some(claim) = claim.map_err(|error| malformed(&error))? else {
        return Ok(Proved::nothing());
    };
    let check = |secret: &Secret| recompute(secret, &claim, &request);
    let (principal, payload) = judge(engine, rules, claimed(&claim)?, check).await?;
    let open = uncovered(&TOS, &claim, &request, &[]).map_err(|e| mismatch(e.to_string()))?;
    if let Some(name) = open.first() {
        return Err(TosError::access_denied(format!(
            "{name} is not covered by the signature; sign it or drop it"
        )));
    }
    if let Flavour::PolicyUrl { policy } = &claim.flavour {
        policy_url::check(policy, op, at, request.query)?;
    }
    let sha256 = match payload {
        Payload::Unsigned => None,
        Payload::Sha256(sum) => Some(sum),
    };
    Ok(Proved {
        principal,
        region: Some(claim.scope.region.into()),
        sha256,
        ..Proved::nothing()
    })
}

/// Judges the fields of a form in front of its file. A form without signature is anonymous. The
/// conditions of its policy are not looked at here.
pub(super) async fn form(
    engine: &Engine,
    rules: &Rules,
    fields: &[(String, String)],
) -> Result<Proved, TosError> {
    let Some(claim) = present_form(&TOS, pairs(fields)).map_err(|error| malformed(&error))? else {
        return Ok(Proved::nothing());
    };
    let check = |secret: &Secret| recompute(secret, &claim, &form_head());
    let (principal, _) = judge(engine, rules, claimed(&claim)?, check).await?;
    Ok(Proved {
        principal,
        region: Some(claim.scope.region.into()),
        ..Proved::nothing()
    })
}

fn claimed(claim: &Presented) -> Result<Claimed<'_>, TosError> {
    let signed = claim.timestamp.unix_seconds();
    let time = match claim.expires {
        None if matches!(claim.flavour, Flavour::Form { .. }) => Time::Form(signed),
        None => Time::Sent(signed),
        Some(life) if (1..=EXPIRES_MAX_S).contains(&life) => Time::Url {
            from: Some(signed),
            until: signed + i64::from(life),
        },
        Some(_) => return Err(bad_query("X-Tos-Expires is between 1 second and 7 days")),
    };
    Ok(Claimed {
        access_key: &claim.access_key,
        token: claim.security_token.as_deref(),
        region: Some(&claim.scope.region),
        time,
        place: match claim.flavour {
            Flavour::Header => Place::Header,
            Flavour::Query | Flavour::PolicyUrl { .. } => Place::Query,
            Flavour::Form { .. } => Place::Form,
        },
    })
}

fn recompute(
    secret: &Secret,
    claim: &Presented,
    head: &RequestHead<'_>,
) -> Result<Payload, TosError> {
    let day_key = signing_key(&TOS, secret.expose(), &claim.scope);
    verify(&TOS, &day_key, claim, head).map_err(|error| match error {
        VerifyError::BadContentHash(bad) => TosError::invalid_argument(bad.to_string()),
        other => mismatch(other.to_string()),
    })
}

fn malformed(error: &PresentError) -> TosError {
    match error.place {
        Place::Query => bad_query(error.to_string()),
        Place::Header | Place::Form => TosError::bad_authorization(error.to_string()),
    }
}

fn bad_query(message: impl Into<std::borrow::Cow<'static, str>>) -> TosError {
    TosError::new(
        StatusCode::BAD_REQUEST,
        "AuthorizationQueryParametersError",
        "0015-00000008",
        message,
    )
}

fn mismatch(message: String) -> TosError {
    TosError::new(
        StatusCode::FORBIDDEN,
        "SignatureDoesNotMatch",
        "0015-00000010",
        message,
    )
}
