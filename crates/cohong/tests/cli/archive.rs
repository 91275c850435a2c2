//! Vaults, archives and jobs as people type them: there and back, interrupted and gone on with.

mod library;

use std::process::Stdio;

use cohong_testkit::instance::SECRET_KEY;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;

use crate::common::{MIB, World, holds, key, run};
use crate::relay;

#[tokio::test(flavor = "multi_thread")]
async fn archives_go_into_a_vault_and_come_back() {
    let world = World::start().await;
    let said = world.speak(&["vault", "ls"]).await;
    assert_eq!(
        said.out,
        "no vaults; `cohong vault create NAME` makes one\n"
    );
    let vault = world.told(&["vault", "create", "backups"]).await;
    assert_eq!(vault["name"], "backups");
    let (file, bytes) = world.file("monday.tar", 3 * MIB + 5);
    let put = world.told(&["archive", "put", "backups", &file]).await;
    assert_eq!(put["vault"], vault["vault"]);
    let archive = put["archive"].as_str().expect("an id");
    let id = vault["vault"].as_str().expect("an id");
    let listed = world.told(&["archive", "ls", id]).await;
    assert_eq!(listed[0]["archive"], archive);
    assert_eq!(listed[0]["description"], "monday.tar");
    assert_eq!(listed[0]["bytes"], bytes.len());
    let info = world.told(&["vault", "info", "backups"]).await;
    assert_eq!(
        (&info["archives"], &info["bytes"]),
        (&json!(1), &json!(bytes.len()))
    );

    let back = world.path("back");
    let to = back.to_str().expect("UTF-8");
    let got = world
        .told(&["archive", "get", "backups", archive, to])
        .await;
    assert_eq!(
        (&got["bytes"], &got["file"]),
        (&json!(bytes.len()), &json!(to))
    );
    assert!(holds(&back, &bytes));
    let job = got["job"].as_str().expect("an id");
    let shown = world.told(&["job", "show", "backups", job]).await;
    assert_eq!(
        (&shown["action"], &shown["status"]),
        (&json!("ArchiveRetrieval"), &json!("Succeeded"))
    );
    assert_eq!(shown["range"], format!("0-{}", bytes.len() - 1));
    let waited = world
        .told(&["job", "wait", "backups", job, "--timeout", "1m"])
        .await;
    assert_eq!(waited["completed"], true);
    world.told(&["job", "get", "backups", job, to]).await;
    let words = [
        "archive",
        "get",
        "backups",
        archive,
        to,
        "--range",
        "1048576-2097151",
    ];
    world.told(&words).await;
    assert!(holds(&back, &bytes[MIB..2 * MIB]));
    let jobs = world.told(&["job", "ls", "backups"]).await;
    let of = |action: &str| {
        let jobs = jobs.as_array().expect("a list");
        jobs.iter().filter(|job| job["action"] == action).count()
    };
    assert_eq!((of("ArchiveRetrieval"), of("InventoryRetrieval")), (2, 1));

    let printed = world.told(&["inventory", "backups"]).await;
    world.told(&["inventory", "backups", to]).await;
    let written: Value =
        serde_json::from_slice(&std::fs::read(&back).expect("read")).expect("JSON");
    for document in [&printed, &written] {
        assert_eq!(document["ArchiveList"][0]["ArchiveId"], archive);
    }
    let refused = world.speak(&["vault", "rm", "backups"]).await;
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("VaultNotEmpty"), "{}", refused.err);
    world.told(&["archive", "rm", "backups", archive]).await;
    let said = world.speak(&["archive", "ls", "backups"]).await;
    assert_eq!(
        said.out,
        "no archives; `cohong archive put VAULT FILE` stores one\n"
    );
    world.told(&["vault", "rm", id]).await;
    assert_eq!(world.told(&["vault", "ls"]).await, json!([]));
}

