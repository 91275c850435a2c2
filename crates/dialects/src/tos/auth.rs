//! Who asks: claims of signatures judged by clock, region and secret (sheet section 2).

use std::sync::Arc;

use cohong_core::engine::{Credential, Engine};
use cohong_core::model::{AccessKeyId, Principal, Timestamp};
use cohong_core::{Error, ErrorKind};
use cohong_sign::{
    Flavour, Payload, Place, PresentError, Presented, RequestHead, TOS, VerifyError, present,
    present_form, signing_key, uncovered, verify,
};
use http::StatusCode;
use http::request::Parts;
use sha2::{Digest as _, Sha256};

use super::error::TosError;
use super::limits::{EXPIRES_MAX_S, SKEW_MAX};

/// What a request proved.
#[derive(Debug)]
pub(super) struct Proved {
    /// On whose behalf it runs.
    pub principal: Principal,
    /// Region of the signature; none for unsigned requests.
    pub region: Option<Box<str>>,
    /// What the body must hash to.
    pub sha256: Option<[u8; 32]>,
}

impl Proved {
    /// An unsigned request.
    const NOTHING: Self = Self {
        principal: Principal::Anonymous,
        region: None,
        sha256: None,
    };
}

/// Judges what stands beside a form. A signature there would not cover the fields, which tell the
/// server what to do, so it is refused.
pub(super) fn before_form(head: &Parts) -> Result<Proved, TosError> {
    let query = head.uri.query().unwrap_or("");
    match present(&TOS, &head.headers, query).map_err(|error| malformed(&error))? {
        None => Ok(Proved::NOTHING),
        Some(_) => Err(TosError::invalid_argument(
            "a form is signed by its policy; send it without another signature",
        )),
    }
}

/// Judges claims.
#[derive(Debug)]
pub(super) struct Auth {
    engine: Arc<Engine>,
    regions: Vec<String>,
}

impl Auth {
    pub(super) fn new(engine: Arc<Engine>, regions: Vec<String>) -> Self {
        Self { engine, regions }
    }

    /// Judges a request that is not a form. An unsigned request is anonymous.
    pub(super) async fn request(&self, head: &Parts) -> Result<Proved, TosError> {
        let request = RequestHead {
            method: &head.method,
            path: head.uri.path(),
            query: head.uri.query().unwrap_or(""),
            headers: &head.headers,
        };
        let Some(claim) =
            present(&TOS, request.headers, request.query).map_err(|error| malformed(&error))?
        else {
            return Ok(Proved::NOTHING);
        };
        if matches!(claim.flavour, Flavour::PolicyUrl { .. }) {
            return Err(TosError::from(Error::new(
                ErrorKind::Unsupported,
                "policy URLs are not implemented; presign the single request instead",
            )));
        }
        let (principal, payload) = self.judge(&claim, &request).await?;
        let open = uncovered(&TOS, &claim, &request, &[]).map_err(|e| mismatch(e.to_string()))?;
        if let Some(name) = open.first() {
            return Err(denied(format!(
                "{name} is not covered by the signature; sign it or drop it"
            )));
        }
        let sha256 = match payload {
            Payload::Unsigned => None,
            Payload::Sha256(sum) => Some(sum),
        };
        Ok(Proved {
            principal,
            region: Some(claim.scope.region.into()),
            sha256,
        })
    }

    /// Judges the fields of a form in front of its file. A form without signature is anonymous. The
    /// conditions of its policy are not looked at here.
    pub(super) async fn form(&self, fields: &[(String, String)]) -> Result<Proved, TosError> {
        let pairs = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let Some(claim) = present_form(&TOS, pairs).map_err(|error| malformed(&error))? else {
            return Ok(Proved::NOTHING);
        };
        let headers = http::HeaderMap::new();
        let head = RequestHead {
            method: &http::Method::POST,
            path: "/",
            query: "",
            headers: &headers,
        };
        let (principal, _) = self.judge(&claim, &head).await?;
        Ok(Proved {
            principal,
            region: Some(claim.scope.region.into()),
            sha256: None,
        })
    }

