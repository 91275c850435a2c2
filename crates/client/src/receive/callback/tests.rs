use super::*;
use http::HeaderValue;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn vectors() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/oss.json");
    let text = std::fs::read_to_string(file).expect("vectors/oss.json");
    serde_json::from_str::<Value>(&text).expect("JSON")["callback_signature"].clone()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect(name)
}

fn signed(case: &Value, key_url: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut put = |name, value: &str| {
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    };
    put("authorization", text(case, "authorization"));
    put("x-oss-pub-key-url", &STANDARD.encode(key_url));
    headers
}

const VENDOR: &str = "http://gosspublic.alicdn.com/callback_pub_key_v1.pem";

#[tokio::test]
async fn genuine_calls_pass_and_changed_ones_do_not() {
    let vectors = vectors();
    let key = CallbackKey::from_pem(text(&vectors, "public_key_pem")).expect("a key");
    let verifier = CallbackVerifier::new(&VENDOR_KEYS)
        .expect("a verifier")
        .with_key(VENDOR, key);
    let cases = vectors["cases"].as_array().expect("a list");
    assert_eq!(cases.len(), 4);
    for case in cases {
        let (target, body) = (text(case, "request_target"), text(case, "body"));
        let headers = signed(case, VENDOR);
        let judged = verifier.verify(target, &headers, body.as_bytes()).await;
        judged.expect("genuine");
        let longer = format!("{body} ");
        for (target, body) in [(target, &*longer), (&*format!("{target}x"), body)] {
            let judged = verifier.verify(target, &headers, body.as_bytes()).await;
            assert!(matches!(judged, Err(Refused::Mismatch)), "{target} {body}");
        }
    }
}

#[test]
fn claims_are_read_whole_or_not_at_all() {
    let vectors = vectors();
    let headers = signed(&vectors["cases"][0], VENDOR);
    assert_eq!(
        CallbackClaim::read(&headers).expect("a claim").key_url,
        VENDOR
    );
    for (name, value) in [
        ("authorization", None),
        ("authorization", Some("OSS key:signature")),
        ("x-oss-pub-key-url", None),
        ("x-oss-pub-key-url", Some("http://h/")),
        ("x-oss-pub-key-url", Some("/w==")),
    ] {
        let mut headers = headers.clone();
        headers.remove(name);
        if let Some(value) = value {
            headers.insert(name, HeaderValue::from_static(value));
        }
        assert!(CallbackClaim::read(&headers).is_err(), "{name} {value:?}");
    }
    let mut twice = headers.clone();
    twice.append("authorization", HeaderValue::from_static("AAAA"));
    assert!(CallbackClaim::read(&twice).is_err());
    let mut long = headers;
    let value = HeaderValue::from_str(&"A".repeat(1372)).expect("a value");
    long.insert("authorization", value);
    assert!(CallbackClaim::read(&long).is_err());
}

#[test]
fn only_keys_below_a_trusted_prefix_are_read() {
    let verifier = CallbackVerifier::new(&["http://h:9000/.cohong/", VENDOR_KEYS[0]]);
    let verifier = verifier.expect("a verifier");
    for (url, trusted) in [
        ("http://h:9000/.cohong/callback_pub_key_1.pem", true),
        (VENDOR, true),
        ("http://h:9000/bucket/key.pem", false),
        ("http://h:9000/.cohong/../bucket/key.pem", false),
        ("http://h:9000/.cohong/%2e%2e/bucket/key.pem", false),
        ("http://h:9000/.cohong", false),
        ("https://h:9000/.cohong/k", false),
        ("http://h/.cohong/k", false),
        ("http://h:9000@evil/.cohong/k", false),
        ("http://u:p@h:9000/.cohong/k", false),
        ("http://gosspublic.alicdn.com.evil/k", false),
        ("http://gosspublic.alicdn.com@evil/k", false),
        ("file:///.cohong/k", false),
        ("", false),
    ] {
        assert_eq!(verifier.trusted(url).is_ok(), trusted, "{url}");
    }
    for bad in [
        "",
        "h:9000/",
        "http://h",
        "ftp://h/",
        "http://h/folder",
        "http://u@h/",
        "http://h/?q/",
    ] {
        let made = CallbackVerifier::new(&[bad]);
        // A host without a path has the path `/`.
        assert_eq!(made.is_ok(), bad == "http://h", "{bad}");
    }
}

/// A server that answers every request with the same.
async fn serving(answer: String) -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let at = format!(
        "http://{}/.cohong/",
        listener.local_addr().expect("an address")
    );
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut head = [0; 4096];
            let read = stream.read(&mut head).await.expect("asked");
            assert!(read > 0);
            stream.write_all(answer.as_bytes()).await.expect("answered");
        }
    });
    (at, asked)
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}

#[tokio::test]
async fn a_key_is_read_once_and_what_is_no_key_is_told() {
    let vectors = vectors();
    let case = &vectors["cases"][0];
    let (target, body) = (text(case, "request_target"), text(case, "body"));
    let pem = text(&vectors, "public_key_pem");
    let large = "x".repeat(PEM_BYTES_MAX + 1);
    for (answer, fine) in [
        (answer("200 OK", pem), true),
        (answer("404 Not Found", pem), false),
        (
            answer("302 Found\r\nLocation: http://127.0.0.1/", ""),
            false,
        ),
        (answer("200 OK", "no key"), false),
        (answer("200 OK", &large), false),
        ("no HTTP".to_owned(), false),
    ] {
        let (at, asked) = serving(answer).await;
        let verifier = CallbackVerifier::new(&[&at]).expect("a verifier");
        let headers = signed(case, &format!("{at}k.pem"));
        for _ in 0..2 {
            let judged = verifier.verify(target, &headers, body.as_bytes()).await;
            if fine {
                judged.expect("genuine");
            } else {
                assert!(matches!(judged, Err(Refused::Key(_))));
            }
        }
        let count = asked.load(std::sync::atomic::Ordering::SeqCst);
        assert_eq!(count, if fine { 1 } else { 2 });
        let forged = signed(case, "http://127.0.0.1:1/k.pem");
        let judged = verifier.verify(target, &forged, body.as_bytes()).await;
        assert!(matches!(judged, Err(Refused::Untrusted(_))));
    }
}
