//! Replication: what is written into a bucket is copied into other buckets of its owner.

use serde::{Deserialize, Serialize};

use super::{BucketName, StorageClass, Tags, VersionId, WorkId};

/// Where the class of a copy comes from, when a rule says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClassSource {
    /// It is that of the object.
    Object,
    /// It is that of new objects of the bucket that is copied into.
    Bucket,
}

/// Where a rule copies to, and as what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicaTarget {
    /// The bucket.
    pub bucket: BucketName,
    /// The region that the rule says the bucket is in; it is.
    pub region: Box<str>,
    /// The class of copies, as long as `inherits` says nothing; `None` leaves it to the bucket.
    pub class: Option<StorageClass>,
    /// What the class of copies is taken from instead.
    pub inherits: Option<ClassSource>,
}

/// What is copied, and where to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationRule {
    /// Its name, unique in its bucket; the engine gives one to a rule without.
    pub id: Box<str>,
    /// Whether it is followed.
    pub enabled: bool,
    /// What keys begin with; no prefix at all is every key.
    pub prefixes: Vec<Box<str>>,
    /// Tags that an object must have, all of them; none is every object.
    pub tags: Tags,
    /// Where to.
    pub target: ReplicaTarget,
    /// Whether what was there before the rule is copied too.
    pub history: bool,
    /// Whether copies belong to the owner of the bucket they are in, without grants of their own; else they keep
    /// owner and grants.
    pub entrusts: bool,
    /// Versions after this one are new to the rule. Given by the engine.
    pub since: VersionId,
    /// Names this state of the rule, and the work that copies what was there before it. Given by the engine.
    pub duty: WorkId,
}

/// All rules of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replication {
    /// The role that the vendor's service takes on; given back, since this server acts in the name of the owner.
    pub role: Box<str>,
    /// The rules, at most [`crate::limits::REPLICATION_RULES_MAX`].
    pub rules: Vec<ReplicationRule>,
}

/// What replication has to do with an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replicated {
    /// Nothing.
    #[default]
    No,
    /// It is to be copied.
    Pending,
    /// It was copied wherever a rule wants it.
    Complete,
    /// It could not be copied everywhere, and is not tried any more unless an operator has that done.
    Failed,
    /// It is the copy of this version of the same key in another bucket.
    Copy(VersionId),
}
