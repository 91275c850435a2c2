//! A file of 2 GiB up and down: `cohong archive put` and `get`, and `rclone copyto` through S3 to and from the same
//! server. A downloaded archive is on the disk when the command ends, what rclone brought need not be: its time goes on
//! until it is. Beside the time stands the greatest resident memory of the client and by how much the server's grew.
//! Before every transfer as much memory is taken and given back as it may need: a virtual machine that has to be given
//! its memory first writes files at a tenth of the speed, and it would be chance whom that hits.
//! `COHONG_BENCH_MIB` is the size, 2,048 by default, `COHONG_BENCH_ROUNDS` the number of rounds, 3.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use cohong_testkit::instance::{ACCESS_KEY, Instance, SECRET_KEY};
use tokio::process::Command;

use crate::load::median;
use crate::memory::peak;
use crate::table::ratio;
use crate::{binary, fresh, rclone, setting};

const VAULT: &str = "bench-vault";
const BUCKET: &str = "bench-files";
/// How often a client's memory is looked at; the kernel keeps the greatest.
const LOOK: Duration = Duration::from_millis(20);

/// One transfer.
#[derive(Clone, Copy)]
struct Took {
    seconds: f64,
    /// Greatest resident memory of the client, KiB.
    client: u64,
    /// Growth of the server's, KiB.
    server: u64,
}

/// Who moves the file.
#[derive(Clone, Copy)]
enum Way {
    Archive,
    Rclone,
}

/// What is moved and where to.
struct World {
    server: Instance,
    file: PathBuf,
    back: PathBuf,
    mib: usize,
}

pub(crate) async fn run() -> Result<(), String> {
    let mib = setting("COHONG_BENCH_MIB", 2048)?;
    let rounds = setting("COHONG_BENCH_ROUNDS", 3)?;
    let place = tempfile::tempdir().map_err(|e| e.to_string())?;
    let file = place.path().join("file");
    fill(&file, mib).map_err(|e| e.to_string())?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let mut ways = [(Way::Archive, &mut ours), (Way::Rclone, &mut theirs)];
        if round % 2 == 1 {
            ways.reverse();
        }
        for (way, took) in ways {
            took.push(there_and_back(&file, way, mib).await?);
        }
    }
    println!("{mib} MiB, medians of {rounds} rounds");
    for (turn, name) in ["up", "down"].into_iter().enumerate() {
        let of = |took: &[[Took; 2]]| took.iter().map(|took| took[turn]).collect::<Vec<_>>();
        let (ours, theirs) = (of(&ours), of(&theirs));
        line(&format!("cohong archive, {name}"), mib, &ours, &ours);
        line(&format!("rclone copyto, {name}"), mib, &theirs, &ours);
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss, reason = "sizes that fit")]
fn line(name: &str, mib: usize, took: &[Took], to: &[Took]) {
    let times = |took: &[Took]| took.iter().map(|took| took.seconds).collect::<Vec<_>>();
    let most = |of: fn(&Took) -> u64| took.iter().map(of).max().unwrap_or_default() >> 10;
    let time = median(times(took));
    println!(
        "{name:<30}{time:>8.2} s {:>6.0} MiB/s   client {:>4} MiB, server +{:>3} MiB   ratio {:.2}",
        mib as f64 / time,
        most(|took| took.client),
        most(|took| took.server),
        ratio(&times(took), &times(to)),
    );
}

/// Bytes that no two blocks have in common.
fn fill(file: &Path, mib: usize) -> std::io::Result<()> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(file)?);
    let words = (mib as u64) << 17;
    for word in 0..words {
        file.write_all(&word.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_le_bytes())?;
    }
    file.into_inner()?.sync_all()
}

