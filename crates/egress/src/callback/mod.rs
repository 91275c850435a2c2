//! Calls an uploader's application: each address once, in order, until one answers 2xx.
//!
//! Does not know templates, signatures or what the uploader is told; all of that is done by its
//! callers.

mod permits;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cohong_core::limits::{CALLBACK_ANSWER_BYTES_MAX, CALLBACK_URL_TIMEOUT, CALLBACK_URLS_MAX};
use cohong_core::model::CallbackSpec;
use cohong_core::ports::{
    CallAttempt, CallbackAnswer, CallbackOutcome, CallbackRequest, CallbackSender, Phase,
};
use http::header::{CONTENT_TYPE, HOST};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue};
use tokio::time::{Instant, timeout_at};

use self::permits::{Permit, Permits};
use crate::client::{Failure, Http};
use crate::limits::{CALLBACKS_MAX, CALLBACKS_PER_HOST_MAX};
use crate::policy::{CheckedUrl, Given, shown};

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
}

impl HttpCallbacks {
    /// A sender within these limits.
    pub fn new(http: Arc<Http>, limits: CallbackLimits) -> Self {
        let permits = Permits::new(limits.calls, limits.calls_per_host);
        Self {
            http,
            limits,
            permits,
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
            Err(failure) => Err(failure.clone()),
        };
        let (status, failed, why, answer) = match called {
            Ok((status, answer)) => (Some(status), None, String::new(), Some(answer)),
            Err(failure) => (failure.status, Some(failure.phase), failure.why, None),
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
        let headers = headers(call).map_err(|why| Failure::new(Phase::Policy, why))?;
        let _permit = self.permit(url, deadline).await?;
        let answer = self
            .http
            .post(url, headers, call.body.clone(), deadline)
            .await?;
        let status = answer.status().as_u16();
        if !answer.status().is_success() {
            let why = format!("the application answered {status}");
            return Err(Failure {
                phase: Phase::Request,
                why,
                status: Some(status),
            });
        }
        let content_type = answer.headers().get(CONTENT_TYPE);
        let content_type = content_type
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let body = answer.body(self.limits.answer_bytes).await;
        let body = body.map_err(|failure| Failure {
            status: Some(status),
            ..failure
        })?;
        Ok((status, CallbackAnswer { content_type, body }))
    }

    async fn permit(&self, url: &CheckedUrl, deadline: Instant) -> Result<Permit<'_>, Failure> {
        match timeout_at(deadline, self.permits.take(url.receiver())).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(Failure::new(
                Phase::Connect,
                "not called: too many callbacks were under way until the time limit",
            )),
        }
    }
}

fn headers(call: &CallbackRequest) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(call.content_type));
    if let Some(host) = &call.host {
        headers.insert(HOST, host_value(host)?);
    }
    Ok(headers)
}

/// `host` or `host:port`, as a `Host` header holds it.
fn host_value(host: &str) -> Result<HeaderValue, String> {
    let authority = host.parse::<Authority>().ok().filter(|authority| {
        let port = authority.as_str().strip_prefix(authority.host());
        let port_fits = port.is_some_and(|port| port.is_empty() || authority.port_u16().is_some());
        port_fits && !authority.host().is_empty() && !host.contains('@')
    });
    authority
        .and_then(|_| HeaderValue::from_str(host).ok())
        .ok_or_else(|| {
            "the callback host is not a host name or address with an optional port; write it like \
         app.example.com:8080"
                .to_owned()
        })
}

#[async_trait]
impl CallbackSender for HttpCallbacks {
    fn check(&self, spec: &CallbackSpec) -> Result<(), String> {
        if spec.urls.is_empty() || spec.urls.len() > CALLBACK_URLS_MAX {
            let count = spec.urls.len();
            return Err(format!(
                "{count} callback addresses; name 1 to {CALLBACK_URLS_MAX}"
            ));
        }
        for (index, raw) in spec.urls.iter().enumerate() {
            let checked = self.http.check(raw, Given::ByRequest);
            checked.map_err(|f| format!("callback address {}: {}", index + 1, f.why))?;
        }
        spec.host.as_deref().map(host_value).transpose()?;
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
                return CallbackOutcome { attempts, answer };
            }
        }
        CallbackOutcome {
            attempts,
            answer: None,
        }
    }
}
