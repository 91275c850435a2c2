//! What a change of a key does to its versions: the only place that knows what versioning means.
//!
//! A key has one current version, kept apart from the others. Without versioning, and while it is
//! suspended, a write replaces the null version wherever that is; with versioning a write adds a
//! version. Whatever leaves the current place without being replaced joins the others.
//!
//! **Ids.** A new version's id is greater than the id of every version the key has. The engine adds
//! that no id is given twice while the process runs; after a restart with the wall clock set back,
//! a key whose newest versions were removed before may see a removed id again, on other bytes.

use crate::engine::VersionChoice;
use crate::model::{
    AccountId, Bucket, EventKind, ObjectRecord, ObjectVersion, Timestamp, VersionId, VersionKind,
    VersionTag, Versioning,
};
use crate::records::CurrentRecord;
use crate::rules::access::Permit;

/// What is to be done with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Store an object.
    Write(Box<ObjectRecord>),
    /// Delete the key, or one of its versions.
    Delete {
        /// What exactly.
        choice: VersionChoice,
        /// Who owns the marker, when one is made.
        by: AccountId,
    },
}

/// What of the non-current versions has to be read before an act can be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Nowhere,
    /// The version with this id.
    At(VersionId),
    /// The newest one.
    Newest,
}

/// When and under which id a new version is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The least id it may have.
    pub id: VersionId,
    /// When it is written.
    pub at: Timestamp,
}

/// What an act does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is current afterwards; `None` when the key has no version left.
    pub current: Option<CurrentRecord>,
    /// The version that joins the non-current ones: the one that was current.
    pub joins: Option<ObjectVersion>,
    /// The version that leaves the non-current ones: promoted or gone.
    pub leaves: Option<VersionId>,
    /// The version that is no more; its bytes are to be released.
    pub gone: Option<ObjectVersion>,
    /// What others are told; a write says itself what kind it was.
    pub change: Change,
}

/// What an act means to those who watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A version was written.
    Written(VersionId, VersionTag),
    /// A delete marker was made.
    Marked(VersionTag),
    /// A version was removed.
    Removed {
        /// Which.
        version: VersionTag,
        /// Whether it was a delete marker.
        marker: bool,
    },
}

impl Change {
    /// The kind of event of a delete, and the version it is about.
    pub fn of_delete(self) -> (EventKind, VersionTag) {
        match self {
            Self::Written(_, version) | Self::Removed { version, .. } => {
                (EventKind::RemovedDelete, version)
            }
            Self::Marked(version) => (EventKind::RemovedMarker, version),
        }
    }

    /// The same for a delete that a lifecycle rule ordered.
    pub fn of_expiry(self) -> (EventKind, VersionTag) {
        match self.of_delete() {
            (EventKind::RemovedMarker, version) => (EventKind::ExpiredMarker, version),
            (_, version) => (EventKind::ExpiredDelete, version),
        }
    }
}

/// How clients of a bucket know a version.
pub fn tag(bucket: &Bucket, version: &ObjectVersion) -> VersionTag {
    tag_under(bucket.versioning, version)
}

fn tag_under(versioning: Versioning, version: &ObjectVersion) -> VersionTag {
    match (versioning, version.is_null) {
        (Versioning::Off, _) => VersionTag::Unversioned,
        (_, true) => VersionTag::Null,
        (_, false) => VersionTag::Id(version.id),
    }
}

/// Where a chosen version of a key is, when it is not the current one: its id. `None` when the current
/// one is meant, or when there cannot be such a version.
pub fn elsewhere(current: &CurrentRecord, choice: VersionChoice) -> Option<VersionId> {
    match choice {
        VersionChoice::Current => None,
        VersionChoice::Null => current.null_at.filter(|id| *id != current.version.id),
        VersionChoice::Id(id) => {
            (id != current.version.id && Some(id) != current.null_at).then_some(id)
        }
    }
}

/// Whether a choice means this version. The null version has no id that clients could name.
pub fn means(choice: VersionChoice, version: &ObjectVersion, is_current: bool) -> bool {
    match choice {
        VersionChoice::Current => is_current,
        VersionChoice::Null => version.is_null,
        VersionChoice::Id(id) => !version.is_null && version.id == id,
    }
}

