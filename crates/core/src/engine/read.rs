//! Finds versions and reads objects. Nothing is written here; where reads are noted, that is done later.
//!
//! Who may not list a bucket learns nothing about which keys it has: a missing key is `Denied` to
//! them, as in all dialects of the S3 family.

use std::ops::Range;
use std::sync::Arc;

use super::body_out::prefetch;
use super::rates::Use;
use super::{
    Cx, Engine, Expiry, GetObject, ObjectInfo, ObjectReader, ObjectTarget, PartSpan, RangeSpec,
    VersionChoice,
};
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{
    Bucket, CustomerKey, Etag, Lock, ObjectKey, ObjectRecord, ObjectVersion, PayloadRef, Timestamp,
    VersionId, VersionTag,
};
use crate::ports::{BlobError, BodyError, ByteStream, Expect, Key, Revision, Table};
use crate::records::{CurrentRecord, decode, keys};
use crate::rules::access::{Action, On, allow, known_lock};
use crate::rules::lock::check_locks;
use crate::rules::{conditions, lifecycle, range, restore, version};

/// A version of a key that is an object, and where its record is.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The version; never a delete marker.
    pub(crate) version: ObjectVersion,
    /// How clients know it.
    pub(crate) tag: VersionTag,
    /// Where its record is: the head of the key, or a row of older versions.
    pub(crate) at: Key,
    /// State of that record.
    pub(crate) revision: Revision,
    /// The version that record is about: that of the target where a link was followed.
    pub(crate) id: VersionId,
    /// The bucket of that record, where a link was followed into another one.
    pub(crate) linked: Option<Arc<Bucket>>,
}

impl Found {
    /// The object.
    pub(crate) fn object(&self) -> &ObjectRecord {
        self.version
            .object()
            .expect("find_version refuses delete markers")
    }

    /// Etag and time, as conditions want them.
    pub(crate) fn validators(&self) -> (&Etag, Timestamp) {
        (&self.object().etag, self.version.written_at)
    }

    /// That nobody has changed its record since.
    pub(crate) fn unchanged(&self) -> Expect {
        Expect::Revision(self.at.clone(), self.revision)
    }

    /// The bucket of that record; `asked` is the one that was asked for the object.
    pub(crate) fn home<'a>(&'a self, asked: &'a Bucket) -> &'a Bucket {
        self.linked.as_deref().unwrap_or(asked)
    }

    /// The key of that record.
    fn key(&self) -> Option<ObjectKey> {
        match self.at.table {
            Table::Heads => keys::object_of_current(&self.at.bytes),
            _ => Some(keys::object_of_version(&self.at.bytes)?.0),
        }
    }

    /// What is told of it; `lock` is what may be told of its lock.
    fn into_info(self, bucket: &Bucket, lock: Lock, now: Timestamp) -> ObjectInfo {
        ObjectInfo {
            version: self.tag,
            written_at: self.version.written_at,
            restore: restore::state(self.object(), now),
            record: ObjectRecord {
                lock,
                ..self.object().clone()
            },
            bucket_owner: bucket.owner.clone(),
            part: None,
            expires: None,
            read_at: None,
        }
    }
}

/// An object whose first bytes were read.
pub(crate) struct Opened {
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) found: Found,
    pub(crate) range: Range<u64>,
    pub(crate) body: ByteStream,
}

/// What a key holds, from one snapshot.
struct Seen {
    current: Option<(Key, Revision, CurrentRecord)>,
    /// The older version that was asked for.
    older: Option<(Key, Revision, ObjectVersion)>,
}

