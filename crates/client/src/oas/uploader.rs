//! An upload in parts: begun, gone on with, cancelled (OAS sheet section 7.2).

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::api::{Api, Digests};
use super::error::{Error, HashDoesNotMatchError, UploadArchiveError, ValueError};
use super::hash::compute_combine_tree_etag_from_list;
use super::hashers::Hashers;
use super::limits::{MAXIMUM_ARCHIVE_BYTES, MINIMUM_PART_BYTES, UPLOADS_AT_ONCE};
use super::progress::{Attempt, Progress};
use super::ranges::{self, ByteRange, calc_ranges, range_size};
use super::response::Response;
use super::wire::{PartFacts, UploadFacts, set};
use crate::parallel::{cores, each};

/// Piece in which a file is sent; several of every part that is on its way are in memory.
const SENT_BYTES: usize = 256 << 10;

/// An upload in parts. It stays on the service until it is completed or cancelled, whatever becomes of this client.
///
/// Up to 8 parts are sent at once, each read from the file as it is sent: memory does not grow with the file.
#[derive(Debug)]
pub struct Uploader {
    /// Description of the archive to be.
    pub description: Option<String>,
    /// When it was begun, such as `Tue, 25 Mar 2014 12:02:00 GMT`.
    pub creation_date: Option<String>,
    /// Its id.
    pub id: String,
    /// Bytes of every part but the last.
    pub part_size: u64,
    api: Api,
    vault_id: String,
    file: Option<PathBuf>,
    /// Tree-etags of the parts that are up, by their ranges.
    done: BTreeMap<ByteRange, String>,
    progress: Progress,
}

impl Uploader {
    pub(super) fn new(api: &Api, vault_id: &str, facts: UploadFacts) -> Self {
        Self {
            description: set(facts.archive_description),
            creation_date: set(facts.creation_date),
            id: facts.multipart_upload_id,
            part_size: facts.part_size_in_bytes,
            api: api.clone(),
            vault_id: vault_id.to_owned(),
            file: None,
            done: BTreeMap::new(),
            progress: Progress::default(),
        }
    }

    pub(super) fn with_file(self, file: &Path) -> Self {
        Self {
            file: Some(file.to_owned()),
            ..self
        }
    }

    /// Size of parts for a file: 64 MiB, or the smallest power of two that makes no more than 10,000 parts. Fails for
    /// files below 64 MiB, which are sent whole, and above 40,000 GiB.
    ///
    /// ```
    /// use cohong_client::oas::Uploader;
    /// assert_eq!(Uploader::calc_part_size(1 << 40)?, 128 << 20);
    /// # Ok::<(), cohong_client::oas::ValueError>(())
    /// ```
    pub fn calc_part_size(size_total: u64) -> Result<u64, ValueError> {
        match size_total {
            ..MINIMUM_PART_BYTES => Err(ValueError::new(format!(
                "a file of {size_total} bytes is too small for parts; use upload_archive"
            ))),
            MINIMUM_PART_BYTES..=MAXIMUM_ARCHIVE_BYTES => {
                Ok(ranges::part_size(MINIMUM_PART_BYTES, size_total))
            }
            _ => Err(ValueError::new(format!(
                "a file of {size_total} bytes is too large; archives end at 40000 GiB"
            ))),
        }
    }

    /// Bytes of the parts that are known to be up.
    pub fn size_completed(&self) -> u64 {
        self.done.keys().map(|range| range_size(*range)).sum()
    }

    /// Counts the bytes while [`start`](Self::start) or [`resume`](Self::resume) run.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Sends the parts that are not up yet, several at once, then makes the archive of them and returns its id.
    ///
    /// A part is tried as often as [`Retry`](super::Retry) says when the connection breaks, the service is at fault or
    /// the bytes were damaged on the way. Fails with [`UploadArchiveError`] when parts are missing in the end or the
    /// file has changed meanwhile, and when there is no file: an uploader that was recovered needs
    /// [`resume`](Self::resume).
    pub async fn start(&mut self) -> Result<String, Error> {
        let Some(file) = self.file.clone() else {
            return Err(UploadArchiveError::of(
                "no file is known; call resume with it",
            ));
        };
        let before = Stamp::of(&file)?;
        self.plan(before.size)?;
        self.send(&file, before).await?;
        if Stamp::of(&file)? != before {
            return Err(UploadArchiveError::of(
                "the file changed while it was uploaded; cancel and upload it again",
            ));
        }
        self.complete(before.size).await
    }

