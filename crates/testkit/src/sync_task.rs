//! Sync tasks of a server, asked for as their vendor's clients do.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cohong_sign::{Credentials, Timestamp, encode, sdk_hmac};

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::instance::{ACCESS_KEY, Instance, SECRET_KEY};

/// Longest that outcomes may take; reached only by a server that hangs.
const WAIT_MAX: Duration = Duration::from_mins(10);
/// Between two looks at the counts.
const POLL: Duration = Duration::from_millis(50);

/// Where a task reads from.
#[derive(Clone, Debug)]
pub struct From<'a> {
    /// The region that tasks name; the kind is `AWS`.
    pub region: &'a str,
    /// The bucket.
    pub bucket: &'a str,
    /// The secret of [`ACCESS_KEY`] there.
    pub secret: &'a str,
}

/// A task of a server.
#[derive(Clone, Debug)]
pub struct Task {
    path: String,
}

/// What became of the requests of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Accepted.
    pub requests: u64,
    /// Brought.
    pub success: u64,
    /// Failed.
    pub failure: u64,
    /// With nothing to do.
    pub skip: u64,
    /// Brought bytes.
    pub bytes: u64,
}

impl Task {
    /// Makes a task that copies everything about objects.
    pub async fn create(server: &Instance, from: &From<'_>, to: &str) -> Result<Self, String> {
        let told = ask(server.listen(), Method::GET, "/v3/projects?name=here", None).await?;
        let project = told["projects"][0]["id"].as_str().ok_or("no project")?;
        let body = json!({
            "src_cloud_type": "AWS",
            "src_region": from.region,
            "src_bucket": from.bucket,
            "src_ak": ACCESS_KEY,
            "src_sk": from.secret,
            "dst_ak": ACCESS_KEY,
            "dst_sk": SECRET_KEY,
            "dst_region": "here",
            "dst_bucket": to,
            "enable_metadata_migration": true,
            "dst_storage_policy": "SRC_STORAGE_MAPPING",
        });
        let tasks = format!("/v2/{project}/sync-tasks");
        let made = ask(server.listen(), Method::POST, &tasks, Some(body)).await?;
        let id = made["sync_task_id"].as_str().ok_or("no id")?;
        Ok(Self {
            path: format!("{tasks}/{id}"),
        })
    }

    /// Where it is: a path without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Its id.
    pub fn id(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or_default()
    }

    /// Names keys, as many at once as may be.
    pub async fn event(&self, server: &Instance, keys: &[String]) -> Result<(), String> {
        for keys in keys.chunks(100) {
            let keys: Vec<String> = keys.iter().map(|key| encode(key.as_bytes())).collect();
            let body = json!({ "object_keys": keys });
            let path = format!("{}/events", self.path);
            ask(server.listen(), Method::POST, &path, Some(body)).await?;
        }
        Ok(())
    }

    /// What was counted within an hour.
    pub async fn counts(&self, server: &Instance) -> Result<Counts, String> {
        let now = since_epoch().as_millis();
        let hour = Duration::from_hours(1).as_millis();
        let path = format!(
            "{}/statistics?data_type=REQUEST%2CSUCCESS%2CFAILURE%2CSKIP%2CSIZE&start_time={}&end_time={}",
            self.path,
            now - hour,
            now + hour
        );
        let told = ask(server.listen(), Method::GET, &path, None).await?;
        let sum = |n: usize| {
            let spans = told["statistic_datas"][n]["data"].as_array();
            let spans = spans.into_iter().flatten();
            spans
                .filter_map(|span| span["statistic_num"].as_u64())
                .sum()
        };
        Ok(Counts {
            requests: sum(0),
            success: sum(1),
            failure: sum(2),
            skip: sum(3),
            bytes: sum(4),
        })
    }

    /// The counts when every request has its outcome.
    pub async fn ended(&self, server: &Instance) -> Result<Counts, String> {
        let end = Instant::now() + WAIT_MAX;
        loop {
            let counts = self.counts(server).await?;
            if counts.requests == counts.success + counts.failure + counts.skip {
                return Ok(counts);
            }
            if Instant::now() > end {
                return Err(format!("not all have ended: {counts:?}"));
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

fn since_epoch() -> Duration {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or_default()
}

/// Sends a signed request with a connection of its own; anything but 200 is an error.
pub async fn ask(
    server: SocketAddr,
    method: Method,
    target: &str,
    body: Option<Value>,
) -> Result<Value, String> {
    let body: Bytes = body.map(|body| body.to_string().into()).unwrap_or_default();
    let headers = sign(server, &method, target, &body, (ACCESS_KEY, SECRET_KEY))?;
    let (status, _, body) = exchange(server, method, target, headers, body).await?;
    if status != StatusCode::OK {
        let body = String::from_utf8_lossy(&body);
        return Err(format!("{target}: {status} {body}"));
    }
    Ok(serde_json::from_slice(&body).unwrap_or_default())
}

/// The headers of a request signed now with an access key and its secret.
pub fn sign(
    server: SocketAddr,
    method: &Method,
    target: &str,
    body: &[u8],
    (access_key, secret): (&str, &str),
) -> Result<HeaderMap, String> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    let host = server.to_string();
    headers.insert(header::HOST, host.parse().map_err(|e| format!("{e}"))?);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let seconds = i64::try_from(since_epoch().as_secs()).map_err(|e| e.to_string())?;
    let signer = sdk_hmac::Signer {
        credentials: Credentials {
            access_key,
            secret,
            security_token: None,
        },
        time: Timestamp::from_unix(seconds).ok_or("a time")?,
    };
    let value = signer.sign_headers(method, path, query, &mut headers, body);
    let value = value.map_err(|e| e.to_string())?;
    headers.insert(
        header::AUTHORIZATION,
        value.parse().map_err(|e| format!("{e}"))?,
    );
    Ok(headers)
}

/// Sends a request over a connection of its own; status, headers and body of its answer.
pub async fn exchange(
    server: SocketAddr,
    method: Method,
    target: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, HeaderMap, Bytes), String> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.uri_mut() = target.parse().map_err(|e| format!("{target}: {e}"))?;
    *request.headers_mut() = headers;
    let stream = TcpStream::connect(server)
        .await
        .map_err(|e| e.to_string())?;
    let (mut sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    tokio::spawn(async move {
        // The sender sees the same end.
        drop(connection.await);
    });
    let answer = sender.send_request(request).await;
    let (head, body) = answer.map_err(|e| e.to_string())?.into_parts();
    let body = body.collect().await.map_err(|e| e.to_string())?;
    Ok((head.status, head.headers, body.to_bytes()))
}
