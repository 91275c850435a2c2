//! What no SDK sends: requests written byte by byte to the real binary, and what must come of them.
//!
//! Every test has a server of its own on a folder of its own. [`ask`] writes requests, [`raw`] carries
//! them, the other modules are the tests.

mod ask;
mod bodies;
mod connect;
mod crowd;
mod full;
mod heads;
mod keys;
mod life;
mod public;
mod raw;
mod signatures;
mod unsynced;

use std::path::Path;

use cohong_testkit::instance::{Instance, Start};
use tempfile::TempDir;

use raw::Raw;

/// The bucket of every test.
const BUCKET: &str = "wire-test";

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cohong"))
}

/// A server with an empty bucket.
struct World {
    server: Instance,
    folder: TempDir,
}

impl World {
    async fn start() -> Self {
        Self::start_under(|_| Vec::new()).await
    }

    /// A server that runs under another program, which may be told of the folder.
    async fn start_under(under: impl FnOnce(&Path) -> Vec<String>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let start = Start {
            under: under(folder.path()),
            ..Start::default()
        };
        let started = Instance::start(binary(), folder.path(), &start).await;
        let server = started.expect("started");
        server
            .client()
            .create_bucket(BUCKET)
            .await
            .expect("created");
        Self { server, folder }
    }

    /// A connection of its own.
    async fn raw(&self) -> Raw {
        Raw::open(self.server.listen()).await
    }

    /// The bytes of an object; none when there is no such key.
    async fn object(&self, key: &str) -> Option<Vec<u8>> {
        let found = self.server.client().get(BUCKET, key).await.expect("read");
        found.map(|bytes| bytes.to_vec())
    }

    /// All keys.
    async fn keys(&self) -> Vec<String> {
        let ask = cohong_testkit::client::Ask {
            bucket: Some(BUCKET),
            ..Default::default()
        };
        let answer = self
            .server
            .client()
            .must(http::Method::GET, &ask)
            .await
            .expect("listed");
        let body: serde_json::Value = serde_json::from_slice(&answer.body).expect("JSON");
        let lines = body["Contents"].as_array().expect("a list");
        lines
            .iter()
            .map(|line| line["Key"].as_str().expect("a key").to_owned())
            .collect()
    }

    /// Unfinished bodies on the disk.
    fn unfinished(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("tmp"))
            .expect("a folder")
            .count()
    }
}
