//! Objects: copies, lists to delete, forms (sheet section 4). All else of objects is common.

use cohong_core::engine::{Deletion, Engine, RenameObject};
use http::{HeaderMap, HeaderName, StatusCode};

use super::Answer;
use super::body;
use crate::common::answer::{empty, put};
use crate::common::attributes::boolean;
use crate::common::post::Posted;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::tos::error::TosError;
use crate::tos::wire::object::{DeleteList, DeleteOutcome};
use crate::tos::words::{ACL, TOS};
use crate::tos::{Tos, auth};

/// Where a deleted object lies in the trash.
const TRASH_PATH: HeaderName = HeaderName::from_static("x-tos-trash-path");

/// Says whether a new name gets the directories that it needs.
const RECURSIVE_MKDIR: &str = "x-tos-recursive-mkdir";

/// `CopyObject`.
pub(super) async fn copy(call: Call, engine: &Engine) -> Answer {
    let copied = TOS.copy_object(&call, engine, ACL).await?;
    Ok(body::answer(copied.headers, &copied.result))
}

/// `RenameObject`.
pub(super) async fn rename(call: Call, engine: &Engine) -> Answer {
    let name = call.query("name").unwrap_or_default();
    let given = TOS.given(&call)?;
    let mkdir = given.own("recursive-mkdir");
    let request = RenameObject {
        bucket: call.bucket()?.clone(),
        from: call.key()?.clone(),
        to: TOS.keys.read(name)?,
        conditions: TOS.write_conditions(&given)?,
        makes_parents: mkdir.map_or(Ok(false), |word| boolean(RECURSIVE_MKDIR, word))?,
    };
    engine.rename_object(&call.cx, request).await?;
    Ok(empty(StatusCode::NO_CONTENT, HeaderMap::new()))
}

/// How what lies in a hierarchical bucket is deleted.
fn deletion(call: &Call) -> Result<Deletion, Fault> {
    let flag = |name: &'static str| {
        let word = call.query(name);
        word.map_or(Ok(false), |word| boolean(name, word))
    };
    Ok(Deletion {
        recursive: flag("recursive")?,
        past_trash: flag("skipTrash")?,
    })
}

/// `DeleteObject`. What was moved into the trash is told where it lies, percent-encoded.
pub(super) async fn delete(call: Call, engine: &Engine) -> Answer {
    let how = deletion(&call)?;
    let (mut answer, receipt) = TOS.delete_object_by(&call, engine, how).await?;
    if let Some(at) = receipt.trash {
        let at = cohong_sign::encode_path(at.as_str().as_bytes());
        put(answer.headers_mut(), TRASH_PATH, &at);
    }
    Ok(answer)
}

/// `DeleteMultiObjects`: every key fails alone.
pub(super) async fn delete_many(mut call: Call, engine: &Engine) -> Answer {
    let (items, quiet) = body::read::<DeleteList>(&mut call).await?.checked()?;
    let named = items
        .iter()
        .map(|item| (item.key.as_str(), item.version.as_deref()));
    let how = deletion(&call)?;
    let done = TOS.delete_objects_by(&call, engine, named, how).await?;
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
