//! The vendors' names, with the authority of the server's own: over `CONNECT`, on the plain listener, and on a TLS
//! listener without files. What a client trusts here is that authority and nothing else.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cohong_testkit::instance::{Instance, Start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::{PATIENCE, ask, binary};

/// Names of all dialects, as their SDKs ask for them.
const OURS: [&str; 9] = [
    "tos-cn-beijing.volces.com",
    "a-bucket.tos-cn-guangzhou.ivolces.com",
    "a.b.oss-cn-hangzhou.aliyuncs.com",
    "s3.amazonaws.com",
    "a-bucket.s3.eu-west-1.amazonaws.com",
    "oms.cn-north-4.myhuaweicloud.com",
    "iam.myhuaweicloud.com",
    "cn-hangzhou.oas.aliyuncs.com",
    "A-Bucket.OSS-cn-beijing.aliyuncs.com",
];

async fn start(folder: &Path, args: &[&str]) -> Instance {
    let start = Start {
        args: args.iter().map(|word| (*word).to_owned()).collect(),
        ..Start::default()
    };
    let started = Instance::start(binary(), folder, &start).await;
    started.expect("started")
}

/// A client that trusts what `cohong env` wrote.
async fn trusting(server: &Instance) -> ClientConfig {
    server.command(binary(), &["env"]).await.expect("told");
    config(&certificate(server))
}

fn certificate(server: &Instance) -> Vec<u8> {
    std::fs::read(server.folder().join("ca/certificate.pem")).expect("a certificate")
}

fn config(pem: &[u8]) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(pem).expect("a certificate");
    roots.add(root).expect("a root");
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

async fn way(at: SocketAddr, host: &str) -> TcpStream {
    let mut stream = TcpStream::connect(at).await.expect("connected");
    let head = format!("CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.expect("answered"));
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{host}");
    stream
}

async fn shake(
    stream: TcpStream,
    config: &ClientConfig,
    name: &'static str,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name).expect("a name");
    let connector = TlsConnector::from(Arc::new(config.clone()));
    connector.connect(name, stream).await
}

fn unsigned(host: &str) -> String {
    format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
}

#[tokio::test]
async fn names_of_vendors_are_vouched_for_and_served() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(folder.path(), &[]).await;
    let config = trusting(&server).await;
    for name in OURS {
        let stream = way(server.listen(), name).await;
        let stream = shake(stream, &config, name).await.expect(name);
        let (status, answer) = ask(stream, &unsigned(name)).await;
        assert!((400..500).contains(&status), "{name}: {answer}");
    }
    // The listener itself speaks TLS as well, by these names, by its own, and by its address.
    for name in [
        "s3.amazonaws.com",
        "localhost",
        "bucket.localhost",
        "127.0.0.1",
    ] {
        let stream = TcpStream::connect(server.listen())
            .await
            .expect("connected");
        let stream = shake(stream, &config, name).await.expect(name);
        let (status, answer) = ask(stream, &unsigned(name)).await;
        assert!((400..500).contains(&status), "{name}: {answer}");
    }
}

#[tokio::test]
async fn names_of_others_are_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(folder.path(), &["--tls-listen", "127.0.0.1:0"]).await;
    let config = trusting(&server).await;
    let tls = server.tls().expect("a TLS listener");
    let names = [
        "example.org",
        "sts.amazonaws.com",
        "volces.com",
        "a.iam.myhuaweicloud.com",
    ];
    for name in names {
        for at in [server.listen(), tls] {
            let stream = TcpStream::connect(at).await.expect("connected");
            assert!(shake(stream, &config, name).await.is_err(), "{name}");
        }
        let stream = way(server.listen(), "s3.amazonaws.com").await;
        assert!(
            shake(stream, &config, name).await.is_err(),
            "{name} in a tunnel"
        );
    }
    let stream = TcpStream::connect(tls).await.expect("connected");
    assert!(shake(stream, &config, "localhost").await.is_ok());
    // CONNECT is for plain connections.
    let stream = TcpStream::connect(tls).await.expect("connected");
    let stream = shake(stream, &config, "s3.amazonaws.com")
        .await
        .expect("ours");
    let request = "CONNECT s3.amazonaws.com:443 HTTP/1.1\r\nHost: s3.amazonaws.com:443\r\n\r\n";
    assert_eq!(ask(stream, request).await.0, 403);
}

/// The key stays, so that who trusts an earlier certificate goes on.
#[tokio::test]
async fn an_earlier_certificate_is_trusted_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(folder.path(), &[]).await;
    let config = trusting(&server).await;
    let before = certificate(&server);
    let key = folder.path().join("ca/key.pem");
    let mode = std::fs::metadata(&key).expect("a key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let secret = std::fs::read(&key).expect("read");
    assert_eq!(server.stop().await, Ok(Some(0)));
    let server = start(folder.path(), &[]).await;
    assert_eq!(std::fs::read(&key).expect("read"), secret);
    trusting(&server).await;
    assert!(certificate(&server) != before, "made anew");
    let stream = way(server.listen(), OURS[0]).await;
    assert!(shake(stream, &config, OURS[0]).await.is_ok());
    assert_eq!(server.stop().await, Ok(Some(0)));
    std::fs::write(&key, "no key").expect("written");
    let start = Instance::start(binary(), folder.path(), &Start::default()).await;
    assert!(start.is_err(), "a damaged key is not replaced silently");
}

#[tokio::test]
async fn configured_domains_are_stood_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cohong.toml");
    let text = "[oss]\ndomains = [\"oss.example.org\"]\n[oss.custom_domains]\n\"pictures.example.net\" = \"pictures\"\n";
    std::fs::write(&file, text).expect("written");
    let data = folder.path().join("data");
    let server = start(&data, &["--config", file.to_str().expect("UTF-8")]).await;
    let config = trusting(&server).await;
    for name in [
        "oss.example.org",
        "b.oss.example.org",
        "pictures.example.net",
    ] {
        let stream = way(server.listen(), name).await;
        assert!(shake(stream, &config, name).await.is_ok(), "{name}");
    }
    let stream = TcpStream::connect(server.listen())
        .await
        .expect("connected");
    assert!(shake(stream, &config, "www.example.net").await.is_err());
}

/// A tunnel that is idle, one that shakes no hands, and a connection that says nothing do not hold up the end.
#[tokio::test]
async fn a_stop_does_not_wait_for_idle_tunnels() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = start(folder.path(), &[]).await;
    let config = trusting(&server).await;
    let idle = shake(way(server.listen(), OURS[0]).await, &config, OURS[0]).await;
    let halfway = way(server.listen(), OURS[0]).await;
    let silent = TcpStream::connect(server.listen())
        .await
        .expect("connected");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let stopped = tokio::time::timeout(PATIENCE, server.stop()).await;
    assert_eq!(stopped.expect("it ends"), Ok(Some(0)));
    drop((idle.expect("shaken"), halfway, silent));
}
