//! Many small and some large objects brought from one local server to another: by a sync task of the server
//! that gets them, and by `rclone copy` of the same data, once as it is and once with 16 transfers. Each turn
//! has a server and a folder of its own to write to. `COHONG_BENCH_SMALL` and `COHONG_BENCH_LARGE` are the
//! numbers of objects, 10,000 and 20 by default, `COHONG_BENCH_ROUNDS` that of the rounds, 3.

use std::time::{Duration, Instant};

use bytes::Bytes;
use cohong_testkit::client::{Ask, Client};
use cohong_testkit::instance::{Instance, SECRET_KEY};
use cohong_testkit::sync_task::{From, Task};
use tokio::task::JoinSet;

use crate::load::median;
use crate::table::ratio;
use crate::{binary, fresh, setting};

const SMALL_BYTES: usize = 4 << 10;
const LARGE_BYTES: u64 = 256 << 20;
const INTO: &str = "bench-copies";
/// Clients that fill the source.
const FILLERS: usize = 16;

/// Who brings the objects.
#[derive(Clone, Copy, Debug)]
enum Way {
    Sync,
    /// With these options.
    Rclone(&'static [&'static str]),
}

const WAYS: [(&str, Way); 3] = [
    ("sync task", Way::Sync),
    ("rclone copy", Way::Rclone(&[])),
    (
        "rclone copy --transfers 16",
        Way::Rclone(&["--transfers", "16"]),
    ),
];

/// The objects of one bucket of the source.
struct Load {
    bucket: &'static str,
    keys: Vec<String>,
    bytes: u64,
}

pub(crate) async fn run() -> Result<(), String> {
    let (source, _folder) = fresh().await?;
    let small = setting("COHONG_BENCH_SMALL", 10_000)?;
    let large = setting("COHONG_BENCH_LARGE", 20)?;
    for load in [
        fill_small(&source, small).await?,
        fill_large(&source, large).await?,
    ] {
        if !load.keys.is_empty() {
            measure(&source, &load).await?;
        }
    }
    source.stop().await.map(|_| ())
}

async fn fill_small(source: &Instance, count: usize) -> Result<Load, String> {
    let bucket = "bench-small";
    source.client().create_bucket(bucket).await?;
    let keys: Vec<String> = (0..count).map(|n| format!("object/{n:05}")).collect();
    let mut fillers = JoinSet::new();
    for first in 0..FILLERS {
        let mut client = source.client();
        let keys: Vec<String> = keys.iter().skip(first).step_by(FILLERS).cloned().collect();
        fillers.spawn(async move {
            for key in keys {
                let body: Vec<u8> = key.bytes().cycle().take(SMALL_BYTES).collect();
                client.put(bucket, &key, body.into()).await?;
            }
            Ok::<_, String>(())
        });
    }
    while let Some(filled) = fillers.join_next().await {
        filled.map_err(|e| e.to_string())??;
    }
    let bytes = (count * SMALL_BYTES) as u64;
    Ok(Load {
        bucket,
        keys,
        bytes,
    })
}

async fn fill_large(source: &Instance, count: usize) -> Result<Load, String> {
    let bucket = "bench-large";
    let mut client = source.client();
    client.create_bucket(bucket).await?;
    let keys: Vec<String> = (0..count).map(|n| format!("object/{n:05}")).collect();
    for key in &keys {
        let ask = Ask {
            bucket: Some(bucket),
            key: Some(key),
            ..Ask::default()
        };
        client.put_stream(&ask, LARGE_BYTES).await?;
    }
    let bytes = count as u64 * LARGE_BYTES;
    Ok(Load {
        bucket,
        keys,
        bytes,
    })
}

async fn measure(source: &Instance, load: &Load) -> Result<(), String> {
    let rounds = setting("COHONG_BENCH_ROUNDS", 3)?;
    let mut took: [Vec<f64>; 3] = Default::default();
    for round in 0..rounds {
        for turn in 0..WAYS.len() {
            let which = (turn + round) % WAYS.len();
            took[which].push(bring(source, load, WAYS[which].1).await?.as_secs_f64());
        }
    }
    #[allow(clippy::cast_precision_loss, reason = "counts and sizes that fit")]
    let (count, mib) = (
        load.keys.len() as f64,
        load.bytes as f64 / f64::from(1 << 20),
    );
    println!("{count} objects, {mib:.0} MiB together, medians of {rounds} rounds");
    for ((name, _), times) in WAYS.iter().zip(&took) {
        let time = median(times.clone());
        println!(
            "{name:<28}{time:>8.2} s {:>9.0} objects/s {:>8.0} MiB/s   ratio {:.2}",
            count / time,
            mib / time,
            ratio(times, &took[0]),
        );
    }
    Ok(())
}

/// Brings everything to a new server, and looks whether it is there.
async fn bring(source: &Instance, load: &Load, way: Way) -> Result<Duration, String> {
    let (into, _folder) = fresh().await?;
    let mut client = into.client();
    client.create_bucket(INTO).await?;
    let took = match way {
        Way::Sync => sync(source, &into, load).await?,
        Way::Rclone(options) => rclone(source, &into, load, options).await?,
    };
    check(&mut source.client(), &mut client, load).await?;
    into.stop().await?;
    Ok(took)
}

async fn sync(source: &Instance, into: &Instance, load: &Load) -> Result<Duration, String> {
    let endpoint = format!("http://{}", source.listen());
    let words = [
        "source",
        "add",
        "bench",
        "--cloud",
        "AWS",
        "--region",
        "bench",
        "--style",
        "path",
        "--signing-region",
        "us-east-1",
        "--endpoint",
        &endpoint,
    ];
    into.command(&binary()?, &words).await?;
    let from = From {
        region: "bench",
        bucket: load.bucket,
        secret: SECRET_KEY,
    };
    let task = Task::create(into, &from, INTO).await?;
    let begun = Instant::now();
    task.event(into, &load.keys).await?;
    let counts = task.ended(into).await?;
    let took = begun.elapsed();
    if (counts.success, counts.bytes) == (load.keys.len() as u64, load.bytes) {
        return Ok(took);
    }
    Err(format!("not everything was brought: {counts:?}"))
}

async fn rclone(
    source: &Instance,
    into: &Instance,
    load: &Load,
    options: &[&str],
) -> Result<Duration, String> {
    let words = [
        "copy",
        &format!("from:{}", load.bucket),
        &format!("into:{INTO}"),
    ];
    let mut command = crate::rclone::command(&[("FROM", source), ("INTO", into)]);
    command.args(words).args(options);
    let begun = Instant::now();
    crate::rclone::done(&mut command).await?;
    Ok(begun.elapsed())
}

/// Some of the copies are looked at: their digests are those of the source.
async fn check(from: &mut Client, into: &mut Client, load: &Load) -> Result<(), String> {
    for key in load.keys.iter().step_by(1 + load.keys.len() / 20) {
        let mut sums = Vec::new();
        for (client, bucket) in [(&mut *from, load.bucket), (&mut *into, INTO)] {
            let ask = Ask {
                bucket: Some(bucket),
                key: Some(key),
                body: Bytes::new(),
                ..Ask::default()
            };
            let head = client.must(http::Method::HEAD, &ask).await?;
            sums.push(head.headers.get("x-tos-hash-crc64ecma").cloned());
        }
        if sums[0].is_none() || sums[0] != sums[1] {
            return Err(format!("{key} was not brought as it is"));
        }
    }
    Ok(())
}
