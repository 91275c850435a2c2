//! Key encodings. Order-preserving: fixed-size numbers are big-endian, text that is followed by more
//! is ended by a NUL byte, which no object key holds.

use bytes::{BufMut, Bytes, BytesMut};

use crate::model::{
    AccessKeyId, AccountId, BucketId, BucketName, DocKind, FetchId, ObjectKey, PayloadId,
    RuleSetVersion, Timestamp, UploadId, VersionId, WorkId,
};
use crate::ports::{Key, KeyRange, Position, Table};

/// Names a destination in keys: the first 16 bytes of the SHA-256 of its id.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct DestinationKey(pub [u8; 16]);

impl DestinationKey {
    /// The key of a destination.
    pub fn of(destination: &crate::model::Destination) -> Self {
        use sha2::{Digest, Sha256};
        let digest: [u8; 32] = Sha256::digest(destination.id().as_bytes()).into();
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }
}

mod sync;
mod vault;

pub use sync::{
    SyncCount, number_of_line, object_of_failed, object_of_sync, start_of_slot, sync_counts_range,
    sync_failed, sync_failed_range, sync_failure, sync_failures_range, sync_item, sync_items_range,
    sync_line, sync_lines_range, sync_scan, sync_secret, sync_settled, sync_slot, sync_taken,
    sync_task,
};
pub use vault::{
    archive, archive_upload, archive_uploads_range, archives_range, held_by_archive, held_by_job,
    job, jobs_range, leaves, leaves_range, upload_of_archive, vault, vault_name, vault_names_range,
    vault_of_job, vault_usage,
};

fn key(table: Table, parts: &[&[u8]]) -> Key {
    Key {
        table,
        bytes: join(parts),
    }
}

fn join(parts: &[&[u8]]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        bytes.put_slice(part);
    }
    bytes.freeze()
}

/// The first key after every key that begins with `prefix`; `None` when there is none.
pub fn after_prefix(prefix: &[u8]) -> Option<Bytes> {
    let last = prefix.iter().rposition(|&b| b != u8::MAX)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end.into())
}

/// All keys of `table` that begin with the joined `parts`.
pub fn prefix_range(table: Table, parts: &[&[u8]]) -> KeyRange {
    let start = join(parts);
    let end = after_prefix(&start);
    KeyRange { table, start, end }
}

/// A bucket, by name.
pub fn bucket(name: &BucketName) -> Key {
    key(Table::Buckets, &[name.as_str().as_bytes()])
}

/// A configuration document of a bucket.
pub fn bucket_doc(bucket: BucketId, kind: DocKind) -> Key {
    key(Table::BucketDocs, &[&bucket.0.to_be_bytes(), &[kind as u8]])
}

/// The current version of a key that is an object.
pub fn head(bucket: BucketId, object: &ObjectKey) -> Key {
    key(
        Table::Heads,
        &[&bucket.0.to_be_bytes(), object.as_str().as_bytes()],
    )
}

/// The current version of a key that is a delete marker.
pub fn grave(bucket: BucketId, object: &ObjectKey) -> Key {
    key(
        Table::Graves,
        &[&bucket.0.to_be_bytes(), object.as_str().as_bytes()],
    )
}

/// All heads or graves of a bucket whose key begins with `prefix`.
pub fn current_range(table: Table, bucket: BucketId, prefix: &str) -> KeyRange {
    prefix_range(table, &[&bucket.0.to_be_bytes(), prefix.as_bytes()])
}

/// The object key in a key of [`head`] or [`grave`].
pub fn object_of_current(bytes: &[u8]) -> Option<ObjectKey> {
    ObjectKey::new(std::str::from_utf8(bytes.get(8..)?).ok()?).ok()
}

/// A non-current version; newer ones sort first within their key.
pub fn version(bucket: BucketId, object: &ObjectKey, id: VersionId) -> Key {
    key(
        Table::Versions,
        &[&versions_of(bucket, object), &(!id.0).to_be_bytes()],
    )
}

/// All non-current versions of one key, newest first.
pub fn version_range(bucket: BucketId, object: &ObjectKey) -> KeyRange {
    prefix_range(Table::Versions, &[&versions_of(bucket, object)])
}

/// All non-current versions of keys of a bucket that begin with `prefix`.
pub fn versions_range(bucket: BucketId, prefix: &str) -> KeyRange {
    prefix_range(
        Table::Versions,
        &[&bucket.0.to_be_bytes(), prefix.as_bytes()],
    )
}

fn versions_of(bucket: BucketId, object: &ObjectKey) -> Bytes {
    join(&[&bucket.0.to_be_bytes(), object.as_str().as_bytes(), &[0]])
}

