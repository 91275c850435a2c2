//! Everything a step works with: the server, a client, and the two programs that the server calls.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::client::{Answer, Ask, Tos};
use super::notes::{Deviation, Notes, missing};
use super::receiver::Receiver;
use super::server::Server;

/// Longest wait for something that is promised; the first retry comes after a second.
const PATIENCE: Duration = Duration::from_secs(30);
/// The name that rules know the function by.
pub(super) const FUNCTION: &str = "on-change";

pub(crate) struct World {
    pub server: Server,
    pub client: Tos,
    /// Confirms uploads.
    pub application: Receiver,
    /// Is told about changes.
    pub function: Receiver,
    pub patience: Duration,
    /// Removed when the tour is over; the server stands before it so that it ends first.
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn start(binary: &Path) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("cohong-demo-").tempdir();
        let folder = folder.map_err(|e| format!("there is no place for temporary files: {e}"))?;
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = Server::start(binary, &folder.path().join("data"), any).await?;
        let client = Tos {
            server: server.listen,
            access_key: server.access_key.clone(),
            secret_key: server
                .secret_key
                .clone()
                .ok_or("the first start did not say its secret key")?,
        };
        let receiver = || async {
            Receiver::start()
                .await
                .map_err(|e| format!("no free port: {e}"))
        };
        Ok(Self {
            application: receiver().await?,
            function: receiver().await?,
            patience: PATIENCE,
            folder,
            server,
            client,
        })
    }

    /// Ends the server in an orderly way.
    pub(crate) async fn end(mut self) -> Result<(), Deviation> {
        let code = self
            .server
            .stop()
            .await
            .map_err(|why| missing("the server's end", why))?;
        Notes::default().see("exit code of the server", "Some(0)", format!("{code:?}"))
    }

    /// A file of this tour.
    pub(super) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub(super) async fn bucket(&self, bucket: &str, notes: &mut Notes) -> Result<(), Deviation> {
        let made = self
            .client
            .send(
                Method::PUT,
                Ask {
                    bucket,
                    ..Ask::default()
                },
            )
            .await?;
        notes.did(format!("The bucket {bucket} is made."));
        notes.see("PUT bucket", 200, made.status.as_u16())
    }

    pub(super) async fn put(
        &self,
        bucket: &str,
        key: &str,
        body: &'static str,
    ) -> Result<Answer, Deviation> {
        self.put_with(bucket, key, body, &[]).await
    }

    pub(super) async fn put_with(
        &self,
        bucket: &str,
        key: &str,
        body: &'static str,
        headers: &[(&'static str, &str)],
    ) -> Result<Answer, Deviation> {
        let body = Bytes::from_static(body.as_bytes());
        self.client
            .send(
                Method::PUT,
                Ask {
                    bucket,
                    key,
                    headers,
                    body,
                    ..Ask::default()
                },
            )
            .await
    }

    pub(super) async fn get(&self, bucket: &str, key: &str) -> Result<Answer, Deviation> {
        self.client
            .send(
                Method::GET,
                Ask {
                    bucket,
                    key,
                    ..Ask::default()
                },
            )
            .await
    }

    /// A bucket with a rule: the function is told about everything written and removed.
    pub(super) async fn watched(&self, bucket: &str, notes: &mut Notes) -> Result<(), Deviation> {
        let url = self.function.url("/run");
        let added = self.command(&["function", "add", FUNCTION, &url]).await?;
        notes.see("`cohong function add`, its URL", &url, text(&added, "url"))?;
        self.bucket(bucket, notes).await?;
        self.rule(bucket, FUNCTION, notes).await
    }

    /// A rule: that function is told about everything written and removed.
    pub(super) async fn rule(
        &self,
        bucket: &str,
        function: &str,
        notes: &mut Notes,
    ) -> Result<(), Deviation> {
        let rule = json!({"CloudFunctionConfigurations": [{
            "RuleId": "tell-all",
            "Events": ["tos:ObjectCreated:*", "tos:ObjectRemoved:*"],
            "CloudFunction": function,
        }]});
        let query = &[("notification", "")];
        let ask = Ask {
            bucket,
            query,
            body: rule.to_string().into(),
            ..Ask::default()
        };
        let set = self.client.send(Method::PUT, ask).await?;
        notes.see(
            "PUT ?notification, a rule that names the function",
            200,
            set.status.as_u16(),
        )
    }

    /// A command's JSON answer; `events wait` may end with 3.
    pub(super) async fn command(&self, words: &[&str]) -> Result<Value, Deviation> {
        let what = format!("cohong {}", words.join(" "));
        let words: Vec<&str> = words.iter().copied().chain(["--json"]).collect();
        let done = self
            .server
            .command(&words)
            .await
            .map_err(|why| missing(&what, why))?;
        serde_json::from_slice(&done.stdout)
            .map_err(|_| missing(&what, String::from_utf8_lossy(&done.stderr)))
    }

    /// What a command tells people.
    pub(super) async fn told(&self, words: &[&str]) -> Result<String, Deviation> {
        let what = format!("cohong {}", words.join(" "));
        let done = self
            .server
            .command(words)
            .await
            .map_err(|why| missing(&what, why))?;
        if !done.status.success() {
            return Err(missing(&what, String::from_utf8_lossy(&done.stderr)));
        }
        Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned())
    }
}

/// The header that asks for a callback.
pub(super) fn callback(url: &str, body: &str) -> String {
    let order = json!({
        "callbackUrl": url, "callbackBody": body, "callbackBodyType": "application/json",
    });
    STANDARD.encode(order.to_string())
}

/// A member as text.
pub(super) fn text(value: &Value, name: &str) -> String {
    match &value[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
