//! The tour: what the product does today, shown against the ordinary server as a child process, with
//! the applications it calls built in. Needs no network and leaves nothing behind. Every step checks
//! what it tells; knows the server by its interfaces only.

mod client;
mod notes;
mod receiver;
mod server;
mod steps;
mod world;

use std::io::{self, Write};
use std::path::Path;

use serde_json::json;

pub(crate) use notes::{Deviation, Notes};
pub(crate) use steps::Step;
pub(crate) use world::World;

/// How the tour speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// To people.
    Text,
    /// One JSON object a step, on one line.
    Json,
}

/// Why the tour ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TourError {
    #[error("the tour cannot start: {0}")]
    Start(String),
    #[error("the tour ended at the step {step:?}: {deviation}")]
    Step {
        step: &'static str,
        deviation: Deviation,
    },
    #[error("the tour could not be told: {0}")]
    Tell(#[from] io::Error),
}

const WELCOME: &str = "\
cohong is an object store that the clouds' own SDKs talk to. This tour starts a server in a temporary
folder, talks to it as a client of Volcengine TOS would, and plays the two kinds of programs that the
server calls: an application that confirms uploads, and a function that is told about changes.
Nothing leaves this machine. Lines with a tick were checked.";

const NEXT: &str = "\
That was the tour; its folder is gone. What next:

  cohong serve                     start a server; it prints its keys and a snippet for your SDK
  cohong function add NAME URL     tell it where your function is, then name it in a bucket's rule
  cohong events ls                 who is told about which bucket, and what is owed
  cohong trace BUCKET/KEY          what an upload caused
  cohong sync create FROM TO       copy from another store, or from bucket to bucket
  cohong cp FILE s3://BUCKET/KEY   copy files and objects; mirror, ls, rm, stat and presign are there too
  cohong archive put VAULT FILE    keep a file for long; `cohong vault create NAME` makes a vault
  cohong help                      everything else";

/// Gives the whole tour. `binary` is the server to start.
pub(crate) async fn tour(
    binary: &Path,
    manner: Manner,
    out: &mut impl Write,
) -> Result<(), TourError> {
    let mut world = World::start(binary).await.map_err(TourError::Start)?;
    if manner == Manner::Text {
        writeln!(out, "{WELCOME}")?;
    }
    for (n, step) in Step::ALL.into_iter().enumerate() {
        let mut notes = Notes::default();
        let done = step.run(&mut world, &mut notes).await;
        match manner {
            Manner::Text => writeln!(out, "\n{}. {}\n{notes}", n + 1, step.headline())?,
            Manner::Json => writeln!(out, "{}", line(step, &notes, done.as_ref().err()))?,
        }
        out.flush()?;
        done.map_err(|deviation| TourError::Step {
            step: step.name(),
            deviation,
        })?;
    }
    world.end().await.map_err(|deviation| TourError::Step {
        step: "end",
        deviation,
    })?;
    if manner == Manner::Text {
        writeln!(out, "\n{NEXT}")?;
    }
    Ok(out.flush()?)
}

fn line(step: Step, notes: &Notes, deviation: Option<&Deviation>) -> serde_json::Value {
    let mut line = json!({
        "step": step.name(),
        "headline": step.headline(),
        "ok": deviation.is_none(),
        "did": notes.did_lines(),
        "saw": notes.saw_lines(),
    });
    if let Some(Deviation {
        what,
        expected,
        seen,
    }) = deviation
    {
        line["deviation"] = json!({ "what": what, "expected": expected, "seen": seen });
    }
    line
}
