//! Jobs, and what they bring (OAS sheet section 7.3).

mod notes;
mod output;
mod part;

use std::collections::BTreeMap;
use std::path::Path;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::io::{AsyncSeek, AsyncWrite};

use super::api::Api;
use super::error::{DownloadArchiveError, Error, ValueError};
use super::limits::{CHUNK_BYTES, DOWNLOAD_PART_BYTES, FIRST_LOOK, SLOWEST_LOOK};
use super::progress::Progress;
use super::ranges::{self, ByteRange, range_size};
use super::wire::{JobFacts, set};

/// A job, as it was when it was last asked for.
#[derive(Debug, Clone)]
pub struct Job {
    /// `ArchiveRetrieval`, `InventoryRetrieval`, `PullFromOSS` or `PushToOSS`.
    pub action: Option<String>,
    /// Tree-etag of the whole archive, when the job is done.
    pub etag: Option<String>,
    /// Tree-etag of the job's range, when it is done and the range is a node of the archive's tree.
    pub tree_etag: Option<String>,
    /// The archive; of a pull the new one, when it is done.
    pub archive_id: Option<String>,
    /// Bytes of the whole archive, when the job is done.
    pub archive_size: Option<u64>,
    /// Whether it has ended, well or not.
    pub completed: bool,
    /// When it ended, such as `Tue, 25 Mar 2014 12:02:00 GMT`.
    pub completion_date: Option<String>,
    /// When it was begun.
    pub creation_date: Option<String>,
    /// Bytes of the inventory, when that is ready.
    pub inventory_size: Option<u64>,
    /// Description.
    pub description: Option<String>,
    /// Its id.
    pub id: String,
    /// Bytes of the archive that it brings.
    pub job_range: Option<ByteRange>,
    /// `InProgress`, `Succeeded` or `Failed`.
    pub status_code: Option<String>,
    /// Why it failed, or how it stands.
    pub status_message: Option<String>,
    api: Api,
    vault_id: String,
    /// Tree-etags of the ranges that a download has brought, by their first bytes.
    done: BTreeMap<u64, String>,
    /// Bytes of those ranges.
    size_completed: u64,
    progress: Progress,
}

/// Where [`Job::download_by_range`] writes, and how. The default has no place yet, pieces of 1 MiB, and waits.
pub struct ByRange<'a> {
    /// File to write; it appears under this name when it is complete.
    pub file_path: Option<&'a Path>,
    /// Or what to write to, from where it stands.
    pub file_obj: Option<&'a mut dyn FileObject>,
    /// Bytes written at once; 0 means 1 MiB.
    pub chunk_size: usize,
    /// Whether to wait for the job's end. Without it a job that runs is a failure.
    pub block: bool,
}

impl Default for ByRange<'_> {
    fn default() -> Self {
        Self {
            file_path: None,
            file_obj: None,
            chunk_size: CHUNK_BYTES,
            block: true,
        }
    }
}

/// How [`Job::download_to_file`] works. The default writes pieces of 1 MiB, and waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToFile {
    /// Bytes written at once; 0 means 1 MiB.
    pub chunk_size: usize,
    /// Whether to wait for the job's end. Without it a job that runs is a failure.
    pub block: bool,
}

impl Default for ToFile {
    fn default() -> Self {
        Self {
            chunk_size: CHUNK_BYTES,
            block: true,
        }
    }
}

/// What a range can be written to: it can be positioned, since a range that breaks off is written again.
pub trait FileObject: AsyncWrite + AsyncSeek + Send + Unpin {}

impl<T: AsyncWrite + AsyncSeek + Send + Unpin> FileObject for T {}

impl Job {
    pub(super) fn new(api: &Api, vault_id: &str, facts: JobFacts) -> Self {
        let mut job = Self {
            action: None,
            etag: None,
            tree_etag: None,
            archive_id: None,
            archive_size: None,
            completed: false,
            completion_date: None,
            creation_date: None,
            inventory_size: None,
            description: None,
            id: String::new(),
            job_range: None,
            status_code: None,
            status_message: None,
            api: api.clone(),
            vault_id: vault_id.to_owned(),
            done: BTreeMap::new(),
            size_completed: 0,
            progress: Progress::default(),
        };
        job.update(facts);
        job
    }

    fn update(&mut self, facts: JobFacts) {
        let size = |bytes: i64| u64::try_from(bytes).ok().filter(|bytes| *bytes > 0);
        self.action = set(facts.action);
        self.etag = set(facts.archive_tree_etag).or_else(|| set(facts.archive_content_etag));
        self.tree_etag = set(facts.tree_etag);
        self.archive_id = set(facts.archive_id);
        self.archive_size = size(facts.archive_size_in_bytes);
        self.completed = facts.completed;
        self.completion_date = set(facts.completion_date);
        self.creation_date = set(facts.creation_date);
        self.inventory_size = size(facts.inventory_size_in_bytes);
        self.description = set(facts.job_description);
        self.id = facts.job_id;
        self.job_range = ranges::parse(&facts.retrieval_byte_range);
        self.status_code = set(facts.status_code);
        self.status_message = set(facts.status_message);
        self.done.clear();
        self.size_completed = 0;
    }

