//! Progress bars, and Ctrl-C.

use std::pin::pin;
use std::time::Duration;

use cohong_client::oas::{Error, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use super::failed;
use crate::cli::failure::Failure;
use crate::cli::output::Output;

/// How often the bar is drawn anew.
const TICK: Duration = Duration::from_millis(200);

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

fn stopped(stop: std::io::Result<()>) -> Failure {
    match stop {
        Ok(()) => Failure::new("interrupted"),
        Err(error) => Failure::new(format!("cannot listen for Ctrl-C: {error}")),
    }
}

/// Drawn only on a terminal.
fn bar(output: Output, total: u64) -> ProgressBar {
    if output.is_json() {
        return ProgressBar::hidden();
    }
    let style = "{bar:30} {bytes} of {total_bytes}  {binary_bytes_per_sec}  {eta} left";
    let style = ProgressStyle::with_template(style).expect("the template is right");
    ProgressBar::new(total).with_style(style)
}

/// Words as they are typed in a shell.
pub(super) fn typed(words: &[&str]) -> String {
    let plain = |word: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
        !word.is_empty() && word.chars().all(plain)
    };
    let word = |word: &&str| {
        if plain(word) {
            (*word).to_owned()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    let words: Vec<String> = words.iter().map(word).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted() {
        let table = [
            (&["cohong", "job", "a-b/c.d"][..], "cohong job a-b/c.d"),
            (
                &["cohong", "it's a file", ""][..],
                r"cohong 'it'\''s a file' ''",
            ),
        ];
        for (words, wanted) in table {
            assert_eq!(typed(words), wanted);
        }
    }
}
