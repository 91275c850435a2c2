//! Starting, stopping, and what a crash leaves behind.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_testkit::client::Ask;
use cohong_testkit::instance::{Instance, Start};
use cohong_testkit::receiver::Receiver;
use http::{Method, StatusCode};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::common::{World, binary, command, http, run};

/// A server's promise to service managers.
const STOP_MAX: Duration = Duration::from_secs(15);
/// Longer than anything here takes; a failure ends by it.
const RELEASE_MAX: Duration = Duration::from_secs(30);

async fn first_line(child: &mut Child) -> String {
    let out = child.stdout.take().expect("a pipe");
    let line = BufReader::new(out).lines().next_line().await.expect("read");
    line.expect("a line")
}

#[tokio::test(flavor = "multi_thread")]
async fn cohong_alone_serves_and_both_signals_end_it_well() {
    for signal in ["-TERM", "-INT"] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = command(&["--json"])
            .env("COHONG_LISTEN", "127.0.0.1:0")
            .env("COHONG_ADMIN", "127.0.0.1:0")
            .env("COHONG_LOG", "warn")
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let ready: Value = serde_json::from_str(&first_line(&mut child).await).expect("JSON");
        for name in ["listen", "admin", "access_key", "secret_key"] {
            assert!(ready[name].is_string(), "{name}: {ready}");
        }
        assert!(folder.path().join("cohong-data/admin.sock").exists());
        let pid = child.id().expect("running").to_string();
        let asked = tokio::process::Command::new("kill")
            .args([signal, &pid])
            .status()
            .await;
        assert!(asked.expect("asked").success());
        let ended = tokio::time::timeout(STOP_MAX, child.wait())
            .await
            .expect("in time");
        assert_eq!(ended.expect("ended").code(), Some(0), "{signal}");
        assert!(!folder.path().join("cohong-data/admin.sock").exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_that_runs_does_not_hold_up_the_end() {
    let world = World::start().await;
    let mut client = world.server.client();
    client.create_bucket("photos").await.expect("created");
    client
        .notify("photos", "", "nobody")
        .await
        .expect("rule set");
    client
        .put("photos", "a", Bytes::from_static(b"a"))
        .await
        .expect("stored");
    let data = world.data();
    let waiting =
        tokio::spawn(
            async move { run(&["--data", &data, "events", "wait", "--timeout", "10m"]).await },
        );
    // Whether the order has arrived or not yet: it must not hold up the end.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stopped = tokio::time::timeout(STOP_MAX, world.server.stop())
        .await
        .expect("in time");
    assert_eq!(stopped, Ok(Some(0)));
    let waited = waiting.await.expect("no panic");
    assert_eq!(waited.code, 1, "{waited:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_leaves_behind_is_taken_over() {
    let world = World::start().await;
    let data = world.data();
    let second = run(&[
        "serve",
        "--data",
        &data,
        "--listen",
        "127.0.0.1:0",
        "--admin",
        "127.0.0.1:0",
    ])
    .await;
    assert_eq!(second.code, 1);
    assert!(second.err.contains("in use by process"), "{}", second.err);
    let World { folder, server } = world;
    server.kill().await.expect("killed");
    let socket = folder.path().join("data/admin.sock");
    assert!(socket.exists(), "a crash leaves the socket");
    let lost = run(&["--data", &data, "key", "ls"]).await;
    assert_eq!(lost.code, 1);
    assert!(lost.err.contains("cohong serve --data"), "{}", lost.err);
    let stopped = run(&["--data", &data, "--json", "doctor"]).await;
    assert_eq!(stopped.code, 0, "{stopped:?}");
    assert_eq!(stopped.json()["server"], "stopped");
    let path = folder.path().join("data");
    let again = Instance::start(binary(), &path, &Start::default())
        .await
        .expect("started");
    assert_eq!(run(&["--data", &data, "key", "ls"]).await.code, 0);
    assert_eq!(again.stop().await, Ok(Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_port_names_its_owner_and_the_flag_to_change() {
    let world = World::start().await;
    let folder = tempfile::tempdir().expect("a folder");
    let (data, listen) = (
        folder.path().to_str().expect("UTF-8"),
        world.server.listen().to_string(),
    );
    let busy = run(&[
        "serve",
        "--data",
        data,
        "--listen",
        &listen,
        "--admin",
        "127.0.0.1:0",
    ])
    .await;
    assert_eq!(busy.code, 1);
    let pid = format!("pid {}", world.server.pid());
    assert!(
        busy.err.contains(&pid) && busy.err.contains("--listen"),
        "{}",
        busy.err
    );
}

#[tokio::test]
async fn the_configuration_is_checked_without_a_server_and_secrets_stay_hidden() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("cohong.toml");
    let text = "listen = \"0.0.0.0:9000\"\n[root]\naccess_key = \"AK\"\nsecret_key = \"hidden\"\n";
    std::fs::write(&config, text).expect("written");
    let config = config.to_str().expect("UTF-8");
    for words in [
        vec!["check", "--config", config],
        vec!["check", "--config", config, "--json"],
    ] {
        let done = run(&words).await;
        assert_eq!(done.code, 0, "{done:?}");
        assert!(
            done.out.contains("prod") && !done.out.contains("hidden"),
            "{}",
            done.out
        );
    }
    std::fs::write(config, "[egress]\nallow = [\"not an entry/99\"]\n").expect("written");
    let wrong = run(&["check", "--config", config]).await;
    assert!(
        wrong.code == 1 && wrong.err.contains("egress.allow"),
        "{wrong:?}"
    );
    assert_eq!(
        run(&["check", "--config", "/nonexistent.toml"]).await.code,
        1
    );
}

#[tokio::test]
async fn wrong_usage_ends_with_two_and_help_with_zero() {
    for words in [
        vec!["nonsense"],
        vec!["key"],
        vec!["events", "wait", "--timeout", "x"],
    ] {
        let done = run(&words).await;
        assert_eq!((done.code, done.out.as_str()), (2, ""), "{words:?}");
    }
    for words in [vec!["--help"], vec!["help", "events"], vec!["--version"]] {
        let done = run(&words).await;
        assert_eq!((done.code, done.err.as_str()), (0, ""), "{words:?}");
    }
    let secrets = run(&["serve", "--help"]).await.out;
    assert!(!secrets.contains("secret"), "{secrets}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_runs_may_end_while_the_server_says_that_it_is_stopping() {
    let world = World::start().await;
    // The upload waits for its callback, which waits until it is released.
    let (called, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Mutex::new(released);
    let slow = Receiver::answering(move |_| {
        let told = called.send(());
        // Other tasks of this test need the thread meanwhile.
        let wait = || {
            released
                .lock()
                .map(|released| released.recv_timeout(RELEASE_MAX))
        };
        let waited = tokio::task::block_in_place(wait);
        assert!(told.is_ok() && waited.is_ok(), "the test ended early");
        (StatusCode::OK, Bytes::from_static(b"{}"))
    });
    let slow = slow.await.expect("a receiver");
    let mut client = world.server.client();
    client.create_bucket("photos").await.expect("created");
    let order = serde_json::json!({ "callbackUrl": slow.url(), "callbackBody": "key=${object}" });
    let order = STANDARD.encode(order.to_string());
    let upload = tokio::spawn(async move {
        let put = Ask {
            bucket: Some("photos"),
            key: Some("a"),
            headers: &[("x-tos-callback", order.as_str())],
            body: Bytes::from_static(b"a"),
            ..Ask::default()
        };
        let answer = client.must(Method::PUT, &put).await;
        answer.map(|answer| answer.status)
    });
    calls.recv().await.expect("the callback came");
    let admin = world.server.admin();
    assert_eq!(http(admin, "/readyz", &[]).await.0, 200);
    let stopped = tokio::spawn(world.server.stop());
    let draining = async { while http(admin, "/readyz", &[]).await.0 != 503 {} };
    let told = tokio::time::timeout(RELEASE_MAX, draining).await;
    told.expect("it says that it is stopping");
    assert_eq!(http(admin, "/livez", &[]).await.0, 200);
    release.send(()).expect("the callback waits");
    assert_eq!(upload.await.expect("no panic"), Ok(StatusCode::OK));
    let stopped = tokio::time::timeout(STOP_MAX, stopped).await;
    assert_eq!(stopped.expect("in time").expect("no panic"), Ok(Some(0)));
}
