//! The ordinary server as a child process: started, killed, started again on the same folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Longest a start may take; on an idle machine it is far below a second.
const START_MAX: Duration = Duration::from_mins(1);
/// Longest an orderly stop may take: what service managers are promised.
const STOP_MAX: Duration = Duration::from_secs(15);

pub(crate) struct Server {
    binary: PathBuf,
    data: PathBuf,
    child: Child,
    pub listen: SocketAddr,
    pub admin: SocketAddr,
    pub access_key: String,
    /// Only the first start says it.
    pub secret_key: Option<String>,
}

impl Server {
    /// Starts a server on a folder and waits until it says that it is ready.
    pub(super) async fn start(
        binary: &Path,
        data: &Path,
        listen: SocketAddr,
    ) -> Result<Self, String> {
        let mut child = command(binary, data)
            .args([
                "serve",
                "--json",
                "--admin",
                "127.0.0.1:0",
                "--log",
                "error",
            ])
            .args(["--listen", &listen.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|e| format!("{} does not start: {e}", binary.display()))?;
        let out = child
            .stdout
            .take()
            .ok_or("the server has no standard output")?;
        let mut lines = BufReader::new(out).lines();
        let line = tokio::time::timeout(START_MAX, lines.next_line()).await;
        let line = line.map_err(|_| "the server was not ready in time")?;
        let line = line
            .map_err(|e| e.to_string())?
            .ok_or("the server ended at once")?;
        let ready: Value = serde_json::from_str(&line).map_err(|e| format!("{line}: {e}"))?;
        let text = |name: &str| ready[name].as_str().map(ToOwned::to_owned);
        let address = |name: &str| text(name).and_then(|text| text.parse().ok());
        Ok(Self {
            listen: address("listen").ok_or("the server did not say where it listens")?,
            admin: address("admin").ok_or("the server did not say its admin address")?,
            access_key: text("access_key").ok_or("the server did not say its access key")?,
            secret_key: text("secret_key"),
            binary: binary.to_owned(),
            data: data.to_owned(),
            child,
        })
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Kills it as a power cut would, and starts another one on the same folder and address.
    pub(super) async fn crash(&mut self) -> Result<(), String> {
        self.child
            .kill()
            .await
            .map_err(|e| format!("it cannot be killed: {e}"))?;
        let secret_key = self.secret_key.take();
        *self = Self::start(&self.binary, &self.data, self.listen).await?;
        self.secret_key = secret_key;
        Ok(())
    }

    /// Runs a command of the binary on this server.
    pub(super) async fn command(&self, words: &[&str]) -> Result<Output, String> {
        let secret_key = self.secret_key.as_deref().unwrap_or_default();
        let done = command(&self.binary, &self.data)
            .env("COHONG_ENDPOINT", format!("http://{}", self.listen))
            .env("COHONG_KEY", format!("{}:{secret_key}", self.access_key))
            .args(words)
            .output()
            .await;
        done.map_err(|e| format!("cohong {}: {e}", words.join(" ")))
    }

    /// Asks it to end; its exit code, none when it had to be killed.
    pub(super) async fn stop(&mut self) -> Result<Option<i32>, String> {
        let id = i32::try_from(self.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        let id = id.ok_or("the server has ended already")?;
        rustix::process::kill_process(id, rustix::process::Signal::TERM)
            .map_err(|e| e.to_string())?;
        match tokio::time::timeout(STOP_MAX, self.child.wait()).await {
            Ok(ended) => Ok(ended.map_err(|e| e.to_string())?.code()),
            Err(_) => Ok(None),
        }
    }
}

/// The user's own settings are for the user's own server.
fn command(binary: &Path, data: &Path) -> Command {
    let mut command = Command::new(binary);
    command
        .env_clear()
        .arg("--data")
        .arg(data)
        .kill_on_drop(true);
    command
}
