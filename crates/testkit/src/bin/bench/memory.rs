//! Growth of the server's memory while a 5 GiB object goes in and out (`COHONG_BENCH_GIB` changes the
//! size).

use std::time::Instant;

use bytes::Bytes;
use cohong_testkit::client::Ask;
use http::Method;

use crate::fresh;

const BUCKET: &str = "bench";

pub(crate) async fn run() -> Result<(), String> {
    let gib = std::env::var("COHONG_BENCH_GIB")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(5);
    let (server, _folder) = fresh().await?;
    let pid = server.pid();
    let mut client = server.client();
    client.create_bucket(BUCKET).await?;
    client
        .put(BUCKET, "warm", Bytes::from(vec![1; 1 << 20]))
        .await?;
    let before = peak(pid)?;
    let started = Instant::now();
    let ask = Ask {
        bucket: Some(BUCKET),
        key: Some("large"),
        ..Ask::default()
    };
    client.put_stream(&ask, gib << 30).await?;
    println!(
        "PUT of {gib} GiB in {:?}, memory grew by {} KiB",
        started.elapsed(),
        peak(pid)? - before
    );
    let started = Instant::now();
    let read = client.drain(Method::GET, &ask).await?;
    if read != gib << 30 {
        return Err(format!("{read} bytes came back"));
    }
    println!(
        "GET of {gib} GiB in {:?}, memory grew by {} KiB",
        started.elapsed(),
        peak(pid)? - before
    );
    server.stop().await.map(|_| ())
}

/// Greatest resident memory of a process so far, KiB.
pub(crate) fn peak(pid: u32) -> Result<u64, String> {
    let status =
        std::fs::read_to_string(format!("/proc/{pid}/status")).map_err(|e| e.to_string())?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .ok_or("no VmHWM")?;
    line.split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .ok_or_else(|| line.to_owned())
}
