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
    let answer = client
        .post("/events/wait", &json!({ "timeout_ms": millis }))
        .await?;
    output.say(&answer, words)?;
    let settled = answer["settled"] == true;
    Ok(if settled {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(OWED)
    })
}

fn words(answer: &Value) -> String {
    let mut lines = Vec::new();
    if answer["settled"] == true {
        lines.push("everything is delivered".to_owned());
    } else {
        lines.push(format!("{} still owed", text(answer, "owed")));
        let blocked = answer["blocked"].as_array().into_iter().flatten();
        lines.extend(
            blocked
                .filter_map(Value::as_str)
                .map(|why| format!("  {why}")),
        );
    }
    if answer["dead"] != 0 {
        lines.push(format!(
            "{} given up; `cohong events dead` shows them",
            text(answer, "dead")
        ));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_owed_is_said_with_its_reason() {
        let settled = json!({ "settled": true, "dead": 0, "owed": 0, "blocked": [] });
        assert_eq!(words(&settled), "everything is delivered");
        let owed =
            json!({ "settled": false, "dead": 2, "owed": 3, "blocked": ["function:f: down"] });
        let expected =
            "3 still owed\n  function:f: down\n2 given up; `cohong events dead` shows them";
        assert_eq!(words(&owed), expected);
    }
}
