//! Form uploads (sheet section 6, POST form).

use super::Answer;
use crate::common::post::Posted;
use crate::common::xml;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::s3::error::S3Error;
use crate::s3::words::{ACL, S3};
use crate::s3::{S3 as Dialect, auth};

/// `PostObject`.
pub(super) async fn post(mut call: Call, s3: &Dialect) -> Answer {
    let form = S3.open_form(&mut call).await.map_err(malformed)?;
    let proved = auth::form(s3, &form.fields).await?;
    let signed = (form, proved.principal);
    Ok(S3
        .post_object(call, &s3.engine, signed, ACL, created)
        .await?)
}

fn malformed(fault: Fault) -> S3Error {
    match fault {
        Fault::Body(why) => S3Error::bad("MalformedPOSTRequest", why),
        fault => fault.into(),
    }
}

fn created(stored: Posted<'_>) -> Vec<u8> {
    xml::write("PostResponse", None, &stored)
}
