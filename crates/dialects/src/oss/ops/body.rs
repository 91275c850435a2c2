//! Bodies of this vendor: XML.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::common::input::whole_body;
use crate::common::{answer, xml};
use crate::gate::OutBody;
use crate::gate::call::Call;
use crate::oss::error::OssError;
use crate::oss::limits::XML_BYTES_MAX;
use crate::oss::words::OSS;

/// Reads an XML body with this root.
pub(super) async fn read<T: DeserializeOwned>(call: &mut Call, root: &str) -> Result<T, OssError> {
    let body = whole_body(call, XML_BYTES_MAX).await?;
    xml::read(&body, root).map_err(|_| OssError::malformed_xml())
}

/// As [`read`], for operations that do without a body.
pub(super) async fn read_any<T: DeserializeOwned>(
    call: &mut Call,
    root: &str,
) -> Result<Option<T>, OssError> {
    let body = whole_body(call, XML_BYTES_MAX).await?;
    if body.is_empty() {
        return Ok(None);
    }
    let read = xml::read(&body, root);
    read.map(Some).map_err(|_| OssError::malformed_xml())
}

/// An answer with an XML body with this root.
pub(super) fn answer(
    mut headers: HeaderMap,
    root: &str,
    body: &impl Serialize,
) -> Response<OutBody> {
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(OSS.body_type));
    answer::bytes(StatusCode::OK, headers, xml::write(root, body))
}
