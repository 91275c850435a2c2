//! Who asks: what the vendor's signatures claim (sheet section 2).

use cohong_core::engine::Secret;
use cohong_sign::s3::{
    CONTENT_HASH, Claim, Content, Mismatch, Timing, content, hoisted, present, present_form,
    uncovered, verify,
};
use cohong_sign::{Fault as Flaw, Place, PresentError, RequestHead};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use super::S3;
use super::error::S3Error;
use super::limits::EXPIRES_MAX_S;
use super::words::BUCKET_REGION;
use crate::common::answer::put_text;
use crate::gate::auth::{Claimed, Framing, Proved, Time, form_head, judge, pairs, signed_head};

/// Judges a request that is not a form. An unsigned request is anonymous.
pub(super) async fn request(s3: &S3, head: &Parts) -> Result<Proved, S3Error> {
    let request = signed_head(head);
    let bad = |error: PresentError| malformed(&error);
    let Some(claim) = present(&request).map_err(bad)? else {
        let content = content(request.headers).map_err(bad)?;
        return Ok(Proved {
            sha256: sha256(content),
            framing: framing(content, None),
            ..Proved::nothing()
        });
    };
    let open = uncovered(&claim, request.headers);
    let proved = proved(s3, &claim, &request, s3.bucket_in_host(head).as_deref()).await?;
    if let Some(name) = open.first() {
        return Err(S3Error::of(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "There were headers present in the request which were not signed",
        )
        .with("HeadersNotSigned", name));
    }
    Ok(Proved {
        hoisted: hoisted(&request).map_err(bad)?,
        ..proved
    })
}

/// Judges the fields of a form in front of its file. A form without signature is anonymous. The
/// conditions of its policy are not looked at here.
pub(super) async fn form(s3: &S3, fields: &[(String, String)]) -> Result<Proved, S3Error> {
    let claim = present_form(pairs(fields)).map_err(|error| malformed(&error))?;
    let Some(claim) = claim else {
        return Ok(Proved::nothing());
    };
    proved(s3, &claim, &form_head(), None).await
}

async fn proved(
    s3: &S3,
    claim: &Claim,
    head: &RequestHead<'_>,
    bucket: Option<&str>,
) -> Result<Proved, S3Error> {
    let check = |secret: &Secret| {
        verify(claim, secret.expose(), head, bucket)
            .map_err(|mismatch| does_not_match(claim, &mismatch))
    };
    let judged = judge(&s3.engine, &s3.rules, claimed(claim)?, check).await;
    let (principal, signer) = judged.map_err(|error| located(s3, error))?;
    Ok(Proved {
        principal,
        region: claim.region().map(Into::into),
        sha256: sha256(claim.content),
        framing: framing(claim.content, signer),
        ..Proved::nothing()
    })
}

fn sha256(content: Content) -> Option<[u8; 32]> {
    match content {
        Content::Sha256(sum) => Some(sum),
        Content::Unsigned | Content::Chunked { .. } => None,
    }
}

fn framing(content: Content, signer: Option<cohong_sign::ChunkSigner>) -> Option<Framing> {
    match content {
        Content::Chunked { trailer, .. } => Some(Framing { signer, trailer }),
        Content::Unsigned | Content::Sha256(_) => None,
    }
}

fn claimed(claim: &Claim) -> Result<Claimed<'_>, S3Error> {
    let time = match claim.timing {
        Timing::SignedAt(at) => Time::Sent(at),
        Timing::Until(until) => Time::Url { from: None, until },
        Timing::From { signed_at, seconds } if (1..=EXPIRES_MAX_S).contains(&seconds) => {
            Time::Url {
                from: Some(signed_at),
                until: signed_at.saturating_add(i64::from(seconds)),
            }
        }
        Timing::From { .. } => {
            return Err(bad_query("X-Amz-Expires is between 1 second and 7 days"));
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

/// SDKs repair a wrong region with the one that they are told (sheet, trap 28).
fn located(s3: &S3, error: S3Error) -> S3Error {
    if error.code != "AuthorizationHeaderMalformed" {
        return error;
    }
    let region = &s3.options.default_region;
    let mut headers = HeaderMap::new();
    put_text(&mut headers, BUCKET_REGION, region);
    S3Error {
        headers: Some(Box::new(headers)),
        ..error.with("Region", region)
    }
}

/// 403 `SignatureDoesNotMatch`, with what the server signed instead.
fn does_not_match(claim: &Claim, mismatch: &Mismatch) -> S3Error {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let digits = |bytes: &[u8]| {
        let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.join(" ")
    };
    let signed = &mismatch.string_to_sign;
    let mut elements = vec![
        ("AWSAccessKeyId", claim.access_key.clone()),
        ("StringToSign", text(signed)),
        ("SignatureProvided", claim.signature.clone()),
        ("StringToSignBytes", digits(signed)),
    ];
    if let Some(request) = &mismatch.canonical_request {
        elements.push(("CanonicalRequest", text(request)));
        elements.push(("CanonicalRequestBytes", digits(request)));
    }
    S3Error {
        elements,
        ..S3Error::of(
            StatusCode::FORBIDDEN,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. \
             Check your key and signing method.",
        )
    }
}

fn bad_query(message: impl Into<std::borrow::Cow<'static, str>>) -> S3Error {
    S3Error::bad("AuthorizationQueryParametersError", message)
}

fn malformed(error: &PresentError) -> S3Error {
    let about = |name: &str| match &error.fault {
        Flaw::Malformed { field, .. } | Flaw::Missing { field } => field.eq_ignore_ascii_case(name),
        _ => false,
    };
    match (&error.fault, error.place) {
        (Flaw::Asymmetric, _) => S3Error::not_implemented("signatures with private keys"),
        (Flaw::Missing { .. }, _) if about(CONTENT_HASH) => S3Error::bad(
            "InvalidRequest",
            "Missing required header for this request: x-amz-content-sha256",
        ),
        (Flaw::Malformed { .. }, _) if about(CONTENT_HASH) => {
            S3Error::bad("InvalidArgument", error.to_string()).with("ArgumentName", CONTENT_HASH)
        }
        (Flaw::Conflicting, _) => S3Error::bad(
            "InvalidArgument",
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query \
             string parameter or the Authorization header should be specified",
        ),
        (Flaw::UnknownAlgorithm { .. }, Place::Header) => {
            S3Error::bad("InvalidArgument", "Unsupported Authorization Type")
                .with("ArgumentName", "Authorization")
        }
        (_, Place::Header) if about("x-amz-date") || about("date") => S3Error::of(
            StatusCode::FORBIDDEN,
            "AccessDenied",
            "AWS authentication requires a valid Date or x-amz-date header",
        ),
        (_, Place::Query) => bad_query(error.to_string()),
        (_, Place::Header) => S3Error::bad("AuthorizationHeaderMalformed", error.to_string()),
        (_, Place::Form) => S3Error::bad("InvalidArgument", error.to_string()),
    }
}
