//! The real binary on a folder of its own: started, killed, started again.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::Client;

/// Longest a start may take; a start is far below a second on an idle machine.
const START_MAX: Duration = Duration::from_mins(1);

/// Access key of every instance.
pub const ACCESS_KEY: &str = "AKTESTINSTANCE000001";
/// Secret key of every instance.
pub const SECRET_KEY: &str = "test-only-secret-of-a-loopback-instance";

/// A running server.
#[derive(Debug)]
pub struct Instance {
    child: Child,
    folder: PathBuf,
    listen: SocketAddr,
    admin: SocketAddr,
    tls: Option<SocketAddr>,
    pid: u32,
}

/// How to start one.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// Environment variables beside the keys.
    pub env: Vec<(String, String)>,
    /// A program to run the binary under, with its arguments, such as a tracer.
    pub under: Vec<String>,
    /// More arguments for `serve`.
    pub args: Vec<String>,
    /// File that takes its log; without one it goes where this process's own goes.
    pub log: Option<PathBuf>,
}

impl Instance {
    /// Starts `binary` on `folder` and waits until it says that it is ready.
    pub async fn start(binary: &Path, folder: &Path, start: &Start) -> Result<Self, String> {
        let words = start.under.iter().map(String::as_str);
        let mut words = words.chain([binary.to_str().ok_or("the binary's path is not UTF-8")?]);
        let mut command = Command::new(words.next().unwrap_or_default());
        command
            .args(words)
            .args([
                "serve",
                "--json",
                "--listen",
                "127.0.0.1:0",
                "--admin",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(folder)
            .args(&start.args)
            .env("COHONG_ROOT_ACCESS_KEY", ACCESS_KEY)
            .env("COHONG_ROOT_SECRET_KEY", SECRET_KEY)
            .env("COHONG_LOG", "warn")
            .envs(start.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(match &start.log {
                Some(path) => std::fs::File::create(path)
                    .map_err(|e| e.to_string())?
                    .into(),
                None => Stdio::inherit(),
            })
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|e| format!("cannot start the binary: {e}"))?;
        let out = child.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(out).lines();
        let line = tokio::time::timeout(START_MAX, lines.next_line())
            .await
            .map_err(|_| "the server was not ready in time".to_owned())?
            .map_err(|e| e.to_string())?
            .ok_or("the server ended before it was ready")?;
        let ready: serde_json::Value = serde_json::from_str(&line).map_err(|e| e.to_string())?;
        let found = |name: &str| ready[name].as_str().and_then(|text| text.parse().ok());
        let address = |name: &str| found(name).ok_or(format!("no {name}"));
        let pid = child.id().ok_or("the server ended when it was ready")?;
        Ok(Self {
            pid: if start.under.is_empty() {
                pid
            } else {
                only_child(pid)?
            },
            listen: address("listen")?,
            admin: address("admin")?,
            tls: found("tls"),
            folder: folder.to_owned(),
            child,
        })
    }

    /// Address of the data listener.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Address of the admin listener.
    pub fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Address of the data listener that speaks TLS, when there is one.
    pub fn tls(&self) -> Option<SocketAddr> {
        self.tls
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server's process id, also when it runs under another program.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// A client with the root key and a connection of its own.
    pub fn client(&self) -> Client {
        Client::new(self.listen, ACCESS_KEY, SECRET_KEY)
    }

    /// Kills the process as a power switch would, and waits until it is gone.
    pub async fn kill(mut self) -> Result<(), String> {
        self.signal("KILL").await?;
        self.child
            .wait()
            .await
            .map(|_| ())
            .map_err(|e| e.to_string())
    }

    /// Waits for the process to end by itself, and kills it when that takes longer than `within`;
    /// whether it ended by itself.
    pub async fn ended(mut self, within: Duration) -> Result<bool, String> {
        let by_itself = tokio::time::timeout(within, self.child.wait())
            .await
            .is_ok();
        if !by_itself {
            self.kill().await?;
        }
        Ok(by_itself)
    }

    /// Asks the process to end, as an operator would; its exit code, none when a signal ended it.
    pub async fn stop(mut self) -> Result<Option<i32>, String> {
        self.signal("TERM").await?;
        self.child
            .wait()
            .await
            .map(|status| status.code())
            .map_err(|e| e.to_string())
    }

    /// Sends a signal by its name, such as `HUP`.
    pub async fn signal(&self, name: &str) -> Result<(), String> {
        let sent = Command::new("kill")
            .args(["-s", name, &self.pid.to_string()])
            .status()
            .await;
        if sent.map_err(|e| e.to_string())?.success() {
            return Ok(());
        }
        Err(format!("process {} takes no {name}", self.pid))
    }

    /// Runs a command of the binary against this server and reads its JSON answer.
    pub async fn command(
        &self,
        binary: &Path,
        words: &[&str],
    ) -> Result<serde_json::Value, String> {
        let done = Command::new(binary)
            .arg("--data")
            .arg(&self.folder)
            .arg("--json")
            .args(words)
            .output()
            .await
            .map_err(|e| e.to_string())?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned());
        }
        serde_json::from_slice(&done.stdout).map_err(|e| e.to_string())
    }
}

/// The one process that another started; the other itself when it turned into what it was to start.
fn only_child(of: u32) -> Result<u32, String> {
    let path = format!("/proc/{of}/task/{of}/children");
    let children = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
    if children.trim().is_empty() {
        return Ok(of);
    }
    children
        .trim()
        .parse()
        .map_err(|_| format!("{of} has the children {children:?}"))
}
