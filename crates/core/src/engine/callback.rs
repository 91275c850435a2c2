//! Upload callbacks: an application is asked after the commit and before the uploader is answered.
//!
//! That a call is owed is part of the upload's commit. Its outcome follows when there is time for it,
//! so a crash in between leaves "owed by an earlier run", which reads as "not called or unknown". A
//! call is never made a second time, and the object stays whatever comes of it.

use std::fmt::Display;
use std::future::poll_fn;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::walk::Walk;
use super::{Cx, Engine, Ports};
use crate::error::{Error, ErrorKind};
use crate::limits;
use crate::model::{
    BucketId, BucketName, CallbackSpec, CustomerKey, ObjectKey, ObjectRecord, Timestamp, VersionId,
    VersionTag,
};
use crate::ports::{
    BodyError, ByteStream, CallAbout, CallbackOutcome, CallbackRequest, Key, KeyRange, Limit, Mono,
    Order, Table, Txn, Unmade, When, Write,
};
use crate::records::{CallRecord, CallResult, CallState, decode, encode, keys};
use crate::rules::callback::{self as rules, ImageInfo, Template, Variables};

/// What a callback is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallbackFacts<'a> {
    /// The bucket's name.
    pub bucket: &'a BucketName,
    /// The bucket's id.
    pub bucket_id: BucketId,
    /// The key.
    pub key: &'a ObjectKey,
    /// The version that was stored.
    pub version: VersionId,
    /// How clients know that version.
    pub tag: VersionTag,
    /// What was stored.
    pub record: &'a ObjectRecord,
    /// What the request was, in the words of its dialect.
    pub operation: &'static str,
}

/// A callback as operators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenCall {
    /// The version it is about.
    pub version: VersionId,
    /// What is known about it.
    pub state: CallState,
    /// The record.
    pub record: CallRecord,
}

/// The record of a call that the commit of an upload makes the server owe. `boot` names the run of
/// the server, `at` is the time of the commit.
pub(crate) fn owed_call(
    spec: &CallbackSpec,
    bucket: BucketId,
    key: &ObjectKey,
    version: VersionId,
    request_id: &str,
    boot: u64,
    at: Timestamp,
) -> Write {
    Write::Put(
        keys::call(bucket, key, version),
        encode(&owed_record(spec, request_id, boot, at)),
    )
}

fn owed_record(spec: &CallbackSpec, request_id: &str, boot: u64, at: Timestamp) -> CallRecord {
    CallRecord {
        request_id: request_id.into(),
        urls: spec.urls.iter().map(|url| rules::redact(url)).collect(),
        boot,
        started_at: at,
        result: None,
    }
}

impl Engine {
    /// Judges an order before the body of the upload is read: `InvalidArgument`, because of an
    /// [`UnfitCall`](crate::ports::UnfitCall) when it is what the sender says.
    pub(crate) fn check_callback(&self, spec: &CallbackSpec) -> Result<(), Error> {
        rules::check(spec)?;
        let judged = self.ports.callbacks.check(spec);
        judged.map_err(|unfit| {
            Error::new(ErrorKind::InvalidArgument, unfit.to_string()).because(unfit)
        })
    }

    /// Makes the call and gives its outcome within [`limits::CALLBACK_TIMEOUT`], or
    /// [`limits::CALLBACK_GRACE`] later when the sender does not keep its time. The outcome is recorded
    /// behind the answer. Runs in the task of the request, which does not end when the
    /// uploader hangs up.
    pub(crate) async fn run_callback(
        &self,
        cx: &Cx,
        spec: &CallbackSpec,
        facts: CallbackFacts<'_>,
    ) -> CallbackOutcome {
        let clock = &self.ports.clock;
        let mut record = owed_record(spec, &cx.request_id, self.boot, clock.now());
        let deadline = clock.mono() + limits::CALLBACK_TIMEOUT;
        let made = tokio::select! {
            biased; // no run differs from another
            made = self.send_call(cx, spec, &facts, deadline) => made,
            () = clock.sleep_until(deadline + limits::CALLBACK_GRACE) => {
                Err((Unmade::TimeOver, "the time for all URLs together is over".to_owned()))
            }
        };
        let (outcome, failure) = match made {
            Ok(outcome) => {
                let failure = failure_of(&outcome);
                (outcome, failure)
            }
            Err((unmade, why)) => (unmade.into(), why),
        };
        record.result = Some(CallResult {
            attempts: outcome.attempts.clone(),
            ok: outcome.answer.is_some(),
            finished_at: clock.now(),
            failure: failure.into(),
        });
        let at = keys::call(facts.bucket_id, facts.key, facts.version);
        self.record_call(Write::Put(at, encode(&record)));
        outcome
    }

