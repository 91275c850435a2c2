//! Reads what a client's URL names. The URL is not trusted: the policy for what comes in requests holds, and
//! redirects are not followed.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::ports::{FetchFault, Fetched, Fetcher, Phase};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, Method};
use tokio::time::Instant;

use crate::client::{Failure, Http};
use crate::limits::{FETCH_HEAD_TIMEOUT, FETCH_IDLE, FETCH_TIMEOUT};
use crate::policy::Given;

/// Reads URLs over HTTP.
#[derive(Debug)]
pub struct UrlReader {
    http: Arc<Http>,
}

impl UrlReader {
    /// A reader that asks with this client.
    pub fn new(http: Arc<Http>) -> Self {
        Self { http }
    }
}

#[async_trait]
impl Fetcher for UrlReader {
    fn check(&self, url: &str) -> Result<(), FetchFault> {
        let checked = self.http.check(url, Given::ByRequest);
        checked
            .map(|_| ())
            .map_err(|unfit| FetchFault::Refused(unfit.to_string().into()))
    }

    async fn fetch(&self, url: &str) -> Result<Fetched, FetchFault> {
        let checked = self.http.check(url, Given::ByRequest);
        let checked = checked.map_err(|unfit| FetchFault::Refused(unfit.to_string().into()))?;
        let begun = Instant::now();
        let asked = self.http.send(
            Method::GET,
            &checked,
            HeaderMap::new(),
            Bytes::new(),
            begun + FETCH_HEAD_TIMEOUT,
        );
        let answer = asked.await.map_err(|failure| broken(&failure))?;
        let status = answer.status();
        if status != http::StatusCode::OK {
            return Err(FetchFault::Status(status.as_u16()));
        }
        Ok(Fetched {
            len: text(answer.headers(), &CONTENT_LENGTH).and_then(|len| len.parse().ok()),
            content_type: text(answer.headers(), &CONTENT_TYPE).map(Into::into),
            body: answer.stream_until(begun + FETCH_TIMEOUT, FETCH_IDLE),
        })
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The client learns nothing of what was found behind a name.
fn broken(failure: &Failure) -> FetchFault {
    if failure.phase == Phase::Policy {
        let why = "the URL leads to an address that this server does not call";
        return FetchFault::Refused(why.into());
    }
    FetchFault::Broken
}