/// To a new server and back, each with the time it took; what came back is the file.
async fn there_and_back(file: &Path, way: Way, mib: usize) -> Result<[Took; 2], String> {
    let (server, folder) = fresh().await?;
    let world = World {
        back: folder.path().join("back"),
        file: file.to_owned(),
        server,
        mib,
    };
    let took = match way {
        Way::Archive => world.archive().await?,
        Way::Rclone => world.rclone().await?,
    };
    if !same(&world.file, &world.back).map_err(|e| e.to_string())? {
        return Err("what came back is not what was sent".into());
    }
    world.server.stop().await?;
    Ok(took)
}

impl World {
    async fn archive(&self) -> Result<[Took; 2], String> {
        self.cohong(&["vault", "create", VAULT]).await?;
        let (file, back) = (self.file.to_string_lossy(), self.back.to_string_lossy());
        let (up, put) = self.cohong(&["archive", "put", VAULT, &file]).await?;
        let put: serde_json::Value = serde_json::from_slice(&put).map_err(|e| e.to_string())?;
        let archive = put["archive"].as_str().ok_or("no archive")?;
        let words = ["archive", "get", VAULT, archive, &back];
        let (down, _) = self.cohong(&words).await?;
        Ok([up, down])
    }

    async fn rclone(&self) -> Result<[Took; 2], String> {
        self.server.client().create_bucket(BUCKET).await?;
        let (file, back) = (self.file.to_string_lossy(), self.back.to_string_lossy());
        let there = format!("here:{BUCKET}/file");
        let up = self.copyto(&file, &there).await?;
        let down = self.copyto(&there, &back).await?;
        let begun = Instant::now();
        let synced = File::open(&self.back).and_then(|file| file.sync_all());
        synced.map_err(|e| e.to_string())?;
        let seconds = down.seconds + begun.elapsed().as_secs_f64();
        Ok([up, Took { seconds, ..down }])
    }

    async fn copyto(&self, from: &str, to: &str) -> Result<Took, String> {
        let mut command = rclone::command(&[("HERE", &self.server)]);
        command.args(["copyto", from, to]);
        self.measured(command).await.map(|(took, _)| took)
    }

    async fn cohong(&self, words: &[&str]) -> Result<(Took, Vec<u8>), String> {
        let endpoint = format!("http://{}", self.server.listen());
        let mut command = Command::new(binary()?);
        command
            .args(words)
            .args(["--json", "--endpoint", &endpoint])
            .env("COHONG_KEY", format!("{ACCESS_KEY}:{SECRET_KEY}"));
        self.measured(command).await
    }

    /// Runs a client to its end; what it cost and what it said.
    async fn measured(&self, mut command: Command) -> Result<(Took, Vec<u8>), String> {
        warm(2 * self.mib);
        let before = peak(self.server.pid())?;
        let begun = Instant::now();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| e.to_string())?;
        let pid = child.id().ok_or("it ended at once")?;
        let mut client = 0;
        let mut done = std::pin::pin!(child.wait_with_output());
        let done = loop {
            tokio::select! {
                done = &mut done => break done.map_err(|e| e.to_string())?,
                // It may end between the two, and its memory is gone then.
                () = tokio::time::sleep(LOOK) => client = client.max(peak(pid).unwrap_or(0)),
            }
        };
        let seconds = begun.elapsed().as_secs_f64();
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned());
        }
        let server = peak(self.server.pid())?.saturating_sub(before);
        let took = Took {
            seconds,
            client,
            server,
        };
        Ok((took, done.stdout))
    }
}

/// Takes so many MiB of memory and gives them back.
fn warm(mib: usize) {
    let taken: Vec<_> = (0..mib).map(|_| vec![1_u8; 1 << 20]).collect();
    std::hint::black_box(&taken);
}

fn same(one: &Path, other: &Path) -> std::io::Result<bool> {
    let open = |path| File::open(path).map(|file| BufReader::with_capacity(1 << 20, file));
    let (mut one, mut other) = (open(one)?, open(other)?);
    let (mut a, mut b) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let read = one.read(&mut a)?;
        if read == 0 {
            return Ok(other.read(&mut b)? == 0);
        }
        if other.read_exact(&mut b[..read]).is_err() || a[..read] != b[..read] {
            return Ok(false);
        }
    }
}
