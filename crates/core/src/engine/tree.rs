//! The directories of hierarchical buckets: those that a write needs come with it, in its own commit.
//!
//! Whatever is written below a directory expects the row of that directory as it was read, so a directory cannot
//! go while something is written into it. The other way round a removal has to know that nothing came since it
//! looked, without every write changing the row: whoever is about to remove or move a directory first says so in
//! its row, and looks after that. Whoever writes into such a directory takes it back in the same commit, which
//! the remover's commit then meets. What a crash leaves said does no harm.

use super::buckets::now;
use super::key::{Seen, current_writes, expect};
use super::read::NO_SUCH_KEY;
use super::{Engine, ObjectTarget, VersionChoice};
use crate::error::{Error, ErrorKind};
use crate::limits::SCAN_BYTES_MAX;
use crate::model::{
    AccountId, Acl, Bucket, BucketId, Checksums, Etag, Form, Lock, ObjectKey, ObjectRecord,
    ObjectVersion, PayloadRef, Replicated, StorageClass, StoredHeaders, VersionKind,
};
use crate::ports::{Expect, Key, Limit, Order, Record, Revision, Table, Txn, Write};
use crate::records::{CurrentRecord, decode, encode, keys};
use crate::rules::path;

/// MD5 of nothing.
const NOTHING_MD5: [u8; 16] = [
    0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0x00, 0xb2, 0x04, 0xe9, 0x80, 0x09, 0x98, 0xec, 0xf8, 0x42, 0x7e,
];

/// What a write needs of the directories around its key.
#[derive(Debug, Default)]
pub(super) struct Branch {
    pub(super) expect: Vec<Expect>,
    pub(super) write: Vec<Write>,
}

impl Branch {
    /// Puts it into the transaction of the write.
    pub(super) fn join(self, txn: &mut Txn) {
        txn.expect.extend(self.expect);
        txn.write.extend(self.write);
    }
}

/// What becomes of directories that a write needs and that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// They are made.
    Made,
    /// The write is refused with `NoSuchKey`.
    Refused,
}

impl Engine {
    /// The directories that `key` lies in, as parts of the transaction that writes it; nothing in a flat bucket.
    /// `InvalidKey` when the key is no path, `UnderObject` when an object stands where a directory is needed,
    /// `DirectoryMismatch` when a directory has the name of the object, or the other way round.
    pub(super) async fn branch(
        &self,
        (bucket, owner): (&Bucket, &AccountId),
        key: &ObjectKey,
        missing: Missing,
    ) -> Result<Branch, Error> {
        let mut branch = Branch::default();
        if !bucket.is_hierarchical() {
            return Ok(branch);
        }
        path::check(key.as_str())?;
        let head = |key: &ObjectKey| keys::head(bucket.id, key);
        let parent = path::above(key.as_str()).pop().map(ObjectKey::new);
        let parent = parent.transpose()?;
        let beside = path::counterpart(key);
        let places: Vec<Key> = beside.iter().chain(&parent).map(head).collect();
        let mut found = self.ports.meta.get_many(&places).await?.into_iter();
        if let Some(beside) = &beside {
            if found.next().flatten().is_some() {
                return Err(mismatch());
            }
            branch.expect.push(Expect::Absent(head(beside)));
        }
        let Some(parent) = parent else {
            return Ok(branch);
        };
        match found.next().flatten() {
            Some(record) => branch.enter(head(&parent), &record)?,
            None if missing == Missing::Refused => {
                return Err(Error::new(
                    ErrorKind::NoSuchKey,
                    "the directory that the key lies in is not there; make it first",
                ));
            }
            None => self.grow_branch((bucket, owner), key, &mut branch).await?,
        }
        Ok(branch)
    }

