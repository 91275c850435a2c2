//! Functions and webhooks: verdicts, signatures, and who may name an inner address.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_core::model::{Destination, Timestamp};
use cohong_core::ports::{Message, Target, Undelivered};
use cohong_egress::policy::Profile;
use cohong_egress::{
    Endpoint, FunctionRegistry, FunctionTarget, Http, WebhookSecret, WebhookSecrets, WebhookTarget,
};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::common::{Act, Names, Receiver, SHORT, Still, answer, dev, header, http, ok, policy};

/// Sun, 06 Nov 1994 08:49:37.500 GMT
const NOW: Timestamp = Timestamp::from_millis(784_111_777_500);

#[derive(Debug)]
struct Functions(BTreeMap<String, String>);

#[async_trait]
impl FunctionRegistry for Functions {
    async fn endpoint(&self, name: &str) -> Result<Option<Endpoint>, String> {
        if name == "broken" {
            return Err("the table cannot be read".to_owned());
        }
        Ok(self.0.get(name).map(|url| Endpoint {
            url: url.as_str().into(),
        }))
    }
}

#[derive(Debug)]
struct Key;

impl WebhookSecrets for Key {
    fn secret(&self) -> WebhookSecret {
        WebhookSecret::new(*b"0123456789abcdef01234567")
    }
}

fn function(http: Arc<Http>, url: &str) -> FunctionTarget {
    let known = Functions(BTreeMap::from([("resize".to_owned(), url.to_owned())]));
    FunctionTarget::new(http, Arc::new(known), Arc::new(Still(NOW)))
}

fn webhook(http: Arc<Http>) -> WebhookTarget {
    WebhookTarget::new(http, Arc::new(Key), Arc::new(Still(NOW)))
}

fn message() -> Message {
    Message {
        id: "00000000000000a7".to_owned(),
        headers: vec![("ce-id".to_owned(), "7".to_owned())],
        content_type: "application/json",
        body: Bytes::from_static(b"{\"events\":[]}"),
    }
}

async fn to_function(http: Arc<Http>, url: &str) -> Result<u16, Undelivered> {
    function(http, url)
        .deliver(&Destination::Function("resize".into()), &message())
        .await
}

async fn to_webhook(http: Arc<Http>, url: &str) -> Result<u16, Undelivered> {
    webhook(http)
        .deliver(&Destination::Webhook(url.into()), &message())
        .await
}

#[tokio::test]
async fn a_function_gets_the_message_as_it_is() {
    let receiver = Receiver::start(answer("202 Accepted", "", "")).await;
    assert_eq!(to_function(dev(), &receiver.url("/f?x=%2F")).await, Ok(202));
    let request = receiver.request();
    assert!(
        request.starts_with("POST /f?x=%2F HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\n{\"events\":[]}"), "{request}");
    assert_eq!(header(&request, "ce-id"), Some("7"));
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(header(&request, "content-length"), Some("13"));
    assert_eq!(header(&request, "webhook-signature"), None);
}

#[tokio::test]
async fn a_webhook_is_signed_over_id_time_and_body() {
    let receiver = Receiver::start(ok()).await;
    assert_eq!(to_webhook(dev(), &receiver.url("/hook")).await, Ok(200));
    let request = receiver.request();
    assert_eq!(header(&request, "webhook-id"), Some("00000000000000a7"));
    assert_eq!(header(&request, "webhook-timestamp"), Some("784111777"));
    assert_eq!(header(&request, "ce-id"), Some("7"));
    let signature = header(&request, "webhook-signature")
        .unwrap()
        .strip_prefix("v1,")
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"0123456789abcdef01234567").unwrap();
    mac.update(b"00000000000000a7.784111777.{\"events\":[]}");
    mac.verify_slice(&STANDARD.decode(signature).unwrap())
        .expect("the signature fits");
}

#[test]
fn the_signing_key_is_not_printed() {
    assert_eq!(format!("{:?}", Key.secret()), "WebhookSecret(..)");
    assert!(!format!("{:?}", webhook(dev())).contains("0123"));
}

/// What is to be told apart in a verdict.
#[derive(Debug, PartialEq)]
enum Seen {
    Accepted(u16),
    Target(Option<u16>, Option<u64>),
    Event(Option<u16>),
}

