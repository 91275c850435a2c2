//! cohong: an object store that the clouds' own SDKs talk to, as one binary. `serve` composes the
//! server from the other crates; `cli` is what operators type; `demo`
//! is the tour.

mod cli;
mod demo;
mod finding;
mod place;
mod serve;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os())
}
