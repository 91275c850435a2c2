//! The command line. `serve` runs the server in this process; every other command is a client of the
//! admin interface or of the listener for SDKs, or looks at a folder itself when no server is needed.

mod archive;
mod args;
mod backup;
mod bar;
mod buckets;
mod check;
mod client;
mod demo;
mod doctor;
mod env;
mod events;
mod failure;
mod find;
mod functions;
mod keys;
mod output;
mod scrub;
mod serve;
mod sources;
mod span;
mod sync;
mod trace;

use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, Parser};

use args::{Cli, Command};
use client::Client;
use failure::Failure;
use output::Output;

/// How long tasks that nobody waits for may hold up the end of the process.
const RUNTIME_END_MAX: Duration = Duration::from_millis(200);

/// Runs a command line and gives the exit code of the process.
pub(crate) fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    let cli = match parse(words.collect()) {
        Ok(cli) => cli,
        Err(wrong) => {
            // Help and version are errors to clap, but successes to users.
            let code = if wrong.use_stderr() {
                failure::USAGE
            } else {
                0
            };
            // Nothing is left to do when the terminal is gone.
            drop(wrong.print());
            return ExitCode::from(code);
        }
    };
    let output = Output::new(cli.common.json);
    let runtime = match runtime(&cli) {
        Ok(runtime) => runtime,
        Err(error) => return output.failed(&Failure::new(format!("cannot start: {error}"))),
    };
    let done = runtime.block_on(execute(cli, output));
    runtime.shutdown_timeout(RUNTIME_END_MAX);
    match done {
        Ok(code) => code,
        Err(failure) => output.failed(&failure),
    }
}

/// Reads a command line; without a command it means `serve`.
fn parse(mut words: Vec<OsString>) -> Result<Cli, clap::Error> {
    let cli = Cli::try_parse_from(&words)?;
    if cli.command.is_some() {
        return Ok(cli);
    }
    words.push("serve".into());
    Cli::try_parse_from(words)
}

/// A command needs one thread, the server and what moves archives and objects all of them.
fn runtime(cli: &Cli) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match cli.command {
        Some(
            Command::Serve(_)
            | Command::Archive(_)
            | Command::Job(_)
            | Command::Cp(_)
            | Command::Mirror(_),
        )
        | None => tokio::runtime::Builder::new_multi_thread(),
        Some(_) => tokio::runtime::Builder::new_current_thread(),
    };
    builder.thread_stack_size(crate::serve::STACK_BYTES);
    builder.enable_all().build()
}

async fn execute(cli: Cli, output: Output) -> Result<ExitCode, Failure> {
    let common = cli.common;
    let client = || find::server(&common).map(Client::new);
    match cli.command.unwrap_or_default() {
        Command::Serve(serve) => serve::run(common, serve).await,
        Command::Demo => demo::run(output).await,
        Command::Check(serve) => check::run(common, serve, output),
        Command::Doctor(order) => doctor::run(&order, &common, output).await,
        Command::Scrub(order) => scrub::run(&order, &client()?, output).await,
        Command::Backup(order) => backup::make(&order, &common, output).await,
        Command::Restore(order) => backup::restore(&order, &common, output).await,
        Command::Env(order) => env::run(&order, &common, output).await,
        Command::Key(order) => keys::run(order, &client()?, output).await,
        Command::Function(order) => functions::run(order, &client()?, output).await,
        Command::Source(order) => sources::run(order, &client()?, output).await,
        Command::Sync(order) => sync::run(order, &client()?, output).await,
        Command::Events(order) => events::run(order, &client()?, output).await,
        Command::Trace(order) => trace::run(&order, &client()?, output).await,
        Command::Cp(order) => buckets::cp::run(&order, &common, output).await,
        Command::Mirror(order) => buckets::mirror::run(&order, &common, output).await,
        Command::Ls(order) => buckets::look::ls(&order, &common, output).await,
        Command::Stat(order) => buckets::look::stat(&order, &common, output).await,
        Command::Presign(order) => buckets::look::presign(&order, &common, output),
        Command::Rm(order) => buckets::remove::rm(&order, &common, output).await,
        Command::Mb(order) => buckets::remove::mb(&order, &common, output).await,
        Command::Rb(order) => buckets::remove::rb(&order, &common, output).await,
        Command::Vault(at) => {
            let api = archive::service(&common, &at.service)?;
            archive::vaults::run(at.order, &api, output).await
        }
        Command::Archive(at) => {
            let api = archive::service(&common, &at.service)?;
            archive::archives::run(at.order, &api, output).await
        }
        Command::Job(at) => {
            let api = archive::service(&common, &at.service)?;
            archive::jobs::run(at.order, &api, output).await
        }
        Command::Inventory(order) => {
            let api = archive::service(&common, &order.service)?;
            let file = order.file.as_deref();
            archive::archives::inventory(&api, &order.vault, file, output).await
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "cohong", &mut script);
            output::print(String::from_utf8_lossy(&script).trim_end())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
