//! Objects: copies, lists to delete, forms (sheet section 4). All else of objects is common.

use cohong_core::engine::{Engine, VersionChoice};
use cohong_core::model::ObjectKey;
use http::HeaderMap;
use serde::Serialize;

use super::Answer;
use super::body::{self, JSON};
use crate::common::delete::delete_objects;
use crate::common::input::version;
use crate::common::post::Posted;
use crate::gate::call::Call;
use crate::gate::fault::Fault;
use crate::tos::error::TosError;
use crate::tos::limits::KEYS;
use crate::tos::wire::object::{CopyResult, DeleteItem, DeleteList, DeleteOutcome};
use crate::tos::words::{ACL, TOS};
use crate::tos::{Tos, auth};

/// `CopyObject`.
pub(super) async fn copy(call: Call, engine: &Engine) -> Answer {
    let copied = TOS.copy_object(&call, engine, ACL).await?;
    let result = CopyResult::new(&copied);
    Ok(body::answer(copied.headers, &result))
}

/// `DeleteMultiObjects`: every key fails alone.
pub(super) async fn delete_many(mut call: Call, engine: &Engine) -> Answer {
    let (items, quiet) = body::read::<DeleteList>(&mut call).await?.checked()?;
    let named = items.iter().map(name).collect();
    let done = delete_objects(&call, engine, named).await?;
    let mut outcome = DeleteOutcome::default();
    for (item, done) in items.into_iter().zip(done) {
        outcome.add(item, done.map_err(TosError::from), quiet);
    }
    Ok(body::answer(HeaderMap::new(), &outcome))
}

fn name(item: &DeleteItem) -> Result<(ObjectKey, VersionChoice), Fault> {
    let wanted = item.version.as_deref();
    let version = version(wanted.filter(|version| !version.is_empty()))?;
    Ok((KEYS.read(&item.key)?, version))
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

/// Body of an answer with status 201.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PostResponse<'a> {
    bucket: &'a str,
    key: &'a str,
    #[serde(rename = "ETag")]
    etag: &'a str,
    location: &'a str,
}

fn created(stored: Posted<'_>) -> (&'static str, Vec<u8>) {
    let body = PostResponse {
        bucket: stored.bucket,
        key: stored.key,
        etag: stored.etag,
        location: stored.location,
    };
    (JSON, body::text(&body))
}
