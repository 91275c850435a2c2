//! What the running binary lets others on the machine and on the network see: its log, its files, and
//! the operator's interface.

mod admin;
mod encryption;
mod files;
mod logs;
mod outbound;

use std::path::Path;

use cohong_testkit::instance::{Instance, Start};
use tempfile::TempDir;

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cohong"))
}

/// A server that made its own data folder.
struct World {
    server: Instance,
    folder: TempDir,
}

impl World {
    async fn start(start: &Start) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let server = Instance::start(binary(), &data, start)
            .await
            .expect("started");
        Self { server, folder }
    }

    /// A server that logs all it can say, and the file it logs to.
    async fn talkative() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let start = Start {
            env: vec![("COHONG_LOG".into(), "trace".into())],
            log: Some(folder.path().join("log")),
            ..Start::default()
        };
        let data = folder.path().join("data");
        let server = Instance::start(binary(), &data, &start)
            .await
            .expect("started");
        Self { server, folder }
    }
}
