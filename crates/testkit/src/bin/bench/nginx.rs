//! nginx from the distribution's package: static files and WebDAV, no authentication, no sync.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;

/// A running nginx on a folder of its own.
#[derive(Debug)]
pub(crate) struct Nginx {
    child: Child,
    folder: tempfile::TempDir,
    pub address: SocketAddr,
}

impl Nginx {
    pub(crate) async fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .map_err(|e| e.to_string())?;
        let config = configuration(folder.path().to_str().ok_or("path")?, port);
        let path: PathBuf = folder.path().join("nginx.conf");
        for name in ["files", "bodies"] {
            std::fs::create_dir(folder.path().join(name)).map_err(|e| e.to_string())?;
        }
        std::fs::write(&path, config).map_err(|e| e.to_string())?;
        let child = Command::new("nginx")
            .arg("-p")
            .arg(folder.path())
            .arg("-c")
            .arg(&path)
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .stdin(Stdio::null())
            .spawn()
            .map_err(|e| {
                format!("nginx does not start ({e}); install it: apt-get install nginx-light")
            })?;
        let nginx = Self {
            child,
            folder,
            address: port,
        };
        for _ in 0..100 {
            if tokio::net::TcpStream::connect(port).await.is_ok() {
                return Ok(nginx);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(format!(
            "nginx does not listen; see {}",
            nginx.folder.path().join("error.log").display()
        ))
    }

    pub(crate) fn client(&self) -> PlainClient {
        PlainClient::new(self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master ends its workers on a polite signal only.
        let asked = Command::new("kill")
            .arg(self.child.id().to_string())
            .status();
        if !asked.is_ok_and(|status| status.success()) {
            eprintln!("bench: cannot stop nginx {}", self.child.id());
            return;
        }
        if let Err(error) = self.child.wait() {
            eprintln!("bench: nginx: {error}");
        }
    }
}

fn configuration(folder: &str, listen: SocketAddr) -> String {
    format!(
        "daemon off;\nworker_processes auto;\npid {folder}/pid;\nuser root;\n\
         events {{ worker_connections 1024; }}\n\
         http {{\n  access_log off;\n  client_max_body_size 0;\n  client_body_temp_path {folder}/bodies;\n\
         keepalive_requests 100000000;\n  tcp_nodelay on;\n  sendfile on;\n\
         server {{ listen {listen}; root {folder}/files; dav_methods PUT DELETE; }}\n}}\n"
    )
}

/// An unsigned client over one connection.
#[derive(Debug)]
pub(crate) struct PlainClient {
    server: SocketAddr,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl PlainClient {
    pub(crate) fn new(server: SocketAddr) -> Self {
        Self {
            server,
            connection: None,
        }
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<StatusCode, String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .body(Full::new(body))
            .map_err(|e| e.to_string())?;
        let mut sender = match self.connection.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => connect(self.server).await?,
        };
        sender.ready().await.map_err(|e| e.to_string())?;
        let response = sender
            .send_request(request)
            .await
            .map_err(|e| e.to_string())?;
        let (head, body) = response.into_parts();
        body.collect().await.map_err(|e| e.to_string())?;
        self.connection = Some(sender);
        Ok(head.status)
    }
}

async fn connect(server: SocketAddr) -> Result<SendRequest<Full<Bytes>>, String> {
    let stream = tokio::net::TcpStream::connect(server)
        .await
        .map_err(|e| e.to_string())?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let (sender, connection) = handshake(TokioIo::new(stream))
        .await
        .map_err(|e| e.to_string())?;
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}
