//! Who asks: what the vendor's signatures claim (sheet section 2).

use cohong_core::engine::{Engine, Secret};
use cohong_sign::oss::{Claim, Resource, Timing, present, present_form, verify};
use cohong_sign::{Place, PresentError, RequestHead};
use http::request::Parts;

use super::error::OssError;
use super::limits::EXPIRES_MAX_S;
use crate::gate::auth::{Claimed, Proved, Rules, Time, form_head, judge, pairs, signed_head};
use crate::gate::fault::Fault;
use crate::gate::pipeline::Named;

/// Judges a request that is not a form. An unsigned request is anonymous.
pub(super) async fn request(
    engine: &Engine,
    rules: &Rules,
    head: &Parts,
    at: Named<'_>,
) -> Result<Proved, OssError> {
    let request = signed_head(head);
    let Some(claim) = present(&request).map_err(|error| malformed(&error))? else {
        return Ok(Proved::nothing());
    };
    let resource = Resource {
        bucket: at.bucket,
        key: at.key.unwrap_or_default().as_bytes(),
    };
    proved(engine, rules, &claim, &request, &resource).await
}

/// Judges the fields of a form in front of its file. A form without signature is anonymous. The
/// conditions of its policy are not looked at here.
pub(super) async fn form(
    engine: &Engine,
    rules: &Rules,
    fields: &[(String, String)],
) -> Result<Proved, OssError> {
    let Some(claim) = present_form(pairs(fields)).map_err(|error| malformed(&error))? else {
        return Ok(Proved::nothing());
    };
    let resource = Resource {
        bucket: None,
        key: &[],
    };
    proved(engine, rules, &claim, &form_head(), &resource).await
}

async fn proved(
    engine: &Engine,
    rules: &Rules,
    claim: &Claim,
    head: &RequestHead<'_>,
    resource: &Resource<'_>,
) -> Result<Proved, OssError> {
    let check = |secret: &Secret| {
        verify(claim, secret.expose(), head, resource)
            .map_err(|mismatch| OssError::signature_does_not_match(claim, &mismatch))
    };
    let (principal, ()) = judge(engine, rules, claimed(claim)?, check).await?;
    Ok(Proved {
        principal,
        region: claim.region().map(Into::into),
        ..Proved::nothing()
    })
}

fn claimed(claim: &Claim) -> Result<Claimed<'_>, OssError> {
    let time = match claim.timing {
        Timing::SignedAt(at) if claim.place == Place::Form => Time::Form(at),
        Timing::SignedAt(at) => Time::Sent(at),
        Timing::Until(until) => Time::Url { from: None, until },
        Timing::From { signed_at, seconds } if (1..=EXPIRES_MAX_S).contains(&seconds) => {
            Time::Url {
                from: Some(signed_at),
                until: signed_at.saturating_add(i64::from(seconds)),
            }
        }
        Timing::From { seconds, .. } => {
            let why = "x-oss-expires is between 1 second and 7 days";
            return Err(Fault::argument("x-oss-expires", &seconds.to_string(), why).into());
        }
        Timing::Policy => Time::Policy,
    };
    Ok(Claimed {
        access_key: &claim.access_key,
        token: claim.security_token.as_deref(),
        region: claim.region(),
        time,
        place: claim.place,
    })
}

fn malformed(error: &PresentError) -> OssError {
    let name = match error.place {
        Place::Header => "Authorization",
        Place::Query => "query",
        Place::Form => "form",
    };
    Fault::argument(name, "", error.to_string()).into()
}
