//! Into a bucket: whole or in parts, from a file, another store or a stream.

use std::collections::BTreeMap;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::{Bytes, BytesMut};
use cohong_client::{blocking, each};
use cohong_core::model::ObjectKey;
use cohong_core::ports::{Sink as _, Source as _, SourceDigests, SourceFault, SourceObject};
use cohong_core::rules::append_crc64;
use cohong_egress::{Reader, Speech};
use futures_util::{TryStreamExt, stream};
use tokio::io::AsyncRead;

use super::context::{Context, Open};
use super::limits::{PARTS_AT_ONCE, UPLOADS_LOOKED_AT, WHOLE_BYTES_MAX};
use super::piece::{
    Part, checked, collected, not_as_sent, piece, ranges, same, stream_part, sum, tag_of,
};
use super::trouble::Trouble;

/// Where bytes come from.
pub(super) enum Input {
    File(PathBuf),
    Object {
        from: Arc<Reader>,
        key: ObjectKey,
        etag: Option<Box<str>>,
    },
}

/// An object that is to be, and where it goes.
pub(super) struct Send {
    pub(super) context: Arc<Context>,
    pub(super) to: Arc<Reader>,
    pub(super) key: ObjectKey,
    /// Its size, headers and metadata.
    pub(super) like: SourceObject,
}

impl Send {
    /// Sends what an input has. Parts that a former command left there are not sent again.
    pub(super) async fn all(self: Arc<Self>, input: Arc<Input>) -> Result<(), Trouble> {
        let before = input.stamp()?;
        let size = self.like.size;
        if size <= WHOLE_BYTES_MAX {
            let _room = self.context.room(size).await?;
            let bytes = self.context.again(|| input.read(0..size)).await?;
            return self.whole(bytes).await;
        }
        let ranges = ranges(size);
        let (upload, known) = if let Some(found) = self.begun(&input, &ranges).await? {
            found
        } else {
            let begin = || async { Ok(self.to.begin(&self.key, &self.like).await?) };
            (self.context.again(begin).await?, BTreeMap::new())
        };
        let sent = self.parts(&input, &ranges, &upload, &known).await;
        let changed = input.stamp()? != before;
        match sent {
            Ok(_) if changed => {
                self.give_up(&upload).await;
                Err(Trouble::Said(
                    "it changed while it was read; copy it again".into(),
                ))
            }
            Ok(parts) => self.complete(&upload, &parts).await,
            Err((trouble, up)) => {
                if changed || up == 0 {
                    self.give_up(&upload).await;
                }
                Err(trouble)
            }
        }
    }

    /// Sends a stream, whose length nobody knows.
    pub(super) async fn stream(
        self: Arc<Self>,
        mut input: impl AsyncRead + Unpin,
    ) -> Result<u64, Trouble> {
        let first = piece(&mut input, WHOLE_BYTES_MAX).await?;
        if (first.len() as u64) < WHOLE_BYTES_MAX {
            let size = first.len() as u64;
            self.whole(first).await?;
            return Ok(size);
        }
        let begin = || async { Ok(self.to.begin(&self.key, &self.like).await?) };
        let upload = self.context.again(begin).await?;
        self.context.opened(Open {
            to: self.to.clone(),
            key: self.key.clone(),
            upload: upload.clone(),
        });
        let pieces = stream::try_unfold((input, Some(first), 1_u32), |state| async move {
            let (mut input, first, number) = state;
            let bytes = match first {
                Some(first) => first,
                None => piece(&mut input, stream_part(number)).await?,
            };
            Ok::<_, Trouble>(
                (!bytes.is_empty()).then_some(((number, bytes), (input, None, number + 1))),
            )
        });
        let part = |(number, bytes): (u32, Bytes)| {
            let (this, upload) = (self.clone(), upload.clone());
            async move {
                let _room = this.context.room(bytes.len() as u64).await?;
                let part = this.part(&upload, number, bytes, None).await?;
                Ok((number, part))
            }
        };
        let sent = pieces.map_ok(part).try_buffer_unordered(PARTS_AT_ONCE);
        let sent: Result<BTreeMap<u32, Part>, Trouble> = sent.try_collect().await;
        let done = match sent {
            Ok(parts) => {
                let size = parts.values().map(|part| part.sum.size).sum();
                self.complete(&upload, &parts).await.map(|()| size)
            }
            Err(trouble) => {
                self.give_up(&upload).await;
                Err(trouble)
            }
        };
        self.context.closed(&upload);
        done
    }

    async fn whole(&self, bytes: Bytes) -> Result<(), Trouble> {
        let size = bytes.len() as u64;
        let (sum, bytes) = sum(bytes).await?;
        let put = || async { Ok(self.to.put(&self.key, &self.like, bytes.clone()).await?) };
        let stored = self.context.again(put).await?;
        self.context.bar.inc(size);
        if stored.md5.is_some_and(|md5| md5 != sum.md5) {
            return Err(not_as_sent());
        }
        checked(stored, sum.crc64)
    }

