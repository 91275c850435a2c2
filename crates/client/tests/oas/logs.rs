//! What is told on the way: under the targets of the interface, and never a secret.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use http::Method;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::server::{Fault, SECRET};
use crate::{MIB, World};

/// Collects what is told under `oas`: a line an event, its target first.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<String>>);

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target().starts_with("oas.")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().target().to_owned());
        event.record(&mut line);
        let mut lines = self.0.lock().expect("not poisoned");
        writeln!(lines, "{}", line.0).expect("a text grows");
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").expect("a text grows");
    }
}

#[tokio::test]
async fn logs_stand_under_the_names_of_the_interface() {
    let lines = Lines::default();
    let guard = tracing::subscriber::set_default(lines.clone());
    let world = World::patient().await;
    world.server.fault(Method::GET, "/vaults", Fault::Refuse);
    world.vault.list_all_jobs().await.expect("asked again");
    let path = world.file("f", 0, 64 * MIB);
    world.server.fault(Method::PUT, "0-67108863", Fault::Lose);
    let begun = world.vault.initiate_uploader(&path, None).await;
    let archive = begun.expect("begun").start().await.expect("stored");
    let job = world.vault.retrieve_archive(&archive, None, None).await;
    let how = cohong_client::oas::ToFile::default();
    let brought = job.expect("begun").download_to_file(&path, how).await;
    brought.expect("there");
    drop(guard);
    let text = lines.0.lock().expect("not poisoned").clone();
    for target in ["api", "vault", "uploader", "job"] {
        let first = format!("oas.ease.{target} message=");
        let found = text.lines().any(|line| line.starts_with(&first));
        assert!(found, "{target} is missing: {text}");
    }
    for secret in [SECRET, "uthorization", "OAS OAS"] {
        assert!(!text.contains(secret), "{text}");
    }
}