/// Interrupts a command. Gives the command that goes on.
async fn interrupted(world: &World, words: &[&str], budget: usize) -> Vec<String> {
    let said = relay::interrupted(world.server.listen(), words, budget).await;
    let (error, again) = said.split_once("\n  go on with `cohong ").expect(&said);
    assert_eq!(error, "error: interrupted");
    let again = again.trim_end().trim_end_matches('`');
    again.split(' ').map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_interrupted_goes_on_with_the_command_that_was_told() {
    let world = World::start().await;
    world.told(&["vault", "create", "backups"]).await;
    let (file, bytes) = world.file("large", 150 * MIB);
    let again = interrupted(&world, &["archive", "put", "backups", &file], 100 * MIB).await;
    assert_eq!(
        again[..4],
        ["archive", "put", "backups", &file],
        "{again:?}"
    );
    let uploads = world.told(&["archive", "ls", "backups", "--uploads"]).await;
    assert_eq!(uploads[0]["upload"], again[5]);
    assert_eq!(uploads[0]["description"], "large");
    let words: Vec<&str> = again.iter().map(String::as_str).collect();
    let put = world.told(&words).await;
    let archive = put["archive"].as_str().expect("an id");

    let back = world.path("back");
    let to = back.to_str().expect("UTF-8");
    let words = ["archive", "get", "backups", archive, to];
    let again = interrupted(&world, &words, 100 * MIB).await;
    assert_eq!(again[..3], ["job", "get", "backups"], "{again:?}");
    assert!(!back.exists() && world.path("back.oas").exists());
    let words: Vec<&str> = again.iter().map(String::as_str).collect();
    world.told(&words).await;
    assert!(holds(&back, &bytes));
    assert!(!world.path("back.oas").exists() && !world.path("back.oas-part").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_nobody_wants_is_given_up() {
    let world = World::start().await;
    world.told(&["vault", "create", "backups"]).await;
    let (file, _) = world.file("large", 65 * MIB);
    let again = interrupted(&world, &["archive", "put", "backups", &file], MIB).await;
    world.told(&["archive", "rm", "backups", &again[5]]).await;
    let said = world
        .speak(&["archive", "ls", "backups", "--uploads"])
        .await;
    assert_eq!(said.out, "no uploads\n");
    let words: Vec<&str> = again.iter().map(String::as_str).collect();
    let gone = world.speak(&words).await;
    assert_eq!(gone.code, 1);
    assert!(gone.err.contains("UploadIdNotExists"), "{}", gone.err);
}

/// Runs a command that fails, in words and in JSON, and looks for what it says.
async fn fails(words: &[&str], code: i32, says: &str) {
    let done = run(words).await;
    assert_eq!(done.code, code, "{words:?}: {done:?}");
    assert!(done.err.contains(says), "{words:?}: {}", done.err);
    assert!(!done.err.contains(SECRET_KEY), "{}", done.err);
    let mut json = words.to_vec();
    json.push("--json");
    let done = run(&json).await;
    let error: Value = serde_json::from_str(&done.err).expect("JSON");
    assert!(
        error["error"].is_string() && done.out.is_empty(),
        "{done:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_cannot_get_in_is_told_what_to_do() {
    let world = World::start().await;
    let (here, key) = (world.endpoint(), key());
    let nobody = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        gone.local_addr().expect("an address").to_string()
    };
    let cases = [
        (here.as_str(), None, 2, "cohong key create"),
        (&here, Some("AK"), 2, "ACCESS:SECRET"),
        (&here, Some("AK:SK"), 1, "is the key right"),
        ("ftp://h", Some(key.as_str()), 2, "http://host:port"),
        (&nobody, Some(&key), 1, "cohong serve"),
    ];
    for (endpoint, key, code, says) in cases {
        let mut words = vec!["vault", "ls", "--endpoint", endpoint];
        words.extend(key.iter().flat_map(|key| ["--key", *key]));
        fails(&words, code, says).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_with_what_to_do() {
    let world = World::start().await;
    world.told(&["vault", "create", "backups"]).await;
    let (endpoint, key) = (world.endpoint(), key());
    let (empty, _) = world.file("empty", 0);
    let job = "0".repeat(32);
    let cases: [(&[&str], i32, &str); 6] = [
        (&["vault", "info", "other"], 1, "cohong vault ls"),
        (&["vault", "create", "A"], 1, "InvalidVaultName"),
        (&["archive", "put", "backups", &empty], 2, "without bytes"),
        (&["archive", "put", "backups", "no"], 1, "no: No such file"),
        (&["archive", "rm", "backups", "A"], 1, "ArchiveNotExists"),
        (&["job", "show", "backups", &job], 1, "JobNotExists"),
    ];
    for (words, code, says) in cases {
        let mut all = words.to_vec();
        all.extend(["--endpoint", &endpoint, "--key", &key]);
        fails(&all, code, says).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shells_complete_commands() {
    for (shell, checks) in [("bash", &["bash", "-n"][..]), ("zsh", &[]), ("fish", &[])] {
        let script = run(&["completions", shell]).await;
        assert_eq!(script.code, 0, "{script:?}");
        for word in ["vault", "archive", "inventory", "endpoint"] {
            assert!(script.out.contains(word), "{shell} does not know {word}");
        }
        let [program, flag] = checks else { continue };
        let mut parser = tokio::process::Command::new(program)
            .arg(flag)
            .stdin(Stdio::piped())
            .spawn()
            .expect("a shell");
        let mut input = parser.stdin.take().expect("a pipe");
        input
            .write_all(script.out.as_bytes())
            .await
            .expect("written");
        drop(input);
        assert!(parser.wait().await.expect("ended").success(), "{shell}");
    }
}
