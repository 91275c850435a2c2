//! Upload callbacks: where requests order them, and what their outcome makes of the answer.

use cohong_core::engine::Engine;
use cohong_core::model::{CallbackSpec, Principal};
use cohong_core::ports::CallbackOutcome;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::answer;
use super::callback::{BadCallback, Parameter, decode, name_in};
use super::vocabulary::{Orders, Vocabulary};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

impl Vocabulary {
    /// The callback that headers, or the query of a presigned URL, order.
    pub(crate) async fn callback_of(
        &self,
        call: &Call,
        engine: &Engine,
    ) -> Result<Option<CallbackSpec>, Fault> {
        let Some(orders) = &self.callbacks else {
            return Ok(None);
        };
        let [order, vars] = orders.query;
        let order = self.one(call, orders, (Parameter::Order, "callback"), order)?;
        let vars = self.one(call, orders, (Parameter::Variables, "callback-var"), vars)?;
        let none = std::iter::empty();
        let spec = read(orders, (call, engine), (order, vars), none).await?;
        signed(&call.cx.principal, spec)
    }

    /// The callback that a text orders, for whoever signed the request.
    pub(crate) async fn callback_in(
        &self,
        call: &Call,
        engine: &Engine,
        order: Option<String>,
    ) -> Result<Option<CallbackSpec>, Fault> {
        let Some(orders) = &self.callbacks else {
            return Ok(None);
        };
        let none = std::iter::empty();
        let spec = read(orders, (call, engine), (order.as_deref(), None), none).await?;
        signed(&call.cx.principal, spec)
    }

    /// The callback that the fields of a form order.
    pub(crate) async fn callback_of_form(
        &self,
        (call, engine): (&Call, &Engine),
        principal: &Principal,
        fields: &[(String, String)],
    ) -> Result<Option<CallbackSpec>, Fault> {
        let Some(orders) = &self.callbacks else {
            return Ok(None);
        };
        let field = |name: &str| {
            let named = |(found, _): &&(String, String)| found.eq_ignore_ascii_case(name);
            fields.iter().find(named).map(|(_, value)| value.as_str())
        };
        let [order, vars] = orders.fields;
        let order = field(order).or_else(|| field("callback"));
        let vars = field(vars).or_else(|| field("callback-var"));
        let pairs = fields.iter().map(|(name, value)| (&**name, &**value));
        let own = |(name, _): &(&str, &str)| orders.rules.variable_fields && name.starts_with("x:");
        let spec = read(orders, (call, engine), (order, vars), pairs.filter(own)).await?;
        signed(principal, spec)
    }

    /// A parameter that stands in header and query must be the same in both, where that is allowed at
    /// all. In the query only names under the vendor's prefix are read in any case: others may be left
    /// out of a signature when misspelt.
    fn one<'a>(
        &self,
        call: &'a Call,
        orders: &Orders,
        (parameter, name): (Parameter, &str),
        query: &str,
    ) -> Result<Option<&'a str>, Fault> {
        let header = format!("{}{name}", self.prefix);
        let any_case = query.starts_with(self.prefix);
        let same = |found: &str| found == query || (any_case && found.eq_ignore_ascii_case(query));
        let found = call.query.iter().find(|(found, _)| same(found));
        let may = orders.rules.may_stand_twice;
        match (
            call.header(&header)?,
            found.map(|(_, value)| value.as_str()),
        ) {
            (Some(header), Some(query)) if !may || header != query => {
                Err(BadCallback::Twice(parameter).into())
            }
            (header, query) => Ok(header.or(query)),
        }
    }
}

/// Reads an order, or what the bucket keeps under the name that it gives; its variables count where the request has
/// none.
async fn read<'a>(
    orders: &Orders,
    (call, engine): (&Call, &Engine),
    (order, vars): (Option<&str>, Option<&str>),
    fields: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Option<CallbackSpec>, Fault> {
    let rules = &orders.rules;
    let name = orders.by_name.map(|member| name_in(rules, order, member));
    let Some(name) = name.transpose()?.flatten() else {
        return Ok(decode(rules, order, vars, fields)?);
    };
    let kept = engine.named_callback(call.bucket()?, &name).await?;
    let kept = kept.ok_or(BadCallback::NoSuch(name))?;
    let vars = vars.or(kept.vars.as_deref());
    Ok(decode(rules, Some(&kept.order), vars, fields)?)
}

/// Only parameters that somebody signed are followed: the server calls on the signer's behalf.
fn signed(
    principal: &Principal,
    spec: Option<CallbackSpec>,
) -> Result<Option<CallbackSpec>, Fault> {
    if spec.is_some() && principal.account().is_none() {
        return Err(Fault::denied("an upload callback needs a signed request"));
    }
    Ok(spec)
}

/// The answer when a callback was made: the application's own, or that it failed. `headers` are the
/// upload's.
pub(crate) fn answered(
    mut outcome: CallbackOutcome,
    mut headers: HeaderMap,
) -> Result<Response<OutBody>, Fault> {
    let Some(said) = outcome.answer.take() else {
        return Err(Fault::CallbackFailed(Box::new((headers, outcome))));
    };
    let kind = said
        .content_type
        .and_then(|kind| HeaderValue::try_from(kind).ok());
    let kind = kind.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_TYPE, kind);
    Ok(answer::bytes(StatusCode::OK, headers, said.body))
}