    /// An upload of a former command, and its parts. Its first part is what this input has there; the others are
    /// compared before they are left out. An upload of somebody else who sends other bytes is not touched.
    async fn begun(
        &self,
        input: &Input,
        ranges: &[Range<u64>],
    ) -> Result<Option<(Box<str>, BTreeMap<u32, Box<str>>)>, Trouble> {
        let list = || async { Ok(self.to.uploads(self.key.as_str()).await?) };
        let mut open = self.context.again(list).await?;
        open.retain(|(key, _)| *key == self.key);
        for (_, upload) in open.into_iter().rev().take(UPLOADS_LOOKED_AT) {
            let list = || async { Ok(self.to.parts(&self.key, &upload).await?) };
            let up = match self.context.again(list).await {
                // Somebody completed it, or gave it up.
                Err(Trouble::Fault(SourceFault::Missing)) => continue,
                up => up?,
            };
            let fits = |part: &cohong_egress::Uploaded| {
                let range = ranges.get(part.number as usize - 1);
                range.is_some_and(|range| range.end - range.start == part.size)
            };
            let Some(first) = up.first().filter(|_| up.iter().all(fits)) else {
                continue;
            };
            let range = ranges[first.number as usize - 1].clone();
            let _room = self.context.room(first.size).await?;
            let bytes = self.context.again(|| input.read(range.clone())).await?;
            if same(&first.etag, sum(bytes).await?.0.md5) == Some(true) {
                let known = up.into_iter().map(|part| (part.number, part.etag));
                return Ok(Some((upload, known.collect())));
            }
        }
        Ok(None)
    }

    /// Sends the parts that are not known, several at once. After a failure also how many are up.
    async fn parts(
        self: &Arc<Self>,
        input: &Arc<Input>,
        ranges: &[Range<u64>],
        upload: &str,
        known: &BTreeMap<u32, Box<str>>,
    ) -> Result<BTreeMap<u32, Part>, (Trouble, usize)> {
        let mut done = BTreeMap::new();
        let work = |(number, range): (u32, Range<u64>)| {
            let (this, input, upload) = (self.clone(), input.clone(), upload.to_owned());
            let etag = known.get(&number).cloned();
            async move {
                let _room = this.context.room(range.end - range.start).await?;
                let bytes = this.context.again(|| input.read(range.clone())).await?;
                let part = this.part(&upload, number, bytes, etag).await?;
                Ok((number, part))
            }
        };
        let numbered = (1..).zip(ranges.iter().cloned());
        let sent = each(numbered, PARTS_AT_ONCE, work, |(number, part)| {
            done.insert(number, part);
            Ok(())
        });
        match sent.await {
            Ok(()) => Ok(done),
            Err(trouble) => Err((trouble, done.len().max(known.len()))),
        }
    }

    /// Sends a part, if it is not there already.
    async fn part(
        &self,
        upload: &str,
        number: u32,
        bytes: Bytes,
        known: Option<Box<str>>,
    ) -> Result<Part, Trouble> {
        let (sum, bytes) = sum(bytes).await?;
        let known = known.filter(|etag| same(etag, sum.md5) == Some(true));
        let etag = if let Some(etag) = known {
            etag
        } else {
            let put = || async {
                let put = self.to.put_part(&self.key, upload, number, bytes.clone());
                Ok(put.await?)
            };
            self.context.again(put).await?
        };
        self.context.bar.inc(sum.size);
        Ok(Part { etag, sum })
    }

    /// Makes the object of its parts, and looks whether it is what was sent. Where the answer was lost, this look
    /// tells whether it was made.
    async fn complete(&self, upload: &str, parts: &BTreeMap<u32, Part>) -> Result<(), Trouble> {
        let etags: Vec<Box<str>> = parts.values().map(|part| part.etag.clone()).collect();
        let complete = || async { Ok(self.to.complete(&self.key, upload, &etags).await?) };
        let told = match self.context.again(complete).await {
            Err(Trouble::Fault(SourceFault::Missing)) => SourceDigests::default(),
            told => told?,
        };
        let crc64 = parts.values().fold(0, |crc64, part| {
            append_crc64(crc64, part.sum.crc64, part.sum.size)
        });
        checked(told, crc64)?;
        let look = || async { Ok(self.to.stat(&self.key).await?) };
        let found = self.context.again(look).await?;
        checked(found.digests, crc64)?;
        let size: u64 = parts.values().map(|part| part.sum.size).sum();
        let etag = found.etag.as_deref().unwrap_or_default();
        let is_tag = self.to.speech() != Speech::S3
            || tag_of(parts).is_none_or(|tag| {
                // Stores that make other tags of parts are left alone.
                !etag.ends_with(&format!("-{}", parts.len())) || etag.eq_ignore_ascii_case(&tag)
            });
        if found.size != size || !is_tag {
            return Err(not_as_sent());
        }
        Ok(())
    }

    async fn give_up(&self, upload: &str) {
        // It stays, as it would without this try.
        drop(self.to.abort(&self.key, upload).await);
    }
}

impl Input {
    /// The bytes of a range.
    async fn read(&self, range: Range<u64>) -> Result<Bytes, Trouble> {
        let size = range.end - range.start;
        if size == 0 {
            return Ok(Bytes::new());
        }
        match self {
            Self::File(path) => {
                let path = path.clone();
                blocking(move || {
                    let mut bytes = BytesMut::zeroed(usize::try_from(size).unwrap_or(usize::MAX));
                    File::open(&path)?.read_exact_at(&mut bytes, range.start)?;
                    Ok(bytes.freeze())
                })
                .await
            }
            Self::Object { from, key, etag } => {
                let body = from.read(key, Some(range), etag.as_deref()).await?;
                collected(body, size).await
            }
        }
    }

    /// What changes when a file does. An object has its entity tag for that.
    fn stamp(&self) -> Result<Option<(u64, SystemTime)>, Trouble> {
        match self {
            Self::File(path) => {
                let facts = std::fs::metadata(path)?;
                Ok(Some((facts.len(), facts.modified()?)))
            }
            Self::Object { .. } => Ok(None),
        }
    }
}
