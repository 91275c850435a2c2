//! Out of a bucket: into a file, or to a stream.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cohong_client::{blocking, each};
use cohong_core::engine::Comparison;
use cohong_core::model::ObjectKey;
use cohong_core::ports::{Source as _, SourceFault, SourceObject};
use cohong_egress::Reader;
use futures_util::StreamExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::context::Context;
use super::limits::{PARTS_AT_ONCE, WHOLE_BYTES_MAX};
use super::piece::{collected, ranges};
use super::scratch::Scratch;
use super::trouble::Trouble;

/// An object on its way out.
pub(super) struct Fetch {
    pub(super) context: Arc<Context>,
    pub(super) from: Arc<Reader>,
    pub(super) key: ObjectKey,
}

impl Fetch {
    /// Writes the object into a file, which is complete and right when it has its name. Parts that a former
    /// command wrote are not read again. What is known to be small is not looked at first. Gives the length.
    pub(super) async fn to_file(
        self: Arc<Self>,
        to: PathBuf,
        size: Option<u64>,
    ) -> Result<u64, Trouble> {
        let scratch = self.scratch(&to).await?;
        if size.is_none_or(|size| size > WHOLE_BYTES_MAX) {
            let look = || async { Ok(self.from.stat(&self.key).await?) };
            let object = self.context.again(look).await?;
            if size.is_none() {
                self.context.bar.set_length(object.size);
            }
            if object.size > WHOLE_BYTES_MAX {
                let size = object.size;
                self.parts(scratch, object).await?;
                return Ok(size);
            }
        }
        let whole = || async {
            let _room = self.context.room(WHOLE_BYTES_MAX).await?;
            let (object, body) = self.from.fetch(&self.key, WHOLE_BYTES_MAX).await?;
            let body = body.ok_or(SourceFault::Changed)?;
            let bytes = collected(body, object.size).await?;
            Ok((object, bytes))
        };
        let (object, bytes) = self.context.again(whole).await?;
        let size = object.size;
        blocking(move || {
            scratch.write(&bytes)?;
            scratch.settle(&object)
        })
        .await?;
        self.context.bar.inc(size);
        Ok(size)
    }

    async fn scratch(&self, to: &Path) -> Result<Scratch, Trouble> {
        let names = (
            self.from.speech().word(),
            self.from.bucket(),
            self.key.as_str(),
        );
        let (to, object) = (
            to.to_owned(),
            format!("{}://{}/{}\0", names.0, names.1, names.2),
        );
        blocking(move || Scratch::open(&to, &object)).await
    }

    async fn parts(
        self: &Arc<Self>,
        mut scratch: Scratch,
        object: SourceObject,
    ) -> Result<(), Trouble> {
        let done = scratch.resume(&object)?;
        let (missing, there): (Vec<_>, Vec<_>) = ranges(object.size)
            .into_iter()
            .partition(|range| !done.contains(&range.start));
        let there = there.into_iter().map(|range| range.end - range.start);
        self.context.bar.inc(there.sum());
        let file = Arc::new(scratch.file()?);
        let work = |range: std::ops::Range<u64>| {
            let (this, file, etag) = (self.clone(), file.clone(), object.etag.clone());
            async move {
                let size = range.end - range.start;
                let _room = this.context.room(size).await?;
                let read = || async {
                    let (part, etag) = (Some(range.clone()), etag.as_deref());
                    collected(this.from.read(&this.key, part, etag).await?, size).await
                };
                let bytes = this.context.again(read).await?;
                let start = range.start;
                blocking(move || Ok::<_, Trouble>(file.write_all_at(&bytes, start)?)).await?;
                this.context.bar.inc(size);
                Ok(start)
            }
        };
        each(missing, PARTS_AT_ONCE, work, |start| {
            scratch.note(start, object.digests)
        })
        .await?;
        blocking(move || scratch.settle(&object)).await
    }

    /// Writes the object to a stream as it comes. It goes on where it was when the store breaks off; that it was
    /// right is known at the end only.
    pub(super) async fn to_stream(
        self: Arc<Self>,
        mut to: impl AsyncWrite + Unpin,
    ) -> Result<u64, Trouble> {
        let look = || async { Ok(self.from.stat(&self.key).await?) };
        let object = self.context.again(look).await?;
        self.context.bar.set_length(object.size);
        let mut comparison = Comparison::new(object.digests.expected());
        let mut at = 0;
        while at < object.size {
            let read = || async {
                let (rest, etag) = (Some(at..object.size), object.etag.as_deref());
                let mut body = self.from.read(&self.key, rest, etag).await?;
                // What brings nothing is tried again as often as anything else.
                let first = body.next().await.transpose();
                let first = first.map_err(|error| SourceFault::Broken(error.to_string().into()))?;
                let first = first.ok_or(SourceFault::Broken("the answer is empty".into()))?;
                Ok((first, body))
            };
            let (first, mut body) = self.context.again(read).await?;
            let mut next = Some(Ok(first));
            while let Some(Ok(piece)) = next {
                at += piece.len() as u64;
                comparison.update(&piece);
                to.write_all(&piece).await?;
                self.context.bar.set_position(at);
                next = body.next().await;
            }
        }
        to.flush().await?;
        if at != object.size || comparison.finish().is_err() {
            let text = "what came is not what the store says of it: do not use what was written";
            return Err(Trouble::Said(text.into()));
        }
        Ok(at)
    }
}
