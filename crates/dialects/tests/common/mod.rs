//! The dialects over stores in memory, driven in-process by signed requests.
#![allow(dead_code, reason = "each test binary uses another part of the world")]

pub(crate) mod attack;
pub(crate) mod oas;
pub(crate) mod oms;
pub(crate) mod oss;
mod ports;
pub(crate) mod s3;
mod store;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::engine::{BucketChange, Cx, Encrypting, Engine, IssuedKey, Ports, VaultSettings};
use cohong_core::memory::MemoryBlobs;
use cohong_core::model::{
    AccessKeyId, AccountId, BucketName, DialectId, Principal, SyncPast, TlsVersion,
};
use cohong_core::ports::Clock as _;
use cohong_dialects::gate::detect::Dialects;
use cohong_dialects::gate::{Dialect, GateCx, Served};
use cohong_dialects::oas::{Oas, OasInventory};
use cohong_dialects::oms::Oms;
use cohong_dialects::oss::Oss;
use cohong_dialects::s3::S3;
use cohong_dialects::tos::{Options, Tos};
use cohong_sign::{Credentials, RequestHead, Signer, TOS, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use http_body_util::{BodyExt, Full};
use serde_json::Value;

pub(crate) use ports::{FakeCallbacks, FakeClock, FakeSources};
pub(crate) use store::Disk;

/// The moment all requests are signed at.
pub(crate) const NOW: &str = "20240506T070809Z";
/// How long a restore takes.
pub(crate) const RESTORE_DELAY: Duration = Duration::from_mins(1);
/// How long a job of a vault takes.
pub(crate) const JOB_DELAY: Duration = Duration::from_mins(1);
const HOST: &str = "tos-cn-beijing.volces.com";

/// The dialects, their engine, and two accounts.
pub(crate) struct World {
    pub(crate) engine: Arc<Engine>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) callbacks: Arc<FakeCallbacks>,
    tos: Arc<Tos>,
    oss: Arc<Oss>,
    s3: Arc<S3>,
    oms: Arc<Oms>,
    oas: Arc<Oas>,
    pub(crate) owner: IssuedKey,
    other: IssuedKey,
}

/// Which dialect a request is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tongue {
    Tos,
    Oss(cohong_sign::oss::Version),
    S3(cohong_sign::s3::Version),
    Oms,
    Oas,
}

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum As {
    Owner,
    Other,
    Nobody,
}