/// What must be read before [`plan`] can run.
pub fn look(versioning: Versioning, current: Option<&CurrentRecord>, act: &Act) -> Look {
    let Some(current) = current else {
        return Look::Nowhere;
    };
    match act {
        Act::Delete { choice, .. } if removes_one(versioning, *choice) => {
            if means(*choice, &current.version, true) {
                Look::Newest
            } else {
                elsewhere(current, *choice).map_or(Look::Nowhere, Look::At)
            }
        }
        Act::Write(_) | Act::Delete { .. } => match versioning {
            Versioning::Enabled => Look::Nowhere,
            Versioning::Off | Versioning::Suspended => {
                elsewhere(current, VersionChoice::Null).map_or(Look::Nowhere, Look::At)
            }
        },
    }
}

/// Whether a delete takes a version away, rather than marking the key.
fn removes_one(versioning: Versioning, choice: VersionChoice) -> bool {
    choice != VersionChoice::Current || versioning == Versioning::Off
}

/// Plans an act on what was seen: the current version, and what [`look`] asked for, if it is there.
/// `None` when there is nothing to do, because what is to be deleted does not exist.
pub fn plan(
    _permit: Permit,
    versioning: Versioning,
    current: Option<CurrentRecord>,
    looked: Option<ObjectVersion>,
    act: Act,
    stamp: Stamp,
) -> Option<Plan> {
    let kind = match act {
        Act::Delete { choice, .. } if removes_one(versioning, choice) => {
            return remove(versioning, current?, looked, choice);
        }
        Act::Delete { by, .. } => VersionKind::DeleteMarker { owner: by },
        Act::Write(record) => VersionKind::Object(record),
    };
    Some(add(versioning, current, looked, kind, stamp))
}

/// Plans a change of the current version that makes no other version of it.
pub fn replace(_permit: Permit, versioning: Versioning, current: CurrentRecord) -> Plan {
    let version = &current.version;
    Plan {
        change: Change::Written(version.id, tag_under(versioning, version)),
        current: Some(current),
        joins: None,
        leaves: None,
        gone: None,
    }
}

fn add(
    versioning: Versioning,
    current: Option<CurrentRecord>,
    looked: Option<ObjectVersion>,
    kind: VersionKind,
    stamp: Stamp,
) -> Plan {
    let after = current
        .as_ref()
        .map_or(0, |c| c.version.id.0.saturating_add(1));
    let version = ObjectVersion {
        id: VersionId(stamp.id.0.max(after)),
        is_null: versioning != Versioning::Enabled,
        written_at: stamp.at,
        kind,
    };
    let null_before = current.as_ref().and_then(|c| c.null_at);
    let was_current = current.map(|c| c.version);
    let (gone, joins, leaves) = match was_current {
        Some(old) if version.is_null && old.is_null => (Some(old), None, None),
        old if version.is_null => {
            let leaves = looked.as_ref().map(|v| v.id);
            (looked, old, leaves)
        }
        old => (None, old, None),
    };
    let tag = tag_under(versioning, &version);
    Plan {
        change: match version.kind {
            VersionKind::Object(_) => Change::Written(version.id, tag),
            VersionKind::DeleteMarker { .. } => Change::Marked(tag),
        },
        current: Some(CurrentRecord {
            null_at: if version.is_null {
                Some(version.id)
            } else {
                null_before
            },
            version,
        }),
        joins,
        leaves,
        gone,
    }
}

fn remove(
    versioning: Versioning,
    current: CurrentRecord,
    looked: Option<ObjectVersion>,
    choice: VersionChoice,
) -> Option<Plan> {
    let CurrentRecord { version, null_at } = current;
    let (gone, next, leaves) = if means(choice, &version, true) {
        let leaves = looked.as_ref().map(|promoted| promoted.id);
        (version, looked, leaves)
    } else {
        let gone = looked.filter(|found| means(choice, found, false))?;
        let leaves = Some(gone.id);
        (gone, Some(version), leaves)
    };
    Some(Plan {
        change: Change::Removed {
            version: tag_under(versioning, &gone),
            marker: gone.object().is_none(),
        },
        current: next.map(|version| CurrentRecord {
            version,
            null_at: null_at.filter(|id| *id != gone.id),
        }),
        joins: None,
        leaves,
        gone: Some(gone),
    })
}

#[cfg(test)]
mod tests;
