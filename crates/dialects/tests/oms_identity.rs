//! OMS: who asks. Signatures and what is wrong with them, tokens, projects, paths that are none.

mod common;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::engine::Secret;
use cohong_core::model::AccountId;
use cohong_dialects::gate::{Dialect as _, GateCx, Refused};
use cohong_dialects::oms::{Oms, Options};
use common::{As, FakeSources, World, oms, put};
use http::{HeaderMap, HeaderName, Method, Request};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../vectors/oms.json")).expect("JSON")
}

/// A request as it stands on the wire.
struct Raw {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: String,
}

impl Raw {
    fn new(json: &Value) -> Self {
        let text = |name: &str| json[name].as_str().expect(name).to_owned();
        let mut raw = Self {
            method: text("method").parse().expect("a method"),
            target: text("request_target")
                .replace('{', "%7B")
                .replace('}', "%7D"),
            headers: HeaderMap::new(),
            body: text("body"),
        };
        for (name, value) in json["headers"].as_object().expect("headers") {
            raw.set(name, value.as_str().expect("text"));
        }
        raw.set("Authorization", &text("authorization"));
        raw
    }

    fn set(&mut self, name: &str, value: &str) {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        self.headers.insert(name, value.parse().expect("a value"));
    }

    /// Status, code and body.
    async fn send(self, oms: &Oms) -> (u16, String, Value) {
        let mut request = Request::new(());
        *request.method_mut() = self.method;
        *request.uri_mut() = self.target.parse().expect("a target");
        *request.headers_mut() = self.headers;
        let body = Full::new(Bytes::from(self.body)).map_err(|never| match never {});
        let cx = GateCx {
            request_id: "req-1".into(),
            peer: None,
            secure: false,
            tls: None,
        };
        let head = request.into_parts().0;
        let response = oms.serve(head, body.boxed_unsync(), cx).await;
        assert_eq!(response.headers()["x-request-id"], "req-1");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body");
        let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
        let code = body["error_code"].as_str().unwrap_or_default().to_owned();
        (status, code, body)
    }
}

/// A server that knows the key of the vectors, and the project in their paths.
async fn of_vectors(world: &World, all: &Value) -> Oms {
    let text = |name: &str| all["signing"][name].as_str().expect(name);
    let secret = Secret::new(text("sk"));
    let root = world.engine.ensure_root(Some((text("ak"), &secret))).await;
    root.expect("a root key");
    let first = all["signing"]["vectors"][0]["request_target"].as_str();
    let project = first.and_then(|target| target.split('/').nth(2));
    Oms::new(
        Arc::clone(&world.engine),
        Arc::new(FakeSources),
        Options {
            project_id: project.map(Into::into),
            ..Options::default()
        },
    )
}

/// 2024-02-19T08:00:00Z, when the vectors were signed.
const SIGNED_AT: u64 = 1_708_329_600_000;

