//! Fetching what a URL names, at once or as a task. A task is a record and a piece of durable work; the commit
//! that makes the object visible marks it as done, so it is done once whatever dies. Its callback is made
//! after that, once: what became of it is unknown when the process dies meanwhile.

use super::buckets::now;
use super::commit::{Also, Unwritten, unmet};
use super::{
    Attributes, Body, Conditions, Cx, Engine, ExpectedDigests, FetchObject, IfThere, NewVersion,
    PutObject, Walk,
};
use crate::error::{Error, ErrorKind};
use crate::limits::{
    CONFLICT_RETRIES_MAX, FETCH_KEPT, FETCH_TRIED_MAX, FETCHES_MAX, SCAN_BYTES_MAX,
};
use crate::model::{Bucket, BucketId, BucketName, CallbackSpec, EventKind, FetchId, ObjectKey};
use crate::ports::{
    CommitError, Expect, FetchFault, Fetched, Fetcher, Key, Limit, Order, Revision, Table, Write,
};
use crate::records::{FetchRecord, FetchState, WorkKind, decode, encode, keys};
use crate::rules::access::{Action, On, allow};
use crate::rules::{attributes, version};
use crate::work;

impl Engine {
    /// Stores what a URL names, before it answers: `InvalidArgument` for a URL that may not be asked for or
    /// does not give it, `Unavailable` when its server does not answer.
    pub async fn fetch_object(&self, cx: &Cx, req: FetchObject) -> Result<NewVersion, Error> {
        let bucket = self.check_fetch(cx, &req).await?;
        if req.if_there == IfThere::Keep
            && let Some(there) = self.there(&bucket, &req.key).await?
        {
            return Ok(there);
        }
        let found = self
            .fetcher()?
            .fetch(&req.url)
            .await
            .map_err(|fault| unfetched(&fault))?;
        let (put, body) = storing(
            &req.bucket,
            &req.key,
            (&req.attributes, req.md5),
            None,
            found,
        );
        Ok(self.put_object(cx, put, body).await?.stored)
    }

