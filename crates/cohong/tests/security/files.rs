//! Files that hold secrets or other people's data.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cohong_testkit::instance::Start;

use crate::World;

fn mode(path: &Path) -> u32 {
    let about =
        std::fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    about.permissions().mode() & 0o777
}

#[tokio::test]
async fn nobody_else_on_the_machine_reads_the_data_folder() {
    let world = World::start(&Start::default()).await;
    let data = world.server.folder();
    assert_eq!(mode(data), 0o700, "the data folder");
    assert_eq!(mode(&data.join("admin.sock")), 0o600, "the admin socket");
    assert_eq!(mode(&data.join("server.key")), 0o600, "the sealing key");
}

/// The secrets of keys are sealed: the raw bytes of the folder do not have them.
#[tokio::test]
async fn secret_keys_do_not_lie_open_on_the_disk() {
    let world = World::start(&Start::default()).await;
    let data = world.server.folder().to_owned();
    let made = world
        .server
        .command(crate::binary(), &["key", "create", "--account", "bob"])
        .await
        .expect("made");
    let secret = made["secret_key"].as_str().expect("text").to_owned();
    assert!(world.server.stop().await.expect("stopped").is_some());
    let secrets = [secret.as_str(), cohong_testkit::instance::SECRET_KEY];
    let mut folders = vec![data];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            read += bytes.len();
            for secret in secrets {
                let found = bytes
                    .windows(secret.len())
                    .any(|piece| piece == secret.as_bytes());
                assert!(!found, "{} holds a secret key", path.display());
            }
        }
    }
    assert!(read > 0);
    drop(world.folder);
}
