//! What a transaction that stood means to the model, and whether it was allowed to stand.

use std::collections::BTreeSet;

use bytes::Bytes;
use cohong_core::model::{
    self as stored, BucketId, BucketState, ChecksumForm, EventKind, FurtherChecksum, VersionTag,
};
use cohong_core::ports::{Position, Table, Txn, Write};
use cohong_core::records::{
    CurrentRecord, FetchRecord, FetchState, LoggedEvent, PartRecord, UploadRecord, UploadState,
    decode, keys,
};

use super::change::{Told, change, compare, expire, write};
use super::{ENCRYPTING, Inner, OWNER};
use crate::sim::exec::TaskId;
use crate::sim::model::{Bucket, Event, Fetch, Object, Op, Public, Sealed, Upload, md5_of, sum_of};

impl Inner {
    /// Takes a transaction into the model. Gives a line for the trace, when clients can see it.
    pub(super) fn apply(
        &mut self,
        task: TaskId,
        txn: &Txn,
        logged: &[(BucketId, Position, LoggedEvent)],
    ) -> Option<String> {
        let places = changed_keys(txn);
        let places: Vec<Bytes> = places.into_iter().collect();
        match &places[..] {
            [] => {}
            [place] => return Some(self.key_changed(task, place, txn, logged)),
            [_, _] => return Some(self.renamed(task, &places, txn, logged)),
            many => panic!("one transaction changes {} keys", many.len()),
        }
        assert!(logged.is_empty(), "an event without a change");
        let mut said = None;
        for write in &txn.write {
            let line = match write {
                Write::Put(at, bytes) => self.stored(task, at.table, &at.bytes, bytes),
                Write::Delete(at) => self.deleted(task, at.table, &at.bytes),
                _ => None,
            };
            said = line.or(said);
        }
        said
    }

    fn key_changed(
        &mut self,
        task: TaskId,
        place: &Bytes,
        txn: &Txn,
        logged: &[(BucketId, Position, LoggedEvent)],
    ) -> String {
        let (id, key) = key_at(place);
        let name = self.name_of(id);
        let Some(mut flight) = self.flights.remove(&task) else {
            return self.unasked((&name, &key), txn, logged);
        };
        let wanted = Some((name.as_str(), key.as_str()));
        let n = (0..flight.items.len()).find(|n| flight.op.key(*n) == wanted);
        let n = n.unwrap_or_else(|| panic!("{} changed {name}/{key}", flight.request));
        assert!(
            flight.items[n].done.is_none(),
            "{} took effect twice",
            flight.request
        );
        if flight.op.source().is_none() {
            let refusal = flight.refusal(&mut self.model, n);
            assert!(
                refusal.is_none(),
                "{} changed a key but {refusal:?}",
                flight.request
            );
        }
        let record = current_in(txn);
        if let Op::Copy { .. } = &flight.op {
            let (_, latest) = flight.times;
            let taken = self.model.buckets[&name].takes(&key, record.as_ref(), latest);
            assert_eq!(taken, Ok(()), "{} stands", flight.request);
        }
        let bucket = self.model.buckets.get_mut(&name).expect("it was found");
        assert!(
            !bucket.closing,
            "{} changed a bucket being removed",
            flight.request
        );
        let (answer, told) = change(bucket, &flight, n, &key, record.as_ref());
        compare(bucket.keys.get(&key), record.as_ref(), &flight.request);
        if let Op::Complete { upload, .. } = &flight.op {
            let at = keys::upload(id, &stored::ObjectKey::new(&key).expect("valid"), *upload);
            assert!(
                txn.write.contains(&Write::Delete(at)),
                "a completed upload stays open"
            );
            bucket.uploads.remove(upload);
        }
        if matches!(flight.op, Op::Put { callback: true, .. }) {
            self.owed_calls.insert(flight.request.clone());
        }
        let line = format!("{} on {name}/{key}: {answer}", flight.request);
        flight.items[n].done = Some(answer);
        self.log_checked((&name, &key), told, &flight.request, logged);
        self.flights.insert(task, flight);
        line
    }

