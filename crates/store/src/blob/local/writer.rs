//! Writing a blob.
//!
//! Bytes gather in a buffer of one piece. A full buffer goes to a blocking thread while the next one
//! fills, so network and disk work at the same time. Nothing touches the disk before the buffer is
//! full or the blob ends: a blob of at most one piece is created, written, synced and named by one
//! job.

use std::mem;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::model::BlobId;
use cohong_core::ports::{BlobError, BlobInfo, BlobWriter};

use super::format::{FOOTER, Sums, size_of, table_len};
use super::pool::{Job, Pool};
use super::temp::Temp;
use super::{Folder, PIECE, failed};

/// A blob on its way to the disk.
pub(super) struct Writer {
    folder: Arc<Folder>,
    pool: Pool,
    id: BlobId,
    /// Its length, if that is known beforehand.
    expected: Option<u64>,
    buffer: Vec<u8>,
    progress: Progress,
}

/// What is on the disk.
enum Progress {
    /// Nothing yet.
    Nothing,
    /// A full buffer is being written.
    Writing(Job<(Draft, Vec<u8>)>),
    /// Bytes were lost: a write failed or was cancelled.
    Broken,
}

impl Writer {
    pub(super) fn new(folder: Arc<Folder>, pool: Pool, id: BlobId, expected: Option<u64>) -> Self {
        Self {
            folder,
            pool,
            id,
            expected,
            buffer: Vec::with_capacity(first_capacity(expected)),
            progress: Progress::Nothing,
        }
    }

    /// The file so far and a buffer to use again. Until `self.progress` is set anew, the writer counts
    /// as broken: it may be cancelled at any await.
    async fn settle(&mut self) -> Result<(Option<Draft>, Vec<u8>), BlobError> {
        match mem::replace(&mut self.progress, Progress::Broken) {
            Progress::Nothing => Ok((None, Vec::with_capacity(PIECE + trailer_len(PIECE)))),
            Progress::Writing(mut job) => {
                let (draft, buffer) = job.end().await?;
                Ok((Some(draft), buffer))
            }
            Progress::Broken => Err(BlobError::Failed(
                "an earlier write of this blob failed".into(),
            )),
        }
    }

    async fn flush(&mut self) -> Result<(), BlobError> {
        let (draft, mut empty) = self.settle().await?;
        empty.clear();
        let full = mem::replace(&mut self.buffer, empty);
        let (folder, id, expected) = (self.folder.clone(), self.id, self.expected);
        let work = move || {
            let mut draft = Draft::resume(draft, folder, id, expected)?;
            match draft.append(&full) {
                Ok(()) => Ok((draft, full)),
                Err(error) => Err(draft.give_up(error)),
            }
        };
        self.progress = Progress::Writing(self.pool.start(work).await);
        Ok(())
    }
}

#[async_trait]
impl BlobWriter for Writer {
    async fn write(&mut self, mut chunk: Bytes) -> Result<(), BlobError> {
        self.folder.usable()?;
        while !chunk.is_empty() {
            // A buffer that is exactly full waits: the end of the blob can take it along.
            if self.buffer.len() == PIECE {
                self.flush().await?;
            }
            let now = chunk.split_to(chunk.len().min(PIECE - self.buffer.len()));
            self.buffer.extend_from_slice(&now);
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<BlobInfo, BlobError> {
        self.folder.usable()?;
        let (draft, _) = self.settle().await?;
        let (folder, id, expected) = (self.folder.clone(), self.id, self.expected);
        let last = mem::take(&mut self.buffer);
        let work = move || {
            let mut draft = Draft::resume(draft, folder, id, expected)?;
            match draft.publish(last) {
                Ok(info) => {
                    draft.temp.keep();
                    Ok(info)
                }
                Err(error) => Err(draft.give_up(error)),
            }
        };
        self.pool.run(work).await
    }
}

/// A short blob and its trailer fit from the beginning; the length may be untrue, so no more than a
/// piece is believed.
fn first_capacity(expected: Option<u64>) -> usize {
    let expected = usize::try_from(expected.unwrap_or(0)).unwrap_or(PIECE);
    let bytes = expected.min(PIECE);
    bytes + trailer_len(bytes)
}

fn trailer_len(bytes: usize) -> usize {
    table_len(bytes) + FOOTER
}

/// A blob's file, being written. All of it blocks.
struct Draft {
    folder: Arc<Folder>,
    id: BlobId,
    temp: Temp,
    len: u64,
    sums: Sums,
    /// Space for all of it was set aside when it began.
    reserved: bool,
}

impl Draft {
    fn resume(
        draft: Option<Self>,
        folder: Arc<Folder>,
        id: BlobId,
        expected: Option<u64>,
    ) -> Result<Self, BlobError> {
        if let Some(draft) = draft {
            return Ok(draft);
        }
        let path = folder.temporary().join(id.to_string());
        let temp = Temp::create(folder.clone(), path.clone());
        let mut draft = Self {
            temp: temp.map_err(|error| failed(&path, &error))?,
            folder,
            id,
            len: 0,
            sums: Sums::new(),
            reserved: false,
        };
        match draft.reserve(expected) {
            Ok(()) => Ok(draft),
            Err(error) => Err(draft.give_up(error)),
        }
    }

    /// A blob of one piece is written at once: reserving its space would only cost time.
    fn reserve(&mut self, expected: Option<u64>) -> Result<(), BlobError> {
        self.reserved = match expected {
            None => false,
            Some(len) if len <= PIECE as u64 => true,
            Some(len) => self
                .temp
                .file()
                .preallocate(size_of(len))
                .map_err(|error| failed(self.temp.path(), &error))?,
        };
        Ok(())
    }

    fn append(&mut self, data: &[u8]) -> Result<(), BlobError> {
        self.admit(data.len() as u64)?;
        self.write(data)?;
        self.sums.update(data);
        self.len += data.len() as u64;
        Ok(())
    }

    /// Ends the blob with its last bytes, makes it durable and visible.
    fn publish(&mut self, mut last: Vec<u8>) -> Result<BlobInfo, BlobError> {
        let (id, len) = (self.id, self.len + last.len() as u64);
        self.admit(last.len() as u64)?;
        self.sums.update(&last);
        last.append(&mut self.sums.trailer(id, len));
        self.write(&last)?;
        self.sync()?;
        let named = self.temp.rename(self.folder.path(id));
        named.map_err(|error| failed(self.temp.path(), &error))?;
        let fan = self.folder.fan_of(id);
        let synced = self.folder.disk.sync_dir(&fan);
        synced.map_err(|error| self.folder.broken(&fan, &error))?;
        Ok(BlobInfo { id, len })
    }

    /// Growth that was not set aside must not use the reserve.
    fn admit(&self, bytes: u64) -> Result<(), BlobError> {
        if self.reserved {
            return Ok(());
        }
        if !self.folder.space.is_recent() {
            self.folder.measure()?;
        }
        self.folder.space.admit(bytes)
    }

    fn write(&self, data: &[u8]) -> Result<(), BlobError> {
        let written = self.temp.file().write_at(self.len, data);
        written.map_err(|error| failed(self.temp.path(), &error))
    }

    /// A file system may find only now that it is full; that concerns this file alone.
    fn sync(&self) -> Result<(), BlobError> {
        let Err(error) = self.temp.file().sync() else {
            return Ok(());
        };
        match failed(self.temp.path(), &error) {
            BlobError::Full => Err(BlobError::Full),
            _ => Err(self.folder.broken(self.temp.path(), &error)),
        }
    }

    fn give_up(self, error: BlobError) -> BlobError {
        self.temp.remove();
        error
    }
}