impl Engine {
    /// Reads an object, through a link if it is one: `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` on a
    /// delete marker named by its version, `NoSymlinkTarget`, `SymlinkToSymlink`, `Denied`,
    /// `NotModified`, `PreconditionFailed`, `NotRestored`, `InvalidRange`, and `KeyMissing`, `KeyWrong` and
    /// `KeyUnasked` about the customer's key.
    pub async fn get_object(&self, cx: &Cx, req: GetObject) -> Result<ObjectReader, Error> {
        let check =
            |found: &Found| conditions::check_read(&req.conditions, Some(found.validators()));
        let key = cx.encrypting.key.as_ref();
        let opened = self
            .open_object(cx, &req.target, req.range, key, &check)
            .await?;
        let Opened { bucket, found, .. } = &opened;
        if let Some(key) = found.key() {
            self.note_read(found.home(bucket), &key, found.id);
        }
        let expires = self.expiry(bucket, &req.target.key, found).await?;
        let part = self.part(found.object(), req.range).await?;
        let on = On::object(&req.target.key, found.object());
        let lock = known_lock(cx, bucket, on, found.object().lock);
        Ok(ObjectReader {
            info: ObjectInfo {
                part,
                expires,
                ..opened
                    .found
                    .into_info(&opened.bucket, lock, self.ports.clock.now())
            },
            range: req.range.map(|_| opened.range),
            body: opened.body,
        })
    }

    /// Says what [`Engine::get_object`] would find, without its bytes, restored or not; of `req.range` only
    /// a part is looked at.
    pub async fn head_object(&self, cx: &Cx, req: GetObject) -> Result<ObjectInfo, Error> {
        let (bucket, _) = self.read_live_bucket(&req.target.bucket).await?;
        let found = self.reach(cx, &bucket, &req.target).await?;
        self.take_turn(&bucket, req.target.key.as_str(), Use::Read, None)
            .await?;
        conditions::check_read(&req.conditions, Some(found.validators()))
            .map_err(|kind| refusal(kind, &found))?;
        self.data_key(found.object().seal.as_ref(), cx.encrypting.key.as_ref())?;
        let on = On::object(&req.target.key, found.object());
        let lock = known_lock(cx, &bucket, on, found.object().lock);
        let read_at = match found.key() {
            Some(key) => {
                self.read_last(found.home(&bucket), &key, found.id, &found.version)
                    .await?
            }
            None => None,
        };
        Ok(ObjectInfo {
            read_at,
            part: self.part(found.object(), req.range).await?,
            expires: self.expiry(&bucket, &req.target.key, &found).await?,
            ..found.into_info(&bucket, lock, self.ports.clock.now())
        })
    }

    /// Where the part is that is asked for, if one is: `NoSuchPart`. Every part that has bytes is one extent
    /// of its object; where one had none nobody knows any more which is which: `Unsupported`.
    async fn part(
        &self,
        record: &ObjectRecord,
        spec: Option<RangeSpec>,
    ) -> Result<Option<PartSpan>, Error> {
        let Some(RangeSpec::Part(number)) = spec else {
            return Ok(None);
        };
        let none = || {
            Error::new(
                ErrorKind::NoSuchPart,
                "the object has no part of this number",
            )
        };
        let Etag::Parts { count, .. } = record.etag else {
            let whole = PartSpan {
                range: 0..record.size,
                of: None,
            };
            return (number == 1).then_some(Some(whole)).ok_or_else(none);
        };
        if !(1..=u32::from(count)).contains(&number) {
            return Err(none());
        }
        let extents = match &record.payload {
            PayloadRef::Empty => Vec::new(),
            PayloadRef::One { extent, .. } => vec![*extent],
            PayloadRef::Manifest { id, extents } => self.manifest(*id, *extents).await?,
        };
        if extents.len() != usize::from(count) {
            let why = "the parts of this object cannot be told apart; read it as a whole";
            return Err(Error::new(ErrorKind::Unsupported, why));
        }
        let mut end = 0_u64;
        let mut range = 0..0;
        for (extent, _) in extents.iter().zip(0..number) {
            range = end..end.saturating_add(extent.len);
            end = range.end;
        }
        Ok(Some(PartSpan {
            range,
            of: Some(count),
        }))
    }

    /// When a lifecycle rule, or the object's own order, will delete what a key holds now. Only buckets with
    /// rules pay for it.
    async fn expiry(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        found: &Found,
    ) -> Result<Option<Expiry>, Error> {
        if bucket.lifecycle.is_none() || found.at.table != Table::Heads {
            return Ok(None);
        }
        let rules = self.rules_about(bucket, key).await?;
        let expiry = lifecycle::expiry(&rules, key.as_str(), &found.version);
        Ok(expiry.map(|(at, rule)| Expiry {
            at,
            rule: rule.into(),
        }))
    }

