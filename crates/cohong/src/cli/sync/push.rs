//! `cohong sync push`.

use std::io::{self, BufRead};

use serde_json::json;

use super::path;
use crate::cli::client::Client;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, text};

/// Keys that are named at once: the server takes no more.
const KEYS_MAX: usize = 100;
/// The key that stands for those on standard input.
const INPUT: &str = "-";

pub(super) async fn run(
    client: &Client,
    output: Output,
    task: &str,
    keys: Vec<String>,
) -> Result<(), Failure> {
    let mut push = Push {
        client,
        task,
        keys: Vec::new(),
        accepted: 0,
    };
    for key in keys {
        if key == INPUT {
            for line in io::stdin().lock().split(b'\n') {
                push.add(line_of(line)?).await?;
            }
        } else {
            push.add(key).await?;
        }
    }
    push.send().await?;
    let answer = json!({ "task": task, "accepted": push.accepted });
    output.say(&answer, |answer| {
        let accepted = text(answer, "accepted");
        format!("{accepted} accepted; `cohong sync wait {task}` waits for them")
    })
}

fn line_of(line: io::Result<Vec<u8>>) -> Result<String, Failure> {
    let line = line.map_err(|error| Failure::new(format!("standard input: {error}")))?;
    String::from_utf8(line).map_err(|_| Failure::new("a key on standard input is not UTF-8"))
}

/// Keys on their way.
struct Push<'a> {
    client: &'a Client,
    task: &'a str,
    keys: Vec<String>,
    accepted: usize,
}

impl Push<'_> {
    /// Empty lines name nothing.
    async fn add(&mut self, key: String) -> Result<(), Failure> {
        if !key.is_empty() {
            self.keys.push(key);
        }
        if self.keys.len() < KEYS_MAX {
            return Ok(());
        }
        self.send().await
    }

    async fn send(&mut self) -> Result<(), Failure> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let order = json!({ "keys": self.keys });
        let way = format!("{}/keys", path(self.task));
        let sent = self.client.post(&way, &order).await;
        sent.map_err(|failure| self.broken_off(failure))?;
        self.accepted += self.keys.len();
        self.keys.clear();
        Ok(())
    }

    /// What was accepted before stays accepted.
    fn broken_off(&self, failure: Failure) -> Failure {
        if self.accepted == 0 {
            return failure;
        }
        let error = format!(
            "{}; {} keys before these were accepted",
            failure.error, self.accepted
        );
        Failure { error, ..failure }
    }
}
