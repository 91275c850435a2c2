//! A server without sockets: all dialects over stores in memory, with one bucket that holds one object, at one moment.

use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::engine::{Engine, IssuedKey, Ports};
use cohong_core::memory::{MemoryBlobs, MemoryMeta};
use cohong_core::model::{
    AccountId, CallbackSpec, ObjectRecord, SyncSource, Timestamp, VersionKind,
};
use cohong_core::ports::{
    CallbackOutcome, CallbackRequest, CallbackSender, Clock, FetchFault, Fetched, Fetcher,
    KeyRange, Limit, MetadataStore, Mono, Order, SealError, Sealer, Source, SourceCredentials,
    SourceFault, Sources, Spawner, Table, Task, UnfitCall,
};
use cohong_core::records::{CurrentRecord, decode};
use cohong_dialects::gate::detect::Dialects;
use cohong_dialects::gate::{Dialect, GateCx};
use cohong_dialects::oas::Oas;
use cohong_dialects::oms::Oms;
use cohong_dialects::oss::Oss;
use cohong_dialects::s3::S3;
use cohong_dialects::tos::Tos;
use cohong_sign::{Credentials, Signer, TOS, decode as unescaped, oas, oss, s3, sdk_hmac};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};

use crate::offline::SeededIds;
use crate::seed::Seed;

/// The bucket that there is.
pub(super) const BUCKET: &str = "fuzz-bucket";

const NOW: &str = "20240506T070809Z";

/// See the module's text.
pub(super) struct World {
    meta: Arc<MemoryMeta>,
    dialects: Dialects,
    tongues: [Arc<dyn Dialect>; 5],
    owner: IssuedKey,
}

/// In whose words, and how it is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tongue {
    Tos,
    Oss(oss::Version),
    S3(s3::Version),
    Oas,
    Oms,
}

