//! Reading a blob.
//!
//! Whole blocks are read and compared with their checksums before a byte of them is handed out. One
//! piece is read ahead while the receiver is busy with the one before, if a permit is free.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use cohong_core::model::BlobId;
use cohong_core::ports::{BlobError, BodyError, ByteStream};
use futures_util::stream::unfold;

use super::format::{BLOCK, FOOTER, blocks_match, footer, len_of, table_at, table_len};
use super::pool::{Job, Pool};
use super::{Folder, PIECE, failed};
use crate::disk::DiskFile;

/// Opens a blob, reads the first piece and streams the range.
pub(super) async fn read(
    folder: Arc<Folder>,
    pool: Pool,
    id: BlobId,
    range: Range<u64>,
) -> Result<ByteStream, BlobError> {
    let Range { start, end } = range;
    let open = move || {
        let blob = Blob::open(folder, id)?;
        if start > end || end > blob.len {
            let why = format!("range {start}..{end} is not within the {} bytes", blob.len);
            return Err(BlobError::Failed(why.into()));
        }
        let first = blob.piece(start, end)?;
        Ok((blob, first))
    };
    let (blob, first) = pool.run(open).await?;
    let pieces = Pieces {
        pool,
        blob: Arc::new(blob),
        next: start + first.len() as u64,
        end,
        ready: Some(first).filter(|first| !first.is_empty()),
        ahead: None,
    };
    Ok(Box::pin(unfold(pieces, Pieces::next)))
}

/// What is left of a read.
struct Pieces {
    pool: Pool,
    blob: Arc<Blob>,
    /// Where the piece that nobody has begun to read starts.
    next: u64,
    end: u64,
    ready: Option<Bytes>,
    ahead: Option<Job<Bytes>>,
}

impl Pieces {
    async fn next(mut self) -> Option<(Result<Bytes, BodyError>, Self)> {
        let piece = match (self.ready.take(), self.ahead.take()) {
            (Some(first), _) => Ok(first),
            (None, Some(mut job)) => job.end().await,
            (None, None) if self.next == self.end => return None,
            (None, None) => {
                let work = self.work();
                self.next = piece_end(self.next, self.end);
                self.pool.run(work).await
            }
        };
        match piece {
            Ok(piece) => {
                self.read_ahead();
                Some((Ok(piece), self))
            }
            Err(error) => {
                self.next = self.end;
                Some((Err(error.into()), self))
            }
        }
    }

    fn read_ahead(&mut self) {
        if self.next == self.end {
            return;
        }
        self.ahead = self.pool.try_start(self.work());
        if self.ahead.is_some() {
            self.next = piece_end(self.next, self.end);
        }
    }

    fn work(&self) -> impl FnOnce() -> Result<Bytes, BlobError> + Send + 'static {
        let (blob, from, end) = (self.blob.clone(), self.next, self.end);
        move || blob.piece(from, end)
    }
}

/// Where the piece from `from` on ends: pieces start at multiples of their size, so that no block is
/// read twice.
fn piece_end(from: u64, end: u64) -> u64 {
    let piece = PIECE as u64;
    end.min((from / piece + 1) * piece)
}

/// A finished blob, open. All of it blocks.
struct Blob {
    folder: Arc<Folder>,
    id: BlobId,
    file: Arc<dyn DiskFile>,
    len: u64,
}

impl Blob {
    fn open(folder: Arc<Folder>, id: BlobId) -> Result<Self, BlobError> {
        let path = folder.path(id);
        let file = folder
            .disk
            .open(&path)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => BlobError::NoSuchBlob,
                _ => failed(&path, &error),
            })?;
        let size = file.size().map_err(|error| failed(&path, &error))?;
        let len = len_of(size);
        let len = len.ok_or_else(|| damaged(id, "its length is not one of a blob"))?;
        let blob = Self {
            folder,
            id,
            file,
            len,
        };
        let mut end = [0; FOOTER];
        blob.read_at(size - FOOTER as u64, &mut end)?;
        if end != *footer(id, len) {
            return Err(damaged(id, "its footer is not that of its name and length"));
        }
        Ok(blob)
    }

    /// Bytes from `from` to the end of the piece, or to `end` if that comes first.
    fn piece(&self, from: u64, end: u64) -> Result<Bytes, BlobError> {
        let block = BLOCK as u64;
        let to = piece_end(from, end);
        let start = from - from % block;
        let stop = self.len.min(to.next_multiple_of(block));
        let mut data = vec![0; index(stop - start)];
        self.read_at(start, &mut data)?;
        let mut table = vec![0; table_len(data.len())];
        self.read_at(table_at(self.len, start), &mut table)?;
        if !blocks_match(&data, &table) {
            return Err(damaged(self.id, &format!("within bytes {start}..{stop}")));
        }
        Ok(Bytes::from(data).slice(index(from - start)..index(to - start)))
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), BlobError> {
        let read = self.file.read_at(offset, buffer);
        read.map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged(self.id, "it ends early"),
            _ => failed(&self.folder.path(self.id), &error),
        })
    }
}

/// An offset within a piece.
fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("a piece has at most 1 MiB")
}

fn damaged(id: BlobId, why: &str) -> BlobError {
    BlobError::Damaged(format!("blob {id}: {why}"))
}