    fn name_of(&self, id: BucketId) -> String {
        let mut buckets = self.model.buckets.iter();
        let found = buckets.find(|(_, bucket)| bucket.id == id);
        found.expect("changed buckets exist").0.clone()
    }

    /// A change that no request made by itself: what a task has fetched, or what a rule orders.
    fn unasked(
        &mut self,
        (name, key): (&str, &str),
        txn: &Txn,
        logged: &[(BucketId, Position, LoggedEvent)],
    ) -> String {
        let record = current_in(txn);
        let bucket = self.model.buckets.get_mut(name).expect("it was found");
        assert!(!bucket.closing, "{name}/{key} changed while it was removed");
        let task = txn.write.iter().find_map(|write| match write {
            Write::Put(at, _) if at.table == Table::Fetches => Some(&at.bytes),
            _ => None,
        });
        let (told, request) = if let Some(task) = task {
            let fetch = self.model.fetches.get_mut(task).expect("it was promised");
            let place = (bucket.id, key);
            assert_eq!((fetch.bucket, &*fetch.key), place, "{}", fetch.request);
            assert!(!fetch.ended, "{} is done twice", fetch.request);
            fetch.ended = true;
            let object = fetch.object.clone();
            let taken = bucket.takes(key, record.as_ref(), self.latest);
            assert_eq!(taken, Ok(()), "what {} wants is stored", fetch.request);
            let kind = EventKind::CreatedFetch;
            let (_, told) = write(bucket, key, object, record.as_ref(), kind);
            (told, fetch.request.clone())
        } else {
            let told = expire(bucket, key, record.as_ref(), self.latest);
            let request = logged
                .first()
                .map(|(.., event)| event.event.request_id.to_string());
            (Some(told), request.unwrap_or_default())
        };
        compare(bucket.keys.get(key), record.as_ref(), &request);
        self.log_checked((name, key), told, &request, logged);
        let how = if task.is_some() {
            "is fetched"
        } else {
            "expires"
        };
        format!("{name}/{key} {how}, for {request}")
    }

    /// An object has another key: both change at once.
    fn renamed(
        &mut self,
        task: TaskId,
        places: &[Bytes],
        txn: &Txn,
        logged: &[(BucketId, Position, LoggedEvent)],
    ) -> String {
        let mut flight = self.flights.remove(&task).expect("only requests rename");
        let Op::Rename {
            bucket: name,
            from,
            to,
        } = flight.op.clone()
        else {
            panic!("{} changed two keys", flight.request);
        };
        let refusal = flight.refusal(&mut self.model, 0);
        assert!(
            refusal.is_none(),
            "{} renamed but {refusal:?}",
            flight.request
        );
        let bucket = self
            .model
            .buckets
            .get_mut(&name)
            .expect("it can be changed");
        for place in places {
            let (id, key) = key_at(place);
            let meant = id == bucket.id && (key == from || key == to);
            assert!(meant, "{} changed {key}", flight.request);
        }
        let gone = bucket.keys.remove(&from).expect("it is there");
        let object = Object {
            lock: stored::Lock::default(),
            ..gone.object().expect("it is an object").clone()
        };
        let record = current_in(txn);
        let kind = EventKind::CreatedCopy;
        let (_, made) = write(bucket, &to, object, record.as_ref(), kind);
        compare(bucket.keys.get(&to), record.as_ref(), &flight.request);
        let gone = Told {
            kind: EventKind::RemovedDelete,
            tag: VersionTag::Unversioned,
            size: 0,
            etag: None,
        };
        let (first, second) = logged.split_at(logged.len().min(1));
        self.log_checked((&name, &from), Some(gone), &flight.request, first);
        self.log_checked((&name, &to), made, &flight.request, second);
        let line = format!("{} on {name}: {from} is renamed {to}", flight.request);
        flight.items[0].done = Some(String::new());
        self.flights.insert(task, flight);
        line
    }