/// Object key and version in a key of [`version`].
pub fn object_of_version(bytes: &[u8]) -> Option<(ObjectKey, VersionId)> {
    let (text, id) = bytes.get(8..)?.split_last_chunk::<8>()?;
    let object = ObjectKey::new(std::str::from_utf8(text.strip_suffix(&[0])?).ok()?).ok()?;
    Some((object, VersionId(!u64::from_be_bytes(*id))))
}

/// A multipart upload. Uploads of one key sort by id, which grows with time.
pub fn upload(bucket: BucketId, object: &ObjectKey, id: UploadId) -> Key {
    key(
        Table::Uploads,
        &[
            &bucket.0.to_be_bytes(),
            object.as_str().as_bytes(),
            &[0],
            &id.0,
        ],
    )
}

/// All uploads of a bucket for keys that begin with `prefix`.
pub fn uploads_range(bucket: BucketId, prefix: &str) -> KeyRange {
    prefix_range(
        Table::Uploads,
        &[&bucket.0.to_be_bytes(), prefix.as_bytes()],
    )
}

/// Object key and upload in a key of [`upload`].
pub fn object_of_upload(bytes: &[u8]) -> Option<(ObjectKey, UploadId)> {
    let (text, id) = bytes.get(8..)?.split_last_chunk::<16>()?;
    let object = ObjectKey::new(std::str::from_utf8(text.strip_suffix(&[0])?).ok()?).ok()?;
    Some((object, UploadId(*id)))
}

/// A part of an upload.
pub fn part(upload: UploadId, number: u16) -> Key {
    key(Table::Parts, &[&upload.0, &number.to_be_bytes()])
}

/// All parts of an upload, in order.
pub fn parts_range(upload: UploadId) -> KeyRange {
    prefix_range(Table::Parts, &[&upload.0])
}

/// The part number in a key of [`part`].
pub fn number_of_part(bytes: &[u8]) -> Option<u16> {
    bytes.get(16..)?.try_into().ok().map(u16::from_be_bytes)
}

/// A row of the manifest of a payload.
pub fn extents(payload: PayloadId, row: u32) -> Key {
    key(Table::Extents, &[&payload.0, &row.to_be_bytes()])
}

/// All rows of the manifest of a payload.
pub fn extents_range(payload: PayloadId) -> KeyRange {
    prefix_range(Table::Extents, &[&payload.0])
}

/// How many rows a manifest of so many extents has; every row but the last is full.
pub fn extent_rows(extents: u32) -> u32 {
    let per_row = u32::try_from(crate::limits::EXTENTS_PER_ROW).unwrap_or(u32::MAX);
    extents.div_ceil(per_row)
}

/// A payload's state.
pub fn payload(id: PayloadId) -> Key {
    key(Table::Payloads, &[&id.0])
}

/// That a version of a key holds a payload.
pub fn payload_ref(id: PayloadId, bucket: BucketId, object: &ObjectKey, v: VersionId) -> Key {
    let holder = versions_of(bucket, object);
    key(Table::PayloadRefs, &[&id.0, &holder, &v.0.to_be_bytes()])
}

/// All holders of a payload.
pub fn payload_refs_range(id: PayloadId) -> KeyRange {
    prefix_range(Table::PayloadRefs, &[&id.0])
}

/// The notification rules a bucket had under a version.
pub fn rule_set(bucket: BucketId, version: RuleSetVersion) -> Key {
    key(
        Table::RuleSets,
        &[&bucket.0.to_be_bytes(), &version.0.to_be_bytes()],
    )
}

/// A subscription.
pub fn sub(bucket: BucketId, to: DestinationKey) -> Key {
    key(Table::Subs, &[&bucket.0.to_be_bytes(), &to.0])
}

/// An event set aside behind a failed one of its key.
pub fn held(bucket: BucketId, to: DestinationKey, object: &ObjectKey, at: Position) -> Key {
    key(
        Table::Held,
        &[
            &bucket.0.to_be_bytes(),
            &to.0,
            object.as_str().as_bytes(),
            &[0],
            &at.0.to_be_bytes(),
        ],
    )
}

/// All events set aside of a subscription.
pub fn held_range(bucket: BucketId, to: DestinationKey) -> KeyRange {
    prefix_range(Table::Held, &[&bucket.0.to_be_bytes(), &to.0])
}

/// An event given up.
pub fn dead(bucket: BucketId, to: DestinationKey, at: Position) -> Key {
    key(
        Table::Dead,
        &[&bucket.0.to_be_bytes(), &to.0, &at.0.to_be_bytes()],
    )
}

