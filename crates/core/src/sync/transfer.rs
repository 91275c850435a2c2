//! One run of one key: look at both sides, decide, copy or remove.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::OnceCell;

use super::Registry;
use crate::engine::{Body, Bringing, Cx, Engine, Unbrought};
use crate::error::{Error, ErrorKind};
use crate::limits::{BODY_BYTES_MAX, SYNC_WHOLE_PARTS};
use crate::model::{
    Checked, ObjectKey, SyncList, SyncOutcome, SyncPast, SyncStage, SyncTask, Timestamp,
};
use crate::ports::{OutcomeFormat, Revision, Source, SourceFault, SourceObject};
use crate::records::{SyncDone, SyncItemRecord, SyncResume};
use crate::rules::attributes;
use crate::rules::sync::{There, carried, goes_on, wants_copy};

/// A task as its copies need it, until it is stopped or changed.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) engine: Arc<Engine>,
    pub(super) registry: Registry,
    pub(super) task: SyncTask,
    /// State of the record of the task.
    pub(super) revision: Revision,
    source: OnceCell<Arc<dyn Source>>,
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
    why: Box<str>,
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

    fn lost(stage: SyncStage, why: impl Into<Box<str>>) -> Self {
        Self {
            stage,
            why: why.into(),
            hope: Hope::Lost,
            owed: 0,
            progressed: false,
        }
    }

    fn of_source(stage: SyncStage, fault: &SourceFault) -> Self {
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

    fn of_server(stage: SyncStage, error: &Error) -> Self {
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
            | ErrorKind::Full
            | ErrorKind::Unavailable
            | ErrorKind::Internal => (stage, Hope::Later(None)),
            _ => (stage, Hope::Lost),
        };
        Self {
            hope,
            ..Self::lost(stage, error.message())
        }
    }
}

/// Whether what came is worth nothing: it must be read anew from the beginning.
fn is_of_content(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BadDigest | ErrorKind::InvalidPart)
}

