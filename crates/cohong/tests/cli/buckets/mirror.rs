//! Sides that are made like each other.

use std::path::Path;

use serde_json::{Value, json};

use super::{Bucket, TONGUES};
use crate::common::{MIB, World};

/// A folder with files in folders, one of them of several parts.
fn folder(world: &World, name: &str) -> String {
    let root = world.path(name);
    for (file, bytes) in [
        ("a", 1),
        ("b c/d", 2),
        ("b c/公/e.html", 3),
        ("large", 17 * MIB),
    ] {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, vec![7; bytes]).expect("written");
    }
    root.to_str().expect("UTF-8").to_owned()
}

fn counts(done: &Value) -> [u64; 3] {
    ["copied", "same", "removed"].map(|name| done[name].as_u64().expect(name))
}

/// Whether two folders hold the same.
fn alike(one: &str, other: &str) -> bool {
    let done = std::process::Command::new("diff")
        .args(["-r", one, other])
        .output();
    done.expect("diff runs").status.success()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_moves_nothing() {
    let world = World::start().await;
    let from = folder(&world, "from");
    for tongue in TONGUES {
        let bucket = Bucket::make(&world, tongue).await;
        let there = bucket.at("site");
        let dry = world.told(&["mirror", &from, &there, "--dry-run"]).await;
        assert_eq!(counts(&dry), [0, 0, 0], "{tongue}: {dry}");
        let planned: Vec<&Value> = dry["planned"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|step| &step["name"])
            .collect();
        assert_eq!(
            planned,
            ["a", "b c/d", "b c/公/e.html", "large"],
            "{tongue}"
        );
        assert!(bucket.keys().await.is_empty(), "{tongue}");
        for wanted in [[4, 0, 0], [0, 4, 0]] {
            let done = world.told(&["mirror", &from, &there]).await;
            assert_eq!(counts(&done), wanted, "{tongue}: {done}");
        }
        let done = world.told(&["mirror", &from, &there, "--checksum"]).await;
        assert_eq!(counts(&done), [0, 4, 0], "{tongue}: {done}");
        assert_eq!(
            world
                .told(&["stat", &bucket.at("site/b c/公/e.html")])
                .await["type"],
            "text/html"
        );

        let back = format!("{}-{tongue}", world.path("back").display());
        for wanted in [[4, 0, 0], [0, 4, 0]] {
            let done = world.told(&["mirror", &there, &back]).await;
            assert_eq!(counts(&done), wanted, "{tongue}: {done}");
        }
        assert!(alike(&from, &back), "{tongue}");
        // The times of files that were not copied from there say nothing; their content does.
        let done = world.told(&["mirror", &there, &from]).await;
        assert_eq!(counts(&done), [0, 4, 0], "{tongue}: {done}");

        for other in TONGUES {
            let copies = Bucket::named(&world, other, &format!("{tongue}-to-{other}")).await;
            for wanted in [[4, 0, 0], [0, 4, 0]] {
                let done = world.told(&["mirror", &there, &copies.at("x/")]).await;
                assert_eq!(counts(&done), wanted, "{tongue} {other}: {done}");
            }
            let compared = world
                .told(&["mirror", &copies.at("x"), &back, "--checksum"])
                .await;
            assert_eq!(counts(&compared), [0, 4, 0], "{tongue} {other}: {compared}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_is_copied_and_what_is_gone_is_removed() {
    let world = World::start().await;
    let from = folder(&world, "from");
    for tongue in TONGUES {
        let bucket = Bucket::make(&world, tongue).await;
        let copies = Bucket::named(&world, tongue, &format!("{tongue}-copies")).await;
        let back = format!("{}-{tongue}", world.path("back").display());
        let run = async |options: &[&str]| {
            let sides = [
                (from.as_str(), bucket.at("")),
                (&bucket.at(""), copies.at("")),
                (&copies.at(""), back.clone()),
            ];
            let mut all = Vec::new();
            for (one, other) in sides {
                let words = [&["mirror", one, &other], options].concat();
                all.push(counts(&world.told(&words).await));
            }
            all
        };
        assert_eq!(run(&[]).await, [[4, 0, 0]; 3], "{tongue}");
        // Of the same size as before; stores tell whole seconds, and a change within one shows only with `--checksum`.
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        std::fs::write(Path::new(&from).join("a"), [8]).expect("written");
        std::fs::remove_dir_all(Path::new(&from).join("b c/公")).expect("removed");
        assert_eq!(run(&[]).await[0], [1, 2, 0], "{tongue}");
        assert_eq!(
            run(&["--delete", "--checksum"]).await,
            [[0, 3, 1]; 3],
            "{tongue}"
        );
        assert!(alike(&from, &back), "{tongue}");
        assert_eq!(bucket.keys().await, ["a", "b c/d", "large"], "{tongue}");
        // An emptied folder goes as well.
        assert!(!Path::new(&back).join("b c/公").exists(), "{tongue}");
        std::fs::write(Path::new(&from).join("a"), [7]).expect("written");
        folder(&world, "from");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_removed_while_something_fails() {
    let world = World::start().await;
    let from = folder(&world, "from");
    let bucket = Bucket::make(&world, "s3").await;
    world.told(&["mirror", &from, &bucket.at("")]).await;
    std::fs::remove_file(Path::new(&from).join("a")).expect("removed");
    std::os::unix::fs::symlink("nowhere", Path::new(&from).join("link")).expect("linked");
    let done = world
        .speak(&["mirror", &from, &bucket.at(""), "--delete", "--json"])
        .await;
    assert_eq!(done.code, 1, "{done:?}");
    let failed = &done.json()["failed"];
    assert_eq!(failed.as_array().map(Vec::len), Some(2), "{failed}");
    assert!(
        done.out.contains("link") && done.out.contains("nothing is removed"),
        "{done:?}"
    );
    assert_eq!(bucket.keys().await.len(), 4);
    let dry = ["mirror", &from, &bucket.at(""), "--delete", "--dry-run"];
    std::fs::remove_file(Path::new(&from).join("link")).expect("removed");
    let dry = world.told(&dry).await;
    assert_eq!(dry["planned"], json!([{ "do": "remove", "name": "a" }]));
}

#[tokio::test(flavor = "multi_thread")]
async fn rclone_finds_the_same_on_both_sides() {
    let world = World::start().await;
    let from = folder(&world, "from");
    let key = crate::common::key();
    let (access, secret) = key.split_once(':').expect("a key");
    let rclone = async |words: &[&str]| {
        let mut command = tokio::process::Command::new("rclone");
        command
            // This machine's own settings are for others.
            .env_remove("AWS_CA_BUNDLE")
            .env("RCLONE_CONFIG", world.path("rclone.conf"))
            .env("RCLONE_S3_PROVIDER", "Other")
            .env("RCLONE_S3_ENDPOINT", world.endpoint())
            .env("RCLONE_S3_ACCESS_KEY_ID", access)
            .env("RCLONE_S3_SECRET_ACCESS_KEY", secret)
            .args(words);
        let done = command.output().await.expect("rclone runs");
        assert!(
            done.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&done.stderr)
        );
    };
    for tongue in TONGUES {
        let bucket = Bucket::make(&world, tongue).await;
        world.told(&["mirror", &from, &bucket.at("p")]).await;
        rclone(&[
            "check",
            "--download",
            &from,
            &format!(":s3:{}/p", bucket.name),
        ])
        .await;
        // What rclone wrote comes back as it is.
        rclone(&["copy", &from, &format!(":s3:{}/r", bucket.name)]).await;
        let back = format!("{}-{tongue}", world.path("back").display());
        world.told(&["cp", "-r", &bucket.at("r"), &back]).await;
        assert!(alike(&from, &back), "{tongue}");
    }
}
