//! Receivers that speak TLS with a certificate that cannot be trusted: nothing is sent to them, and the reason is on
//! record.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_testkit::client::Ask;
use cohong_testkit::instance::{Instance, Start};
use http::Method;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::{BUCKET, binary};

/// What vouches for receivers.
struct Authority {
    params: CertificateParams,
    key: KeyPair,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self { params, key }
    }

    fn pem(&self) -> String {
        self.params
            .self_signed(&self.key)
            .expect("a certificate")
            .pem()
    }

    /// A receiver that answers every request with 200, with a certificate for a name until a year.
    async fn receiver(&self, name: &str, until: i32) -> SocketAddr {
        let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = params.signed_by(&key, &issuer).expect("a certificate");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .expect("a certificate with its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let at = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Whoever does not trust it says so and goes.
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut seen = [0; 4096];
                let _head = stream.read(&mut seen).await;
                let answer = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                               content-length: 2\r\nconnection: close\r\n\r\n{}";
                let _sent = stream.write_all(answer).await;
            }
        });
        at
    }
}

#[tokio::test]
async fn e9_a_certificate_that_cannot_be_trusted_is_a_reason_on_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let (trusted, stranger) = (Authority::new(), Authority::new());
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, trusted.pem()).expect("written");
    let start = Start {
        env: vec![("SSL_CERT_FILE".into(), roots.display().to_string())],
        ..Start::default()
    };
    let server = Instance::start(binary(), &folder.path().join("data"), &start).await;
    let server = server.expect("started");
    let mut client = server.client();
    client.create_bucket(BUCKET).await.expect("created");
    for (key, at, reason) in [
        ("good", trusted.receiver("127.0.0.1", 2100).await, None),
        (
            "over",
            trusted.receiver("127.0.0.1", 2021).await,
            Some("expired"),
        ),
        (
            "another",
            trusted.receiver("elsewhere.example", 2100).await,
            Some("not valid for"),
        ),
        (
            "stranger",
            stranger.receiver("127.0.0.1", 2100).await,
            Some("invalid peer certificate"),
        ),
    ] {
        let order =
            serde_json::json!({"callbackUrl": format!("https://{at}/"), "callbackBody": "a=1"});
        let order = STANDARD.encode(order.to_string());
        let put = Ask {
            bucket: Some(BUCKET),
            key: Some(key),
            headers: &[("x-tos-callback", &order)],
            body: Bytes::from_static(b"x"),
            ..Ask::default()
        };
        let answer = client.send(Method::PUT, &put).await.expect("an answer");
        let object = format!("{BUCKET}/{key}");
        let told = server
            .command(binary(), &["trace", &object])
            .await
            .expect("traced");
        let attempt = &told["changes"][0]["callback"]["attempts"][0];
        assert_eq!(answer.status == 200, reason.is_none(), "{key}: {told}");
        assert!(
            answer.status == 200 || answer.status == 203,
            "{key}: {answer:?}"
        );
        if let Some(reason) = reason {
            assert!(attempt.to_string().contains(reason), "{key}: {attempt}");
        }
        assert!(
            client.get(BUCKET, key).await.expect("read").is_some(),
            "{key} stays"
        );
    }
}
