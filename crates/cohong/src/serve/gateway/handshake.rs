//! TLS at the beginning of a connection.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use super::limits::{HANDSHAKE_MAX, PLAIN_BYTES_MAX};

/// The answer to whoever speaks plain HTTP. Nothing is known of their dialect.
const SPEAK_TLS: &str = "HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 41\r\n\
    Connection: close\r\n\
    \r\n\
    this address speaks TLS; ask by https://\n";

/// Shakes hands within [`HANDSHAKE_MAX`]. Fails with whoever speaks no TLS, or another one.
pub(super) async fn secured(
    stream: TcpStream,
    config: Arc<ServerConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let shaking = async {
        let mut first = [0];
        stream.peek(&mut first).await?;
        // A method begins with a letter, a handshake with the number of its kind of record.
        if first[0].is_ascii_alphabetic() {
            return refuse(stream).await;
        }
        TlsAcceptor::from(config).accept(stream).await
    };
    let late = || io::Error::new(io::ErrorKind::TimedOut, "the handshake took too long");
    tokio::time::timeout(HANDSHAKE_MAX, shaking)
        .await
        .map_err(|_| late())?
}

async fn refuse(mut stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    stream.write_all(SPEAK_TLS.as_bytes()).await?;
    stream.shutdown().await?;
    // Closing with bytes unread would take the answer back.
    let mut rest = stream.take(PLAIN_BYTES_MAX);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    let plain = "the client speaks plain HTTP";
    Err(io::Error::new(io::ErrorKind::InvalidData, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_has_the_length_it_tells() {
        let (head, body) = SPEAK_TLS.split_once("\r\n\r\n").expect("a head");
        let length = format!("Content-Length: {}\r\n", body.len());
        assert!(head.contains(&length), "{length}");
    }
}
