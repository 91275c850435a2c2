//! Encryption at rest, as whoever has the disk sees it: every file of the data folder, read raw.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_testkit::client::{Ask, Client};
use http::Method;

use crate::World;

const BUCKET: &str = "secret-papers";
/// What every body holds, over and over.
const MARK: &[u8; 24] = b"\x01a secret of its owner\xfe\xff";
/// The MD5 of [`KEY`], in Base64.
const DIGEST: &str = "fZeW1c/D8E9668cwCwG15w==";
const KEY: [u8; 32] = *b"the key that only the client has";

/// Bytes that no compression makes small, with the mark in every half kilobyte.
fn secret(len: usize) -> Bytes {
    let mut state = 1_u64;
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        bytes.extend_from_slice(MARK);
        for _ in 0..61 {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            bytes.extend_from_slice(&(state ^ (state >> 29)).to_le_bytes());
        }
    }
    bytes.truncate(len);
    bytes.into()
}

/// How many bytes the files of a folder have, and the files that hold some bytes.
fn found(folder: &Path, wanted: &[u8]) -> (usize, Vec<String>) {
    let (mut read, mut holding) = (0, Vec::new());
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                let bytes = std::fs::read(&path).expect("a file");
                read += bytes.len();
                if bytes.windows(wanted.len()).any(|run| run == wanted) {
                    holding.push(path.display().to_string());
                }
            }
        }
    }
    (read, holding)
}

fn ask<'a>(
    key: &'a str,
    query: &'a [(&'a str, &'a str)],
    headers: &'a [(&'static str, &'a str)],
    body: Bytes,
) -> Ask<'a> {
    Ask {
        bucket: Some(BUCKET),
        key: Some(key),
        query,
        headers,
        body,
    }
}

/// Stores an object of every making and reads it back: with these headers, and copies with those.
async fn store(
    client: &mut Client,
    headers: &[(&'static str, &str)],
    copying: &[(&'static str, &str)],
) {
    let large = secret(2_000_000);
    for (key, len) in [("small", 3000), ("large", 2_000_000)] {
        let put = ask(key, &[], headers, secret(len));
        client.must(Method::PUT, &put).await.expect("stored");
    }
    for (position, range) in [("0", 0..3000), ("3000", 3000..500_000)] {
        let query = [("append", ""), ("offset", position)];
        let piece = ask("grown", &query, headers, large.slice(range));
        client.must(Method::POST, &piece).await.expect("appended");
    }
    for (from, to) in [("small", "copy of small"), ("large", "copy of large")] {
        let source = format!("/{BUCKET}/{from}");
        let mut all = vec![("x-tos-copy-source", source.as_str())];
        all.extend(copying);
        let copy = ask(to, &[], &all, Bytes::new());
        client.must(Method::PUT, &copy).await.expect("copied");
    }
    for (key, len) in [
        ("small", 3000),
        ("large", 2_000_000),
        ("grown", 500_000),
        ("copy of small", 3000),
        ("copy of large", 2_000_000),
    ] {
        let keyed = headers.iter().filter(|(name, _)| name.contains("customer"));
        let keyed: Vec<_> = keyed.copied().collect();
        let get = ask(key, &[], &keyed, Bytes::new());
        let got = client.must(Method::GET, &get).await.expect("read");
        assert!(got.body == secret(len), "{key}");
    }
}

#[tokio::test]
async fn without_encryption_the_bytes_lie_open() {
    let world = World::start(&cohong_testkit::instance::Start::default()).await;
    let data = world.server.folder().to_owned();
    let mut client = world.server.client();
    client.create_bucket(BUCKET).await.expect("created");
    store(&mut client, &[], &[]).await;
    assert!(world.server.stop().await.expect("stopped").is_some());
    let (_, holding) = found(&data, MARK);
    // A small body in the journal of records, large ones as blobs.
    assert!(holding.len() >= 3, "{holding:?}");
    drop(world.folder);
}

#[tokio::test]
async fn an_encrypted_bucket_leaves_no_run_of_plain_bytes_in_any_file() {
    let world = World::talkative().await;
    let data = world.server.folder().to_owned();
    let mut client = world.server.client();
    client.create_bucket(BUCKET).await.expect("created");
    let rule = br#"{"Rule":{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}}"#;
    let put = Ask {
        bucket: Some(BUCKET),
        query: &[("encryption", "")],
        body: Bytes::from_static(rule),
        ..Ask::default()
    };
    client.must(Method::PUT, &put).await.expect("put");
    store(&mut client, &[], &[]).await;
    let parts = [secret(5 << 20), secret(100_000)];
    let stored = client.put_parts(BUCKET, "parts", &parts).await;
    stored.expect("stored");
    let got = client.get(BUCKET, "parts").await.expect("read");
    assert!(got.as_deref() == Some(&parts.concat()[..]));
    assert!(world.server.stop().await.expect("stopped").is_some());
    let (read, holding) = found(&data, MARK);
    assert!(read > 7_000_000, "{read}");
    assert!(holding.is_empty(), "{holding:?}");
    let (_, holding) = found(world.folder.path(), MARK);
    assert!(holding.is_empty(), "{holding:?}");
}

#[tokio::test]
async fn customers_keys_are_in_no_file_and_no_log() {
    let world = World::talkative().await;
    let mut client = world.server.client();
    client.create_bucket(BUCKET).await.expect("created");
    let key = STANDARD.encode(KEY);
    let headers = [
        ("x-tos-server-side-encryption-customer-algorithm", "AES256"),
        ("x-tos-server-side-encryption-customer-key", &*key),
        ("x-tos-server-side-encryption-customer-key-md5", DIGEST),
    ];
    let sources = [
        (
            "x-tos-copy-source-server-side-encryption-customer-algorithm",
            "AES256",
        ),
        (
            "x-tos-copy-source-server-side-encryption-customer-key",
            &*key,
        ),
        (
            "x-tos-copy-source-server-side-encryption-customer-key-md5",
            DIGEST,
        ),
    ];
    let copying = [headers, sources].concat();
    store(&mut client, &headers, &copying).await;
    let bare = Ask {
        bucket: Some(BUCKET),
        key: Some("large"),
        ..Ask::default()
    };
    let refused = client.send(Method::GET, &bare).await.expect("answered");
    assert_eq!(refused.status, 400);
    assert!(world.server.stop().await.expect("stopped").is_some());
    for wanted in [MARK.as_slice(), key.as_bytes(), &KEY[..16]] {
        let (read, holding) = found(world.folder.path(), wanted);
        assert!(read > 4_000_000 && holding.is_empty(), "{holding:?}");
    }
}
