//! Power cuts. The real binary runs once under a tracer of system calls; from its record every folder can be
//! made that a disk may hold when the power fails after any call. The binary is started on such folders and
//! asked. `COHONG_POWERCUT_ROUNDS` cuts (20 by default), by `COHONG_POWERCUT_SEED`.
//!
//! Cuts of one recording are many; the next recording goes on from one of them, so that recovery from a cut
//! is cut too. What must hold after every cut: each answered write is there with its bytes and its event,
//! each event once, the change that was not answered as a whole or not at all; events that had not left
//! arrive, those of a key in order; the doctor finds nothing, and nothing unreferenced is left behind.
//!
//! That this can fail is tested too: on a disk that ignores certain syncs, acknowledged writes are lost.

#![allow(clippy::print_stdout, reason = "what a run did is worth reading")]

mod check;
mod journal;
mod vault;
mod workload;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use cohong_testkit::instance::{Instance, Start};
use cohong_testkit::powercut::{Disk, Recording, Step, Survival};
use cohong_testkit::receiver::Receiver;
use cohong_testkit::seed::Seed;
use http::StatusCode;

use journal::{Found, Journal};

/// Most cuts of one recording.
const CUTS_EACH: usize = 50;

/// One run.
struct Run {
    random: Seed,
    receiver: Receiver,
    /// Whether the function takes events that nobody took before the cut.
    open: Arc<AtomicBool>,
    journal: Journal,
    /// Holds the configuration and the folder that is in use.
    scratch: tempfile::TempDir,
    counts: Counts,
}

#[derive(Debug, Default)]
struct Counts {
    recordings: usize,
    cuts: usize,
    /// Answered writes that were checked, all cuts together.
    writes: usize,
    /// Writes that were there although they had not been answered.
    unanswered: usize,
}

/// Where the power fails, and what becomes of what was not synced.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// After so many steps.
    step: usize,
    survival: Survival,
    seed: u64,
}

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok().and_then(|n| n.parse().ok());
    value.unwrap_or(default)
}

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cohong"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_a_power_cut() {
    let seed = setting("COHONG_POWERCUT_SEED", u64::from(std::process::id()));
    let rounds = setting("COHONG_POWERCUT_ROUNDS", 20);
    println!("COHONG_POWERCUT_SEED={seed}");
    let mut run = Run::new(seed).await.expect("a run");
    let rounds = usize::try_from(rounds).expect("so many rounds");
    let done = run.rounds(rounds).await;
    let Counts {
        recordings,
        cuts,
        writes,
        unanswered,
    } = run.counts;
    println!(
        "{cuts} power cuts in {recordings} recordings: {writes} answered writes looked for, \
         {unanswered} more that were not answered yet"
    );
    done.unwrap_or_else(|broken| panic!("cut {cuts}: {broken}"));
    println!("lost 0, half visible 0");
}

/// The metadata journal, the bytes of blobs, the names of blobs: without syncs of any of them a disk that keeps
/// nothing else loses what was answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_ignores_syncs_is_noticed() {
    let mut run = Run::new(1).await.expect("a run");
    let recording = run.record(Disk::empty()).await.expect("a recording");
    let cut = Cut {
        step: recording.steps.len(),
        survival: Survival::None,
        seed: 0,
    };
    let truth = run.cut(&recording, cut, "").await;
    truth.expect("nothing is lost when syncs are heard");
    for deaf in [".jnl", "tmp/", "blobs/"] {
        let broken = run.cut(&recording, cut, deaf).await;
        let broken = broken.expect_err("a lost write is noticed");
        println!("without syncs of {deaf}: {broken}");
    }
}