#[tokio::test]
async fn what_the_vectors_sign_is_let_in_and_what_they_break_is_not() {
    let (world, all) = (World::new().await, vectors());
    let oms = of_vectors(&world, &all).await;
    world.clock.set(SIGNED_AT);
    let signing = &all["signing"];
    let entry = |name: &str| {
        let mut entries = signing["vectors"].as_array().expect("vectors").iter();
        entries.find(|entry| entry["name"] == name).expect(name)
    };
    let good = [
        ("create_sync_events_slash", 404, "OMS.1009"),
        ("create_sync_events_plus", 404, "OMS.1009"),
        ("literal_placeholder_task_id", 404, "OMS.1009"),
        ("list_sync_tasks_query", 200, ""),
        ("statistics_comma_in_query", 404, "OMS.1009"),
        ("show_sync_task", 404, "OMS.1009"),
        ("stop_sync_task_empty_body", 404, "OMS.1009"),
        ("delete_sync_task", 404, "OMS.1009"),
        ("iam_list_projects", 200, ""),
        ("root_api_versions", 200, ""),
        // Signed well, of a project that is not the caller's.
        ("query_special_chars", 403, "OMS.0072"),
        // A token that the key does not take.
        ("security_token", 401, "APIGW.0301"),
    ];
    for (name, status, code) in good {
        let (found, found_code, body) = Raw::new(entry(name)).send(&oms).await;
        assert_eq!((found, &*found_code), (status, code), "{name} {body}");
    }
    let negative = signing["negative"].as_array().expect("vectors");
    assert_eq!(negative.len(), 9, "a lost vector is noticed");
    for row in negative {
        let mut raw = Raw::new(entry(row["base"].as_str().expect("a base")));
        world.clock.set(SIGNED_AT);
        for (what, value) in row["change"].as_object().expect("changes") {
            match (what.as_str(), value.as_str()) {
                ("body", Some(body)) => raw.body = body.into(),
                ("authorization", Some(text)) => raw.set("Authorization", text),
                ("remove_header", Some(name)) => drop(raw.headers.remove(name)),
                ("clock", Some(_)) => world.clock.advance(Duration::from_secs(901)),
                ("headers", None) => {
                    for (name, value) in value.as_object().expect("headers") {
                        raw.set(name, value.as_str().expect("text"));
                    }
                }
                other => panic!("an unknown change {other:?}"),
            }
        }
        let (status, code, body) = raw.send(&oms).await;
        assert_eq!(row["expect_status"], status, "{row} {body}");
        assert_eq!(row["expect_error_code"], code, "{row}");
        let message = body["error_msg"].as_str().expect("a message");
        assert!(message.starts_with("Incorrect IAM authentication information: "));
        assert_eq!(body["request_id"], "req-1");
    }
}

#[tokio::test]
async fn one_project_is_told_under_every_name() {
    let world = World::new().await;
    let reply = world.send(oms::get("/v3/projects?name=cn-east-3")).await;
    let body = reply.expect_status(200).json();
    let project = &body["projects"][0];
    let id = project["id"].as_str().expect("an id");
    assert!(
        id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()),
        "{id}"
    );
    let domain = world.send(oms::get("/v3/auth/domains")).await;
    let domain = domain.expect_status(200).json();
    let url = format!("http://{}/v3/projects", oms::HOST);
    let wanted = json!({
        "projects": [{
            "id": id,
            "name": "cn-east-3",
            "domain_id": domain["domains"][0]["id"],
            "parent_id": domain["domains"][0]["id"],
            "description": "",
            "enabled": true,
            "is_domain": false,
            "links": { "self": format!("{url}/{id}") },
        }],
        "links": { "self": url },
    });
    assert_eq!(body, wanted);
    assert_eq!(domain["domains"][0]["name"], "2100000000");
    assert_ne!(domain["domains"][0]["id"], id);
    assert_ne!(world.project(As::Other).await, format!("/v2/{id}"));
    assert_eq!(
        world.project(As::Owner).await,
        format!("/v2/{id}"),
        "always the same"
    );
}

#[tokio::test]
async fn path_header_and_caller_agree_on_the_project() {
    let world = World::new().await;
    let (own, other) = (
        world.project(As::Owner).await,
        world.project(As::Other).await,
    );
    let id = own.trim_start_matches("/v2/").to_owned();
    let list = |project: &str| oms::get(&format!("{project}/sync-tasks"));
    let reply = world.send(list(&own).header("x-project-id", &id)).await;
    assert_eq!(
        reply.expect_status(200).json(),
        json!({ "tasks": [], "count": 0 })
    );
    let long = format!("/v2/{}", "p".repeat(1025));
    let table = [
        (list(&other), 403, "OMS.0072"),
        (list("/v2/%7Bproject_id%7D"), 403, "OMS.0072"),
        (list("/v2/"), 403, "OMS.0072"),
        (list(&own).header("x-project-id", "p"), 403, "OMS.0072"),
        (list(&own).by(As::Other), 403, "OMS.0072"),
        (list(&own).by(As::Nobody), 401, "APIGW.0301"),
        (list(&long), 400, "OMS.1003"),
    ];
    for (ask, status, code) in table {
        let shown = format!("{ask:?}");
        let reply = world.send(ask).await;
        assert_eq!(oms::code(&reply), (status, code.into()), "{shown}");
    }
    // What the path names is told after who asks: an id that is too long, and one that is nobody's.
    for (id, status, code) in [
        ("i".repeat(1025), 400, "OMS.1003"),
        ("i".repeat(1024), 404, "OMS.1009"),
    ] {
        let ask = oms::post(&format!("{own}/sync-tasks/{id}/events"));
        let reply = world.send(ask.json(&json!({ "object_keys": ["a"] }))).await;
        assert_eq!(oms::code(&reply), (status, code.into()));
    }
}

