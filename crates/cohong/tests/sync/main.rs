//! Two servers, one of which reads objects from the other through its dialects, as from any cloud.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod faults;
mod kills;
mod migrations;
mod out;
mod refusals;
mod wire;

use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use cohong_testkit::client::{Answer, Ask, Client};
use cohong_testkit::instance::{Instance, SECRET_KEY, Start};
use cohong_testkit::sync_task::{Counts, From, Task};
use http::Method;
use tempfile::TempDir;

/// Bucket of the source.
const SOURCE: &str = "sync-source";

/// The dialects that a source is read through: kind, style, region of signatures, host.
const WAYS: [(&str, &str, &str, &str); 3] = [
    ("s3", "path", "us-east-1", "127.0.0.1"),
    ("oss", "path", "cn-hangzhou", "127.0.0.1"),
    ("tos", "virtual", "cn-beijing", "localhost"),
];

/// Keys that libraries like to change.
const KEYS: [&str; 12] = [
    "plain.txt",
    "folder/plain.txt",
    "/leading",
    "double//slash",
    "trailing/",
    " blanks around ",
    "a+b",
    "per%2Fcent%",
    "quest?ion#mark&=",
    "公行/对象.jpg",
    "it's \"quoted\" <&>",
    "back\\slash:~!*()",
];

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cohong"))
}