/// A request to be signed.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    by: As,
    tongue: Tongue,
    method: Method,
    bucket: Option<&'static str>,
    target: String,
    headers: HeaderMap,
    /// Headers that are added after signing.
    added: HeaderMap,
    /// Life of the presigned URL that it is sent as, seconds.
    presigned: Option<u32>,
    /// Whether it says how long its body is.
    measured: bool,
    /// Whether it comes over TLS.
    secure: bool,
    /// Which TLS it comes over.
    tls: Option<TlsVersion>,
    body: Bytes,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The operation that the dialect says it was.
    pub(crate) operation: &'static str,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl World {
    /// An empty world.
    pub(crate) async fn new() -> Self {
        let clock = Arc::new(FakeClock::default());
        let callbacks = Arc::new(FakeCallbacks::default());
        let disk = Arc::new(Disk::default());
        let engine = Engine::new(Ports {
            meta: disk.clone(),
            blobs: Arc::new(MemoryBlobs::new()),
            clock: clock.clone(),
            ids: Arc::new(ports::FakeIds::default()),
            spawner: Arc::new(ports::TokioSpawner),
            callbacks: callbacks.clone(),
            sealer: Arc::new(ports::FakeSealer::default()),
        });
        let engine = engine
            .with_restore_delay(RESTORE_DELAY)
            .with_vaults(VaultSettings {
                job_delay: JOB_DELAY,
                ..VaultSettings::default()
            })
            .with_inventory(DialectId::Oas, Arc::new(OasInventory))
            .with_reports(DialectId::Tos, cohong_dialects::tos::reports())
            .with_reports(DialectId::Oss, cohong_dialects::oss::reports())
            .with_reports(DialectId::S3, cohong_dialects::s3::reports())
            .with_fetcher(Arc::new(ports::FakeFetcher));
        let engine = Arc::new(engine);
        let key = async |name: &str| {
            let account = AccountId(name.into());
            engine.create_key(&account, None).await.expect("a key")
        };
        let (owner, other) = (key("2100000000").await, key("2100000001").await);
        let tos = Arc::new(Tos::new(engine.clone(), Options::default()));
        let oss = Arc::new(Oss::new(engine.clone(), oss::options()));
        let s3 = Arc::new(S3::new(
            engine.clone(),
            cohong_dialects::s3::Options::default(),
        ));
        let oms = Arc::new(Oms::new(
            engine.clone(),
            Arc::new(FakeSources),
            cohong_dialects::oms::Options::default(),
        ));
        let oas = Arc::new(Oas::new(
            engine.clone(),
            cohong_dialects::oas::Options::default(),
        ));
        Self {
            engine,
            disk,
            clock,
            callbacks,
            tos,
            oss,
            s3,
            oms,
            oas,
            owner,
            other,
        }
    }

    /// A world with the bucket `bucket-test`.
    pub(crate) async fn with_bucket() -> Self {
        let world = Self::new().await;
        world.send(put("bucket-test", "/")).await.expect_status(200);
        world
    }

    /// Lets objects of the owner's bucket be renamed.
    pub(crate) async fn let_rename(&self, bucket: &str) {
        let cx = Cx {
            principal: Principal::Account {
                account: AccountId("2100000000".into()),
                key: AccessKeyId("root".into()),
            },
            request_id: "req".into(),
            source: None,
            dialect: DialectId::Tos,
            at: self.clock.now(),
            secure: false,
            tls: None,
            user_agent: None,
            referer: None,
            pays: false,
            by_link: false,
            bypasses: false,
            past: SyncPast::None,
            encrypting: Encrypting::default(),
        };
        let bucket = BucketName::new(bucket).expect("a name");
        let change = BucketChange::Renames(true);
        let done = self.engine.change_bucket(&cx, &bucket, change).await;
        done.expect("the owner may");
    }

    /// Sends a request and reads the answer.
    pub(crate) async fn send(&self, ask: Ask) -> Reply {
        let host = match ask.tongue {
            Tongue::Tos => HOST,
            Tongue::Oss(_) => oss::HOST,
            Tongue::S3(_) => s3::HOST,
            Tongue::Oms => oms::HOST,
            Tongue::Oas => oas::HOST,
        };
        let in_path = matches!(ask.tongue, Tongue::S3(_));
        let host = match ask.bucket {
            Some(bucket) if !in_path => format!("{bucket}.{host}"),
            _ => host.to_owned(),
        };
        let mut headers = ask.headers.clone();
        headers.insert("host", HeaderValue::from_str(&host).expect("a host"));
        if ask.measured {
            headers.insert("content-length", ask.body.len().into());
        }
        let target = match (self.key(ask.by), ask.tongue) {
            (None, Tongue::S3(_)) => s3::target(&ask),
            (None, _) => ask.target.clone(),
            (Some(key), Tongue::Tos) => Self::signed(key, &ask, &mut headers),
            (Some(key), Tongue::Oss(version)) => oss::signed(key, version, &ask, &mut headers),
            (Some(key), Tongue::S3(version)) => s3::signed(key, version, &ask, &mut headers),
            (Some(key), Tongue::Oms) => {
                let now = self.clock.now();
                oms::signed(key, now, &ask, &mut headers)
            }
            (Some(key), Tongue::Oas) => {
                let now = self.clock.now();
                oas::signed(key, now, &ask, &mut headers)
            }
        };
        for (name, value) in &ask.added {
            headers.append(name, value.clone());
        }
        let mut request = Request::new(());
        *request.method_mut() = ask.method;
        *request.uri_mut() = target.parse().expect("a target");
        *request.headers_mut() = headers;
        let body = Full::new(ask.body)
            .map_err(|never| match never {})
            .boxed_unsync();
        let cx = GateCx {
            request_id: "req-1".into(),
            peer: Some([127, 0, 0, 1].into()),
            secure: ask.secure,
            tls: ask.tls,
        };
        let head = request.into_parts().0;
        let response = match ask.tongue {
            Tongue::Tos => self.tos.serve(head, body, cx).await,
            Tongue::Oss(_) => self.oss.serve(head, body, cx).await,
            Tongue::S3(_) => self.s3.serve(head, body, cx).await,
            Tongue::Oms => self.oms.serve(head, body, cx).await,
            Tongue::Oas => self.oas.serve(head, body, cx).await,
        };
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let served = head
            .extensions
            .get::<Served>()
            .expect("told what was served");
        Reply {
            operation: served.operation,
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        }
    }

    /// Sends an S3 request whose body continues its signature, which `body` is told.
    pub(crate) async fn send_in_chunks(&self, ask: Ask, body: &dyn Fn(&str) -> String) -> Reply {
        let mut headers = ask.headers.clone();
        headers.insert("host", ascii(s3::HOST));
        s3::signed(
            &self.owner,
            cohong_sign::s3::Version::V4,
            &ask,
            &mut headers,
        );
        let authorization = headers["authorization"].to_str().expect("ASCII");
        let (_, seed) = authorization
            .rsplit_once("Signature=")
            .expect("a signature");
        self.send(ask.body(body(seed))).await
    }

    /// All dialects, as a listener asks them.
    pub(crate) fn dialects(&self) -> Dialects {
        let all: Vec<Arc<dyn Dialect>> = vec![
            self.tos.clone(),
            self.oss.clone(),
            self.s3.clone(),
            self.oms.clone(),
            self.oas.clone(),
        ];
        Dialects::new(self.engine.clone(), all)
    }

    /// Signs a request and gives its target.
    fn signed(key: &IssuedKey, ask: &Ask, headers: &mut HeaderMap) -> String {
        let (path, query) = ask.target.split_once('?').unwrap_or((&ask.target, ""));
        if let Some(expires) = ask.presigned {
            let head = RequestHead {
                method: &ask.method,
                path,
                query,
                headers,
            };
            let query = Self::signer(key).presign(&head, expires, &[]);
            return format!("{path}?{}", query.expect("signed"));
        }
        let authorization = Self::signer(key).sign_headers(&ask.method, path, query, headers);
        headers.insert("authorization", ascii(&authorization.expect("signed")));
        ask.target.clone()
    }

    fn key(&self, by: As) -> Option<&IssuedKey> {
        match by {
            As::Owner => Some(&self.owner),
            As::Other => Some(&self.other),
            As::Nobody => None,
        }
    }

    fn signer(key: &IssuedKey) -> Signer<'_> {
        let credentials = Credentials {
            access_key: &key.access.0,
            secret: key.secret.expose(),
            security_token: None,
        };
        let now = Timestamp::parse(NOW).expect("a time");
        Signer::new(&TOS, credentials, "cn-beijing", now)
    }

    /// As [`World::sign_policy`], in the words of the other dialect.
    pub(crate) fn sign_policy_for_oss(&self, policy: &Value) -> Vec<(String, String)> {
        oss::signer(&self.owner, cohong_sign::oss::Version::V4)
            .sign_post_policy(&policy.to_string())
    }

    /// As [`World::sign_policy`], in the words of S3.
    pub(crate) fn sign_policy_for_s3(
        &self,
        version: cohong_sign::s3::Version,
        policy: &Value,
    ) -> Vec<(String, String)> {
        s3::signer(&self.owner, version).sign_post_policy(&policy.to_string())
    }

    /// The chunks of a body, with the signatures that continue that of a request of the owner.
    pub(crate) fn chunks_for_s3(&self, seed: &str) -> cohong_sign::ChunkSigner {
        s3::signer(&self.owner, cohong_sign::s3::Version::V4).chunks(seed)
    }

    /// The fields that sign a form's policy for the owner.
    pub(crate) fn sign_policy(&self, policy: &Value) -> Vec<(String, String)> {
        Self::signer(&self.owner).sign_post_policy(&policy.to_string())
    }
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("ASCII")
}

