//! The reference model: what a server in which nothing fails would hold. Buckets, keys as stacks of
//! versions, uploads, rules, and the log of changes with whom they are told to. Small and obvious;
//! it knows nothing of payloads and transactions, and of time only what it is told.

mod checksum;
mod guards;
mod keys;
mod ops;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use cohong_core::ErrorKind;
use cohong_core::engine::VersionChoice;
use cohong_core::model::{
    BucketId, ChecksumAlgorithm, ChecksumForm, EventKind, Form, FurtherChecksum, Lock, Locks,
    ObjectKey, ObjectType, Retention, Timestamp, UploadId, VersionTag, Versioning,
};
use cohong_core::ports::Position;

pub(super) use checksum::{FORMS, sum_of};
pub(super) use guards::{Says, Sealed, stepped};
pub(super) use keys::{Deletion, Key, Version};
pub(super) use ops::{At, Cond, Named, Op, RuleSpec};

/// What a client is told: a text that says everything it can see, or an error.
pub(super) type Answer = Result<String, ErrorKind>;

/// An object's visible content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) etag: String,
    pub(super) further: Option<FurtherChecksum>,
    /// Value of its one user metadata entry.
    pub(super) meta: u64,
    /// Value of its one tag; none without.
    pub(super) tag: Option<u64>,
    /// Whether it has grants of its own.
    pub(super) acl: bool,
    /// The upload it was made of.
    pub(super) upload: Option<UploadId>,
    /// Whether it takes pieces, or is a link.
    pub(super) form: Form,
    /// With whose key it is encrypted.
    pub(super) sealed: Sealed,
    /// What keeps it.
    pub(super) lock: Lock,
}

impl Object {
    /// A plain object.
    pub(super) fn new(bytes: Bytes, meta: u64) -> Self {
        Self {
            etag: hex::encode(md5_of(&bytes)),
            bytes,
            further: None,
            meta,
            tag: None,
            acl: false,
            upload: None,
            form: Form::Normal,
            sealed: Sealed::No,
            lock: Lock::default(),
        }
    }

    /// The object as a request has it encrypted and kept.
    pub(super) fn kept(self, says: &Says) -> Self {
        Self {
            sealed: says.sealed(),
            lock: says.lock,
            ..self
        }
    }

    /// The object with a checksum of all bytes, if one is asked for.
    pub(super) fn summed(self, algorithm: Option<ChecksumAlgorithm>) -> Self {
        let further =
            algorithm.map(|algorithm| FurtherChecksum::full(sum_of(algorithm, &self.bytes)));
        Self {
            further: further.or(self.further),
            ..self
        }
    }

    /// An object made by appending.
    pub(super) fn appendable(bytes: &Bytes, meta: u64) -> Self {
        let mut object = Self {
            etag: String::new(),
            form: Form::Appendable,
            ..Self::new(Bytes::new(), meta)
        };
        object.append(bytes);
        object
    }

    /// Adds a piece. The etag is made of the one before and the digest of the piece.
    pub(super) fn append(&mut self, piece: &Bytes) {
        let text = [self.etag.as_bytes(), &md5_of(piece)].concat();
        self.etag = hex::encode(md5_of(&text));
        self.bytes = [&self.bytes[..], piece].concat().into();
    }

    /// A link. Its etag is made of where it points.
    pub(super) fn link(to: &str, meta: u64) -> Self {
        Self {
            etag: hex::encode(md5_of(to.as_bytes())),
            form: Form::Symlink(ObjectKey::new(to).expect("the keys are valid").into()),
            ..Self::new(Bytes::new(), meta)
        }
    }

    /// What clients are told it is.
    pub(super) fn kind(&self) -> ObjectType {
        match (&self.form, self.upload) {
            (Form::Symlink(_), _) => ObjectType::Symlink,
            (Form::Appendable, _) => ObjectType::Appendable,
            (Form::Normal, Some(_)) => ObjectType::Multipart,
            (Form::Normal, None) | (Form::Directory { .. }, _) => ObjectType::Normal,
        }
    }

    /// What a reader sees of it.
    pub(super) fn seen(&self, tag: VersionTag) -> String {
        format!(
            "{tag:?} {:?} {:?} {:?} etag {} checksum {:?} meta {} tag {:?} acl {} bytes {}",
            self.form,
            self.sealed,
            self.lock,
            self.etag,
            self.further,
            self.meta,
            self.tag,
            self.acl,
            hex::encode(md5_of(&self.bytes))
        )
    }

    /// What a writer is told of it.
    pub(super) fn stored(&self, tag: VersionTag) -> String {
        let (etag, further, size) = (&self.etag, self.further, self.bytes.len());
        format!("{tag:?} etag {etag} checksum {further:?} size {size}")
    }
}

