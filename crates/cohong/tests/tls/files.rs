//! Certificate and key: read at the start, checked by `cohong check`, read again when they change.

use std::path::Path;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;

use crate::{Identity, PATIENCE, World, ask, binary, unsigned};

impl World {
    /// Waits until new connections get the certificate of `identity`.
    async fn until_served(&self, identity: &Identity) {
        let served = async {
            while self.connect(identity).await.is_err() {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        let served = tokio::time::timeout(PATIENCE, served).await;
        served.unwrap_or_else(|_| panic!("not served: {}", self.log()));
    }

    /// Tells the server to look, and waits until it says once more that it cannot use what it finds.
    async fn until_refused(&self) {
        let count = || self.log().matches("the TLS files cannot be used").count();
        let before = count();
        self.server.signal("HUP").await.expect("told");
        let refused = async {
            while count() == before {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        let refused = tokio::time::timeout(PATIENCE, refused).await;
        refused.unwrap_or_else(|_| panic!("not refused: {}", self.log()));
    }
}

#[tokio::test]
async fn a_new_certificate_is_for_new_connections() {
    let world = World::start().await;
    let mut before = world.connect(&world.identity).await.expect("connected");
    let second = Identity::new();
    second.write(world.folder.path());
    world.until_served(&second).await;
    assert!(world.connect(&world.identity).await.is_err());
    // Who is connected stays connected.
    let request = unsigned("GET", "/absent").replace("Connection: close\r\n", "");
    before.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = [0; 12];
    before.read_exact(&mut answer).await.expect("answered");
    assert_eq!(&answer, b"HTTP/1.1 403");

    let third = Identity::new();
    third.write(world.folder.path());
    world.server.signal("HUP").await.expect("told");
    world.until_served(&third).await;
    assert_eq!(world.server.stop().await, Ok(Some(0)));
}

#[tokio::test]
async fn a_broken_file_changes_nothing_but_the_log() {
    let world = World::start().await;
    let (certificate, key) = (
        world.folder.path().join("cert.pem"),
        world.folder.path().join("key.pem"),
    );
    let breaks: [&dyn Fn(); 3] = [
        &|| std::fs::write(&certificate, "no certificate").expect("written"),
        &|| std::fs::write(&key, Identity::new().key).expect("written"),
        &|| std::fs::remove_file(&key).expect("removed"),
    ];
    for broken in breaks {
        world.identity.write(world.folder.path());
        broken();
        // Twice: a look of the server's own says nothing again of what it has seen, an operator is told.
        world.until_refused().await;
        world.until_refused().await;
        let stream = world.connect(&world.identity).await.expect("connected");
        assert_eq!(ask(stream, &unsigned("GET", "/absent")).await.0, 403);
    }
    let log = world.log();
    for named in ["cert.pem", "key.pem"] {
        assert!(log.contains(named), "{log}");
    }
    let second = Identity::new();
    second.write(world.folder.path());
    world.until_served(&second).await;
    let secret = second.key.lines().nth(1).expect("a line");
    assert!(!world.log().contains(secret));
}

/// Runs a command of the server with these files, until it gives up by itself: exit code and what it says.
async fn run(command: &str, folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut run = Command::new(binary());
    run.args([command, "--data"])
        .arg(folder.join("data"))
        .args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"])
        .arg("--tls-certificate")
        .arg(folder.join("cert.pem"))
        .arg("--tls-private-key")
        .arg(folder.join("key.pem"))
        .args(more);
    let done = tokio::time::timeout(PATIENCE, run.kill_on_drop(true).output()).await;
    let done = done.expect("it ends").expect("it runs");
    let text = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8(text).expect("UTF-8"))
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_before_anything_starts() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let listen = ["--tls-listen", "127.0.0.1:0"];
    let (first, second) = (Identity::new(), Identity::new());
    let cases = [
        ("", &*first.key, "cert.pem has no certificate"),
        (&*first.certificate, "", "key.pem has no private key"),
        (&*first.certificate, &*second.key, "does not belong"),
    ];
    for (certificate, key, named) in cases {
        std::fs::write(folder.join("cert.pem"), certificate).expect("written");
        std::fs::write(folder.join("key.pem"), key).expect("written");
        for command in ["serve", "check"] {
            let (code, text) = run(command, folder, &listen).await;
            assert_eq!(code, Some(1), "{command}: {text}");
            assert!(text.contains(named), "{command}: {text}");
        }
        assert!(!folder.join("data").exists(), "nothing was begun");
    }
    first.write(folder);
    let (code, text) = run("check", folder, &listen).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("tls.listen") && text.contains("key.pem"),
        "{text}"
    );
    assert!(text.contains("can be read by every user"), "{text}");
    let (code, text) = run("check", folder, &[]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("and with tls.listen"), "{text}");
}
