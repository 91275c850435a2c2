//! What changes of keys do in the model, and whether the engine's records say the same.

use bytes::Bytes;
use cohong_core::ErrorKind;
use cohong_core::engine::{DeleteReceipt, VersionChoice};
use cohong_core::model::{
    ChecksumAlgorithm, EventKind, Form, ObjectRecord, Timestamp, VersionTag, Versioning,
};
use cohong_core::records::CurrentRecord;

use super::Flight;
use crate::sim::model::{Bucket, Deletion, Key, Object, Op, Says, Sealed, stepped};

/// What a change of a key is to others.
pub(super) struct Told {
    pub(super) kind: EventKind,
    pub(super) tag: VersionTag,
    pub(super) size: u64,
    pub(super) etag: Option<String>,
}

/// Whether a record is this object.
fn is(record: &ObjectRecord, object: &Object) -> bool {
    let meta = record.user_meta.first().map(|(_, value)| value.to_string());
    let tag = record.tags.first().map(|(_, value)| value.to_string());
    record.etag.to_string() == object.etag
        && record.size == object.bytes.len() as u64
        && meta == Some(object.meta.to_string())
        && tag == object.tag.map(|tag| tag.to_string())
        && record.acl.is_some() == object.acl
        && record.upload == object.upload
        && record.form == object.form
        && record.checksums.further == object.further
        && object.sealed.is(record.seal.as_ref())
        && record.lock == object.lock
}

impl Bucket {
    /// Refuses a new version of a key, as it is stored, at a time.
    pub(super) fn takes(
        &self,
        key: &str,
        record: Option<&CurrentRecord>,
        now: Timestamp,
    ) -> Result<(), ErrorKind> {
        let made = record.and_then(|record| record.version.object());
        self.room(made.map_or(0, |made| made.size))?;
        self.frees_null(key, false, now)
    }
}

/// The model's current version and the stored one are the same.
pub(super) fn compare(key: Option<&Key>, record: Option<&CurrentRecord>, request: &str) {
    let current = key.and_then(Key::current);
    let same = match (current, record) {
        (None, None) => true,
        (Some(current), Some(CurrentRecord { version, .. })) => {
            let older = key.into_iter().flat_map(|key| key.versions.iter().skip(1));
            current.id == version.id.0
                && current.null == version.is_null
                && older.into_iter().all(|older| older.id < current.id)
                && match (&current.object, version.object()) {
                    (Some(object), Some(record)) => is(record, object),
                    (None, None) => true,
                    _ => false,
                }
        }
        _ => false,
    };
    assert!(
        same,
        "{request} left {record:?} but the model has {current:?}"
    );
}

/// Makes the change of item `n`; gives the answer and what others are told.
pub(super) fn change(
    bucket: &mut Bucket,
    flight: &Flight,
    n: usize,
    key: &str,
    record: Option<&CurrentRecord>,
) -> (String, Option<Told>) {
    match &flight.op {
        Op::Put { object, .. } => {
            let object = object.clone().kept(&flight.says);
            write(bucket, key, object, record, EventKind::CreatedPut)
        }
        Op::Copy { meta, checksum, .. } => {
            let made = flight.sources.iter().map(|source| {
                let copy = copied(source, *meta, *checksum).kept(&flight.says);
                bucket.settled(copy, new_version(record).1)
            });
            let stored = record.and_then(|record| record.version.object());
            let found = made
                .into_iter()
                .find(|made| stored.is_some_and(|r| is(r, made)));
            let found = found.expect("a copy is a state its source had");
            write(bucket, key, found, record, EventKind::CreatedCopy)
        }
        Op::Complete { upload, named, .. } => {
            let open = &bucket.uploads[upload];
            let mut object = open.assemble(named.as_deref()).expect("it was checked");
            object.upload = Some(*upload);
            write(bucket, key, object, record, EventKind::CreatedComplete)
        }
        Op::Append { bytes, meta, .. } => append(bucket, key, (bytes, *meta, &flight.says), record),
        Op::Symlink { to, meta, .. } => {
            let link = Object::link(to, *meta).kept(&flight.says);
            write(bucket, key, link, record, EventKind::CreatedSymlink)
        }
        Op::Delete(_, items) => delete(bucket, key, items[n].1, record),
        Op::Meta((_, _, choice), meta) => (
            alter(bucket, key, *choice, |object| object.meta = *meta),
            None,
        ),
        Op::Tags((_, _, choice), tag) => (
            alter(bucket, key, *choice, |object| object.tag = Some(*tag)),
            None,
        ),
        Op::Acl((_, _, choice), acl) => (
            alter(bucket, key, *choice, |object| object.acl = *acl),
            None,
        ),
        Op::Lock((_, _, choice), step) => (
            alter(bucket, key, *choice, |object| {
                object.lock = stepped(object.lock, *step);
            }),
            None,
        ),
        other => panic!("{other:?} changed a key"),
    }
}

fn copied(source: &Object, meta: Option<u64>, checksum: Option<ChecksumAlgorithm>) -> Object {
    let copy = Object {
        meta: meta.unwrap_or(source.meta),
        acl: false,
        upload: None,
        ..source.clone()
    };
    match &source.form {
        Form::Symlink(_) => copy,
        Form::Normal | Form::Appendable | Form::Directory { .. } => Object {
            form: Form::Normal,
            ..copy.summed(checksum)
        },
    }
}

