//! What is stored, looked after: the scrub, the doctor, backups.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bytes::Bytes;
use cohong_core::model::VaultUsage;
use cohong_core::ports::{Key, Limit, MetadataStore, Order, Table, Txn, When, Write};
use cohong_core::records::{decode, encode, keys};
use cohong_store::meta::{self, EmbeddedMeta};
use cohong_testkit::client::Client;
use cohong_testkit::instance::{Instance, Start};

use crate::common::{World, binary, command, run};

const BUCKET: &str = "kept";

/// What one writer was told to be stored: how often it wrote its first key, and its second.
#[derive(Default)]
struct Told {
    first: AtomicU64,
    second: AtomicU64,
}

fn body(n: u64, len: usize) -> Bytes {
    let number = format!("{n:020}");
    Bytes::from(number.repeat(len / number.len()))
}

fn number(body: &Bytes) -> u64 {
    std::str::from_utf8(&body[..20])
        .expect("digits")
        .parse()
        .expect("a number")
}

/// Writes its first key, then its second, with the same number: whoever sees the second sees the first.
async fn write(mut client: Client, writer: usize, told: Arc<Told>, done: Arc<AtomicBool>) {
    for n in 1.. {
        // Every third body is a file, the others travel in the commit.
        let len = if n % 3 == 0 { 200_000 } else { 2_000 };
        for (key, count) in [("first", &told.first), ("second", &told.second)] {
            let key = format!("{key}/{writer}");
            client.put(BUCKET, &key, body(n, len)).await.expect("a put");
            count.store(n, Ordering::SeqCst);
        }
        if done.load(Ordering::SeqCst) {
            return;
        }
    }
}

async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_one_moment_and_has_all_that_was_acknowledged_before() {
    let world = World::start().await;
    world
        .server
        .client()
        .create_bucket(BUCKET)
        .await
        .expect("a bucket");
    let told: Vec<Arc<Told>> = (0..4).map(|_| Arc::default()).collect();
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..)
        .zip(&told)
        .map(|(n, told)| write(world.server.client(), n, told.clone(), done.clone()))
        .map(tokio::spawn)
        .collect();
    let count = |told: &Told| told.second.load(Ordering::SeqCst);
    until(|| told.iter().all(|told| count(told) >= 3)).await;
    let before: Vec<u64> = told.iter().map(|told| count(told)).collect();
    let to = world.path("backup");
    let made = world.json(&["backup", text(&to)]).await;
    assert!(made["blobs"].as_u64() > Some(0), "{made}");
    until(|| {
        told.iter()
            .zip(&before)
            .all(|(told, before)| count(told) > before + 2)
    })
    .await;
    done.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.expect("writers do not panic");
    }
    let again = world.run(&["backup", text(&to)]).await;
    assert_eq!(again.code, 1, "{again:?}");

    let (key, data) = (world.server.folder().join("server.key"), world.path("new"));
    let words = [
        "restore",
        text(&to),
        "--server-key",
        text(&key),
        "--data",
        text(&data),
    ];
    let restored = run(&words).await;
    assert_eq!(restored.code, 0, "{restored:?}");
    let server = Instance::start(binary(), &data, &Start::default())
        .await
        .expect("started");
    let mut client = server.client();
    for (n, before) in before.iter().enumerate() {
        let mut found = Vec::new();
        for key in ["first", "second"] {
            let body = client
                .get(BUCKET, &format!("{key}/{n}"))
                .await
                .expect("a read");
            let body = body.expect("an object");
            let number = number(&body);
            let len = if number.is_multiple_of(3) {
                200_000
            } else {
                2_000
            };
            assert!(body == self::body(number, len), "{key}/{n} is whole");
            found.push(number);
        }
        let &[first, second] = &found[..] else {
            unreachable!("two keys");
        };
        assert!(second >= *before, "writer {n}: {second} of {before}");
        assert!(
            first == second || first == second + 1,
            "writer {n}: {found:?}"
        );
    }
    client
        .put(BUCKET, "later", body(1, 200_000))
        .await
        .expect("it goes on");
    let report = server
        .command(binary(), &["doctor"])
        .await
        .expect("a report");
    assert_eq!(report["healthy"], true, "{report}");
    assert_eq!(server.stop().await, Ok(Some(0)));
}

