//! OAS: archives in one body and in parts.

mod common;

use common::oas::{MIB, code, combined, content, delete, etag, get, post, put, tree};
use common::{Ask, Reply, World};
use serde_json::{Value, json};

/// The parts of an upload, of which `sizes` may be the last one's.
async fn begun(world: &World, vault: &str, part_size: usize) -> String {
    let ask = post(&format!("{vault}/multipart-uploads"))
        .header("x-oas-part-size", &part_size.to_string())
        .header("x-oas-archive-description", "in parts");
    let made = world.send(ask).await.expect_status(201);
    assert!(made.body.is_empty());
    let id = made.header("x-oas-multipart-upload-id");
    let path = format!("{vault}/multipart-uploads/{id}");
    assert_eq!(made.header("location"), path);
    path
}

fn part(upload: &str, first: usize, len: usize) -> Ask {
    put(upload)
        .header("content-range", &format!("{first}-{}", first + len - 1))
        .digested(content(first, len))
}

fn complete(upload: &str, size: usize, tree: &str) -> Ask {
    post(upload)
        .header("x-oas-archive-size", &size.to_string())
        .header("x-oas-tree-etag", tree)
}

#[track_caller]
fn refused(reply: &Reply, status: u16, wanted: &str) {
    assert_eq!(code(reply), (status, wanted.into(), "client".into()));
}

#[tokio::test]
async fn an_archive_is_stored_shown_and_deleted() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let body = content(0, 3 * MIB + 5);
    // Known from the vectors, so that helper and server cannot be wrong alike.
    assert_eq!(tree(&body), "73E8854D5F6D6CD34B49A221460F4CB0");
    let ask = post(&format!("{vault}/archives"))
        .header("x-oas-archive-description", "归档 one")
        .digested(body.clone());
    let made = world.send(ask).await.expect_status(201);
    assert!(made.body.is_empty() && made.header("content-type").is_empty());
    let id = made.header("x-oas-archive-id").to_owned();
    assert!(id.len() == 128 && id.bytes().all(|b| b.is_ascii_alphanumeric()));
    let archive = format!("{vault}/archives/{id}");
    assert_eq!(made.header("location"), archive);
    let shown = world.send(get(&format!("{archive}/meta"))).await;
    let shown = shown.expect_status(200);
    insta::assert_snapshot!(shown.text().replace(&id, "[id]"));
    // The same bytes twice are two archives; digests count in either case.
    let again = post(&format!("{vault}/archives"))
        .header("x-oas-content-etag", &etag(&body).to_ascii_lowercase())
        .header("x-oas-tree-etag", &tree(&body).to_ascii_lowercase())
        .body(body);
    let again = world.send(again).await.expect_status(201);
    assert_ne!(again.header("x-oas-archive-id"), id);
    let gone = world.send(delete(&archive)).await.expect_status(204);
    assert!(gone.body.is_empty());
    refused(&world.send(delete(&archive)).await, 404, "ArchiveNotExists");
    let left = world.send(get(&vault)).await.json();
    assert_eq!(left["NumberOfArchives"], 1);
    assert_eq!(left["SizeInBytes"], 3 * MIB + 5);
}

#[tokio::test]
async fn an_archive_that_is_not_what_it_says_is_not_stored() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let target = format!("{vault}/archives");
    let body = content(0, 10);
    let (good, other) = (etag(&body), etag(b"other"));
    let with = |content: &str, tree: &str| {
        post(&target)
            .header("x-oas-content-etag", content)
            .header("x-oas-tree-etag", tree)
            .body(body.clone())
    };
    let (text, nothing) = ("x".repeat(1025), etag(b""));
    let cases = [
        (with(&other, &good), 400, "InvalidDigest"),
        (with(&good, &other), 400, "InvalidDigest"),
        (with("nonsense", &good), 400, "InvalidDigest"),
        (with("", &good), 400, "MissingArgument"),
        (
            with(&good, "").without("x-oas-tree-etag"),
            400,
            "MissingArgument",
        ),
        (with(&nothing, &nothing).body(""), 400, "InvalidArgument"),
        (
            with(&good, &good).without_length(),
            411,
            "MissingContentLength",
        ),
        (
            with(&good, &good).header("x-oas-archive-description", &text),
            400,
            "InvalidArgument",
        ),
        (
            with(&good, &good)
                .header("x-oas-archive-description", "a")
                .header("x-oas-archive-description", "b"),
            400,
            "InvalidArgument",
        ),
    ];
    for (ask, status, wanted) in cases {
        let shown = format!("{ask:?}");
        let reply = world.send(ask).await;
        assert_eq!(code(&reply).1, wanted, "{shown}");
        assert_eq!(reply.status, status, "{shown}");
    }
    let left = world.send(get(&vault)).await.json();
    assert_eq!(left["NumberOfArchives"], 0);
}

