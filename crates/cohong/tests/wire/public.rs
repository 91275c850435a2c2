//! The public half of the key that signs upload callbacks, as receivers and operators get it.

use std::path::Path;

use cohong_testkit::instance::{Instance, Start};
use serde_json::Value;

use crate::ask::Ask;
use crate::raw::Answer;
use crate::{World, binary};

const CURRENT: &str = "/.cohong/callback_pub_key.pem";

async fn get(world: &World, host: &str, target: &str) -> Answer {
    let request = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    world.raw().await.ask(request.as_bytes()).await
}

async fn key(server: &Instance, words: &[&str]) -> Value {
    let words = [&["key", "callback"], words].concat();
    server.command(binary(), &words).await.expect("a key")
}

/// The path of a URL of this server.
fn path_of(url: &Value, server: &Instance) -> String {
    let url = url.as_str().expect("a URL");
    let base = format!("http://{}", server.listen());
    let path = url.strip_prefix(&base).expect("a URL of the server");
    path.to_owned()
}

#[tokio::test]
async fn anybody_reads_the_key_and_the_one_before_and_no_other() {
    let world = World::start().await;
    let first = key(&world.server, &[]).await;
    assert_eq!(first["former_url"], Value::Null);
    let first_path = path_of(&first["url"], &world.server);
    let second = key(&world.server, &["--rotate"]).await;
    assert_ne!(second["url"], first["url"]);
    assert_eq!(second["former_url"], first["url"]);
    let second_path = path_of(&second["url"], &world.server);
    for (host, path, shown) in [
        ("127.0.0.1", &*first_path, &first),
        ("localhost:9000", &*second_path, &second),
        ("127.0.0.1", CURRENT, &second),
        ("gosspublic.alicdn.com", "/callback_pub_key_v1.pem", &second),
        ("gosspublic.alicdn.com", &*second_path, &second),
    ] {
        let answer = get(&world, host, path).await;
        assert_eq!(answer.status, 200, "{host} {path}: {answer:?}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/x-pem-file")
        );
        let text = String::from_utf8(answer.body).expect("text");
        assert_eq!(Some(&*text), shown["public_key"].as_str(), "{host} {path}");
        assert!(text.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{text}");
    }
    let head = format!("HEAD {CURRENT} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let mut raw = world.raw().await;
    raw.send(head.as_bytes()).await;
    assert_eq!(raw.answer(true).await.status, 200);

    key(&world.server, &["--rotate"]).await;
    assert_eq!(get(&world, "127.0.0.1", &first_path).await.status, 404);
    assert_eq!(get(&world, "127.0.0.1", &second_path).await.status, 200);
}

#[tokio::test]
async fn an_object_of_the_same_path_is_the_buckets() {
    let world = World::start().await;
    world
        .raw()
        .await
        .ask(&Ask::new("PUT", CURRENT).with(b"mine"))
        .await;
    let answer = world
        .raw()
        .await
        .ask(&Ask::new("GET", CURRENT).head())
        .await;
    assert_eq!((answer.status, &answer.body[..]), (200, &b"mine"[..]));
}

#[tokio::test]
async fn the_key_outlives_a_restart_and_its_url_is_a_setting() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cohong.toml");
    let text = "[oss]\ncallback_public_url = \"https://keys.example.org/\"\n";
    std::fs::write(&file, text).expect("written");
    let data = folder.path().join("data");
    let start = async |config: Option<&Path>| {
        let mut start = Start::default();
        if let Some(config) = config {
            let config = config.to_str().expect("a path");
            start.env.push(("COHONG_CONFIG".into(), config.into()));
        }
        let started = Instance::start(binary(), &data, &start).await;
        started.expect("started")
    };
    let server = start(None).await;
    let first = key(&server, &[]).await;
    server.stop().await.expect("stopped");
    let server = start(Some(&file)).await;
    let again = key(&server, &[]).await;
    assert_eq!(again["public_key"], first["public_key"]);
    let id = first["id"].as_str().expect("a name");
    let url = format!("https://keys.example.org/.cohong/callback_pub_key_{id}.pem");
    assert_eq!(again["url"].as_str(), Some(&*url));
    server.stop().await.expect("stopped");
}