impl Run {
    async fn new(seed: u64) -> Result<Self, String> {
        let open = Arc::new(AtomicBool::new(false));
        let takes = open.clone();
        let receiver = Receiver::answering(move |arrived| {
            let refused = arrived.target == "/dead" && !takes.load(Ordering::SeqCst);
            let status = if refused {
                StatusCode::SERVICE_UNAVAILABLE
            } else {
                StatusCode::OK
            };
            (status, Bytes::from_static(b"{}"))
        });
        let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
        let config = scratch.path().join("config.toml");
        std::fs::write(config, "[oas]\njob_delay_s = 0\n").map_err(|e| e.to_string())?;
        Ok(Self {
            random: Seed::new(seed),
            receiver: receiver.await.map_err(|e| e.to_string())?,
            open,
            journal: Journal::default(),
            scratch,
            counts: Counts::default(),
        })
    }

    /// Records and cuts. An error is a broken promise, with the cut that broke it.
    async fn rounds(&mut self, rounds: usize) -> Result<(), String> {
        let mut disk = Disk::empty();
        let mut left = rounds;
        while left > 0 {
            if self.counts.recordings > 0 {
                disk = self.load(&disk).await?;
            }
            let recording = self.record(disk).await?;
            self.counts.recordings += 1;
            // Also a short run goes on from a cut once.
            let cuts = left.min(CUTS_EACH).min(rounds.div_ceil(2));
            left -= cuts;
            disk = self.cut_all(&recording, cuts).await?;
        }
        Ok(())
    }

    /// Stores so much on a disk, without a tracer, that the metadata engine has files to write and journals to
    /// remove when it starts next.
    async fn load(&mut self, before: &Disk) -> Result<Disk, String> {
        self.open.store(false, Ordering::SeqCst);
        let folder = self.folder(before)?;
        let instance = self.start(&folder, Vec::new()).await?;
        workload::load(&instance, self.random.draw()).await?;
        if instance.stop().await? != Some(0) {
            return Err("the loaded server did not end well".into());
        }
        self.journal.taken(&self.receiver.take());
        Disk::read(&folder).map_err(|e| e.to_string())
    }

    /// Runs the workload on a disk, under the tracer.
    async fn record(&mut self, before: Disk) -> Result<Recording, String> {
        self.open.store(false, Ordering::SeqCst);
        let folder = self.folder(&before)?;
        let trace = self.scratch.path().join("trace");
        let instance = self.start(&folder, Recording::tracer(&trace)).await?;
        workload::prepare(&instance, binary(), &self.receiver).await?;
        let seed = self.random.draw();
        workload::run(&instance, &self.receiver, &mut self.journal, seed).await?;
        if instance.stop().await? != Some(0) {
            return Err("the recorded server did not end well".into());
        }
        self.receiver.take();
        let text = std::fs::read_to_string(&trace).map_err(|e| e.to_string())?;
        let recording = Recording::read(&text, &folder, before)?;
        recording.compare()?;
        self.journal.place(&recording)?;
        println!(
            "recorded {} steps, {} answers, {} MiB of trace",
            recording.steps.len(),
            recording.answers().len(),
            text.len() >> 20
        );
        Ok(recording)
    }

    /// Cuts at some steps, in order; the disk after one of them, which the next recording goes on from.
    async fn cut_all(&mut self, recording: &Recording, count: usize) -> Result<Disk, String> {
        let mut cuts: Vec<Cut> = (0..count).map(|_| self.draw(recording)).collect();
        cuts.sort_unstable_by_key(|cut| cut.step);
        let mut next = None;
        let (mut disk, mut at) = (recording.before(), 0);
        for cut in cuts {
            for step in &recording.steps[at..cut.step] {
                disk.apply(step, |_| true);
            }
            at = cut.step;
            let after = disk.cut(cut.survival, cut.seed);
            self.counts.cuts += 1;
            let found = self.check(&after, cut.step).await;
            let found = found.map_err(|broken| keep(&after, cut, &broken))?;
            if let Some(found) = found {
                next = Some((after, found, cut.step));
            }
        }
        println!("{} cuts", self.counts.cuts);
        let (disk, found, step) = next.ok_or("no cut came after the first answer")?;
        self.journal.go_on(&found, step);
        Ok(disk)
    }