fn login(name: &str, password: &str) -> Value {
    json!({ "auth": {
        "identity": {
            "methods": ["password"],
            "password": { "user": { "name": name, "password": password, "domain": { "name": "x" } } },
        },
        "scope": { "project": { "name": "cn-north-4" } },
    } })
}

#[tokio::test]
async fn a_token_stands_for_its_key_for_a_day() {
    let world = World::new().await;
    let key = &world.owner;
    let ask = oms::post("/v3/auth/tokens").by(As::Nobody);
    let made = world
        .send(ask.json(&login(&key.access.0, key.secret.expose())))
        .await;
    let made = made.expect_status(201);
    let (token, body) = (made.header("x-subject-token").to_owned(), made.json());
    assert_eq!(body["token"]["expires_at"], "2024-05-07T07:08:09.000Z");
    assert_eq!(body["token"]["issued_at"], "2024-05-06T07:08:09.000Z");
    let own = world.project(As::Owner).await;
    assert_eq!(
        format!(
            "/v2/{}",
            body["token"]["project"]["id"].as_str().expect("an id")
        ),
        own
    );
    assert!(!made.text().contains(key.secret.expose()));
    let tasks = format!("{own}/sync-tasks");
    let by_token = |token: &str| {
        oms::get(&tasks)
            .by(As::Nobody)
            .header("x-auth-token", token)
    };
    world.send(by_token(&token)).await.expect_status(200);
    let other = format!("{}/sync-tasks", world.project(As::Other).await);
    let reply = world
        .send(
            oms::get(&other)
                .by(As::Nobody)
                .header("x-auth-token", &token),
        )
        .await;
    assert_eq!(oms::code(&reply), (403, "OMS.0072".into()));
    // Whatever else is sealed is no token.
    let mut bad = token.clone();
    bad.replace_range(10..11, if &bad[10..11] == "A" { "B" } else { "A" });
    for wrong in [
        &bad,
        "",
        "x",
        &token[1..],
        &"t".repeat(16_385),
        &key.access.0,
    ] {
        let reply = world.send(by_token(wrong)).await;
        assert_eq!(oms::code(&reply), (401, "APIGW.0301".into()), "{wrong}");
    }
    let twice = by_token(&token).unsigned("x-auth-token", &token);
    assert_eq!(oms::code(&world.send(twice).await).0, 401);
    world.clock.advance(Duration::from_secs(86_399));
    world.send(by_token(&token)).await.expect_status(200);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(oms::code(&world.send(by_token(&token)).await).0, 401);
}

#[tokio::test]
async fn a_token_ends_with_its_key() {
    let world = World::new().await;
    let account = AccountId("2100000000".into());
    let key = world
        .engine
        .create_key(&account, None)
        .await
        .expect("a key");
    let ask = oms::post("/v3/auth/tokens").by(As::Nobody);
    let made = world
        .send(ask.json(&login(&key.access.0, key.secret.expose())))
        .await;
    let token = made.expect_status(201).header("x-subject-token").to_owned();
    let ask = || {
        oms::get("/v3/auth/domains")
            .by(As::Nobody)
            .header("x-auth-token", &token)
    };
    world.send(ask()).await.expect_status(200);
    world.engine.remove_key(&key.access).await.expect("removed");
    assert_eq!(
        oms::code(&world.send(ask()).await),
        (401, "APIGW.0301".into())
    );
}