    /// Goes on with a file of which parts are up already, perhaps since a former run: compares these with the file and
    /// sends the rest, as [`start`](Self::start) does.
    ///
    /// Fails with [`HashDoesNotMatchError`] when a part is not what the file has in its place: it is another file, or it
    /// has changed.
    pub async fn resume(&mut self, file_path: &Path) -> Result<String, Error> {
        let size = Stamp::of(file_path)?.size;
        self.file = Some(file_path.to_owned());
        self.done.clear();
        let planned = self.plan(size)?;
        let listed = self.api.list_parts(&self.vault_id, &self.id).await?;
        let mut up = Vec::new();
        for PartFacts {
            range_in_bytes,
            content_etag,
        } in listed
        {
            match ranges::parse(&range_in_bytes) {
                Some(range) if planned.contains(&range) => up.push((range, content_etag)),
                _ => {
                    let text =
                        format!("part {range_in_bytes} of the upload is no part of this file");
                    return Err(HashDoesNotMatchError::of(text));
                }
            }
        }
        let hashers = Arc::new(Hashers::default());
        let work = |(range, etag): (ByteRange, String)| {
            let (file, hashers) = (file_path.to_owned(), hashers.clone());
            async move {
                let digests = hashers.digests(file, range).await?;
                if digests.etag.eq_ignore_ascii_case(&etag) {
                    return Ok((range, digests.tree_etag));
                }
                let part = ranges::text(range);
                let text = format!("part {part} of the upload is not what the file has there");
                Err(HashDoesNotMatchError::of(text))
            }
        };
        let done = &mut self.done;
        each(up, cores(), work, |(range, tree_etag)| {
            done.insert(range, tree_etag);
            Ok(())
        })
        .await?;
        tracing::info!(target: "oas.ease.uploader", upload = self.id, parts = self.done.len(), "resumed");
        self.start().await
    }

    /// Gives the upload up; the service forgets its parts.
    pub async fn cancel(&self) -> Result<Response, Error> {
        self.api
            .cancel_multipart_upload(&self.vault_id, &self.id)
            .await
    }

    /// The ranges of the parts of a file.
    fn plan(&self, size: u64) -> Result<Vec<ByteRange>, Error> {
        if self.part_size == 0 || size == 0 {
            return Err(
                ValueError::new("neither a file nor a part of an upload can be empty").into(),
            );
        }
        Ok(calc_ranges(self.part_size, size))
    }

    async fn send(&mut self, file: &Path, stamp: Stamp) -> Result<(), Error> {
        let missing = self.plan(stamp.size)?.into_iter();
        let missing: Vec<ByteRange> = missing.filter(|r| !self.done.contains_key(r)).collect();
        self.progress.set(self.size_completed());
        let part = Arc::new(Part {
            api: self.api.clone(),
            vault_id: self.vault_id.clone(),
            upload_id: self.id.clone(),
            file: file.to_owned(),
            progress: self.progress.clone(),
            hashers: Hashers::default(),
        });
        let work = |range| {
            let part = part.clone();
            async move { part.send(range).await.map(|tree_etag| (range, tree_etag)) }
        };
        let done = &mut self.done;
        let sent = each(missing, UPLOADS_AT_ONCE, work, |(range, tree_etag)| {
            tracing::info!(target: "oas.ease.uploader", range = ranges::text(range), "part is up");
            done.insert(range, tree_etag);
            Ok(())
        });
        match sent.await {
            Ok(()) => Ok(()),
            Err(cause) => {
                let (up, all) = (self.size_completed(), stamp.size);
                let text = format!("{up} of {all} bytes are up; resume when the cause is gone");
                Err(UploadArchiveError::by(text, cause))
            }
        }
    }

