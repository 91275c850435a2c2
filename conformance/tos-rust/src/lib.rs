//! Starts the real binary, and makes the vendor's clients; knows nothing of the tests.

use std::future::Future;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_trait::async_trait;
use futures_core::future::BoxFuture;
use tempfile::TempDir;
use tokio::runtime::Handle;
use ve_tos_rust_sdk::asynchronous::tos::{self, AsyncRuntime, TosClientImpl};
use ve_tos_rust_sdk::credential::{CommonCredentials, CommonCredentialsProvider};
use ve_tos_rust_sdk::error::TosError;

/// The vendor's asynchronous client.
pub type Client =
    TosClientImpl<CommonCredentialsProvider<CommonCredentials>, CommonCredentials, Tokio>;

/// The endpoint that a program names; it is sent and never resolved.
const ENDPOINT: &str = "http://tos-cn-beijing.volces.com";
const REGION: &str = "cn-beijing";

/// The binary on a folder of its own and free ports; it is killed when this is dropped.
pub struct Server {
    process: Child,
    port: isize,
    access_key: String,
    secret_key: String,
    _data: TempDir,
}

impl Server {
    /// Starts it, and waits until it is ready.
    pub fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder for data");
        let binary = std::env::var_os("COHONG_BIN").expect("COHONG_BIN names the binary");
        let mut command = Command::new(binary);
        command.arg("serve").arg("--data").arg(data.path());
        command.args([
            "--listen",
            "127.0.0.1:0",
            "--admin",
            "127.0.0.1:0",
            "--json",
        ]);
        let mut process = command
            .env("COHONG_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let out = process.stdout.take().expect("it is piped");
        BufReader::new(out)
            .read_line(&mut line)
            .expect("the server tells where it is");
        let ready: serde_json::Value = serde_json::from_str(&line).expect("it tells so in JSON");
        let told = |name: &str| {
            ready[name]
                .as_str()
                .expect("the address and the first key")
                .to_owned()
        };
        let port = told("listen")
            .rsplit(':')
            .next()
            .and_then(|port| port.parse().ok());
        Self {
            process,
            port: port.expect("an address ends with its port"),
            access_key: told("access_key"),
            secret_key: told("secret_key"),
            _data: data,
        }
    }

    /// A client whose proxy is the server, as the vendor's documentation sets one.
    pub fn client(&self) -> Client {
        let client = tos::builder::<Tokio>()
            .ak(&self.access_key)
            .sk(&self.secret_key);
        let client = client.region(REGION).endpoint(ENDPOINT).max_retry_count(0);
        client
            .proxy_host("127.0.0.1")
            .proxy_port(self.port)
            .build()
            .expect("a client")
    }

    /// A browser behind the same proxy.
    pub fn browser(&self) -> reqwest::Client {
        let proxy =
            reqwest::Proxy::all(format!("http://127.0.0.1:{}", self.port)).expect("an address");
        reqwest::Client::builder()
            .proxy(proxy)
            .build()
            .expect("a client")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process
            .kill()
            .expect("the server runs until the end of its test");
        self.process.wait().expect("it ends when it is killed");
    }
}

/// Status and code of an error that the server sent.
pub fn told<T>(answer: Result<T, TosError>) -> (isize, String) {
    let Err(error) = answer else {
        panic!("it was not refused");
    };
    let Some(error) = error.as_server_error() else {
        panic!("the server did not say that: {error}");
    };
    assert!(!error.request_id().is_empty());
    (error.status_code(), error.code().to_owned())
}

/// Tokio as the vendor's documentation fits it to the client.
#[derive(Debug, Default)]
pub struct Tokio;

#[async_trait]
impl AsyncRuntime for Tokio {
    type JoinError = tokio::task::JoinError;

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn spawn<'a, F>(&self, future: F) -> BoxFuture<'a, Result<F::Output, Self::JoinError>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        Box::pin(Handle::current().spawn(future))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        Handle::current().block_on(future)
    }
}
