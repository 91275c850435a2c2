//! Objects: copies, lists to delete, forms (sheet section 4). All else of objects is common.

use cohong_core::engine::{Engine, RenameObject};
use http::{HeaderMap, StatusCode};

use super::Answer;
use super::body;
use crate::common::answer::empty;
use crate::common::post::Posted;
use crate::gate::call::Call;
use crate::tos::error::TosError;
use crate::tos::wire::object::{DeleteList, DeleteOutcome};
use crate::tos::words::{ACL, TOS};
use crate::tos::{Tos, auth};

/// `CopyObject`.
pub(super) async fn copy(call: Call, engine: &Engine) -> Answer {
    let copied = TOS.copy_object(&call, engine, ACL).await?;
    Ok(body::answer(copied.headers, &copied.result))
}

/// `RenameObject`.
pub(super) async fn rename(call: Call, engine: &Engine) -> Answer {
    let name = call.query("name").unwrap_or_default();
    let request = RenameObject {
        bucket: call.bucket()?.clone(),
        from: call.key()?.clone(),
        to: TOS.keys.read(name)?,
        conditions: TOS.write_conditions(&TOS.given(&call)?)?,
    };
    engine.rename_object(&call.cx, request).await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// `DeleteMultiObjects`: every key fails alone.
pub(super) async fn delete_many(mut call: Call, engine: &Engine) -> Answer {
    let (items, quiet) = body::read::<DeleteList>(&mut call).await?.checked()?;
    let named = items
        .iter()
        .map(|item| (item.key.as_str(), item.version.as_deref()));
    let done = TOS.delete_objects(&call, engine, named).await?;
    let mut outcome = DeleteOutcome::default();
    for (item, done) in items.into_iter().zip(done) {
        outcome.add(item, done.map_err(TosError::from), quiet);
    }
    Ok(body::answer(HeaderMap::new(), &outcome))
}

/// `PostObject`.
pub(super) async fn post(mut call: Call, tos: &Tos) -> Answer {
    let form = TOS.open_form(&mut call).await?;
    let proved = auth::form(&tos.engine, &tos.rules, &form.fields).await?;
    let signed = (form, proved.principal);
    Ok(TOS
        .post_object(call, &tos.engine, signed, ACL, created)
        .await?)
}

fn created(stored: Posted<'_>) -> Vec<u8> {
    body::text(&stored)
}
