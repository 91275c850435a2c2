//! Who may give orders, keys, functions, health, and finding the server.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_testkit::instance::{ACCESS_KEY, SECRET_KEY};
use cohong_testkit::receiver::Receiver;
use http::StatusCode;

use crate::common::{World, run};

fn basic(access: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{access}:{secret}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_root_key_opens_the_admin_address_and_no_page_of_another_site() {
    let world = World::start().await;
    let other = world
        .json(&["key", "create", "--account", "somebody"])
        .await;
    let second = world.json(&["key", "create"]).await;
    let short = world.json(&["key", "create", "--temporary", "1h"]).await;
    let of = |key: &serde_json::Value| {
        basic(
            key["access_key"].as_str().expect("text"),
            key["secret_key"].as_str().expect("text"),
        )
    };
    let root = basic(ACCESS_KEY, SECRET_KEY);
    let keys = "/admin/v1/keys";
    let cases = [
        ("no key", keys, None, 401),
        (
            "a wrong secret",
            keys,
            Some(basic(ACCESS_KEY, "wrong")),
            401,
        ),
        ("an empty secret", keys, Some(basic(ACCESS_KEY, "")), 401),
        (
            "an unknown key",
            keys,
            Some(basic("AKNOBODY", SECRET_KEY)),
            401,
        ),
        ("another scheme", keys, Some("Bearer x".into()), 401),
        ("a key of another account", keys, Some(of(&other)), 401),
        ("a temporary key", keys, Some(of(&short)), 401),
        ("a second root key", keys, Some(of(&second)), 200),
        ("the root key", keys, Some(root.clone()), 200),
        ("no such route, no key", "/admin/v1/nothing", None, 401),
        (
            "no such route",
            "/admin/v1/nothing",
            Some(root.clone()),
            404,
        ),
        ("metrics without key", "/metrics", None, 401),
        ("metrics", "/metrics", Some(root.clone()), 200),
        ("live", "/livez", None, 200),
        ("ready", "/readyz", None, 200),
    ];
    for (name, path, key, expected) in &cases {
        let key = key.as_deref().map(|key| ("Authorization", key));
        let headers: Vec<_> = key.into_iter().collect();
        let (status, answer) = world.http(path, &headers).await;
        assert_eq!(status, *expected, "{name}: {answer}");
        let mut foreign = headers.clone();
        foreign.push(("Origin", "http://evil.example"));
        let (status, answer) = world.http(path, &foreign).await;
        assert_eq!(status, 403, "{name} with an origin: {answer}");
    }
    let (_, metrics) = world
        .http("/metrics", &[("Authorization", root.as_str())])
        .await;
    for name in [
        "cohong_commits_total",
        "cohong_uptime_seconds",
        "cohong_work_running",
    ] {
        assert!(metrics.contains(name), "{name} is missing: {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_found_by_folder_or_by_address_and_key() {
    let world = World::start().await;
    let admin = world.server.admin().to_string();
    let key = format!("{ACCESS_KEY}:{SECRET_KEY}");
    let data = world.data();
    let url = format!("http://{admin}");
    let ways = [
        vec!["--data", &data, "--json", "key", "ls"],
        vec!["key", "ls", "--json", "--data", &data],
        vec!["key", "--data", &data, "ls", "--json"],
        vec!["--admin", &admin, "--key", &key, "key", "ls", "--json"],
        vec!["key", "ls", "--json", "--admin", &url, "--key", &key],
    ];
    for words in ways {
        let done = run(&words).await;
        assert_eq!(done.code, 0, "{words:?}: {done:?}");
        assert_eq!(done.json()[0]["access_key"], ACCESS_KEY);
    }
    let wrong = run(&["--admin", &admin, "--key", "AK:SK", "key", "ls"]).await;
    assert_eq!((wrong.code, wrong.out.as_str()), (1, ""));
    assert!(wrong.err.contains("root key"), "{}", wrong.err);
    let no_key = run(&["--admin", &admin, "key", "ls"]).await;
    assert_eq!(no_key.code, 2, "{no_key:?}");
    let listen = world.server.listen().to_string();
    let wrong_door = run(&["--admin", &listen, "--key", &key, "key", "ls"]).await;
    assert_eq!(wrong_door.code, 1);
    assert!(
        wrong_door.err.contains("the one for SDKs"),
        "{}",
        wrong_door.err
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_made_listed_and_removed() {
    let world = World::start().await;
    let made = world
        .json(&["key", "create", "--account", "bob", "--temporary", "15m"])
        .await;
    let mut names: Vec<&String> = made.as_object().expect("an object").keys().collect();
    names.sort();
    let expected = [
        "access_key",
        "account",
        "expires_at",
        "secret_key",
        "security_token",
    ];
    assert_eq!(names, expected);
    let access = made["access_key"].as_str().expect("text");
    let listed = world.json(&["key", "ls", "--account", "bob"]).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert!(
        !listed
            .to_string()
            .contains(made["secret_key"].as_str().expect("text"))
    );
    world.json(&["key", "rm", access]).await;
    assert_eq!(
        world.json(&["key", "ls", "--account", "bob"]).await,
        serde_json::json!([])
    );
    for (words, code, says) in [
        (vec!["key", "rm", access], 1, "no such access key"),
        (vec!["key", "rm", ACCESS_KEY], 1, "root key"),
        (vec!["key", "create", "--account", "a b"], 1, "account"),
        (vec!["key", "create", "--temporary", "8d"], 1, "7 days"),
        (vec!["key", "create", "--temporary", "soon"], 2, "90s"),
    ] {
        let done = world.run(&words).await;
        assert_eq!(done.code, code, "{words:?}: {done:?}");
        assert!(done.err.contains(says), "{words:?}: {}", done.err);
    }
    let table = world.run(&["key", "ls"]).await.out;
    assert!(
        table.starts_with("ACCESS KEY") && !table.contains('\u{1b}'),
        "{table}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_added_tested_and_removed() {
    let world = World::start().await;
    let receiver = Receiver::answering(|_| (StatusCode::CREATED, bytes::Bytes::new())).await;
    let receiver = receiver.expect("a receiver");
    let added = world
        .json(&["function", "add", "team/resize", &receiver.url()])
        .await;
    assert_eq!(
        added,
        serde_json::json!({ "name": "team/resize", "url": receiver.url() })
    );
    let tested = world.json(&["function", "test", "team/resize"]).await;
    assert_eq!(
        (&tested["accepted"], &tested["status"]),
        (&true.into(), &201.into())
    );
    let message = receiver.arrived().remove(0);
    assert_eq!(message.headers["x-cohong-test"], "1");
    assert!(message.headers.contains_key("x-cohong-replay"));
    let body: serde_json::Value = serde_json::from_slice(&message.body).expect("JSON");
    assert_eq!(body["events"][0]["eventName"], "tos:ObjectCreated:Put");

    // A port that nobody listens on: bound, then given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", free.local_addr().expect("an address"));
    drop(free);
    world.json(&["function", "add", "team/resize", &url]).await;
    let silent = world.run(&["function", "test", "team/resize"]).await;
    assert_eq!(silent.code, 1);
    assert!(silent.out.contains("did not accept"), "{silent:?}");
    assert_eq!(world.json(&["function", "ls"]).await[0]["url"], url);
    world.json(&["function", "rm", "team/resize"]).await;
    for words in [
        ["function", "rm", "team/resize"],
        ["function", "test", "team/resize"],
    ] {
        let done = world.run(&words).await;
        assert!(
            done.code == 1 && done.err.contains("not registered"),
            "{done:?}"
        );
    }
    let wrong = world.run(&["function", "add", "f", "ftp://x"]).await;
    assert!(
        wrong.code == 1 && wrong.err.contains("http://"),
        "{wrong:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_added_listed_changed_and_removed() {
    let world = World::start().await;
    let add = |region: &'static str, endpoint: &'static str| {
        [
            "source",
            "add",
            "ours",
            "--cloud",
            "AWS",
            "--region",
            region,
            "--endpoint",
            endpoint,
        ]
    };
    world.json(&add("*", "https://s3.example")).await;
    world
        .json(
            &[
                &add("office", "http://10.0.0.5:9000")[..],
                &["--style", "path"],
            ]
            .concat(),
        )
        .await;
    let listed = world.json(&["source", "ls"]).await;
    let wanted = serde_json::json!([{
        "name": "ours",
        "cloud": "AWS",
        "region": "office",
        "kind": "s3",
        "endpoint": "http://10.0.0.5:9000",
        "style": "path",
        "signing_region": null,
        "added_at": listed[0]["added_at"],
    }]);
    assert_eq!(listed, wanted);
    for refused in [
        add("of fice", "https://s3.example"),
        add("office", "s3.example"),
    ] {
        assert_eq!(world.run(&refused).await.code, 1, "{refused:?}");
    }
    assert_eq!(world.json(&["source", "ls"]).await, wanted);
    world.json(&["source", "rm", "ours"]).await;
    assert_eq!(world.run(&["source", "rm", "ours"]).await.code, 1);
    assert_eq!(world.json(&["source", "ls"]).await, serde_json::json!([]));
}
