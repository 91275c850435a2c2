//! Deleting many objects with one request.

use cohong_core::engine::{DeleteReceipt, Deletion, Engine, VersionChoice};
use cohong_core::model::ObjectKey;
use cohong_core::{Error, ErrorKind};
use serde::Serialize;

use super::answer::version_text;
use super::input::version;
use super::vocabulary::Vocabulary;
use crate::gate::call::Call;
use crate::gate::fault::Fault;

/// A key and a version as a list names them; no version, or an empty one, is the current one.
type Item<'a> = (&'a str, Option<&'a str>);

/// What became of each key, in their order.
type Outcomes = Vec<Result<DeleteReceipt, Fault>>;

impl Vocabulary {
    /// Deletes the keys that can be ones; every key fails alone.
    pub(crate) async fn delete_objects(
        &self,
        call: &Call,
        engine: &Engine,
        items: impl Iterator<Item = Item<'_>>,
    ) -> Result<Outcomes, Fault> {
        self.delete_objects_by(call, engine, items, Deletion::default())
            .await
    }

    /// The same with what the request says of directories and of the trash.
    pub(crate) async fn delete_objects_by(
        &self,
        call: &Call,
        engine: &Engine,
        items: impl Iterator<Item = Item<'_>>,
        how: Deletion,
    ) -> Result<Outcomes, Fault> {
        let named: Vec<_> = items.map(|item| self.named(item)).collect();
        let keys = named.iter().filter_map(|name| name.as_ref().ok().cloned());
        let done = engine
            .delete_objects(&call.cx, call.bucket()?, keys.collect(), how)
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

    /// Checks a key and a version of a list.
    pub(crate) fn named(
        &self,
        (key, wanted): Item<'_>,
    ) -> Result<(ObjectKey, VersionChoice), Fault> {
        let version = version(wanted.filter(|version| !version.is_empty()))?;
        Ok((self.keys.read(key)?, version))
    }
}

/// The engine answers every key; without an answer nobody knows what became of it.
fn unanswered() -> Error {
    Error::new(
        ErrorKind::Internal,
        "the outcome for this key is unknown; delete it again",
    )
}

/// A key that was deleted, as the family's bodies tell it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Deleted {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_marker: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete_marker_version_id: Option<String>,
}

impl Deleted {
    /// `key` is as the answer shows it, `version` as the list named it.
    pub(crate) fn new(key: String, version: Option<String>, receipt: &DeleteReceipt) -> Self {
        let touched = receipt.version.and_then(version_text);
        Self {
            key,
            version_id: version.filter(|version| !version.is_empty()),
            delete_marker: receipt.marker.then_some(true),
            delete_marker_version_id: touched.filter(|_| receipt.marker),
        }
    }
}
