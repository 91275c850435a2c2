//! Running the server in this process.

use std::process::ExitCode;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::{Common, Serve};
use super::failure::Failure;
use super::output::print;
use crate::serve::config::Settings;
use crate::serve::{Manner, Server, log};

/// Service managers are told that a stop takes at most 15 s.
const STOP_MAX: Duration = Duration::from_secs(14);

pub(super) async fn run(common: Common, serve: Serve) -> Result<ExitCode, Failure> {
    let json = common.json;
    let settings = Settings::resolve(serve.written(common)).map_err(|wrong| with_causes(&wrong))?;
    log(&settings.log, json);
    let mut stop = Stop::new()?;
    let server = tokio::select! {
        biased;
        () = stop.asked() => return Ok(ExitCode::SUCCESS),
        started = Server::start(settings) => started.map_err(|why| with_causes(&*why))?,
    };
    print(
        &server
            .ready()
            .text(if json { Manner::Json } else { Manner::Text }),
    )?;
    stop.asked().await;
    tokio::select! {
        biased;
        () = server.stop() => {}
        () = stop.asked() => tracing::warn!("asked twice to stop: what was running is cut off"),
        () = tokio::time::sleep(STOP_MAX) => tracing::warn!("stopping took too long and is cut off"),
    }
    Ok(ExitCode::SUCCESS)
}

/// The signals that ask for an orderly end.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> Result<Self, Failure> {
        let listen = |kind| {
            signal(kind)
                .map_err(|error| Failure::new(format!("cannot listen for signals: {error}")))
        };
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// An error with everything that led to it.
pub(super) fn with_causes(error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(why) = cause {
        let why_text = why.to_string();
        if !text.contains(&why_text) {
            text = format!("{text}: {why_text}");
        }
        cause = why.source();
    }
    Failure::new(text)
}
