//! Copies of large objects: parts of an upload, some of them at a time.

use std::future::ready;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use futures_util::{StreamExt, stream};

use super::transfer::{Desk, Step, Trouble};
use crate::engine::{Bringing, Unbrought};
use crate::error::{Error, ErrorKind};
use crate::limits::SYNC_OBJECT_PARTS_MAX;
use crate::model::SyncStage;
use crate::ports::Source;
use crate::records::SyncResume;

/// Whether what came is worth nothing: it must be read anew from the beginning.
fn is_of_content(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::BadDigest | ErrorKind::InvalidPart)
}

impl Desk {
    /// Copies the parts that are not there, and makes the object of them.
    pub(super) async fn copy_large(
        &self,
        source: &dyn Source,
        bringing: Bringing<'_>,
        resume: Option<SyncResume>,
    ) -> Result<Step, Trouble> {
        let (engine, registry) = (&self.shared.engine, &self.shared.registry);
        let of_server = |error: Error| Trouble::of_server(SyncStage::Write, &error);
        let resume = match resume {
            Some(resume) => resume,
            None => match engine.begin_large(bringing, registry.part_bytes).await {
                Ok(resume) => resume,
                Err(unbrought) => return unbrought.into(),
            },
        };
        let there = engine.large_parts(bringing, &resume).await;
        let Some(there) = there.map_err(of_server)? else {
            // Somebody ended the upload: begin anew.
            self.forget(bringing.key, &resume).await?;
            let why = "the upload of the copy was ended by somebody else";
            return Err(Trouble::lost(SyncStage::Write, why).passing());
        };
        let missing = (1..=resume.parts()).filter(|number| !there.contains(number));
        self.copy_parts(source, bringing, &resume, missing).await?;
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

    /// Copies parts. When one fails no further ones are begun, and those under way come to their end, so
    /// that nothing was read in vain.
    async fn copy_parts(
        &self,
        source: &dyn Source,
        bringing: Bringing<'_>,
        resume: &SyncResume,
        numbers: impl Iterator<Item = u32> + Send,
    ) -> Result<(), Trouble> {
        let failed = AtomicBool::new(false);
        let parts = stream::iter(numbers)
            .take_while(|_| ready(!failed.load(Relaxed)))
            .map(|number| self.copy_part(source, bringing, resume, number))
            .buffer_unordered(SYNC_OBJECT_PARTS_MAX);
        let mut parts = std::pin::pin!(parts);
        let (mut progressed, mut trouble) = (false, None::<Trouble>);
        while let Some(part) = parts.next().await {
            match part {
                Ok(()) => progressed = true,
                Err(first) => {
                    failed.store(true, Relaxed);
                    trouble.get_or_insert(first);
                }
            }
        }
        if let Some(mut trouble) = trouble {
            trouble.progressed = progressed;
            return Err(trouble);
        }
        Ok(())
    }

    async fn copy_part(
        &self,
        source: &dyn Source,
        bringing: Bringing<'_>,
        resume: &SyncResume,
        number: u32,
    ) -> Result<(), Trouble> {
        let _slot = self.shared.slot().await;
        let range = resume.range_of(number);
        let stream = source
            .read(bringing.key, Some(range), resume.etag.as_deref())
            .await
            .map_err(|fault| Trouble::of_source(SyncStage::Read, &fault))?;
        let body = self.paced(stream, resume.len_of(number));
        let engine = &self.shared.engine;
        let stored = engine.bring_part(bringing, resume, number, body).await;
        stored.map_err(|error| Trouble::of_server(SyncStage::Write, &error))
    }
}