pub(crate) fn ask(method: Method, bucket: Option<&'static str>, target: &str) -> Ask {
    Ask {
        by: As::Owner,
        tongue: Tongue::Tos,
        method,
        bucket,
        target: target.to_owned(),
        headers: HeaderMap::new(),
        added: HeaderMap::new(),
        presigned: None,
        measured: true,
        secure: false,
        tls: None,
        body: Bytes::new(),
    }
}

/// A request of the owner to the service.
pub(crate) fn get_service(target: &str) -> Ask {
    ask(Method::GET, None, target)
}

/// A PUT of the owner.
pub(crate) fn put(bucket: &'static str, target: &str) -> Ask {
    ask(Method::PUT, Some(bucket), target)
}

/// A GET of the owner.
pub(crate) fn get(bucket: &'static str, target: &str) -> Ask {
    ask(Method::GET, Some(bucket), target)
}

/// A HEAD of the owner.
pub(crate) fn head(bucket: &'static str, target: &str) -> Ask {
    ask(Method::HEAD, Some(bucket), target)
}

/// A POST of the owner.
pub(crate) fn post(bucket: &'static str, target: &str) -> Ask {
    ask(Method::POST, Some(bucket), target)
}

/// A DELETE of the owner.
pub(crate) fn delete(bucket: &'static str, target: &str) -> Ask {
    ask(Method::DELETE, Some(bucket), target)
}

