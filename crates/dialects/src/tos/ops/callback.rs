//! Upload callbacks: where their parameters stand, and what their outcome makes of the answer (sheet
//! section 5).

use cohong_core::model::{CallbackSpec, Principal};
use cohong_core::ports::CallbackOutcome;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::answer;
use crate::common::callback::decode;
use crate::gate::OutBody;
use crate::tos::Call;
use crate::tos::error::TosError;

const ORDER: &str = "x-tos-callback";
const VARS: &str = "x-tos-callback-var";

/// The callback that headers, or the query of a presigned URL, order.
pub(super) fn of_call(call: &Call) -> Result<Option<CallbackSpec>, TosError> {
    let order = one(call, ORDER)?;
    let vars = one(call, VARS)?;
    signed(&call.cx.principal, order, vars)
}

/// The callback that the fields of a form order; `field` gives the value under a lower-case name.
pub(super) fn of_form<'a>(
    principal: &Principal,
    field: impl Fn(&str) -> Option<&'a str>,
) -> Result<Option<CallbackSpec>, TosError> {
    let order = field(ORDER).or_else(|| field("callback"));
    let vars = field(VARS).or_else(|| field("callback-var"));
    signed(principal, order, vars)
}

/// A parameter that stands in header and query must be the same in both.
fn one<'a>(call: &'a Call, name: &'static str) -> Result<Option<&'a str>, TosError> {
    let named = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
    let query = call
        .query
        .iter()
        .find(named)
        .map(|(_, value)| value.as_str());
    match (call.header(name)?, query) {
        (Some(header), Some(query)) if header != query => {
            Err(TosError::invalid_argument(format!("{name} stands twice")))
        }
        (header, query) => Ok(header.or(query)),
    }
}

/// Only parameters that somebody signed are followed: the server calls on the signer's behalf.
fn signed(
    principal: &Principal,
    order: Option<&str>,
    vars: Option<&str>,
) -> Result<Option<CallbackSpec>, TosError> {
    let spec = decode(order, vars).map_err(|bad| TosError::invalid_argument(bad.to_string()))?;
    if spec.is_some() && principal.account().is_none() {
        return Err(TosError::access_denied(
            "an upload callback needs a signed request",
        ));
    }
    Ok(spec)
}

/// The answer when a callback was made: the application's own, or 203. `headers` are the upload's.
pub(super) fn answer(
    outcome: CallbackOutcome,
    mut headers: HeaderMap,
) -> Result<Response<OutBody>, TosError> {
    let Some(said) = outcome.answer else {
        return Err(TosError::callback_failed(headers));
    };
    let kind = said
        .content_type
        .and_then(|kind| HeaderValue::try_from(kind).ok());
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_TYPE, kind);
    Ok(answer::bytes(StatusCode::OK, headers, said.body))
}