#[tokio::test]
async fn an_upload_in_parts() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let upload = begun(&world, &vault, 4 * MIB).await;
    let id = upload.rsplit('/').next().expect("an id").to_owned();
    let masked = |reply: &Reply| reply.text().replace(&id, "[id]");
    let uploads = format!("{vault}/multipart-uploads");
    let listed = world.send(get(&uploads)).await.expect_status(200);
    insta::assert_snapshot!(masked(&listed));
    // In any order; a part may come again.
    let stored = world.send(part(&upload, 4 * MIB, 4 * MIB)).await;
    let stored = stored.expect_status(204);
    assert!(stored.body.is_empty());
    let second = "4A963ACB299D6EDCD2BE532D1789A3C1";
    assert_eq!(stored.header("x-oas-tree-etag"), second);
    let whole = tree(&content(0, 8 * MIB));
    assert_eq!(whole, "674538C91C06F0C1A9E86D445F37F262");
    let hole = world.send(complete(&upload, 8 * MIB, &whole)).await;
    refused(&hole, 400, "InvalidPart");
    for _ in 0..2 {
        world
            .send(part(&upload, 0, 4 * MIB))
            .await
            .expect_status(204);
    }
    let parts = world.send(get(&upload)).await.expect_status(200);
    insta::assert_snapshot!(masked(&parts));
    let first = world.send(get(&format!("{upload}?limit=1"))).await.json();
    let marker = first["Marker"].as_str().expect("a marker");
    let second = world.send(get(&format!("{upload}?marker={marker}"))).await;
    assert_eq!(second.json()["Parts"][0]["RangeInBytes"], "4194304-8388607");
    // Whatever is wrong, the upload stays as it is.
    for (size, tree, wanted) in [
        (8 * MIB - 1, &*whole, "InvalidPart"),
        (8 * MIB, &*etag(b"other"), "InvalidDigest"),
        (8 * MIB, "", "MissingArgument"),
    ] {
        let reply = world.send(complete(&upload, size, tree)).await;
        refused(&reply, 400, wanted);
    }
    let done = world.send(complete(&upload, 8 * MIB, &whole)).await;
    let done = done.expect_status(201);
    let archive = done.header("x-oas-archive-id");
    assert_eq!(
        done.header("location"),
        format!("{vault}/archives/{archive}")
    );
    // A client whose answer was lost asks again.
    let again = world.send(complete(&upload, 8 * MIB, &whole)).await;
    assert_eq!(again.expect_status(201).header("x-oas-archive-id"), archive);
    refused(&world.send(get(&upload)).await, 404, "UploadIdNotExists");
    let none = world.send(get(&uploads)).await.json();
    assert_eq!(none, json!({"Marker": "", "UploadsList": []}));
    let meta = world
        .send(get(&format!("{vault}/archives/{archive}/meta")))
        .await;
    let meta = meta.expect_status(200).json();
    assert_eq!(meta["ArchiveTreeEtag"], *whole);
    assert_eq!(meta["ArchiveDescription"], "in parts");
    assert_eq!(meta["ArchiveSizeInBytes"], 8 * MIB);
}