#[tokio::test]
async fn tokens_are_for_who_knows_the_secret() {
    let world = World::new().await;
    let account = AccountId("2100000000".into());
    let temporary = world
        .engine
        .create_key(&account, Some(Duration::from_mins(1)))
        .await;
    let temporary = temporary.expect("a key");
    let key = &world.owner;
    let mut no_user = login("x", "y");
    no_user["auth"]["identity"]["password"] = json!({});
    let mut other_method = login("x", "y");
    other_method["auth"]["identity"]["methods"] = json!(["totp"]);
    let table = [
        (login(&key.access.0, "wrong"), 401, "APIGW.0301"),
        (login("nobody", key.secret.expose()), 401, "APIGW.0301"),
        // Nothing carries its security token.
        (
            login(&temporary.access.0, temporary.secret.expose()),
            401,
            "APIGW.0301",
        ),
        (no_user, 400, "OMS.1004"),
        (other_method, 400, "OMS.1003"),
        (json!({}), 400, "OMS.1004"),
        (json!({ "auth": 1 }), 400, "OMS.1010"),
        (json!([]), 400, "OMS.1010"),
    ];
    for (body, status, code) in table {
        let ask = oms::post("/v3/auth/tokens").by(As::Nobody).json(&body);
        let reply = world.send(ask).await;
        assert_eq!(oms::code(&reply), (status, code.into()), "{body}");
        assert_eq!(reply.header("x-subject-token"), "");
    }
}

#[tokio::test]
async fn temporary_keys_sign_with_their_token() {
    let mut world = World::new().await;
    let account = AccountId("2100000000".into());
    let life = Some(Duration::from_mins(1));
    world.owner = world
        .engine
        .create_key(&account, life)
        .await
        .expect("a key");
    world
        .send(oms::get("/v3/projects"))
        .await
        .expect_status(200);
    world.owner.token = None;
    assert_eq!(
        oms::code(&world.send(oms::get("/v3/projects")).await).0,
        401
    );
}

#[tokio::test]
async fn what_is_not_there_is_told_in_the_vendors_words() {
    let world = World::new().await;
    let own = world.project(As::Owner).await;
    let table = [
        (oms::get("/bucket/key"), 404, "APIGW.0101"),
        (oms::get("/v2/"), 404, "APIGW.0101"),
        (oms::post(&format!("{own}/taskgroups")), 404, "APIGW.0101"),
        (
            oms::get(&format!("{own}/sync-tasks/i/events")),
            405,
            "OMS.0005",
        ),
        (
            oms::get(&format!("{own}/objectstorage/cloud-type?type=x")),
            400,
            "OMS.1003",
        ),
        (
            oms::get(&format!("{own}/objectstorage/cloud-type")),
            400,
            "OMS.1004",
        ),
        (
            oms::get(&format!("{own}/sync-tasks?limit=1&limit=2")),
            400,
            "OMS.1003",
        ),
    ];
    for (ask, status, code) in table {
        let shown = format!("{ask:?}");
        assert_eq!(
            oms::code(&world.send(ask).await),
            (status, code.into()),
            "{shown}"
        );
    }
    let clouds = world
        .send(oms::get(&format!(
            "{own}/objectstorage/cloud-type?type=src"
        )))
        .await;
    assert!(
        clouds
            .expect_status(200)
            .json()
            .as_array()
            .expect("a list")
            .contains(&json!("Aliyun"))
    );
    let version = world.send(oms::get("/v2")).await.expect_status(200).json();
    let versions = world.send(oms::get("/")).await.expect_status(200).json();
    assert_eq!(versions, json!({ "versions": [version] }));
    assert_eq!(version["status"], "CURRENT");
}