/// A request to be sent.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    /// Whether it is about the bucket.
    pub(super) of_bucket: bool,
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Tongue {
    /// By its name in inputs.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "tos" => Self::Tos,
            "oss1" => Self::Oss(oss::Version::V1),
            "oss" => Self::Oss(oss::Version::V4),
            "s32" => Self::S3(s3::Version::V2),
            "s3" => Self::S3(s3::Version::V4),
            "oas" => Self::Oas,
            "oms" => Self::Oms,
            _ => return None,
        })
    }

    fn host(self) -> &'static str {
        match self {
            Self::Tos => "tos-cn-beijing.volces.com",
            Self::Oss(_) => "oss-cn-hangzhou.aliyuncs.com",
            Self::S3(_) => "127.0.0.1:9000",
            Self::Oas => "cn-hangzhou.oas.aliyuncs.com",
            Self::Oms => "oms.cn-north-4.myhuaweicloud.com",
        }
    }

    fn place(self) -> usize {
        match self {
            Self::Tos => 0,
            Self::Oss(_) => 1,
            Self::S3(_) => 2,
            Self::Oas => 3,
            Self::Oms => 4,
        }
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let meta = Arc::new(MemoryMeta::new());
        let engine = Engine::new(Ports {
            meta: meta.clone(),
            blobs: Arc::new(MemoryBlobs::new()),
            clock: Arc::new(Still),
            ids: Arc::new(SeededIds(Mutex::new(Seed::new(1)))),
            spawner: Arc::new(Tokio),
            callbacks: Arc::new(Others),
            sealer: Arc::new(Backwards),
        });
        let engine = Arc::new(engine.with_fetcher(Arc::new(Others)));
        let owner = engine
            .create_key(&AccountId("2100000000".into()), None)
            .await;
        let tongues: [Arc<dyn Dialect>; 5] = [
            Arc::new(Tos::new(
                engine.clone(),
                cohong_dialects::tos::Options::default(),
            )),
            Arc::new(Oss::new(
                engine.clone(),
                cohong_dialects::oss::Options::default(),
            )),
            Arc::new(S3::new(
                engine.clone(),
                cohong_dialects::s3::Options::default(),
            )),
            Arc::new(Oas::new(
                engine.clone(),
                cohong_dialects::oas::Options::default(),
            )),
            Arc::new(Oms::new(
                engine.clone(),
                Arc::new(NoSources),
                cohong_dialects::oms::Options::default(),
            )),
        ];
        let world = Self {
            meta,
            dialects: Dialects::new(engine, tongues.to_vec()),
            tongues,
            owner: owner.expect("a key"),
        };
        for (target, body) in [("/", ""), ("/k", "bytes")] {
            let made = world.signed(Tongue::Tos, Ask::put(target, body)).await;
            assert_eq!(made.expect("signed").status, 200, "a world");
        }
        world
    }

    /// All rows of the tables that clients see the effects of.
    pub(super) async fn visible(&self) -> Vec<(Bytes, Bytes)> {
        let all = |table| KeyRange {
            table,
            start: Bytes::new(),
            end: None,
        };
        let tables = [Table::Heads, Table::Graves, Table::Versions, Table::Buckets];
        let limit = Limit {
            rows: 1000,
            bytes: usize::MAX,
        };
        let pages = self
            .meta
            .scan(&tables.map(all), Order::Ascending, limit)
            .await;
        let rows = pages
            .expect("memory reads")
            .into_iter()
            .flat_map(|page| page.rows);
        rows.map(|(key, record)| (key, record.bytes)).collect()
    }

    /// Sends a request of the owner; nothing when it cannot be signed.
    pub(super) async fn signed(&self, tongue: Tongue, ask: Ask) -> Option<Reply> {
        let in_path = ask.of_bucket && matches!(tongue, Tongue::S3(_));
        let host = if ask.of_bucket && !in_path {
            format!("{BUCKET}.{}", tongue.host())
        } else {
            tongue.host().to_owned()
        };
        let target = if in_path {
            format!("/{BUCKET}{}", ask.target)
        } else {
            ask.target.clone()
        };
        let mut headers = ask.headers.clone();
        headers.insert("host", HeaderValue::from_str(&host).ok()?);
        let text = self.authorization(tongue, &ask, &target, &mut headers)?;
        headers.insert("authorization", HeaderValue::from_str(&text).ok()?);
        headers.insert("content-length", ask.body.len().into());
        let head = head(&ask.method, &target, headers)?;
        let dialect = &self.tongues[tongue.place()];
        Some(serve(&**dialect, head, ask.body).await)
    }

    /// Makes the vault `cabinet`.
    pub(super) async fn with_vault(self) -> Self {
        let mut ask = Ask::put("/vaults/cabinet", "");
        ask.of_bucket = false;
        let made = self.signed(Tongue::Oas, ask).await.expect("signed");
        assert_eq!(made.status, 201, "a vault");
        self
    }

    /// Where the resources of the owner are, in the words of OMS.
    pub(super) async fn project(&self) -> String {
        let ask = Ask {
            method: Method::GET,
            of_bucket: false,
            ..Ask::put("/v3/projects?name=cn-north-4", "")
        };
        let told = self.signed(Tongue::Oms, ask).await.expect("signed");
        let told: serde_json::Value = serde_json::from_slice(&told.body).expect("JSON");
        let id = &told["projects"][0]["id"];
        id.as_str().expect("an id").to_owned()
    }

    /// Sends a form of TOS, with fields in front of its own that sign a policy which allows most.
    pub(super) async fn form(&self, mut ask: Ask) -> Option<Reply> {
        let free = [
            "key",
            "x-tos-acl",
            "content-type",
            "x-tos-meta-a",
            "tagging",
        ];
        let free = free.map(|field| serde_json::json!(["starts-with", format!("${field}"), ""]));
        let policy = serde_json::json!({
            "expiration": "2024-05-06T08:00:00.000Z",
            "conditions": free,
        });
        let credentials = Credentials {
            access_key: &self.owner.access.0,
            secret: self.owner.secret.expose(),
            security_token: None,
        };
        let time = cohong_sign::Timestamp::parse(NOW)?;
        let signer = Signer::new(&TOS, credentials, "cn-beijing", time);
        let fields = signer.sign_post_policy(&policy.to_string());
        let part = |(name, value): &(String, String)| {
            let head = format!("--BB\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
            format!("{head}{value}\r\n")
        };
        let first: String = fields.iter().map(part).collect();
        ask.body = [first.as_bytes(), &ask.body].concat().into();
        let host = format!("{BUCKET}.{}", Tongue::Tos.host());
        ask.headers.insert("host", host.parse().ok()?);
        let kind = HeaderValue::from_static("multipart/form-data; boundary=BB");
        ask.headers.insert("content-type", kind);
        self.plain(ask).await
    }

    /// Sends a request as it is to whoever claims it.
    pub(super) async fn plain(&self, ask: Ask) -> Option<Reply> {
        let mut head = head(&ask.method, &ask.target, ask.headers)?;
        self.dialects.look_up(&mut head).await;
        let dialect = self.dialects.of(&head).await.clone();
        let again = self.dialects.of(&head).await;
        assert_eq!(dialect.id(), again.id(), "one request, two dialects");
        let _bucket = dialect.bucket(&head);
        Some(serve(&*dialect, head, ask.body).await)
    }

    fn authorization(
        &self,
        tongue: Tongue,
        ask: &Ask,
        target: &str,
        headers: &mut HeaderMap,
    ) -> Option<String> {
        let credentials = Credentials {
            access_key: &self.owner.access.0,
            secret: self.owner.secret.expose(),
            security_token: None,
        };
        let time = cohong_sign::Timestamp::parse(NOW)?;
        let method = &ask.method;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let signed = match tongue {
            Tongue::Tos => Signer::new(&TOS, credentials, "cn-beijing", time)
                .sign_headers(method, path, query, headers),
            Tongue::Oss(version) => {
                let key = unescaped(path.strip_prefix('/').unwrap_or(path)).ok()?;
                let resource = oss::Resource {
                    bucket: ask.of_bucket.then_some(BUCKET),
                    key: &key,
                };
                let signer = oss::Signer {
                    version,
                    credentials,
                    region: "cn-hangzhou",
                    time,
                };
                signer.sign_headers(method, &resource, query, headers, &[])
            }
            Tongue::S3(version) => {
                let signer = s3::Signer {
                    version,
                    credentials,
                    region: "us-east-1",
                    time,
                };
                signer.sign_headers(method, path, query, headers, None, &[])
            }
            Tongue::Oas => {
                oas::Signer { credentials, time }.sign_headers(method, path, query, headers)
            }
            Tongue::Oms => sdk_hmac::Signer { credentials, time }
                .sign_headers(method, path, query, headers, &ask.body),
        };
        signed.ok()
    }
}