/// A block of the delivery log of a subscription, by number.
pub fn attempts(bucket: BucketId, to: DestinationKey, n: u64) -> Key {
    key(
        Table::Attempts,
        &[&bucket.0.to_be_bytes(), &to.0, &n.to_be_bytes()],
    )
}

/// An upload callback, by the version it is about.
pub fn call(bucket: BucketId, object: &ObjectKey, v: VersionId) -> Key {
    key(
        Table::Calls,
        &[&versions_of(bucket, object), &v.0.to_be_bytes()],
    )
}

/// All upload callbacks of one key.
pub fn calls_range(bucket: BucketId, object: &ObjectKey) -> KeyRange {
    prefix_range(Table::Calls, &[&versions_of(bucket, object)])
}

/// The version in a key of [`call`].
pub fn version_of_call(bytes: &[u8]) -> Option<VersionId> {
    let (_, id) = bytes.split_last_chunk::<8>()?;
    Some(VersionId(u64::from_be_bytes(*id)))
}

/// When a version was read last.
pub fn read(bucket: BucketId, object: &ObjectKey, v: VersionId) -> Key {
    key(
        Table::Reads,
        &[&versions_of(bucket, object), &v.0.to_be_bytes()],
    )
}

/// Bucket, object key and version in a key of [`read`].
pub fn version_of_read(bytes: &[u8]) -> Option<(BucketId, ObjectKey, VersionId)> {
    let (bucket, rest) = bytes.split_first_chunk::<8>()?;
    let (text, id) = rest.split_last_chunk::<8>()?;
    let object = ObjectKey::new(std::str::from_utf8(text.strip_suffix(&[0])?).ok()?).ok()?;
    Some((
        BucketId(u64::from_be_bytes(*bucket)),
        object,
        VersionId(u64::from_be_bytes(*id)),
    ))
}

/// A piece of durable work.
pub fn work(id: WorkId) -> Key {
    key(Table::Work, &[&id.0])
}

/// The entry of a piece of work in the order of due times.
pub fn work_due(due: Timestamp, id: WorkId) -> Key {
    key(Table::WorkDue, &[&due.millis().to_be_bytes(), &id.0])
}

/// The due time and work in a key of [`work_due`].
pub fn work_of_due(bytes: &[u8]) -> Option<(Timestamp, WorkId)> {
    let (due, id) = bytes.split_first_chunk::<8>()?;
    Some((
        Timestamp::from_millis(u64::from_be_bytes(*due)),
        WorkId(id.try_into().ok()?),
    ))
}

/// An account.
pub fn account(id: &AccountId) -> Key {
    key(Table::Accounts, &[id.0.as_bytes()])
}

/// A credential.
pub fn credential(id: &AccessKeyId) -> Key {
    key(Table::Credentials, &[id.0.as_bytes()])
}

/// A registered function.
pub fn function(name: &str) -> Key {
    key(Table::Functions, &[name.as_bytes()])
}

/// A registered source.
pub fn source(name: &str) -> Key {
    key(Table::Sources, &[name.as_bytes()])
}

/// A replay of a past range.
pub fn replay(id: WorkId) -> Key {
    key(Table::Replays, &[&id.0])
}

/// A single record of the server.
pub fn server(name: &'static str) -> Key {
    key(Table::Server, &[name.as_bytes()])
}

/// The domain of a bucket, by its name.
pub fn domain(name: &str) -> Key {
    key(Table::Server, &[b"domain/", name.as_bytes()])
}

/// A task that fetches a URL.
pub fn fetch(bucket: BucketId, id: FetchId) -> Key {
    key(Table::Fetches, &[&bucket.0.to_be_bytes(), &id.0])
}

/// All such tasks of a bucket.
pub fn fetches_range(bucket: BucketId) -> KeyRange {
    prefix_range(Table::Fetches, &[&bucket.0.to_be_bytes()])
}

/// An object set of a bucket, by its name.
pub fn object_set(bucket: BucketId, name: &str) -> Key {
    key(
        Table::ObjectSets,
        &[&bucket.0.to_be_bytes(), name.as_bytes()],
    )
}

/// All object sets of a bucket whose names begin with `prefix`.
pub fn object_sets_range(bucket: BucketId, prefix: &str) -> KeyRange {
    prefix_range(
        Table::ObjectSets,
        &[&bucket.0.to_be_bytes(), prefix.as_bytes()],
    )
}

/// The name in a key of [`object_set`].
pub fn name_of_set(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes.get(8..)?).ok()
}
