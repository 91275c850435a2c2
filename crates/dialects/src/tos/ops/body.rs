//! Bodies of this vendor: JSON.

use cohong_core::model::Acl;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::common::attributes::AclSaid;
use crate::common::input::whole_body;
use crate::common::{answer, json};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::tos::error::TosError;
use crate::tos::limits::JSON_BYTES_MAX;
use crate::tos::wire::acl::PutAclBody;
use crate::tos::words::{ACL, TOS};

/// Reads a JSON body, member names in lower case. No body at all reads as `{}`.
pub(super) async fn read<T: DeserializeOwned>(call: &mut Call) -> Result<T, TosError> {
    let body = whole_body(call, JSON_BYTES_MAX).await?;
    let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
    json::read(text).map_err(|error| TosError::malformed_body(error.to_string()))
}

/// A JSON body.
pub(super) fn text(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("bodies are strings, numbers and lists of them")
}

/// An answer with a JSON body.
pub(super) fn answer(mut headers: HeaderMap, body: &impl Serialize) -> Response<OutBody> {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(TOS.body_type));
    answer::bytes(StatusCode::OK, headers, text(body))
}

/// The access control list that a request gives, by headers or else by body; `None` leaves that of the
/// bucket in force.
pub(super) async fn acl(call: &mut Call) -> Result<Option<Acl>, TosError> {
    match TOS.acl_given(&TOS.given(call)?, ACL)? {
        AclSaid::Nothing => read::<PutAclBody>(call).await?.acl(),
        said => Ok(said.own()),
    }
}