    /// Fails, with why for the record, before anything is sent.
    async fn send_call(
        &self,
        cx: &Cx,
        spec: &CallbackSpec,
        facts: &CallbackFacts<'_>,
        deadline: Mono,
    ) -> Result<CallbackOutcome, (Unmade, String)> {
        let template = Template::parse(&spec.body, spec.body_type, spec.style.json);
        let image = self
            .image_of(&template, facts.record, cx.encrypting.key.as_ref())
            .await;
        let vars = Variables {
            bucket: facts.bucket,
            key: facts.key,
            record: facts.record,
            version: facts.tag,
            image: image.map_err(|why| (Unmade::Image, why))?,
            source: cx.source,
            request_id: &cx.request_id,
            operation: facts.operation,
            custom: &spec.vars,
            etag_case: spec.style.etag,
        };
        let body = template.render(&vars);
        let clock = &self.ports.clock;
        let request = CallbackRequest {
            urls: spec.urls.clone(),
            host: spec.host.clone(),
            headers: spec.headers.clone(),
            content_type: spec.body_type.media_type(),
            body: body.map_err(|why| (Unmade::Template, why.to_string()))?,
            accept: spec.style.accept,
            about: CallAbout {
                dialect: cx.dialect,
                bucket: facts.bucket.clone(),
                request_id: cx.request_id.clone(),
                requester: cx.principal.account().cloned(),
                at: clock.now(),
            },
            timeout: deadline.saturating_sub(clock.mono()),
        };
        Ok(self.ports.callbacks.send(&request).await)
    }

    /// Reads the stored object back, but only for a template that asks what it shows.
    async fn image_of(
        &self,
        template: &Template<'_>,
        record: &ObjectRecord,
        customer: Option<&CustomerKey>,
    ) -> Result<Option<ImageInfo>, String> {
        let head = record.size.min(limits::CALLBACK_IMAGE_BYTES_MAX);
        if head == 0 || !template.names_image() {
            return Ok(None);
        }
        let unread = |why: &dyn Display| format!("the object cannot be read back: {why}");
        let key = self.data_key(record.seal.as_ref(), customer);
        let key = key.map_err(|why| unread(&why))?;
        let head = read_all(self.open_payload(&record.payload, key.as_ref(), 0..head)).await;
        let head = head.map_err(|why| unread(&why))?;
        Ok(ImageInfo::read(&head))
    }

    /// Losing this leaves the call as owed, which is what a crash leaves too.
    fn record_call(&self, write: Write) {
        let meta = Arc::clone(&self.ports.meta);
        self.ports.spawner.spawn(
            "callback outcome",
            Box::pin(async move {
                meta.commit(vec![soon(vec![write])]).await;
            }),
        );
    }

    /// The callbacks of a key, oldest first; at most [`limits::CALLS_SHOWN_MAX`], the newest ones.
    pub async fn calls_of(
        &self,
        bucket: BucketId,
        key: &ObjectKey,
    ) -> Result<Vec<SeenCall>, Error> {
        let range = keys::calls_range(bucket, key);
        let limit = Limit {
            rows: limits::CALLS_SHOWN_MAX,
            bytes: limits::SCAN_BYTES_MAX,
        };
        let pages = self
            .ports
            .meta
            .scan(&[range], Order::Descending, limit)
            .await?;
        let rows = pages.into_iter().flat_map(|page| page.rows).rev();
        let seen = rows.filter_map(|(at, record)| {
            let version = keys::version_of_call(&at)?;
            Some(decode::<CallRecord>(&record.bytes).map(|record| SeenCall {
                version,
                state: record.state(self.boot),
                record,
            }))
        });
        Ok(seen.collect::<Result<_, _>>()?)
    }

    /// Forgets the callbacks owed before `before`, but for those still being made. Returns how many.
    pub async fn trim_calls(&self, before: Timestamp) -> Result<usize, Error> {
        let all = KeyRange {
            table: Table::Calls,
            start: Bytes::new(),
            end: None,
        };
        let mut walk = Walk::over(all);
        let mut trimmed = 0;
        while let Some(rows) = walk.page(&*self.ports.meta).await? {
            let mut old = Vec::new();
            for (at, record) in rows {
                let call: CallRecord = decode(&record.bytes)?;
                if call.started_at < before && call.state(self.boot) != CallState::Running {
                    old.push(Write::Delete(Key {
                        table: Table::Calls,
                        bytes: at,
                    }));
                }
            }
            trimmed += old.len();
            forget(&self.ports, old).await?;
        }
        Ok(trimmed)
    }
}

async fn forget(ports: &Ports, write: Vec<Write>) -> Result<(), Error> {
    if write.is_empty() {
        return Ok(());
    }
    for outcome in ports.meta.commit(vec![soon(write)]).await {
        outcome.map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                "old callbacks cannot be forgotten now",
            )
            .because(error)
        })?;
    }
    Ok(())
}

fn soon(write: Vec<Write>) -> Txn {
    Txn {
        when: When::Soon,
        expect: Vec::new(),
        write,
        payloads: Vec::new(),
    }
}

fn failure_of(outcome: &CallbackOutcome) -> String {
    match (&outcome.answer, outcome.attempts.last()) {
        (Some(_), _) => String::new(),
        (None, Some(last)) => format!("no URL accepted; the last one: {}", last.why),
        (None, None) => "no URL was tried".to_owned(),
    }
}

async fn read_all(mut stream: ByteStream) -> Result<Bytes, BodyError> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
        bytes.extend_from_slice(&chunk?);
    }
    Ok(bytes.freeze())
}
