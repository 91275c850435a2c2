//! Posting a message and reading the receiver's verdict.

use std::time::Duration;

use cohong_core::model::Timestamp;
use cohong_core::ports::{Message, Undelivered};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use crate::client::{Answer, Failure, Http};
use crate::limits::DISCARDED_BYTES_MAX;
use crate::policy::Given;
use crate::retry_after;

/// Where a message goes and on whose word.
#[derive(Debug)]
pub(super) struct Receiver<'a> {
    pub(super) url: &'a str,
    pub(super) given: Given,
    /// Headers beside the message's own.
    pub(super) extra: Vec<(&'static str, String)>,
    pub(super) within: Duration,
    pub(super) now: Timestamp,
}

/// Posts once; a 2xx status means accepted.
pub(super) async fn post(
    http: &Http,
    to: Receiver<'_>,
    message: &Message,
) -> Result<u16, Undelivered> {
    let deadline = Instant::now() + to.within;
    let headers = headers(message, &to.extra)?;
    let url = http
        .check(to.url, to.given)
        .map_err(|unfit| unreached(&Failure::from(unfit)))?;
    let answer = http
        .post(&url, headers, message.body.clone(), deadline)
        .await;
    let answer = answer.map_err(|failure| unreached(&failure))?;
    let verdict = verdict(&answer, to.now);
    answer.discard(DISCARDED_BYTES_MAX).await;
    verdict
}

/// The failure is the target's when there was no answer.
fn unreached(failure: &Failure) -> Undelivered {
    let why = format!("{:?}: {}", failure.phase, failure.why);
    Undelivered::Target {
        after: None,
        why,
        status: failure.status,
    }
}

pub(super) fn target_failed(why: String) -> Undelivered {
    Undelivered::Target {
        after: None,
        why,
        status: None,
    }
}

fn verdict(answer: &Answer, now: Timestamp) -> Result<u16, Undelivered> {
    let code = answer.status().as_u16();
    let status = Some(code);
    let why = format!("the receiver answered {code}");
    match answer.status() {
        status if status.is_success() => Ok(code),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Err(Undelivered::Target {
                after: asked_rest(answer, now),
                why,
                status,
            })
        }
        server if server.is_server_error() => Err(Undelivered::Target {
            after: asked_rest(answer, now),
            why,
            status,
        }),
        moved if moved.is_redirection() => {
            let why = format!("{why}; redirects are not followed, configure the final address");
            Err(Undelivered::Target {
                after: None,
                why,
                status,
            })
        }
        odd if odd.is_informational() => Err(Undelivered::Target {
            after: None,
            why,
            status,
        }),
        _ => Err(Undelivered::Event { why, status }),
    }
}

fn asked_rest(answer: &Answer, now: Timestamp) -> Option<Duration> {
    let value = answer.headers().get(RETRY_AFTER)?.to_str().ok()?;
    retry_after::parse(value, now)
}

/// A header that cannot be sent is the event's fault: every attempt at it would fail alike.
fn headers(message: &Message, extra: &[(&'static str, String)]) -> Result<HeaderMap, Undelivered> {
    let own = message
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let extra = extra.iter().map(|(name, value)| (*name, value.as_str()));
    let mut headers = HeaderMap::new();
    for (name, value) in own.chain(extra) {
        let name = name.parse::<HeaderName>();
        let value = HeaderValue::from_bytes(value.as_bytes());
        let (Ok(name), Ok(value)) = (name, value) else {
            let why = "a header of the message holds characters that cannot be sent".to_owned();
            return Err(Undelivered::Event { why, status: None });
        };
        headers.insert(name, value);
    }
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(message.content_type));
    Ok(headers)
}
