//! What goes over TLS: the same requests, and what differs because of it.

use bytes::Bytes;
use cohong_testkit::client::{Ask, Client, Tongue};
use http::{Method, StatusCode};
use tokio::net::TcpStream;

use crate::{BUCKET, World, ask, unsigned};

#[tokio::test]
async fn objects_are_the_same_over_both_listeners() {
    let world = World::start().await;
    let (mut secure, mut plain) = (world.client().await, world.server.client());
    let small = Bytes::from_static(b"small");
    let large = Bytes::from(
        (0..9_000_000_u32)
            .map(|n| (n % 251) as u8)
            .collect::<Vec<_>>(),
    );
    let parts = [large.slice(..6 << 20), large.slice(6 << 20..)];
    secure
        .put(BUCKET, "small", small.clone())
        .await
        .expect("stored");
    plain
        .put(BUCKET, "plain", large.clone())
        .await
        .expect("stored");
    secure
        .put(BUCKET, "large", large.clone())
        .await
        .expect("stored");
    secure
        .put_parts(BUCKET, "parts", &parts)
        .await
        .expect("stored");
    for (key, wanted) in [
        ("small", &small),
        ("plain", &large),
        ("large", &large),
        ("parts", &large),
    ] {
        for client in [&mut secure, &mut plain] {
            let found = client.get(BUCKET, key).await.expect("read");
            assert!(found.as_ref() == Some(wanted), "{key}");
        }
    }
    assert_eq!(world.server.stop().await, Ok(Some(0)));
}

#[tokio::test]
async fn answers_name_the_scheme_they_were_asked_by() {
    let world = World::start().await;
    let (secure, plain) = (world.client().await, world.server.client());
    for (client, scheme) in [(secure, "https"), (plain, "http")] {
        let mut client = client.speaking(Tongue::Oss);
        let answer = client.must(Method::GET, &Ask::default()).await;
        let body = answer.expect("listed").body;
        let text = String::from_utf8_lossy(&body);
        let endpoint = format!("<ExtranetEndpoint>{scheme}://oss-cn-hangzhou.aliyuncs.com<");
        assert!(text.contains(&endpoint), "{text}");
    }
}

async fn set_policy(client: &mut Client, effect: &str, secure: &str) {
    let statement = serde_json::json!({
        "Effect": effect, "Action": "oss:GetObject", "Principal": ["*"],
        "Resource": format!("acs:oss:*:*:{BUCKET}/*"),
        "Condition": {"Bool": {"acs:SecureTransport": secure}},
    });
    let policy = serde_json::json!({"Version": "1", "Statement": [statement]});
    let ask = Ask {
        bucket: Some(BUCKET),
        query: &[("policy", "")],
        body: policy.to_string().into(),
        ..Ask::default()
    };
    client.must(Method::PUT, &ask).await.expect("set");
}

#[tokio::test]
async fn a_policy_tells_tls_from_plain_http() {
    let world = World::start().await;
    let mut owner = world.server.client().speaking(Tongue::Oss);
    owner
        .put(BUCKET, "k", Bytes::from_static(b"v"))
        .await
        .expect("stored");
    set_policy(&mut owner, "Allow", "true").await;
    let secure = world.connect(&world.identity).await.expect("connected");
    assert_eq!(ask(secure, &unsigned("GET", "/k")).await.0, 200);
    let plain = TcpStream::connect(world.server.listen()).await;
    let plain = plain.expect("connected");
    assert_eq!(ask(plain, &unsigned("GET", "/k")).await.0, 403);

    set_policy(&mut owner, "Deny", "false").await;
    let read = Ask {
        bucket: Some(BUCKET),
        key: Some("k"),
        ..Ask::default()
    };
    let plain = owner.send(Method::GET, &read).await.expect("answered");
    assert_eq!(plain.status, StatusCode::FORBIDDEN);
    let mut secure = world.client().await.speaking(Tongue::Oss);
    let secure = secure.send(Method::GET, &read).await.expect("answered");
    assert_eq!(secure.status, StatusCode::OK);
}
