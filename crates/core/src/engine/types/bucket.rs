//! Requests about buckets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{
    AccessLog, Acl, BucketDomain, BucketKind, BucketName, DefaultLock, LogFields, NotificationRule,
    OverwriteRule, Referers, RuleSetVersion, SetLayout, Statement, StorageClass, Tags, Timestamp,
    TlsVersion, Trash, Versioning,
};
use crate::rules::retention::RetentionStep;

/// Create a bucket for the asking account.
#[derive(Clone, Debug)]
pub struct CreateBucket {
    /// Its name.
    pub name: BucketName,
    /// Region it reports.
    pub region: Box<str>,
    /// Grants beside the owner's.
    pub acl: Acl,
    /// Class of objects that name none.
    pub default_class: StorageClass,
    /// Vendor words to keep with it.
    pub labels: Vec<(Box<str>, Box<str>)>,
    /// Its tags.
    pub tags: Tags,
    /// Whether its objects may be locked; its versioning is enabled then.
    pub locks: bool,
    /// How its keys are arranged. A hierarchical bucket has no locks, and its default class is `Standard`.
    pub kind: BucketKind,
}

/// Change one setting of a bucket.
#[derive(Clone, Debug)]
pub enum BucketChange {
    /// Switch versioning on or suspend it.
    Versioning(Versioning),
    /// Replace the grants.
    Acl(Acl),
    /// Say whether whoever is not the owner has to agree to bear the cost.
    RequesterPays(bool),
    /// Begin, lock, extend or take back its retention.
    Retention(RetentionStep),
    /// Replace what is asked of pages that lead to it by a link.
    Referers(Referers),
    /// Say whether what lists and policies allow everybody counts.
    BlocksPublic(bool),
    /// Say whether objects of class `Archive` are read without having been restored.
    ReadsArchive(bool),
    /// Keep a vendor's word under a name, in the place of the one before.
    Label(Box<str>, Box<str>),
    /// Say whether objects may be renamed: `InvalidArgument` where versions are kept, or were.
    Renames(bool),
    /// Replace the notification rules; the dialect has validated them.
    Rules {
        /// The rules, none to clear.
        rules: Vec<NotificationRule>,
        /// Refuse with `Busy` unless this version is in force.
        seen: Option<RuleSetVersion>,
    },
    /// Give objects that name no class this one.
    DefaultClass(StorageClass),
    /// Bound how many bytes it holds, all versions and open uploads together; `None` lifts the bound.
    Quota(Option<u64>),
    /// Reach the bucket under a domain too, or in another tongue than before.
    AddDomain(BucketDomain),
    /// Do not reach it under this domain any more; that it was not is success.
    RemoveDomain(Box<str>),
    /// Let objects be locked, which is never taken back.
    Locks {
        /// How long new ones are kept whose writers say nothing.
        default: Option<DefaultLock>,
        /// Whether its versioning must be enabled, else `InvalidBucketState`.
        versioned: bool,
    },
    /// Bound the versions of TLS that requests may come over; `None` lets every one pass.
    Tls(Option<Vec<TlsVersion>>),
    /// Replace what nobody overwrites.
    Overwrites(Vec<OverwriteRule>),
    /// Divide its keys into object sets, or change what bounds them: `InvalidBucketState` for another division
    /// while there are sets. What the layout says of rules and bounds by tag is kept as it was.
    Sets(SetLayout),
    /// Write logs of requests to it; `None` for no longer.
    AccessLog(Option<AccessLog>),
    /// What lines of those tell beside; nothing for no longer.
    LogFields(LogFields),
    /// Note when objects are read, or do not: `ReadsNeeded` while lifecycle rules count reads.
    AccessMonitor(bool),
    /// Say where deleted objects are moved, and for how long: `MethodNotAllowed` where there are no directories.
    Trash(Trash),
}

/// The policy of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketPolicy {
    /// As it was sent, to be given back.
    pub text: Box<str>,
    /// What it says.
    pub statements: Vec<Statement>,
}

/// How far a replication rule was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleProgress {
    /// How much of what was there before the rule was copied, in thousandths: 1000 when all was, 0 where the rule
    /// leaves it alone.
    pub history_permille: u16,
    /// Everything written before this instant was copied; `None` while the rule is not followed, or so much is owed
    /// that it is not looked through.
    pub new_until: Option<Timestamp>,
}

/// What a bucket holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketStat {
    /// Versions of objects and links, by class; classes of which there are none are missing.
    pub classes: BTreeMap<StorageClass, Usage>,
    /// Delete markers.
    pub delete_markers: u64,
    /// Open uploads.
    pub uploads: u64,
    /// Parts of open uploads.
    pub parts: u64,
    /// Bytes of those parts.
    pub part_bytes: u64,
}

impl BucketStat {
    /// Bytes of everything, parts of open uploads included: what quotas are about.
    pub fn bytes(&self) -> u64 {
        let objects: u64 = self.classes.values().map(|usage| usage.bytes).sum();
        objects.saturating_add(self.part_bytes)
    }
}

/// How many there are, and how large they are together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many.
    pub objects: u64,
    /// Their bytes, shared ones counted for each.
    pub bytes: u64,
}
