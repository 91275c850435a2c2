//! Heads that two readers could understand differently, that never end, or that are too large.

use crate::World;
use crate::ask::{Ask, host, unsigned};
use crate::connect::connect;
use crate::raw::find;

#[tokio::test]
async fn ambiguous_heads_are_refused_and_end_the_connection() {
    let world = World::start().await;
    let put = || Ask::new("PUT", "/k");
    let cases = [
        (
            "two hosts",
            put().line(&format!("Host: {}", host())).with(b"x"),
        ),
        (
            "another host",
            put()
                .line("Host: other.tos-cn-beijing.volces.com")
                .with(b"x"),
        ),
        ("two lengths", put().line("Content-Length: 2").with(b"x")),
        ("length no number", put().line("Content-Length: one").head()),
        ("negative length", put().line("Content-Length: -1").head()),
        (
            "two signatures",
            put().line("Authorization: TOS4-HMAC-SHA256 x").with(b"x"),
        ),
        ("folded line", put().line("x-folded: a\r\n b").with(b"x")),
        ("space before colon", put().line("x-spaced : a").with(b"x")),
        ("NUL in a value", put().line("x-nul: a\0b").with(b"x")),
        ("no host", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        (
            "another target",
            absolute("other.tos-cn-beijing.volces.com"),
        ),
        ("no HTTP", b"nonsense\r\n\r\n".to_vec()),
    ];
    for (name, request) in cases {
        let mut raw = world.raw().await;
        let answer = raw.ask(&request).await;
        assert!((400..500).contains(&answer.status), "{name}: {answer:?}");
        assert!(!raw.still_serves().await, "{name}: the connection goes on");
    }
    assert!(world.keys().await.is_empty(), "nothing is stored");
}

/// Of a length and chunks the chunks count, and nothing behind them is read as a request: whatever
/// stands between client and server may have read it the other way (RFC 9112 section 6.3).
#[tokio::test]
async fn chunks_beside_a_length_end_the_connection() {
    let world = World::start().await;
    let mut body = b"1\r\nx\r\n0\r\n\r\n".to_vec();
    body.extend(Ask::new("PUT", "/smuggled").with(b"x"));
    let chunks = "Transfer-Encoding: chunked";
    let first = Ask::new("PUT", "/k").line(chunks).line("Content-Length: 5");
    let second = Ask::new("PUT", "/k").line("Content-Length: 5").line(chunks);
    for ask in [first, second] {
        let mut bytes = ask.head();
        bytes.extend_from_slice(&body);
        let mut raw = world.raw().await;
        let answer = raw.ask(&bytes).await;
        assert!(
            answer.status == 400 || answer.header("connection") == Some("close"),
            "{answer:?}"
        );
        assert!(
            raw.until_closed().await.is_empty(),
            "nothing else is answered"
        );
        assert_eq!(world.object("smuggled").await, None);
    }
}

/// A bare line feed ends a line of a head, as RFC 9112 section 2.2 lets it and relays in front do too; a bare carriage
/// return ends nothing. Either way the body that was told is the body, and nothing behind it is stored.
#[tokio::test]
async fn bare_line_ends_smuggle_nothing() {
    let world = World::start().await;
    let smuggled = Ask::new("PUT", "/smuggled").line("Connection: close");
    let smuggled = smuggled.with(b"x");
    let put = |line: &str| Ask::new("PUT", "/k").line(line).head();
    let alone: Vec<u8> = put("Content-Length: 1")
        .into_iter()
        .filter(|byte| *byte != b'\r')
        .collect();
    let chunks = [&put("Transfer-Encoding: chunked")[..], b"1\nx\n0\n\n"].concat();
    let cases = [
        (
            "a feed in a value",
            put("x-feed: a\nContent-Length: 1"),
            true,
        ),
        ("feeds alone", alone, true),
        (
            "a return in a value",
            put("x-return: a\rContent-Length: 1"),
            false,
        ),
        ("feeds in chunks", chunks, false),
    ];
    for (name, mut bytes, is_read) in cases {
        bytes.extend(&smuggled);
        let mut raw = world.raw().await;
        raw.send(&bytes).await;
        let said = String::from_utf8_lossy(&raw.until_closed().await).into_owned();
        let good = said.matches("HTTP/1.1 200").count();
        assert_eq!(good, usize::from(is_read), "{name}: {said}");
        assert_eq!(world.object("smuggled").await, None, "{name}");
    }
    // The first byte behind the head.
    assert_eq!(world.object("k").await.as_deref(), Some(&b"P"[..]));
}

/// A request whose target names another host than its `Host` header.
fn absolute(authority: &str) -> Vec<u8> {
    let host = host();
    format!("GET http://{authority}/k HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn absolute_targets_of_the_same_host_are_served() {
    let world = World::start().await;
    let answer = world.raw().await.ask(&absolute(&host())).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (403, "AccessDenied")
    );
    let elsewhere = b"GET /k HTTP/1.1\r\nHost: somewhere.example\r\n\r\n";
    let answer = world.raw().await.ask(elsewhere).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "InvalidArgument")
    );
}

