//! `cohong source`.

use std::process::ExitCode;

use serde_json::json;

use super::args::{Source, Style};
use super::client::{Client, escaped};
use super::failure::Failure;
use super::output::{Column, Output, text};

pub(super) async fn run(
    order: Source,
    client: &Client,
    output: Output,
) -> Result<ExitCode, Failure> {
    match order {
        Source::Add(add) => {
            let order = json!({
                "name": add.name,
                "cloud": add.cloud,
                "region": add.region,
                "kind": add.kind,
                "endpoint": add.endpoint,
                "path_style": add.style == Style::Path,
                "signing_region": add.signing_region,
            });
            let answer = client.post("/sources", &order).await?;
            output.say(&answer, |_| {
                format!(
                    "sync tasks find {} in {} at {}",
                    add.cloud, add.region, add.endpoint
                )
            })?;
        }
        Source::Ls => {
            let columns: [(&str, Column); 7] = [
                ("NAME", |line| text(line, "name")),
                ("CLOUD", |line| text(line, "cloud")),
                ("REGION", |line| text(line, "region")),
                ("KIND", |line| text(line, "kind")),
                ("ENDPOINT", |line| text(line, "endpoint")),
                ("STYLE", |line| text(line, "style")),
                ("ADDED", |line| text(line, "added_at")),
            ];
            let nothing =
                "no sources but the public ones and this server; `cohong source add` adds one";
            output.list(&client.get("/sources").await?, columns, nothing)?;
        }
        Source::Rm { name } => {
            let answer = client
                .delete(&format!("/sources/{}", escaped(&name)))
                .await?;
            output.say(&answer, |_| format!("removed {name}"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
