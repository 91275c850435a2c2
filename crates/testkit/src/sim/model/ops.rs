//! What clients ask, and what the model answers as long as nothing is changed by it.

use bytes::Bytes;
use cohong_core::ErrorKind;
use cohong_core::engine::{BucketChange, DeleteReceipt, VersionChoice};
use cohong_core::model::{
    BucketId, ChecksumAlgorithm, ChecksumForm, ChecksumValue, Destination, DialectId, EventKind,
    EventKinds, Form, NotificationRule, RuleForm, RuleId, UploadId, VersionTag, Versioning,
};
use cohong_core::rules::lock::LockStep;

use super::checksum::sum_of_parts;
use super::guards::refuse;
use super::keys::Deletion;
use super::{Answer, Bucket, Key, Model, Object, Says, md5_of};

/// A condition on what is overwritten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cond {
    /// None.
    Always,
    /// Nothing may be there.
    Absent,
    /// This etag must be there.
    Etag(String),
}

/// A rule.
#[derive(Clone, Debug)]
pub(crate) struct RuleSpec {
    pub(crate) id: String,
    pub(crate) prefix: String,
    /// Tells of new objects only.
    pub(crate) created_only: bool,
    pub(crate) to: Vec<Destination>,
}

const CREATED: [EventKind; 6] = [
    EventKind::CreatedPut,
    EventKind::CreatedCopy,
    EventKind::CreatedComplete,
    EventKind::CreatedAppend,
    EventKind::CreatedSymlink,
    EventKind::CreatedFetch,
];

impl RuleSpec {
    pub(crate) fn wants(&self, kind: EventKind, key: &str) -> bool {
        key.starts_with(&self.prefix) && (!self.created_only || CREATED.contains(&kind))
    }

    /// The rule as the engine takes it.
    pub(crate) fn rule(&self) -> NotificationRule {
        let kinds = if self.created_only {
            EventKinds::of(CREATED)
        } else {
            EventKinds::of(EventKind::ALL)
        };
        NotificationRule {
            named: None,
            id: RuleId(self.id.as_str().into()),
            kinds,
            event_names: Vec::new(),
            prefix: self.prefix.as_str().into(),
            suffix: "".into(),
            destinations: self.to.clone(),
            via: DialectId::Tos,
            form: RuleForm::V2,
        }
    }
}

/// A version of a key of a bucket.
pub(crate) type At = (String, String, VersionChoice);

/// A part as Complete names it: number, etag, checksum.
pub(crate) type Named = (u32, String, Option<ChecksumValue>);

/// A request.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    CreateBucket(String),
    DeleteBucket(String),
    /// Another setting: versioning, renames, quota, locks, retention, or what everybody may.
    Change(String, BucketChange),
    /// Under which prefix objects are deleted when they are a day old.
    Lifecycle(String, Option<String>),
    Rules(String, Vec<RuleSpec>),
    Put {
        bucket: String,
        key: String,
        object: Object,
        cond: Cond,
        callback: bool,
        /// The body ends early.
        broken: bool,
    },
    Append {
        bucket: String,
        key: String,
        position: u64,
        bytes: Bytes,
        meta: u64,
        /// The body ends early.
        broken: bool,
    },
    Symlink {
        bucket: String,
        key: String,
        to: String,
        meta: u64,
        cond: Cond,
    },
    Get(At),
    Rename {
        bucket: String,
        from: String,
        to: String,
    },
    /// A task that stores what a URL names.
    Fetch {
        bucket: String,
        key: String,
        url: String,
        object: Object,
    },
    Delete(String, Vec<(String, VersionChoice)>),
    Copy {
        from: At,
        bucket: String,
        key: String,
        /// New metadata.
        meta: Option<u64>,
        /// A checksum of its own.
        checksum: Option<ChecksumAlgorithm>,
    },
    Create {
        bucket: String,
        key: String,
        meta: u64,
        checksum: Option<ChecksumForm>,
    },
    Part {
        bucket: String,
        key: String,
        upload: UploadId,
        number: u32,
        bytes: Bytes,
        /// What the upload has fixed.
        checksum: Option<ChecksumAlgorithm>,
    },
    CopyPart {
        bucket: String,
        key: String,
        upload: UploadId,
        number: u32,
        from: At,
    },
    Complete {
        bucket: String,
        key: String,
        upload: UploadId,
        named: Option<Vec<Named>>,
    },
    Abort(String, String, UploadId),
    Meta(At, u64),
    Tags(At, u64),
    Acl(At, bool),
    /// What keeps a version.
    Lock(At, LockStep),
    /// Whether an account blocks public access in all of its buckets.
    BlockPublic(bool),
    AddFunction(String),
    Replay(BucketId, Option<Destination>),
}