    /// Exactly the event that the model expects is in the same transaction.
    fn log_checked(
        &mut self,
        (name, key): (&str, &str),
        told: Option<Told>,
        request: &str,
        logged: &[(BucketId, Position, LoggedEvent)],
    ) {
        let bucket = &self.model.buckets[name];
        let expected = told.filter(|_| bucket.logs).map(|told| Event {
            hits: bucket.hits(told.kind, key),
            kind: told.kind,
            key: key.to_owned(),
            tag: told.tag,
            size: told.size,
            etag: told.etag,
            request: request.to_owned(),
        });
        let Some(expected) = expected else {
            assert!(logged.is_empty(), "{request}: an event that should not be");
            return;
        };
        let [(id, at, event)] = logged else {
            panic!(
                "{request}: {} events in the log instead of one",
                logged.len()
            );
        };
        let hit = |hit: &cohong_core::records::Hit| {
            let rule = &bucket.rules[usize::from(hit.rule)];
            (rule.to[usize::from(hit.destination)].id(), rule.id.clone())
        };
        let seen = Event {
            kind: event.event.kind,
            key: event.event.key.as_str().to_owned(),
            tag: event.event.version,
            size: event.event.size,
            etag: event.event.etag.as_ref().map(ToString::to_string),
            request: event.event.request_id.to_string(),
            hits: event.hits.iter().map(hit).collect(),
        };
        assert_eq!(seen, expected, "the event of {request}");
        let last = self
            .model
            .log
            .range(..=(*id, Position(u64::MAX)))
            .next_back();
        let last = last.filter(|((of, _), _)| of == id).map(|((_, at), _)| *at);
        assert!(
            last.is_none_or(|last| last < *at),
            "the log went back at {request}"
        );
        self.model.log.insert((*id, *at), seen);
        self.buckets.insert(*at, *id);
    }

    fn stored(&mut self, task: TaskId, table: Table, at: &Bytes, bytes: &Bytes) -> Option<String> {
        match table {
            Table::Buckets => Some(self.bucket_stored(task, at, bytes)),
            Table::Uploads => Some(self.upload_stored(task, at, bytes)),
            Table::Parts => Some(self.part_stored(task, at, bytes)),
            Table::Functions => {
                let name = String::from_utf8(at.to_vec()).expect("names are text");
                self.done(task, String::new());
                self.model.functions.push(name);
                Some("a function".to_owned())
            }
            Table::Fetches => Some(self.fetch_stored(task, at, bytes)),
            Table::Accounts => self.account_stored(task),
            _ => None,
        }
    }

    /// An account blocks public access, or does no longer.
    fn account_stored(&mut self, task: TaskId) -> Option<String> {
        let flight = self.flights.get(&task)?;
        let (by, Op::BlockPublic(blocks)) = (flight.says.by, flight.op.clone()) else {
            panic!("{} changed an account", flight.request);
        };
        self.done(task, String::new());
        self.model.shut.remove(by);
        if blocks {
            self.model.shut.insert(by);
        }
        let buckets = self.model.buckets.values_mut();
        for bucket in buckets.filter(|bucket| bucket.owner == by) {
            bucket.public.account_blocked = blocks;
        }
        Some(format!("{by} blocks public access: {blocks}"))
    }

