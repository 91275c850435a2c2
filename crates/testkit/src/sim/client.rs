//! Asks the engine what the model's requests say, and writes down what it answers.

use std::sync::Arc;

use bytes::Bytes;
use cohong_core::Error;
use cohong_core::delivery::{DeliveryHandle, ReplayRequest};
use cohong_core::engine::{
    AppendObject, Attributes, Body, BucketChange, CompleteUpload, Conditions, CopyObject, CopyPart,
    CopySource, CreateBucket, CreateUpload, Cx, DeleteObject, Deletion, ETagMatch, Encrypting,
    Engine, ExpectedDigests, FetchObject, FurtherDigest, GetObject, IfThere, NamedPart, NewMeta,
    NewVersion, ObjectChange, ObjectTarget, PutObject, PutPart, PutSymlink, RenameObject,
    UploadTarget,
};
use cohong_core::model::{
    AccessKeyId, AccountId, Acl, BodyType, BucketKind, BucketName, CallbackSpec, CallbackStyle,
    ChecksumValue, Cipher, CustomerKey, DialectId, Due, Encryption, EventKind, KeyHolder,
    Lifecycle, LifecycleFilter, LifecycleRule, Lock, ObjectKey, Principal, StorageClass,
    StoredHeaders, Timestamp, UploadId, UserMeta, VersionTag,
};
use cohong_core::ports::BodyError;
use futures_util::StreamExt;

use super::exec::Sim;
use super::model::{Answer, At, Cond, Named, Object, Op, Says, Sealed, md5_of, sum_of};
use super::oracle::{ENCRYPTING, OWNER, OWNER_KEY, Oracle};
use super::ports::Weather;

/// A server as its clients have it.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) sim: Sim,
    pub(super) oracle: Oracle,
    pub(super) engine: Arc<Engine>,
    pub(super) delivery: DeliveryHandle,
}

pub(super) fn bucket_name(name: &str) -> BucketName {
    BucketName::new(name).expect("the names are valid")
}

fn key_name(key: &str) -> ObjectKey {
    ObjectKey::new(key).expect("the keys are valid")
}

/// By the server, with a key of its own.
fn by_server() -> Encryption {
    Encryption {
        cipher: Cipher::Aes256,
        holder: KeyHolder::Server,
    }
}

/// One of the buckets encrypts, so that copies meet every mixture.
fn encrypting(bucket: &str) -> Encrypting {
    Encrypting {
        with: (bucket == ENCRYPTING).then(by_server),
        ..Encrypting::default()
    }
}

/// A key of a client.
fn customer_key(n: u8) -> CustomerKey {
    CustomerKey([n; 32])
}

/// A request, with all that it says.
pub(super) fn saying(request: &str, says: &Says) -> Cx {
    Cx {
        bypasses: says.bypass,
        encrypting: Encrypting {
            with: says.seal.then(by_server),
            key: says.key.map(customer_key),
            source_key: says.source_key.map(customer_key),
        },
        ..cx(request, says.by)
    }
}

/// A request of an account.
pub(super) fn cx(request: &str, by: &str) -> Cx {
    let key = if by == OWNER { OWNER_KEY } else { by };
    Cx {
        principal: Principal::Account {
            account: AccountId(by.into()),
            key: AccessKeyId(key.into()),
        },
        request_id: request.into(),
        source: None,
        dialect: DialectId::Tos,
        at: Timestamp::default(),
        secure: false,
        tls: None,
        user_agent: None,
        referer: None,
        pays: false,
        by_link: false,
        bypasses: false,
        past: cohong_core::model::SyncPast::None,
        encrypting: Encrypting::default(),
    }
}

pub(super) fn target((bucket, key, version): &At) -> ObjectTarget {
    ObjectTarget {
        bucket: bucket_name(bucket),
        key: key_name(key),
        version: *version,
    }
}

fn source(at: &At) -> CopySource {
    CopySource {
        object: target(at),
        conditions: Conditions::default(),
    }
}