fn seen(outcome: &Result<u16, Undelivered>) -> Seen {
    match outcome {
        Ok(status) => Seen::Accepted(*status),
        Err(Undelivered::Target { status, after, .. }) => {
            Seen::Target(*status, after.map(|after| after.as_secs()))
        }
        Err(Undelivered::Event { status, .. }) => Seen::Event(*status),
    }
}

#[tokio::test]
async fn the_status_says_whose_failure_it_is() {
    let cases = [
        ("200 OK", "", Seen::Accepted(200)),
        ("204 No Content", "", Seen::Accepted(204)),
        ("299 Odd", "", Seen::Accepted(299)),
        (
            "301 Moved",
            "location: /\r\n",
            Seen::Target(Some(301), None),
        ),
        (
            "302 Found",
            "location: /\r\n",
            Seen::Target(Some(302), None),
        ),
        ("304 Not Modified", "", Seen::Target(Some(304), None)),
        ("101 Switching Protocols", "", Seen::Target(Some(101), None)),
        ("400 Bad Request", "", Seen::Event(Some(400))),
        (
            "404 Not Found",
            "retry-after: 5\r\n",
            Seen::Event(Some(404)),
        ),
        ("410 Gone", "", Seen::Event(Some(410))),
        ("499 Odd", "", Seen::Event(Some(499))),
        ("600 Odd", "", Seen::Event(Some(600))),
        ("408 Timeout", "", Seen::Target(Some(408), None)),
        ("425 Too Early", "", Seen::Target(Some(425), None)),
        (
            "429 Slow",
            "retry-after: 120\r\n",
            Seen::Target(Some(429), Some(120)),
        ),
        (
            "429 Slow",
            "retry-after: 86400\r\n",
            Seen::Target(Some(429), Some(3600)),
        ),
        (
            "429 Slow",
            "retry-after: soon\r\n",
            Seen::Target(Some(429), None),
        ),
        ("500 Oops", "", Seen::Target(Some(500), None)),
        (
            "503 Busy",
            "retry-after: 0\r\n",
            Seen::Target(Some(503), Some(0)),
        ),
        (
            "503 Busy",
            "retry-after: Sun, 06 Nov 1994 08:50:37 GMT\r\n",
            Seen::Target(Some(503), Some(59)),
        ),
        ("599 Odd", "", Seen::Target(Some(599), None)),
    ];
    for (status, headers, expected) in cases {
        let receiver = Receiver::start(answer(status, headers, "")).await;
        let outcome = to_webhook(dev(), &receiver.url("/")).await;
        assert_eq!(seen(&outcome), expected, "{status} {headers}");
        assert_eq!(
            seen(&to_function(dev(), &receiver.url("/")).await),
            expected,
            "{status}"
        );
        assert_eq!(
            receiver.requests().len(),
            2,
            "{status}: each delivery is one request"
        );
    }
}