/// MD5, the etag of plain objects and parts.
pub(super) fn md5_of(bytes: &[u8]) -> [u8; 16] {
    use md5::{Digest, Md5};
    Md5::digest(bytes).into()
}

/// An open upload.
#[derive(Clone, Debug, Default)]
pub(super) struct Upload {
    pub(super) key: String,
    pub(super) meta: u64,
    pub(super) checksum: Option<ChecksumForm>,
    pub(super) parts: BTreeMap<u32, Bytes>,
    /// A Complete is at work on it, or was when the server crashed.
    pub(super) completing: bool,
    /// With whose key its parts are encrypted.
    pub(super) sealed: Sealed,
    /// What will keep its object.
    pub(super) lock: Lock,
}

/// A change, and whom it is told to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) kind: EventKind,
    pub(super) key: String,
    pub(super) tag: VersionTag,
    pub(super) size: u64,
    pub(super) etag: Option<String>,
    pub(super) request: String,
    /// Destination and rule.
    pub(super) hits: Vec<(String, String)>,
}

/// A task that fetches.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    pub(super) request: String,
    pub(super) bucket: BucketId,
    pub(super) key: String,
    /// What is there to fetch.
    pub(super) object: Object,
    /// It was stored, or cannot be.
    pub(super) ended: bool,
}

/// A life of a bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub(super) id: BucketId,
    /// The account it belongs to.
    pub(super) owner: &'static str,
    pub(super) versioning: Versioning,
    pub(super) rules: Vec<RuleSpec>,
    /// It had rules once, so every change is logged.
    pub(super) logs: bool,
    /// Objects may be given other keys.
    pub(super) renames: bool,
    /// Objects under this prefix are deleted when they are a day old.
    pub(super) expires: Option<String>,
    /// How what is written is encrypted, when nobody says.
    pub(super) seals: Sealed,
    /// Most bytes it may hold.
    pub(super) quota: Option<u64>,
    pub(super) locks: Option<Locks>,
    pub(super) retention: Option<Retention>,
    pub(super) public: Public,
    /// Its removal has begun.
    pub(super) closing: bool,
    pub(super) keys: BTreeMap<String, Key>,
    pub(super) uploads: BTreeMap<UploadId, Upload>,
}

/// Whether everybody may read a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Public {
    pub(super) granted: bool,
    /// That counts for nothing.
    pub(super) blocked: bool,
    /// The same, by order of its owner for all of its buckets.
    pub(super) account_blocked: bool,
}

impl Public {
    /// Whether what is granted to everybody counts for nothing.
    pub(super) fn is_shut(self) -> bool {
        self.blocked || self.account_blocked
    }
}

/// The settings of a bucket that decide what becomes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Face {
    versioning: Versioning,
    public: Public,
    locks: Option<Locks>,
    retention: Option<Retention>,
}

/// Everything.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) buckets: BTreeMap<String, Bucket>,
    /// Logged changes of every life of every bucket, by place in the log.
    pub(super) log: BTreeMap<(BucketId, Position), Event>,
    pub(super) functions: Vec<String>,
    /// Tasks that fetch, by the key of their record.
    pub(super) fetches: BTreeMap<Bytes, Fetch>,
    /// Accounts that block public access.
    pub(super) shut: BTreeSet<&'static str>,
    /// Buckets that rules or tasks may have changed by themselves.
    pub(super) by_itself: BTreeSet<BucketId>,
    /// The time for which it answers.
    pub(super) now: Timestamp,
}

impl Bucket {
    pub(super) fn new(id: BucketId, owner: &'static str, seals: Sealed) -> Self {
        Self {
            id,
            owner,
            versioning: Versioning::Off,
            rules: Vec::new(),
            logs: false,
            renames: false,
            expires: None,
            seals,
            quota: None,
            locks: None,
            retention: None,
            public: Public::default(),
            closing: false,
            keys: BTreeMap::new(),
            uploads: BTreeMap::new(),
        }
    }

    /// Its settings.
    pub(super) fn face(&self) -> Face {
        Face {
            versioning: self.versioning,
            public: self.public,
            locks: self.locks,
            retention: self.retention.clone(),
        }
    }

    /// Only its owner may change anything.
    fn allow(&self, by: &str) -> Result<&Self, ErrorKind> {
        let owns = self.owner == by;
        owns.then_some(self).ok_or(ErrorKind::Denied)
    }

