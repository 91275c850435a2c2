//! Deleting objects, one or many (sheet section 4).

use cohong_core::engine::{DeleteObject, DeleteReceipt, Engine, VersionChoice};
use cohong_core::model::ObjectKey;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::Answer;
use super::answer::{empty, json};
use super::input::{json_body, key, target, version};
use crate::tos::Call;
use crate::tos::error::TosError;
use crate::tos::wire::header::{DELETE_MARKER, put_version};
use crate::tos::wire::object::{DeleteItem, DeleteList, DeleteOutcome, Deleted, NotDeleted};

/// `DeleteObject`: 204 also for what does not exist.
pub(super) async fn one(call: Call, engine: &Engine) -> Answer {
    let receipt = engine
        .delete_object(
            &call.cx,
            DeleteObject {
                target: target(&call)?,
            },
        )
        .await?;
    let mut headers = HeaderMap::new();
    if let Some(version) = receipt.version {
        put_version(&mut headers, version);
    }
    if receipt.marker {
        headers.insert(DELETE_MARKER, HeaderValue::from_static("true"));
    }
    Ok(empty(StatusCode::NO_CONTENT, headers))
}

/// `DeleteMultiObjects`: every key fails alone.
pub(super) async fn many(mut call: Call, engine: &Engine) -> Answer {
    let (items, quiet) = json_body::<DeleteList>(&mut call).await?.checked()?;
    let named: Vec<Result<(ObjectKey, VersionChoice), TosError>> = items.iter().map(name).collect();
    let keys = named
        .iter()
        .filter_map(|name| name.as_ref().ok().cloned())
        .collect();
    let mut done = engine
        .delete_objects(&call.cx, call.bucket()?, keys)
        .await?
        .into_iter();
    let mut outcome = DeleteOutcome::default();
    for (item, named) in items.into_iter().zip(named) {
        let deleted: Result<DeleteReceipt, TosError> = match named {
            Err(error) => Err(error),
            Ok(_) => done
                .next()
                .map_or_else(|| Err(unanswered()), |done| done.map_err(Into::into)),
        };
        match deleted {
            Ok(_) if quiet => {}
            Ok(receipt) => outcome.deleted.push(Deleted::new(item, receipt)),
            Err(error) => outcome.error.push(NotDeleted::new(item, &error)),
        }
    }
    Ok(json(HeaderMap::new(), &outcome))
}

fn name(item: &DeleteItem) -> Result<(ObjectKey, VersionChoice), TosError> {
    let version = version(
        item.version
            .as_deref()
            .filter(|version| !version.is_empty()),
    )?;
    Ok((key(&item.key)?, version))
}

/// The engine answers every key; without an answer nobody knows what became of it.
fn unanswered() -> TosError {
    cohong_core::Error::new(
        cohong_core::ErrorKind::Internal,
        "the outcome for this key is unknown; delete it again",
    )
    .into()
}
