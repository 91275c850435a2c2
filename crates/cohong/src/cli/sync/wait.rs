//! `cohong sync wait`: a bar for people, and an exit code that says whether every key came.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use serde_json::Value;

use super::{failures, path};
use crate::cli::client::Client;
use crate::cli::failure::{Failure, OWED};
use crate::cli::output::{Output, text};

/// How often the task is looked at.
const POLL: Duration = Duration::from_millis(500);

pub(super) async fn run(
    client: &Client,
    output: Output,
    task: &str,
    timeout: Option<Duration>,
    since: Option<Duration>,
) -> Result<ExitCode, Failure> {
    let since = since.map(|time| format!("?seconds={}", time.as_secs()));
    let way = format!("{}{}", path(task), since.unwrap_or_default());
    let begun = Instant::now();
    let bar = bar(output);
    let seen = loop {
        let seen = client.get(&way).await?;
        show(&bar, &seen);
        let in_time = timeout.is_none_or(|timeout| begun.elapsed() < timeout);
        if is_over(&seen) || !in_time {
            break seen;
        }
        if seen["state"] != "running" {
            bar.finish_and_clear();
            let error = format!(
                "the task is stopped, and {} keys wait",
                text(&seen, "waiting")
            );
            return Err(
                Failure::new(error).hint(format!("start it with `cohong sync start {task}`"))
            );
        }
        tokio::time::sleep(POLL).await;
    };
    bar.finish_and_clear();
    output.say(&seen, words)?;
    Ok(match (is_over(&seen), &seen["failure"]) {
        (false, _) => ExitCode::from(OWED),
        (true, failure) if *failure != 0 => ExitCode::FAILURE,
        (true, _) => ExitCode::SUCCESS,
    })
}

/// Whether nothing is left to do. A task that finds its objects itself may find more while it runs.
fn is_over(seen: &Value) -> bool {
    let may_grow = seen["finds"] == true && seen["state"] == "running";
    seen["waiting"] == 0 && !may_grow
}

/// Drawn only on a terminal.
fn bar(output: Output) -> ProgressBar {
    if output.is_json() {
        return ProgressBar::hidden();
    }
    let style = "{bar:30} {pos} of {len}  {msg}  {elapsed}";
    let style = ProgressStyle::with_template(style).expect("the template is right");
    ProgressBar::no_length().with_style(style)
}

fn show(bar: &ProgressBar, seen: &Value) {
    let number = |name: &str| seen[name].as_u64().unwrap_or(0);
    let ended = number("success") + number("skip") + number("failure");
    bar.set_length(ended + number("waiting"));
    bar.set_position(ended);
    let bytes = HumanBytes(number("bytes"));
    bar.set_message(match number("failure") {
        0 => bytes.to_string(),
        failed => format!("{bytes}, {failed} failed"),
    });
}

fn words(seen: &Value) -> String {
    let (success, skip) = (text(seen, "success"), text(seen, "skip"));
    let bytes = HumanBytes(seen["bytes"].as_u64().unwrap_or(0));
    let mut lines = vec![format!(
        "{success} copied ({bytes}), {skip} had nothing to do"
    )];
    if seen["waiting"] != 0 {
        lines.push(format!("{} still wait", text(seen, "waiting")));
    }
    if seen["failure"] != 0 {
        lines.push(format!("{} failed", text(seen, "failure")));
        lines.extend(failures(seen));
        if seen["lists"].is_string() {
            lines.push(format!(
                "all of them are in the lists below {}",
                text(seen, "lists")
            ));
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_failed_and_what_waits_is_said() {
        let mut seen = json!({
            "waiting": 0, "success": 3, "skip": 1, "failure": 0, "bytes": 2048,
            "lists": "copies/lists/", "failures": [],
        });
        assert_eq!(words(&seen), "3 copied (2.00 KiB), 1 had nothing to do");
        seen["waiting"] = 2.into();
        seen["failure"] = 1.into();
        seen["failures"] = json!([{
            "time": "2026-01-31T10:00:00.000Z", "key": "a", "stage": "reading the source", "why": "it is gone",
        }]);
        insta::assert_snapshot!(words(&seen), @r"
        3 copied (2.00 KiB), 1 had nothing to do
        2 still wait
        1 failed
        2026-01-31T10:00:00.000Z  a: failed reading the source: it is gone
        all of them are in the lists below copies/lists/
        ");
    }
}