#[tokio::test]
async fn the_tree_of_the_parts_is_taken_and_that_of_the_bytes_is_told() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let vectors: Value =
        serde_json::from_str(include_str!("../../../vectors/oas.json")).expect("JSON");
    let cases = vectors["part_combination"]["cases"].as_array();
    let mut unlike = 0;
    for case in cases.expect("cases") {
        let number = |name: &str| usize::try_from(case[name].as_u64().expect(name)).expect(name);
        let (size, part_size) = (number("total_size"), number("part_size"));
        if size > 16 * MIB {
            continue;
        }
        let text = |name: &str| case[name].as_str().expect(name);
        let upload = begun(&world, &vault, part_size).await;
        let mut trees = Vec::new();
        for first in (0..size).step_by(part_size) {
            let len = part_size.min(size - first);
            trees.push(tree(&content(first, len)));
            world
                .send(part(&upload, first, len))
                .await
                .expect_status(204);
        }
        let sent = combined(trees);
        assert_eq!(sent, text("combined_from_parts"));
        let done = world.send(complete(&upload, size, &sent)).await;
        let done = done.expect_status(201);
        let meta = world
            .send(get(&format!("{}/meta", done.header("location"))))
            .await;
        let told = meta.expect_status(200).json();
        assert_eq!(told["TreeEtag"], case["tree_etag_of_whole"]);
        unlike += usize::from(sent != text("tree_etag_of_whole"));
    }
    assert!(unlike > 0, "both forms are of use");
}

#[tokio::test]
async fn parts_that_cannot_be_ones_are_refused() {
    let world = World::new().await;
    let vault = world.vault("vault-one").await;
    let uploads = format!("{vault}/multipart-uploads");
    let sized = |size: &str| post(&uploads).header("x-oas-part-size", size);
    for (ask, wanted) in [
        (post(&uploads), "MissingArgument"),
        (sized("abc"), "InvalidArgument"),
        (sized("-1"), "InvalidArgument"),
        (sized("0"), "InvalidArgument"),
        (sized("1048577"), "InvalidArgument"),
        (sized("8589934592"), "PartLengthExceed"),
    ] {
        let shown = format!("{ask:?}");
        let reply = world.send(ask).await;
        assert_eq!(
            code(&reply),
            (400, wanted.into(), "client".into()),
            "{shown}"
        );
    }
    let upload = begun(&world, &vault, MIB).await;
    let at = |range: &str, len: usize| {
        put(&upload)
            .header("content-range", range)
            .digested(content(0, len))
    };
    let beyond = 10_000 * MIB;
    let beyond = format!("{beyond}-{}", beyond + 9);
    let spoilt = part(&upload, 0, 10).body(content(1, 10));
    for (ask, status, wanted) in [
        (
            at("0-9", 10).without("content-range"),
            400,
            "MissingArgument",
        ),
        (at("nonsense", 10), 400, "InvalidArgument"),
        (at("0-9", 11), 400, "InvalidPart"),
        (at("5-14", 10), 400, "InvalidPart"),
        (at("0-1048576", MIB + 1), 400, "InvalidPart"),
        (at(&beyond, 10), 400, "PartLengthExceed"),
        (spoilt, 400, "InvalidDigest"),
        (at("0-9", 10).without_length(), 411, "MissingContentLength"),
    ] {
        let shown = format!("{ask:?}");
        let reply = world.send(ask).await;
        assert_eq!(
            code(&reply),
            (status, wanted.into(), "client".into()),
            "{shown}"
        );
    }
    let none = world.send(get(&upload)).await.json();
    assert_eq!(none["Parts"], json!([]));
    // Both other forms of the range are understood.
    for range in ["bytes 0-9/*", "bytes=0-9"] {
        world.send(at(range, 10)).await.expect_status(204);
    }
    // A short part that is not the last one is found at the end.
    world.send(part(&upload, MIB, 10)).await.expect_status(204);
    let whole = etag(b"any");
    let short = world.send(complete(&upload, 20, &whole)).await;
    refused(&short, 400, "InvalidPart");
    world.send(delete(&upload)).await.expect_status(204);
    refused(&world.send(delete(&upload)).await, 404, "UploadIdNotExists");
    let empty = begun(&world, &vault, MIB).await;
    let nothing = world.send(complete(&empty, 0, &whole)).await;
    refused(&nothing, 400, "InvalidPart");
}