pub(super) fn upload_target(bucket: &str, key: &str, upload: UploadId) -> UploadTarget {
    UploadTarget {
        bucket: bucket_name(bucket),
        key: key_name(key),
        upload,
    }
}

fn user_meta(value: u64) -> UserMeta {
    vec![("n".into(), value.to_string().into())]
}

fn attributes(meta: u64, lock: Lock) -> Attributes {
    Attributes {
        user_meta: user_meta(meta),
        lock,
        ..Attributes::default()
    }
}

fn body(bytes: &Bytes, broken: bool) -> Body {
    let half = bytes.len() / 2;
    let mut pieces = vec![Ok(bytes.slice(..half)), Ok(bytes.slice(half..))];
    if broken {
        pieces.truncate(1);
        pieces.push(Err(BodyError::Aborted("the client is gone".to_owned())));
    }
    Body {
        stream: Box::pin(futures_util::stream::iter(pieces)),
        len: Some(bytes.len() as u64),
    }
}

fn stored(stored: &NewVersion) -> String {
    format!(
        "{:?} etag {} checksum {:?} size {}",
        stored.version, stored.etag, stored.further, stored.size
    )
}

fn digests(sent: Option<ChecksumValue>) -> ExpectedDigests {
    ExpectedDigests {
        further: sent.map(FurtherDigest::Sent),
        ..ExpectedDigests::default()
    }
}

fn conditions(cond: &Cond) -> Conditions {
    let mut conditions = Conditions::default();
    match cond {
        Cond::Always => {}
        Cond::Absent => conditions.if_none_match = Some(ETagMatch::Any),
        Cond::Etag(etag) => {
            conditions.if_match = Some(ETagMatch::OneOf(vec![etag.as_str().into()]));
        }
    }
    conditions
}

fn callback(request: &str) -> CallbackSpec {
    CallbackSpec {
        urls: vec!["http://app/".into()],
        host: None,
        body: "request=${x:request}".into(),
        body_type: BodyType::Form,
        vars: vec![("x:request".into(), request.into())],
        headers: Vec::new(),
        style: CallbackStyle::default(),
    }
}

/// A rule that deletes what is a day old.
fn expiry(prefix: &str) -> Lifecycle {
    let rule = LifecycleRule {
        id: "day".into(),
        enabled: true,
        filter: LifecycleFilter {
            prefix: prefix.into(),
            ..LifecycleFilter::default()
        },
        expire: Some(Due::Days(1)),
        expire_markers: false,
        expire_older: None,
        transitions: Vec::new(),
        older_transitions: Vec::new(),
        abort: None,
        keep_older: 0,
        unread: Vec::new(),
        older_unread: Vec::new(),
    };
    Lifecycle {
        rules: vec![rule],
        may_overlap: false,
    }
}

impl Client {
    /// Asks so many times, and rests between.
    pub(super) async fn work(self, requests: u64, weather: &Weather) {
        for _ in 0..requests {
            let (op, says) = self.oracle.choose();
            // Nobody asks a process that is about to end, though it ends only after this poll.
            if weather.now().dying || !weather.request() {
                return;
            }
            self.perform(op, says).await;
            if self.sim.one_in(4) {
                let rest = std::time::Duration::from_millis(self.sim.random(100));
                self.sim.pass(rest).await;
            }
        }
    }

    /// Asks once.
    pub(super) async fn perform(&self, op: Op, says: Says) {
        let request = self.oracle.begin(op.clone(), says);
        let outcome = self.ask(&op, &request, &says).await;
        self.oracle.finish(&outcome);
    }