impl Op {
    /// How many outcomes it has.
    pub(crate) fn items(&self) -> usize {
        match self {
            Self::Delete(_, items) => items.len(),
            _ => 1,
        }
    }

    /// Bucket and key of item `n`, for requests that change a key.
    pub(crate) fn key(&self, n: usize) -> Option<(&str, &str)> {
        match self {
            Self::Delete(bucket, items) => Some((bucket, &items.get(n)?.0)),
            Self::Put { bucket, key, .. }
            | Self::Append { bucket, key, .. }
            | Self::Symlink { bucket, key, .. }
            | Self::Copy { bucket, key, .. }
            | Self::Complete { bucket, key, .. }
            | Self::Meta((bucket, key, _), _)
            | Self::Tags((bucket, key, _), _)
            | Self::Acl((bucket, key, _), _)
            | Self::Lock((bucket, key, _), _) => Some((bucket, key)),
            _ => None,
        }
    }

    /// The bucket that holds more bytes when it has been done.
    pub(crate) fn fills(&self) -> Option<&str> {
        match self {
            Self::Put { bucket, .. }
            | Self::Append { bucket, .. }
            | Self::Copy { bucket, .. }
            | Self::Part { bucket, .. }
            | Self::CopyPart { bucket, .. } => Some(bucket),
            _ => None,
        }
    }

    /// The buckets whose settings it reads before it reads a key.
    pub(crate) fn looked_at(&self) -> Vec<String> {
        let changed = self.key(0).map(|(bucket, _)| bucket);
        let other = match self {
            Self::Get(at) => Some(&at.0),
            Self::Rename { bucket, .. } => Some(bucket),
            _ => self.source().map(|at| &at.0),
        };
        let all = changed.into_iter().chain(other.map(String::as_str));
        all.map(ToOwned::to_owned).collect()
    }

    /// The object it reads from.
    pub(crate) fn source(&self) -> Option<&At> {
        match self {
            Self::Copy { from, .. } | Self::CopyPart { from, .. } => Some(from),
            _ => None,
        }
    }
}

impl Model {
    /// The answer to item `n` if it came now, as long as it changes nothing; `None` when it would change
    /// something.
    pub(crate) fn answer(&self, op: &Op, n: usize, says: &Says) -> Option<Answer> {
        match self.unchanging(op, n, says) {
            Ok(answer) => answer.map(Ok),
            Err(kind) => Some(Err(kind)),
        }
    }