    /// Others may read it where everybody may.
    fn allow_read(&self, by: &str) -> Result<&Self, ErrorKind> {
        let open = self.public.granted && !self.public.is_shut();
        if open { Ok(self) } else { self.allow(by) }
    }

    /// Refuses an object that has grants of its own, which are none, to others.
    fn allow_object(&self, object: &Object, by: &str) -> Result<(), ErrorKind> {
        if object.acl {
            self.allow(by)?;
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.uploads.is_empty()
    }

    /// Whom a change is told to, under the rules of now.
    pub(super) fn hits(&self, kind: EventKind, key: &str) -> Vec<(String, String)> {
        let rules = self.rules.iter().filter(|rule| rule.wants(kind, key));
        rules
            .flat_map(|rule| rule.to.iter().map(|to| (to.id(), rule.id.clone())))
            .collect()
    }

    /// The object a reader gets: through a link if it is one. Others than the owner are not told what keeps it.
    pub(super) fn read(
        &self,
        key: &str,
        choice: VersionChoice,
        by: &str,
    ) -> Result<(Object, VersionTag), ErrorKind> {
        let (object, tag) = self.find(key, choice)?;
        self.allow_object(object, by)?;
        let object = &match self.allow(by) {
            Ok(_) => object.clone(),
            Err(_) => Object {
                lock: Lock::default(),
                ..object.clone()
            },
        };
        let Form::Symlink(to) = &object.form else {
            return Ok((object.clone(), tag));
        };
        let target = self.keys.get(to.key.as_str()).and_then(Key::object);
        let target = target.ok_or(ErrorKind::NoSymlinkTarget)?;
        self.allow_object(target, by)?;
        if matches!(target.form, Form::Symlink(_)) {
            return Err(ErrorKind::SymlinkToSymlink);
        }
        let through = Object {
            bytes: target.bytes.clone(),
            etag: target.etag.clone(),
            further: target.further,
            sealed: target.sealed,
            ..object.clone()
        };
        Ok((through, tag))
    }

    /// The object itself.
    pub(super) fn find(
        &self,
        key: &str,
        choice: VersionChoice,
    ) -> Result<(&Object, VersionTag), ErrorKind> {
        let missing = match choice {
            VersionChoice::Current => ErrorKind::NoSuchKey,
            VersionChoice::Null | VersionChoice::Id(_) => ErrorKind::NoSuchVersion,
        };
        let key = self.keys.get(key).ok_or(missing)?;
        let version = key.find(choice).ok_or(missing)?;
        let tag = version.tag(self.versioning);
        match (&version.object, choice) {
            (Some(object), _) => Ok((object, tag)),
            (None, VersionChoice::Current) => Err(ErrorKind::NoSuchKey),
            (None, _) => Err(ErrorKind::MethodNotAllowed),
        }
    }
}

impl Model {
    /// A bucket by name, for those who wait while it is being removed.
    pub(super) fn for_change(&self, bucket: &str, by: &str) -> Result<&Bucket, ErrorKind> {
        let found = self.buckets.get(bucket).ok_or(ErrorKind::NoSuchBucket)?;
        if found.closing {
            return Err(ErrorKind::Busy);
        }
        found.allow(by)
    }

    /// A bucket by name, for readers.
    fn for_read(&self, bucket: &str, by: &str) -> Result<&Bucket, ErrorKind> {
        let found = self.buckets.get(bucket).filter(|found| !found.closing);
        found.ok_or(ErrorKind::NoSuchBucket)?.allow_read(by)
    }

    /// What a reader gets.
    pub(super) fn read(
        &self,
        (bucket, key, choice): &At,
        by: &str,
    ) -> Result<(Object, VersionTag), ErrorKind> {
        self.for_read(bucket, by)?.read(key, *choice, by)
    }

    /// What is copied, a link as one.
    pub(super) fn copied(
        &self,
        (bucket, key, choice): &At,
        by: &str,
    ) -> Result<(Object, VersionTag), ErrorKind> {
        let bucket = self.for_read(bucket, by)?;
        let (object, tag) = bucket.find(key, *choice)?;
        bucket.allow_object(object, by)?;
        Ok((object.clone(), tag))
    }

    /// Gives a bucket other settings, for a look.
    pub(super) fn set_face(&mut self, bucket: &str, face: Face) {
        if let Some(bucket) = self.buckets.get_mut(bucket) {
            (bucket.versioning, bucket.public) = (face.versioning, face.public);
            (bucket.locks, bucket.retention) = (face.locks, face.retention);
        }
    }

    /// A bucket by id.
    pub(super) fn by_id(&mut self, id: BucketId) -> Option<&mut Bucket> {
        self.buckets.values_mut().find(|bucket| bucket.id == id)
    }
}
