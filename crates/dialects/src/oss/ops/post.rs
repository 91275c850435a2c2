//! Form uploads (sheet section 5, `PostObject`).

use serde::Serialize;

use super::Answer;
use super::body::XML;
use crate::common::post::Posted;
use crate::common::xml;
use crate::gate::call::Call;
use crate::oss::words::{OBJECT_ACL, OSS};
use crate::oss::{Oss, auth};

/// `PostObject`.
pub(super) async fn post(mut call: Call, oss: &Oss) -> Answer {
    let form = OSS.open_form(&mut call).await?;
    let proved = auth::form(&oss.engine, &oss.rules, &form.fields).await?;
    let signed = (form, proved.principal);
    Ok(OSS
        .post_object(call, &oss.engine, signed, OBJECT_ACL, created)
        .await?)
}

/// Body of an answer with status 201.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PostResponse<'a> {
    bucket: &'a str,
    location: &'a str,
    key: &'a str,
    #[serde(rename = "ETag")]
    etag: &'a str,
}

fn created(stored: Posted<'_>) -> (&'static str, Vec<u8>) {
    let body = PostResponse {
        bucket: stored.bucket,
        location: stored.location,
        key: stored.key,
        etag: stored.etag,
    };
    (XML, xml::write("PostResponse", &body))
}
