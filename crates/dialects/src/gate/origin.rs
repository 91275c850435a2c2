//! Pages of other origins: what browsers ask before a request, and what they are told with each answer.
//! The headers are those of the Fetch standard (<https://fetch.spec.whatwg.org/#http-cors-protocol>) and
//! alike with all vendors; whoever set the rules of a bucket, they count in every dialect.

use cohong_core::engine::Engine;
use cohong_core::model::{BucketName, Cors, CorsMethod};
use cohong_core::rules::cors;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::call::Call;
use super::fault::Fault;
use super::{OutBody, full};

/// Methods that rules name.
const METHODS: [CorsMethod; 5] = [
    CorsMethod::Get,
    CorsMethod::Put,
    CorsMethod::Post,
    CorsMethod::Delete,
    CorsMethod::Head,
];

/// The method of rules that a word means.
pub(crate) fn method_of(word: &str) -> Option<CorsMethod> {
    METHODS
        .into_iter()
        .find(|method| method_word(*method) == word)
}

/// The word for a method of rules.
pub(crate) fn method_word(method: CorsMethod) -> &'static str {
    match method {
        CorsMethod::Get => "GET",
        CorsMethod::Put => "PUT",
        CorsMethod::Post => "POST",
        CorsMethod::Delete => "DELETE",
        CorsMethod::Head => "HEAD",
    }
}

/// Answers a preflight request: whether a page may send what it announces. Nobody signs one.
pub(crate) async fn preflight(call: &Call, engine: &Engine) -> Result<Response<OutBody>, Fault> {
    let origin = needed(call, &ORIGIN)?;
    let method = needed(call, &ACCESS_CONTROL_REQUEST_METHOD)?;
    let asked = call.header(ACCESS_CONTROL_REQUEST_HEADERS.as_str())?;
    let asked = asked.unwrap_or_default().split(',').map(str::trim);
    let asked: Vec<&str> = asked.filter(|name| !name.is_empty()).collect();
    let rules = engine.cors_of(call.bucket()?).await?;
    let rules = rules.ok_or(Fault::Origin(
        "the bucket has no rules for pages of other origins",
    ))?;
    let found =
        method_of(method).and_then(|method| cors::preflight(&rules, origin, method, &asked));
    let found = found.ok_or(Fault::Origin(
        "no rule of the bucket allows this origin, method and these headers",
    ))?;
    let methods: Vec<&str> = found
        .rule
        .methods
        .iter()
        .copied()
        .map(method_word)
        .collect();
    let mut headers = allowed(&found);
    put(&mut headers, ACCESS_CONTROL_ALLOW_METHODS, &methods);
    put(&mut headers, ACCESS_CONTROL_ALLOW_HEADERS, &asked);
    if let Some(seconds) = found.rule.max_age_s {
        headers.insert(ACCESS_CONTROL_MAX_AGE, seconds.into());
    }
    let mut response = full(StatusCode::OK, Vec::new());
    *response.headers_mut() = headers;
    Ok(response)
}

fn needed<'a>(call: &'a Call, name: &HeaderName) -> Result<&'a str, Fault> {
    let found = call.header(name.as_str())?;
    found.ok_or_else(|| {
        let why = format!("a preflight request has the header {name}");
        Fault::argument(name.to_string(), "", why)
    })
}

/// What any answer to a request tells a browser, errors included. `bucket` is not checked to be one. Rules
/// that cannot be read allow nothing, and the log says so.
pub(super) async fn told(engine: &Engine, head: &Parts, bucket: Option<&str>) -> HeaderMap {
    let none = HeaderMap::new();
    let origin = head.headers.get(ORIGIN);
    // Caches keep answers to these two only.
    let kept = head.method == Method::GET || head.method == Method::HEAD;
    let Some(Ok(bucket)) = bucket
        .filter(|_| origin.is_some() || kept)
        .map(BucketName::new)
    else {
        return none;
    };
    if origin.is_none() && !engine.may_have_cors(&bucket) {
        return none;
    }
    match engine.cors_of(&bucket).await {
        Ok(Some(rules)) => by_rules(&rules, head, origin),
        Ok(None) => none,
        Err(error) => {
            tracing::warn!(%bucket, %error, "the rules for pages of other origins cannot be read");
            none
        }
    }
}

fn by_rules(rules: &Cors, head: &Parts, origin: Option<&HeaderValue>) -> HeaderMap {
    let text = origin.and_then(|origin| origin.to_str().ok());
    let method = method_of(head.method.as_str());
    let found = text
        .zip(method)
        .and_then(|(origin, method)| cors::actual(rules, origin, method));
    let mut headers = found.as_ref().map(allowed).unwrap_or_default();
    // What another origin would be told may differ; whether that is told without one is up to the rules.
    if origin.is_some() || rules.varies() {
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    headers
}

fn allowed(found: &cors::Allowed<'_>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    put(&mut headers, ACCESS_CONTROL_ALLOW_ORIGIN, &[found.origin]);
    let exposed: Vec<&str> = found.rule.exposed.iter().map(|name| &**name).collect();
    put(&mut headers, ACCESS_CONTROL_EXPOSE_HEADERS, &exposed);
    headers
}

/// Adds a list, unless it is empty. Its texts came in headers, or were checked to be able to.
fn put(headers: &mut HeaderMap, name: HeaderName, values: &[&str]) {
    if let Some(Ok(value)) = (!values.is_empty()).then(|| values.join(", ").parse()) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_methods_go_both_ways() {
        for method in METHODS {
            assert_eq!(method_of(method_word(method)), Some(method));
        }
        for word in ["", "*", "get", "OPTIONS"] {
            assert_eq!(method_of(word), None, "{word}");
        }
    }
}
