//! Many small objects, as quickly as a server takes them.

use bytes::Bytes;
use cohong_testkit::client::Client;
use tokio::task::JoinSet;

/// Enough for the server to gather commits.
const CLIENTS: usize = 128;
/// A body that is small and not empty.
const BODY: usize = 100;

/// Stores `count` objects in a bucket, the n-th under the key `key(n)`. Objects of one key are stored in the
/// order of their numbers if the numbers of a key differ by a multiple of [`CLIENTS`].
pub(crate) async fn fill(
    client: &Client,
    bucket: &'static str,
    count: usize,
    key: fn(usize) -> String,
) -> Result<(), String> {
    let mut set = JoinSet::new();
    for number in 0..CLIENTS {
        let mut client = client.another();
        set.spawn(async move {
            for n in (number..count).step_by(CLIENTS) {
                let body = Bytes::from_static(&[b'a'; BODY]);
                client.put(bucket, &key(n), body).await?;
            }
            Ok::<_, String>(())
        });
    }
    while let Some(done) = set.join_next().await {
        done.map_err(|e| e.to_string())??;
    }
    Ok(())
}
