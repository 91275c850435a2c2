//! Calls an uploader's application: each address once, in order, until one accepts.
//!
//! Does not know templates, vendors or what the uploader is told. Which answers are success comes with
//! the call; what a dialect puts on it, a signature among that, is written by its [`CallbackFormat`].

mod headers;
mod permits;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::limits::{CALLBACK_ANSWER_BYTES_MAX, CALLBACK_URL_TIMEOUT, CALLBACK_URLS_MAX};
use cohong_core::model::{CallbackSpec, DialectId};
use cohong_core::ports::{
    CallAttempt, CallTarget, CallbackAnswer, CallbackFormat, CallbackOutcome, CallbackRequest,
    CallbackSender, Failed, Fault, Phase, UnfitCall,
};
use cohong_core::rules::callback::{accept_body, accept_head};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use tokio::time::{Instant, timeout_at};

use self::headers::{host_value, written};
use self::permits::{Permit, Permits};
use crate::client::{Failure, Http};
use crate::limits::{CALLBACKS_MAX, CALLBACKS_PER_HOST_MAX};
use crate::policy::{CheckedUrl, Given, UrlError, shown};

/// The limits of callbacks.
#[derive(Clone, Copy, Debug)]
pub struct CallbackLimits {
    /// Time for one address, waiting for a place included.
    pub per_url: Duration,
    /// Largest answer, bytes.
    pub answer_bytes: usize,
    /// Calls under way at once.
    pub calls: usize,
    /// Calls under way at once to one host and port.
    pub calls_per_host: usize,
}

impl Default for CallbackLimits {
    fn default() -> Self {
        Self {
            per_url: CALLBACK_URL_TIMEOUT,
            answer_bytes: CALLBACK_ANSWER_BYTES_MAX,
            calls: CALLBACKS_MAX,
            calls_per_host: CALLBACKS_PER_HOST_MAX,
        }
    }
}

/// Sends callbacks over HTTP.
#[derive(Debug)]
pub struct HttpCallbacks {
    http: Arc<Http>,
    limits: CallbackLimits,
    permits: Permits,
    formats: Formats,
}

/// The dialects that put headers of their own on calls.
pub type Formats = BTreeMap<DialectId, Arc<dyn CallbackFormat>>;

impl HttpCallbacks {
    /// A sender within these limits.
    pub fn new(http: Arc<Http>, limits: CallbackLimits, formats: Formats) -> Self {
        let permits = Permits::new(limits.calls, limits.calls_per_host);
        Self {
            http,
            limits,
            permits,
            formats,
        }
    }

    async fn attempt(
        &self,
        raw: &str,
        call: &CallbackRequest,
        end: Instant,
    ) -> (CallAttempt, Option<CallbackAnswer>) {
        let begun = Instant::now();
        let checked = self.http.check(raw, Given::ByRequest);
        let called = match &checked {
            Ok(url) => {
                self.call(url, call, end.min(begun + self.limits.per_url))
                    .await
            }
            Err(unfit) => Err(Failure::from(unfit.clone())),
        };
        let (status, failed, why, answer) = match called {
            Ok((status, answer)) => (Some(status), None, String::new(), Some(answer)),
            Err(failure) => {
                let Failure { phase, fault, .. } = failure;
                let failed = Some(Failed { phase, fault });
                (failure.status, failed, failure.why, None)
            }
        };
        let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        (
            CallAttempt {
                url: shown(raw).into(),
                status,
                failed,
                why: why.into(),
                took_ms,
            },
            answer,
        )
    }

    async fn call(
        &self,
        url: &CheckedUrl,
        call: &CallbackRequest,
        deadline: Instant,
    ) -> Result<(u16, CallbackAnswer), Failure> {
        let _permit = self.permit(url, deadline).await?;
        let headers = self.headers(url, call, deadline).await?;
        let answer = self
            .http
            .post(url, headers, call.body.clone(), deadline)
            .await?;
        let status = answer.status().as_u16();
        let head = accept_head(call.accept, status, length(answer.headers()));
        head.map_err(|fault| unaccepted(fault, status))?;
        let content_type = answer.headers().get(CONTENT_TYPE);
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let body = answer.body(self.limits.answer_bytes).await;
        let body = body.map_err(|failure| Failure {
            status: Some(status),
            ..failure
        })?;
        let fits = accept_body(call.accept, content_type.as_deref(), &body);
        fits.map_err(|fault| unaccepted(fault, status))?;
        Ok((status, CallbackAnswer { content_type, body }))
    }

