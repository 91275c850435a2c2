//! Deleting many objects with one request.

use cohong_core::engine::{DeleteReceipt, Engine, VersionChoice};
use cohong_core::model::ObjectKey;
use cohong_core::{Error, ErrorKind};

use crate::gate::call::Call;
use crate::gate::fault::Fault;

/// Deletes the keys that can be ones; every key fails alone. The outcomes stand in the order of the keys.
pub(crate) async fn delete_objects(
    call: &Call,
    engine: &Engine,
    named: Vec<Result<(ObjectKey, VersionChoice), Fault>>,
) -> Result<Vec<Result<DeleteReceipt, Fault>>, Fault> {
    let keys = named.iter().filter_map(|name| name.as_ref().ok().cloned());
    let done = engine
        .delete_objects(&call.cx, call.bucket()?, keys.collect())
        .await?;
    let mut done = done.into_iter();
    let outcomes = named.into_iter().map(|name| {
        name?;
        match done.next() {
            Some(done) => Ok(done?),
            None => Err(unanswered().into()),
        }
    });
    Ok(outcomes.collect())
}

/// The engine answers every key; without an answer nobody knows what became of it.
fn unanswered() -> Error {
    Error::new(
        ErrorKind::Internal,
        "the outcome for this key is unknown; delete it again",
    )
}
