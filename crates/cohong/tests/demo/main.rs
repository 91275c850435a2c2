//! The tour: it succeeds and names every step, and every one of its checks can fail. The tour's own
//! source is part of this test, so that a lie can be put between it and the real server.

#[path = "../../src/demo/mod.rs"]
mod demo;
mod lies;
mod relay;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use demo::{Manner, Notes, Step, World, tour};
use tokio::process::Command;
use tokio::task::JoinSet;

use lies::{At, LIES, Lie};
use relay::Relay;

/// What never comes is not waited for as long as a user would.
const PATIENCE: Duration = Duration::from_secs(10);

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cohong"))
}

#[tokio::test]
async fn the_tour_succeeds_and_names_every_step() {
    let done = Command::new(binary())
        .args(["demo", "--json"])
        .output()
        .await
        .expect("started");
    let out = String::from_utf8(done.stdout).expect("UTF-8");
    assert!(done.status.success(), "{out}");
    let lines: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let names: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["step"].as_str())
        .collect();
    let expected = [
        "start",
        "objects",
        "versions",
        "callback",
        "failing-callback",
        "events",
        "outage",
        "multipart",
        "refusals",
        "crash",
        "trace",
        "sync",
        "archive",
    ];
    assert_eq!(names, expected);
    let lied_about: BTreeSet<&str> = LIES.iter().map(|lie| lie.caught).collect();
    for line in &lines {
        assert_eq!(line["ok"], true, "{line}");
        let saw = line["saw"].as_array().expect("a list");
        assert!(!saw.is_empty(), "a step that checks nothing: {line}");
        for seen in saw.iter().filter_map(|seen| seen.as_str()) {
            let tried = |what: &&str| seen == *what || seen.starts_with(&format!("{what}: "));
            assert!(
                lied_about.iter().any(tried),
                "no lie tries the check {seen:?}"
            );
        }
    }
}

#[tokio::test]
async fn people_are_told_every_step_and_what_comes_next() {
    let mut out = Vec::new();
    tour(binary(), Manner::Text, &mut out)
        .await
        .expect("the tour");
    let text = String::from_utf8(out).expect("UTF-8");
    for step in Step::ALL {
        assert!(text.contains(step.headline()), "{text}");
    }
    assert!(text.contains("What next"), "{text}");
}

#[tokio::test]
async fn a_tour_that_cannot_be_given_fails() {
    let mut command = Command::new(binary());
    let done = command
        .args(["demo"])
        .env("TMPDIR", "/nonexistent")
        .output()
        .await
        .expect("started");
    assert_eq!(done.status.code(), Some(1));
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(told.contains("temporary files"), "{told}");
}

#[tokio::test]
async fn a_tour_that_meets_a_deviation_fails_and_says_what_it_saw() {
    let folder = tempfile::tempdir().expect("a folder");
    let lie = &LIES[1];
    assert_eq!(lie.at, At::Command);
    let mut out = Vec::new();
    let told = tour(
        &lies::liar(folder.path(), binary(), lie),
        Manner::Json,
        &mut out,
    )
    .await;
    let error = told.expect_err("a deviation").to_string();
    assert!(
        error.contains("expected: yes") && error.contains("seen:     no"),
        "{error}"
    );
    let told: serde_json::Value = serde_json::from_slice(&out).expect("one line");
    assert_eq!(told["ok"], false);
    assert_eq!(told["deviation"]["what"], lie.caught);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_catches_a_lie() {
    let mut steps = JoinSet::new();
    for step in Step::ALL {
        steps.spawn(async move {
            for lie in LIES.iter().filter(|lie| lie.step == step) {
                let caught = caught(lie).await;
                assert_eq!(caught.as_deref(), Some(lie.caught), "{lie:?}");
            }
        });
    }
    while let Some(done) = steps.join_next().await {
        done.expect("every lie is caught");
    }
}

#[tokio::test]
async fn a_server_that_does_not_end_well_is_noticed() {
    let world = World::start(binary()).await.expect("a world");
    let id = world.server.id().to_string();
    let killed = Command::new("kill")
        .args(["-KILL", &id])
        .status()
        .await
        .expect("killed");
    assert!(killed.success());
    let deviation = world.end().await.expect_err("no orderly end");
    assert_eq!(deviation.what, "exit code of the server");
}

/// Runs one step with a lie in its way; the check that caught it.
async fn caught(lie: &Lie) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let program = match lie.at {
        At::Command => lies::liar(folder.path(), binary(), lie),
        At::Server | At::Admin | At::Application | At::Function => binary().to_owned(),
    };
    let mut world = World::start(&program).await.expect("a world");
    world.patience = PATIENCE;
    let address = match lie.at {
        At::Server => Some(&mut world.client.server),
        At::Admin => Some(&mut world.server.admin),
        At::Application => Some(&mut world.application.address),
        At::Function => Some(&mut world.function.address),
        At::Command => None,
    };
    let relay = match &address {
        Some(address) => Some(Relay::start(**address, lie).await.expect("a relay")),
        None => None,
    };
    if let (Some(address), Some(relay)) = (address, &relay) {
        *address = relay.address;
    }
    let done = lie.step.run(&mut world, &mut Notes::default()).await;
    done.err().map(|deviation| deviation.what)
}
