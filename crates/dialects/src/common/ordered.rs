//! Upload callbacks: where requests order them, and what their outcome makes of the answer.

use cohong_core::model::{CallbackSpec, Principal};
use cohong_core::ports::CallbackOutcome;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::answer;
use super::callback::decode;
use super::vocabulary::Vocabulary;
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

impl Vocabulary {
    /// The callback that headers, or the query of a presigned URL, order.
    pub(crate) fn callback_of(&self, call: &Call) -> Result<Option<CallbackSpec>, Fault> {
        let [order, vars] = self.callback_query;
        let order = self.one(call, "callback", order)?;
        let vars = self.one(call, "callback-var", vars)?;
        signed(&call.cx.principal, order, vars)
    }

    /// The callback that the fields of a form order; `field` gives the value under a lower-case name.
    pub(crate) fn callback_of_form<'a>(
        &self,
        principal: &Principal,
        field: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Option<CallbackSpec>, Fault> {
        let [order, vars] = self.forms.callback;
        let order = field(order).or_else(|| field("callback"));
        let vars = field(vars).or_else(|| field("callback-var"));
        signed(principal, order, vars)
    }

    /// A parameter that stands in header and query must be the same in both. In the query only names under
    /// the vendor's prefix are read in any case: others may be left out of a signature when misspelt.
    fn one<'a>(&self, call: &'a Call, name: &str, query: &str) -> Result<Option<&'a str>, Fault> {
        let header = format!("{}{name}", self.prefix);
        let any_case = query.starts_with(self.prefix);
        let same = |found: &str| found == query || (any_case && found.eq_ignore_ascii_case(query));
        let found = call.query.iter().find(|(found, _)| same(found));
        match (
            call.header(&header)?,
            found.map(|(_, value)| value.as_str()),
        ) {
            (Some(header), Some(query)) if header != query => Err(Fault::twice("", name)),
            (header, query) => Ok(header.or(query)),
        }
    }
}

/// Only parameters that somebody signed are followed: the server calls on the signer's behalf.
fn signed(
    principal: &Principal,
    order: Option<&str>,
    vars: Option<&str>,
) -> Result<Option<CallbackSpec>, Fault> {
    let spec = decode(order, vars).map_err(|bad| Fault::argument("callback", "", bad.to_string()));
    let spec = spec?;
    if spec.is_some() && principal.account().is_none() {
        return Err(Fault::denied("an upload callback needs a signed request"));
    }
    Ok(spec)
}

/// The answer when a callback was made: the application's own, or that it failed. `headers` are the
/// upload's.
pub(crate) fn answered(
    outcome: CallbackOutcome,
    mut headers: HeaderMap,
) -> Result<Response<OutBody>, Fault> {
    let Some(said) = outcome.answer else {
        return Err(Fault::CallbackFailed(Box::new(headers)));
    };
    let kind = said
        .content_type
        .and_then(|kind| HeaderValue::try_from(kind).ok());
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_TYPE, kind);
    Ok(answer::bytes(StatusCode::OK, headers, said.body))
}