    fn unchanging(&self, op: &Op, n: usize, says: &Says) -> Result<Option<String>, ErrorKind> {
        let by = says.by;
        match op {
            Op::CreateBucket(bucket) => match self.buckets.get(bucket) {
                None => Ok(None),
                Some(found) if found.closing => Err(ErrorKind::Busy),
                Some(found) if found.owner != by => Err(ErrorKind::BucketExists),
                Some(_) => Err(ErrorKind::BucketAlreadyOwned),
            },
            Op::DeleteBucket(bucket) => {
                let found = self.for_change(bucket, by)?;
                if found.is_empty() {
                    return Ok(None);
                }
                Err(ErrorKind::BucketNotEmpty)
            }
            Op::Change(bucket, change) => {
                self.for_change(bucket, by)?.may_change(change, self.now)?;
                Ok(None)
            }
            Op::Rename { bucket, from, to } => {
                let bucket = self.for_change(bucket, by)?;
                bucket.find(from, VersionChoice::Current)?;
                refuse(!bucket.renames, ErrorKind::MethodNotAllowed)?;
                let moved = bucket.keys.get(from).and_then(Key::current);
                moved.map_or(Ok(()), |moved| bucket.frees(moved, false, self.now))?;
                bucket.frees_null(to, false, self.now)?;
                Ok(None)
            }
            Op::Rules(bucket, _) | Op::Lifecycle(bucket, _) | Op::Fetch { bucket, .. } => {
                self.for_change(bucket, by).map(|_| None)
            }
            Op::Create { bucket, .. } => {
                let bucket = self.for_change(bucket, by)?;
                bucket.may_lock(says.lock, self.now)?;
                Ok(None)
            }
            Op::Put { .. } | Op::Symlink { .. } => self.refuse_put(op, says),
            Op::Append { .. } => self.refuse_append(op, says),
            Op::Get(at) => {
                let (object, tag) = self.read(at, by)?;
                object.sealed.opens(says.key)?;
                Ok(Some(object.seen(tag)))
            }
            Op::Delete(bucket, items) => {
                let bucket = self.for_change(bucket, by)?;
                let item = items.get(n);
                item.map_or(Ok(None), |(key, choice)| {
                    self.refuse_delete(bucket, (key, *choice), says)
                })
            }
            Op::Copy { .. } => self.refuse_copy(op, says),
            Op::Part { .. } | Op::CopyPart { .. } => self.refuse_part(op, says),
            Op::Complete { .. } => self.completed(op, by),
            Op::Abort(bucket, key, upload) => {
                let bucket = self.for_change(bucket, by)?;
                let open = bucket.uploads.get(upload).filter(|open| open.key == *key);
                open.map(|_| None).ok_or(ErrorKind::NoSuchUpload)
            }
            Op::Meta(at, _) | Op::Tags(at, _) | Op::Acl(at, _) | Op::Lock(at, _) => {
                self.refuse_alteration(op, at, says)
            }
            Op::AddFunction(_) | Op::BlockPublic(_) => Ok(None),
            Op::Replay(..) => Ok(Some(String::new())),
        }
    }

    fn refuse_alteration(
        &self,
        op: &Op,
        (bucket, key, choice): &At,
        says: &Says,
    ) -> Result<Option<String>, ErrorKind> {
        let denied = self.for_change(bucket, says.by).err();
        if denied == Some(ErrorKind::Denied) {
            // Who may list the keys is told that one is missing.
            self.for_read(bucket, says.by)?.find(key, *choice)?;
        }
        let bucket = self.for_change(bucket, says.by)?;
        let (object, _) = bucket.find(key, *choice)?;
        match op {
            Op::Meta(..) => {
                let version = bucket.keys.get(key).and_then(|key| key.find(*choice));
                version.map_or(Ok(()), |version| bucket.frees(version, false, self.now))?;
            }
            Op::Lock(_, step) => bucket.may_step(object.lock, (*step, says.bypass), self.now)?,
            _ => {}
        }
        Ok(None)
    }

    fn refuse_delete(
        &self,
        bucket: &Bucket,
        (key, choice): (&str, VersionChoice),
        says: &Says,
    ) -> Result<Option<String>, ErrorKind> {
        let stack = bucket.keys.get(key).cloned().unwrap_or_default();
        match stack.deletion(choice, bucket.versioning) {
            Deletion::Nothing => return Ok(Some(nothing(bucket, choice))),
            Deletion::Mark => bucket.frees_null(key, says.bypass, self.now)?,
            Deletion::Remove(place) => {
                bucket.frees(&stack.versions[place], says.bypass, self.now)?;
            }
        }
        Ok(None)
    }