    /// Asks how the job stands, and forgets what [`size_completed`](Self::size_completed) counted.
    pub async fn update_status(&mut self) -> Result<(), Error> {
        let answer = self.api.describe_job(&self.vault_id, &self.id).await?;
        self.update(answer.parse()?);
        Ok(())
    }

    /// Waits until the job has ended. It is looked at after a tenth of a second and then less and less often, at last
    /// every 4.5 to 9 seconds. Fails with [`DownloadArchiveError`] when the job has failed.
    pub async fn wait(&mut self) -> Result<(), Error> {
        self.update_status().await?;
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(FIRST_LOOK)
            .with_max_delay(SLOWEST_LOOK)
            .without_max_times()
            .with_jitter()
            .build();
        while !self.completed {
            let pause = pauses.next().unwrap_or(SLOWEST_LOOK);
            tracing::info!(target: "oas.ease.job", job = self.id, ?pause, "the job runs");
            tokio::time::sleep(pause).await;
            self.update_status().await?;
        }
        self.succeeded()
    }

    /// Bytes of the output that a download has brought and compared so far.
    pub fn size_completed(&self) -> u64 {
        self.size_completed
    }

    /// Counts the bytes while [`download_to_file`](Self::download_to_file) runs.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Brings a range of the output: first and last byte, in whole MiB or up to its end, counted from the begin of the
    /// job's own range. A range that breaks off is written again as often as [`Retry`](super::Retry) says. Where the
    /// service tells its tree-etag, that is compared.
    ///
    /// Fails with [`ValueError`] when not exactly one of path and object is given, with
    /// [`OASServerError`](super::OASServerError) when the service refuses, and with [`DownloadArchiveError`] when the job
    /// has no output, is not ready or the range did not come whole. After a failure a file under that name is as it was;
    /// what an object holds from its position on is undefined.
    pub async fn download_by_range(
        &mut self,
        byte_range: ByteRange,
        to: ByRange<'_>,
    ) -> Result<(), Error> {
        if byte_range.0 > byte_range.1 {
            return Err(ValueError::new("the range ends before it begins").into());
        }
        if to.file_path.is_some() == to.file_obj.is_some() {
            return Err(ValueError::new("give a path or a file object, not both").into());
        }
        self.ready(to.block).await?;
        self.bring(byte_range, to).await
    }

    /// Brings the whole output into a file.
    ///
    /// Up to 16 ranges of 32 MiB are read at once and compared with the tree-etags that the service tells. Until all is
    /// there the bytes are in `<path>.oas-part` and `<path>.oas` says which ranges are good; another call, also of
    /// another process, goes on from there after it has compared them. Notes of another job are not used: to start over,
    /// remove `<path>.oas`. Then the combination of all ranges has to be the job's own tree-etag, the file is made
    /// durable, takes its final name and the notes go.
    ///
    /// Fails with [`DownloadArchiveError`] when the job has no output, is not ready or ranges are missing, with
    /// [`HashDoesNotMatchError`](super::HashDoesNotMatchError) when the whole is not what the job promises, with
    /// [`OASServerError`](super::OASServerError) when the service refuses, such as after the output's end, and with an
    /// I/O error when the disk does. A file under the final name is then as it was.
    pub async fn download_to_file(&mut self, file_path: &Path, how: ToFile) -> Result<(), Error> {
        self.ready(how.block).await?;
        if let Some(size) = self.inventory_size {
            let to = ByRange {
                file_path: Some(file_path),
                chunk_size: how.chunk_size,
                ..ByRange::default()
            };
            return self.bring((0, size - 1), to).await;
        }
        let range = self.job_range.ok_or_else(no_output)?;
        self.bring_all(file_path, range_size(range), chunk(how.chunk_size))
            .await
    }

    /// Looks how the job stands, and waits for its end or does not.
    async fn ready(&mut self, block: bool) -> Result<(), Error> {
        if matches!(self.action.as_deref(), Some("PullFromOSS" | "PushToOSS")) {
            return Err(no_output());
        }
        if block {
            return self.wait().await;
        }
        self.update_status().await?;
        if self.completed {
            self.succeeded()
        } else {
            Err(DownloadArchiveError::of(
                "the job is not ready; wait for it",
            ))
        }
    }

    fn succeeded(&self) -> Result<(), Error> {
        match self.status_code.as_deref() {
            Some(code) if code.eq_ignore_ascii_case("failed") => {
                let why = self.status_message.as_deref().unwrap_or("it says not why");
                Err(DownloadArchiveError::of(format!(
                    "the job has failed: {why}"
                )))
            }
            _ => Ok(()),
        }
    }
}

fn no_output() -> Error {
    DownloadArchiveError::of("a job of this kind has no output")
}

fn chunk(size: usize) -> usize {
    match size {
        0 => CHUNK_BYTES,
        size => size,
    }
}
