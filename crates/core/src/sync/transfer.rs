//! One run of one key: look at both sides, decide, copy or remove.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OnceCell, SemaphorePermit};

use super::shared::Shared;
use crate::engine::{Body, Bringing, Cx, Unbrought};
use crate::error::{Error, ErrorKind};
use crate::limits::{BODY_BYTES_MAX, SYNC_WHOLE_PARTS};
use crate::model::{
    Checked, ObjectKey, Overwrite, SyncList, SyncOutcome, SyncPast, SyncStage, SyncTask, Timestamp,
};
use crate::pace::Brake;
use crate::ports::{
    ByteStream, OutcomeFormat, Revision, Sink, Source, SourceCredentials, SourceFault, SourceObject,
};
use crate::records::{SyncDone, SyncItemRecord, SyncResume};
use crate::rules::attributes;
use crate::rules::sync::{There, carried, goes_on, wants_copy};

/// A task as its copies need it, until it is stopped or changed.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) shared: Shared,
    brake: Arc<Brake>,
    pub(super) task: SyncTask,
    /// State of the record of the task.
    pub(super) revision: Revision,
    source: OnceCell<Arc<dyn Source>>,
    pub(super) sink: OnceCell<Arc<dyn Sink>>,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum Way {
    /// The item says it, or is gone.
    Marked,
    /// With this, which nothing says yet.
    Done(SyncDone),
    /// Not at all.
    Trouble(Trouble),
    /// It was broken off.
    Cut,
}

/// Why a run came to nothing.
#[derive(Debug)]
pub(super) struct Trouble {
    stage: SyncStage,
    pub(super) why: Box<str>,
    pub(super) hope: Hope,
    /// Requests that the run would have answered.
    owed: u64,
    /// Whether a part of the object came all the same.
    pub(super) progressed: bool,
}

/// Whether trying again may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hope {
    /// No.
    Lost,
    /// Yes, after a while, or as long as the source asks for.
    Later(Option<Duration>),
    /// Yes, once the source has restored the object.
    Restoring,
}

impl Trouble {
    /// The failure that it is when it is not tried again.
    pub(super) fn given_up(self, at: Timestamp) -> SyncDone {
        SyncDone {
            requests: self.owed,
            at,
            outcome: SyncOutcome::Failure {
                stage: self.stage,
                why: self.why,
            },
        }
    }

    /// It may pass.
    pub(super) fn passing(self) -> Self {
        let hope = Hope::Later(None);
        Self { hope, ..self }
    }

    pub(super) fn lost(stage: SyncStage, why: impl Into<Box<str>>) -> Self {
        Self {
            stage,
            why: why.into(),
            hope: Hope::Lost,
            owed: 0,
            progressed: false,
        }
    }

    pub(super) fn of_source(stage: SyncStage, fault: &SourceFault) -> Self {
        let hope = match fault {
            fault if fault.is_final() => Hope::Lost,
            SourceFault::Busy(after) => Hope::Later(*after),
            _ => Hope::Later(None),
        };
        Self {
            hope,
            ..Self::lost(stage, fault.to_string())
        }
    }

    /// From a store that is written to.
    pub(super) fn of_sink(stage: SyncStage, fault: &SourceFault) -> Self {
        let why = match fault {
            SourceFault::Missing => "the destination has no such bucket".into(),
            SourceFault::Denied => "the destination refuses the credentials".into(),
            SourceFault::Busy(_) => "the destination is busy".into(),
            SourceFault::Broken(why) => format!("the destination failed: {why}").into(),
            other => other.to_string().into(),
        };
        Self {
            why,
            ..Self::of_source(stage, fault)
        }
    }