    /// Reads an object's record for another purpose (ACL, tags).
    pub async fn inspect_object(
        &self,
        cx: &Cx,
        target: &ObjectTarget,
        action: Action,
    ) -> Result<ObjectInfo, Error> {
        let (bucket, _) = self.read_live_bucket(&target.bucket).await?;
        let found = self.find_allowed(cx, &bucket, target, action).await?;
        let lock = found.object().lock;
        Ok(found.into_info(&bucket, lock, self.ports.clock.now()))
    }

    /// What keeps an object, as far as `action` is about it. `LockUnsupported` where its bucket locks nothing.
    pub async fn object_lock(
        &self,
        cx: &Cx,
        target: &ObjectTarget,
        action: Action,
    ) -> Result<Lock, Error> {
        let (bucket, _) = self.read_live_bucket(&target.bucket).await?;
        let found = self.find_allowed(cx, &bucket, target, action).await?;
        check_locks(&bucket)?;
        Ok(found.object().lock)
    }

    /// Finds a version of a key that is an object. `NoSuchKey` when the key has no current object,
    /// `NoSuchVersion` when it has no such version, `MethodNotAllowed` when the named version is a
    /// delete marker; an error at a marker names it.
    pub(crate) async fn find_version(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        choice: VersionChoice,
    ) -> Result<Found, Error> {
        let (at, revision, version) = self.find_any(bucket, key, choice).await?;
        let tag = version::tag(bucket, &version);
        if version.object().is_none() {
            let (kind, message) = match choice {
                VersionChoice::Current => (ErrorKind::NoSuchKey, NO_SUCH_KEY),
                _ => (
                    ErrorKind::MethodNotAllowed,
                    "this version is a delete marker; it can only be deleted",
                ),
            };
            return Err(Error::new(kind, message).at_delete_marker(tag));
        }
        Ok(Found {
            id: version.id,
            version,
            tag,
            at,
            revision,
            linked: None,
        })
    }

    /// Opens a range of an object the caller may read and that `check` lets pass. The first piece of
    /// the body has been read. What was found may be replaced, and its bytes removed, before that:
    /// then it is found anew.
    pub(crate) async fn open_object(
        &self,
        cx: &Cx,
        target: &ObjectTarget,
        spec: Option<RangeSpec>,
        customer: Option<&CustomerKey>,
        check: &(dyn Fn(&Found) -> Result<(), ErrorKind> + Sync),
    ) -> Result<Opened, Error> {
        let mut before = None;
        for _ in 0..limits::READ_RETRIES_MAX {
            let (bucket, _) = self.read_live_bucket(&target.bucket).await?;
            let found = self.reach(cx, &bucket, target).await?;
            check(&found).map_err(|kind| refusal(kind, &found))?;
            let reads_archive = found.home(&bucket).reads_archive;
            restore::check_readable(found.object(), reads_archive, self.ports.clock.now())
                .map_err(|kind| refusal(kind, &found))?;
            let size = found.object().size;
            let range = match spec {
                Some(RangeSpec::Part(_)) => {
                    let part = self.part(found.object(), spec).await?;
                    part.map_or(0..size, |part| part.range)
                }
                Some(spec) => range::resolve(spec, size).map_err(|kind| refusal(kind, &found))?,
                None => 0..size,
            };
            let key = self.data_key(found.object().seal.as_ref(), customer)?;
            if before.is_none() {
                let (path, bytes) = (target.key.as_str(), range.end - range.start);
                self.take_turn(&bucket, path, Use::Read, Some(bytes))
                    .await?;
            }
            let payload = &found.object().payload;
            match prefetch(self.open_payload(payload, key.as_ref(), range.clone())).await {
                Ok(body) => {
                    return Ok(Opened {
                        bucket,
                        found,
                        range,
                        body,
                    });
                }
                // Missing under the very record that was read before: lost, not replaced.
                Err(error @ BodyError::Stored(BlobError::NoSuchBlob))
                    if before == Some(found.revision) =>
                {
                    return Err(error.into());
                }
                Err(BodyError::Stored(BlobError::NoSuchBlob)) => before = Some(found.revision),
                Err(error) => return Err(error.into()),
            }
        }
        Err(busy())
    }