    /// Makes a task that stores what a URL names, and calls an application then, if one is given. Only for
    /// those who sign, in whose name it is done: `Denied`; `Busy` when the bucket has [`FETCHES_MAX`] tasks.
    pub async fn put_fetch_task(&self, cx: &Cx, req: FetchObject) -> Result<FetchId, Error> {
        self.check_fetch(cx, &req).await?;
        if cx.principal.account().is_none() {
            let message = "tasks are made by signed requests only";
            return Err(Error::new(ErrorKind::Denied, message));
        }
        if let Some(spec) = &req.callback {
            self.check_callback(spec)?;
        }
        let id = FetchId(self.ports.ids.work().0);
        let time = self.ports.clock.now();
        let record = FetchRecord {
            bucket: req.bucket,
            key: req.key,
            url: req.url,
            md5: req.md5,
            keeps: req.if_there != IfThere::Overwrite,
            attributes: req.attributes,
            callback: req.callback,
            labels: req.labels,
            principal: cx.principal.clone(),
            request_id: cx.request_id.clone(),
            via: cx.dialect,
            created_at: time,
            state: FetchState::Running,
        };
        for _ in 0..CONFLICT_RETRIES_MAX {
            let (bucket, revision) = self.bucket_for_change(&record.bucket).await?;
            allow(cx, &bucket, Action::WriteObject, On::Key(&record.key))?;
            self.check_room(bucket.id).await?;
            let at = keys::fetch(bucket.id, id);
            let kind = WorkKind::RunFetch {
                bucket: bucket.id,
                task: id,
            };
            let mut write = vec![Write::Put(at.clone(), encode(&record))];
            write.extend(work::put(&*self.ports.ids, kind, time, time));
            let there = Expect::Revision(keys::bucket(&record.bucket), revision);
            if self
                .commit_one(now(vec![Expect::Absent(at), there], write))
                .await?
            {
                self.work_bell.ring();
                return Ok(id);
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// A task of a bucket, for those who may write its key: `NoSuchTask`.
    pub async fn fetch_task(
        &self,
        cx: &Cx,
        bucket: &BucketName,
        id: FetchId,
    ) -> Result<FetchRecord, Error> {
        let (bucket, _) = self.read_live_bucket(bucket).await?;
        let Some((record, _)) = self.find_fetch(bucket.id, id).await? else {
            allow(cx, &bucket, Action::ListObjects, On::Bucket)?;
            return Err(no_such_task());
        };
        allow(cx, &bucket, Action::WriteObject, On::Key(&record.key))?;
        let age = self.ports.clock.now().since(record.created_at);
        if age > FETCH_KEPT {
            return Err(no_such_task());
        }
        Ok(record)
    }

    /// Does what a task is to do, unless it was done. What may pass is an error, to be tried again, for
    /// [`FETCH_TRIED_MAX`]; anything else is what the client is told.
    pub(crate) async fn run_fetch(
        &self,
        bucket: BucketId,
        id: FetchId,
    ) -> Result<Vec<Write>, Error> {
        let Some((record, revision)) = self.find_fetch(bucket, id).await? else {
            return Ok(Vec::new());
        };
        let at = keys::fetch(bucket, id);
        if record.state == FetchState::Calling {
            // The process died meanwhile.
            self.end_fetch(&record, &at, FetchState::Uncalled).await?;
        }
        if record.state != FetchState::Running {
            return Ok(Vec::new());
        }
        let Err(error) = self.do_fetch(bucket, &record, (&at, revision)).await else {
            return Ok(Vec::new());
        };
        let passes = matches!(
            error.kind(),
            ErrorKind::Busy | ErrorKind::Unavailable | ErrorKind::Full | ErrorKind::IncompleteBody
        );
        let tried = self.ports.clock.now().since(record.created_at);
        if passes && tried < FETCH_TRIED_MAX {
            return Err(error);
        }
        let failed = FetchState::Failed(error.message().into());
        self.end_fetch(&record, &at, failed).await?;
        Ok(Vec::new())
    }

    async fn do_fetch(
        &self,
        id: BucketId,
        record: &FetchRecord,
        (at, revision): (&Key, Revision),
    ) -> Result<(), Error> {
        let (bucket, _) = self.bucket_for_change(&record.bucket).await?;
        if bucket.id != id {
            return Err(bucket_gone());
        }
        let (principal, request) = (&record.principal, &record.request_id);
        let cx = self.acting_cx(principal, request, record.via).await?;
        if record.keeps && self.there(&bucket, &record.key).await?.is_some() {
            return self.end_fetch(record, at, FetchState::Stored).await;
        }
        let found = self.fetcher()?.fetch(&record.url).await;
        let callback = record.callback.clone();
        let carried = (&record.attributes, record.md5);
        let (put, body) = storing(
            &record.bucket,
            &record.key,
            carried,
            callback,
            found.map_err(|fault| unfetched(&fault))?,
        );
        let after = match put.callback {
            Some(_) => FetchState::Calling,
            None => FetchState::Stored,
        };
        let also = Also {
            expect: vec![Expect::Revision(at.clone(), revision)],
            write: vec![Write::Put(at.clone(), ended(record, after))],
            within: Some(id),
            stamp: None,
        };
        let stored = match self.put_along(&cx, &put, body, also).await {
            Ok(stored) => stored,
            // Its bucket is not the one it was; or somebody ended the task meanwhile, and then that stands.
            Err(Unwritten::Stale) => return Err(bucket_gone()),
            Err(Unwritten::Failed(error)) => return Err(error),
        };
        match stored.callback {
            Some(call) if call.answer.is_none() => {
                self.end_fetch(record, at, FetchState::Uncalled).await
            }
            Some(_) => self.end_fetch(record, at, FetchState::Stored).await,
            None => Ok(()),
        }
    }

    /// Notes what a task has come to, as long as it is there. One that has stored its object has not failed: the
    /// answer of its commit was lost, and then its application was not called.
    async fn end_fetch(
        &self,
        record: &FetchRecord,
        at: &Key,
        state: FetchState,
    ) -> Result<(), Error> {
        for _ in 0..CONFLICT_RETRIES_MAX {
            let Some(stored) = self.get_one(at.clone()).await? else {
                return Ok(());
            };
            let seen: FetchRecord = decode(&stored.bytes)?;
            let state = match (&seen.state, &state) {
                (FetchState::Calling, FetchState::Failed(_)) => FetchState::Uncalled,
                (seen, FetchState::Failed(_)) if *seen != FetchState::Running => return Ok(()),
                _ => state.clone(),
            };
            let txn = now(
                vec![Expect::Revision(at.clone(), stored.revision)],
                vec![Write::Put(at.clone(), ended(record, state))],
            );
            if self.commit_one(txn).await? {
                return Ok(());
            }
        }
        Err(CommitError::Conflict.into())
    }

    /// Removes the tasks that have ended and whose time is over.
    pub async fn expire_fetches(&self) -> Result<(), Error> {
        let time = self.ports.clock.now();
        let mut rows = Walk::over(keys::prefix_range(Table::Fetches, &[]));
        while let Some(page) = rows.page(&*self.ports.meta).await? {
            for (bytes, stored) in page {
                let record: FetchRecord = decode(&stored.bytes)?;
                let open = matches!(record.state, FetchState::Running | FetchState::Calling);
                if open || time.since(record.created_at) <= FETCH_KEPT {
                    continue;
                }
                let at = Key {
                    table: Table::Fetches,
                    bytes,
                };
                let txn = now(
                    vec![Expect::Revision(at.clone(), stored.revision)],
                    vec![Write::Delete(at)],
                );
                // Whoever changed it meanwhile keeps it until the next turn.
                let _gone: bool = self.commit_one(txn).await?;
            }
        }
        Ok(())
    }

    /// Refuses a URL that this server would not call, as far as its text tells: `InvalidArgument`. For rules, which
    /// are better refused when they are made than whenever they are followed.
    pub fn check_url(&self, url: &str) -> Result<(), Error> {
        let Some(fetcher) = self.fetcher.as_deref() else {
            return Ok(());
        };
        fetcher.check(url).map_err(|fault| unfetched(&fault))
    }

    fn fetcher(&self) -> Result<&dyn Fetcher, Error> {
        self.fetcher.as_deref().ok_or_else(|| {
            let message = "this server fetches nothing";
            Error::new(ErrorKind::Unsupported, message)
        })
    }

    /// Refuses what can be refused before anything is fetched.
    async fn check_fetch(
        &self,
        cx: &Cx,
        req: &FetchObject,
    ) -> Result<std::sync::Arc<Bucket>, Error> {
        attributes::check(&req.attributes)?;
        let (bucket, _) = self.bucket_for_change(&req.bucket).await?;
        allow(cx, &bucket, Action::WriteObject, On::Key(&req.key))?;
        self.fetcher()?
            .check(&req.url)
            .map_err(|fault| unfetched(&fault))?;
        if req.if_there == IfThere::Refuse && self.there(&bucket, &req.key).await?.is_some() {
            return Err(unmet(ErrorKind::ObjectExists, true));
        }
        Ok(bucket)
    }

    async fn check_room(&self, bucket: BucketId) -> Result<(), Error> {
        let limit = Limit {
            rows: FETCHES_MAX,
            bytes: SCAN_BYTES_MAX,
        };
        let range = [keys::fetches_range(bucket)];
        let pages = self
            .ports
            .meta
            .scan(&range, Order::Ascending, limit)
            .await?;
        if pages.iter().any(|page| page.rows.len() >= FETCHES_MAX) {
            let message = "the bucket has as many tasks as it may; wait until some are forgotten";
            return Err(Error::new(ErrorKind::Busy, message));
        }
        Ok(())
    }

    /// The object under a key, as if it had just been stored.
    async fn there(&self, bucket: &Bucket, key: &ObjectKey) -> Result<Option<NewVersion>, Error> {
        let seen = self.see_one(bucket.id, key).await?;
        let current = seen.current.map(|current| current.version);
        Ok(current.and_then(|version| {
            let record = version.object()?;
            Some(NewVersion {
                etag: record.etag.clone(),
                crc64: record.checksums.crc64,
                further: record.checksums.further,
                size: record.size,
                version: version::tag(bucket, &version),
                written_at: version.written_at,
                encryption: record.encryption().cloned(),
            })
        }))
    }

    async fn find_fetch(
        &self,
        bucket: BucketId,
        id: FetchId,
    ) -> Result<Option<(FetchRecord, Revision)>, Error> {
        let Some(stored) = self.get_one(keys::fetch(bucket, id)).await? else {
            return Ok(None);
        };
        Ok(Some((decode(&stored.bytes)?, stored.revision)))
    }
}

/// The request that stores what was found.
fn storing(
    bucket: &BucketName,
    key: &ObjectKey,
    (attributes, md5): (&Attributes, Option<[u8; 16]>),
    callback: Option<CallbackSpec>,
    found: Fetched,
) -> (PutObject, Body) {
    let mut attributes = attributes.clone();
    let kind = &mut attributes.headers.content_type;
    *kind = kind.take().or(found.content_type);
    let put = PutObject {
        bucket: bucket.clone(),
        key: key.clone(),
        attributes,
        conditions: Conditions::default(),
        digests: ExpectedDigests {
            md5,
            ..ExpectedDigests::default()
        },
        size: None,
        callback,
        kind: EventKind::CreatedFetch,
    };
    let body = Body {
        len: found.len,
        stream: found.body,
    };
    (put, body)
}

fn ended(record: &FetchRecord, state: FetchState) -> bytes::Bytes {
    encode(&FetchRecord {
        state,
        ..record.clone()
    })
}

fn bucket_gone() -> Error {
    let message = "the bucket of the task was deleted";
    Error::new(ErrorKind::NoSuchBucket, message)
}

/// There is no such task, or not any more.
fn no_such_task() -> Error {
    Error::new(
        ErrorKind::NoSuchTask,
        "there is no such task; tasks are forgotten 72 hours after they were made",
    )
}

fn unfetched(fault: &FetchFault) -> Error {
    let kind = if fault.may_pass() {
        ErrorKind::Unavailable
    } else {
        ErrorKind::InvalidArgument
    };
    Error::new(kind, fault.to_string())
}
