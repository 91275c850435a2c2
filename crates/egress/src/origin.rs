//! Asks origins for objects that a bucket does not have. The rules of a bucket name them, not whoever asks for
//! the object; every address passes the policy all the same, and so does every one that an origin redirects to.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::ports::{ByteStream, OriginFault, OriginObject, OriginRequest, Origins};
use futures_util::StreamExt as _;
use http::header::{CONTENT_LENGTH, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};

use crate::client::{Answer, Http};
use crate::limits::{
    ORIGIN_BODY_TIME_MAX, ORIGIN_HOPS_MAX, ORIGIN_IDLE, ORIGIN_TIMEOUT, ORIGINS_AT_ONCE_MAX,
};
use crate::policy::{CheckedUrl, Given};

/// Reaches origins over HTTP.
#[derive(Debug)]
pub struct HttpOrigins {
    http: Arc<Http>,
    places: Arc<Semaphore>,
}

/// Why an origin gives nothing.
enum Unfetched {
    /// It has no such object.
    Missing,
    /// It says no, and another would be asked in vain.
    Refused(String),
    /// It cannot be reached or fails; another may do.
    Failed(String),
}

impl HttpOrigins {
    /// One that calls under the client's policy.
    pub fn new(http: Arc<Http>) -> Self {
        Self {
            http,
            places: Arc::new(Semaphore::new(ORIGINS_AT_ONCE_MAX)),
        }
    }

    /// Asks one origin, and those that it redirects to.
    async fn ask(&self, url: String, request: &OriginRequest) -> Result<Answer, Unfetched> {
        let failed = |why: &dyn std::fmt::Display| Unfetched::Failed(why.to_string());
        let mut url = self
            .http
            .check(&url, Given::ByRequest)
            .map_err(|why| failed(&why))?;
        let mut headers = written(&request.headers);
        for _ in 0..=ORIGIN_HOPS_MAX {
            let end = Instant::now() + ORIGIN_TIMEOUT;
            let sent = headers.clone();
            let sent = self.http.send(Method::GET, &url, sent, Bytes::new(), end);
            let answer = sent
                .await
                .map_err(|failure| Unfetched::Failed(failure.why))?;
            match answer.status() {
                StatusCode::OK => return Ok(answer),
                StatusCode::NOT_FOUND => return Err(Unfetched::Missing),
                status if status.is_redirection() && request.follow => {
                    let next = self.next(&url, answer.headers())?;
                    if next.receiver() != url.receiver() {
                        // What the rule says is for its own origin.
                        headers = HeaderMap::new();
                    }
                    url = next;
                }
                status => {
                    let why = format!("{} answered with {status}", url.shown());
                    return Err(if status.is_server_error() {
                        Unfetched::Failed(why)
                    } else {
                        Unfetched::Refused(why)
                    });
                }
            }
        }
        Err(Unfetched::Refused("the origin redirects in circles".into()))
    }

    /// Where an answer leads.
    fn next(&self, from: &CheckedUrl, headers: &HeaderMap) -> Result<CheckedUrl, Unfetched> {
        let to = headers.get(LOCATION).and_then(|to| to.to_str().ok());
        let to = to.and_then(|to| from.url().join(to).ok());
        let to = to.ok_or_else(|| Unfetched::Refused("the origin redirects to nowhere".into()))?;
        let checked = self.http.check(to.as_str(), Given::ByRequest);
        checked.map_err(|why| Unfetched::Refused(why.to_string()))
    }
}

#[async_trait]
impl Origins for HttpOrigins {
    async fn fetch(&self, request: OriginRequest) -> Result<OriginObject, OriginFault> {
        let place = timeout(ORIGIN_TIMEOUT, self.places.clone().acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(OriginFault::Failed(
                "too many objects are being fetched".into(),
            ));
        };
        if request
            .key
            .split('/')
            .any(|part| matches!(part, "." | ".."))
        {
            // It would lead out of what the rule names.
            return Err(OriginFault::Missing);
        }
        let mut last = String::from("no origin is named");
        for origin in &request.origins {
            match self.ask(address(origin, &request), &request).await {
                Ok(answer) => return Ok(object(answer, place)),
                Err(Unfetched::Missing) => return Err(OriginFault::Missing),
                Err(Unfetched::Refused(why)) => return Err(OriginFault::Failed(why.into())),
                Err(Unfetched::Failed(why)) => last = why,
            }
        }
        Err(OriginFault::Failed(last.into()))
    }
}

/// The URL of an object at an origin.
fn address(origin: &str, request: &OriginRequest) -> String {
    let slash = if origin.ends_with('/') { "" } else { "/" };
    let key = cohong_sign::encode_path(request.key.as_bytes());
    let mut url = format!("{origin}{slash}{key}");
    if !request.query.is_empty() {
        url.extend(["?", &request.query]);
    }
    url
}

/// Headers, those left out that cannot be some.
fn written(pairs: &[(Box<str>, Box<str>)]) -> HeaderMap {
    let pair = |(name, value): &(Box<str>, Box<str>)| {
        let name = HeaderName::try_from(&**name).ok()?;
        Some((name, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    pairs.iter().filter_map(pair).collect()
}

fn object(answer: Answer, place: OwnedSemaphorePermit) -> OriginObject {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into();
    let headers = answer.headers();
    let len = headers
        .get(CONTENT_LENGTH)
        .and_then(|len| len.to_str().ok());
    OriginObject {
        len: len.and_then(|len| len.parse().ok()),
        headers: headers
            .iter()
            .map(|(name, value)| (name.as_str().into(), text(value)))
            .collect(),
        body: bounded(answer, place),
    }
}

/// A body that ends in time, and with it the place it takes.
fn bounded(answer: Answer, place: OwnedSemaphorePermit) -> ByteStream {
    let end = Instant::now() + ORIGIN_BODY_TIME_MAX;
    let body = answer.stream_until(end, ORIGIN_IDLE);
    Box::pin(body.inspect(move |_| {
        let _held = &place;
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_put_behind_origins() {
        let cases = [
            ("http://origin/", "a b/c", "", "http://origin/a%20b/c"),
            ("http://origin/x", "a?b", "", "http://origin/x/a%3Fb"),
            (
                "http://origin/",
                "@evil.org",
                "q=1",
                "http://origin/%40evil.org?q=1",
            ),
            (
                "http://origin/",
                "//evil.org",
                "",
                "http://origin///evil.org",
            ),
        ];
        for (origin, key, query, wanted) in cases {
            let request = OriginRequest {
                origins: Vec::new(),
                key: key.into(),
                query: query.into(),
                headers: Vec::new(),
                follow: false,
            };
            assert_eq!(address(origin, &request), wanted);
        }
    }
}