    /// Finds an object for one purpose; `action` is the one for the current version.
    pub(super) async fn find_allowed(
        &self,
        cx: &Cx,
        bucket: &Bucket,
        target: &ObjectTarget,
        action: Action,
    ) -> Result<Found, Error> {
        let found = self.find_version(bucket, &target.key, target.version).await;
        let found = match found {
            Err(missing) if tells_of_keys(missing.kind()) => {
                allow(cx, bucket, Action::ListObjects, On::Bucket)?;
                return Err(missing);
            }
            found => found?,
        };
        let action = match target.version {
            VersionChoice::Current => action,
            VersionChoice::Null | VersionChoice::Id(_) => action.of_version(),
        };
        allow(cx, bucket, action, On::object(&target.key, found.object()))?;
        Ok(found)
    }

    /// Finds a version, object or not. The null version is named by the current record, which may
    /// change between two reads; then both are read again.
    async fn find_any(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        choice: VersionChoice,
    ) -> Result<(Key, Revision, ObjectVersion), Error> {
        let mut guess = match choice {
            VersionChoice::Id(id) => Some(id),
            VersionChoice::Current | VersionChoice::Null => None,
        };
        for _ in 0..limits::READ_RETRIES_MAX {
            let seen = self.look(bucket, key, guess).await?;
            let Some((at, revision, current)) = seen.current else {
                return Err(missing(choice));
            };
            if version::means(choice, &current.version, true) {
                return Ok((at, revision, current.version));
            }
            let id = version::elsewhere(&current, choice).ok_or_else(|| missing(choice))?;
            if guess == Some(id) {
                let meant =
                    |(_, _, found): &(_, _, ObjectVersion)| version::means(choice, found, false);
                return seen.older.filter(meant).ok_or_else(|| missing(choice));
            }
            guess = Some(id);
        }
        Err(busy())
    }

    async fn look(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
        older: Option<VersionId>,
    ) -> Result<Seen, Error> {
        let mut at = vec![keys::head(bucket.id, key), keys::grave(bucket.id, key)];
        at.extend(older.map(|id| keys::version(bucket.id, key, id)));
        let records = self.ports.meta.get_many(&at).await?;
        let mut seen = Seen {
            current: None,
            older: None,
        };
        for (n, (at, record)) in at.into_iter().zip(records).enumerate() {
            let Some(record) = record else { continue };
            if n < 2 {
                seen.current = Some((at, record.revision, decode(&record.bytes)?));
            } else {
                seen.older = Some((at, record.revision, decode(&record.bytes)?));
            }
        }
        Ok(seen)
    }
}

/// What a failed check of a read tells the client about what was found.
pub(crate) fn refusal(kind: ErrorKind, found: &Found) -> Error {
    let record = found.object();
    match kind {
        ErrorKind::NotModified => {
            Error::new(kind, "the object is the one you have").at_etag(record.etag.clone())
        }
        ErrorKind::PreconditionFailed => {
            Error::new(kind, "a condition of the request does not hold")
        }
        ErrorKind::InvalidRange => {
            Error::new(kind, "no byte of the object lies in the range").at_length(record.size)
        }
        kind => refusal_of(kind),
    }
}

/// The same, where nothing of what was found is told.
pub(super) fn refusal_of(kind: ErrorKind) -> Error {
    match kind {
        ErrorKind::NotRestored => Error::new(kind, "the object is archived; restore it first"),
        _ => Error::new(kind, "the request cannot be fulfilled"),
    }
}

pub(super) const NO_SUCH_KEY: &str = "there is no object under this key";

fn missing(choice: VersionChoice) -> Error {
    match choice {
        VersionChoice::Current => Error::new(ErrorKind::NoSuchKey, NO_SUCH_KEY),
        VersionChoice::Null | VersionChoice::Id(_) => Error::new(
            ErrorKind::NoSuchVersion,
            "the key has no such version; list its versions to see which there are",
        ),
    }
}

pub(super) fn busy() -> Error {
    Error::new(
        ErrorKind::Busy,
        "the object is being replaced again and again; try again",
    )
}

/// Whether an error says something about which keys and versions there are.
pub(super) fn tells_of_keys(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NoSuchKey | ErrorKind::NoSuchVersion | ErrorKind::MethodNotAllowed
    )
}
