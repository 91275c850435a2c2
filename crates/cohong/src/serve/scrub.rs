//! The scrub: reads everything that is stored, a little at a time, so that damage is found before somebody needs what
//! is damaged. How far it has come is kept in a file of the data folder, and a restart goes on there.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cohong_core::model::{BlobId, PayloadId, Timestamp};
use cohong_core::ports::{BlobError, BlobInfo, BlobStore, BodyError, Clock};
use cohong_store::blob::LocalBlobs;
use cohong_store::meta::{EmbeddedMeta, Examined, RowsFrom};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};

use super::world::SystemClock;

/// Where it has come to, in the data folder.
const FILE: &str = "scrub.json";
/// Rows and blobs looked at between two pauses.
const PAGE: usize = 1000;
/// How often the file is written.
const SAVE_EVERY: Duration = Duration::from_secs(5);
/// Findings of a pass that are kept; the rest is counted.
const DAMAGE_MAX: usize = 100;
/// A new server has better things to do first.
const FIRST_AFTER: Duration = Duration::from_mins(10);

/// How much is read, and how often.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Bytes a second; 0 means that nothing is read but on demand, and then as fast as it goes.
    pub bytes_per_s: u64,
    /// From the end of a pass to the next.
    pub every: Duration,
}

/// Passes, as they are kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// The one under way.
    pub now: Option<Pass>,
    /// The last that ended.
    pub last: Option<Pass>,
}

/// One look at everything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pass {
    /// When it began, milliseconds since 1970.
    pub begun_at: u64,
    /// When it ended.
    pub ended_at: Option<u64>,
    /// Records, log records and small bodies read.
    pub rows: u64,
    /// Blobs read.
    pub blobs: u64,
    /// Bytes read.
    pub bytes: u64,
    /// Things that are not as they were written.
    pub damaged: u64,
    /// The first of them.
    pub damage: Vec<String>,
    /// The last blob that was read; everything else was before.
    after: Option<(String, u64)>,
}

/// See the module's text.
pub(crate) struct Scrub {
    meta: Arc<EmbeddedMeta>,
    blobs: Arc<LocalBlobs>,
    file: PathBuf,
    pace: Pace,
    /// Bytes a second of the pass under way; 0 for no limit.
    rate: AtomicU64,
    progress: Mutex<Progress>,
    saved: Mutex<Instant>,
    ordered: Notify,
    clock: SystemClock,
}

/// The server stops.
struct Stopped;

impl Scrub {
    pub(crate) fn new(
        meta: Arc<EmbeddedMeta>,
        blobs: Arc<LocalBlobs>,
        data: &std::path::Path,
        pace: Pace,
    ) -> Self {
        let file = data.join(FILE);
        let kept = fs::read(&file).ok();
        let progress = kept.and_then(|kept| serde_json::from_slice(&kept).ok());
        Self {
            meta,
            blobs,
            file,
            rate: AtomicU64::new(pace.bytes_per_s),
            pace,
            progress: Mutex::new(progress.unwrap_or_default()),
            saved: Mutex::new(Instant::now()),
            ordered: Notify::new(),
            clock: SystemClock::new(),
        }
    }

    /// Where it has come to.
    pub(crate) fn progress(&self) -> Progress {
        self.locked().clone()
    }

    /// Begins a pass now, or hurries the one under way, at so many bytes a second; 0 for as fast as it goes.
    pub(crate) fn order(&self, bytes_per_s: Option<u64>) {
        let rate = bytes_per_s.unwrap_or(self.pace.bytes_per_s);
        self.rate.store(rate, Ordering::Relaxed);
        let mut progress = self.locked();
        progress.now.get_or_insert_with(|| self.begin());
        drop(progress);
        self.ordered.notify_one();
    }

