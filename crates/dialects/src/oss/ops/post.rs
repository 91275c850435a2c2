//! Form uploads (sheet section 5, `PostObject`).

use super::Answer;
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

fn created(stored: Posted<'_>) -> Vec<u8> {
    xml::write("PostResponse", None, &stored)
}
