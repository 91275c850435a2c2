//! Accounts and access control lists (sheet section 5, `GetBucketAcl`).

use cohong_core::model::{AccountId, Acl, ObjectRecord};
use serde::Serialize;

use crate::common::owner::Owner;
use crate::oss::words::acl_word;

/// The word for an object without a list of its own.
const OF_BUCKET: &str = "default";

/// The one word of a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct Grants {
    grant: &'static str,
}

impl Grants {
    pub(in crate::oss) fn new(acl: &Acl) -> Self {
        Self {
            grant: acl_word(acl),
        }
    }
}

/// Answer of `GetBucketAcl` and `GetObjectACL`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::oss) struct AclBody {
    owner: Owner,
    access_control_list: Grants,
}

impl AclBody {
    pub(in crate::oss) fn of_bucket(owner: &AccountId, acl: &Acl) -> Self {
        Self {
            owner: Owner::new(owner),
            access_control_list: Grants::new(acl),
        }
    }

    pub(in crate::oss) fn of_object(record: &ObjectRecord) -> Self {
        Self {
            owner: Owner::new(&record.owner),
            access_control_list: Grants {
                grant: record.acl.as_ref().map_or(OF_BUCKET, acl_word),
            },
        }
    }
}
