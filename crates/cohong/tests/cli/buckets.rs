//! Buckets as people type them, in every tongue: there and back, listed, shared, removed.

mod faults;
mod keys;
mod mirror;

use std::process::Stdio;

use cohong_testkit::instance::SECRET_KEY;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{Done, MIB, World, command, holds, key, run};

const TONGUES: [&str; 3] = ["s3", "oss", "tos"];

/// A bucket of each tongue, and places in it.
struct Bucket<'a> {
    world: &'a World,
    tongue: &'a str,
    name: String,
}

impl<'a> Bucket<'a> {
    async fn make(world: &'a World, tongue: &'a str) -> Self {
        Self::named(world, tongue, &format!("{tongue}-bucket")).await
    }

    async fn named(world: &'a World, tongue: &'a str, name: &str) -> Self {
        let bucket = Self {
            world,
            tongue,
            name: name.to_owned(),
        };
        let made = world.told(&["mb", &bucket.at("")]).await;
        assert_eq!(made["bucket"], name);
        bucket
    }

    /// A place in it.
    fn at(&self, key: &str) -> String {
        match key {
            "" => format!("{}://{}", self.tongue, self.name),
            key => format!("{}://{}/{key}", self.tongue, self.name),
        }
    }

    async fn keys(&self) -> Vec<String> {
        let listed = self.world.told(&["ls", "-r", &self.at("")]).await;
        let lines = listed.as_array().expect("a list").iter();
        lines
            .map(|line| line["key"].as_str().expect("a key").to_owned())
            .collect()
    }
}