impl Bucket {
    /// An object as it becomes when it is written at a time: with what the bucket adds to what was asked.
    fn settled(&self, object: Object, at: Timestamp) -> Object {
        let sealed = match object.form {
            Form::Symlink(_) => Sealed::No,
            Form::Normal | Form::Appendable | Form::Directory { .. } => self.sealed(object.sealed),
        };
        Object {
            sealed,
            lock: self.new_lock(object.lock, at),
            ..object
        }
    }
}

fn new_version(record: Option<&CurrentRecord>) -> (u64, Timestamp) {
    let version = record.map(|record| &record.version);
    version.map_or((0, Timestamp::default()), |new| (new.id.0, new.written_at))
}

pub(super) fn write(
    bucket: &mut Bucket,
    key: &str,
    object: Object,
    record: Option<&CurrentRecord>,
    kind: EventKind,
) -> (String, Option<Told>) {
    let versioning = bucket.versioning;
    let object = bucket.settled(object, new_version(record).1);
    let stack = bucket.keys.entry(key.to_owned()).or_default();
    let told = (object.bytes.len() as u64, object.etag.clone());
    stack.push(new_version(record), Some(object), versioning);
    let version = stack.current().expect("it was pushed");
    let tag = version.tag(versioning);
    let answer = version.object.as_ref().map(|object| object.stored(tag));
    let told = Told {
        kind,
        tag,
        size: told.0,
        etag: Some(told.1),
    };
    (answer.expect("it is an object"), Some(told))
}

/// Adds a piece to the current object where it is, or creates one of it.
fn append(
    bucket: &mut Bucket,
    key: &str,
    (piece, meta, says): (&Bytes, u64, &Says),
    record: Option<&CurrentRecord>,
) -> (String, Option<Told>) {
    let kind = EventKind::CreatedAppend;
    let there = bucket
        .keys
        .get(key)
        .is_some_and(|key| key.object().is_some());
    if !there {
        let object = Object::appendable(piece, meta).kept(says);
        return write(bucket, key, object, record, kind);
    }
    let choice = VersionChoice::Current;
    alter(bucket, key, choice, |object| object.append(piece));
    let stack = bucket.keys.get_mut(key).expect("it was altered");
    stack.versions[0].at = new_version(record).1;
    let (object, tag) = bucket.find(key, choice).expect("it was altered");
    let told = Told {
        kind,
        tag,
        size: object.bytes.len() as u64,
        etag: Some(object.etag.clone()),
    };
    (object.stored(tag), Some(told))
}

/// A day, and the midnight after it, milliseconds.
const DAY_MS: u64 = 24 * 3_600_000;

/// Deletes an object that is a day old, as the rule of the bucket says.
pub(super) fn expire(
    bucket: &mut Bucket,
    key: &str,
    record: Option<&CurrentRecord>,
    latest: Timestamp,
) -> Told {
    let prefix = bucket.expires.as_deref().expect("only rules do this");
    assert!(key.starts_with(prefix), "no rule is about {key}");
    let current = bucket.keys.get(key).and_then(Key::current);
    let current = current.expect("something expires");
    assert!(current.object.is_some(), "a marker of {key} expires");
    let due = (current.at.millis() / DAY_MS + 2) * DAY_MS;
    assert!(
        latest.millis() >= due,
        "{key} expires at {latest:?}, not {due}"
    );
    let free = match bucket.versioning {
        Versioning::Off => bucket.frees(current, false, latest),
        _ => bucket.frees_null(key, false, latest),
    };
    assert_eq!(free, Ok(()), "{key} expires");
    let (_, told) = delete(bucket, key, VersionChoice::Current, record);
    let told = told.expect("deletes are told");
    let kind = match told.kind {
        EventKind::RemovedMarker => EventKind::ExpiredMarker,
        _ => EventKind::ExpiredDelete,
    };
    Told { kind, ..told }
}

fn delete(
    bucket: &mut Bucket,
    key: &str,
    choice: VersionChoice,
    record: Option<&CurrentRecord>,
) -> (String, Option<Told>) {
    let versioning = bucket.versioning;
    let stack = bucket.keys.entry(key.to_owned()).or_default();
    let (kind, tag, marker) = match stack.deletion(choice, versioning) {
        Deletion::Nothing => panic!("nothing of {key} was deleted"),
        Deletion::Mark => {
            stack.push(new_version(record), None, versioning);
            let tag = stack.versions[0].tag(versioning);
            (EventKind::RemovedMarker, tag, true)
        }
        Deletion::Remove(place) => {
            let gone = stack.versions.remove(place);
            let tag = gone.tag(versioning);
            (EventKind::RemovedDelete, tag, gone.object.is_none())
        }
    };
    if stack.versions.is_empty() {
        bucket.keys.remove(key);
    }
    let receipt = DeleteReceipt {
        version: (versioning != Versioning::Off).then_some(tag),
        marker,
        trash: None,
    };
    let told = Told {
        kind,
        tag,
        size: 0,
        etag: None,
    };
    (format!("{receipt:?}"), Some(told))
}

fn alter(
    bucket: &mut Bucket,
    key: &str,
    choice: VersionChoice,
    change: impl FnOnce(&mut Object),
) -> String {
    let versioning = bucket.versioning;
    let found = bucket.keys.get(key).and_then(|stack| stack.find(choice));
    let id = found.expect("it was checked").id;
    let stack = bucket.keys.get_mut(key).expect("it was found");
    let version = stack.versions.iter_mut().find(|version| version.id == id);
    let version = version.expect("it was found");
    change(version.object.as_mut().expect("it was checked"));
    format!("{:?}", version.tag(versioning))
}
