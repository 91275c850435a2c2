//! Either server killed in the middle, and started again on the same folder.

use cohong_testkit::instance::SECRET_KEY;
use cohong_testkit::sync_task::{Counts, From, Task};

use crate::wire::Wire;
use crate::{SOURCE, add_source, bucket, bytes_of, folder, get, port, start};

const WAY: (&str, &str, &str, &str) = ("oss", "path", "cn-hangzhou", "127.0.0.1");

const FROM: From<'static> = From {
    region: "oss",
    bucket: SOURCE,
    secret: SECRET_KEY,
};

/// Longer than what is copied as a whole.
const LARGE: usize = 80 << 20;
const LARGE_BYTES: u64 = LARGE as u64;

#[tokio::test(flavor = "multi_thread")]
async fn a_source_killed_in_the_middle_of_an_object_is_read_on_when_it_is_back() {
    let folders = [folder(), folder()];
    let (a, b) = (start(&folders[0]).await, start(&folders[1]).await);
    let mut source = bucket(&a, SOURCE).await;
    let bytes = bytes_of(7, 9 << 20);
    source.put(SOURCE, "k", bytes.clone()).await.unwrap();
    let mut copies = bucket(&b, "copies").await;
    let wire = Wire::start(a.listen()).await;
    add_source(&b, WAY, port(wire.address)).await;
    let task = Task::create(&b, &FROM, "copies").await.unwrap();
    wire.allow(4 << 20);
    task.event(&b, &["k".to_owned()]).await.unwrap();
    wire.is_full().await;
    a.kill().await.unwrap();
    assert_eq!(
        copies.get("copies", "k").await.unwrap(),
        None,
        "half an object"
    );
    let a = start(&folders[0]).await;
    wire.move_to(a.listen());
    wire.allow(u64::MAX);
    let counts = task.ended(&b).await.unwrap();
    assert_eq!((counts.success, counts.failure), (1, 0));
    assert_eq!(get(&mut copies, "copies", "k").await.body, bytes);
    for server in [a, b] {
        server.kill().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copying_server_that_is_killed_goes_on_where_it_was() {
    let folders = [folder(), folder()];
    let (a, mut b) = (start(&folders[0]).await, start(&folders[1]).await);
    let mut source = bucket(&a, SOURCE).await;
    let keys: Vec<String> = (0..500).map(|n| format!("many/{n}")).collect();
    for (n, key) in keys.iter().enumerate() {
        source
            .put(SOURCE, key, bytes_of(n, 2000 + n))
            .await
            .unwrap();
    }
    let large = bytes_of(9, LARGE);
    source.put(SOURCE, "large", large.clone()).await.unwrap();
    drop(bucket(&b, "copies").await);
    let wire = Wire::start(a.listen()).await;
    add_source(&b, WAY, port(wire.address)).await;
    let task = Task::create(&b, &FROM, "copies").await.unwrap();
    wire.allow(400_000);
    task.event(&b, &keys).await.unwrap();
    for more in [300_000, u64::MAX] {
        wire.is_full().await;
        b.kill().await.unwrap();
        wire.allow(more);
        b = start(&folders[1]).await;
    }
    task.ended(&b).await.unwrap();
    let before = wire.said();
    wire.allow(LARGE_BYTES / 2);
    task.event(&b, &["large".to_owned()]).await.unwrap();
    wire.is_full().await;
    b.kill().await.unwrap();
    wire.allow(u64::MAX);
    b = start(&folders[1]).await;
    let counts = task.ended(&b).await.unwrap();
    let small: u64 = (0..500).map(|n| 2000 + n).sum();
    let wanted = Counts {
        requests: 501,
        success: 501,
        failure: 0,
        skip: 0,
        bytes: small + LARGE_BYTES,
    };
    assert_eq!(counts, wanted);
    // The part that was under way, and no other, came twice; heads of answers are small.
    let said = wire.said() - before;
    assert!(
        said < LARGE_BYTES + (17 << 20),
        "{said} bytes for {LARGE_BYTES}"
    );
    let mut copies = b.client();
    assert_eq!(get(&mut copies, "copies", "large").await.body, large);
    for (n, key) in keys.iter().enumerate() {
        let copy = get(&mut copies, "copies", key).await.body;
        assert_eq!(copy, bytes_of(n, 2000 + n), "{key}");
    }
    for server in [a, b] {
        server.kill().await.unwrap();
    }
}