    /// One cut of a disk that does not hear syncs of paths with `deaf` in them.
    async fn cut(&mut self, recording: &Recording, cut: Cut, deaf: &str) -> Result<(), String> {
        let mut disk = recording.before();
        for step in &recording.steps[..cut.step] {
            disk.apply(step, |path| deaf.is_empty() || !path.contains(deaf));
        }
        let after = disk.cut(cut.survival, cut.seed);
        self.check(&after, cut.step).await.map(drop)
    }

    /// A step to cut after: the moment an answer leaves, around a sync, where files come and go, or any.
    fn draw(&mut self, recording: &Recording) -> Cut {
        let all = recording.steps.len();
        let from = usize::try_from(self.random.below(all as u64)).unwrap_or_default();
        let way = self.random.below(4);
        let wanted = |step: &Step| match (way, step) {
            (0, Step::Answered(_))
            | (1, Step::SyncEnded { .. })
            | (2, Step::Removed { .. } | Step::Renamed { .. })
            | (3, _) => true,
            (2, Step::Made { mode, .. }) => mode.is_some(),
            _ => false,
        };
        let found = recording.steps[from..].iter().position(wanted);
        // After an answer has left; before or after all else.
        let after = if way == 0 { 1 } else { self.random.below(2) };
        let step = from + found.unwrap_or_default() + usize::try_from(after).unwrap_or_default();
        Cut {
            step: step.clamp(1, all),
            survival: match self.random.below(8) {
                0..3 => Survival::None,
                3 => Survival::All,
                chances => Survival::Some(2 * chances - 7),
            },
            seed: self.random.draw(),
        }
    }

    /// Starts a server on what the cut left and asks it everything; what was there, unless nothing had been
    /// answered by then.
    async fn check(&mut self, disk: &Disk, step: usize) -> Result<Option<Found>, String> {
        let folder = self.folder(disk)?;
        self.receiver.take();
        self.open.store(true, Ordering::SeqCst);
        let instance = self.start(&folder, Vec::new()).await?;
        let answered = self.journal.all_answered(step);
        if answered == 0 {
            check::health(&instance, binary()).await?;
            instance.stop().await?;
            return Ok(None);
        }
        let found = check::shown(&instance, binary(), &self.journal, step).await?;
        let arrived = || self.receiver.take();
        let at = (&found, step);
        check::delivered(&instance, binary(), &self.journal, at, arrived).await?;
        check::health(&instance, binary()).await?;
        check::abort_uploads(&instance).await?;
        if instance.stop().await? != Some(0) {
            return Err("the server did not end well".into());
        }
        check::leftovers(&folder).await?;
        self.counts.writes += answered;
        self.counts.unanswered += found.writes.values().sum::<usize>() - answered;
        Ok(Some(found))
    }

    /// The data folder with what a disk holds, instead of what it held.
    fn folder(&self, disk: &Disk) -> Result<PathBuf, String> {
        let put = || {
            let folder = self.scratch.path().canonicalize()?.join("data");
            if folder.exists() {
                std::fs::remove_dir_all(&folder)?;
            }
            std::fs::create_dir(&folder)?;
            disk.put(&folder)?;
            Ok(folder)
        };
        put().map_err(|e: std::io::Error| e.to_string())
    }

    async fn start(&self, folder: &Path, under: Vec<String>) -> Result<Instance, String> {
        let config = self.scratch.path().join("config.toml");
        let start = Start {
            under,
            args: vec!["--config".into(), config.display().to_string()],
            ..Start::default()
        };
        let started = Instance::start(binary(), folder, &start).await;
        started.map_err(|error| format!("it does not start: {error}"))
    }
}

/// Keeps what a cut left, to be looked at, and tells where.
fn keep(disk: &Disk, cut: Cut, broken: &str) -> String {
    let kept = tempfile::tempdir().map(tempfile::TempDir::keep);
    let kept = kept.and_then(|folder| disk.put(&folder).map(|()| folder));
    let kept = kept.map_or_else(
        |error| format!("not kept, {error}"),
        |folder| format!("kept in {}", folder.display()),
    );
    format!("{cut:?}: {broken}; the folder as the cut left it is {kept}")
}
