//! Requests in the words of OMS: one host, the project in the path.

use cohong_core::engine::IssuedKey;
use cohong_core::model::Timestamp;
use cohong_sign::Credentials;
use cohong_sign::sdk_hmac::Signer;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::{As, Ask, Reply, Tongue, World, ascii};

/// Host of the service.
pub(crate) const HOST: &str = "oms.cn-north-4.myhuaweicloud.com";

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
            security_token: key.token.as_ref().map(|token| &*token.0),
        },
        time: cohong_sign::Timestamp::from_unix(seconds).expect("a time"),
    };
    let (path, query) = ask.target.split_once('?').unwrap_or((&ask.target, ""));
    // Transports add it after signing.
    let length = headers.remove("content-length").expect("a length");
    let text = signer.sign_headers(&ask.method, path, query, headers, &ask.body);
    headers.insert("content-length", length);
    headers.insert("authorization", ascii(&text.expect("signed")));
    ask.target.clone()
}

/// A request of the owner.
pub(crate) fn ask(method: Method, target: &str) -> Ask {
    super::ask(method, None, target).tongue(Tongue::Oms)
}

/// A GET of the owner.
pub(crate) fn get(target: &str) -> Ask {
    ask(Method::GET, target)
}

/// A POST of the owner.
pub(crate) fn post(target: &str) -> Ask {
    ask(Method::POST, target)
}

/// A DELETE of the owner.
pub(crate) fn delete(target: &str) -> Ask {
    ask(Method::DELETE, target)
}

/// Status and code of an error; a body that says nothing else.
#[track_caller]
pub(crate) fn code(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    let text = |name: &str| body[name].as_str().expect(name).to_owned();
    assert!(!text("error_msg").is_empty(), "{body}");
    assert_eq!(reply.header("content-type"), "application/json");
    (reply.status, text("error_code"))
}

impl World {
    /// Where a project's resources are.
    pub(crate) async fn project(&self, by: As) -> String {
        let reply = self.send(get("/v3/projects?name=cn-north-4").by(by)).await;
        let body = reply.expect_status(200).json();
        format!("/v2/{}", body["projects"][0]["id"].as_str().expect("an id"))
    }

    /// What makes a task of the owner, from a bucket elsewhere to `bucket-test`.
    pub(crate) fn task_body(&self) -> Value {
        json!({
            "src_cloud_type": "AWS",
            "src_region": "r",
            "src_bucket": "sb",
            "src_ak": "source-ak",
            "src_sk": "source-secret",
            "dst_ak": *self.owner.access.0,
            "dst_sk": self.owner.secret.expose(),
            "dst_region": "dr",
            "dst_bucket": "bucket-test",
        })
    }

    /// Makes a task; where it is.
    pub(crate) async fn task(&self) -> String {
        let tasks = format!("{}/sync-tasks", self.project(As::Owner).await);
        let made = self.send(post(&tasks).json(&self.task_body())).await;
        let body = made.expect_status(200).json();
        format!("{tasks}/{}", body["sync_task_id"].as_str().expect("an id"))
    }
}
