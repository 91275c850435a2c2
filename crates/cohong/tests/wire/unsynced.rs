//! A sync that fails: nothing is acknowledged from then on, the process ends by itself, and the next start has all
//! that was acknowledged.

use std::time::Duration;

use bytes::Bytes;
use cohong_testkit::instance::{Instance, Start};

use crate::{BUCKET, World, binary};

/// Every sync of a thread fails from its fortieth on, which a start on a folder that is there does not reach.
const FAILING: [&str; 10] = [
    "strace",
    "-f",
    "-qq",
    "-o",
    "/dev/null",
    "-e",
    "trace=fsync,fdatasync",
    "-e",
    "inject=fsync,fdatasync:error=EIO:when=40+",
    "--",
];

#[tokio::test]
async fn e12_after_a_failed_sync_nothing_is_acknowledged_and_a_restart_has_what_was() {
    let World { server, folder } = World::start().await;
    assert_eq!(server.stop().await, Ok(Some(0)));
    let start = Start {
        under: FAILING.map(Into::into).to_vec(),
        ..Start::default()
    };
    let server = Instance::start(binary(), folder.path(), &start).await;
    let server = server.expect("it starts again");
    let mut client = server.client();
    let mut acknowledged = Vec::new();
    for n in 0..500 {
        let key = format!("{n}");
        match client.put(BUCKET, &key, Bytes::from(key.clone())).await {
            Ok(_) => acknowledged.push(key),
            Err(_) => break,
        }
    }
    assert!(
        !acknowledged.is_empty() && acknowledged.len() < 500,
        "a sync failed"
    );
    for _ in 0..3 {
        let late = client.put(BUCKET, "late", Bytes::from_static(b"x")).await;
        assert!(late.is_err(), "{late:?}");
    }
    let ended = server.ended(Duration::from_mins(1)).await;
    assert_eq!(ended, Ok(true), "it ended by itself");
    let again = Instance::start(binary(), folder.path(), &Start::default()).await;
    let world = World {
        server: again.expect("it starts again"),
        folder,
    };
    for key in acknowledged {
        assert_eq!(world.object(&key).await, Some(key.into_bytes()));
    }
    let put = world
        .server
        .client()
        .put(BUCKET, "late", Bytes::from_static(b"x"))
        .await;
    put.expect("it takes writes again");
}
