//! Bodies that are shorter, longer or stranger than announced; nothing half is ever stored.

use crate::World;
use crate::ask::{Ask, unsigned};

#[tokio::test]
async fn a_body_cut_short_stores_nothing() {
    let world = World::start().await;
    let half = vec![b'x'; 300 << 10];
    let length = "Content-Length: 1000000";
    let chunks = "Transfer-Encoding: chunked";
    let cases: [(&str, &str, &[u8]); 6] = [
        ("nothing at all", length, b""),
        ("a little", length, b"a little"),
        ("a third", length, &half),
        ("no last chunk", chunks, b"5\r\nhello\r\n"),
        ("half a chunk", chunks, b"100\r\nhello"),
        ("half a number", chunks, b"5\r\nhello\r\n10"),
    ];
    for (name, line, body) in cases {
        for politely in [true, false] {
            let mut raw = world.raw().await;
            raw.send(&Ask::new("PUT", "/short").line(line).head()).await;
            raw.send(body).await;
            if politely {
                raw.finish().await;
                let said = raw.until_closed().await;
                assert!(!said.starts_with(b"HTTP/1.1 200"), "{name}");
            }
            drop(raw);
            assert_eq!(world.object("short").await, None, "{name}");
        }
    }
    settled(&world).await;
}

#[tokio::test]
async fn a_part_cut_short_is_no_part() {
    let world = World::start().await;
    let mut raw = world.raw().await;
    let created = raw.ask(&Ask::new("POST", "/k?uploads=").with(b"")).await;
    let created: serde_json::Value = serde_json::from_slice(&created.body).expect("JSON");
    let upload = created["UploadId"].as_str().expect("an id");
    let target = format!("/k?partNumber=1&uploadId={upload}");
    raw.send(&Ask::new("PUT", &target).line("Content-Length: 1000").head())
        .await;
    raw.send(b"too little").await;
    drop(raw);
    let list = Ask::new("GET", &format!("/k?uploadId={upload}")).head();
    let listed = world.raw().await.ask(&list).await;
    let listed: serde_json::Value = serde_json::from_slice(&listed.body).expect("JSON");
    assert_eq!(listed["Parts"], serde_json::json!([]));
    settled(&world).await;
}

/// Waits until nothing unfinished is left on the disk; a server that forgets it never gets there.
async fn settled(world: &World) {
    for _ in 0..200 {
        if world.unfinished() == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{} unfinished bodies are left", world.unfinished());
}

/// Some clients announce the body of another request with a read.
#[tokio::test]
async fn a_read_is_answered_before_its_body_comes() {
    let world = World::start().await;
    let mut raw = world.raw().await;
    raw.send(&Ask::new("PUT", "/k").with(b"12345")).await;
    assert_eq!(raw.answer(false).await.status, 200);
    for (method, body) in [("GET", &b"12345"[..]), ("HEAD", &b""[..])] {
        let mut raw = world.raw().await;
        let ask = Ask::new(method, "/k").line("Content-Length: 9").head();
        raw.send(&ask).await;
        let answer = raw.answer(method == "HEAD").await;
        assert_eq!((answer.status, &answer.body[..]), (200, body), "{method}");
        assert!(
            raw.until_closed().await.is_empty(),
            "what follows is no request"
        );
    }
}

#[tokio::test]
async fn what_follows_a_body_is_another_request() {
    let world = World::start().await;
    let mut raw = world.raw().await;
    let mut bytes = Ask::new("PUT", "/k").with(b"12345");
    bytes.extend_from_slice(b"too much\r\n\r\n");
    assert_eq!(raw.ask(&bytes).await.status, 200);
    let rest = raw.until_closed().await;
    assert!(
        rest.is_empty() || rest.starts_with(b"HTTP/1.1 400"),
        "{}",
        String::from_utf8_lossy(&rest)
    );
    assert_eq!(world.object("k").await.as_deref(), Some(&b"12345"[..]));
}

#[tokio::test]
async fn chunks_that_make_no_sense_store_nothing() {
    let world = World::start().await;
    let long = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(1 << 20));
    let cases = [
        "-5\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\nhello\r\n0\r\n\r\n",
        "5\r\nhelloooo\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        long.as_str(),
    ];
    for body in cases {
        let mut raw = world.raw().await;
        let mut bytes = Ask::new("PUT", "/k")
            .line("Transfer-Encoding: chunked")
            .head();
        bytes.extend_from_slice(body.as_bytes());
        raw.send(&bytes).await;
        let said = raw.until_closed().await;
        let name = &body[..body.len().min(20)];
        assert!(!said.starts_with(b"HTTP/1.1 200"), "{name:?}");
        assert_eq!(world.object("k").await, None, "{name:?}");
    }
    let mut raw = world.raw().await;
    let mut bytes = Ask::new("PUT", "/k")
        .line("Transfer-Encoding: chunked")
        .head();
    bytes.extend_from_slice(b"5;a=b\r\nhello\r\n1\r\n!\r\n0\r\n\r\n");
    assert_eq!(raw.ask(&bytes).await.status, 200, "a good one");
    assert_eq!(world.object("k").await.as_deref(), Some(&b"hello!"[..]));
}