    /// Clock, region, key and signature, in this order; the secret is used for nothing else.
    async fn judge(
        &self,
        claim: &Presented,
        head: &RequestHead<'_>,
    ) -> Result<(Principal, Payload), TosError> {
        let now = self.engine.ports().clock.now();
        check_time(claim, now)?;
        if !self.regions.contains(&claim.scope.region) {
            return Err(forbidden(
                "AuthorizationHeaderMalformed",
                "0015-00000006",
                format!(
                    "the region {:?} is not served here; add it to `tos.regions`",
                    claim.scope.region
                ),
            ));
        }
        let key = AccessKeyId(claim.access_key.as_str().into());
        let credential = self.engine.credential(&key).await?.ok_or_else(|| {
            TosError::from(Error::new(
                ErrorKind::UnknownAccessKey,
                "this access key does not exist",
            ))
        })?;
        let day_key = signing_key(&TOS, credential.secret.expose(), &claim.scope);
        let payload = verify(&TOS, &day_key, claim, head).map_err(|error| match error {
            VerifyError::BadContentHash(bad) => TosError::invalid_argument(bad.to_string()),
            other => mismatch(other.to_string()),
        })?;
        check_token(claim, &credential, now)?;
        Ok((credential.principal, payload))
    }
}

/// Skew of signed requests and forms; life of presigned URLs.
fn check_time(claim: &Presented, now: Timestamp) -> Result<(), TosError> {
    let now = i64::try_from(now.seconds()).unwrap_or(i64::MAX);
    let signed = claim.timestamp.unix_seconds();
    let skew = i64::try_from(SKEW_MAX.as_secs()).unwrap_or(i64::MAX);
    let too_skewed = || {
        forbidden(
            "RequestTimeTooSkewed",
            "0015-00000007",
            "the request was signed more than 15 minutes away from the server's clock; set your clock",
        )
    };
    let Some(expires) = claim.expires else {
        let form = matches!(claim.flavour, Flavour::Form { .. });
        // A form may be signed long before it is sent; its policy says when it ends.
        let bad = if form {
            signed > now + skew
        } else {
            signed.abs_diff(now) > SKEW_MAX.as_secs()
        };
        return if bad { Err(too_skewed()) } else { Ok(()) };
    };
    if expires == 0 || expires > EXPIRES_MAX_S {
        return Err(TosError::new(
            StatusCode::BAD_REQUEST,
            "AuthorizationQueryParametersError",
            "0015-00000008",
            "X-Tos-Expires is between 1 second and 7 days",
        ));
    }
    if signed > now + skew {
        return Err(too_skewed());
    }
    if now > signed + i64::from(expires) {
        return Err(denied("the URL has expired; presign it again"));
    }
    Ok(())
}

/// A temporary key needs its token, and in time; a permanent one takes none.
fn check_token(claim: &Presented, key: &Credential, now: Timestamp) -> Result<(), TosError> {
    let bad = |text| forbidden("InvalidSecurityToken", "0015-00000009", text);
    match (&key.token, &claim.security_token) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(bad("this access key takes no security token")),
        (Some(_), None) => Err(bad(
            "this access key is temporary and needs its security token",
        )),
        (Some(token), Some(given)) => {
            // Of digests, so that the time taken tells nothing about the token.
            if Sha256::digest(token.0.as_bytes()) != Sha256::digest(given.as_bytes()) {
                return Err(bad("this is not the security token of the access key"));
            }
            if key.expires_at.is_some_and(|end| now >= end) {
                return Err(TosError::from(Error::new(
                    ErrorKind::ExpiredToken,
                    "the temporary credential has expired; issue a new one",
                )));
            }
            Ok(())
        }
    }
}

fn malformed(error: &PresentError) -> TosError {
    match error.place {
        Place::Query => TosError::new(
            StatusCode::BAD_REQUEST,
            "AuthorizationQueryParametersError",
            "0015-00000008",
            error.to_string(),
        ),
        Place::Header | Place::Form => forbidden(
            "AuthorizationHeaderMalformed",
            "0015-00000006",
            error.to_string(),
        ),
    }
}

fn mismatch(message: String) -> TosError {
    forbidden("SignatureDoesNotMatch", "0015-00000010", message)
}

fn denied(message: impl Into<std::borrow::Cow<'static, str>>) -> TosError {
    forbidden("AccessDenied", "0015-00000001", message)
}

fn forbidden(
    code: &'static str,
    ec: &'static str,
    message: impl Into<std::borrow::Cow<'static, str>>,
) -> TosError {
    TosError::new(StatusCode::FORBIDDEN, code, ec, message)
}