    pub(super) fn of_server(stage: SyncStage, error: &Error) -> Self {
        let (stage, hope) = match error.kind() {
            // What came was cut short, too long, or other bytes than the source publishes a digest of.
            ErrorKind::IncompleteBody | ErrorKind::BadDigest | ErrorKind::InvalidArgument => {
                (SyncStage::Read, Hope::Later(None))
            }
            // Somebody wrote there meanwhile: look again.
            ErrorKind::ObjectExists
            | ErrorKind::PreconditionFailed
            | ErrorKind::NoSuchUpload
            | ErrorKind::InvalidPart
            | ErrorKind::Busy
            | ErrorKind::TooManyRequests
            | ErrorKind::TooManyBytes
            | ErrorKind::Full
            | ErrorKind::Unavailable
            | ErrorKind::Internal => (stage, Hope::Later(None)),
            _ => (stage, Hope::Lost),
        };
        // Texts for whoever sends a body tell nothing to whoever reads a list.
        let why = match error.kind() {
            ErrorKind::IncompleteBody => "the body ended before the object did",
            ErrorKind::BadDigest => "the bytes that came are not those of the source",
            _ => error.message(),
        };
        Self {
            hope,
            ..Self::lost(stage, why)
        }
    }
}

/// What a run did.
pub(super) enum Step {
    Marked,
    Done(SyncOutcome),
}

impl From<Unbrought> for Result<Step, Trouble> {
    fn from(unbrought: Unbrought) -> Self {
        match unbrought {
            Unbrought::Done => Ok(Step::Marked),
            Unbrought::Failed(error) => Err(Trouble::of_server(SyncStage::Write, &error)),
        }
    }
}

impl Desk {
    pub(super) fn new(
        shared: &Shared,
        brake: &Arc<Brake>,
        (task, revision): (SyncTask, Revision),
    ) -> Self {
        Self {
            shared: shared.clone(),
            brake: Arc::clone(brake),
            task,
            revision,
            source: OnceCell::new(),
            sink: OnceCell::new(),
        }
    }

    /// Runs a key once, as soon as its body may be read.
    pub(super) async fn run(&self, key: &ObjectKey) -> Way {
        let slot = self.shared.slot().await;
        let item = match self.shared.engine.sync_item(self.task.id, key).await {
            Ok(Some((item, _))) if item.done.is_none() => item,
            Ok(_) => return Way::Marked,
            Err(error) => {
                // Not even the requests are known, so they cannot be given up.
                let lost = Trouble::of_server(SyncStage::StatDestination, &error);
                return Way::Trouble(lost.passing());
            }
        };
        match self.step(key, &item, slot).await {
            Ok(Step::Marked) => Way::Marked,
            Ok(Step::Done(outcome)) => Way::Done(SyncDone {
                requests: item.owed,
                at: self.shared.engine.ports().clock.now(),
                outcome,
            }),
            Err(trouble) => Way::Trouble(Trouble {
                owed: item.owed,
                ..trouble
            }),
        }
    }

