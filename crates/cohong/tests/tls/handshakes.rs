//! Who is let in, who is not, and what a stop does to connections.

use std::time::Duration;

use cohong_testkit::client::Ask;
use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::{BUCKET, Identity, PATIENCE, World, ask, connect, unsigned};

#[tokio::test]
async fn any_name_or_none_gets_the_certificate() {
    let world = World::start().await;
    for name in ["127.0.0.1", "localhost", "elsewhere.example"] {
        for version in [&TLS12, &TLS13] {
            let config = world.identity.trusted(&[version]);
            let stream = connect(world.at(), config, name).await.expect(name);
            let (status, answer) = ask(stream, &unsigned("GET", "/absent")).await;
            assert_eq!(status, 403, "{name} {version:?}: {answer}");
        }
    }
    let stranger = world.connect(&Identity::new()).await;
    assert!(
        stranger.is_err(),
        "the client does not know this certificate"
    );
}

#[tokio::test]
async fn http_1_1_is_what_is_agreed_on() {
    let world = World::start().await;
    let offered = async |protocols: &[&str]| {
        let mut config = world.identity.trusted(&[&TLS13]);
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        let stream = connect(world.at(), config, "localhost").await?;
        let agreed = stream.get_ref().1.alpn_protocol();
        std::io::Result::Ok(agreed.map(<[u8]>::to_vec))
    };
    let agreed = offered(&["h2", "http/1.1"]).await.expect("connected");
    assert_eq!(agreed.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(offered(&[]).await.expect("connected"), None);
    assert!(offered(&["h2"]).await.is_err(), "nothing to agree on");
}

#[tokio::test]
async fn plain_http_is_told_to_speak_tls() {
    let world = World::start().await;
    let body = "x".repeat(10_000);
    for request in [
        unsigned("GET", "/k"),
        format!("PUT /k HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n{body}"),
    ] {
        let stream = TcpStream::connect(world.at()).await.expect("connected");
        let (status, answer) = ask(stream, &request).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer.contains("ask by https://"), "{answer}");
    }
    let mut stream = TcpStream::connect(world.at()).await.expect("connected");
    stream.write_all(&[0; 64]).await.expect("sent");
    assert!(closed(&mut stream).await, "neither TLS nor HTTP");
    assert!(world.connect(&world.identity).await.is_ok(), "it serves on");
}

/// Whether the server hangs up, whatever it says before.
async fn closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
    end.is_ok()
}

#[tokio::test]
async fn who_never_finishes_the_handshake_is_cut_off() {
    let world = World::start().await;
    let mut silent = TcpStream::connect(world.at()).await.expect("connected");
    let mut halfway = TcpStream::connect(world.at()).await.expect("connected");
    // The beginning of a record that says that 512 bytes of a hello follow.
    let begun = halfway.write_all(&[0x16, 3, 1, 2, 0, 1, 0]).await;
    begun.expect("sent");
    assert!(
        world.connect(&world.identity).await.is_ok(),
        "others are served"
    );
    let (silent, halfway) = tokio::join!(closed(&mut silent), closed(&mut halfway));
    assert!(silent && halfway);
}

/// An upload that ends in time is kept; idle connections and handshakes do not hold up the end.
#[tokio::test]
async fn a_stop_waits_for_requests_and_for_nothing_else() {
    let world = World::start().await;
    let idle = world.connect(&world.identity).await.expect("connected");
    let silent = TcpStream::connect(world.at()).await.expect("connected");
    let mut owner = world.server.client();
    let open = Ask {
        bucket: Some(BUCKET),
        query: &[("acl", "")],
        headers: &[("x-tos-acl", "public-read-write")],
        ..Ask::default()
    };
    owner.must(Method::PUT, &open).await.expect("opened");
    let mut upload = world.connect(&world.identity).await.expect("connected");
    let head = unsigned("PUT", "/k").replace(
        "\r\n\r\n",
        "\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n",
    );
    upload.write_all(head.as_bytes()).await.expect("sent");
    let mut interim = [0; 25];
    upload
        .read_exact(&mut interim)
        .await
        .expect("asked for the body");
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    upload.write_all(b"first").await.expect("sent");
    let World { server, folder, .. } = world;
    let stop = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (status, answer) = ask(upload, " last").await;
    assert_eq!(status, 200, "{answer}");
    let stopped = tokio::time::timeout(PATIENCE, stop).await;
    assert_eq!(stopped.expect("it ends").expect("joined"), Ok(Some(0)));
    let log = std::fs::read_to_string(folder.path().join("log")).expect("a log");
    assert!(!log.contains("time to drain was over"), "{log}");
    drop((idle, silent));
}
