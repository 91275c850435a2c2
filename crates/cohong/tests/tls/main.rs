//! The TLS listener of the real binary: what goes over it, who is refused, and certificates that change.
//!
//! Every test has a server, a folder and a certificate of its own. What a test trusts is that certificate
//! and nothing else.

mod files;
mod handshakes;
mod names;
mod objects;
mod receivers;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cohong_testkit::client::Client;
use cohong_testkit::instance::{ACCESS_KEY, Instance, SECRET_KEY, Start};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ALL_VERSIONS, ClientConfig, RootCertStore, SupportedProtocolVersion};

/// Long enough for anything that happens at all.
const PATIENCE: Duration = Duration::from_mins(1);

/// The bucket of every test.
const BUCKET: &str = "tls-test";

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cohong"))
}

/// A certificate for this machine and its key.
struct Identity {
    certificate: String,
    key: String,
    der: CertificateDer<'static>,
}

impl Identity {
    fn new() -> Self {
        let names = ["localhost", "127.0.0.1", "elsewhere.example"].map(ToOwned::to_owned);
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(names).expect("a certificate");
        Self {
            certificate: cert.pem(),
            key: signing_key.serialize_pem(),
            der: cert.der().clone(),
        }
    }

    /// Puts it where the server of a folder looks, each file in one step.
    fn write(&self, folder: &Path) {
        for (name, text) in [("cert.pem", &self.certificate), ("key.pem", &self.key)] {
            let fresh = folder.join("fresh");
            std::fs::write(&fresh, text).expect("written");
            std::fs::rename(fresh, folder.join(name)).expect("renamed");
        }
    }

    /// A client that trusts it.
    fn trusted(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("a root");
        ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth()
    }
}

/// A server with an empty bucket.
struct World {
    server: Instance,
    folder: TempDir,
    identity: Identity,
}

impl World {
    /// A server that logs warnings to the file `log` of its folder.
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = Identity::new();
        identity.write(folder.path());
        let path = |name: &str| folder.path().join(name).display().to_string();
        let words = [
            "--tls-listen",
            "127.0.0.1:0",
            "--tls-certificate",
            &path("cert.pem"),
            "--tls-private-key",
            &path("key.pem"),
        ];
        let start = Start {
            args: words.map(Into::into).to_vec(),
            log: Some(folder.path().join("log")),
            ..Start::default()
        };
        let started = Instance::start(binary(), &folder.path().join("data"), &start).await;
        let server = started.expect("started");
        let mut client = server.client();
        client.create_bucket(BUCKET).await.expect("created");
        Self {
            server,
            folder,
            identity,
        }
    }

    fn at(&self) -> SocketAddr {
        self.server.tls().expect("a TLS listener")
    }

    /// A connection of somebody who trusts `identity` only.
    async fn connect(&self, identity: &Identity) -> io::Result<TlsStream<TcpStream>> {
        let config = identity.trusted(ALL_VERSIONS);
        connect(self.at(), config, "127.0.0.1").await
    }

    /// A client with the root key, over TLS.
    async fn client(&self) -> Client {
        let tunnel = tunnel(self.at(), self.identity.trusted(ALL_VERSIONS)).await;
        Client::new(tunnel, ACCESS_KEY, SECRET_KEY)
    }

    /// What the server has logged.
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).expect("a log")
    }
}

/// Shakes hands under a name; an address is one that is not told to the server.
async fn connect(
    at: SocketAddr,
    config: ClientConfig,
    name: &'static str,
) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(at).await?;
    let name = ServerName::try_from(name).expect("a name");
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// An address whose connections go on over TLS, for clients that know none.
async fn tunnel(to: SocketAddr, config: ClientConfig) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let config = config.clone();
            tokio::spawn(async move {
                // Whoever asked sees the end of the connection.
                if let Ok(mut far) = connect(to, config, "127.0.0.1").await {
                    drop(copy_bidirectional(&mut near, &mut far).await);
                }
            });
        }
    });
    at
}

/// Sends a request that is the last of its connection; status and text of the answer.
async fn ask<S>(mut stream: S, request: &str) -> (u16, String)
where
    S: AsyncReadExt + AsyncWriteExt + Unpin,
{
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
    read.expect("the connection ends").expect("text");
    let status = answer.split(' ').nth(1).and_then(|word| word.parse().ok());
    (
        status.unwrap_or_else(|| panic!("no status: {answer}")),
        answer,
    )
}

/// A request of nobody, after which the connection ends.
fn unsigned(method: &str, target: &str) -> String {
    format!(
        "{method} {target} HTTP/1.1\r\nHost: {BUCKET}.oss-cn-hangzhou.aliyuncs.com\r\nConnection: close\r\n\r\n"
    )
}