#[tokio::test]
async fn nothing_of_a_request_is_read_before_its_key_is_known() {
    let world = World::with_bucket().await;
    world
        .send(put("bucket-test", "/k").body("x"))
        .await
        .expect_status(200);
    // The body is too large, and nobody is told so who cannot sign.
    let body = "x".repeat((2 << 20) + 1);
    let own = world.project(As::Owner).await;
    let events = || oms::post(&format!("{own}/sync-tasks/i/events")).body(body.clone());
    assert_eq!(
        oms::code(&world.send(events()).await),
        (413, "OMS.0004".into())
    );
    let reply = world.send(events().by(As::Nobody)).await;
    assert_eq!(oms::code(&reply), (401, "APIGW.0301".into()));
}

#[tokio::test]
async fn refusals_of_the_gateway_speak_the_vendors_words() {
    let world = World::new().await;
    let oms = Oms::new(
        Arc::clone(&world.engine),
        Arc::new(FakeSources),
        Options::default(),
    );
    let (head, ()) = Request::new(()).into_parts();
    let cx = GateCx {
        request_id: "req-1".into(),
        peer: None,
        secure: false,
        tls: None,
    };
    let table = [
        (Refused::Overload, 503, "OMS.1001", true),
        (Refused::Draining, 503, "OMS.1001", true),
        (Refused::BadHead("two lengths"), 400, "OMS.0004", false),
        (Refused::Defect, 500, "OMS.1001", false),
    ];
    for (why, status, code, again) in table {
        let answer = oms.refuse(why, &head, &cx);
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers().contains_key("retry-after"), again);
        assert_eq!(answer.headers()["x-request-id"], "req-1");
        let body = answer
            .into_body()
            .collect()
            .await
            .expect("a body")
            .to_bytes();
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["error_code"], code);
    }
}

/// Whatever a request says, it is answered in the vendor's words; what is no request of the vendor's is told so.
#[tokio::test]
async fn any_request_has_an_answer() {
    use proptest::strategy::{Strategy, ValueTree as _};
    use proptest::test_runner::TestRunner;

    let world = World::with_bucket().await;
    let own = world.project(As::Owner).await;
    let task = world.task().await;
    let mut runner = TestRunner::deterministic();
    let mut draw = |pattern: &str| {
        let text = proptest::string::string_regex(pattern).expect("a pattern");
        let tree = text.new_tree(&mut runner).expect("a text");
        tree.current()
    };
    let methods = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::HEAD,
    ];
    for n in 0..300 {
        let front = ["/", "/v3", &own, &task][n % 4];
        let path = draw(
            "(/(sync-tasks|tasks|events|start|stop|statistics|auth|tokens|%[0-9a-f]{2}|[a-z{}%]{0,3})){0,4}",
        );
        let path = path.replace('{', "%7B").replace('}', "%7D");
        let query = draw(
            "((limit|offset|status|data_type|start_time|end_time|query_time|x)=[0-9A-Z%+,]{0,5}&?){0,4}",
        );
        let body = draw(
            "[{]?(\"(object_keys|auth|src_ak|dst_bucket)\": ?(\\[\"[a%+]{0,3}\"\\]|null|1|[{]))?[}]?|\\PC{0,20}",
        );
        // A query that cannot be decoded cannot be signed either.
        let target = format!("{front}{path}?{query}");
        let whole = !target.split('%').skip(1).any(|rest| {
            let digits = rest.as_bytes().get(..2);
            digits.is_none_or(|digits| !digits.iter().all(u8::is_ascii_hexdigit))
        });
        let by = if whole { As::Owner } else { As::Nobody };
        let ask = oms::ask(methods[n % 5].clone(), &target).by(by).body(body);
        let reply = world.send(ask).await;
        assert_eq!(reply.header("x-request-id"), "req-1");
        assert!(reply.status < 500, "{target} {}", reply.text());
        if reply.status >= 400 {
            let (_, code) = oms::code(&reply);
            assert!(
                code.starts_with("OMS.") || code.starts_with("APIGW."),
                "{code}"
            );
        }
    }
}