/// What a run did.
enum Step {
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
        engine: &Arc<Engine>,
        registry: &Registry,
        (task, revision): (SyncTask, Revision),
    ) -> Self {
        Self {
            engine: Arc::clone(engine),
            registry: registry.clone(),
            task,
            revision,
            source: OnceCell::new(),
        }
    }

    /// Runs a key once.
    pub(super) async fn run(&self, key: &ObjectKey) -> Way {
        let item = match self.engine.sync_item(self.task.id, key).await {
            Ok(Some((item, _))) if item.done.is_none() => item,
            Ok(_) => return Way::Marked,
            Err(error) => {
                // Not even the requests are known, so they cannot be given up.
                let hope = Hope::Later(None);
                let lost = Trouble::of_server(SyncStage::StatDestination, &error);
                return Way::Trouble(Trouble { hope, ..lost });
            }
        };
        match self.step(key, &item).await {
            Ok(Step::Marked) => Way::Marked,
            Ok(Step::Done(outcome)) => Way::Done(SyncDone {
                requests: item.owed,
                at: self.engine.ports().clock.now(),
                outcome,
            }),
            Err(trouble) => Way::Trouble(Trouble {
                owed: item.owed,
                ..trouble
            }),
        }
    }

    async fn step(&self, key: &ObjectKey, item: &SyncItemRecord) -> Result<Step, Trouble> {
        let settings = &self.task.settings;
        if !key.as_str().starts_with(&*settings.source.prefix) {
            let why = "the key does not begin with the prefix of the task";
            return Err(Trouble::lost(SyncStage::StatSource, why));
        }
        if self.is_list(key) {
            return Ok(Step::Done(SyncOutcome::Skip { size: 0 }));
        }
        let cx = self.writer(item).await?;
        let source = self.source().await?;
        let found = source.stat(key).await;
        let there = self.engine.sync_there(&cx, &settings.bucket, key).await;
        let there = |stage| there.map_err(|error| Trouble::of_server(stage, &error));
        let object = match found {
            Err(SourceFault::Missing) if item.removal && settings.deletes => {
                let there = there(SyncStage::StatDestination)?;
                return self.remove(&cx, key, there.as_ref()).await;
            }
            found => found.map_err(|fault| Trouble::of_source(SyncStage::StatSource, &fault))?,
        };
        let there = there(SyncStage::StatDestination)?;
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
            owed: item.owed,
            source: &object,
            there: there.as_ref(),
        };
        self.copy(&*source, bringing, item).await
    }

    /// Who writes the lists of the task, when it has any.
    pub(super) fn format(&self) -> Option<&dyn OutcomeFormat> {
        let format = self.registry.formats.get(&self.task.via);
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
        let cx = self.engine.sync_cx(&self.task, SyncPast::List);
        for list in SyncList::ALL {
            while self
                .engine
                .write_sync_list(&cx, &self.task, list, format)
                .await?
            {}
        }
        Ok(())
    }

    /// In whose name is written, if its key still is one.
    async fn writer(&self, item: &SyncItemRecord) -> Result<Cx, Trouble> {
        let stage = SyncStage::StatDestination;
        let key = self.engine.credential(&self.task.writer_key).await;
        let key = key.map_err(|error| Trouble::of_server(stage, &error))?;
        let now = self.engine.ports().clock.now();
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
        Ok(self.engine.sync_cx(&self.task, SyncPast::Passed(passed)))
    }

    /// The source, opened once.
    async fn source(&self) -> Result<Arc<dyn Source>, Trouble> {
        let stage = SyncStage::StatSource;
        let open = async || {
            let keys = self.engine.source_credentials(self.task.id).await;
            let keys = keys.map_err(|error| Trouble::of_server(stage, &error))?;
            let keys = keys.ok_or_else(|| Trouble {
                hope: Hope::Later(None),
                ..Trouble::lost(stage, "the sync task was stopped")
            })?;
            let opened = self
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
        let removed = self.engine.sync_remove(cx, bucket, key, there).await;
        removed.map_err(|error| Trouble::of_server(SyncStage::Write, &error))?;
        Ok(Step::Done(SyncOutcome::Success {
            bytes: 0,
            checked: Checked::Size,
        }))
    }

    /// Asks the source to restore an object, if the task may.
    async fn thaw(&self, source: &dyn Source, key: &ObjectKey) -> Trouble {
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
    ) -> Result<Step, Trouble> {
        let object: &SourceObject = bringing.source;
        let resume = item.resume.as_ref();
        if let Some(other) = resume.filter(|resume| !goes_on(resume, object)) {
            self.forget(bringing.key, other).await?;
        }
        let whole_max = SYNC_WHOLE_PARTS.saturating_mul(self.registry.part_bytes);
        if object.size > whole_max.min(BODY_BYTES_MAX) {
            let resume = resume.filter(|resume| goes_on(resume, object));
            return self.copy_large(source, bringing, resume.cloned()).await;
        }
        let stream = source
            .read(bringing.key, None, object.etag.as_deref())
            .await
            .map_err(|fault| Trouble::of_source(SyncStage::Read, &fault))?;
        let body = Body {
            stream,
            len: Some(object.size),
        };
        match self.engine.bring(bringing, body).await {
            Ok(()) => Ok(Step::Marked),
            Err(unbrought) => unbrought.into(),
        }
    }

    /// Copies the parts that are not there, one after the other, and makes the object of them.
    async fn copy_large(
        &self,
        source: &dyn Source,
        bringing: Bringing<'_>,
        resume: Option<SyncResume>,
    ) -> Result<Step, Trouble> {
        let engine = &self.engine;
        let of_server = |error: Error| Trouble::of_server(SyncStage::Write, &error);
        let resume = match resume {
            Some(resume) => resume,
            None => match engine.begin_large(bringing, self.registry.part_bytes).await {
                Ok(resume) => resume,
                Err(unbrought) => return unbrought.into(),
            },
        };
        let there = engine.large_parts(bringing, &resume).await;
        let Some(there) = there.map_err(of_server)? else {
            // Somebody ended the upload: begin anew.
            self.forget(bringing.key, &resume).await?;
            let why = "the upload of the copy was ended by somebody else";
            let hope = Hope::Later(None);
            return Err(Trouble {
                hope,
                ..Trouble::lost(SyncStage::Write, why)
            });
        };
        let mut progressed = false;
        for number in (1..=resume.parts()).filter(|number| !there.contains(number)) {
            let part = self.copy_part(source, bringing, &resume, number).await;
            part.map_err(|trouble| Trouble {
                progressed,
                ..trouble
            })?;
            progressed = true;
        }
        match engine.bring_whole(bringing, &resume).await {
            Ok(()) => Ok(Step::Marked),
            Err(unbrought) => {
                if matches!(&unbrought, Unbrought::Failed(error) if is_of_content(error.kind())) {
                    self.forget(bringing.key, &resume).await?;
                }
                unbrought.into()
            }
        }
    }

    async fn copy_part(
        &self,
        source: &dyn Source,
        bringing: Bringing<'_>,
        resume: &SyncResume,
        number: u32,
    ) -> Result<(), Trouble> {
        let range = resume.range_of(number);
        let stream = source
            .read(bringing.key, Some(range), resume.etag.as_deref())
            .await
            .map_err(|fault| Trouble::of_source(SyncStage::Read, &fault))?;
        let body = Body {
            stream,
            len: Some(resume.len_of(number)),
        };
        let stored = self.engine.bring_part(bringing, resume, number, body).await;
        stored.map_err(|error| Trouble::of_server(SyncStage::Write, &error))
    }

    /// Gives up a copy that was begun.
    async fn forget(&self, key: &ObjectKey, resume: &SyncResume) -> Result<(), Trouble> {
        let forgotten = self.engine.forget_resume(&self.task, key, resume).await;
        forgotten.map_err(|error| Trouble::of_server(SyncStage::Write, &error))
    }
}
