//! From bucket to bucket of one store, which moves the bytes itself.

use std::sync::Arc;

use cohong_client::each;
use cohong_core::model::ObjectKey;
use cohong_core::ports::{Sink as _, Source as _, SourceObject};
use cohong_egress::Reader;

use super::context::Context;
use super::limits::{COPY_BYTES_MAX, PARTS_AT_ONCE, PARTS_MAX};
use super::piece::cut;
use super::trouble::Trouble;

/// An object on its way.
pub(super) struct Copy {
    pub(super) context: Arc<Context>,
    pub(super) from: Arc<Reader>,
    pub(super) key: ObjectKey,
    pub(super) to: Arc<Reader>,
    pub(super) to_key: ObjectKey,
}

impl Copy {
    /// Copies an object as it is, headers and metadata with it.
    pub(super) async fn all(self: Arc<Self>, object: &SourceObject) -> Result<(), Trouble> {
        if object.size > COPY_BYTES_MAX {
            return self.parts(object).await;
        }
        let copy = || async {
            let copy = self
                .to
                .copy_from(self.from.bucket(), &self.key, &self.to_key);
            Ok(copy.await?)
        };
        self.context.again(copy).await?;
        self.context.bar.inc(object.size);
        Ok(())
    }

    /// Nothing of a copy that fails is left; the store is quick to begin again.
    async fn parts(self: &Arc<Self>, object: &SourceObject) -> Result<(), Trouble> {
        let begin = || async { Ok(self.to.begin(&self.to_key, object).await?) };
        let upload = self.context.again(begin).await?;
        let copied = self.copied(&upload, object).await;
        if copied.is_err() {
            // It stays, as it would without this try.
            drop(self.to.abort(&self.to_key, &upload).await);
        }
        copied
    }

    async fn copied(self: &Arc<Self>, upload: &str, object: &SourceObject) -> Result<(), Trouble> {
        let ranges = cut(
            object.size,
            COPY_BYTES_MAX.max(object.size.div_ceil(PARTS_MAX)),
        );
        let mut etags: Vec<Box<str>> = vec![Box::default(); ranges.len()];
        let work = |(number, range): (u32, std::ops::Range<u64>)| {
            let (this, upload) = (self.clone(), upload.to_owned());
            async move {
                let copy = || async {
                    let part = (&this.to_key, upload.as_str(), number);
                    let from = this.from.bucket();
                    Ok(this
                        .to
                        .copy_part(from, &this.key, range.clone(), part)
                        .await?)
                };
                let etag = this.context.again(copy).await?;
                this.context.bar.inc(range.end - range.start);
                Ok((number, etag))
            }
        };
        let numbered = (1..).zip(ranges);
        each(numbered, PARTS_AT_ONCE, work, |(number, etag)| {
            etags[number as usize - 1] = etag;
            Ok::<_, Trouble>(())
        })
        .await?;
        // Parts of two states must not become one object.
        let look = || async { Ok(self.from.stat(&self.key).await?) };
        if self.context.again(look).await?.etag != object.etag {
            return Err(Trouble::Said(
                "it changed while it was copied; copy it again".into(),
            ));
        }
        let complete = || async { Ok(self.to.complete(&self.to_key, upload, &etags).await?) };
        self.context.again(complete).await?;
        let look = || async { Ok(self.to.stat(&self.to_key).await?) };
        let made = self.context.again(look).await?;
        let sums = made.digests.crc64.zip(object.digests.crc64);
        if made.size != object.size || sums.is_some_and(|(made, wanted)| made != wanted) {
            return Err(Trouble::Said(
                "the copy is not what was copied; copy it again".into(),
            ));
        }
        Ok(())
    }
}
