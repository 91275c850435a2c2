//! A key: a stack of versions.

use cohong_core::engine::VersionChoice;
use cohong_core::model::{Timestamp, VersionTag, Versioning};

use super::Object;

/// One version.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    pub(crate) id: u64,
    pub(crate) null: bool,
    /// When it was written, or earlier.
    pub(crate) at: Timestamp,
    /// The object; `None` for a delete marker.
    pub(crate) object: Option<Object>,
}

impl Version {
    /// How clients know it.
    pub(crate) fn tag(&self, versioning: Versioning) -> VersionTag {
        match (versioning, self.null) {
            (Versioning::Off, _) => VersionTag::Unversioned,
            (_, true) => VersionTag::Null,
            (_, false) => VersionTag::Id(cohong_core::model::VersionId(self.id)),
        }
    }

    fn is(&self, choice: VersionChoice) -> bool {
        match choice {
            VersionChoice::Current => true,
            VersionChoice::Null => self.null,
            VersionChoice::Id(id) => !self.null && self.id == id.0,
        }
    }
}

/// Versions, the current one first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Key {
    pub(crate) versions: Vec<Version>,
}

/// What a delete does.
pub(crate) enum Deletion {
    /// There is nothing to delete.
    Nothing,
    /// A marker is put on top.
    Mark,
    /// The version at this place goes.
    Remove(usize),
}

impl Key {
    /// The current version.
    pub(crate) fn current(&self) -> Option<&Version> {
        self.versions.first()
    }

    /// The current object.
    pub(crate) fn object(&self) -> Option<&Object> {
        self.current()?.object.as_ref()
    }

    /// A version.
    pub(crate) fn find(&self, choice: VersionChoice) -> Option<&Version> {
        self.versions.iter().find(|version| version.is(choice))
    }

    /// Puts a version on top; where versions are not kept it replaces the null version.
    pub(crate) fn push(
        &mut self,
        (id, at): (u64, Timestamp),
        object: Option<Object>,
        versioning: Versioning,
    ) {
        let null = versioning != Versioning::Enabled;
        if null {
            self.versions.retain(|version| !version.null);
        }
        let version = Version {
            id,
            null,
            at,
            object,
        };
        self.versions.insert(0, version);
    }

    /// What deleting a choice does.
    pub(crate) fn deletion(&self, choice: VersionChoice, versioning: Versioning) -> Deletion {
        if choice == VersionChoice::Current && versioning != Versioning::Off {
            return Deletion::Mark;
        }
        let place = self.versions.iter().position(|version| version.is(choice));
        place.map_or(Deletion::Nothing, Deletion::Remove)
    }
}
