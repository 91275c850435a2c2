//! Copies that are interrupted, cut and damaged: they go on where they were, and nothing wrong gets a name.

use cohong_testkit::instance::SECRET_KEY;

use super::{Bucket, TONGUES};
use crate::common::{Done, MIB, World, holds, key, run};
use crate::relay::{End, Relay, interrupted};

/// Of eight parts, and a little.
const LARGE: usize = 64 * MIB + 7;
/// Enough for three of them, whatever is lost of the four that are on their way.
const SOME: usize = 57 * MIB;
/// Not enough for all of them.
const REST: usize = 52 * MIB;

/// Runs a command through a relay.
async fn through(relay: &Relay, words: &[&str]) -> Done {
    let (endpoint, key) = (relay.endpoint(), key());
    let mut all = words.to_vec();
    all.extend(["--endpoint", &endpoint, "--key", &key]);
    let done = run(&all).await;
    assert!(!done.err.contains(SECRET_KEY), "{}", done.err);
    done
}

/// Interrupts a command, and types it again where all of it would not pass any more.
async fn goes_on(world: &World, words: &[&str]) {
    let said = interrupted(world.server.listen(), words, SOME).await;
    assert!(
        said.starts_with("error: interrupted\n  go on with the same command"),
        "{said}"
    );
    let relay = Relay::start(world.server.listen(), REST, End::Cut).await;
    let done = through(&relay, words).await;
    assert!(done.code == 0 && !relay.has_ended(), "{words:?}: {done:?}");
}

/// What stands in the folder of the test beside the data.
fn left(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.folder.path()).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names
        .map(|name| name.into_string().expect("UTF-8"))
        .collect();
    names.retain(|name| name != "data");
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_interrupted_goes_on_with_the_same_command() {
    let world = World::start().await;
    let (file, bytes) = world.file("large", LARGE);
    let back = world.path("back");
    let to = back.to_str().expect("UTF-8");
    for tongue in TONGUES {
        let bucket = Bucket::make(&world, tongue).await;
        let place = bucket.at("large");
        goes_on(&world, &["cp", &file, &place]).await;
        assert_eq!(bucket.keys().await, ["large"], "{tongue}");

        let words = ["cp", &place, to];
        let said = interrupted(world.server.listen(), &words, SOME).await;
        assert!(said.starts_with("error: interrupted"), "{said}");
        assert!(!back.exists(), "{tongue}");
        assert!(left(&world).len() == 3, "{tongue}: {:?}", left(&world));
        let relay = Relay::start(world.server.listen(), REST, End::Cut).await;
        let done = through(&relay, &words).await;
        assert!(done.code == 0 && !relay.has_ended(), "{tongue}: {done:?}");
        assert!(holds(&back, &bytes), "{tongue}");
        assert_eq!(left(&world), ["back", "large"], "{tongue}");
        std::fs::remove_file(&back).expect("removed");
        // Nothing is left of uploads.
        world.told(&["rm", &place]).await;
        world.told(&["rb", &bucket.at("")]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_file_does_not_go_on_with_an_upload() {
    let world = World::start().await;
    let bucket = Bucket::make(&world, "s3").await;
    let (file, mut bytes) = world.file("large", LARGE);
    let place = bucket.at("large");
    interrupted(world.server.listen(), &["cp", &file, &place], SOME).await;
    // The first part is as it was: parts behind it are compared one by one.
    for at in [9 * MIB, 17 * MIB, 25 * MIB, 33 * MIB] {
        bytes[at] ^= 1;
    }
    std::fs::write(&file, &bytes).expect("written");
    world.told(&["cp", &file, &place]).await;
    let back = world.path("back");
    world
        .told(&["cp", &place, back.to_str().expect("UTF-8")])
        .await;
    assert!(holds(&back, &bytes));
    interrupted(
        world.server.listen(),
        &["cp", &file, &bucket.at("other")],
        SOME,
    )
    .await;
    bytes[0] ^= 1;
    std::fs::write(&file, &bytes).expect("written");
    world.told(&["cp", &file, &bucket.at("other")]).await;
    world
        .told(&["cp", &bucket.at("other"), back.to_str().expect("UTF-8")])
        .await;
    assert!(holds(&back, &bytes));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_off_leaves_nothing_wrong() {
    let world = World::start().await;
    let (large, _) = world.file("large", 20 * MIB + 7);
    let (small, _) = world.file("small", 9 * MIB);
    let back = world.path("back");
    let to = back.to_str().expect("UTF-8");
    for tongue in TONGUES {
        let bucket = Bucket::make(&world, tongue).await;
        for (file, name) in [(&large, "large"), (&small, "small")] {
            let place = bucket.at(name);
            let cut = Relay::start(world.server.listen(), 5 * MIB, End::Cut).await;
            let done = through(&cut, &["cp", file, &place]).await;
            assert_eq!(done.code, 1, "{tongue} {name}: {done:?}");
            assert!(
                bucket.keys().await.iter().all(|key| key != name),
                "{tongue} {name}"
            );
            world.told(&["cp", file, &place]).await;
            let cut = Relay::start(world.server.listen(), 5 * MIB, End::Cut).await;
            let done = through(&cut, &["cp", &place, to]).await;
            assert_eq!(done.code, 1, "{tongue} {name}: {done:?}");
            assert!(!back.exists(), "{tongue} {name}");
            // A byte that changes on the way is found in the end.
            let lie = Relay::start(world.server.listen(), 5 * MIB, End::Damage).await;
            let done = through(&lie, &["cp", &place, to]).await;
            assert!(
                done.code == 1 && lie.has_ended(),
                "{tongue} {name}: {done:?}"
            );
            assert!(done.err.contains("not what the store says"), "{}", done.err);
            assert!(!back.exists(), "{tongue} {name}");
            assert_eq!(left(&world), ["large", "small"], "{tongue} {name}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_interrupted_leaves_no_upload() {
    let world = World::start().await;
    let bucket = Bucket::make(&world, "tos").await;
    let (large, _) = world.file("large", LARGE);
    let cut = Relay::start(world.server.listen(), SOME, End::Cut).await;
    let (endpoint, key) = (cut.endpoint(), key());
    let words = [
        "cp",
        "-",
        &bucket.at("k"),
        "--endpoint",
        &endpoint,
        "--key",
        &key,
    ];
    let mut command = crate::common::command(&words);
    command.stdin(std::fs::File::open(&large).expect("opened"));
    let done = command.output().await.expect("ended");
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    assert!(bucket.keys().await.is_empty());
    // The bucket holds what could not be given up through a way that is gone.
    world.told(&["rb", "--force", &bucket.at("")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_copies_large_objects_in_parts() {
    let world = World::start().await;
    let bucket = Bucket::make(&world, "tos").await;
    let (large, bytes) = world.file("large", 129 * MIB);
    let typed = [
        "cp",
        &large,
        &bucket.at("large"),
        "--content-type",
        "text/x",
    ];
    world.told(&typed).await;
    let copied = world
        .told(&["cp", &bucket.at("large"), &bucket.at("copy")])
        .await;
    assert_eq!(copied["bytes"], bytes.len());
    let (one, other) = (
        world.told(&["stat", &bucket.at("large")]).await,
        world.told(&["stat", &bucket.at("copy")]).await,
    );
    for name in ["bytes", "crc64", "type"] {
        assert_eq!(one[name], other[name], "{name}");
    }
    assert!(one["crc64"].is_string());
    assert_ne!(one["etag"], other["etag"]);
}
