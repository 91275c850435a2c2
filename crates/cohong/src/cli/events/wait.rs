//! `cohong events wait`.

use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cli::client::Client;
use crate::cli::failure::{Failure, OWED};
use crate::cli::output::{Output, text};

pub(super) async fn run(
    client: &Client,
    output: Output,
    timeout: Duration,
) -> Result<ExitCode, Failure> {
    let millis = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    let answer = client.post("/events/wait", &json!({ "timeout_ms": millis })).await?;
    output.say(&answer, words)?;
    let settled = answer["settled"] == true;
    Ok(if settled { ExitCode::SUCCESS } else { ExitCode::from(OWED) })
}

fn words(answer: &Value) -> String {
    let dead = match answer["dead"].as_u64().unwrap_or(0) {
        0 => String::new(),
        n => format!("\n{n} given up; `cohong events dead` shows them"),
    };
    if answer["settled"] == true {
        return format!("everything is delivered{dead}");
    }
    let mut words = format!("{} still owed", text(answer, "owed"));
    for blocked in answer["blocked"].as_array().into_iter().flatten() {
        words += &format!("\n  {}", blocked.as_str().unwrap_or_default());
    }
    words + &dead
}