    async fn ask(&self, op: &Op, request: &str, says: &Says) -> Vec<Answer> {
        let cx = &saying(request, says);
        if let Op::Delete(bucket, items) = op {
            return self.delete(bucket, items, cx).await;
        }
        let answer = match op {
            Op::Get(at) => {
                let read = self.read(at, request, says).await;
                read.map(|(object, tag)| object.seen(tag))
            }
            Op::Put { .. } | Op::Copy { .. } => self.object(op, cx, says.lock).await,
            Op::Append { .. } | Op::Symlink { .. } => self.special(op, cx, says.lock).await,
            Op::Meta(at, meta) => {
                let change = ObjectChange::Meta(StoredHeaders::default(), user_meta(*meta));
                self.change(at, change, cx).await
            }
            Op::Tags(at, tag) => {
                let tags = vec![("t".into(), tag.to_string().into())];
                self.change(at, ObjectChange::Tags(tags), cx).await
            }
            Op::Acl(at, own) => {
                let change = ObjectChange::Acl(own.then(Acl::default));
                self.change(at, change, cx).await
            }
            Op::Lock(at, step) => self.change(at, ObjectChange::Lock(*step), cx).await,
            Op::Create { .. }
            | Op::Part { .. }
            | Op::CopyPart { .. }
            | Op::Complete { .. }
            | Op::Abort(..) => self.upload(op, cx, says.lock).await,
            _ => self.bucket(op, cx).await,
        };
        vec![answer.map_err(|error| {
            self.sim
                .note(format_args!("{} failed: {error:?}", cx.request_id));
            error.kind()
        })]
    }

    async fn delete(
        &self,
        bucket: &str,
        items: &[(String, cohong_core::engine::VersionChoice)],
        cx: &Cx,
    ) -> Vec<Answer> {
        let bucket = bucket_name(bucket);
        let one = |receipt| format!("{receipt:?}");
        if let [(key, version)] = items {
            let target = ObjectTarget {
                bucket,
                key: key_name(key),
                version: *version,
            };
            let outcome = self
                .engine
                .delete_object(
                    cx,
                    DeleteObject {
                        target,
                        if_match: None,
                        how: Deletion::default(),
                    },
                )
                .await;
            return vec![outcome.map(one).map_err(|error| error.kind())];
        }
        let keys = items
            .iter()
            .map(|(key, choice)| (key_name(key), *choice))
            .collect();
        match self
            .engine
            .delete_objects(cx, &bucket, keys, Deletion::default())
            .await
        {
            Ok(outcomes) => {
                let outcomes = outcomes.into_iter();
                outcomes
                    .map(|outcome| outcome.map(one).map_err(|error| error.kind()))
                    .collect()
            }
            Err(error) => items.iter().map(|_| Err(error.kind())).collect(),
        }
    }

    async fn object(&self, op: &Op, cx: &Cx, lock: Lock) -> Result<String, Error> {
        match op {
            Op::Put {
                bucket,
                key,
                object,
                cond,
                callback: called,
                broken,
            } => {
                let req = PutObject {
                    bucket: bucket_name(bucket),
                    key: key_name(key),
                    attributes: attributes(object.meta, lock),
                    conditions: conditions(cond),
                    digests: digests(object.further.map(|further| further.value)),
                    size: None,
                    callback: called.then(|| callback(&cx.request_id)),
                    kind: EventKind::CreatedPut,
                };
                let body = body(&object.bytes, *broken);
                let receipt = self.engine.put_object(cx, req, body).await?;
                assert_eq!(
                    receipt.callback.is_some(),
                    *called,
                    "{}: callback",
                    cx.request_id
                );
                Ok(stored(&receipt.stored))
            }
            Op::Copy {
                from,
                bucket,
                key,
                meta,
                checksum,
            } => {
                let req = CopyObject {
                    expires_days: None,
                    lock,
                    source: source(from),
                    bucket: bucket_name(bucket),
                    key: key_name(key),
                    replace: meta.map(|meta| NewMeta {
                        headers: StoredHeaders::default(),
                        user_meta: user_meta(meta),
                        keeps_type: false,
                    }),
                    tags: None,
                    class: None,
                    acl: None,
                    checksum: *checksum,
                    conditions: Conditions::default(),
                };
                let receipt = self.engine.copy_object(cx, req).await?;
                Ok(stored(&receipt.stored))
            }
            other => panic!("{other:?} is about no object"),
        }
    }

