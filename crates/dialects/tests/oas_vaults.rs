//! OAS: who asks, vaults, and what is told of mistakes.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;
use cohong_core::engine::Secret;
use cohong_dialects::gate::{Dialect as _, GateCx, Refused};
use cohong_dialects::oas::{Oas, Options};
use common::oas::{code, delete, get, post, put};
use common::{As, World, oas};
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt as _, Full, StreamBody};
use serde_json::Value;

/// When the vectors were signed: 2014-03-25T12:00:00Z.
const SIGNED_AT: u64 = 1_395_748_800_000;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../vectors/oas.json")).expect("JSON")
}

fn cx() -> GateCx {
    GateCx {
        request_id: "req-1".into(),
        peer: None,
        secure: false,
        tls: None,
    }
}

/// A request of the vectors as it stands on the wire.
fn head_of(case: &Value) -> http::request::Parts {
    let text = |name: &str| case[name].as_str().expect(name);
    let mut headers = HeaderMap::new();
    for pair in case["headers"].as_array().expect("headers") {
        let name = HeaderName::from_bytes(pair[0].as_str().expect("a name").as_bytes());
        let value = HeaderValue::from_bytes(pair[1].as_str().expect("a value").as_bytes());
        headers.insert(name.expect("a name"), value.expect("a value"));
    }
    headers.insert("host", HeaderValue::from_static("127.0.0.1"));
    let authorization = text("authorization").parse().expect("a value");
    headers.insert("authorization", authorization);
    let mut request = Request::new(());
    *request.method_mut() = text("method").parse::<Method>().expect("a method");
    *request.uri_mut() = text("request_target").parse().expect("a target");
    *request.headers_mut() = headers;
    request.into_parts().0
}

/// Status and code of an answer, which bears the request's id whatever it says.
async fn told<B: http_body::Body<Data = Bytes>>(response: Response<B>) -> (u16, String)
where
    B::Error: std::fmt::Debug,
{
    assert_eq!(response.headers()["x-oas-request-id"], "req-1");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body");
    let body: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    let code = body["code"].as_str().unwrap_or_default().to_owned();
    (status, code)
}