async fn start(folder: &TempDir) -> Instance {
    let started = Instance::start(binary(), folder.path(), &Start::default()).await;
    started.unwrap()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Tells `server` where the other one is; the region is the kind.
async fn add_source(
    server: &Instance,
    (kind, style, region, host): (&str, &str, &str, &str),
    port: u16,
) {
    let endpoint = format!("http://{host}:{port}");
    let words = [
        "source",
        "add",
        kind,
        "--cloud",
        "AWS",
        "--region",
        kind,
        "--kind",
        kind,
        "--style",
        style,
        "--signing-region",
        region,
        "--endpoint",
        &endpoint,
    ];
    server.command(binary(), &words).await.unwrap();
}

async fn bucket(server: &Instance, name: &str) -> Client {
    let mut client = server.client();
    client.create_bucket(name).await.unwrap();
    client
}

async fn get(client: &mut Client, bucket: &str, key: &str) -> Answer {
    let ask = Ask {
        bucket: Some(bucket),
        key: Some(key),
        ..Ask::default()
    };
    client.must(Method::GET, &ask).await.unwrap()
}

fn bytes_of(seed: usize, len: usize) -> Bytes {
    let byte = |n: usize| u8::try_from((n.wrapping_mul(31) ^ (n >> 9) ^ seed) & 0xff).unwrap();
    (0..len).map(byte).collect::<Vec<_>>().into()
}

fn port(address: SocketAddr) -> u16 {
    address.port()
}

/// Whether a dialect has a name for a key: none begins with a slash in that of OSS, as with the vendor.
fn can_name(kind: &str, key: &str) -> bool {
    kind != "oss" || !key.starts_with('/')
}

/// Objects with everything that a copy keeps.
async fn fill(source: &mut Client) {
    for (n, key) in KEYS.into_iter().enumerate() {
        let headers = [
            ("content-type", "text/x-test"),
            ("cache-control", "max-age=7"),
            ("content-language", "zh"),
            ("x-tos-meta-colour", "blue"),
            ("x-tos-meta-number", "7"),
            ("x-tos-storage-class", "IA"),
        ];
        let ask = Ask {
            bucket: Some(SOURCE),
            key: Some(key),
            headers: &headers,
            body: bytes_of(n, n * 40_000),
            ..Ask::default()
        };
        source.must(Method::PUT, &ask).await.unwrap();
    }
    let parts = [
        bytes_of(1, 5 << 20),
        bytes_of(2, 5 << 20),
        bytes_of(3, 12_345),
    ];
    source.put_parts(SOURCE, "of parts", &parts).await.unwrap();
}

const COMPARED: [&str; 8] = [
    "content-length",
    "content-type",
    "cache-control",
    "content-language",
    "x-tos-meta-colour",
    "x-tos-meta-number",
    "x-tos-storage-class",
    "x-tos-hash-crc64ecma",
];

#[tokio::test(flavor = "multi_thread")]
async fn objects_come_over_through_every_dialect_as_they_are() {
    let folders = [folder(), folder()];
    let (a, b) = (start(&folders[0]).await, start(&folders[1]).await);
    let mut source = bucket(&a, SOURCE).await;
    fill(&mut source).await;
    let mut keys: Vec<String> = KEYS.map(String::from).into();
    keys.push("of parts".into());
    let mut size = 0;
    for way in WAYS {
        let kind = way.0;
        add_source(&b, way, port(a.listen())).await;
        let name = format!("copies-{kind}");
        let mut copies = bucket(&b, &name).await;
        let from = From {
            region: kind,
            bucket: SOURCE,
            secret: SECRET_KEY,
        };
        let task = Task::create(&b, &from, &name).await.unwrap();
        let missing = ["no such key".to_owned()];
        task.event(&b, &[&keys[..], &missing].concat())
            .await
            .unwrap();
        let counts = task.ended(&b).await.unwrap();
        size = 0;
        let (named, unnamed) = keys
            .iter()
            .partition::<Vec<_>, _>(|key| can_name(kind, key));
        for key in &named {
            let (there, copy) = (
                get(&mut source, SOURCE, key).await,
                get(&mut copies, &name, key).await,
            );
            assert_eq!(there.body, copy.body, "{kind} {key:?}");
            size += there.body.len() as u64;
            // Of the one whose upload named no type each dialect tells its own.
            let compared = COMPARED.iter().filter(|_| *key != "of parts");
            for header in compared {
                let (there, copy) = (there.headers.get(*header), copy.headers.get(*header));
                assert_eq!(there, copy, "{kind} {key:?} {header}");
            }
        }
        let wanted = Counts {
            requests: 14,
            success: named.len() as u64,
            failure: 1 + unnamed.len() as u64,
            skip: 0,
            bytes: size,
        };
        assert_eq!(counts, wanted, "{kind}");
    }
    assert!(size > 10 << 20);
    assert_eq!(b.stop().await.unwrap(), Some(0));
    assert_eq!(a.stop().await.unwrap(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_secrets_and_unknown_places_make_no_task_and_lost_rights_end_in_failure() {
    let folders = [folder(), folder()];
    let (a, b) = (start(&folders[0]).await, start(&folders[1]).await);
    let mut source = bucket(&a, SOURCE).await;
    source.put(SOURCE, "k", "v".into()).await.unwrap();
    drop(bucket(&b, "copies").await);
    for way in WAYS {
        let kind = way.0;
        add_source(&b, way, port(a.listen())).await;
        let from = From {
            region: kind,
            bucket: SOURCE,
            secret: "wrong",
        };
        let refused = Task::create(&b, &from, "copies").await.unwrap_err();
        assert!(refused.contains("OMS.1014"), "{kind}: {refused}");
        let from = From {
            bucket: "no-such-bucket",
            secret: SECRET_KEY,
            ..from
        };
        let refused = Task::create(&b, &from, "copies").await.unwrap_err();
        assert!(refused.contains("OMS.1014"), "{kind}: {refused}");
    }
    let from = From {
        region: "no/where",
        bucket: SOURCE,
        secret: SECRET_KEY,
    };
    let refused = Task::create(&b, &from, "copies").await.unwrap_err();
    assert!(refused.contains("OMS.0079"), "{refused}");
    for way in WAYS {
        let from = From {
            region: way.0,
            ..from
        };
        let task = Task::create(&b, &from, "copies").await.unwrap();
        // The source is somebody else's now, who knows no such key.
        let other = folder();
        let start = Start {
            env: vec![(
                "COHONG_ROOT_ACCESS_KEY".into(),
                "AKOFSOMEBODYELSE0001".into(),
            )],
            ..Start::default()
        };
        let other = Instance::start(binary(), other.path(), &start)
            .await
            .unwrap();
        add_source(&b, way, port(other.listen())).await;
        task.event(&b, &["k".to_owned()]).await.unwrap();
        let counts = task.ended(&b).await.unwrap();
        assert_eq!((counts.success, counts.failure), (0, 1), "{}", way.0);
        other.kill().await.unwrap();
    }
    for server in [a, b] {
        server.kill().await.unwrap();
    }
}
