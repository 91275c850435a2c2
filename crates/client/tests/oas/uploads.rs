//! Uploads, whole and in parts: interrupted, resumed, cancelled, damaged, of files that change.

use cohong_client::oas::{Error, OASClientError, Uploader};
use http::Method;

use crate::server::Fault;
use crate::{MIB, World, content};

/// Begins an upload with parts of 1 MiB, as other clients may; this one begins with 64 MiB.
async fn begun(world: &World) -> Uploader {
    let api = world.api();
    let begun = api
        .initiate_multipart_upload(&world.vault.id, MIB, Some("in parts"))
        .await;
    let begun = begun.expect("begun");
    let id = begun.header("x-oas-multipart-upload-id").expect("an id");
    world.vault.recover_uploader(id).await.expect("known")
}

fn incomplete(error: &Error) -> bool {
    matches!(error, Error::Client(OASClientError::UploadArchive(_)))
}

fn mismatch(error: &Error) -> bool {
    matches!(error, Error::Client(OASClientError::HashDoesNotMatch(_)))
}

fn stored(world: &World, id: &str, bytes: &[u8]) {
    let archive = world.server.state().archive(id).expect("an archive");
    assert!(*archive.bytes == bytes, "other bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn small_files_go_whole_and_large_ones_in_parts() {
    let world = World::once().await;
    for bytes in [1, MIB, MIB + 1, 64 * MIB] {
        let path = world.file("f", 0, bytes);
        let id = world
            .vault
            .upload_archive(&path, None)
            .await
            .expect("stored");
        stored(&world, &id, &content(0, bytes));
    }
    assert_eq!(world.server.asked("multipart-uploads"), 0);
    let path = world.file("f", 5, 64 * MIB + 1);
    let id = world
        .vault
        .upload_archive(&path, Some("large"))
        .await
        .expect("stored");
    stored(&world, &id, &content(5, 64 * MIB + 1));
    assert_eq!(
        world.server.state().archive(&id).expect("it").description,
        "large"
    );
    for range in ["0-67108863", "67108864-67108864"] {
        let line = format!("PUT /vaults/{}/multipart-uploads", world.vault.id);
        assert_eq!(world.server.asked(&line), 2);
        assert_eq!(world.server.asked(range), 1, "{range}");
    }
    let empty = world.file("f", 0, 0);
    let error = world
        .vault
        .upload_archive(&empty, None)
        .await
        .expect_err("empty");
    assert!(matches!(error, Error::Value(_)), "{error}");
    let error = world
        .vault
        .upload_archive(&world.path("no"), None)
        .await
        .expect_err("missing");
    assert!(matches!(error, Error::Io(_)), "{error}");
    let error = world
        .vault
        .upload_archive(world.folder.path(), None)
        .await
        .expect_err("a folder");
    assert!(matches!(error, Error::Value(_)), "{error}");
}

#[tokio::test]
async fn uploaders_are_begun_for_files_that_fit_before_anything_is_sent() {
    let world = World::once().await;
    let before = world.server.state().log.len();
    let small = world.file("f", 0, 64 * MIB - 1);
    let error = world
        .vault
        .initiate_uploader(&small, None)
        .await
        .expect_err("too small");
    assert!(
        matches!(&error, Error::Value(text) if text.0.contains("upload_archive")),
        "{error}"
    );
    assert_eq!(world.server.state().log.len(), before);
    assert!(Uploader::calc_part_size((40_000 << 30) + 1).is_err());
    assert_eq!(Uploader::calc_part_size(40_000 << 30), Ok(4 << 30));
    let fits = world.file("f", 0, 64 * MIB);
    let mut uploader = world
        .vault
        .initiate_uploader(&fits, Some("d"))
        .await
        .expect("begun");
    assert_eq!(
        (uploader.part_size, uploader.size_completed()),
        (64 * MIB, 0)
    );
    assert_eq!(uploader.description.as_deref(), Some("d"));
    assert!(uploader.creation_date.is_some());
    let id = uploader.start().await.expect("stored");
    stored(&world, &id, &content(0, 64 * MIB));
    assert_eq!(uploader.size_completed(), 64 * MIB);
    assert_eq!(uploader.progress().bytes(), 64 * MIB);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_interrupted_at_every_part_goes_on() {
    const PARTS: usize = 11;
    let bytes = content(0, (PARTS as u64 - 1) * MIB + 5);
    for after in 0..=PARTS {
        let world = World::once().await;
        let path = world.file("f", 0, bytes.len() as u64);
        let mut uploader = begun(&world).await;
        world.server.state().budget = Some(after);
        let first = uploader.resume(&path).await;
        world.server.state().budget = None;
        let id = if after == PARTS {
            first.expect("nothing was interrupted")
        } else {
            let error = first.expect_err("interrupted");
            assert!(incomplete(&error), "{error}");
            // The last part is shorter, and may be among those that came.
            let done = uploader.size_completed();
            let all_full = after as u64 * MIB;
            let with_last = all_full.saturating_sub(MIB) + 5;
            assert!(done == all_full || done == with_last, "{after}: {done}");
            assert_eq!(uploader.progress().bytes(), done, "{after}");
            // Another process, which knows the id alone.
            let mut other = world
                .vault
                .recover_uploader(&uploader.id)
                .await
                .expect("known");
            other.resume(&path).await.expect("resumed")
        };
        stored(&world, &id, &bytes);
        assert_eq!(world.server.state().archives().len(), 1);
        let uploads = world
            .vault
            .list_all_multipart_uploads()
            .await
            .expect("a list");
        assert_eq!(uploads.len(), 0);
    }
}

#[tokio::test]
async fn start_goes_on_in_the_same_process() {
    let world = World::once().await;
    let path = world.file("f", 0, 5 * MIB);
    let mut uploader = begun(&world).await;
    let error = uploader.start().await.expect_err("no file");
    assert!(
        incomplete(&error) && error.to_string().contains("resume"),
        "{error}"
    );
    world
        .server
        .fault(Method::PUT, "1048576-2097151", Fault::Refuse);
    uploader.resume(&path).await.expect_err("interrupted");
    let sent = world.server.asked("PUT");
    let id = uploader.start().await.expect("stored");
    let again = world.server.asked("PUT") - sent;
    assert!(
        (1..5).contains(&again),
        "{again} of 5 parts were sent again"
    );
    stored(&world, &id, &content(0, 5 * MIB));
}

#[tokio::test]
async fn parts_are_sent_again_when_that_may_help() {
    let world = World::patient().await;
    let path = world.file("f", 0, 3 * MIB + 1);
    let mut uploader = begun(&world).await;
    for fault in [Fault::Refuse, Fault::Lose] {
        world.server.fault(Method::PUT, "0-1048575", fault);
    }
    for fault in [Fault::DamageRequest, Fault::Answer(500, "InternalError")] {
        world.server.fault(Method::PUT, "1048576-2097151", fault);
    }
    world.server.fault(Method::PUT, "2097152-", Fault::Html);
    let id = uploader.resume(&path).await.expect("stored");
    stored(&world, &id, &content(0, 3 * MIB + 1));
    assert_eq!(
        uploader.progress().bytes(),
        3 * MIB + 1,
        "no byte is counted twice"
    );
    let mut uploader = begun(&world).await;
    for _ in 0..3 {
        world.server.fault(
            Method::PUT,
            "0-1048575",
            Fault::Answer(503, "ServiceUnavailable"),
        );
    }
    let error = uploader.resume(&path).await.expect_err("too often");
    assert!(incomplete(&error), "{error}");
    let cause = std::error::Error::source(&error)
        .expect("a cause")
        .to_string();
    assert!(cause.contains("ServiceUnavailable"), "{cause}");
    let before = world.server.asked("PUT");
    world
        .server
        .fault(Method::PUT, "0-1048575", Fault::Answer(400, "InvalidPart"));
    uploader.start().await.expect_err("a refusal is final");
    assert_eq!(world.server.asked("PUT") - before, 1);
}

#[tokio::test]
async fn whole_archives_are_sent_again_when_that_makes_no_second_one() {
    let world = World::patient().await;
    let path = world.file("f", 0, 3 * MIB);
    for fault in [Fault::DamageRequest, Fault::Answer(500, "InternalError")] {
        world.server.fault(Method::POST, "/archives", fault);
    }
    let id = world
        .vault
        .upload_archive(&path, None)
        .await
        .expect("stored");
    stored(&world, &id, &content(0, 3 * MIB));
    world.server.fault(Method::POST, "/archives", Fault::Lose);
    let error = world
        .vault
        .upload_archive(&path, None)
        .await
        .expect_err("lost");
    assert!(matches!(error, Error::Connection(_)), "{error}");
    assert_eq!(
        world.server.state().archives().len(),
        2,
        "the lost one is there"
    );
}

#[tokio::test]
async fn a_file_that_changed_between_attempts_is_noticed() {
    let world = World::once().await;
    let path = world.file("f", 0, 4 * MIB);
    let mut uploader = begun(&world).await;
    world
        .server
        .fault(Method::PUT, "3145728-4194303", Fault::Refuse);
    uploader.resume(&path).await.expect_err("interrupted");
    let mut changed = content(0, 4 * MIB);
    changed[0] ^= 1;
    let longer = world.file("longer", 0, 5 * MIB);
    for (name, bytes) in [("changed", &changed[..]), ("shorter", &changed[..1000])] {
        let other = world.path(name);
        std::fs::write(&other, bytes).expect("written");
        let error = uploader.resume(&other).await.expect_err(name);
        assert!(mismatch(&error), "{name}: {error}");
    }
    assert_eq!(world.server.state().archives().len(), 0);
    // A part in the middle of a longer file is a part of it as long as the bytes agree.
    let id = uploader.resume(&longer).await.expect("stored");
    stored(&world, &id, &content(0, 5 * MIB));
}

#[tokio::test]
async fn a_file_that_changes_meanwhile_makes_no_archive() {
    let world = World::once().await;
    let path = world.file("f", 0, 20 * MIB);
    let mut uploader = begun(&world).await;
    let hook_path = path.clone();
    world.server.state().on_request = Some(Box::new(move |request| {
        if request.header("content-range").starts_with("0-") {
            use std::os::unix::fs::FileExt as _;
            let file = std::fs::File::options()
                .write(true)
                .open(&hook_path)
                .expect("opened");
            file.write_all_at(b"changed", 19 << 20).expect("written");
        }
    }));
    let error = uploader.resume(&path).await.expect_err("changed");
    assert!(
        incomplete(&error) && error.to_string().contains("changed"),
        "{error}"
    );
    assert_eq!(world.server.state().archives().len(), 0);
    world.server.state().on_request = None;
    let error = uploader.resume(&path).await;
    let bytes = std::fs::read(&path).expect("read");
    match error {
        Ok(id) => stored(&world, &id, &bytes),
        Err(error) => assert!(mismatch(&error), "{error}"),
    }
}

#[tokio::test]
async fn a_file_that_vanishes_is_a_failure_with_its_name() {
    let world = World::once().await;
    let path = world.file("f", 0, 2 * MIB);
    let mut uploader = begun(&world).await;
    world.server.fault(Method::PUT, "0-1048575", Fault::Refuse);
    uploader.resume(&path).await.expect_err("interrupted");
    std::fs::remove_file(&path).expect("removed");
    let error = uploader.start().await.expect_err("gone");
    assert!(
        matches!(error, Error::Io(_)) && error.to_string().contains("/f"),
        "{error}"
    );
}

#[tokio::test]
async fn an_upload_that_vanished_or_was_cancelled_is_told() {
    let world = World::once().await;
    let path = world.file("f", 0, 3 * MIB);
    let mut uploader = begun(&world).await;
    uploader.cancel().await.expect("cancelled");
    for error in [
        uploader.resume(&path).await.expect_err("gone"),
        uploader.cancel().await.expect_err("gone"),
        world
            .vault
            .recover_uploader(&uploader.id)
            .await
            .expect_err("gone"),
    ] {
        assert!(
            matches!(&error, Error::Server(e) if e.code == "UploadIdNotExists"),
            "{error}"
        );
    }
    let mut uploader = begun(&world).await;
    let id = uploader.id.clone();
    world.server.fault(Method::PUT, "0-1048575", Fault::Refuse);
    uploader.resume(&path).await.expect_err("interrupted");
    world.server.state().uploads.remove(&id);
    let error = uploader.start().await.expect_err("gone");
    let cause = std::error::Error::source(&error)
        .expect("a cause")
        .to_string();
    assert!(
        incomplete(&error) && cause.contains("UploadIdNotExists"),
        "{error}: {cause}"
    );
}

#[tokio::test]
async fn a_lost_completion_is_asked_again_and_told() {
    let world = World::patient().await;
    let path = world.file("f", 0, 2 * MIB);
    let mut uploader = begun(&world).await;
    let complete = "multipart-uploads/";
    world.server.fault(Method::POST, complete, Fault::Refuse);
    let id = uploader
        .resume(&path)
        .await
        .expect("stored at the second try");
    stored(&world, &id, &content(0, 2 * MIB));
    let mut uploader = begun(&world).await;
    world.server.fault(Method::POST, complete, Fault::Lose);
    let error = uploader.resume(&path).await.expect_err("lost");
    assert!(
        incomplete(&error) && error.to_string().contains("inventory"),
        "{error}"
    );
    assert_eq!(world.server.state().archives().len(), 2);
    let mut uploader = begun(&world).await;
    world
        .server
        .fault(Method::POST, complete, Fault::Answer(400, "InvalidDigest"));
    let error = uploader.resume(&path).await.expect_err("refused");
    assert!(
        matches!(&error, Error::Server(e) if e.code == "InvalidDigest"),
        "{error}"
    );
    let id = uploader.start().await.expect("the parts are still there");
    stored(&world, &id, &content(0, 2 * MIB));
}