#[tokio::test]
async fn what_the_vectors_sign_is_let_in_for_a_quarter_of_an_hour() {
    let (world, all) = (World::new().await, vectors());
    let signatures = &all["signatures"];
    let text = |name: &str| signatures[name].as_str().expect(name);
    let secret = Secret::new(text("access_key_secret"));
    let given = Some((text("access_key_id"), &secret));
    world.engine.ensure_root(given).await.expect("a root key");
    let oas = Oas::new(Arc::clone(&world.engine), Options::default());
    let empty = || Full::new(Bytes::new()).map_err(|never| match never {});
    let cases = signatures["cases"].as_array().expect("cases");
    assert!(cases.len() >= 11, "a lost vector is noticed");
    for case in cases {
        for (away, good) in [(-901, false), (-900, true), (900, true), (901, false)] {
            world
                .clock
                .set(SIGNED_AT.saturating_add_signed(away * 1000));
            let response = oas.serve(head_of(case), empty().boxed_unsync(), cx()).await;
            let (status, code) = told(response).await;
            if good {
                assert_ne!(status, 403, "{case} {code}");
            } else {
                assert_eq!((status, &*code), (403, "RequestTimeTooSkewed"), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn who_asks_is_judged_first() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    for (ask, wanted) in [
        (get(&vault).by(As::Nobody), "AccessDenied"),
        (get("/nowhere").by(As::Nobody), "AccessDenied"),
        (
            get(&vault)
                .by(As::Nobody)
                .unsigned("authorization", "OAS nonsense"),
            "AccessDenied",
        ),
        (
            get(&vault)
                .by(As::Nobody)
                .header("date", "Mon, 06 May 2024 07:08:09 GMT")
                .unsigned("authorization", "OAS nobody:x"),
            "InvalidAccessKeyId",
        ),
        // What is signed may not be changed on the way, nor added to.
        (
            get(&vault).unsigned("x-oas-version", "0.2.5"),
            "SignatureDoesNotMatch",
        ),
    ] {
        let reply = world.send(ask).await;
        assert_eq!(code(&reply), (403, wanted.into(), "client".into()));
        assert_eq!(reply.header("x-oas-request-id"), "req-1");
    }
    // A vault is known to its account only.
    for ask in [get(&vault), delete(&vault), get(&format!("{vault}/jobs"))] {
        let reply = world.send(ask.by(As::Other)).await;
        assert_eq!(code(&reply).1, "VaultNotExists");
    }
}

#[tokio::test]
async fn a_vault_lives_and_goes() {
    let world = World::new().await;
    let made = world.send(put("/vaults/vault-one")).await;
    let made = made.expect_status(201);
    assert!(made.body.is_empty() && made.header("content-type").is_empty());
    let id = made.header("x-oas-vault-id");
    assert!(
        id.len() == 32
            && id
                .bytes()
                .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
    );
    let vault = made.header("location");
    assert_eq!(vault, format!("/vaults/{id}"));
    // Clients open vaults by making them.
    let again = world.send(put("/vaults/vault-one")).await;
    assert_eq!(again.expect_status(201).header("x-oas-vault-id"), id);
    let others = world.send(put("/vaults/vault-one").by(As::Other)).await;
    assert_ne!(others.expect_status(201).header("x-oas-vault-id"), id);
    let shown = world.send(get(vault)).await.expect_status(200);
    assert_eq!(shown.header("content-type"), "application/json");
    insta::assert_snapshot!(shown.text().replace(id, "[id]"));
    let archive = world.archive(vault, vec![7; 3]).await;
    let held = world.send(get(vault)).await.json();
    assert_eq!(held["NumberOfArchives"], 1);
    assert_eq!(held["SizeInBytes"], 3);
    let full = world.send(delete(vault)).await;
    assert_eq!(code(&full).1, "VaultNotEmpty");
    assert_eq!(full.status, 409);
    let gone = world
        .send(delete(&format!("{vault}/archives/{archive}")))
        .await;
    gone.expect_status(204);
    let gone = world.send(delete(vault)).await.expect_status(204);
    assert!(gone.body.is_empty() && gone.header("content-type").is_empty());
    for ask in [get(vault), delete(vault), post(&format!("{vault}/jobs"))] {
        let reply = world.send(ask).await;
        assert_eq!(
            code(&reply),
            (404, "VaultNotExists".into(), "client".into())
        );
    }
}

#[tokio::test]
async fn vaults_are_listed_in_pages_and_counted() {
    let world = World::new().await;
    for n in 0..10 {
        world.vault(&format!("vault-{n}")).await;
    }
    let more = world.send(put("/vaults/vault-10")).await;
    assert_eq!(code(&more), (403, "TooManyVaults".into(), "client".into()));
    let all = world.send(get("/vaults")).await.expect_status(200).json();
    assert_eq!(all["Marker"], "");
    let id_of = |vault: &Value| vault["VaultId"].as_str().expect("an id").to_owned();
    let list = |body: &Value| -> Vec<String> {
        let list = body["VaultList"].as_array().expect("vaults");
        list.iter().map(id_of).collect()
    };
    let ids = list(&all);
    assert_eq!(ids.len(), 10);
    assert!(ids.is_sorted());
    let (mut paged, mut marker) = (Vec::new(), String::new());
    loop {
        let page = world
            .send(get(&format!("/vaults?marker={marker}&limit=4")))
            .await;
        let page = page.expect_status(200).json();
        paged.extend(list(&page));
        page["Marker"]
            .as_str()
            .expect("a text")
            .clone_into(&mut marker);
        if marker.is_empty() {
            break;
        }
    }
    assert_eq!(paged, ids);
    // Where an entry went between two pages, the next one begins the page.
    world
        .send(delete(&format!("/vaults/{}", ids[4])))
        .await
        .expect_status(204);
    let page = world
        .send(get(&format!("/vaults?limit=1&marker={}", ids[4])))
        .await;
    assert_eq!(list(&page.expect_status(200).json()), [ids[5].clone()]);
    for (query, wanted) in [
        ("limit=abc", "ParameterIllegal"),
        ("limit=0", "ParameterIllegal"),
        ("marker=x", "InvalidArgument"),
        ("limit=1&limit=2", "InvalidRequest"),
    ] {
        let reply = world.send(get(&format!("/vaults?{query}"))).await;
        assert_eq!(
            code(&reply),
            (400, wanted.into(), "client".into()),
            "{query}"
        );
    }
    let bare = world
        .send(get("/vaults?marker&limit=50"))
        .await
        .expect_status(200);
    assert_eq!(list(&bare.json()).len(), 9);
}

#[tokio::test]
async fn mistakes_are_told_in_the_vendors_words() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let no_vault = format!("/vaults/{}", "0".repeat(32));
    let in_vault = |rest: &str| format!("{vault}/{rest}");
    let upload = format!("multipart-uploads/{}", "0".repeat(32));
    let job = format!("jobs/{}", "0".repeat(32));
    let archive = format!("archives/{}", "0".repeat(128));
    let cases = [
        (put("/vaults/No"), 400, "InvalidVaultName"),
        (put("/vaults/"), 400, "InvalidVaultName"),
        (get("/vaults/none"), 404, "VaultNotExists"),
        (get(&no_vault), 404, "VaultNotExists"),
        (get("/"), 404, "InvalidRequest"),
        (post("/vaults"), 405, "MethodNotAllowed"),
        // What is missing comes before what is wrong with the rest.
        (post(&format!("{no_vault}/archives")), 404, "VaultNotExists"),
        (post(&format!("{no_vault}/jobs")), 404, "VaultNotExists"),
        (put(&format!("{no_vault}/{upload}")), 404, "VaultNotExists"),
        (put(&in_vault(&upload)), 404, "UploadIdNotExists"),
        (post(&in_vault(&upload)), 404, "UploadIdNotExists"),
        (get(&in_vault(&upload)), 404, "UploadIdNotExists"),
        (delete(&in_vault(&upload)), 404, "UploadIdNotExists"),
        (
            delete(&in_vault("multipart-uploads/x")),
            404,
            "UploadIdNotExists",
        ),
        (get(&in_vault(&job)), 404, "JobNotExists"),
        (get(&in_vault("jobs/x")), 404, "JobNotExists"),
        (
            get(&in_vault(&format!("{job}/output"))),
            404,
            "JobNotExists",
        ),
        (delete(&in_vault(&archive)), 404, "ArchiveNotExists"),
        (
            get(&in_vault(&format!("{archive}/meta"))),
            404,
            "ArchiveNotExists",
        ),
        (delete(&in_vault("archives/x")), 404, "ArchiveNotExists"),
        (
            delete(&format!("{no_vault}/archives/x")),
            404,
            "VaultNotExists",
        ),
        (get(&format!("{no_vault}/jobs/x")), 404, "VaultNotExists"),
        (
            delete(&format!("{no_vault}/multipart-uploads/x")),
            404,
            "VaultNotExists",
        ),
    ];
    for (ask, status, wanted) in cases {
        let shown = format!("{ask:?}");
        let reply = world.send(ask).await;
        let found = code(&reply);
        assert_eq!(found, (status, wanted.into(), "client".into()), "{shown}");
        assert_eq!(reply.header("x-oas-request-id"), "req-1");
    }
}

#[tokio::test]
async fn regions_of_the_vendors_hosts_are_apart() {
    let world = World::new().await;
    let oas = Oas::new(Arc::clone(&world.engine), Options::default());
    let make = async |host: &str| {
        let mut headers = HeaderMap::new();
        headers.insert("host", host.parse().expect("a host"));
        let authorization = oas::signature(&world, &Method::PUT, "/vaults/same", &mut headers);
        headers.insert("authorization", authorization);
        let mut request = Request::new(());
        *request.method_mut() = Method::PUT;
        *request.uri_mut() = "/vaults/same".parse().expect("a target");
        *request.headers_mut() = headers;
        let body = Full::new(Bytes::new()).map_err(|never| match never {});
        let head = request.into_parts().0;
        let response = oas.serve(head, body.boxed_unsync(), cx()).await;
        assert_eq!(response.status(), 201);
        response.headers()["x-oas-vault-id"].clone()
    };
    let here = make("127.0.0.1:9000").await;
    assert_eq!(make("cn-hangzhou.oas.aliyuncs.com").await, here);
    assert_eq!(make("cn-hangzhou.oas-internal.aliyuncs.com:80").await, here);
    assert_ne!(make("cn-beijing.oas.aliyuncs.com").await, here);
}

#[tokio::test]
async fn what_the_gateway_refuses_is_told_too() {
    let world = World::new().await;
    let oas = Oas::new(Arc::clone(&world.engine), Options::default());
    let head = head_of(&vectors()["signatures"]["cases"][0]);
    for (why, wanted) in [
        (Refused::Overload, (502, "ServiceUnavailable")),
        (Refused::Draining, (502, "ServiceUnavailable")),
        (Refused::BadHead("no"), (400, "InvalidRequest")),
        (Refused::Defect, (500, "InternalError")),
    ] {
        let response = oas.refuse(why, &head, &cx());
        let (status, code) = told(response).await;
        assert_eq!((status, &*code), wanted);
    }
}

#[tokio::test]
async fn a_refused_upload_is_read_to_its_end_unless_it_has_not_begun() {
    let world = World::new().await;
    let oas = Oas::new(Arc::clone(&world.engine), Options::default());
    for (expect, wanted) in [(None, 100), (Some("100-continue"), 0)] {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&read);
        let pieces = futures_util::stream::iter(0..100).map(move |_| {
            counted.fetch_add(1, SeqCst);
            Ok(http_body::Frame::data(Bytes::from_static(&[0; 1024])))
        });
        let mut head = head_of(&vectors()["signatures"]["cases"][0]);
        head.method = Method::POST;
        if let Some(expect) = expect {
            let expect = HeaderValue::from_static(expect);
            head.headers.insert("expect", expect);
        }
        let body = StreamBody::new(pieces).boxed_unsync();
        let response = oas.serve(head, body, cx()).await;
        assert_eq!(told(response).await.0, 403);
        assert_eq!(read.load(SeqCst), wanted, "{expect:?}");
    }
}