/// Asks for a signed URL as anybody would.
async fn anybody(world: &World, method: &str, url: &str, body: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").expect(url);
    let (host, path) = rest.split_once('/').expect(url);
    let mut stream = TcpStream::connect(world.server.listen())
        .await
        .expect("connected");
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_into_buckets_and_come_back() {
    let world = World::start().await;
    let (small, text) = world.file("small.txt", 5000);
    let (large, bytes) = world.file("large", 20 * MIB + 5);
    for tongue in TONGUES {
        let bucket = Bucket::make(&world, tongue).await;
        let put = world.told(&["cp", &small, &bucket.at("")]).await;
        assert_eq!((&put["copied"], &put["bytes"]), (&json!(1), &json!(5000)));
        world.told(&["cp", &large, &bucket.at("d/")]).await;
        let typed = [
            "cp",
            &small,
            &bucket.at("d/typed"),
            "--content-type",
            "text/x",
        ];
        world.told(&typed).await;
        assert_eq!(
            bucket.keys().await,
            ["d/large", "d/typed", "small.txt"],
            "{tongue}"
        );

        let listed = world.told(&["ls", &bucket.at("")]).await;
        assert_eq!(listed[0], json!({ "folder": "d/" }));
        assert_eq!(
            (&listed[1]["key"], &listed[1]["bytes"]),
            (&json!("small.txt"), &json!(5000))
        );
        let said = world.speak(&["ls", &bucket.at("sm")]).await;
        assert!(said.out.ends_with("  5000  small.txt\n"), "{}", said.out);
        let listed = world.told(&["ls", &format!("{tongue}://")]).await;
        let named = |line: &Value| line["bucket"] == bucket.name.as_str();
        assert!(
            listed.as_array().expect("a list").iter().any(named),
            "{listed}"
        );

        let shown = world.told(&["stat", &bucket.at("small.txt")]).await;
        assert_eq!(
            (&shown["bytes"], &shown["type"]),
            (&json!(5000), &json!("text/plain"))
        );
        let shown = world.told(&["stat", &bucket.at("d/typed")]).await;
        assert_eq!(shown["type"], "text/x");
        assert_eq!(
            world.told(&["stat", &bucket.at("")]).await["bucket"],
            bucket.name.as_str()
        );

        let back = world.path("back");
        let to = back.to_str().expect("UTF-8");
        world.told(&["cp", &bucket.at("d/large"), to]).await;
        assert!(holds(&back, &bytes), "{tongue}");
        let folder = world.path(tongue);
        let into = format!("{}/", folder.display());
        world.told(&["cp", &bucket.at("small.txt"), &into]).await;
        assert!(holds(&folder.join("small.txt"), &text), "{tongue}");

        // What the store copies itself, and what passes through.
        world
            .told(&["cp", &bucket.at("d/typed"), &bucket.at("copied/")])
            .await;
        assert_eq!(
            world.told(&["stat", &bucket.at("copied/typed")]).await["type"],
            "text/x"
        );
        let through = Bucket::named(&world, "s3", &format!("{tongue}-through")).await;
        for name in ["d/typed", "d/large"] {
            let to = through.at("x/");
            let words = ["cp", &bucket.at(name), &to];
            world.told(&words).await;
        }
        world.told(&["cp", &through.at("x/large"), to]).await;
        assert!(holds(&back, &bytes), "{tongue}");
        assert_eq!(
            world.told(&["stat", &through.at("x/typed")]).await["type"],
            "text/x"
        );

        let gone = [&bucket.at("d/typed"), &bucket.at("copied/typed")];
        let removed = world.told(&["rm", gone[0], gone[1]]).await;
        assert_eq!(removed["removed"], 2);
        let refused = world.speak(&["rb", &bucket.at("")]).await;
        assert_eq!(refused.code, 1);
        assert!(refused.err.contains("--force"), "{}", refused.err);
        assert_eq!(
            world.told(&["rm", "-r", &bucket.at("d")]).await["removed"],
            1
        );
        assert_eq!(bucket.keys().await, ["small.txt"]);
        world.told(&["rm", &bucket.at("small.txt")]).await;
        world.told(&["rb", &bucket.at("")]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_copied_too() {
    let world = World::start().await;
    let (endpoint, key) = (world.endpoint(), key());
    let piped = async |words: &[&str], input: &[u8]| {
        let mut all = words.to_vec();
        all.extend(["--endpoint", &endpoint, "--key", &key]);
        let mut command = command(&all);
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.stderr(Stdio::piped()).spawn().expect("started");
        let mut to = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        let fed = tokio::spawn(async move { to.write_all(&input).await });
        let done = child.wait_with_output().await.expect("ended");
        fed.await.expect("fed").expect("read");
        assert!(done.status.success(), "{words:?}: {done:?}");
        done.stdout
    };
    let (_, large) = world.file("large", 33 * MIB + 1);
    for tongue in TONGUES {
        let bucket = Bucket::make(&world, tongue).await;
        for (name, bytes) in [("empty", &b""[..]), ("small", b"text"), ("large", &large)] {
            piped(&["cp", "-", &bucket.at(name)], bytes).await;
            let out = piped(&["cp", &bucket.at(name), "-"], b"").await;
            assert!(out == bytes, "{tongue} {name}: {} bytes", out.len());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_may_use_a_signed_url() {
    let world = World::start().await;
    for tongue in TONGUES {
        let bucket = Bucket::make(&world, tongue).await;
        let place = bucket.at("a b/公+.txt");
        let signed = world
            .told(&["presign", "--put", "--expires", "5m", &place])
            .await;
        assert_eq!(
            (&signed["method"], &signed["seconds"]),
            (&json!("PUT"), &json!(300))
        );
        let url = signed["url"].as_str().expect("a URL");
        let (head, _) = anybody(&world, "PUT", url, "shared").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{tongue}: {head}");
        let said = world.speak(&["presign", &place]).await;
        let (head, body) = anybody(&world, "GET", said.out.trim_end(), "").await;
        assert!(
            head.starts_with("HTTP/1.1 200") && body == "shared",
            "{tongue}: {head}"
        );
        let (head, _) = anybody(&world, "DELETE", said.out.trim_end(), "").await;
        assert!(head.starts_with("HTTP/1.1 403"), "{tongue}: {head}");
        assert!(!said.out.contains(SECRET_KEY));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_have_no_end_before_the_last_key() {
    let world = World::start().await;
    let folder = world.path("many");
    std::fs::create_dir(&folder).expect("made");
    for n in 0..1005 {
        std::fs::write(folder.join(format!("{n:04}")), "x").expect("written");
    }
    let bucket = Bucket::make(&world, "s3").await;
    let put = world
        .told(&["cp", "-r", &folder.display().to_string(), &bucket.at("")])
        .await;
    assert_eq!(put["copied"], 1005);
    let wanted: Vec<String> = (0..1005).map(|n| format!("{n:04}")).collect();
    for tongue in TONGUES {
        let listed = Bucket {
            world: &world,
            tongue,
            name: bucket.name.clone(),
        };
        assert_eq!(listed.keys().await, wanted, "{tongue}");
    }
    let said = world.speak(&["ls", &bucket.at("")]).await;
    assert_eq!(said.out.lines().count(), 1005);
    assert_eq!(
        world.told(&["rm", "-r", &bucket.at("")]).await["removed"],
        1005
    );
    world.told(&["rb", &bucket.at("")]).await;
}

/// Runs a command that fails, in words and in JSON, and looks for what it says.
async fn fails(words: &[&str], code: i32, says: &str) {
    let check = |done: &Done| {
        assert_eq!(done.code, code, "{words:?}: {done:?}");
        assert!(done.err.contains(says), "{words:?}: {}", done.err);
        assert!(!done.err.contains(SECRET_KEY), "{}", done.err);
    };
    check(&run(words).await);
    let mut json = words.to_vec();
    json.push("--json");
    let done = run(&json).await;
    check(&done);
    let error: Value = serde_json::from_str(&done.err).expect("JSON");
    assert!(
        error["error"].is_string() && done.out.is_empty(),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_with_what_to_do() {
    let world = World::start().await;
    let bucket = Bucket::make(&world, "s3").await;
    let (endpoint, key) = (world.endpoint(), key());
    let (file, _) = world.file("f", 3);
    let folder = world.folder.path().to_str().expect("UTF-8");
    let place = bucket.at("k");
    world.told(&["cp", &file, &place]).await;
    let cases: [(&[&str], i32, &str); 17] = [
        (&["cp", &file, "ftp://b/k"], 2, "tos://, oss:// or s3://"),
        (&["cp", &file, "other"], 2, "one side has to be in a store"),
        (
            &["mirror", folder, "other"],
            2,
            "one side has to be in a store",
        ),
        (&["cp", folder, &place], 2, "-r"),
        (&["cp", "no-such-file", &place], 1, "No such file"),
        (&["cp", &file, "s3://no-such-bucket/k"], 1, "cohong ls"),
        (&["cp", &bucket.at("no"), folder], 1, "no such object"),
        (&["cp", &place, "/dev/null"], 1, "no regular file"),
        (&["cp", "-", &bucket.at("d/")], 2, "whole key"),
        (
            &["cp", "-r", &bucket.at("no/"), folder],
            1,
            "nothing is there",
        ),
        (
            &["mirror", "no-such-folder", &bucket.at("")],
            1,
            "no such folder",
        ),
        (&["rm", &bucket.at("")], 2, "-r"),
        (&["rm", &bucket.at("no")], 1, "no such object"),
        (
            &["ls", "s3://no-such-bucket"],
            1,
            "no such object or bucket",
        ),
        (&["stat", "f"], 2, "no place in a store"),
        (&["mb", &place], 2, "not the name of a bucket"),
        (&["mb", "s3://A"], 1, "status 400"),
    ];
    for (words, code, says) in cases {
        let mut all = words.to_vec();
        all.extend(["--endpoint", &endpoint, "--key", &key]);
        fails(&all, code, says).await;
    }
    let nobody = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        format!("http://{}", gone.local_addr().expect("an address"))
    };
    let cases = [
        (endpoint.as_str(), None, 2, "cohong key create"),
        (&endpoint, Some("AK"), 2, "ACCESS:SECRET"),
        (&endpoint, Some("AK:SK"), 1, "is the key right"),
        ("ftp://h", Some(key.as_str()), 2, "http://HOST:PORT"),
        (&nobody, Some(&key), 1, "cohong serve"),
    ];
    for (endpoint, key, code, says) in cases {
        let mut words = vec!["ls", "--endpoint", endpoint];
        words.extend(key.iter().flat_map(|key| ["--key", *key]));
        fails(&words, code, says).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn temporary_keys_have_a_token() {
    let world = World::start().await;
    let made = world.json(&["key", "create", "--temporary", "1h"]).await;
    let text = |name: &str| made[name].as_str().expect(name).to_owned();
    let key = format!("{}:{}", text("access_key"), text("secret_key"));
    let (endpoint, token) = (world.endpoint(), text("security_token"));
    for tongue in TONGUES {
        let place = format!("{tongue}://{tongue}-bucket");
        let words = ["mb", &place, "--endpoint", &endpoint, "--key", &key];
        let refused = run(&words).await;
        assert_eq!(refused.code, 1, "{refused:?}");
        let done = run(&[&words[..], &["--token", &token]].concat()).await;
        assert_eq!(done.code, 0, "{done:?}");
    }
}
