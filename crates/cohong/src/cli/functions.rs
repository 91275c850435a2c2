//! `cohong function`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::Function;
use super::client::{Client, escaped};
use super::failure::Failure;
use super::output::{Column, Output, text};

pub(super) async fn run(
    order: Function,
    client: &Client,
    output: Output,
) -> Result<ExitCode, Failure> {
    match order {
        Function::Add { name, url } => {
            let answer = client
                .post("/functions", &json!({ "name": name, "url": url }))
                .await?;
            output.say(&answer, |_| {
                format!("function {name} calls {url}\ntry it: `cohong function test {name}`")
            })?;
        }
        Function::Ls => {
            let columns: [(&str, Column); 3] = [
                ("NAME", |line| text(line, "name")),
                ("URL", |line| text(line, "url")),
                ("ADDED", |line| text(line, "added_at")),
            ];
            let nothing = "no functions; `cohong function add NAME URL` adds one";
            output.list(&client.get("/functions").await?, columns, nothing)?;
        }
        Function::Rm { name } => {
            let answer = client
                .delete(&format!("/functions/{}", escaped(&name)))
                .await?;
            output.say(&answer, |_| {
                format!("removed {name}; what rules owe it waits until it is added again")
            })?;
        }
        Function::Test { name } => {
            let path = format!("/functions/{}/test", escaped(&name));
            let answer = client.post(&path, &json!({})).await?;
            output.say(&answer, tested)?;
            if answer["accepted"] != true {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn tested(answer: &Value) -> String {
    let (name, url) = (text(answer, "name"), text(answer, "url"));
    let took = text(answer, "took_ms");
    if answer["accepted"] == true {
        return format!(
            "{name} accepted the test event: status {} after {took} ms",
            text(answer, "status")
        );
    }
    format!(
        "{name} did not accept the test event after {took} ms: {}\n  its URL is {url}; change it with `cohong function add {name} URL`",
        text(answer, "why"),
    )
}
