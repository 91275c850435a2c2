//! TLS at the beginning of a connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use cohong_core::model::TlsVersion;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ProtocolVersion, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::limits::{HANDSHAKE_MAX, HEAD_TIMEOUT, PLAIN_BYTES_MAX};

/// The answer to whoever speaks plain HTTP. Nothing is known of their dialect.
const SPEAK_TLS: &str = "HTTP/1.1 400 Bad Request\r\n\
    Content-Type: text/plain\r\n\
    Content-Length: 41\r\n\
    Connection: close\r\n\
    \r\n\
    this address speaks TLS; ask by https://\n";

/// Kind of the record that a handshake begins with. A method begins with a letter.
const HANDSHAKE: u8 = 0x16;

/// Whether a client begins to speak TLS. Fails when it says nothing within [`HEAD_TIMEOUT`].
pub(super) async fn is_begun(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    let read = within(HEAD_TIMEOUT, stream.peek(&mut first)).await?;
    Ok(read > 0 && first[0] == HANDSHAKE)
}

/// Shakes hands within [`HANDSHAKE_MAX`] on a listener for TLS. Fails with whoever speaks no TLS, or another one.
pub(super) async fn secured(
    stream: TcpStream,
    config: Arc<ServerConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let shaking = async {
        let mut first = [0];
        stream.peek(&mut first).await?;
        if first[0].is_ascii_alphabetic() {
            return refuse(stream).await;
        }
        TlsAcceptor::from(config).accept(stream).await
    };
    within(HANDSHAKE_MAX, shaking).await
}

/// Shakes hands within [`HANDSHAKE_MAX`] where nothing but TLS can follow.
pub(super) async fn shaken<S>(stream: S, config: Arc<ServerConfig>) -> io::Result<TlsStream<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    within(HANDSHAKE_MAX, TlsAcceptor::from(config).accept(stream)).await
}

/// The version that was agreed on: one of two, because no older one is spoken here.
pub(super) fn version<S>(stream: &TlsStream<S>) -> TlsVersion {
    match stream.get_ref().1.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => TlsVersion::V1_2,
        _ => TlsVersion::V1_3,
    }
}

async fn within<T>(most: Duration, doing: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, "the client took too long to begin");
    tokio::time::timeout(most, doing)
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
