//! Failures on the way, with a server that answers what it is told to, one connection a request.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::tos::{Error, PutOptions, Retry, TosClient};

/// What is sent for each request in turn; the last for all that follow. An empty one breaks the connection.
async fn serving(answers: &'static [&'static str]) -> (TosClient, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let asked = Arc::new(Mutex::new(Vec::new()));
    let told = asked.clone();
    tokio::spawn(async move {
        for turn in 0.. {
            let (mut stream, _) = listener.accept().await.expect("asked");
            let mut request = Vec::new();
            while !whole(&request) {
                let read = stream.read_buf(&mut request).await.expect("read");
                assert!(read > 0, "the request is whole");
            }
            let request = String::from_utf8(request).expect("UTF-8");
            told.lock().expect("no panic").push(request);
            let answer = answers.get(turn).or(answers.last()).expect("an answer");
            stream.write_all(answer.as_bytes()).await.expect("sent");
        }
    });
    let retry = Retry {
        tries: 3,
        pause_min: Duration::from_millis(1),
        pause_max: Duration::from_millis(2),
    };
    let client = TosClient::new("AK", "SK", &endpoint, "cn-beijing").expect("an endpoint");
    (client.with_retry(retry), asked)
}

fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| length.parse() == Ok(body.len()))
}

const FINE: &str =
    "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const BUSY: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const FAULT: &str = "HTTP/1.1 500 Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const CUT: &str =
    "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf";

#[tokio::test]
async fn an_upload_is_sent_again_only_when_nothing_was_done() {
    for (answers, sent, fine) in [
        (&[BUSY, BUSY, FINE][..], 3, true),
        (&[BUSY][..], 3, false),
        (&[FAULT, FINE][..], 1, false),
        (&["", FINE][..], 1, false),
    ] {
        let (client, asked) = serving(answers).await;
        let options = PutOptions::default();
        let put = client.put_object("bucket", "k", "content", &options);
        assert_eq!(put.await.is_ok(), fine, "{answers:?}");
        let asked = asked.lock().expect("no panic").clone();
        assert_eq!(asked.len(), sent, "{answers:?}");
        for request in asked {
            assert!(
                request.starts_with("PUT /k HTTP/1.1\r\n") && request.ends_with("\r\n\r\ncontent")
            );
            assert!(
                request.contains("\r\nhost: bucket.tos-cn-beijing.volces.com\r\n"),
                "{request}"
            );
            assert!(
                request.contains("\r\ncontent-md5: mgNkuembtIDdJeHwKEyFVQ==\r\n"),
                "{request}"
            );
        }
    }
}

#[tokio::test]
async fn what_only_reads_is_sent_again() {
    let (client, asked) = serving(&["", FAULT, FINE]).await;
    let head = client
        .head_object("bucket", "k")
        .await
        .expect("the third time");
    assert_eq!(
        (&*head.etag, asked.lock().expect("no panic").len()),
        ("e", 3)
    );
}

#[tokio::test]
async fn an_object_that_breaks_off_is_no_shorter_object() {
    let (client, _) = serving(&[CUT]).await;
    let mut object = client.get_object("bucket", "k").await.expect("a head");
    let error = object.read_to_end(100).await.expect_err("cut");
    assert!(matches!(error, Error::Connection(_)), "{error}");
}

#[tokio::test]
async fn answers_that_are_none_are_told() {
    for answer in [
        "no HTTP",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    ] {
        let answers: &'static [&'static str] = Box::leak(Box::new([answer]));
        let (client, _) = serving(answers).await;
        let options = PutOptions::default();
        let put = client.put_object("bucket", "k", "content", &options);
        let error = put.await.expect_err("no etag");
        assert!(matches!(error, Error::Connection(_)), "{error}");
    }
    for (bucket, key) in [("Bucket", "k"), ("bucket", ""), ("bucket", "..")] {
        let (client, asked) = serving(&[FINE]).await;
        let options = PutOptions::default();
        let put = client.put_object(bucket, key, "content", &options);
        assert!(matches!(put.await, Err(Error::Value(_))), "{bucket} {key}");
        assert!(asked.lock().expect("no panic").is_empty());
    }
}
