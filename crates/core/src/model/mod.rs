//! What the system is about: buckets, objects, versions, events, rules, accounts.
//!
//! Neutral on purpose: user metadata has no vendor prefix, classes and event kinds have our own
//! names, dates are instants. Every dialect owns two tables, its words to ours and back. Types here
//! validate themselves when built and know nothing of how they are stored or sent.

mod access;
mod bandwidth;
mod bucket;
mod callback;
mod checksum;
mod cors;
mod event;
mod id;
mod inventory;
mod lifecycle;
mod lock;
mod name;
mod object;
mod object_set;
mod policy;
mod referer;
mod replication;
mod retention;
mod rule;
mod scan;
mod seal;
mod sync;
mod time;
mod vault;
mod website;

pub use access::{
    AccessKeyId, AccountId, Acl, Grant, Grantee, Permission, Principal, SessionToken, TlsVersion,
};
pub use bandwidth::BandwidthSpan;
pub use bucket::{
    AccessMonitor, Bucket, BucketDomain, BucketKind, BucketState, DialectId, DocKind,
    OverwriteRule, Trash, Versioning,
};
pub use callback::{
    Accept, BodyType, CallbackSpec, CallbackStyle, EtagCase, JsonTemplate, NamedCallback,
};
pub use checksum::{
    ChecksumAlgorithm, ChecksumForm, ChecksumKind, ChecksumValue, Checksums, Etag, FurtherChecksum,
};
pub use cors::{Cors, CorsMethod, CorsRule};
pub use event::{Event, EventKind, EventKinds, VersionTag};
pub use id::{BlobId, BucketId, FetchId, PayloadId, UploadId, VersionId, WorkId};
pub use inventory::{
    AccessLog, Inventory, InventoryField, InventoryFilter, InventoryPeriod, InventoryTarget,
    LogFields,
};
pub use lifecycle::{
    Due, Lifecycle, LifecycleException, LifecycleFilter, LifecycleRule, Transition, UnreadMove,
};
pub use lock::{DefaultLock, Kept, Lock, LockMode, LockSpan, Locks};
pub use name::{BucketName, InvalidName, ObjectKey};
pub use object::{
    Extent, Form, LinkTarget, ObjectRecord, ObjectType, ObjectVersion, PayloadRef, Place, Restore,
    RestoreState, StorageClass, StoredHeaders, Tags, UserMeta, VersionKind,
};
pub use object_set::{
    ObjectSet, SetLayout, SetLifecycleRule, SetLifecycles, SetQuotaRule, SetQuotas, SetRates,
};
pub use policy::{
    Action, Actions, Condition, Effect, Fact, Likeness, Network, Principals, Relation, Statement,
};
pub use referer::Referers;
pub use replication::{ClassSource, ReplicaTarget, Replicated, Replication, ReplicationRule};
pub use retention::Retention;
pub use rule::{Broker, Destination, NotificationRule, RuleForm, RuleId, RuleSetVersion};
pub use scan::{ScanFault, ScanFaultKind, SyncPick, SyncProgress, SyncScope};
pub use seal::{Cipher, CustomerKey, Encryption, KeyHolder, Seal};
pub use sync::{
    Checked, ContentCheck, Overwrite, SyncCounts, SyncList, SyncOutcome, SyncPast, SyncSettings,
    SyncSource, SyncStage, SyncState, SyncTask, SyncTaskId,
};
pub use time::Timestamp;
pub use vault::{
    Archive, ArchiveId, Job, JobId, JobKind, JobOutcome, JobResult, JobStatus, TreeHash, Vault,
    VaultId, VaultName, VaultUsage,
};
pub use website::{
    Elsewhere, ErrorPage, Folders, HeaderTest, Index, KeyChange, Mirror, MirrorRule, PassedHeaders,
    Redirect, Route, Scheme, Site, Then, Website, When,
};