    /// Runs until the server stops.
    pub(crate) async fn run(self: Arc<Self>, mut stopped: watch::Receiver<bool>) {
        let stop = stopped.clone();
        let passes = async {
            loop {
                self.wait().await;
                self.locked().now.get_or_insert_with(|| self.begin());
                if self.pass(&stop).await.is_err() {
                    return;
                }
                self.rate.store(self.pace.bytes_per_s, Ordering::Relaxed);
            }
        };
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => {}
            () = passes => {}
        }
        self.save();
    }

    fn begin(&self) -> Pass {
        Pass {
            begun_at: self.clock.now().millis(),
            ..Pass::default()
        }
    }

    /// Until the next pass is due or ordered. One that was interrupted goes on at once.
    async fn wait(&self) {
        let progress = self.progress();
        if progress.now.is_some() {
            return;
        }
        if self.pace.bytes_per_s == 0 {
            return self.ordered.notified().await;
        }
        let ended = progress.last.and_then(|last| last.ended_at);
        let left = match ended {
            Some(ended) => {
                let since = self.clock.now().since(Timestamp::from_millis(ended));
                self.pace.every.saturating_sub(since)
            }
            None => FIRST_AFTER,
        };
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = self.ordered.notified() => {}
        }
    }

    async fn pass(&self, stop: &watch::Receiver<bool>) -> Result<(), Stopped> {
        let after = self
            .locked()
            .now
            .as_ref()
            .and_then(|pass| pass.after.clone());
        if after.is_none() {
            self.metadata(stop).await?;
        }
        self.all_blobs(after.as_ref().and_then(blob_id), stop)
            .await?;
        let mut progress = self.locked();
        if let Some(mut pass) = progress.now.take() {
            pass.ended_at = Some(self.clock.now().millis());
            pass.after = None;
            if pass.damaged > 0 {
                tracing::error!(
                    damaged = pass.damaged,
                    "the scrub found damage; see `cohong doctor`"
                );
            }
            progress.last = Some(pass);
        }
        drop(progress);
        self.save();
        Ok(())
    }

    /// Files first, then rows. A pass that is interrupted here begins anew: it is the small part.
    async fn metadata(&self, stop: &watch::Receiver<bool>) -> Result<(), Stopped> {
        match self.apart(EmbeddedMeta::table_files).await {
            Ok(files) => {
                for file in files {
                    let found = self.apart(move |meta| meta.examine_file(&file)).await;
                    self.note(found.map_err(|error| error.to_string()), stop)
                        .await?;
                }
            }
            Err(error) => self.note(Err(error.to_string()), stop).await?,
        }
        let found = self.apart(EmbeddedMeta::examine_journals).await;
        self.note(found.map_err(|error| error.to_string()), stop)
            .await?;
        let mut from = Some(RowsFrom::default());
        while let Some(rows) = from {
            let (found, next) = self.apart(move |meta| meta.examine_rows(rows, PAGE)).await;
            from = next;
            self.note(Ok(found), stop).await?;
        }
        Ok(())
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&EmbeddedMeta) -> T + Send + 'static,
    ) -> T {
        let meta = self.meta.clone();
        let done = tokio::task::spawn_blocking(move || work(&meta)).await;
        done.expect("looking at files does not panic")
    }

    async fn all_blobs(
        &self,
        mut last: Option<BlobId>,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), Stopped> {
        loop {
            let page = match self.blobs.scan(last, PAGE).await {
                Ok(page) => page,
                Err(error) => return self.note(Err(described(&error)), stop).await,
            };
            let Some(end) = page.last() else {
                return Ok(());
            };
            last = Some(end.id);
            for info in page {
                self.blob(info, stop).await?;
            }
        }
    }

    async fn blob(&self, info: BlobInfo, stop: &watch::Receiver<bool>) -> Result<(), Stopped> {
        let BlobInfo { id, len } = info;
        let failed = match self.blobs.read(id, 0..len).await {
            Ok(mut stream) => loop {
                match stream.next().await {
                    Some(Ok(piece)) => {
                        let found = Examined {
                            bytes: piece.len() as u64,
                            ..Examined::default()
                        };
                        self.note(Ok(found), stop).await?;
                    }
                    Some(Err(BodyError::Stored(error))) => break Some(error),
                    Some(Err(_)) | None => break None,
                }
            },
            Err(error) => Some(error),
        };
        match failed {
            // Removed meanwhile.
            None | Some(BlobError::NoSuchBlob) => {}
            Some(error) => {
                let what = format!("blob {id}: {}", described(&error));
                self.note(Err(what), stop).await?;
            }
        }
        let mut progress = self.locked();
        if let Some(pass) = &mut progress.now {
            pass.blobs += 1;
            pass.after = Some((hex::encode(id.payload.0), id.n));
        }
        drop(progress);
        self.save_if_due();
        Ok(())
    }

    /// Counts what was seen, keeps what is wrong, and rests as long as that many bytes have to last.
    async fn note(
        &self,
        found: Result<Examined, String>,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), Stopped> {
        let found = found.unwrap_or_else(|what| Examined {
            damage: vec![what],
            ..Examined::default()
        });
        let bytes = found.bytes;
        if let Some(pass) = &mut self.locked().now {
            pass.rows += found.rows;
            pass.bytes += bytes;
            pass.damaged += found.damage.len() as u64;
            let room = DAMAGE_MAX.saturating_sub(pass.damage.len());
            pass.damage.extend(found.damage.into_iter().take(room));
        }
        let rate = self.rate.load(Ordering::Relaxed);
        if let Some(millis) = (bytes * 1000).checked_div(rate) {
            let mut stop = stop.clone();
            tokio::select! {
                biased;
                _ = stop.wait_for(|stopped| *stopped) => return Err(Stopped),
                () = tokio::time::sleep(Duration::from_millis(millis)) => {}
                // An order changes the pace.
                () = self.ordered.notified() => {}
            }
        }
        Ok(())
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save_if_due(&self) {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        if saved.elapsed() >= SAVE_EVERY {
            *saved = Instant::now();
            self.save();
        }
    }

    /// A file that is lost costs a pass that begins anew.
    fn save(&self) {
        let text = serde_json::to_vec(&*self.locked()).expect("numbers and texts");
        let new = self.file.with_extension("new");
        let saved = fs::write(&new, text).and_then(|()| fs::rename(&new, &self.file));
        if let Err(error) = saved {
            tracing::warn!(%error, "how far the scrub has come cannot be kept");
        }
    }
}

fn blob_id((payload, n): &(String, u64)) -> Option<BlobId> {
    let payload: [u8; 16] = hex::decode(payload).ok()?.try_into().ok()?;
    Some(BlobId {
        payload: PayloadId(payload),
        n: *n,
    })
}

fn described(error: &BlobError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
