//! `cohong env`, in a shell and for programs.

use cohong_testkit::instance::{Instance, Start};
use tokio::process::Command;

use crate::common::{World, binary, run};

#[tokio::test]
async fn a_shell_that_evaluates_it_has_the_variables() {
    let folder = tempfile::tempdir().expect("a folder");
    // Names that mean something to a shell.
    let data = folder.path().join("it's $HOME");
    let started = Instance::start(binary(), &data, &Start::default()).await;
    let server = started.expect("started");
    let script = r#"eval "$("$0" env --direct pypi.org)" && printf '%s\n' "$HTTPS_PROXY" "$NO_PROXY" "$COHONG_DATA" \
        "${AWS_SESSION_TOKEN-none}" && test -s "$SSL_CERT_FILE" && "$0" key ls --json"#;
    let done = Command::new("sh")
        .args(["-c", script])
        .arg(binary())
        .env("COHONG_DATA", &data)
        .env("AWS_SESSION_TOKEN", "of another key")
        .env("NO_PROXY", "intra.net")
        .env_remove("no_proxy")
        .output()
        .await
        .expect("a shell");
    let out = String::from_utf8(done.stdout).expect("UTF-8");
    assert!(
        done.status.success(),
        "{out} {:?}",
        String::from_utf8_lossy(&done.stderr)
    );
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], format!("http://{}", server.listen()));
    assert_eq!(lines[1], "localhost,127.0.0.1,::1,intra.net,pypi.org");
    assert_eq!(lines[2], data.to_str().expect("UTF-8"));
    assert_eq!(lines[3], "none");
}

#[tokio::test]
async fn everybody_gets_the_same_key_until_it_is_removed() {
    let world = World::start().await;
    let key = async || {
        let told = world.json(&["env"]).await;
        let of = |name: &str| told["set"][name].as_str().expect("text").to_owned();
        assert_eq!(of("TOS_ACCESS_KEY"), of("AWS_ACCESS_KEY_ID"));
        (of("AWS_ACCESS_KEY_ID"), of("AWS_SECRET_ACCESS_KEY"))
    };
    let first = key().await;
    assert_eq!(key().await, first);
    let keys = world.json(&["key", "ls"]).await;
    assert_eq!(
        keys.as_array().map(Vec::len),
        Some(2),
        "the root key and this: {keys}"
    );
    world.json(&["key", "rm", &first.0]).await;
    let second = key().await;
    assert_ne!(second.0, first.0);
    assert_eq!(key().await, second);
}

#[tokio::test]
async fn it_is_for_the_machine_of_the_server() {
    let world = World::start().await;
    let admin = world.server.admin().to_string();
    let far = run(&["--admin", &admin, "--key", "AK:SK", "env"]).await;
    assert_eq!(far.code, 2, "{far:?}");
    assert!(far.err.contains("--data"), "{far:?}");
    let nowhere = run(&["--data", "/nonexistent", "env"]).await;
    assert_eq!(
        (nowhere.code, nowhere.out.as_str()),
        (1, ""),
        "nothing to evaluate"
    );
}