#[tokio::test]
async fn other_encodings_are_refused() {
    let world = World::start().await;
    for coding in ["gzip", "gzip, chunked", "chunked, chunked", "identity"] {
        let mut raw = world.raw().await;
        let line = format!("Transfer-Encoding: {coding}");
        let mut bytes = Ask::new("PUT", "/k").line(&line).head();
        bytes.extend_from_slice(b"5\r\nhello\r\n0\r\n\r\n");
        assert_eq!(raw.ask(&bytes).await.status, 400, "{coding}");
        assert_eq!(world.object("k").await, None, "{coding}");
    }
}

#[tokio::test]
async fn a_client_may_wait_to_be_told_to_go_on() {
    let world = World::start().await;
    let head = |ask: Ask<'_>| {
        ask.line("Content-Length: 5")
            .line("Expect: 100-continue")
            .head()
    };
    let mut raw = world.raw().await;
    let told = raw.ask(&head(Ask::new("PUT", "/k"))).await;
    assert_eq!(told.status, 100);
    assert_eq!(raw.ask(b"hello").await.status, 200);
    assert_eq!(world.object("k").await.as_deref(), Some(&b"hello"[..]));
    let mut wrong = Ask::new("PUT", "/other");
    wrong.secret_key = "another";
    let told = world.raw().await.ask(&head(wrong)).await;
    assert_eq!(
        (told.status, told.code().as_str()),
        (403, "SignatureDoesNotMatch"),
        "not told to"
    );
    let tired = Ask::new("PUT", "/unasked")
        .line("Expect: 100-continue")
        .with(b"hello");
    let mut raw = world.raw().await;
    let mut answer = raw.ask(&tired).await;
    if answer.status == 100 {
        answer = raw.answer(false).await;
    }
    assert_eq!(answer.status, 200, "who does not wait is served too");
}

#[tokio::test]
async fn requests_sent_at_once_are_answered_in_order() {
    let world = World::start().await;
    let mut bytes = Vec::new();
    for n in 0..5 {
        bytes.extend(Ask::new("PUT", "/k").with(format!("body {n}").as_bytes()));
        bytes.extend(Ask::new("GET", "/k").head());
    }
    bytes.extend(unsigned("GET", "/k"));
    bytes.extend(Ask::new("GET", "/k").head());
    let mut raw = world.raw().await;
    raw.send(&bytes).await;
    for n in 0..5 {
        assert_eq!(raw.answer(false).await.status, 200);
        assert_eq!(
            raw.answer(false).await.body,
            format!("body {n}").into_bytes()
        );
    }
    assert_eq!(raw.answer(false).await.status, 403);
    assert_eq!(raw.answer(false).await.body, b"body 4");
}
