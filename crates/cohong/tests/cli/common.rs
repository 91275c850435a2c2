//! Running the binary and reading what it says.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use cohong_testkit::instance::{ACCESS_KEY, Instance, SECRET_KEY, Start};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;

pub(crate) const MIB: usize = 1 << 20;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    /// What it printed for programs.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cohong"))
}

/// A command without any variable of this process's environment.
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(binary());
    let foreign = std::env::vars_os().map(|(name, _)| name);
    for name in foreign.filter(|name| name.to_string_lossy().starts_with("COHONG_")) {
        command.env_remove(name);
    }
    command.args(words).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn run(words: &[&str]) -> Done {
    let done = command(words).output().await.expect("the binary runs");
    Done {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).expect("UTF-8"),
        err: String::from_utf8(done.stderr).expect("UTF-8"),
    }
}

/// A comparison that prints no megabytes.
pub(crate) fn holds(path: &Path, bytes: &[u8]) -> bool {
    std::fs::read(path).is_ok_and(|found| found == bytes)
}

/// The key of such a server.
pub(crate) fn key() -> String {
    format!("{ACCESS_KEY}:{SECRET_KEY}")
}

/// A server on a folder of its own.
pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) server: Instance,
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let server = Instance::start(binary(), &data, &Start::default())
            .await
            .expect("started");
        Self { folder, server }
    }

    pub(crate) fn data(&self) -> String {
        self.server.folder().to_str().expect("UTF-8").to_owned()
    }

    /// Runs a command against this server.
    pub(crate) async fn run(&self, words: &[&str]) -> Done {
        let data = self.data();
        let mut all = vec!["--data", data.as_str()];
        all.extend(words);
        run(&all).await
    }

    /// Runs a command that succeeds, and reads its JSON.
    pub(crate) async fn json(&self, words: &[&str]) -> Value {
        let mut all = words.to_vec();
        all.push("--json");
        let done = self.run(&all).await;
        assert_eq!(done.code, 0, "{words:?}: {done:?}");
        done.json()
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.server.listen())
    }

    /// Runs a command that speaks to the listener for SDKs.
    pub(crate) async fn speak(&self, words: &[&str]) -> Done {
        let (endpoint, key) = (self.endpoint(), key());
        let mut all = words.to_vec();
        all.extend(["--endpoint", &endpoint, "--key", &key]);
        run(&all).await
    }

    /// Runs a command that succeeds, and reads its JSON.
    pub(crate) async fn told(&self, words: &[&str]) -> Value {
        let mut all = words.to_vec();
        all.push("--json");
        let done = self.speak(&all).await;
        assert_eq!(done.code, 0, "{words:?}: {done:?}");
        done.json()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file whose bytes differ from place to place.
    pub(crate) fn file(&self, name: &str, bytes: usize) -> (String, Vec<u8>) {
        let mut content: Vec<u8> = (0..=250).collect::<Vec<u8>>().repeat(bytes / 251 + 1);
        content.truncate(bytes);
        let path = self.path(name);
        std::fs::write(&path, &content).expect("written");
        (path.to_str().expect("UTF-8").to_owned(), content)
    }

    /// A request to the admin address.
    pub(crate) async fn http(&self, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
        http(self.server.admin(), path, headers).await
    }
}

/// A request; status and whole answer.
pub(crate) async fn http(at: SocketAddr, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut stream = TcpStream::connect(at).await.expect("connected");
    let lines: String = headers
        .iter()
        .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
        .collect();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.expect("a status"), answer)
}
