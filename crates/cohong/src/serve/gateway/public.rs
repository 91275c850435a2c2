//! What anybody reads from this listener whatever their dialect: the public half of the key that signs
//! upload callbacks.

use cohong_dialects::gate::{OutBody, Served, address, full};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};

use crate::serve::callback_key::KeyRing;

/// The answer to a request for a public key; none for any other request.
pub(super) async fn answer(keys: &KeyRing, head: &Parts) -> Option<Response<OutBody>> {
    if head.method != Method::GET && head.method != Method::HEAD {
        return None;
    }
    let wanted = keys.wanted(address::host(head)?, head.uri.path())?;
    let (status, kind, body) = match keys.public(wanted).await {
        Ok(Some(public)) => (StatusCode::OK, "application/x-pem-file", public),
        Ok(None) => {
            let text = "this key signs no callbacks any more\n".to_owned();
            (StatusCode::NOT_FOUND, "text/plain", text)
        }
        Err(error) => {
            tracing::error!(%error, cause = std::error::Error::source(&error), "no callback key");
            let text = format!("{error}\n");
            (StatusCode::SERVICE_UNAVAILABLE, "text/plain", text)
        }
    };
    let mut response = full(status, body);
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.extensions_mut().insert(Served {
        operation: "GetCallbackPublicKey",
        bucket: None,
        key: Box::default(),
        account: None,
        code: None,
        cause: None,
    });
    Some(response)
}