    /// A task that fetches begins, or ends without an object.
    fn fetch_stored(&mut self, task: TaskId, at: &Bytes, bytes: &Bytes) -> String {
        let record: FetchRecord = decode(bytes).expect("records can be read");
        let Some(flight) = self.flights.get(&task) else {
            assert!(matches!(record.state, FetchState::Failed(_)), "{record:?}");
            let fetch = self.model.fetches.get_mut(at).expect("it was promised");
            assert!(!fetch.ended, "{} ends twice", fetch.request);
            fetch.ended = true;
            return format!("what {} wants cannot be had", fetch.request);
        };
        let (request, op) = (flight.request.clone(), flight.op.clone());
        let Op::Fetch {
            key,
            object,
            bucket,
            ..
        } = op
        else {
            panic!("{op:?} made a task");
        };
        self.done(task, String::new());
        let fetch = Fetch {
            bucket: self.model.buckets[&bucket].id,
            request,
            key,
            object,
            ended: false,
        };
        self.model.fetches.insert(at.clone(), fetch);
        self.model.by_itself.insert(self.model.buckets[&bucket].id);
        format!("a task for {bucket}")
    }

    /// The request of `task` took effect.
    fn done(&mut self, task: TaskId, answer: String) {
        let flight = self.flights.get_mut(&task).expect("only requests do this");
        let refusal = flight.refusal(&mut self.model, 0);
        let [item] = &mut flight.items[..] else {
            panic!("{} has one outcome", flight.request);
        };
        assert!(item.done.is_none(), "{} took effect twice", flight.request);
        // A bucket may be closed under a request that it does not matter to.
        let busy = Err(cohong_core::ErrorKind::Busy);
        let refused = refusal.filter(|answer| flight.op.source().is_none() && *answer != busy);
        assert!(
            refused.is_none(),
            "{} took effect but {refused:?}",
            flight.request
        );
        item.done = Some(answer);
    }

    fn bucket_stored(&mut self, task: TaskId, at: &Bytes, bytes: &Bytes) -> String {
        let name = String::from_utf8(at.to_vec()).expect("names are text");
        let record: stored::Bucket = decode(bytes).expect("records can be read");
        let flight = self.flights.get(&task);
        if flight.is_some_and(|flight| matches!(flight.op, Op::BlockPublic(_))) {
            let bucket = self.model.buckets.get(&name).expect("it exists");
            let deleting = record.state == BucketState::Deleting;
            assert_eq!(bucket.closing, deleting, "{name} is {record:?}");
            compare_bucket(bucket, &record);
            return format!("bucket {name} {:?}", record.state);
        }
        let by = flight.map(|flight| flight.says.by);
        let op = flight.map(|flight| flight.op.clone());
        if let Some(bucket) = self
            .model
            .buckets
            .get_mut(&name)
            .filter(|bucket| bucket.closing)
        {
            assert_eq!(record.state, BucketState::Live, "{name} was closed twice");
            let id = bucket.id;
            bucket.closing = false;
            self.verdict(id, &Err(cohong_core::ErrorKind::BucketNotEmpty));
            return format!("{name} stays");
        }
        match op {
            Some(Op::CreateBucket(_)) => {
                self.done(task, String::new());
                let owner = by.unwrap_or(OWNER);
                let seals = if name == ENCRYPTING {
                    Sealed::Server
                } else {
                    Sealed::No
                };
                let mut bucket = Bucket::new(record.id, owner, seals);
                bucket.public.account_blocked = self.model.shut.contains(owner);
                self.model.buckets.insert(name.clone(), bucket);
            }
            Some(Op::DeleteBucket(_)) => {
                assert_eq!(record.state, BucketState::Deleting);
                let flight = self.flights.get_mut(&task).expect("it was found");
                flight.closed = Some(record.id);
                self.model
                    .buckets
                    .get_mut(&name)
                    .expect("it exists")
                    .closing = true;
            }
            Some(Op::Change(_, change)) => {
                self.done(task, String::new());
                let bucket = self.model.buckets.get_mut(&name).expect("it exists");
                bucket.set(&change, record.retention.as_ref());
            }
            Some(Op::Lifecycle(_, prefix)) => {
                self.done(task, String::new());
                let bucket = self.model.buckets.get_mut(&name).expect("it exists");
                bucket.expires = prefix;
                self.model.by_itself.insert(bucket.id);
            }
            Some(Op::Rules(_, rules)) => {
                self.done(task, String::new());
                let bucket = self.model.buckets.get_mut(&name).expect("it exists");
                bucket.logs |= !rules.is_empty();
                bucket.rules = rules;
            }
            other => panic!("{other:?} changed bucket {name}"),
        }
        compare_bucket(&self.model.buckets[&name], &record);
        format!("bucket {name} {:?}", record.state)
    }

