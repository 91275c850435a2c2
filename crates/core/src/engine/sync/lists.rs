//! Lists of what became of keys: lines that wait become an object of the bucket. The commit that makes
//! it visible removes them, so each stands in one list.

use bytes::Bytes;

use super::super::buckets::now;
use super::super::commit::{Also, VersionWrite};
use super::super::ingest::{ANY_SIZE, IngestSpec, Tree, ingest};
use super::super::put::{new_bytes, new_record};
use crate::engine::walk::Walk;
use crate::engine::{Attributes, Body, Conditions, Cx, Engine, ExpectedDigests};
use crate::error::{Error, ErrorKind};
use crate::limits::{SYNC_LIST_BYTES_MAX, SYNC_LIST_LINES_MAX};
use crate::model::{BlobId, EventKind, ObjectKey, StoredHeaders, SyncList, SyncTask};
use crate::ports::{Expect, Key, OutcomeFormat, Table, Write};
use crate::records::{SyncLine, decode, keys};

/// Lines that become one list.
struct Lines {
    text: String,
    /// Number of the first one.
    first: u64,
    also: Also,
}

impl Engine {
    /// Writes a list of the lines that wait for it; whether there may be more. A list that can never be
    /// written, because the bucket is gone or closed to the task, is dropped with its lines.
    pub(crate) async fn write_sync_list(
        &self,
        cx: &Cx,
        task: &SyncTask,
        list: SyncList,
        format: &dyn OutcomeFormat,
    ) -> Result<bool, Error> {
        let Some(lines) = self.waiting_lines(task, list, format).await? else {
            return Ok(false);
        };
        let at = self.ports.clock.now();
        let key = format.key(task.id, list, at, lines.first);
        let drop_lines = now(lines.also.expect.clone(), lines.also.write.clone());
        match self.put_list(cx, task, &key, lines).await {
            Ok(()) => Ok(true),
            Err(error) if is_hopeless(error.kind()) => self.commit_one(drop_lines).await,
            Err(error) => Err(error),
        }
    }

    async fn waiting_lines(
        &self,
        task: &SyncTask,
        list: SyncList,
        format: &dyn OutcomeFormat,
    ) -> Result<Option<Lines>, Error> {
        let mut lines = Lines {
            text: String::new(),
            first: 0,
            also: Also::default(),
        };
        let mut rows = Walk::over(keys::sync_lines_range(task.id, list));
        let fits = |lines: &Lines| {
            lines.text.len() < SYNC_LIST_BYTES_MAX && lines.also.write.len() < SYNC_LIST_LINES_MAX
        };
        while fits(&lines)
            && let Some(page) = rows.page(&*self.ports.meta).await?
        {
            for (bytes, stored) in page {
                let place = Key {
                    table: Table::SyncLines,
                    bytes,
                };
                if lines.also.write.is_empty() {
                    lines.first = keys::number_of_line(&place.bytes).unwrap_or(0);
                    let first = Expect::Revision(place.clone(), stored.revision);
                    lines.also.expect.push(first);
                }
                let line: SyncLine = decode(&stored.bytes)?;
                lines.text.push_str(&format.line(&line));
                lines.also.write.push(Write::Delete(place));
            }
        }
        Ok(Some(lines).filter(|lines| !lines.also.write.is_empty()))
    }

    async fn put_list(
        &self,
        cx: &Cx,
        task: &SyncTask,
        key: &str,
        lines: Lines,
    ) -> Result<(), Error> {
        let key = ObjectKey::new(key)?;
        let bucket = &task.settings.bucket;
        let (found, _) = self.bucket_for_change(bucket).await?;
        let attributes = Attributes {
            headers: StoredHeaders {
                content_type: Some("text/plain".into()),
                ..StoredHeaders::default()
            },
            ..Attributes::default()
        };
        let id = BlobId {
            payload: self.ports.ids.payload(),
            n: 0,
        };
        let sealing = self.new_sealing(cx, &found);
        let spec = IngestSpec {
            id,
            digests: ExpectedDigests::default(),
            size: ANY_SIZE,
            small_max: self.small_max(sealing.as_ref()),
            tree: Tree::None,
            sealing,
        };
        let text = Bytes::from(lines.text);
        let body = Body {
            len: Some(text.len() as u64),
            stream: Box::pin(Once(Some(text))),
        };
        let ingested = ingest(&self.ports, spec, body).await?;
        let write = VersionWrite {
            bucket,
            key: &key,
            record: new_record(cx, &found, &attributes, id, &ingested),
            class: None,
            bytes: new_bytes(id, &ingested),
            kind: EventKind::CreatedPut,
            conditions: &Conditions::default(),
            callback: None,
            also: lines.also,
        };
        if let Err(unwritten) = self.write_version(cx, &write).await {
            let error = Error::from(unwritten);
            self.discard_refused(&write.bytes, &error).await;
            return Err(error);
        }
        Ok(())
    }
}

/// Whether a list will never be written.
fn is_hopeless(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NoSuchBucket | ErrorKind::Denied | ErrorKind::InvalidArgument
    )
}

/// A body in one piece.
struct Once(Option<Bytes>);

impl futures_core::Stream for Once {
    type Item = Result<Bytes, crate::ports::BodyError>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Ok))
    }
}