    /// All headers of a call, signed as its dialect does.
    async fn headers(
        &self,
        url: &CheckedUrl,
        call: &CallbackRequest,
        deadline: Instant,
    ) -> Result<HeaderMap, Failure> {
        let target = CallTarget {
            path: url.url().path(),
            query: url.url().query(),
            body: &call.body,
        };
        let own = match self.formats.get(&call.about.dialect) {
            Some(format) => timeout_at(deadline, format.headers(&call.about, &target)).await,
            None => Ok(Ok(Vec::new())),
        };
        let own = own.unwrap_or_else(|_| Err("the call was not signed in time".to_owned()));
        let headers = own.and_then(|own| written(call, &own));
        headers.map_err(|why| Failure::new(Phase::Prepare, why))
    }

    async fn permit(&self, url: &CheckedUrl, deadline: Instant) -> Result<Permit<'_>, Failure> {
        match timeout_at(deadline, self.permits.take(url.receiver())).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Failure {
                fault: Fault::Busy,
                ..Failure::new(
                    Phase::Connect,
                    "not called: too many callbacks were under way until the time limit",
                )
            }),
        }
    }
}

/// What `Content-Length` says; `None` when there is none or it is no length.
fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// An answer that came and is not accepted.
fn unaccepted(fault: Fault, status: u16) -> Failure {
    let (phase, why) = match fault {
        Fault::NoLength => (
            Phase::Answer,
            "the answer has no Content-Length; the application has to send one".to_owned(),
        ),
        Fault::TooLong => (
            Phase::Answer,
            format!("the answer is longer than {CALLBACK_ANSWER_BYTES_MAX} bytes"),
        ),
        Fault::Form => (
            Phase::Answer,
            "the answer is no JSON, or no XML where its Content-Type is application/xml".to_owned(),
        ),
        Fault::Status | Fault::Broken | Fault::TimedOut | Fault::Busy => {
            (Phase::Request, format!("the application answered {status}"))
        }
    };
    Failure {
        fault,
        status: Some(status),
        ..Failure::new(phase, why)
    }
}

#[async_trait]
impl CallbackSender for HttpCallbacks {
    fn check(&self, spec: &CallbackSpec) -> Result<(), UnfitCall> {
        if spec.urls.is_empty() || spec.urls.len() > CALLBACK_URLS_MAX {
            let count = spec.urls.len();
            return Err(UnfitCall::Malformed(format!(
                "{count} callback addresses; name 1 to {CALLBACK_URLS_MAX}"
            )));
        }
        for (index, raw) in spec.urls.iter().enumerate() {
            let text =
                |why: &dyn std::fmt::Display| format!("callback address {}: {why}", index + 1);
            match self.http.check(raw, Given::ByRequest) {
                Ok(_) => {}
                Err(UrlError::Refused(refusal)) => return Err(UnfitCall::Address(text(&refusal))),
                Err(malformed) => return Err(UnfitCall::Malformed(text(&malformed))),
            }
        }
        let host = spec.host.as_deref().map(host_value).transpose();
        host.map_err(UnfitCall::Malformed)?;
        Ok(())
    }

    async fn send(&self, call: &CallbackRequest) -> CallbackOutcome {
        let end = Instant::now() + call.timeout;
        let mut called = BTreeSet::new();
        let mut attempts = Vec::new();
        for raw in &call.urls {
            let in_time = attempts.is_empty() || Instant::now() < end;
            if !in_time || !called.insert(raw) {
                continue;
            }
            let (attempt, answer) = self.attempt(raw, call, end).await;
            attempts.push(attempt);
            if answer.is_some() {
                return CallbackOutcome {
                    attempts,
                    answer,
                    unmade: None,
                };
            }
        }
        CallbackOutcome {
            attempts,
            ..CallbackOutcome::default()
        }
    }
}
