//! Reading a job's output: one range, or all of it in ranges side by side.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};
use tokio::sync::Semaphore;

use super::notes::Notes;
use super::part::Part;
use super::{ByRange, DOWNLOAD_PART_BYTES, FileObject, Job, chunk};
use crate::oas::api::Api;
use crate::oas::error::{DownloadArchiveError, Error, HashDoesNotMatchError};
use crate::oas::hash::{STRIDE, TreeHasher, compute_combine_tree_etag_from_list};
use crate::oas::limits::DOWNLOADS_AT_ONCE;
use crate::oas::progress::{Attempt, Progress};
use crate::oas::ranges::{self, ByteRange, calc_ranges, part_size, range_size};
use crate::oas::response::Response;
use crate::parallel::{blocking, cores, each};

/// Reads ranges of one job's output.
struct Reader {
    api: Api,
    vault_id: String,
    job_id: String,
    chunk: usize,
    progress: Progress,
    /// Who may hash and write: more than there are cores only wait for the file and for each other.
    turns: Semaphore,
}

/// A range that comes in: its bytes in pieces, and whether they are the right ones.
struct Coming {
    response: Response,
    range: ByteRange,
    /// Bytes that are still to come.
    left: u64,
    attempt: Attempt,
}

impl Reader {
    fn new(job: &Job, chunk: usize) -> Self {
        Self {
            api: job.api.clone(),
            vault_id: job.vault_id.clone(),
            job_id: job.id.clone(),
            chunk,
            progress: job.progress(),
            turns: Semaphore::new(cores()),
        }
    }

    async fn begin(&self, range: ByteRange) -> Result<Coming, Error> {
        let (vault, job) = (&self.vault_id, &self.job_id);
        let response = self.api.get_job_output(vault, job, Some(range)).await?;
        Ok(Coming {
            response,
            range,
            left: range_size(range),
            attempt: self.progress.attempt(),
        })
    }

    /// Brings a range to a place in the file, several times if need be, and returns its tree-etag.
    async fn bring(&self, part: &Arc<Part>, place: u64, range: ByteRange) -> Result<String, Error> {
        let work = async || {
            let mut coming = self.begin(range).await?;
            let (mut hasher, mut at) = (TreeHasher::default(), place);
            let mut piece = BytesMut::with_capacity(self.chunk.max(STRIDE));
            while coming.next(&mut piece).await? {
                let (part, bytes) = (part.clone(), piece.len() as u64);
                let _turn = self.turns.acquire().await.expect("never closed");
                (hasher, piece) = blocking(move || {
                    // Written first, while the processor still has what has just come in.
                    part.write_at(&piece, at)?;
                    hasher.update(&piece);
                    Ok::<_, Error>((hasher, piece))
                })
                .await?;
                at += bytes;
            }
            coming.end(hasher.finish())
        };
        self.again(range, work).await
    }

    /// Brings a range to where an object stands, several times if need be.
    async fn write(&self, object: &mut dyn FileObject, range: ByteRange) -> Result<(), Error> {
        let start = object.stream_position().await?;
        let object = tokio::sync::Mutex::new(object);
        let work = async || {
            let mut object = object.lock().await;
            object.seek(std::io::SeekFrom::Start(start)).await?;
            let mut coming = self.begin(range).await?;
            let mut hasher = TreeHasher::default();
            let mut piece = BytesMut::with_capacity(self.chunk);
            while coming.next(&mut piece).await? {
                object.write_all(&piece).await?;
                (hasher, piece) = blocking(move || {
                    hasher.update(&piece);
                    Ok::<_, Error>((hasher, piece))
                })
                .await?;
            }
            object.flush().await?;
            coming.end(hasher.finish())
        };
        self.again(range, work).await.map(|_| ())
    }

    async fn again<F: Future<Output = Result<String, Error>>>(
        &self,
        range: ByteRange,
        work: impl FnMut() -> F,
    ) -> Result<String, Error> {
        let told = |error: &Error, pause: Duration| {
            let range = ranges::text(range);
            tracing::warn!(target: "oas.ease.job", range, ?pause, "{error}; reading again");
        };
        self.api.retry().run(work, Error::may_pass, told).await
    }
}

impl Coming {
    /// Fills `piece` anew, as far as it goes; false after the last. Fails when there are more bytes than there should
    /// be.
    async fn next(&mut self, piece: &mut BytesMut) -> Result<bool, Error> {
        piece.clear();
        while piece.len() < piece.capacity() {
            let bytes = self.response.read(piece.capacity() - piece.len()).await?;
            if bytes.is_empty() {
                break;
            }
            self.attempt.add(bytes.len());
            piece.extend_from_slice(&bytes);
        }
        let left = self.left.checked_sub(piece.len() as u64);
        self.left = left.ok_or_else(|| self.wrong("is longer than asked for"))?;
        Ok(!piece.is_empty())
    }

