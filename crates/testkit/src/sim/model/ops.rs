//! What clients ask, and what the model answers as long as nothing is changed by it.

use bytes::Bytes;
use cohong_core::ErrorKind;
use cohong_core::engine::{DeleteReceipt, VersionChoice};
use cohong_core::model::{
    BucketId, ChecksumAlgorithm, ChecksumForm, ChecksumValue, Destination, DialectId, EventKind,
    EventKinds, Form, NotificationRule, RuleForm, RuleId, UploadId, VersionTag, Versioning,
};

use super::checksum::sum_of_parts;
use super::keys::Deletion;
use super::{Answer, Bucket, Key, Model, Object, md5_of};

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
    Versioning(String, Versioning),
    /// Whether objects may be given other keys.
    Renames(String, bool),
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
            | Self::Acl((bucket, key, _), _) => Some((bucket, key)),
            _ => None,
        }
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
    /// The answer to item `n` if it came now from an account, as long as it changes nothing; `None` when it would
    /// change something.
    pub(crate) fn answer(&self, op: &Op, n: usize, by: &str) -> Option<Answer> {
        match self.unchanging(op, n, by) {
            Ok(answer) => answer.map(Ok),
            Err(kind) => Some(Err(kind)),
        }
    }

    fn unchanging(&self, op: &Op, n: usize, by: &str) -> Result<Option<String>, ErrorKind> {
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
            Op::Versioning(bucket, _) => {
                let renames = self.for_change(bucket, by)?.renames;
                none_unless(renames, ErrorKind::InvalidArgument)
            }
            Op::Renames(bucket, on) => {
                let versioning = self.for_change(bucket, by)?.versioning;
                let unfit = *on && versioning != Versioning::Off;
                none_unless(unfit, ErrorKind::InvalidArgument)
            }
            Op::Rename { bucket, from, .. } => {
                let bucket = self.for_change(bucket, by)?;
                bucket.find(from, VersionChoice::Current)?;
                none_unless(!bucket.renames, ErrorKind::MethodNotAllowed)
            }
            Op::Rules(bucket, _)
            | Op::Create { bucket, .. }
            | Op::Lifecycle(bucket, _)
            | Op::Fetch { bucket, .. } => self.for_change(bucket, by).map(|_| None),
            Op::Put { .. } | Op::Symlink { .. } => self.refuse_put(op, by),
            Op::Append { .. } => self.refuse_append(op, by),
            Op::Get((bucket, key, choice)) => {
                let (object, tag) = self.for_read(bucket, by)?.read(key, *choice)?;
                Ok(Some(object.seen(tag)))
            }
            Op::Delete(bucket, items) => {
                let bucket = self.for_change(bucket, by)?;
                Ok(items
                    .get(n)
                    .and_then(|(key, choice)| nothing(bucket, key, *choice)))
            }
            Op::Copy { from, bucket, .. } => {
                self.for_change(bucket, by)?;
                self.for_read(&from.0, by)?.find(&from.1, from.2)?;
                Ok(None)
            }
            Op::Part {
                bucket,
                key,
                upload,
                ..
            } => {
                self.takes_parts(bucket, key, *upload, by)?;
                Ok(None)
            }
            Op::CopyPart {
                bucket,
                key,
                upload,
                from,
                ..
            } => {
                self.takes_parts(bucket, key, *upload, by)?;
                self.for_read(&from.0, by)?.read(&from.1, from.2)?;
                Ok(None)
            }
            Op::Complete { .. } => self.completed(op, by),
            Op::Abort(bucket, key, upload) => {
                let bucket = self.for_change(bucket, by)?;
                let open = bucket.uploads.get(upload).filter(|open| open.key == *key);
                open.map(|_| None).ok_or(ErrorKind::NoSuchUpload)
            }
            Op::Meta((bucket, key, choice), _)
            | Op::Tags((bucket, key, choice), _)
            | Op::Acl((bucket, key, choice), _) => {
                self.for_change(bucket, by)?.find(key, *choice)?;
                Ok(None)
            }
            Op::AddFunction(_) => Ok(None),
            Op::Replay(..) => Ok(Some(String::new())),
        }
    }

    fn refuse_put(&self, op: &Op, by: &str) -> Result<Option<String>, ErrorKind> {
        let (bucket, key, cond, broken) = match op {
            Op::Put {
                bucket,
                key,
                cond,
                broken,
                ..
            } => (bucket, key, cond, *broken),
            Op::Symlink {
                bucket, key, cond, ..
            } => (bucket, key, cond, false),
            _ => return Ok(None),
        };
        let bucket = self.for_change(bucket, by)?;
        let current = bucket.keys.get(key).and_then(Key::object);
        match (cond, current) {
            (Cond::Absent, Some(_)) => Err(ErrorKind::ObjectExists),
            (Cond::Etag(etag), found) if found.is_none_or(|found| found.etag != *etag) => {
                Err(ErrorKind::PreconditionFailed)
            }
            _ if broken => Err(ErrorKind::IncompleteBody),
            _ => Ok(None),
        }
    }

    fn refuse_append(&self, op: &Op, by: &str) -> Result<Option<String>, ErrorKind> {
        let Op::Append {
            bucket,
            key,
            position,
            broken,
            ..
        } = op
        else {
            return Ok(None);
        };
        let bucket = self.for_change(bucket, by)?;
        let current = bucket.keys.get(key).and_then(Key::object);
        match current {
            Some(object) if object.form != Form::Appendable => Err(ErrorKind::NotAppendable),
            found if found.map_or(0, |object| object.bytes.len() as u64) != *position => {
                Err(ErrorKind::PositionMismatch)
            }
            _ if *broken => Err(ErrorKind::IncompleteBody),
            _ => Ok(None),
        }
    }

    fn takes_parts(
        &self,
        bucket: &str,
        key: &str,
        upload: UploadId,
        by: &str,
    ) -> Result<(), ErrorKind> {
        let bucket = self.for_change(bucket, by)?;
        let open = bucket.uploads.get(&upload).filter(|open| open.key == key);
        match open {
            None => Err(ErrorKind::NoSuchUpload),
            Some(open) if open.completing => Err(ErrorKind::Busy),
            Some(_) => Ok(()),
        }
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
            return open.assemble(named.as_deref()).map(|_| None);
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

/// A change, unless something is in its way.
fn none_unless(hindered: bool, kind: ErrorKind) -> Result<Option<String>, ErrorKind> {
    if hindered { Err(kind) } else { Ok(None) }
}

/// The answer to a delete of what does not exist.
fn nothing(bucket: &Bucket, key: &str, choice: VersionChoice) -> Option<String> {
    let empty = Key::default();
    let key = bucket.keys.get(key).unwrap_or(&empty);
    let Deletion::Nothing = key.deletion(choice, bucket.versioning) else {
        return None;
    };
    let version = match choice {
        VersionChoice::Current => None,
        VersionChoice::Null => Some(VersionTag::Null),
        VersionChoice::Id(id) => Some(VersionTag::Id(id)),
    };
    let receipt = DeleteReceipt {
        version: version.filter(|_| bucket.versioning != Versioning::Off),
        marker: false,
    };
    Some(format!("{receipt:?}"))
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
        object.further = self.checksum.map(|form| sum_of_parts(form, &chosen));
        object.etag = format!("{}-{}", hex::encode(md5_of(&digests)), chosen.len());
        Ok(object)
    }
}