    fn refuse_put(&self, op: &Op, says: &Says) -> Result<Option<String>, ErrorKind> {
        let (bucket, key, cond, bytes, broken) = match op {
            Op::Put {
                bucket,
                key,
                cond,
                broken,
                object,
                ..
            } => (bucket, key, cond, object.bytes.len() as u64, *broken),
            Op::Symlink {
                bucket, key, cond, ..
            } => (bucket, key, cond, 0, false),
            _ => return Ok(None),
        };
        let bucket = self.for_change(bucket, says.by)?;
        bucket.may_lock(says.lock, self.now)?;
        let current = bucket.keys.get(key).and_then(Key::object);
        match (cond, current) {
            (Cond::Absent, Some(_)) => return Err(ErrorKind::ObjectExists),
            (Cond::Etag(etag), found) if found.is_none_or(|found| found.etag != *etag) => {
                return Err(ErrorKind::PreconditionFailed);
            }
            _ => {}
        }
        bucket.room(bytes)?;
        refuse(broken, ErrorKind::IncompleteBody)?;
        bucket.frees_null(key, false, self.now)?;
        Ok(None)
    }

    fn refuse_append(&self, op: &Op, says: &Says) -> Result<Option<String>, ErrorKind> {
        let Op::Append {
            bucket,
            key,
            position,
            broken,
            bytes,
            ..
        } = op
        else {
            return Ok(None);
        };
        let bucket = self.for_change(bucket, says.by)?;
        let current = bucket.keys.get(key).and_then(Key::current);
        let object = current.and_then(|current| current.object.as_ref());
        if object.is_some_and(|object| object.form != Form::Appendable) {
            return Err(ErrorKind::NotAppendable);
        }
        if object.map_or(0, |object| object.bytes.len() as u64) != *position {
            return Err(ErrorKind::PositionMismatch);
        }
        object.map_or(Ok(()), |object| object.sealed.opens(says.key))?;
        bucket.room(bytes.len() as u64)?;
        refuse(*broken, ErrorKind::IncompleteBody)?;
        if object.is_some() {
            self.refuse_growth(op)?;
        } else {
            bucket.may_lock(says.lock, self.now)?;
            bucket.frees_null(key, false, self.now)?;
        }
        Ok(None)
    }

    fn refuse_copy(&self, op: &Op, says: &Says) -> Result<Option<String>, ErrorKind> {
        let Op::Copy { from, bucket, .. } = op else {
            return Ok(None);
        };
        self.for_change(bucket, says.by)?;
        let (object, _) = self.copied(from, says.by)?;
        object.sealed.opens(says.source_key)?;
        self.refuse_copy_of(op, says, &object)?;
        Ok(None)
    }

    /// Why a copy of what was read may not be written where it is to go.
    pub(crate) fn refuse_copy_of(
        &self,
        op: &Op,
        says: &Says,
        object: &Object,
    ) -> Result<(), ErrorKind> {
        let Op::Copy { bucket, key, .. } = op else {
            return Ok(());
        };
        let bucket = self.for_change(bucket, says.by)?;
        bucket.may_lock(says.lock, self.now)?;
        bucket.room(object.bytes.len() as u64)?;
        bucket.frees_null(key, false, self.now)
    }

    /// Why what is under the key of an append may not grow, whatever it is encrypted with.
    pub(crate) fn refuse_growth(&self, op: &Op) -> Result<(), ErrorKind> {
        let Op::Append { bucket, key, .. } = op else {
            return Ok(());
        };
        let Some(bucket) = self.buckets.get(bucket) else {
            return Ok(());
        };
        let current = bucket.keys.get(key).and_then(Key::current);
        let object = current.filter(|current| current.object.is_some());
        object.map_or(Ok(()), |object| bucket.frees(object, false, self.now))
    }

