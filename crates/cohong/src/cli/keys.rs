//! `cohong key`.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::Key;
use super::client::{Client, escaped};
use super::failure::Failure;
use super::output::{Column, Output, text};

pub(super) async fn run(order: Key, client: &Client, output: Output) -> Result<ExitCode, Failure> {
    match order {
        Key::Create { account, temporary } => {
            let seconds = temporary.map(|life| life.as_secs());
            let order = json!({ "account": account, "temporary_seconds": seconds });
            output.say(&client.post("/keys", &order).await?, created)?;
        }
        Key::Ls { account } => {
            let path = account.map_or_else(
                || "/keys".to_owned(),
                |name| format!("/keys?account={}", escaped(&name)),
            );
            let columns: [(&str, Column); 4] = [
                ("ACCESS KEY", |line| text(line, "access_key")),
                ("ACCOUNT", |line| text(line, "account")),
                ("CREATED", |line| text(line, "created_at")),
                ("EXPIRES", |line| text(line, "expires_at")),
            ];
            let nothing = "no keys; `cohong key create` makes one";
            output.list(&client.get(&path).await?, columns, nothing)?;
        }
        Key::Rm { access } => {
            let answer = client
                .delete(&format!("/keys/{}", escaped(&access)))
                .await?;
            output.say(&answer, |_| format!("removed {access}"))?;
        }
        Key::Webhook => {
            let answer = client.get("/webhook-secret").await?;
            output.say(&answer, |answer| text(answer, "webhook_secret"))?;
        }
        Key::Callback { rotate } => {
            let answer = if rotate {
                client.post("/callback-key", &json!({})).await?
            } else {
                client.get("/callback-key").await?
            };
            output.say(&answer, public_key)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn created(answer: &Value) -> String {
    let mut lines = vec![
        format!("account         {}", text(answer, "account")),
        format!("access key      {}", text(answer, "access_key")),
        format!(
            "secret key      {}   (shown only now: keep it)",
            text(answer, "secret_key")
        ),
    ];
    if answer["security_token"].is_string() {
        lines.push(format!(
            "security token  {}",
            text(answer, "security_token")
        ));
        lines.push(format!("expires         {}", text(answer, "expires_at")));
    }
    lines.join("\n")
}

fn public_key(answer: &Value) -> String {
    let mut lines = vec![format!("url     {}", text(answer, "url"))];
    if answer["former_url"].is_string() {
        let former = text(answer, "former_url");
        lines.push(format!(
            "former  {former}   (readable until the next is made)"
        ));
    }
    lines.push(text(answer, "public_key").trim_end().to_owned());
    lines.join("\n")
}