    /// Judges the range as a whole, and returns its tree-etag.
    fn end(&self, tree_etag: String) -> Result<String, Error> {
        if self.left > 0 {
            return Err(self.wrong("is shorter than asked for"));
        }
        match self.response.header("x-oas-tree-etag") {
            Some(told) if !told.is_empty() && !told.eq_ignore_ascii_case(&tree_etag) => {
                let range = ranges::text(self.range);
                let text = format!("range {range} was damaged on the way");
                Err(HashDoesNotMatchError::of(text))
            }
            _ => {
                self.attempt.keep();
                Ok(tree_etag)
            }
        }
    }

    fn wrong(&self, what: &str) -> Error {
        DownloadArchiveError::of(format!("range {} {what}", ranges::text(self.range)))
    }
}

impl Job {
    /// Brings one range to where `to` says; exactly one place is given.
    pub(super) async fn bring(&self, range: ByteRange, to: ByRange<'_>) -> Result<(), Error> {
        let reader = Reader::new(self, chunk(to.chunk_size));
        self.progress.set(0);
        if let Some(object) = to.file_obj {
            return reader.write(object, range).await.map_err(incomplete);
        }
        let Some(path) = to.file_path.map(Path::to_owned) else {
            return Ok(());
        };
        let part = Arc::new(Part::open(&path)?);
        part.clear()?;
        if let Err(error) = reader.bring(&part, 0, range).await {
            part.remove()?;
            return Err(incomplete(error));
        }
        blocking(move || part.finish(range_size(range))).await
    }

    /// Brings all ranges that are not there yet, then judges the whole.
    pub(super) async fn bring_all(
        &mut self,
        path: &Path,
        length: u64,
        chunk: usize,
    ) -> Result<(), Error> {
        let part = Arc::new(Part::open(path)?);
        let step = part_size(DOWNLOAD_PART_BYTES, length);
        let mut notes = Notes {
            job: self.id.clone(),
            length,
            step,
            tree_etag: self.tree_etag.clone(),
            done: BTreeMap::new(),
        };
        self.take_up(&part, &mut notes, path).await?;
        self.progress.set(self.size_completed);
        let reader = Arc::new(Reader::new(self, chunk));
        let missing = calc_ranges(step, length).into_iter();
        let missing: Vec<_> = missing.filter(|r| !self.done.contains_key(&r.0)).collect();
        let work = |range: ByteRange| {
            let (reader, part) = (reader.clone(), part.clone());
            async move {
                let tree_etag = reader.bring(&part, range.0, range).await?;
                // The disk writes while other ranges come in, and has little left to do at the end.
                blocking(move || part.sync()).await?;
                Ok((range, tree_etag))
            }
        };
        each(missing, DOWNLOADS_AT_ONCE, work, |(range, tree_etag)| {
            tracing::info!(target: "oas.ease.job", range = ranges::text(range), "range is there");
            self.note(range, tree_etag);
            notes.done.clone_from(&self.done);
            notes.save(path)
        })
        .await
        .map_err(incomplete)?;
        self.judge(part, path.to_owned(), length).await
    }

    fn note(&mut self, range: ByteRange, tree_etag: String) {
        self.done.insert(range.0, tree_etag);
        self.size_completed += range_size(range);
    }

    /// Takes over what a former attempt has brought, as far as the bytes are still what was noted.
    async fn take_up(
        &mut self,
        part: &Arc<Part>,
        notes: &mut Notes,
        path: &Path,
    ) -> Result<(), Error> {
        let former = notes.former(path)?;
        if former.is_empty() {
            part.clear()?;
        }
        let planned = calc_ranges(notes.step, notes.length).into_iter();
        let known = planned.filter_map(|range| Some((range, former.get(&range.0)?.clone())));
        let known: Vec<_> = known.collect();
        let work = |(range, tree_etag): (ByteRange, String)| {
            let part = part.clone();
            blocking(move || {
                let good = part
                    .tree_etag(range)
                    .is_some_and(|found| found == tree_etag);
                Ok::<_, Error>((range, tree_etag, good))
            })
        };
        each(known, cores(), work, |(range, tree_etag, good)| {
            if good {
                self.note(range, tree_etag);
            } else {
                let range = ranges::text(range);
                tracing::warn!(target: "oas.ease.job", range, "range is not what was noted");
            }
            Ok::<_, Error>(())
        })
        .await?;
        notes.done.clone_from(&self.done);
        notes.save(path)
    }

    /// All ranges are there: the whole has to be what the job promises.
    async fn judge(&self, part: Arc<Part>, path: PathBuf, length: u64) -> Result<(), Error> {
        let trees: Vec<&String> = self.done.values().collect();
        let whole = compute_combine_tree_etag_from_list(&trees)?;
        let promised = self.tree_etag.clone();
        blocking(move || match promised {
            Some(promised) if !promised.eq_ignore_ascii_case(&whole) => {
                Notes::remove(&path)?;
                part.remove()?;
                let text = format!("the output has tree-etag {whole}, the job says {promised}");
                Err(HashDoesNotMatchError::of(text))
            }
            _ => {
                part.finish(length)?;
                Notes::remove(&path)
            }
        })
        .await
    }
}

/// What did not come whole, as the failure that says so; what was refused, or failed here, stays what it is.
fn incomplete(error: Error) -> Error {
    if !error.may_pass() {
        return error;
    }
    DownloadArchiveError::by(
        "the output did not come whole; download again to go on",
        error,
    )
}
