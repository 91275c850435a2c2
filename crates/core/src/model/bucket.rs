//! Buckets.

use serde::{Deserialize, Serialize};

use super::{
    AccessLog, AccountId, Acl, BucketId, BucketName, Encryption, Locks, LogFields,
    NotificationRule, Referers, Retention, RuleSetVersion, SetLayout, Statement, StorageClass,
    Timestamp, TlsVersion, WorkId,
};

/// One of the tongues a request may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum DialectId {
    /// Volcengine TOS.
    Tos,
    /// Alibaba Cloud OSS.
    Oss,
    /// Amazon S3.
    S3,
    /// Huawei Cloud OMS, which has no buckets.
    Oms,
    /// Alibaba Cloud OAS, which has vaults instead of buckets.
    Oas,
}

/// Whether overwriting keeps what was there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Versioning {
    /// Never switched on: every version is the null version.
    #[default]
    Off,
    /// Every write makes a new version.
    Enabled,
    /// Was on; writes replace the null version, older versions stay.
    Suspended,
}

/// How a bucket arranges its keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BucketKind {
    /// By their bytes alone; `/` means nothing.
    #[default]
    Flat,
    /// As paths: every object lies in directories, which are there themselves. It never keeps versions.
    Hierarchical,
}

/// Where objects of a hierarchical bucket lie for a while after they were deleted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trash {
    /// The directory they are moved into, `/` at its end.
    pub path: Box<str>,
    /// Days after which they are deleted from there, 1 to [`crate::limits::EXPIRES_DAYS_MAX`].
    pub days: u32,
    /// Whether that is done; what lies there stays while it is not.
    pub enabled: bool,
}

/// Whether a bucket can be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum BucketState {
    /// Usable.
    #[default]
    Live,
    /// Its removal was committed and is being finished; it reads as absent.
    Deleting,
}

/// A configuration document that buckets have at most one of. Stored by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocKind {
    /// Who may do what.
    Policy,
    /// Which web pages of other origins may use it.
    Cors,
    /// What becomes of objects in time.
    Lifecycle,
    /// Tags of the bucket itself.
    Tags,
    /// How objects are encrypted whose writers say nothing of it.
    Encryption,
    /// How its objects are shown to visitors.
    Website,
    /// Where objects are fetched that it does not have.
    Mirrors,
    /// Callbacks that uploads order by name.
    Callbacks,
    /// Which lists of what it holds are written at regular times.
    Inventories,
    /// What bounds its object sets by their tags.
    SetQuotas,
    /// What becomes of objects of its object sets, by the tags of those.
    SetLifecycles,
    /// What is copied into other buckets.
    Replication,
}

impl DocKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::Policy,
        Self::Cors,
        Self::Lifecycle,
        Self::Tags,
        Self::Encryption,
        Self::Website,
        Self::Mirrors,
        Self::Callbacks,
        Self::Inventories,
        Self::SetQuotas,
        Self::SetLifecycles,
        Self::Replication,
    ];
}