    async fn step(
        &self,
        key: &ObjectKey,
        item: &SyncItemRecord,
        slot: SemaphorePermit<'_>,
    ) -> Result<Step, Trouble> {
        let settings = &self.task.settings;
        if !key.as_str().starts_with(&*settings.source.prefix) {
            let why = "the key does not begin with the prefix of the task";
            return Err(Trouble::lost(SyncStage::StatSource, why));
        }
        if self.is_list(key) {
            return Ok(Step::Done(SyncOutcome::Skip { size: 0 }));
        }
        if settings.out {
            return self.carry_out(key, item, slot).await;
        }
        let to = settings.key_there(key).ok_or_else(|| {
            let why = "the key is too long with what is put before it at the destination";
            Trouble::lost(SyncStage::StatDestination, why)
        })?;
        let cx = self.writer(item).await?;
        let source = self.source().await?;
        let there = self.shared.engine.sync_there(&cx, &settings.bucket, &to);
        let there = there.await;
        let there =
            there.map_err(|error| Trouble::of_server(SyncStage::StatDestination, &error))?;
        let (object, body) = match self.look(&*source, key, item, there.as_ref()).await {
            Ok(found) => found,
            Err(SourceFault::Missing) if item.removal && settings.deletes => {
                return self.remove(&cx, &to, there.as_ref()).await;
            }
            Err(SourceFault::Archived) => return Err(self.thaw(&*source, key).await),
            Err(fault) => return Err(Trouble::of_source(SyncStage::StatSource, &fault)),
        };
        if settings.since.is_some_and(|since| object.modified < since) {
            return Ok(Step::Done(SyncOutcome::Skip { size: object.size }));
        }
        if !wants_copy(settings.overwrite, settings.check, &object, there.as_ref()) {
            return Ok(Step::Done(SyncOutcome::Skip { size: object.size }));
        }
        if object.archived {
            return Err(self.thaw(&*source, key).await);
        }
        attributes::check(&carried(settings, &object))
            .map_err(|error| Trouble::lost(SyncStage::Write, error.message()))?;
        let bringing = Bringing {
            task: &self.task,
            cx: &cx,
            key,
            to: &to,
            owed: item.owed,
            source: &object,
            there: there.as_ref(),
        };
        self.copy(&*source, bringing, item, body, slot).await
    }

    /// Looks at the object of the source; begins to read it where it is going to be copied whatever it is,
    /// and as a whole.
    async fn look(
        &self,
        source: &dyn Source,
        key: &ObjectKey,
        item: &SyncItemRecord,
        there: Option<&There>,
    ) -> Result<(SourceObject, Option<ByteStream>), SourceFault> {
        let always = self.task.settings.overwrite == Overwrite::Always;
        if item.resume.is_none() && (there.is_none() || always) {
            return source.fetch(key, self.whole_max()).await;
        }
        Ok((source.stat(key).await?, None))
    }

    /// Length of the longest objects that are copied as a whole.
    fn whole_max(&self) -> u64 {
        let parts = SYNC_WHOLE_PARTS.saturating_mul(self.shared.registry.part_bytes);
        parts.min(BODY_BYTES_MAX)
    }

    /// Who writes the lists of the task, when it has any.
    pub(super) fn format(&self) -> Option<&dyn OutcomeFormat> {
        let format = self.shared.registry.formats.get(&self.task.via);
        format
            .filter(|_| self.task.settings.lists)
            .map(|format| &**format)
    }

    /// Whether a key may be that of a list of the task.
    fn is_list(&self, key: &ObjectKey) -> bool {
        let folder = self.format().map(|format| format.folder(self.task.id));
        folder.is_some_and(|folder| key.as_str().starts_with(&folder))
    }

    /// Writes the lists that lines wait for.
    pub(super) async fn write_lists(&self) -> Result<(), Error> {
        let Some(format) = self.format() else {
            return Ok(());
        };
        let cx = self.shared.engine.sync_cx(&self.task, SyncPast::List);
        for list in SyncList::ALL {
            while self
                .shared
                .engine
                .write_sync_list(&cx, &self.task, list, format)
                .await?
            {}
        }
        Ok(())
    }

    /// In whose name is written, if its key still is one.
    pub(super) async fn writer(&self, item: &SyncItemRecord) -> Result<Cx, Trouble> {
        let stage = SyncStage::StatDestination;
        let key = self.shared.engine.credential(&self.task.writer_key).await;
        let key = key.map_err(|error| Trouble::of_server(stage, &error))?;
        let now = self.shared.engine.ports().clock.now();
        let stands = key.is_some_and(|key| {
            key.principal.account() == Some(&self.task.writer)
                && key.expires_at.is_none_or(|end| end > now)
        });
        if !stands {
            let why = "the access key that the task writes with was removed or has expired";
            return Err(Trouble::lost(stage, why));
        }
        let mut passed = item.passed.clone();
        passed.push(self.task.id);
        Ok(self
            .shared
            .engine
            .sync_cx(&self.task, SyncPast::Passed(passed)))
    }