    /// Makes the archive. When an answer was lost and the upload is gone afterwards, it may be there.
    async fn complete(&self, size: u64) -> Result<String, Error> {
        let parts: Vec<&String> = self.done.values().collect();
        let tree_etag = compute_combine_tree_etag_from_list(&parts)?;
        let lost = std::sync::atomic::AtomicBool::new(false);
        let work = || {
            self.api
                .complete_multipart_upload(&self.vault_id, &self.id, size, &tree_etag)
        };
        let told = |error: &Error, pause: Duration| {
            lost.store(true, std::sync::atomic::Ordering::Relaxed);
            tracing::warn!(target: "oas.ease.uploader", ?pause, "{error}; completing again");
        };
        let answer = self.api.retry().run(work, Error::may_pass, told).await;
        match answer {
            Ok(answer) => answer.named("x-oas-archive-id"),
            Err(Error::Server(error)) if error.status == 404 && lost.into_inner() => {
                Err(UploadArchiveError::by(
                    "an answer was lost and the upload is gone: look for the archive in \
                              the vault's inventory",
                    error.into(),
                ))
            }
            Err(error) => Err(error),
        }
    }
}

/// Sends parts.
struct Part {
    api: Api,
    vault_id: String,
    upload_id: String,
    file: PathBuf,
    progress: Progress,
    hashers: Hashers,
}

impl Part {
    /// Sends one part, several times if need be, and returns its tree-etag.
    async fn send(&self, range: ByteRange) -> Result<String, Error> {
        let digests = self.hashers.digests(self.file.clone(), range).await?;
        let work = || self.send_once(range, &digests);
        let told = |error: &Error, pause: Duration| {
            let range = ranges::text(range);
            tracing::warn!(target: "oas.ease.uploader", range, ?pause, "{error}; sending again");
        };
        let sent = self.api.retry().run(work, send_again, told).await;
        sent.map(|()| digests.tree_etag)
    }

    async fn send_once(&self, range: ByteRange, digests: &Digests) -> Result<(), Error> {
        let attempt = Arc::new(self.progress.attempt());
        let body = body(&self.file, range, attempt.clone()).await?;
        self.api
            .upload_part(&self.vault_id, &self.upload_id, range, body, digests)
            .await?;
        attempt.keep();
        Ok(())
    }
}

/// Whether what was sent may be sent again: also when its bytes were damaged on the way (OAS sheet section 7.2).
pub(super) fn send_again(error: &Error) -> bool {
    let damaged = matches!(error, Error::Server(error) if error.code == "InvalidDigest");
    damaged || error.may_pass()
}

/// A range of a file as the body of a request, read as it is sent.
pub(super) async fn body(
    path: &Path,
    (first, last): ByteRange,
    attempt: Arc<Attempt>,
) -> Result<reqwest::Body, Error> {
    let named = |error: std::io::Error| Error::file("read", path, &error);
    let mut file = tokio::fs::File::open(path).await.map_err(named)?;
    file.seek(std::io::SeekFrom::Start(first))
        .await
        .map_err(named)?;
    let range = file.take(range_size((first, last)));
    let pieces = ReaderStream::with_capacity(range, SENT_BYTES);
    let counted = pieces.inspect_ok(move |piece| attempt.add(piece.len()));
    Ok(reqwest::Body::wrap_stream(counted))
}

/// What tells that a file is the one it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Device and number on it.
    place: (u64, u64),
    /// Last change, seconds and nanoseconds.
    changed: (i64, i64),
}

impl Stamp {
    pub(super) fn of(path: &Path) -> Result<Self, Error> {
        let facts = std::fs::metadata(path).map_err(|e| Error::file("read", path, &e))?;
        if !Metadata::is_file(&facts) {
            let text = format!("{} is no file, so it has no length", path.display());
            return Err(ValueError::new(text).into());
        }
        Ok(Self {
            size: facts.len(),
            place: (facts.dev(), facts.ino()),
            changed: (facts.mtime(), facts.mtime_nsec()),
        })
    }
}