/// A bucket with the settings that every request on it needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, not a state"
)]
pub struct Bucket {
    /// This life of the bucket.
    pub id: BucketId,
    /// Its name, unique on the server.
    pub name: BucketName,
    /// Who may do everything with it.
    pub owner: AccountId,
    /// When it was created.
    pub created_at: Timestamp,
    /// Region it reports, taken from the signature that created it.
    pub region: Box<str>,
    /// The dialect it was created through.
    pub home: DialectId,
    /// Whether it can be used.
    pub state: BucketState,
    /// Whether overwriting keeps versions.
    pub versioning: Versioning,
    /// Grants beside the owner's.
    pub acl: Acl,
    /// Class of objects that name none.
    pub default_class: StorageClass,
    /// Opaque vendor words a dialect wants back (project, redundancy): name and value.
    pub labels: Vec<(Box<str>, Box<str>)>,
    /// Notification rules in force, at most [`crate::limits::RULES_MAX`].
    pub rules: Vec<NotificationRule>,
    /// Version of `rules`; zero while the bucket never had any, and then nothing is logged.
    pub rule_set: RuleSetVersion,
    /// Statements of its policy, at most [`crate::limits::POLICY_BYTES_MAX`].
    pub policy: Vec<Statement>,
    /// Whether whoever is not the owner has to agree to bear the cost of a request.
    pub requester_pays: bool,
    /// Whether pages of other origins have rules.
    pub has_cors: bool,
    /// The duty that carries out its lifecycle rules and the orders of its objects, when it has some.
    pub lifecycle: Option<WorkId>,
    /// How long its objects are kept from everybody, when they are.
    pub retention: Option<Retention>,
    /// How objects are encrypted whose writers say nothing of it.
    pub encryption: Option<Encryption>,
    /// What is asked of pages that lead to it by a link.
    pub referers: Referers,
    /// Whether it is shown as a website.
    pub has_website: bool,
    /// Whether origins stand in for objects it does not have.
    pub has_mirrors: bool,
    /// Whether what lists and policies allow everybody counts for nothing.
    pub blocks_public: bool,
    /// The same for all buckets of its owner, which is an order to the account and kept here to be at hand.
    pub account_blocks_public: bool,
    /// Whether objects of class `Archive` are read without having been restored.
    pub reads_archive: bool,
    /// Whether its objects may be renamed. Never while it keeps or has kept versions.
    pub renames: bool,
    /// Whether objects may say when they are to be deleted; from the first one on that does.
    pub expires: bool,
    /// Most bytes it may hold, all versions and open uploads together.
    pub quota: Option<u64>,
    /// Domains of its own, at most [`crate::limits::BUCKET_DOMAINS_MAX`].
    pub domains: Vec<BucketDomain>,
    /// The locks of its versions; `None` where there are none.
    pub locks: Option<Locks>,
    /// Versions of TLS that requests may come over, where not every one will do. Requests without TLS come all the
    /// same.
    pub tls: Option<Vec<TlsVersion>>,
    /// What of it nobody overwrites, at most [`crate::limits::OVERWRITE_RULES_MAX`] rules.
    pub kept: Vec<OverwriteRule>,
    /// The logs of requests to it, when there are some.
    pub access_log: Option<AccessLog>,
    /// What their lines tell beside.
    pub log_fields: LogFields,
    /// Whether it is noted when its objects are read; `None` where it never was.
    pub access_monitor: Option<AccessMonitor>,
    /// How its keys are divided into object sets, when they are.
    pub sets: Option<SetLayout>,
    /// What keys begin with whose objects are copied into other buckets; an empty text is every key.
    pub replicated: Vec<Box<str>>,
    /// How its keys are arranged, which never changes.
    pub kind: BucketKind,
    /// Where deleted objects are moved, when it was said. Only where there are directories.
    pub trash: Option<Trash>,
}

/// The noting of reads, in vendors' words access tracking. While it is off, notes that were made are kept and
/// count for nothing; they go with their versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessMonitor {
    /// Whether reads are noted.
    pub on: bool,
    /// When it was switched on last. What was not read since counts as read then.
    pub since: Timestamp,
}

/// Objects that are not overwritten, where the bucket never kept versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverwriteRule {
    /// Its name, unique in the bucket.
    pub id: Box<str>,
    /// What their keys begin with.
    pub prefix: Box<str>,
    /// What their keys end with.
    pub suffix: Box<str>,
    /// Who does not overwrite them; empty for everybody.
    pub accounts: Vec<AccountId>,
}

/// A domain under which one bucket alone is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketDomain {
    /// Its name, in lower case, unique on the server.
    pub name: Box<str>,
    /// The tongue of requests that do not tell theirs.
    pub dialect: DialectId,
}

impl Bucket {
    /// Whether what lists and policies allow everybody counts for nothing, by its own order or its owner's.
    pub fn keeps_the_public_out(&self) -> bool {
        self.blocks_public || self.account_blocks_public
    }

    /// Since when it is noted when objects are read, if it is.
    pub fn notes_reads(&self) -> Option<Timestamp> {
        let monitor = self.access_monitor.filter(|monitor| monitor.on);
        monitor.map(|monitor| monitor.since)
    }

    /// Whether a set of its objects has, or had, lifecycle rules.
    pub fn has_set_rules(&self) -> bool {
        self.sets.as_ref().is_some_and(|layout| layout.has_rules)
    }

    /// Whether its keys are paths.
    pub fn is_hierarchical(&self) -> bool {
        self.kind == BucketKind::Hierarchical
    }

    /// Where deleted objects are moved, while they are.
    pub fn trash_in_use(&self) -> Option<&Trash> {
        self.trash.as_ref().filter(|trash| trash.enabled)
    }

    /// Whether changes of this bucket are written to its event log: from its first rule on.
    pub fn logs_changes(&self) -> bool {
        self.rule_set != RuleSetVersion(0)
    }
}