#[tokio::test]
async fn heads_have_a_limit() {
    let world = World::start().await;
    let long = "v".repeat(70 << 10);
    let path = format!("/{}", "k".repeat(70 << 10));
    let many = (0..200).fold(Ask::new("GET", "/k"), |ask, n| {
        ask.line(&format!("x-{n}: v"))
    });
    let cases = [
        (
            "a long value",
            Ask::new("GET", "/k")
                .line(&format!("x-long: {long}"))
                .head(),
        ),
        ("a long target", unsigned("GET", &path)),
        ("many lines", many.head()),
    ];
    for (name, request) in cases {
        let answer = world.raw().await.ask(&request).await;
        assert!(
            (400..500).contains(&answer.status),
            "{name}: {}",
            answer.status
        );
    }
    assert_eq!(
        world.raw().await.ask(&unsigned("GET", "/k")).await.status,
        403,
        "and it serves on"
    );
}

/// The limits are 30 s each; all run at the same time here. A connection idles between two requests for longer.
#[tokio::test]
async fn whoever_stops_sending_is_cut_off() {
    let world = World::start().await;
    let (mut silent, mut idle) = (world.raw().await, world.raw().await);
    let (mut head, mut body) = (world.raw().await, world.raw().await);
    let mut tunnel = world.raw().await;
    tunnel.ask(&connect(&format!("{}:80", host()))).await;
    for served in [&mut idle, &mut head, &mut tunnel] {
        assert!(served.still_serves().await);
    }
    head.send(b"GET /k HTTP/1.1\r\nHost: ").await;
    body.send(&Ask::new("PUT", "/k").line("Content-Length: 100").head())
        .await;
    body.send(b"only this").await;
    let (of_head, of_body, of_silent) = tokio::join!(
        head.until_closed(),
        body.until_closed(),
        silent.until_closed()
    );
    assert!(find(&of_head, b" 200 ").is_none() && find(&of_body, b" 200 ").is_none());
    assert!(of_silent.is_empty());
    assert!(idle.still_serves().await, "an idle connection is kept");
    assert!(tunnel.still_serves().await, "and one in a tunnel");
    assert!(world.keys().await.is_empty());
    assert_eq!(world.unfinished(), 0);
}

/// What nobody wants is read all the same: closing with bytes unread would take the answer back.
#[tokio::test]
async fn whoever_is_refused_while_sending_is_told_why() {
    let world = World::start().await;
    let mut ask = Ask::new("PUT", "/k");
    ask.secret_key = "another";
    let request = ask.with(&vec![b'x'; 32 << 20]);
    let mut raw = world.raw().await;
    let answer = raw.ask(&request).await;
    assert_eq!(
        (answer.status, &*answer.code()),
        (403, "SignatureDoesNotMatch")
    );
    assert!(!raw.still_serves().await, "the connection goes on");
    assert!(world.keys().await.is_empty(), "nothing is stored");
}

/// One write each: a head that waits for the acknowledgement of another packet costs 40 ms.
#[tokio::test]
async fn small_answers_leave_in_one_piece() {
    let world = World::start().await;
    let body = vec![b'x'; 4096];
    world
        .server
        .client()
        .put(crate::BUCKET, "small", body.clone().into())
        .await
        .expect("stored");
    let mut raw = world.raw().await;
    for _ in 0..20 {
        raw.send(&Ask::new("GET", "/small").head()).await;
        let piece = raw.piece().await;
        assert!(piece.starts_with(b"HTTP/1.1 200 OK\r\n"));
        let end = find(&piece, b"\r\n\r\n").expect("a whole head");
        assert!(
            piece[end + 4..] == body,
            "{} bytes came with the head",
            piece.len() - end - 4
        );
    }
}

#[tokio::test]
async fn errors_to_head_have_no_body() {
    let world = World::start().await;
    let mut raw = world.raw().await;
    for (request, status, ec) in [
        (Ask::new("HEAD", "/absent").head(), 404, "0017-00000003"),
        (unsigned("HEAD", "/absent"), 403, "0015-00000001"),
        (Ask::new("HEAD", "/absent").head(), 404, "0017-00000003"),
    ] {
        raw.send(&request).await;
        let answer = raw.answer(true).await;
        assert_eq!(
            (answer.status, answer.header("x-tos-ec")),
            (status, Some(ec))
        );
        assert_eq!(answer.header("content-length").unwrap_or("0"), "0");
        assert!(
            answer
                .header("x-tos-request-id")
                .is_some_and(|id| !id.is_empty())
        );
    }
}