impl Ask {
    /// In another dialect.
    pub(crate) fn tongue(mut self, tongue: Tongue) -> Self {
        self.tongue = tongue;
        self
    }

    pub(crate) fn by(mut self, by: As) -> Self {
        self.by = by;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    /// Adds a header that no signature covers.
    pub(crate) fn unsigned(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a header value");
        self.added.append(HeaderName::from_static(name), value);
        self
    }

    /// Takes a header away.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// Comes over TLS.
    pub(crate) fn over_tls(mut self) -> Self {
        self.secure = true;
        self
    }

    /// Comes over a connection with this TLS.
    pub(crate) fn over(mut self, tls: TlsVersion) -> Self {
        self.tls = Some(tls);
        self.over_tls()
    }

    /// Does not say how long the body is.
    pub(crate) fn without_length(mut self) -> Self {
        self.measured = false;
        self
    }

    /// Signs in the query instead of in a header.
    pub(crate) fn presigned(mut self, expires: u32) -> Self {
        self.presigned = Some(expires);
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body(body.to_string())
    }
}

impl Reply {
    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Self {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text} {:?}", self.headers);
        self
    }

    /// The text of the first element of an XML body with this name; empty when there is none.
    pub(crate) fn element(&self, name: &str) -> &str {
        let after = self.text().split_once(&format!("<{name}>"));
        let inside = after.and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
        inside.map_or("", |(text, _)| text)
    }

    /// Status, code and EC of an error.
    pub(crate) fn error(&self) -> (u16, String, String) {
        if self.header("content-type") == "application/xml" {
            let code = self.element("Code").to_owned();
            return (self.status, code, self.element("EC").to_owned());
        }
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        (self.status, text("Code"), text("EC"))
    }

    /// Status and code of an error.
    pub(crate) fn code(&self) -> (u16, String) {
        let (status, code, _) = self.error();
        (status, code)
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("text")
    }

    /// A header's value; empty when it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("ASCII"))
    }
}

/// The document with the texts at these places replaced: ids that are no part of a promise.
pub(crate) fn masked(mut body: Value, places: &[&str]) -> Value {
    for place in places {
        let value = body.pointer_mut(place).expect("a value to mask");
        assert!(
            value.as_str().is_some_and(|text| !text.is_empty()),
            "{place}"
        );
        *value = "[id]".into();
    }
    body
}