#[tokio::test]
async fn what_is_no_finished_backup_is_not_restored() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("half")).expect("a folder");
    std::fs::write(at("key"), [1; 32]).expect("a key");
    let (half, key, new) = (at("half"), at("key"), at("new"));
    let words = [
        "restore",
        text(&half),
        "--server-key",
        text(&key),
        "--data",
        text(&new),
    ];
    let refused = run(&words).await;
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("no finished backup"), "{refused:?}");
    assert!(!new.exists());
}

/// The files of blobs below a data folder.
fn blobs(data: &Path) -> Vec<PathBuf> {
    let fans = std::fs::read_dir(data.join("blobs"))
        .expect("blobs")
        .flatten();
    let files = fans.flat_map(|fan| std::fs::read_dir(fan.path()).expect("a folder").flatten());
    files.map(|file| file.path()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scrub_finds_a_flipped_bit_before_a_reader_and_the_doctor_tells() {
    let world = World::start().await;
    let mut client = world.server.client();
    client.create_bucket(BUCKET).await.expect("a bucket");
    client
        .put(BUCKET, "large", body(1, 200_000))
        .await
        .expect("a put");
    client
        .put(BUCKET, "small", body(2, 2_000))
        .await
        .expect("a put");
    let scrub = ["scrub", "--mib-per-s", "0"];
    let pass = world.json(&scrub).await;
    assert_eq!(
        (&pass["damaged"], &pass["blobs"]),
        (&0.into(), &1.into()),
        "{pass}"
    );
    assert!(pass["rows"].as_u64() > Some(3), "{pass}");

    let files = blobs(world.server.folder());
    let [file] = &files[..] else {
        panic!("{files:?}");
    };
    let mut bytes = std::fs::read(file).expect("a file");
    // In the first block: the doctor reads the last.
    bytes[1000] ^= 4;
    std::fs::write(file, bytes).expect("written");
    let name = file.file_name().expect("a name").to_string_lossy();
    let found = world.run(&scrub).await;
    assert_eq!(found.code, 1, "{found:?}");
    assert!(found.out.contains(&*name), "{found:?}");
    let (status, page) = world.http("/metrics", &[("Authorization", &basic())]).await;
    assert_eq!(status, 200);
    assert!(page.contains("cohong_scrub_damaged 1"), "{page}");
    client
        .get(BUCKET, "large")
        .await
        .expect_err("damaged bytes are not served");
    let small = client.another().get(BUCKET, "small").await.expect("a read");
    assert_eq!(small.map(|body| number(&body)), Some(2));

    // Also after a restart.
    let World { folder, server } = world;
    let data = server.folder().to_owned();
    assert_eq!(server.stop().await, Ok(Some(0)));
    let server = Instance::start(binary(), &data, &Start::default())
        .await
        .expect("started");
    let report = run(&["doctor", "--data", text(&data)]).await;
    assert_eq!(report.code, 1, "{report:?}");
    assert!(
        report.out.contains("the scrub found") && report.out.contains(&*name),
        "{report:?}"
    );
    assert_eq!(server.stop().await, Ok(Some(0)));
    drop(folder);
}

/// Has every vault of a stopped server's folder say that it holds one archive more than it does.
async fn count_wrongly(data: &Path) {
    let meta = EmbeddedMeta::open(&data.join("meta"), meta::Options::default()).expect("a store");
    let table = Table::VaultUsage;
    let limit = Limit {
        rows: 10,
        bytes: 1 << 20,
    };
    let range = keys::prefix_range(table, &[]);
    let pages = meta.scan(&[range], Order::Ascending, limit).await;
    let pages = pages.expect("a page");
    let wrong = pages[0].rows.iter().map(|(at, record)| {
        let mut usage: VaultUsage = decode(&record.bytes).expect("a usage");
        usage.archives += 1;
        let bytes = at.clone();
        Write::Put(Key { table, bytes }, encode(&usage))
    });
    let txn = Txn {
        when: When::Now,
        expect: Vec::new(),
        write: wrong.collect(),
        payloads: Vec::new(),
    };
    assert!(!txn.write.is_empty(), "there is a vault");
    let [Ok(())] = &meta.commit(vec![txn]).await[..] else {
        panic!("it is written");
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_puts_right_what_a_vault_is_said_to_hold() {
    let world = World::start().await;
    world.told(&["vault", "create", "papers"]).await;
    let file = world.path("file");
    std::fs::write(&file, body(1, 2_000)).expect("written");
    world.told(&["archive", "put", "papers", text(&file)]).await;
    let healthy = world.json(&["doctor"]).await;
    assert_eq!(healthy["healthy"], true, "{healthy}");
    let World { folder, server } = world;
    let data = server.folder().to_owned();
    assert_eq!(server.stop().await, Ok(Some(0)));
    count_wrongly(&data).await;

    let server = Instance::start(binary(), &data, &Start::default()).await;
    let world = World {
        folder,
        server: server.expect("started"),
    };
    let found = world.run(&["doctor"]).await;
    assert_eq!(found.code, 1, "{found:?}");
    assert!(
        found.out.contains("is counted wrongly") && found.out.contains("doctor --repair"),
        "{found:?}"
    );
    let repaired = world.run(&["doctor", "--repair"]).await;
    assert_eq!(repaired.code, 0, "{repaired:?}");
    assert!(repaired.out.contains("put right: vault"), "{repaired:?}");
    let held = world.told(&["vault", "info", "papers"]).await;
    assert_eq!(held["archives"], 1, "{held}");
    let again = world.run(&["doctor", "--repair"]).await;
    assert!(
        again.out.contains("there was nothing to put right"),
        "{again:?}"
    );
    assert_eq!(world.server.stop().await, Ok(Some(0)));
}

/// What the server says of its scrub.
async fn scrub(world: &World) -> serde_json::Value {
    let headers = [("Authorization", &*basic())];
    let (status, answer) = world.http("/admin/v1/scrub", &headers).await;
    assert_eq!(status, 200, "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrub_goes_on_behind_the_last_blob_after_a_restart() {
    const BLOBS: usize = 8;
    let world = World::start().await;
    let mut client = world.server.client();
    client.create_bucket(BUCKET).await.expect("a bucket");
    for n in 0..BLOBS {
        let key = format!("k{n}");
        client
            .put(BUCKET, &key, body(1, 4 << 20))
            .await
            .expect("a put");
    }
    // Seconds for all of them.
    let data = world.data();
    let ordered = command(&["--data", &data, "scrub", "--mib-per-s", "4"]).spawn();
    let begun = loop {
        let seen = scrub(&world).await;
        if seen["now"]["blobs"].as_u64() > Some(0) {
            break seen["now"].clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    drop(ordered);
    let World { folder, server } = world;
    let data = server.folder().to_owned();
    assert_eq!(server.stop().await, Ok(Some(0)));

    let server = Instance::start(binary(), &data, &Start::default()).await;
    let world = World {
        folder,
        server: server.expect("started"),
    };
    let resumed = scrub(&world).await;
    assert_eq!(resumed["now"]["begun_at"], begun["begun_at"], "{resumed}");
    assert!(
        resumed["now"]["blobs"].as_u64() >= begun["blobs"].as_u64(),
        "{resumed}"
    );
    let pass = world.json(&["scrub", "--mib-per-s", "0"]).await;
    assert_eq!(pass["begun_at"], begun["begun_at"], "{pass}");
    assert_eq!(
        (&pass["blobs"], &pass["damaged"]),
        (&BLOBS.into(), &0.into())
    );
    assert_eq!(
        pass["rows"], begun["rows"],
        "rows were not read again: {pass}"
    );
    assert_eq!(world.server.stop().await, Ok(Some(0)));
}

fn basic() -> String {
    use base64::Engine as _;

    let encoded = base64::engine::general_purpose::STANDARD.encode(crate::common::key());
    format!("Basic {encoded}")
}