    /// The same for a key whose own directory is missing: those above are looked at too.
    async fn grow_branch(
        &self,
        (bucket, owner): (&Bucket, &AccountId),
        key: &ObjectKey,
        branch: &mut Branch,
    ) -> Result<(), Error> {
        let above = path::above(key.as_str()).into_iter().map(ObjectKey::new);
        let above: Vec<ObjectKey> = above.collect::<Result<_, _>>()?;
        let objects: Vec<ObjectKey> = above.iter().filter_map(path::counterpart).collect();
        let head = |key: &ObjectKey| keys::head(bucket.id, key);
        let places: Vec<Key> = above.iter().chain(&objects).map(head).collect();
        let mut found = self.ports.meta.get_many(&places).await?;
        let objects_found = found.split_off(above.len());
        if objects_found.iter().any(Option::is_some) {
            return Err(Error::new(
                ErrorKind::UnderObject,
                "the path leads through an object; only directories hold others",
            ));
        }
        let first = found
            .iter()
            .position(Option::is_none)
            .unwrap_or(above.len());
        if let Some(deepest) = first.checked_sub(1)
            && let (Some(directory), Some(Some(record))) = (above.get(deepest), found.get(deepest))
        {
            branch.enter(head(directory), record)?;
        }
        let missing = above.iter().zip(&objects).skip(first);
        for (directory, object) in missing {
            let absent = [head(directory), head(object)].map(Expect::Absent);
            branch.expect.extend(absent);
            let made = self.new_directory(owner);
            branch
                .write
                .push(Write::Put(head(directory), encode(&made)));
        }
        Ok(())
    }

    /// That the directory `key` is there, made if it is not: for a setting that names it.
    pub(super) async fn directory(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
    ) -> Result<Branch, Error> {
        let at = (bucket, &bucket.owner);
        let mut branch = self.branch(at, key, Missing::Made).await?;
        let place = keys::head(bucket.id, key);
        if let Some(record) = self.get_one(place.clone()).await? {
            branch.enter(place, &record)?;
        } else {
            branch.expect.push(Expect::Absent(place.clone()));
            let made = self.new_directory(&bucket.owner);
            branch.write.push(Write::Put(place, encode(&made)));
        }
        Ok(branch)
    }

    fn new_directory(&self, owner: &AccountId) -> CurrentRecord {
        let stamp = self.stamp(None);
        let record = ObjectRecord {
            size: 0,
            etag: Etag::Md5(NOTHING_MD5),
            checksums: Checksums::default(),
            payload: PayloadRef::Empty,
            headers: StoredHeaders::default(),
            user_meta: Vec::new(),
            tags: Vec::new(),
            class: StorageClass::Standard,
            upload: None,
            owner: owner.clone(),
            acl: None::<Acl>,
            form: Form::Directory { leaving: false },
            restore: None,
            seal: None,
            expires_at: None,
            lock: Lock::default(),
            replicated: Replicated::No,
            nanos: 0,
        };
        CurrentRecord {
            null_at: Some(stamp.id),
            version: ObjectVersion {
                id: stamp.id,
                is_null: true,
                written_at: stamp.at,
                kind: VersionKind::Object(Box::new(record)),
            },
        }
    }

    /// The key that is meant in a hierarchical bucket: the directory, where a key names no object and would name
    /// a directory with `/` at its end.
    pub(super) async fn key_meant(
        &self,
        bucket: &Bucket,
        key: &ObjectKey,
    ) -> Result<ObjectKey, Error> {
        if !bucket.is_hierarchical() || path::names_directory(key.as_str()) {
            return Ok(key.clone());
        }
        let Some(directory) = path::counterpart(key) else {
            return Ok(key.clone());
        };
        let places = [key, &directory].map(|key| keys::head(bucket.id, key));
        let found = self.ports.meta.get_many(&places).await?;
        match found.as_slice() {
            [None, Some(_)] => Ok(directory),
            _ => Ok(key.clone()),
        }
    }

    /// The object or directory that a reader means.
    pub(super) async fn target_meant(
        &self,
        bucket: &Bucket,
        target: &ObjectTarget,
    ) -> Result<ObjectTarget, Error> {
        let key = match target.version {
            VersionChoice::Current => self.key_meant(bucket, &target.key).await?,
            VersionChoice::Null | VersionChoice::Id(_) => target.key.clone(),
        };
        Ok(ObjectTarget {
            key,
            ..target.clone()
        })
    }

