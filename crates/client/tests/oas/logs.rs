//! What is told on the way: under the targets of the interface, and never a secret.

use std::io::Write;
use std::sync::{Arc, Mutex};

use http::Method;
use tracing_subscriber::fmt::MakeWriter;

use crate::server::{Fault, SECRET};
use crate::{MIB, World};

/// Collects what is written.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0
            .lock()
            .expect("not poisoned")
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn logs_stand_under_the_names_of_the_interface() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("oas=info")
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let world = World::patient().await;
    world.server.fault(Method::GET, "/vaults", Fault::Refuse);
    world.vault.list_all_jobs().await.expect("asked again");
    let path = world.file("f", 0, 64 * MIB);
    world.server.fault(Method::PUT, "0-67108863", Fault::Lose);
    let mut uploader = world
        .vault
        .initiate_uploader(&path, None)
        .await
        .expect("begun");
    let archive = uploader.start().await.expect("stored");
    let mut job = world
        .vault
        .retrieve_archive(&archive, None, None)
        .await
        .expect("begun");
    job.download_to_file(&path, cohong_client::oas::ToFile::default())
        .await
        .expect("there");
    drop(guard);
    let text = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("UTF-8");
    for target in [
        "oas.ease.api: ",
        "oas.ease.vault: ",
        "oas.ease.uploader: ",
        "oas.ease.job: ",
    ] {
        assert!(text.contains(target), "{target} is missing: {text}");
    }
    assert!(text.lines().count() > 4, "{text}");
    for secret in [SECRET, "Authorization", "OAS OAS"] {
        assert!(!text.contains(secret), "{text}");
    }
}