    /// The credentials for the other store.
    pub(super) async fn credentials(&self, stage: SyncStage) -> Result<SourceCredentials, Trouble> {
        let keys = self.shared.engine.source_credentials(self.task.id).await;
        let keys = keys.map_err(|error| Trouble::of_server(stage, &error))?;
        keys.ok_or_else(|| Trouble::lost(stage, "the sync task was stopped").passing())
    }

    /// The source, opened once.
    pub(super) async fn source(&self) -> Result<Arc<dyn Source>, Trouble> {
        let stage = SyncStage::StatSource;
        let open = async || {
            let keys = self.credentials(stage).await?;
            let opened = self
                .shared
                .registry
                .sources
                .open(&self.task.settings.source, &keys);
            opened
                .await
                .map_err(|fault| Trouble::of_source(stage, &fault))
        };
        self.source.get_or_try_init(open).await.cloned()
    }

    async fn remove(
        &self,
        cx: &Cx,
        key: &ObjectKey,
        there: Option<&There>,
    ) -> Result<Step, Trouble> {
        let Some(there) = there else {
            return Ok(Step::Done(SyncOutcome::Skip { size: 0 }));
        };
        let bucket = &self.task.settings.bucket;
        let removed = self.shared.engine.sync_remove(cx, bucket, key, there).await;
        removed.map_err(|error| Trouble::of_server(SyncStage::Write, &error))?;
        Ok(Step::Done(SyncOutcome::Success {
            bytes: 0,
            checked: Checked::Size,
        }))
    }

    /// Asks the source to restore an object, if the task may.
    pub(super) async fn thaw(&self, source: &dyn Source, key: &ObjectKey) -> Trouble {
        let archived = Trouble::of_source(SyncStage::StatSource, &SourceFault::Archived);
        if !self.task.settings.restore {
            return archived;
        }
        match source.restore(key).await {
            Ok(()) => Trouble {
                hope: Hope::Restoring,
                ..archived
            },
            Err(fault) => Trouble::of_source(SyncStage::StatSource, &fault),
        }
    }

    async fn copy(
        &self,
        source: &dyn Source,
        bringing: Bringing<'_>,
        item: &SyncItemRecord,
        body: Option<ByteStream>,
        slot: SemaphorePermit<'_>,
    ) -> Result<Step, Trouble> {
        let object: &SourceObject = bringing.source;
        let resume = item.resume.as_ref();
        if let Some(other) = resume.filter(|resume| !goes_on(resume, object)) {
            self.forget(bringing.key, other).await?;
        }
        if object.size > self.whole_max() {
            // Each of its parts waits for a slot of its own.
            drop(slot);
            let resume = resume.filter(|resume| goes_on(resume, object));
            return self.copy_large(source, bringing, resume.cloned()).await;
        }
        let stream = match body {
            Some(begun) => begun,
            None => source
                .read(bringing.key, None, object.etag.as_deref())
                .await
                .map_err(|fault| Trouble::of_source(SyncStage::Read, &fault))?,
        };
        let body = self.paced(stream, object.size);
        match self.shared.engine.bring(bringing, body).await {
            Ok(()) => Ok(Step::Marked),
            Err(unbrought) => unbrought.into(),
        }
    }

    /// A body of so many bytes, no faster than the task may read.
    pub(super) fn paced(&self, stream: ByteStream, len: u64) -> Body {
        Body {
            stream: Box::pin(self.brake.clone().slow(stream)),
            len: Some(len),
        }
    }

    /// Gives up a copy that was begun.
    pub(super) async fn forget(&self, key: &ObjectKey, resume: &SyncResume) -> Result<(), Trouble> {
        let forgotten = self
            .shared
            .engine
            .forget_resume(&self.task, key, resume)
            .await;
        forgotten.map_err(|error| Trouble::of_server(SyncStage::Write, &error))
    }
}