    /// Those who closed a bucket learn what became of it.
    fn verdict(&mut self, id: BucketId, answer: &crate::sim::model::Answer) {
        for flight in self.flights.values_mut() {
            if flight.closed == Some(id) {
                flight.items[0].possible.push(answer.clone());
            }
        }
    }

    fn upload_stored(&mut self, task: TaskId, at: &Bytes, bytes: &Bytes) -> String {
        let record: UploadRecord = decode(bytes).expect("records can be read");
        let (bucket_id, key, id) = upload_at(at);
        let op = self.flights.get(&task).map(|flight| flight.op.clone());
        match op {
            Some(Op::Create { meta, checksum, .. }) => {
                let says = self.flights[&task].says;
                self.done(task, id.to_string());
                let bucket = self.model.by_id(bucket_id).expect("it exists");
                let upload = Upload {
                    key,
                    meta,
                    checksum,
                    sealed: bucket.sealed(says.sealed()),
                    lock: says.lock,
                    ..Upload::default()
                };
                let kept = upload.sealed.is(record.seal.as_ref()) && upload.lock == record.lock;
                assert!(kept, "upload {id} is {record:?}");
                bucket.uploads.insert(id, upload);
            }
            Some(Op::Complete { .. }) => {
                let bucket = self.model.by_id(bucket_id).expect("it exists");
                let upload = bucket.uploads.get_mut(&id).expect("it is open");
                upload.completing = record.state == UploadState::Completing;
            }
            other => panic!("{other:?} changed upload {id}"),
        }
        format!("upload {id} {:?}", record.state)
    }

    fn part_stored(&mut self, task: TaskId, at: &Bytes, bytes: &Bytes) -> String {
        let record: PartRecord = decode(bytes).expect("records can be read");
        let flight = self.flights.get(&task).expect("only requests store parts");
        let (upload, number, bytes) = match &flight.op {
            Op::Part {
                upload,
                number,
                bytes,
                ..
            } => (*upload, *number, bytes.clone()),
            Op::CopyPart { upload, number, .. } => {
                let read = |object: &&Object| md5_of(&object.bytes) == record.md5;
                let source = flight.sources.iter().find(read);
                let source = source.expect("a part is a state its source had");
                (*upload, *number, source.bytes.clone())
            }
            other => panic!("{other:?} stored a part"),
        };
        let place = keys::part(upload, u16::try_from(number).expect("small")).bytes;
        assert_eq!(*at, place, "another part was stored");
        assert_eq!(record.md5, md5_of(&bytes), "other bytes were stored");
        self.done(task, hex::encode(record.md5));
        let mut buckets = self.model.buckets.values_mut();
        let bucket = buckets.find(|bucket| bucket.uploads.contains_key(&upload));
        let bucket = bucket.expect("parts belong to open uploads");
        let room = bucket.room(bytes.len() as u64);
        assert_eq!(room, Ok(()), "part {number} of {upload} is stored");
        let open = bucket.uploads.get_mut(&upload).expect("it was found");
        assert!(!open.completing, "a part changed under a Complete");
        let sum = |form: ChecksumForm| FurtherChecksum::full(sum_of(form.algorithm, &bytes));
        let (sum, found) = (open.checksum.map(sum), record.checksums.further);
        assert_eq!(found, sum, "the checksum of a part");
        open.parts.insert(number, bytes);
        format!("part {number} of {upload}")
    }

