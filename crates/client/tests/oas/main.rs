//! The high-level client of the archive service against a small server of this test, over real HTTP, with faults:
//! the right bytes or a clear error, whatever happens.

mod blocking;
mod downloads;
mod example;
mod hashes;
mod logs;
mod server;
mod uploads;
mod utilities;
mod vaults;

use std::path::{Path, PathBuf};
use std::time::Duration;

use cohong_client::oas::{Api, Retry, Vault};

use server::Server;

const MIB: u64 = 1 << 20;

/// A server, a vault on it and a folder.
struct World {
    server: Server,
    vault: Vault,
    folder: tempfile::TempDir,
    retry: Retry,
}

impl World {
    /// Nothing is tried again, so that one fault is one failure.
    async fn once() -> Self {
        Self::with(1).await
    }

    /// Everything is tried three times, at once.
    async fn patient() -> Self {
        Self::with(3).await
    }

    async fn with(tries: usize) -> Self {
        let server = Server::start().await;
        let retry = Retry {
            tries,
            pause_min: Duration::from_millis(1),
            pause_max: Duration::from_millis(2),
        };
        let api = api(&server).with_retry(retry);
        Self {
            retry,
            vault: Vault::create_vault(&api, "vault-1").await.expect("a vault"),
            server,
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    /// The service, with the patience of this world.
    fn api(&self) -> Api {
        api(&self.server).with_retry(self.retry)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file with the bytes of the vectors from `start` on.
    fn file(&self, name: &str, start: u64, bytes: u64) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content(start, bytes)).expect("written");
        path
    }

    /// Names of all files in the folder.
    fn names(&self) -> Vec<String> {
        let all = std::fs::read_dir(self.folder.path()).expect("a folder");
        let name = |entry: std::fs::DirEntry| entry.file_name().into_string().expect("UTF-8");
        let mut names: Vec<String> = all.map(|entry| name(entry.expect("an entry"))).collect();
        names.sort();
        names
    }
}

fn api(server: &Server) -> Api {
    Api::new(&server.endpoint(), server::ACCESS_KEY, server::SECRET).expect("an endpoint")
}

/// The contents of the vectors: byte i is (31 i + 7) mod 251.
fn content(start: u64, bytes: u64) -> Vec<u8> {
    let byte = |i: u64| u8::try_from((i * 31 + 7) % 251).expect("below 251");
    let period: Vec<u8> = (start..start + 251).map(byte).collect();
    let bytes = usize::try_from(bytes).expect("it fits");
    let mut all = period.repeat(bytes / 251 + 1);
    all.truncate(bytes);
    all
}

/// Whether a file holds these bytes; a comparison that prints no megabytes.
fn holds(path: &Path, bytes: &[u8]) -> bool {
    std::fs::read(path).is_ok_and(|found| found == bytes)
}

fn vectors() -> serde_json::Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/oas.json");
    let text = std::fs::read_to_string(file).expect("vectors/oas.json");
    serde_json::from_str(&text).expect("JSON")
}
