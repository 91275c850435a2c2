//! Who asks: what the vendor's signature claims (sheet section 2). There are no unsigned requests.

use cohong_core::engine::{Engine, Secret};
use cohong_core::model::Principal;
use cohong_sign::Place;
use cohong_sign::oas::{present, verify};
use http::StatusCode;
use http::request::Parts;

use super::error::OasError;
use crate::gate::auth::{Claimed, Rules, Time, judge, signed_head};

/// Judges a request. The body is covered by the digests in its headers, not by the signature.
pub(super) async fn request(
    engine: &Engine,
    rules: &Rules,
    head: &Parts,
) -> Result<Principal, OasError> {
    let claim = present(&head.headers).map_err(|error| OasError::denied(error.to_string()))?;
    let unsigned = || OasError::denied("sign the request: Authorization: OAS {key}:{signature}");
    let claim = claim.ok_or_else(unsigned)?;
    let claimed = Claimed {
        access_key: &claim.access_key,
        token: None,
        region: None,
        time: Time::Sent(claim.signed_at),
        place: Place::Header,
    };
    let check = |secret: &Secret| {
        verify(&claim, secret.expose(), &signed_head(head)).map_err(|mismatch| {
            let text = String::from_utf8_lossy(&mismatch.string_to_sign);
            OasError::new(
                StatusCode::FORBIDDEN,
                "SignatureDoesNotMatch",
                format!("the signature is not that of the string to sign {text:?}"),
            )
        })
    };
    let (principal, ()) = judge(engine, rules, claimed, check).await?;
    Ok(principal)
}
