//! Bodies that are XML documents.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::input::whole_body;
use super::limits::XML_BYTES_MAX;
use super::vocabulary::Vocabulary;
use super::{answer, xml};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

/// Reads a body with this root.
pub(crate) async fn read<T: DeserializeOwned>(call: &mut Call, root: &str) -> Result<T, Fault> {
    let body = whole_body(call, XML_BYTES_MAX).await?;
    xml::read(&body, root).map_err(|_| Fault::Xml)
}

/// As [`read`], for operations that do without a body.
pub(crate) async fn read_any<T: DeserializeOwned>(
    call: &mut Call,
    root: &str,
) -> Result<Option<T>, Fault> {
    let body = whole_body(call, XML_BYTES_MAX).await?;
    if body.is_empty() {
        return Ok(None);
    }
    let read = xml::read(&body, root);
    read.map(Some).map_err(|_| Fault::Xml)
}

impl Vocabulary {
    /// An answer with a body with this root.
    pub(crate) fn answer(
        &self,
        mut headers: HeaderMap,
        root: &str,
        body: &impl Serialize,
    ) -> Response<OutBody> {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.body_type));
        let text = xml::write(root, self.bodies.namespace, body);
        answer::bytes(StatusCode::OK, headers, text)
    }
}