    async fn special(&self, op: &Op, cx: &Cx, lock: Lock) -> Result<String, Error> {
        match op {
            Op::Append {
                bucket,
                key,
                position,
                bytes,
                meta,
                broken,
            } => {
                let req = AppendObject {
                    modifies: false,
                    if_match: None,
                    bucket: bucket_name(bucket),
                    key: key_name(key),
                    position: *position,
                    attributes: attributes(*meta, lock),
                    digests: ExpectedDigests::default(),
                };
                let body = body(bytes, *broken);
                Ok(stored(&self.engine.append_object(cx, req, body).await?))
            }
            Op::Symlink {
                bucket,
                key,
                to,
                meta,
                cond,
            } => {
                let req = PutSymlink {
                    bucket: bucket_name(bucket),
                    key: key_name(key),
                    to: key_name(to).into(),
                    attributes: attributes(*meta, lock),
                    conditions: conditions(cond),
                };
                Ok(stored(&self.engine.put_symlink(cx, req).await?))
            }
            other => panic!("{other:?} makes no special object"),
        }
    }

    /// Reads a version as a whole.
    pub(super) async fn read(
        &self,
        at: &At,
        request: &str,
        says: &Says,
    ) -> Result<(Object, VersionTag), Error> {
        let req = GetObject {
            target: target(at),
            range: None,
            conditions: Conditions::default(),
        };
        let cx = saying(request, says);
        let mut reader = self.engine.get_object(&cx, req).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = reader.body.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        let record = reader.info.record;
        let value = |pairs: &[(Box<str>, Box<str>)]| {
            pairs
                .first()
                .map(|(_, value)| value.parse().expect("it is a number"))
        };
        assert_eq!(record.size, bytes.len() as u64, "{}: length", cx.request_id);
        let object = Object {
            bytes: bytes.into(),
            etag: record.etag.to_string(),
            further: record.checksums.further,
            meta: value(&record.user_meta).unwrap_or(0),
            tag: value(&record.tags),
            acl: record.acl.is_some(),
            upload: record.upload,
            form: record.form,
            sealed: Sealed::of(record.seal.as_ref(), says.key),
            lock: record.lock,
        };
        Ok((object, reader.info.version))
    }

    async fn change(&self, at: &At, change: ObjectChange, cx: &Cx) -> Result<String, Error> {
        let tag = self.engine.change_object(cx, &target(at), change).await?;
        Ok(format!("{tag:?}"))
    }

    async fn upload(&self, op: &Op, cx: &Cx, lock: Lock) -> Result<String, Error> {
        match op {
            Op::Create {
                bucket,
                key,
                meta,
                checksum,
            } => {
                let req = CreateUpload {
                    bucket: bucket_name(bucket),
                    key: key_name(key),
                    attributes: attributes(*meta, lock),
                    conditions: Conditions::default(),
                    sequential: false,
                    checksum: *checksum,
                };
                Ok(self.engine.create_upload(cx, req).await?.upload.to_string())
            }
            Op::Part {
                bucket,
                key,
                upload,
                number,
                bytes,
                checksum,
            } => {
                let sent = checksum.map(|algorithm| sum_of(algorithm, bytes));
                let req = PutPart {
                    target: upload_target(bucket, key, *upload),
                    number: *number,
                    digests: digests(sent),
                };
                let receipt = self.engine.put_part(cx, req, body(bytes, false)).await?;
                assert_eq!(receipt.md5, md5_of(bytes), "{}: digest", cx.request_id);
                Ok(hex::encode(receipt.md5))
            }
            Op::CopyPart {
                bucket,
                key,
                upload,
                number,
                from,
            } => {
                let req = CopyPart {
                    target: upload_target(bucket, key, *upload),
                    number: *number,
                    source: source(from),
                    range: None,
                    checksum: None,
                };
                Ok(hex::encode(self.engine.copy_part(cx, req).await?.md5))
            }
            Op::Complete {
                bucket,
                key,
                upload,
                named,
            } => {
                let part = |(number, etag, checksum): &Named| NamedPart {
                    number: *number,
                    etag: etag.as_str().into(),
                    checksum: *checksum,
                };
                let req = CompleteUpload {
                    target: upload_target(bucket, key, *upload),
                    parts: named.as_ref().map(|named| named.iter().map(part).collect()),
                    part_bytes_min: 0,
                    acl: None,
                    conditions: Conditions::default(),
                    checksum: None,
                    size: None,
                    callback: None,
                };
                Ok(stored(&self.engine.complete_upload(cx, req).await?.stored))
            }
            Op::Abort(bucket, key, upload) => {
                let target = upload_target(bucket, key, *upload);
                self.engine.abort_upload(cx, &target).await?;
                Ok(String::new())
            }
            other => panic!("{other:?} is about no upload"),
        }
    }

