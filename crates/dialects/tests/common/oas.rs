//! Requests in the words of OAS: one host, vaults in the path, digests in headers.

use cohong_core::engine::IssuedKey;
use cohong_core::model::Timestamp;
use cohong_core::ports::Clock as _;
use cohong_core::work;
use cohong_sign::Credentials;
use cohong_sign::oas::Signer;
use http::{HeaderMap, HeaderValue, Method};
use md5::{Digest as _, Md5};
use serde_json::Value;

use super::{Ask, JOB_DELAY, Reply, Tongue, World, ascii};

/// Host of the service.
pub(crate) const HOST: &str = "cn-hangzhou.oas.aliyuncs.com";
/// Block of the tree of an archive, bytes.
pub(crate) const MIB: usize = 1 << 20;

/// Signs a request and gives its target.
pub(super) fn signed(
    key: &IssuedKey,
    now: Timestamp,
    ask: &Ask,
    headers: &mut HeaderMap,
) -> String {
    let seconds = i64::try_from(now.seconds()).expect("a time");
    let signer = Signer {
        credentials: Credentials {
            access_key: &key.access.0,
            secret: key.secret.expose(),
            security_token: None,
        },
        time: cohong_sign::Timestamp::from_unix(seconds).expect("a time"),
    };
    let (path, query) = ask.target.split_once('?').unwrap_or((&ask.target, ""));
    let text = signer.sign_headers(&ask.method, path, query, headers);
    headers.insert("authorization", ascii(&text.expect("signed")));
    ask.target.clone()
}

/// The signature of the owner on a request without query.
pub(crate) fn signature(
    world: &World,
    method: &Method,
    path: &str,
    headers: &mut HeaderMap,
) -> HeaderValue {
    let ask = ask(method.clone(), path);
    signed(&world.owner, world.clock.now(), &ask, headers);
    headers["authorization"].clone()
}

/// A request of the owner.
pub(crate) fn ask(method: Method, target: &str) -> Ask {
    super::ask(method, None, target).tongue(Tongue::Oas)
}

/// A GET of the owner.
pub(crate) fn get(target: &str) -> Ask {
    ask(Method::GET, target)
}

/// A PUT of the owner.
pub(crate) fn put(target: &str) -> Ask {
    ask(Method::PUT, target)
}

/// A POST of the owner.
pub(crate) fn post(target: &str) -> Ask {
    ask(Method::POST, target)
}

/// A DELETE of the owner.
pub(crate) fn delete(target: &str) -> Ask {
    ask(Method::DELETE, target)
}

/// Bytes of the stream that the vectors are made of, from an offset on.
pub(crate) fn content(offset: usize, len: usize) -> Vec<u8> {
    let byte = |at: usize| u8::try_from((at * 31 + 7) % 251).expect("below 251");
    (offset..offset + len).map(byte).collect()
}

/// MD5 as the vendor writes it.
pub(crate) fn etag(bytes: &[u8]) -> String {
    let sum: [u8; 16] = Md5::digest(bytes).into();
    format!("{:032X}", u128::from_be_bytes(sum))
}

/// The tree over some nodes, by the rule of the sheet's section 3 and no code of the server.
pub(crate) fn combined(mut nodes: Vec<String>) -> String {
    while nodes.len() > 1 {
        let parent = |pair: &[String]| match pair {
            [left, right] => etag(format!("{left}{right}").as_bytes()),
            alone => alone[0].clone(),
        };
        nodes = nodes.chunks(2).map(parent).collect();
    }
    nodes.pop().unwrap_or_default()
}

/// The tree of some bytes.
pub(crate) fn tree(bytes: &[u8]) -> String {
    combined(bytes.chunks(MIB).map(etag).collect())
}

impl Ask {
    /// With a body and its digests.
    pub(crate) fn digested(self, body: Vec<u8>) -> Self {
        let (etag, tree) = (etag(&body), tree(&body));
        self.header("x-oas-content-etag", &etag)
            .header("x-oas-tree-etag", &tree)
            .body(body)
    }
}

/// Status, code and type of an error; a body that says nothing else.
#[track_caller]
pub(crate) fn code(reply: &Reply) -> (u16, String, String) {
    let body = reply.json();
    let members = body.as_object().expect("an object");
    assert_eq!(members.len(), 3, "{body}");
    assert!(!members["message"].as_str().expect("a text").is_empty());
    assert_eq!(reply.header("content-type"), "application/json");
    let text = |name: &str| body[name].as_str().expect(name).to_owned();
    (reply.status, text("code"), text("type"))
}

impl World {
    /// Makes a vault; where it is.
    pub(crate) async fn vault(&self, name: &str) -> String {
        let made = self.send(put(&format!("/vaults/{name}"))).await;
        made.expect_status(201).header("location").to_owned()
    }

    /// Stores an archive; its id.
    pub(crate) async fn archive(&self, vault: &str, body: Vec<u8>) -> String {
        let ask = post(&format!("{vault}/archives")).digested(body);
        let made = self.send(ask).await.expect_status(201);
        made.header("x-oas-archive-id").to_owned()
    }

    /// Makes a job; where it is.
    pub(crate) async fn job(&self, vault: &str, body: &Value) -> String {
        let made = self.send(post(&format!("{vault}/jobs")).json(body)).await;
        made.expect_status(202).header("location").to_owned()
    }

    /// Waits until jobs are due, and does what is owed.
    pub(crate) async fn work(&self) {
        self.clock.advance(JOB_DELAY);
        while work::run_due_once(&self.engine).await.expect("done") > 0 {}
    }
}