#[tokio::test]
async fn a_redirect_is_explained() {
    let trap = Receiver::start(ok()).await;
    let location = format!("location: {}\r\n", trap.url("/"));
    let receiver = Receiver::start(answer("307 Temporary", &location, "")).await;
    let Err(Undelivered::Target { why, .. }) = to_function(dev(), &receiver.url("/")).await else {
        panic!("a redirect is no success")
    };
    assert!(why.contains("redirects are not followed"), "{why}");
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_target_that_cannot_be_reached_or_does_not_answer_has_failed() {
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let slow = Receiver::start(Act::Hang(String::new())).await;
    let reset = Receiver::start(Act::Reset).await;
    let urls = [
        format!("http://{closed}/"),
        slow.url("/"),
        reset.url("/"),
        "http://unknown.example/".to_owned(),
        "ftp://app.example/".to_owned(),
    ];
    for url in urls {
        let target = webhook(dev()).with_timeout(SHORT);
        let outcome = target
            .deliver(&Destination::Webhook(url.as_str().into()), &message())
            .await;
        assert_eq!(seen(&outcome), Seen::Target(None, None), "{url}");
        let target = function(dev(), &url).with_timeout(SHORT);
        let outcome = target
            .deliver(&Destination::Function("resize".into()), &message())
            .await;
        assert_eq!(seen(&outcome), Seen::Target(None, None), "{url}");
    }
}

#[tokio::test]
async fn the_status_counts_even_when_the_body_does_not_end() {
    for then in [Act::Hang, |head: String| Act::Flood(head, "x".repeat(4096))] {
        let receiver = Receiver::start(then("HTTP/1.1 200 OK\r\n\r\n".to_owned())).await;
        let target = webhook(dev()).with_timeout(SHORT);
        let to = Destination::Webhook(receiver.url("/").into());
        assert_eq!(target.deliver(&to, &message()).await, Ok(200));
        assert!(receiver.written() < 64 << 20, "{}", receiver.written());
    }
}

#[tokio::test]
async fn an_unknown_function_says_how_to_register_it() {
    let target = function(dev(), "http://127.0.0.1:1/");
    let cases = [
        (
            "other",
            "function other is not registered; add it with `cohong function add other URL`",
        ),
        ("broken", "the table cannot be read"),
    ];
    for (name, expected) in cases {
        let outcome = target
            .deliver(&Destination::Function(name.into()), &message())
            .await;
        let why = expected.to_owned();
        assert_eq!(
            outcome,
            Err(Undelivered::Target {
                after: None,
                why,
                status: None
            })
        );
    }
}

#[tokio::test]
async fn only_the_operator_may_name_inner_addresses() {
    let receiver = Receiver::start(ok()).await;
    let prod = || http(policy(Profile::Prod, &[]), Names::of(&[&["127.0.0.1"]]));
    let named = format!("http://app.example:{}/", receiver.port());
    for url in [receiver.url("/"), named] {
        assert_eq!(to_function(prod(), &url).await, Ok(200));
        let Err(Undelivered::Target { why, .. }) = to_webhook(prod(), &url).await else {
            panic!("{url} came in a request")
        };
        assert!(why.contains("egress.allow = [\"127.0.0.1/32\"]"), "{why}");
    }
    assert_eq!(receiver.requests().len(), 2);
    let allowed = http(policy(Profile::Prod, &["127.0.0.0/8"]), Names::of(&[]));
    assert_eq!(to_webhook(allowed, &receiver.url("/")).await, Ok(200));
}

#[tokio::test]
async fn not_even_the_operator_gets_at_metadata() {
    let metadata = http(
        policy(Profile::Dev, &["0.0.0.0/0"]),
        Names::of(&[&["169.254.169.254"]]),
    );
    for url in [
        "http://169.254.169.254/",
        "http://meta.example/",
        "http://[fd00:ec2::254]/",
    ] {
        for outcome in [
            to_function(Arc::clone(&metadata), url).await,
            to_webhook(Arc::clone(&metadata), url).await,
        ] {
            let Err(Undelivered::Target { why, .. }) = outcome else {
                panic!("{url}")
            };
            assert!(why.contains("never called"), "{why}");
        }
    }
}

#[tokio::test]
async fn a_header_that_cannot_be_sent_is_the_events_fault() {
    let receiver = Receiver::start(ok()).await;
    let target = webhook(dev());
    let to = Destination::Webhook(receiver.url("/").into());
    let broken = [
        Message {
            headers: vec![("x".to_owned(), "a\r\nb: c".to_owned())],
            ..message()
        },
        Message {
            headers: vec![("a b".to_owned(), "c".to_owned())],
            ..message()
        },
        Message {
            id: "a\nb".to_owned(),
            ..message()
        },
    ];
    for message in broken {
        assert_eq!(
            seen(&target.deliver(&to, &message).await),
            Seen::Event(None)
        );
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_destination_of_another_kind_is_not_called() {
    let receiver = Receiver::start(ok()).await;
    let hook = Destination::Webhook(receiver.url("/").into());
    let outcome = function(dev(), &receiver.url("/"))
        .deliver(&hook, &message())
        .await;
    assert_eq!(seen(&outcome), Seen::Target(None, None));
    let function = Destination::Function("resize".into());
    let outcome = webhook(dev()).deliver(&function, &message()).await;
    assert_eq!(seen(&outcome), Seen::Target(None, None));
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn connections_are_used_again() {
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned();
    let receiver = Receiver::start(Act::Keep(text)).await;
    let target = webhook(dev());
    let to = Destination::Webhook(receiver.url("/").into());
    for _ in 0..20 {
        assert_eq!(target.deliver(&to, &message()).await, Ok(200));
    }
    assert_eq!(receiver.requests().len(), 20);
    assert!(receiver.connections() < 20, "{}", receiver.connections());
}
