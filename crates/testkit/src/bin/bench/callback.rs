//! What an upload callback adds beyond the receiver's own round trip.

use bytes::Bytes;
use cohong_testkit::client::Ask;
use cohong_testkit::receiver::Receiver;
use http::Method;

use crate::load::{Cell, closed_loop};
use crate::nginx::PlainClient;
use crate::{ROUNDS, fresh, table};

const BUCKET: &str = "bench";

pub(crate) async fn run() -> Result<(), String> {
    let (server, _folder) = fresh().await?;
    let receiver = Receiver::start().await.map_err(|e| e.to_string())?;
    let mut client = server.client();
    client.create_bucket(BUCKET).await?;
    let spec = serde_json::json!({
        "callbackUrl": receiver.url(),
        "callbackBody": "{\"bucket\": ${bucket}, \"object\": ${object}}",
        "callbackBodyType": "application/json",
    });
    let header: &'static str = Box::leak(encode(spec.to_string().as_bytes()).into_boxed_str());
    let address = receiver
        .url()
        .trim_start_matches("http://")
        .parse()
        .map_err(|_| "address")?;
    let (mut plain, mut called, mut direct): (Vec<Cell>, Vec<Cell>, Vec<Cell>) = Default::default();
    for _ in 0..ROUNDS {
        plain.push(put(&client, None).await?);
        called.push(put(&client, Some(header)).await?);
        let cell = closed_loop(
            1,
            |_| PlainClient::new(address),
            |mut client, _| async move {
                client
                    .send(
                        Method::POST,
                        "/",
                        Bytes::from_static(b"{\"bucket\": \"b\"}"),
                    )
                    .await?;
                Ok(client)
            },
        );
        direct.push(cell.await?);
    }
    table::line("PUT 4 KiB", &plain);
    table::line("PUT 4 KiB with callback", &called);
    table::line("receiver alone", &direct);
    let [plain, called, direct] = [plain, called, direct].map(|cells| table::medians(&cells));
    println!(
        "added beyond the receiver's round trip: {:?}",
        called.p50.saturating_sub(plain.p50 + direct.p50)
    );
    server.stop().await.map(|_| ())
}

async fn put(
    client: &cohong_testkit::client::Client,
    callback: Option<&'static str>,
) -> Result<Cell, String> {
    closed_loop(
        1,
        |_| client.another(),
        move |mut client, n| async move {
            let headers: Vec<_> = callback
                .iter()
                .map(|value| ("x-tos-callback", *value))
                .collect();
            let key = n.to_string();
            let ask = Ask {
                bucket: Some(BUCKET),
                key: Some(&key),
                headers: &headers,
                body: Bytes::from(vec![b'a'; 4 << 10]),
                ..Ask::default()
            };
            client.must(Method::PUT, &ask).await?;
            Ok(client)
        },
    )
    .await
}

fn encode(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}