    /// The keys of a directory, itself first, at most `most` of them and one more.
    pub(super) async fn keys_in(
        &self,
        bucket: BucketId,
        directory: &ObjectKey,
        most: usize,
    ) -> Result<Vec<ObjectKey>, Error> {
        let mut range = keys::current_range(Table::Heads, bucket, directory.as_str());
        let mut found = Vec::new();
        loop {
            let limit = Limit {
                rows: most.saturating_add(1).saturating_sub(found.len()),
                bytes: SCAN_BYTES_MAX,
            };
            let ranges = [range];
            let pages = self
                .ports
                .meta
                .scan(&ranges, Order::Ascending, limit)
                .await?;
            let [asked] = ranges;
            let Some(page) = pages.into_iter().next() else {
                return Ok(found);
            };
            for (at, _) in &page.rows {
                let key = keys::object_of_current(at);
                found.push(key.ok_or_else(super::list::damaged_key)?);
            }
            match page.rows.last() {
                Some((last, _)) if page.more && found.len() <= most => {
                    range = crate::ports::KeyRange {
                        start: super::walk::after(last),
                        ..asked
                    };
                }
                _ => return Ok(found),
            }
        }
    }

    /// Says of directories that they are about to leave and gives them as they are then, read before anybody
    /// looks what lies in them. `None` when somebody else changed one.
    pub(super) async fn close(
        &self,
        (bucket, revision): (&Bucket, Revision),
        directories: &[&ObjectKey],
    ) -> Result<Option<Vec<Seen>>, Error> {
        let seen = self.see(bucket.id, directories).await?;
        let mut txn = now(Vec::new(), Vec::new());
        for (key, seen) in directories.iter().zip(&seen) {
            let Some(state) = leaving(seen) else {
                return Ok(None);
            };
            if !state && let Some(said) = saying(seen) {
                let write = current_writes(bucket.id, key, seen, Some(&said));
                txn.expect.extend(expect(bucket, revision, key, seen));
                txn.write.extend(write);
            }
        }
        if txn.write.is_empty() {
            return Ok(Some(seen));
        }
        if !self.commit_one(txn).await? {
            return Ok(None);
        }
        let seen = self.see(bucket.id, directories).await?;
        let all = seen.iter().all(|seen| leaving(seen) == Some(true));
        Ok(all.then_some(seen))
    }
}

impl Branch {
    /// Expects a directory as it was read, and takes back what was said of its leaving.
    fn enter(&mut self, at: Key, record: &Record) -> Result<(), Error> {
        self.expect
            .push(Expect::Revision(at.clone(), record.revision));
        let mut current: CurrentRecord = decode(&record.bytes)?;
        if let VersionKind::Object(object) = &mut current.version.kind
            && object.form == (Form::Directory { leaving: true })
        {
            object.form = Form::Directory { leaving: false };
            self.write.push(Write::Put(at, encode(&current)));
        }
        Ok(())
    }
}

/// Whether a directory was said to leave; `None` when it is none.
fn leaving(seen: &Seen) -> Option<bool> {
    match seen.current.as_ref()?.version.object()?.form {
        Form::Directory { leaving } => Some(leaving),
        Form::Normal | Form::Appendable | Form::Symlink(_) => None,
    }
}

/// A directory with that said.
fn saying(seen: &Seen) -> Option<CurrentRecord> {
    let mut said = seen.current.clone()?;
    if let VersionKind::Object(object) = &mut said.version.kind {
        object.form = Form::Directory { leaving: true };
    }
    Some(said)
}

pub(super) fn no_such_key() -> Error {
    Error::new(ErrorKind::NoSuchKey, NO_SUCH_KEY)
}

fn mismatch() -> Error {
    Error::new(
        ErrorKind::DirectoryMismatch,
        "a directory has this name, or an object has the name of the directory",
    )
}
