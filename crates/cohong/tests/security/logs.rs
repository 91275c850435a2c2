//! The log at its most talkative.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_sign::{Credentials, RequestHead, Signer, TOS, Timestamp};
use cohong_testkit::client::Ask;
use cohong_testkit::instance::{ACCESS_KEY, SECRET_KEY};
use cohong_testkit::receiver::Receiver;
use http::{HeaderMap, HeaderValue, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::World;

const BUCKET: &str = "log-test";
/// Stands wherever a client might put a secret.
const HIDDEN: &str = "hidden-3f9c";
/// The key of every object.
const KEY: &str = "diary-71aa";

/// A GET through a presigned URL; its signature and the answer.
async fn presigned(world: &World) -> (String, String) {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("after 1970");
    let now = i64::try_from(since.as_secs()).expect("seconds");
    let credentials = Credentials {
        access_key: ACCESS_KEY,
        secret: SECRET_KEY,
        security_token: None,
    };
    let time = Timestamp::from_unix(now).expect("a time");
    let signer = Signer::new(&TOS, credentials, "cn-beijing", time);
    let host = format!("{BUCKET}.localhost");
    let mut headers = HeaderMap::new();
    headers.insert("host", HeaderValue::from_str(&host).expect("a host"));
    let path = format!("/{KEY}");
    let head = RequestHead {
        method: &Method::GET,
        path: &path,
        query: "",
        headers: &headers,
    };
    let query = signer.presign(&head, 60, &[]).expect("signed");
    let (_, signature) = query.rsplit_once('=').expect("the signature is last");
    let request =
        format!("GET {path}?{query} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let mut stream = TcpStream::connect(world.server.listen())
        .await
        .expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    (signature.to_owned(), answer)
}

/// Stores the object with a callback to `url`; the status.
async fn put(world: &World, url: &str) -> u16 {
    let order = serde_json::json!({
        "callbackUrl": url,
        "callbackBody": format!("secret={HIDDEN}&v=${{x:v}}"),
    });
    let vars = serde_json::json!({ "x:v": HIDDEN });
    let (order, vars) = (
        STANDARD.encode(order.to_string()),
        STANDARD.encode(vars.to_string()),
    );
    let headers = [
        ("x-tos-callback", order.as_str()),
        ("x-tos-callback-var", vars.as_str()),
        ("x-tos-meta-secret", HIDDEN),
    ];
    let ask = Ask {
        bucket: Some(BUCKET),
        key: Some(KEY),
        headers: &headers,
        body: HIDDEN.into(),
        ..Ask::default()
    };
    let answer = world.server.client().send(Method::PUT, &ask).await;
    answer.expect("answered").status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_holds_no_secret_at_any_level() {
    let world = World::talkative().await;
    world
        .server
        .client()
        .create_bucket(BUCKET)
        .await
        .expect("created");
    let receiver = Receiver::start().await.expect("a receiver");
    let host = receiver.url().replace("http://", "");
    let hook = format!("http://{host}/hook?token={HIDDEN}");
    let rules = serde_json::json!({"Rules": [{"RuleId": "r", "Events": ["tos:ObjectCreated:*"],
        "Destination": {"HttpServer": [{"Url": hook}], "VeFaaS": [{"FunctionId": "f"}]}}]});
    let ask = Ask {
        bucket: Some(BUCKET),
        query: &[("notification_v2", "")],
        body: rules.to_string().into(),
        ..Ask::default()
    };
    world
        .server
        .client()
        .must(Method::PUT, &ask)
        .await
        .expect("stored");
    let function = format!("http://{host}/f?token={HIDDEN}");
    let add = ["function", "add", "f", &function];
    world
        .server
        .command(crate::binary(), &add)
        .await
        .expect("added");
    let made = world
        .server
        .command(crate::binary(), &["key", "create", "--temporary", "15m"])
        .await
        .expect("made");
    // Done, not answered, refused by its address, refused by its text. Scheme, host and path of a
    // refused address are logged, because the operator has to know what to allow.
    for (url, status) in [
        (format!("http://{host}/cb?token={HIDDEN}"), 200),
        (format!("http://127.0.0.1:1/cb?token={HIDDEN}"), 203),
        (format!("http://169.254.169.254/latest?token={HIDDEN}"), 400),
        (format!("http://user:{HIDDEN}@{host}/"), 400),
    ] {
        assert_eq!(put(&world, &url).await, status, "{url}");
    }
    let (signature, answer) = presigned(&world).await;
    assert!(answer.contains(HIDDEN), "{answer}");
    let mut stranger =
        cohong_testkit::client::Client::new(world.server.listen(), ACCESS_KEY, HIDDEN);
    let ask = Ask {
        bucket: Some(BUCKET),
        key: Some(KEY),
        ..Ask::default()
    };
    let refused = stranger.send(Method::GET, &ask).await.expect("answered");
    assert_eq!(refused.status, 403);
    // Callback, webhook and function.
    let arrived = receiver.wait(3, Duration::from_secs(30)).await;
    assert!(arrived.len() >= 3, "{arrived:?}");
    let log = world.folder.path().join("log");
    assert!(world.server.stop().await.is_ok());
    let log = std::fs::read_to_string(log).expect("a log");
    assert!(
        log.contains("PutObject") && log.contains("outgoing call refused"),
        "{log}"
    );
    // The rule came before its function.
    assert!(
        log.contains("a rule names a function that is not registered"),
        "{log}"
    );
    let token = made["security_token"].as_str().expect("a token");
    let issued = made["secret_key"].as_str().expect("a secret");
    for secret in [SECRET_KEY, HIDDEN, KEY, signature.as_str(), token, issued] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
}