    async fn bucket(&self, op: &Op, cx: &Cx) -> Result<String, Error> {
        match op {
            Op::CreateBucket(bucket) => {
                let req = CreateBucket {
                    kind: BucketKind::Flat,
                    locks: false,
                    name: bucket_name(bucket),
                    region: "cn-beijing".into(),
                    acl: Acl::default(),
                    default_class: StorageClass::Standard,
                    labels: Vec::new(),
                    tags: Vec::new(),
                };
                let cx = Cx {
                    encrypting: encrypting(bucket),
                    ..cx.clone()
                };
                self.engine.create_bucket(&cx, req).await?;
            }
            Op::DeleteBucket(bucket) => {
                self.engine.delete_bucket(cx, &bucket_name(bucket)).await?;
            }
            Op::Change(bucket, change) => {
                let name = bucket_name(bucket);
                self.engine.change_bucket(cx, &name, change.clone()).await?;
            }
            Op::Rules(bucket, rules) => {
                let rules = rules.iter().map(super::model::RuleSpec::rule).collect();
                let change = BucketChange::Rules { rules, seen: None };
                self.engine
                    .change_bucket(cx, &bucket_name(bucket), change)
                    .await?;
            }
            Op::Lifecycle(bucket, None) => {
                let name = bucket_name(bucket);
                self.engine
                    .delete_bucket_doc::<Lifecycle>(cx, &name)
                    .await?;
            }
            Op::Lifecycle(bucket, Some(prefix)) => {
                let doc = expiry(prefix);
                let name = bucket_name(bucket);
                self.engine.put_bucket_doc(cx, &name, &doc).await?;
            }
            Op::Rename { bucket, from, to } => {
                let req = RenameObject {
                    bucket: bucket_name(bucket),
                    from: key_name(from),
                    to: key_name(to),
                    conditions: Conditions::default(),
                    makes_parents: false,
                };
                self.engine.rename_object(cx, req).await?;
            }
            Op::Fetch {
                bucket,
                key,
                url,
                object,
            } => {
                let req = FetchObject {
                    bucket: bucket_name(bucket),
                    key: key_name(key),
                    url: url.as_str().into(),
                    md5: None,
                    if_there: IfThere::Overwrite,
                    attributes: attributes(object.meta, Lock::default()),
                    callback: None,
                    labels: Vec::new(),
                };
                self.engine.put_fetch_task(cx, req).await?;
            }
            Op::BlockPublic(blocks) => self.engine.block_public(cx, *blocks).await?,
            Op::AddFunction(name) => {
                self.engine.add_function(name, "http://function/").await?;
                self.delivery.nudge(&format!("function:{name}"));
            }
            Op::Replay(bucket, destination) => {
                let req = ReplayRequest {
                    destination: destination.clone(),
                    ..ReplayRequest::default()
                };
                let id = self.delivery.replay(*bucket, req).await?;
                self.oracle.promised_replay(hex::encode(id.0));
            }
            other => panic!("{other:?} is about no bucket"),
        }
        Ok(String::new())
    }
}
