//! Who may give orders: a holder of a root key, and never a page of another site.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::Error;
use cohong_core::model::AccessKeyId;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use subtle::ConstantTimeEq;

use super::Admin;
use super::answer::Problem;

/// The account whose keys may give orders.
const ROOT: &str = "root";

/// Refuses requests that a browser makes for a page: every cross-site write names its origin.
pub(super) async fn same_site(request: Request, next: Next) -> Response {
    if request.headers().contains_key(header::ORIGIN) {
        let problem = Problem::new(StatusCode::FORBIDDEN, "web pages may not give orders here")
            .hint("use the command line or a program that sends no Origin header");
        return problem.into_response();
    }
    next.run(request).await
}

/// Asks for a root key.
pub(super) async fn root_key(
    State(admin): State<Arc<Admin>>,
    request: Request,
    next: Next,
) -> Response {
    match is_root(&admin, request.headers()).await {
        Ok(true) => next.run(request).await,
        Ok(false) => unauthorized(),
        Err(error) => Problem::from(error).into_response(),
    }
}

fn unauthorized() -> Response {
    let problem = Problem::new(StatusCode::UNAUTHORIZED, "this asks for a root key").hint(
        "give --key ACCESS:SECRET of the root account, or --data DIR on the server's machine",
    );
    let mut response = problem.into_response();
    let scheme = HeaderValue::from_static("Basic realm=\"cohong\", charset=\"UTF-8\"");
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, scheme);
    response
}

async fn is_root(admin: &Admin, headers: &HeaderMap) -> Result<bool, Error> {
    let Some((access, secret)) = basic(headers) else {
        return Ok(false);
    };
    let Some(known) = admin.engine.credential(&AccessKeyId(access.into())).await? else {
        return Ok(false);
    };
    let root = known
        .principal
        .account()
        .is_some_and(|account| &*account.0 == ROOT);
    let permanent = known.token.is_none() && known.expires_at.is_none();
    let same: bool = known
        .secret
        .expose()
        .as_bytes()
        .ct_eq(secret.as_bytes())
        .into();
    Ok(root && permanent && same)
}

/// User and password of HTTP Basic (RFC 7617).
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (access, secret) = decoded.split_once(':')?;
    Some((access.to_owned(), secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_authentication_is_read_as_the_rfc_writes_it() {
        let cases = [
            ("Basic QUs6c2VjcmV0", Some(("AK", "secret"))),
            ("basic QUs6c2VjcmV0", Some(("AK", "secret"))),
            // AK:se:cret - only the first colon parts.
            ("Basic QUs6c2U6Y3JldA==", Some(("AK", "se:cret"))),
            ("Basic QUs=", None),
            ("Basic ***", None),
            ("Bearer QUs6c2VjcmV0", None),
            ("Basic", None),
        ];
        for (value, expected) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            let found = basic(&headers);
            let found = found
                .as_ref()
                .map(|(access, secret)| (access.as_str(), secret.as_str()));
            assert_eq!(found, expected, "{value}");
        }
        assert_eq!(basic(&HeaderMap::new()), None);
    }
}
