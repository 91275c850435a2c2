//! `cohong doctor`: asks the server, or looks at the folder when none runs.

mod folder;

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::{self, Common};
use super::client::Client;
use super::failure::Failure;
use super::find::{self, Place};
use super::output::{Output, text};
use crate::finding;

pub(super) async fn run(
    order: &args::Doctor,
    common: &Common,
    output: Output,
) -> Result<ExitCode, Failure> {
    let place = find::server(common)?;
    let stopped = match &place {
        Place::Folder(folder) => Some(folder.clone()),
        Place::Address { .. } => None,
    };
    let client = Client::new(place);
    if order.repair {
        let repaired = client.post("/doctor/repair", &json!({})).await?;
        if !output.is_json() {
            output.say(&repaired, mended)?;
        }
    }
    let report = match stopped {
        Some(folder) if !client.is_there().await => {
            let findings = folder::examine(&folder);
            finding::report("stopped", &json!({ "folder": folder }), &findings)
        }
        _ => client.get("/doctor").await?,
    };
    output.say(&report, words)?;
    let healthy = report["healthy"] == true;
    Ok(if healthy {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn mended(answer: &Value) -> String {
    let all = answer["repaired"].as_array().map_or(&[][..], Vec::as_slice);
    let lines: Vec<String> = all
        .iter()
        .map(|what| format!("put right: {}", what.as_str().unwrap_or_default()))
        .collect();
    if lines.is_empty() {
        return "there was nothing to put right".into();
    }
    lines.join("\n")
}

fn words(report: &Value) -> String {
    let mut words = String::new();
    let findings = report["findings"].as_array().map_or(&[][..], Vec::as_slice);
    for finding in findings {
        let what = text(finding, "what");
        let (why, todo) = (text(finding, "why"), text(finding, "todo"));
        let level = text(finding, "level");
        // Writing to a string cannot fail.
        let _ = writeln!(
            words,
            "{level}: {what}\n  why it matters: {why}\n  what to do: {todo}\n"
        );
    }
    if report["server"] == "running" {
        let seen = &report["seen"];
        let of = |name| text(seen, name);
        let _ = writeln!(
            words,
            "looked at {} versions and {} archives ({} bytes), {} files, {} subscriptions, {} pieces of work",
            of("versions"),
            of("archives"),
            of("bytes"),
            of("blobs"),
            of("subscriptions"),
            of("work"),
        );
    }
    words
        + if report["healthy"] == true {
            "nothing is wrong"
        } else {
            "something is wrong, see above"
        }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Finding;

    #[test]
    fn a_report_says_what_why_and_what_to_do() {
        let seen = json!({ "versions": 3, "archives": 2, "bytes": 120, "blobs": 1, "subscriptions": 1, "work": 0 });
        let findings = [Finding::wrong(
            "3 events were given up",
            "nobody was told",
            "redrive them",
        )];
        let report = finding::report("running", &seen, &findings);
        insta::assert_snapshot!(words(&report), @r"
        wrong: 3 events were given up
          why it matters: nobody was told
          what to do: redrive them

        looked at 3 versions and 2 archives (120 bytes), 1 files, 1 subscriptions, 0 pieces of work
        something is wrong, see above
        ");
        let report = finding::report("stopped", &Value::Null, &[]);
        assert_eq!(words(&report), "nothing is wrong");
    }
}