impl Ask {
    pub(super) fn put(target: &str, body: &str) -> Self {
        Self {
            method: Method::PUT,
            of_bucket: true,
            target: target.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    /// Adds what lines of `name: value` say, as far as they can be headers.
    pub(super) fn with_lines<'a>(mut self, lines: impl Iterator<Item = &'a str>) -> Self {
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            let name = HeaderName::from_bytes(name.as_bytes());
            let value = HeaderValue::from_bytes(value.as_bytes());
            if let (Ok(name), Ok(value)) = (name, value) {
                self.headers.append(name, value);
            }
        }
        self
    }
}

/// A head; nothing when there is none that a connection could bring.
fn head(method: &Method, target: &str, headers: HeaderMap) -> Option<Parts> {
    let mut request = Request::new(());
    *request.method_mut() = method.clone();
    *request.uri_mut() = target.parse().ok()?;
    *request.headers_mut() = headers;
    Some(request.into_parts().0)
}

async fn serve(dialect: &dyn Dialect, head: Parts, body: Bytes) -> Reply {
    let body = Full::new(body)
        .map_err(|never| match never {})
        .boxed_unsync();
    let cx = GateCx {
        request_id: "request-1".into(),
        peer: Some([127, 0, 0, 1].into()),
        secure: false,
        tls: None,
    };
    let (head, body) = dialect.serve(head, body, cx).await.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    Reply {
        status: head.status,
        headers: head.headers,
        body,
    }
}

/// Runs something to its end.
pub(super) fn run<T>(doing: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(doing)
}

/// What is stored of an object.
pub(super) fn record() -> ObjectRecord {
    static RECORD: OnceLock<ObjectRecord> = OnceLock::new();
    let read = || {
        run(async {
            let rows = World::new().await.visible().await;
            let current = rows
                .iter()
                .find_map(|(_, bytes)| decode::<CurrentRecord>(bytes).ok());
            match current.expect("an object").version.kind {
                VersionKind::Object(record) => *record,
                VersionKind::DeleteMarker { .. } => panic!("the object was not deleted"),
            }
        })
    };
    RECORD.get_or_init(read).clone()
}

/// It is always the same moment.
#[derive(Debug)]
struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Timestamp {
        let seconds = cohong_sign::Timestamp::parse(NOW)
            .expect("a time")
            .unix_seconds();
        Timestamp::from_millis(u64::try_from(seconds).expect("after 1970") * 1000)
    }

    fn mono(&self) -> Mono {
        Mono::ZERO
    }

    async fn sleep_until(&self, _: Mono) {}
}

#[derive(Debug)]
struct Tokio;

impl Spawner for Tokio {
    fn spawn(&self, _: &'static str, task: Task) {
        tokio::spawn(task);
    }
}

/// Seals nothing: there are no secrets here.
#[derive(Debug)]
struct Backwards;

impl Sealer for Backwards {
    fn seal(&self, secret: &[u8]) -> Vec<u8> {
        secret.iter().rev().copied().collect()
    }

    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        Ok(self.seal(sealed))
    }

    fn random(&self, out: &mut [u8]) {
        for (at, byte) in out.iter_mut().enumerate() {
            *byte = u8::try_from(at % 251).expect("below 251");
        }
    }
}

/// Servers of others, which have nothing and accept nothing.
#[derive(Debug)]
struct Others;

#[async_trait]
impl CallbackSender for Others {
    fn check(&self, _: &CallbackSpec) -> Result<(), UnfitCall> {
        Ok(())
    }

    async fn send(&self, _: &CallbackRequest) -> CallbackOutcome {
        CallbackOutcome::default()
    }
}

#[async_trait]
impl Fetcher for Others {
    fn check(&self, _: &str) -> Result<(), FetchFault> {
        Ok(())
    }

    async fn fetch(&self, _: &str) -> Result<Fetched, FetchFault> {
        Err(FetchFault::Status(404))
    }
}

#[derive(Debug)]
struct NoSources;

#[async_trait]
impl Sources for NoSources {
    async fn open(
        &self,
        source: &SyncSource,
        _: &SourceCredentials,
    ) -> Result<Arc<dyn Source>, SourceFault> {
        Err(SourceFault::Unknown(source.region.clone()))
    }
}
