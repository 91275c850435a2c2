//! Work of the client library with a bar, until Ctrl-C.

use std::pin::pin;

use cohong_client::oas::{Error, Progress};

use super::failed;
use crate::cli::bar::{TICK, bar, stopped};
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// Does something that moves `total` bytes, with a bar on a terminal. Whether it fails or is interrupted, `again` is the
/// command that goes on.
pub(super) async fn moved<T>(
    output: Output,
    total: u64,
    progress: &Progress,
    again: &str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    let bar = bar(output, total);
    let mut work = pin!(work);
    // One listener for all turns: what is typed between two of them would be lost.
    let mut stop = pin!(tokio::signal::ctrl_c());
    let mut ticks = tokio::time::interval(TICK);
    let ended = loop {
        tokio::select! {
            biased;
            stop = &mut stop => break Err(stopped(stop)),
            done = &mut work => break done.map_err(failed),
            _ = ticks.tick() => bar.set_position(progress.bytes()),
        }
    };
    bar.finish_and_clear();
    ended.map_err(|failure| match failure.hint {
        Some(_) => failure,
        None => failure.hint(format!("go on with `{again}`")),
    })
}

/// Does something that is short, or waits, and can be interrupted.
pub(super) async fn waited<T>(
    again: &str,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    tokio::select! {
        done = work => done.map_err(failed),
        stop = tokio::signal::ctrl_c() => Err(stopped(stop).hint(format!("go on with `{again}`"))),
    }
}
