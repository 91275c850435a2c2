//! The operator's interface, asked byte by byte.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_testkit::instance::{ACCESS_KEY, SECRET_KEY, Start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::World;

/// Name, headers, body, status.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, &'a str, u16);

/// Sends an order with the root key; status and whole answer.
async fn order(world: &World, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let key = STANDARD.encode(format!("{ACCESS_KEY}:{SECRET_KEY}"));
    let lines: String = headers
        .iter()
        .flat_map(|(name, value)| [name, ": ", value, "\r\n"])
        .collect();
    let request = format!(
        "POST /admin/v1/keys HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Basic {key}\r\n{lines}\r\n{body}"
    );
    let mut stream = TcpStream::connect(world.server.admin())
        .await
        .expect("connected");
    // The server may answer and close before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).expect("text");
    let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok());
    (status.expect("a status"), answer)
}

#[tokio::test]
async fn orders_are_short_json_and_come_from_no_page() {
    let world = World::start(&Start::default()).await;
    let json = ("Content-Type", "application/json");
    let good = r#"{"account":"bob"}"#;
    let deep = format!(r#"{{"account":{}{}}}"#, "[".repeat(9999), "]".repeat(9999));
    let large = format!(r#"{{"account":"{}"}}"#, "a".repeat(2 << 20));
    let cases: Vec<Case<'_>> = vec![
        (
            "from a page",
            vec![json, ("Origin", "http://evil.example")],
            good,
            403,
        ),
        ("from nowhere", vec![json, ("Origin", "null")], good, 403),
        ("as a form", vec![("Content-Type", "text/plain")], good, 415),
        ("of no type", vec![], good, 415),
        ("too long", vec![json], &large, 413),
        ("too deep", vec![json], &deep, 422),
        ("no JSON", vec![json], "{", 400),
        (
            "a member twice",
            vec![json],
            r#"{"account":"a","account":"b"}"#,
            422,
        ),
        (
            "an unknown member",
            vec![json],
            r#"{"account":"a","admin":true}"#,
            422,
        ),
        ("a bad account", vec![json], r#"{"account":"a\r\nb"}"#, 400),
        (
            "an endless life",
            vec![json],
            r#"{"account":"a","temporary_seconds":18446744073709551615}"#,
            400,
        ),
    ];
    for (name, mut headers, body, status) in cases {
        let length = body.len().to_string();
        headers.push(("Content-Length", &length));
        let (found, answer) = order(&world, &headers, body).await;
        assert_eq!(found, status, "{name}: {answer}");
        assert!(!answer.contains("secret_key"), "{name}: {answer}");
    }
    let length = good.len().to_string();
    let (status, answer) = order(&world, &[json, ("Content-Length", &length)], good).await;
    assert_eq!(status, 200, "{answer}");
    let keys = world
        .server
        .command(crate::binary(), &["key", "ls", "--account", "a"])
        .await
        .expect("listed");
    assert_eq!(keys, serde_json::json!([]));
}
