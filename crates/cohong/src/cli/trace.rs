//! `cohong trace BUCKET/KEY`: what uploads of a key caused, as a tree.

mod story;
mod tree;

use std::process::ExitCode;

use super::args::Trace;
use super::client::{Client, escaped};
use super::failure::Failure;
use super::output::Output;

pub(super) async fn run(
    order: &Trace,
    client: &Client,
    output: Output,
) -> Result<ExitCode, Failure> {
    let object = order.object.strip_prefix("tos://").unwrap_or(&order.object);
    let named = object
        .split_once('/')
        .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
    let Some((bucket, key)) = named else {
        return Err(Failure::usage(format!("{object:?} is not BUCKET/KEY"))
            .hint("write it as photos/2026/cat.jpg"));
    };
    let path = format!("/trace?bucket={}&key={}", escaped(bucket), escaped(key));
    output.say(&client.get(&path).await?, |answer| {
        story::tell(answer).text()
    })?;
    Ok(ExitCode::SUCCESS)
}
