//! What dialects do alike that serve no objects through buckets: nothing in their addresses is one, so they take a way
//! of their own instead of that of `pipeline`.

use cohong_core::Error;
use cohong_core::engine::{Cx, Engine};
use cohong_core::model::{DialectId, Principal, SyncPast};
use http::header::{AUTHORIZATION, CONTENT_TYPE, REFERER, USER_AGENT};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;

use super::pipeline::chain;
use super::{GateCx, OutBody, Served, full, header_text};

/// What the log says of a request, as far as it was understood.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// The operation's name.
    pub(crate) operation: Option<&'static str>,
    /// The account that signed.
    pub(crate) account: Option<Box<str>>,
}

/// An error in a vendor's words.
pub(crate) trait Failure {
    /// The vendor's code.
    fn code(&self) -> &'static str;

    /// The engine's error, for the log.
    fn cause(&self) -> Option<&Error>;

    /// The answer it becomes.
    fn encode(&self, request_id: &str) -> Response<OutBody>;
}

/// The answer to a request that was served, with its id in the header that the vendor's clients read.
pub(crate) fn served<E: Failure>(
    outcome: Result<Response<OutBody>, E>,
    trace: Trace,
    cx: &GateCx,
    id: HeaderName,
) -> Response<OutBody> {
    let (response, code, cause) = match outcome {
        Ok(response) => (response, None, None),
        Err(error) => (
            error.encode(&cx.request_id),
            Some(error.code()),
            error.cause().and_then(chain),
        ),
    };
    let mut response = identified(response, cx, id);
    response.extensions_mut().insert(Served {
        operation: trace.operation.unwrap_or("Unknown"),
        bucket: None,
        key: Box::default(),
        account: trace.account,
        code,
        cause,
    });
    response
}

/// An answer with the request's id.
pub(crate) fn identified(
    mut response: Response<OutBody>,
    cx: &GateCx,
    id: HeaderName,
) -> Response<OutBody> {
    if let Ok(value) = HeaderValue::from_str(&cx.request_id) {
        response.headers_mut().insert(id, value);
    }
    response
}

/// Who asks the engine, and how.
pub(crate) fn asking(
    engine: &Engine,
    dialect: DialectId,
    principal: Principal,
    head: &Parts,
    cx: &GateCx,
) -> Cx {
    let by_link = principal.account().is_none() || !head.headers.contains_key(AUTHORIZATION);
    Cx {
        principal,
        request_id: cx.request_id.clone(),
        source: cx.peer,
        dialect,
        at: engine.ports().clock.now(),
        secure: cx.secure,
        tls: cx.tls,
        user_agent: header_text(&head.headers, &USER_AGENT),
        referer: header_text(&head.headers, &REFERER),
        pays: false,
        by_link,
        bypasses: false,
        past: SyncPast::None,
        encrypting: cohong_core::engine::Encrypting::default(),
    }
}

/// An answer in JSON. Clients read a body only when its type says exactly this.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response<OutBody> {
    let body = serde_json::to_vec(body).expect("texts and numbers are always JSON");
    let mut response = full(status, body);
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
