//! Events that are refused by the running server: the vendor's status and code, and nothing is accepted.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use cohong_testkit::instance::{ACCESS_KEY, Instance, SECRET_KEY};
use cohong_testkit::sync_task::{Counts, From, Task, exchange, sign};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{SOURCE, bucket, folder, start};

/// A task that reads from a bucket of the same server.
async fn task(server: &Instance) -> Task {
    drop(bucket(server, SOURCE).await);
    drop(bucket(server, "copies").await);
    let from = From {
        region: "local",
        bucket: SOURCE,
        secret: SECRET_KEY,
    };
    Task::create(server, &from, "copies").await.unwrap()
}

fn keys(keys: &[&str]) -> Bytes {
    json!({ "object_keys": keys }).to_string().into()
}

/// Status, code of the error, and whether it says when to come again.
async fn told(
    server: &Instance,
    target: &str,
    headers: HeaderMap,
    body: Bytes,
) -> (u16, String, bool) {
    let told = exchange(server.listen(), Method::POST, target, headers, body).await;
    let (status, headers, body) = told.unwrap();
    let again = headers.contains_key("retry-after");
    if status == StatusCode::OK {
        return (200, String::new(), again);
    }
    assert!(headers.contains_key("x-request-id"), "{target}");
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert!(!body["error_msg"].as_str().unwrap().is_empty());
    let code = body["error_code"].as_str().unwrap().to_owned();
    (status.as_u16(), code, again)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_event_is_told_and_nothing_of_it_is_accepted() {
    let folder = folder();
    let server = start(&folder).await;
    let task = task(&server).await;
    let events = format!("{}/events", task.path());
    let (tasks, _) = task.path().rsplit_once('/').unwrap();
    let many = |n: usize| vec!["k"; n];
    let long = |n: usize| keys(&["good", &"k".repeat(n)]);
    let of_task = |id: &str| format!("{tasks}/{id}/events");
    let good = keys(&["good"]);
    let large = Bytes::from(vec![b' '; (2 << 20) + 1]);
    let table: Vec<(String, Bytes, (u16, &str))> = vec![
        (events.clone(), keys(&[]), (400, "OMS.1003")),
        (events.clone(), keys(&many(101)), (400, "OMS.1003")),
        (events.clone(), keys(&["good", ""]), (400, "OMS.1003")),
        (events.clone(), long(1025), (400, "OMS.1003")),
        (events.clone(), long(16_384), (400, "OMS.1003")),
        (events.clone(), long(16_385), (400, "OMS.1003")),
        (events.clone(), keys(&["good", "bad%"]), (400, "OMS.1003")),
        (events.clone(), keys(&["good", "bad%2"]), (400, "OMS.1003")),
        (events.clone(), keys(&["good", "bad%zz"]), (400, "OMS.1003")),
        (events.clone(), keys(&["good", "%ff"]), (400, "OMS.1003")),
        (events.clone(), keys(&["good", "%00"]), (400, "OMS.1003")),
        (
            events.clone(),
            "{object_keys:[a]}".into(),
            (400, "OMS.1006"),
        ),
        (
            events.clone(),
            "{\"object_keys\": [\"a\"".into(),
            (400, "OMS.1006"),
        ),
        (events.clone(), Bytes::new(), (400, "OMS.1006")),
        (events.clone(), "{}".into(), (400, "OMS.1004")),
        (
            events.clone(),
            "{\"object_keys\": \"a\"}".into(),
            (400, "OMS.1010"),
        ),
        (
            events.clone(),
            "{\"object_keys\": [1]}".into(),
            (400, "OMS.1010"),
        ),
        (events.clone(), large, (413, "OMS.0004")),
        (of_task("unknown"), good.clone(), (404, "OMS.1009")),
        (
            of_task("%7Bsync_task_id%7D"),
            good.clone(),
            (404, "OMS.1009"),
        ),
        (of_task(""), good.clone(), (404, "OMS.1009")),
        (of_task(&"i".repeat(1024)), good.clone(), (404, "OMS.1009")),
        (of_task(&"i".repeat(1025)), good.clone(), (400, "OMS.1003")),
        (
            events.replacen("/v2/", "/v2/x", 1),
            good.clone(),
            (403, "OMS.0072"),
        ),
    ];
    for (target, body, (status, code)) in table {
        let key = (ACCESS_KEY, SECRET_KEY);
        let headers = sign(server.listen(), &Method::POST, &target, &body, key).unwrap();
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answer = told(&server, &target, headers, body).await;
        assert_eq!(answer, (status, code.into(), false), "{target} {shown}");
    }
    for key in [(ACCESS_KEY, "wrong"), ("AKNOBODY", SECRET_KEY)] {
        let headers = sign(server.listen(), &Method::POST, &events, &good, key).unwrap();
        let answer = told(&server, &events, headers, good.clone()).await;
        assert_eq!(answer, (401, "APIGW.0301".into(), false), "{key:?}");
    }
    for token in [
        String::new(),
        "t".into(),
        "t".repeat(16_384),
        "t".repeat(16_385),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert("host", server.listen().to_string().parse().unwrap());
        headers.insert("x-auth-token", HeaderValue::from_str(&token).unwrap());
        let answer = told(&server, &events, headers, good.clone()).await;
        assert_eq!(answer, (401, "APIGW.0301".into(), false), "{}", token.len());
    }
    assert_eq!(task.counts(&server).await.unwrap(), Counts::default());
    let stop = format!("{}/stop", task.path());
    for (target, wanted) in [(&stop, (200, "")), (&events, (400, "OMS.1036"))] {
        let key = (ACCESS_KEY, SECRET_KEY);
        let headers = sign(server.listen(), &Method::POST, target, &good, key).unwrap();
        let answer = told(&server, target, headers, good.clone()).await;
        assert_eq!(answer, (wanted.0, wanted.1.into(), false), "{target}");
    }
    assert_eq!(task.counts(&server).await.unwrap(), Counts::default());
    server.kill().await.unwrap();
}

/// A request whose head was on its way when the server was told to stop.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_takes_no_event_and_says_when_to_come_again() {
    let folder = folder();
    let server = start(&folder).await;
    let task = task(&server).await;
    let target = format!("{}/events", task.path());
    let body = keys(&["late"]);
    let key = (ACCESS_KEY, SECRET_KEY);
    let headers = sign(server.listen(), &Method::POST, &target, &body, key).unwrap();
    let mut connection = TcpStream::connect(server.listen()).await.unwrap();
    let mut head = format!(
        "POST {target} HTTP/1.1\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in &headers {
        write!(head, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
    }
    connection.write_all(head.as_bytes()).await.unwrap();
    // The head is with the server's connection once another one has been served.
    let before = task.counts(&server).await.unwrap();
    let address = server.listen();
    let stopping = tokio::spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    connection.write_all(b"\r\n").await.unwrap();
    connection.write_all(&body).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(
        answer.contains("\r\nretry-after: ") && answer.contains("OMS.1001"),
        "{answer}"
    );
    assert_eq!(stopping.await.unwrap().unwrap(), Some(0));
    let server = start(&folder).await;
    assert_eq!(task.counts(&server).await.unwrap(), before);
    server.kill().await.unwrap();
}
