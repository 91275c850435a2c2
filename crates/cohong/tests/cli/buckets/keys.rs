//! Keys are bytes: they survive as they are, and what cannot be a file is told.

use bytes::Bytes;
use cohong_testkit::client::Ask;
use http::Method;
use serde_json::Value;

use super::{Bucket, TONGUES};
use crate::common::{World, holds};

/// Keys that files cannot have. Some could lead out of a folder.
const NO_FILES: [&str; 4] = ["/lead", "double//slash", "/../up", "full/"];

/// Keys that files have as they are.
const FILES: [&str; 6] = [" blank ", "a+b%20&c", "公/行", "...", "q?x#y", "a\\b"];

fn names(done: &Value) -> Vec<&str> {
    let failed = done["failed"].as_array().expect("a list").iter();
    let mut names: Vec<&str> = failed
        .map(|line| line["name"].as_str().expect("a name"))
        .collect();
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_survive_byte_for_byte() {
    let world = World::start().await;
    let (file, bytes) = world.file("f", 300);
    for tongue in ["s3", "tos"] {
        let bucket = Bucket::make(&world, tongue).await;
        let mut wanted = Vec::new();
        for key in FILES
            .into_iter()
            .chain(["/lead", "double//slash", "trailing/x/"])
        {
            // A slash at the end means a folder to put things in.
            let name = if key.ends_with('/') {
                format!("{key}f")
            } else {
                key.to_owned()
            };
            world.told(&["cp", &file, &bucket.at(key)]).await;
            let back = world.path("back");
            world
                .told(&["cp", &bucket.at(&name), back.to_str().expect("UTF-8")])
                .await;
            assert!(holds(&back, &bytes), "{tongue} {name:?}");
            let copy = format!("copy/{name}");
            world
                .told(&["cp", &bucket.at(&name), &bucket.at(&copy)])
                .await;
            assert_eq!(
                world.told(&["stat", &bucket.at(&copy)]).await["bytes"],
                300,
                "{name:?}"
            );
            world.told(&["rm", &bucket.at(&copy)]).await;
            wanted.push(name);
        }
        wanted.sort();
        assert_eq!(bucket.keys().await, wanted, "{tongue}");
        let removed = world.told(&["rm", "-r", &bucket.at("")]).await;
        assert_eq!(removed["removed"], wanted.len(), "{tongue}");
        world.told(&["rb", &bucket.at("")]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_no_files_are_told_and_lead_nowhere() {
    let world = World::start().await;
    let mut client = world.server.client();
    let bucket = Bucket::make(&world, "tos").await;
    let unaskable = ["..", "../up", "a/../b", "."];
    let keys = || FILES.into_iter().chain(NO_FILES).chain(unaskable);
    for key in keys() {
        let put = client
            .put(&bucket.name, key, Bytes::from_static(b"text"))
            .await;
        put.expect(key);
    }
    // Clients make such objects for folders.
    let marker = client.put(&bucket.name, "folder/", Bytes::new()).await;
    marker.expect("a marker");
    for tongue in TONGUES {
        let to = world.path(tongue).join("inner");
        let from = format!("{tongue}://{}", bucket.name);
        for command in [&["cp", "-r"][..], &["mirror"]] {
            let words = [command, &[&from, to.to_str().expect("UTF-8"), "--json"]].concat();
            let done = world.speak(&words).await;
            assert_eq!(done.code, 1, "{tongue}: {done:?}");
            let mut wanted = [&NO_FILES[..], &unaskable].concat();
            wanted.sort_unstable();
            assert_eq!(names(&done.json()), wanted, "{tongue}");
        }
        for key in FILES {
            assert!(holds(&to.join(key), b"text"), "{tongue} {key:?}");
        }
        assert!(to.join("folder").is_dir(), "{tongue}");
        let beside = std::fs::read_dir(world.path(tongue)).expect("a folder");
        assert_eq!(beside.count(), 1, "{tongue}");
        let there = std::fs::read_dir(&to).expect("a folder");
        assert_eq!(there.count(), FILES.len() + 1, "{tongue}");
    }
    let single = world.speak(&["cp", &bucket.at("../up"), "./"]).await;
    assert_eq!(single.code, 1, "{single:?}");
    // They can be removed all the same.
    let removed = world.told(&["rm", "-r", &bucket.at("")]).await;
    assert_eq!(removed["removed"], keys().count() + 1);
    world.told(&["rb", &bucket.at("")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn links_in_the_target_are_not_followed() {
    let world = World::start().await;
    let bucket = Bucket::make(&world, "s3").await;
    let (file, _) = world.file("f", 3);
    world.told(&["cp", &file, &bucket.at("link/f")]).await;
    let (to, out) = (world.path("to"), world.path("out"));
    std::fs::create_dir(&to).expect("made");
    std::fs::create_dir(&out).expect("made");
    std::os::unix::fs::symlink(&out, to.join("link")).expect("linked");
    let words = ["cp", "-r", &bucket.at(""), to.to_str().expect("UTF-8")];
    let done = world.speak(&words).await;
    assert!(done.code == 1 && done.err.contains("is a link"), "{done:?}");
    assert_eq!(std::fs::read_dir(&out).expect("read").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_goes_with_all_that_is_in_it() {
    let world = World::start().await;
    let (file, _) = world.file("f", 3);
    let mut client = world.server.client();
    for tongue in TONGUES {
        let bucket = Bucket::make(&world, tongue).await;
        let ask = Ask {
            bucket: Some(&bucket.name),
            query: &[("versioning", "")],
            body: Bytes::from_static(b"{\"Status\":\"Enabled\"}"),
            ..Ask::default()
        };
        client
            .must(Method::PUT, &ask)
            .await
            .expect("versions are kept");
        for _ in 0..2 {
            world.told(&["cp", &file, &bucket.at("k")]).await;
        }
        world.told(&["rm", &bucket.at("k")]).await;
        let ask = Ask {
            bucket: Some(&bucket.name),
            key: Some("upload"),
            query: &[("uploads", "")],
            ..Ask::default()
        };
        client.must(Method::POST, &ask).await.expect("an upload");
        let refused = world.speak(&["rb", &bucket.at("")]).await;
        assert_eq!(refused.code, 1, "{tongue}: {refused:?}");
        world.told(&["rb", "--force", &bucket.at("")]).await;
        let gone = world.speak(&["stat", &bucket.at("")]).await;
        assert_eq!(gone.code, 1, "{tongue}: {gone:?}");
    }
}