    fn deleted(&mut self, task: TaskId, table: Table, at: &Bytes) -> Option<String> {
        match table {
            Table::Buckets => {
                let name = String::from_utf8(at.to_vec()).expect("names are text");
                let gone = self.model.buckets.remove(&name).expect("it existed");
                assert!(
                    gone.closing && gone.is_empty(),
                    "{name} was removed while in use"
                );
                self.verdict(gone.id, &Ok(String::new()));
                Some(format!("bucket {name} is removed"))
            }
            Table::Uploads => {
                let (bucket, _, id) = upload_at(at);
                let op = self.flights.get(&task).map(|flight| &flight.op);
                assert!(matches!(op, Some(Op::Abort(..))), "{op:?} ended an upload");
                self.done(task, String::new());
                let bucket = self.model.by_id(bucket).expect("it exists");
                bucket.uploads.remove(&id).expect("it was open");
                Some(format!("upload {id} is aborted"))
            }
            Table::Parts => {
                let open = self
                    .model
                    .buckets
                    .values()
                    .flat_map(|bucket| bucket.uploads.keys());
                let open = open.into_iter().any(|id| at.starts_with(&id.0));
                assert!(!open, "a part of an open upload is removed");
                None
            }
            _ => None,
        }
    }
}

/// The model's settings of a bucket and the stored ones are the same.
fn compare_bucket(bucket: &Bucket, record: &stored::Bucket) {
    let name = &record.name;
    assert_eq!(*record.owner.0, *bucket.owner, "owner of {name}");
    assert_eq!(record.versioning, bucket.versioning, "versioning of {name}");
    assert_eq!(record.renames, bucket.renames, "renames of {name}");
    let expires = bucket.expires.is_some();
    assert_eq!(record.lifecycle.is_some(), expires, "{name}");
    assert_eq!(record.rules.len(), bucket.rules.len(), "rules of {name}");
    assert_eq!(record.quota, bucket.quota, "quota of {name}");
    assert_eq!(record.locks, bucket.locks, "locks of {name}");
    assert_eq!(record.retention, bucket.retention, "retention of {name}");
    let seals = bucket.seals == Sealed::Server;
    assert_eq!(record.encryption.is_some(), seals, "{name}");
    let public = Public {
        granted: !record.acl.grants.is_empty(),
        blocked: record.blocks_public,
        account_blocked: record.account_blocks_public,
    };
    assert_eq!(public, bucket.public, "{name}");
}

fn upload_at(at: &Bytes) -> (BucketId, String, stored::UploadId) {
    let (key, id) = keys::object_of_upload(at).expect("the key of an upload");
    let bucket = at.first_chunk().copied().expect("eight bytes");
    (
        BucketId(u64::from_be_bytes(bucket)),
        key.as_str().to_owned(),
        id,
    )
}

/// Bucket and key of a place.
fn key_at(place: &Bytes) -> (BucketId, String) {
    let (id, key) = place.split_at(8);
    let id = BucketId(u64::from_be_bytes(id.try_into().expect("eight bytes")));
    let key = std::str::from_utf8(key).expect("keys are text");
    (id, key.to_owned())
}

/// Bucket and key of everything in a transaction that is a version.
fn changed_keys(txn: &Txn) -> BTreeSet<Bytes> {
    let of = |write: &Write| {
        let (Write::Put(at, _) | Write::Delete(at)) = write else {
            return None;
        };
        match at.table {
            Table::Heads | Table::Graves => Some(at.bytes.clone()),
            Table::Versions => Some(at.bytes.slice(..at.bytes.len() - 9)),
            _ => None,
        }
    };
    txn.write.iter().filter_map(of).collect()
}

fn current_in(txn: &Txn) -> Option<CurrentRecord> {
    txn.write.iter().find_map(|write| match write {
        Write::Put(at, bytes) if matches!(at.table, Table::Heads | Table::Graves) => {
            Some(decode(bytes).expect("records can be read"))
        }
        _ => None,
    })
}
