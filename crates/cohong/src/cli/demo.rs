//! `cohong demo`.

use std::process::ExitCode;

use super::failure::Failure;
use super::output::Output;
use crate::demo::{Manner, tour};

pub(super) async fn run(output: Output) -> Result<ExitCode, Failure> {
    let binary = std::env::current_exe()
        .map_err(|error| Failure::new(format!("this program does not find itself: {error}")))?;
    let manner = if output.is_json() {
        Manner::Json
    } else {
        Manner::Text
    };
    let told = tour(&binary, manner, &mut std::io::stdout()).await;
    told.map_err(|error| {
        Failure::new(error.to_string())
            .hint("the product does not keep a promise here: please report it with this text")
    })?;
    Ok(ExitCode::SUCCESS)
}
