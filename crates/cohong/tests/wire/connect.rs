//! `CONNECT`: a way to this server under a vendor's name, and to nobody else.

use cohong_testkit::instance::{Instance, Start};
use tokio::net::TcpListener;

use crate::ask::{Ask, host, unsigned};
use crate::raw::Raw;
use crate::{BUCKET, World, binary};

/// The request for a way to `target`.
pub(crate) fn connect(target: &str) -> Vec<u8> {
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn a_way_to_others_is_refused_and_nobody_is_dialled() {
    let world = World::start().await;
    let other = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = other.local_addr().expect("an address").port();
    let own = world.server.listen();
    let admin = world.server.admin();
    let vendor = host();
    let targets = [
        "example.org:443".to_owned(),
        "example.org:80".into(),
        "volces.com:443".into(),
        "sts.amazonaws.com:443".into(),
        "evil-tos-cn-beijing.volces.com.example.org:443".into(),
        "tos-cn-beijing.volces.com.:443".into(),
        format!("{vendor}:{port}"),
        format!("{vendor}:22"),
        format!("{vendor}:0"),
        format!("user@{vendor}:443"),
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("[::1]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        "127.0.0.1:443".into(),
        "localhost:443".into(),
        "bucket.localhost:443".into(),
        "169.254.169.254:80".into(),
        "100.96.0.96:80".into(),
        "2130706433:80".into(),
        "0x7f000001:80".into(),
        own.to_string(),
        admin.to_string(),
    ];
    for target in targets {
        let mut raw = world.raw().await;
        let mut request = connect(&target);
        // What comes behind is for nobody.
        request.extend(Ask::new("PUT", "/smuggled").with(b"x"));
        let answer = raw.ask(&request).await;
        assert_eq!(answer.status, 403, "{target}: {answer:?}");
        assert!(
            !raw.still_serves().await,
            "{target}: the connection goes on"
        );
    }
    let nobody = tokio::time::timeout(std::time::Duration::ZERO, other.accept()).await;
    assert!(nobody.is_err(), "somebody was dialled");
    assert!(world.keys().await.is_empty(), "nothing is stored");
}

#[tokio::test]
async fn a_malformed_request_for_a_way_ends_the_connection() {
    let world = World::start().await;
    let vendor = host();
    for request in [
        "CONNECT / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(),
        format!("CONNECT http://{vendor}/ HTTP/1.1\r\nHost: {vendor}\r\n\r\n"),
        format!("CONNECT {vendor} HTTP/1.1\r\nHost: {vendor}\r\n\r\n"),
        format!("CONNECT {vendor}:443x HTTP/1.1\r\nHost: {vendor}\r\n\r\n"),
        format!("CONNECT {vendor}:443 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
        format!("CONNECT {vendor}:443 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("CONNECT {vendor}:443 HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 9\r\n\r\n"),
    ] {
        let mut raw = world.raw().await;
        let answer = raw.ask(request.as_bytes()).await;
        assert!((400..500).contains(&answer.status), "{request}: {answer:?}");
        assert!(
            !raw.still_serves().await,
            "{request}: the connection goes on"
        );
    }
}

/// Port 80 is plain HTTP, served as any other; a client that sends no `Host`, as old ones do, gets there too.
#[tokio::test]
async fn a_way_to_a_name_of_ours_ends_here() {
    let world = World::start().await;
    let vendor = host();
    for head in [
        format!("CONNECT {vendor}:80 HTTP/1.1\r\nHost: {vendor}:80\r\n\r\n"),
        format!("CONNECT {vendor}:80 HTTP/1.0\r\n\r\n"),
        format!("connect {vendor}:80 HTTP/1.1\r\n\r\n").replace("connect", "CONNECT"),
        format!("CONNECT {vendor}:80 HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let mut raw = world.raw().await;
        assert_eq!(raw.ask(head.as_bytes()).await.status, 200, "{head}");
        for key in ["/a", "/b"] {
            assert_eq!(raw.ask(&Ask::new("PUT", key).with(b"x")).await.status, 200);
        }
        let again = raw.ask(&connect(&format!("{vendor}:80"))).await;
        assert_eq!(again.status, 403, "within another: {again:?}");
        assert!(!raw.still_serves().await);
    }
    assert_eq!(world.keys().await, ["a", "b"]);
    // Sent at once, without waiting for the answer.
    let mut raw = world.raw().await;
    let mut both = connect(&format!("{vendor}:80"));
    both.extend(Ask::new("PUT", "/c").with(b"x"));
    assert_eq!(raw.ask(&both).await.status, 200);
    assert_eq!(raw.answer(false).await.status, 200);
    assert_eq!(world.keys().await, ["a", "b", "c"]);
}

/// Behind port 443 there is TLS or nothing.
#[tokio::test]
async fn plain_words_in_a_way_for_tls_are_not_heard() {
    let world = World::start().await;
    let mut raw = world.raw().await;
    let mut both = connect(&format!("{}:443", host()));
    both.extend(Ask::new("PUT", "/smuggled").with(b"x"));
    assert_eq!(raw.ask(&both).await.status, 200);
    let rest = raw.until_closed().await;
    assert!(!rest.starts_with(b"HTTP"), "{rest:?}");
    assert!(world.keys().await.is_empty(), "nothing is stored");
}

#[tokio::test]
async fn absolute_targets_of_others_go_nowhere() {
    let world = World::start().await;
    let other = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = other.local_addr().expect("an address").to_string();
    for host in [
        at.as_str(),
        "example.org",
        "169.254.169.254",
        "sts.amazonaws.com",
    ] {
        for scheme in ["http", "https"] {
            let request =
                format!("GET {scheme}://{host}/latest/meta-data HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let answer = world.raw().await.ask(request.as_bytes()).await;
            assert!(
                (400..500).contains(&answer.status),
                "{scheme}://{host}: {answer:?}"
            );
        }
    }
    let nobody = tokio::time::timeout(std::time::Duration::ZERO, other.accept()).await;
    assert!(nobody.is_err(), "somebody was dialled");
}

#[tokio::test]
async fn without_an_authority_there_is_no_way_and_no_key_of_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let off = ("COHONG_TLS_LOCAL_CA".to_owned(), "false".to_owned());
    let start = Start {
        env: vec![off],
        ..Start::default()
    };
    let started = Instance::start(binary(), folder.path(), &start).await;
    let server = started.expect("started");
    server
        .client()
        .create_bucket(BUCKET)
        .await
        .expect("created");
    let mut raw = Raw::open(server.listen()).await;
    let answer = raw.ask(&connect(&format!("{}:443", host()))).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(text.contains("tls.local_ca"), "{text}");
    // The beginning of a handshake is no HTTP.
    let mut raw = Raw::open(server.listen()).await;
    raw.send(&[0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]).await;
    let end = raw.until_closed().await;
    assert!(
        end.is_empty() || end.starts_with(b"HTTP/1.1 400"),
        "{end:?}"
    );
    let mut raw = Raw::open(server.listen()).await;
    assert_eq!(raw.ask(&unsigned("GET", "/k")).await.status, 403);
    assert!(!folder.path().join("ca").exists());
    let refused = server.command(binary(), &["env"]).await.expect_err("off");
    assert!(refused.contains("tls.local_ca"), "{refused}");
}