    fn refuse_part(&self, op: &Op, says: &Says) -> Result<Option<String>, ErrorKind> {
        let (Op::Part {
            bucket,
            key,
            upload,
            ..
        }
        | Op::CopyPart {
            bucket,
            key,
            upload,
            ..
        }) = op
        else {
            return Ok(None);
        };
        let bucket = self.for_change(bucket, says.by)?;
        let open = bucket.uploads.get(upload).filter(|open| open.key == *key);
        let open = open.ok_or(ErrorKind::NoSuchUpload)?;
        refuse(open.completing, ErrorKind::Busy)?;
        open.sealed.opens(says.key)?;
        let bytes = match op {
            Op::CopyPart { from, .. } => {
                let (object, _) = self.read(from, says.by)?;
                object.sealed.opens(says.source_key)?;
                object.bytes.len()
            }
            Op::Part { bytes, .. } => bytes.len(),
            _ => 0,
        };
        bucket.room(bytes as u64)?;
        Ok(None)
    }

    fn completed(&self, op: &Op, by: &str) -> Result<Option<String>, ErrorKind> {
        let Op::Complete {
            bucket,
            key,
            upload,
            named,
        } = op
        else {
            return Ok(None);
        };
        let bucket = self.for_change(bucket, by)?;
        if let Some(open) = bucket.uploads.get(upload).filter(|open| open.key == *key) {
            open.assemble(named.as_deref())?;
            bucket.frees_null(key, false, self.now)?;
            return Ok(None);
        }
        let mut versions = bucket
            .keys
            .get(key)
            .into_iter()
            .flat_map(|key| &key.versions);
        let made = versions.find_map(|version| {
            let object = version.object.as_ref()?;
            (object.upload == Some(*upload)).then(|| object.stored(version.tag(bucket.versioning)))
        });
        made.map(Some).ok_or(ErrorKind::NoSuchUpload)
    }
}

/// The answer to a delete of what does not exist.
fn nothing(bucket: &Bucket, choice: VersionChoice) -> String {
    let version = match choice {
        VersionChoice::Current => None,
        VersionChoice::Null => Some(VersionTag::Null),
        VersionChoice::Id(id) => Some(VersionTag::Id(id)),
    };
    let receipt = DeleteReceipt {
        version: version.filter(|_| bucket.versioning != Versioning::Off),
        marker: false,
        trash: None,
    };
    format!("{receipt:?}")
}

impl super::Upload {
    /// The object its parts make.
    pub(crate) fn assemble(&self, named: Option<&[Named]>) -> Result<Object, ErrorKind> {
        let etag = |bytes: &Bytes| hex::encode(md5_of(bytes));
        let chosen: Vec<&Bytes> = match named {
            None => self.parts.values().collect(),
            Some(named) => {
                let part = |(number, wanted, _): &Named| {
                    let found = self.parts.get(number);
                    found.filter(|bytes| etag(bytes) == *wanted)
                };
                let parts: Option<Vec<&Bytes>> = named.iter().map(part).collect();
                parts.ok_or(ErrorKind::InvalidPart)?
            }
        };
        if chosen.is_empty() {
            return Err(ErrorKind::InvalidPart);
        }
        let digests: Vec<u8> = chosen.iter().flat_map(|bytes| md5_of(bytes)).collect();
        let bytes: Vec<u8> = chosen
            .iter()
            .flat_map(|bytes| bytes.iter().copied())
            .collect();
        let mut object = Object::new(bytes.into(), self.meta);
        (object.sealed, object.lock) = (self.sealed, self.lock);
        object.further = self.checksum.map(|form| sum_of_parts(form, &chosen));
        object.etag = format!("{}-{}", hex::encode(md5_of(&digests)), chosen.len());
        Ok(object)
    }
}
