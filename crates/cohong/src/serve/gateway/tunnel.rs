//! `CONNECT`: a client asks for a way to a vendor's host, and is there already. Nothing is ever dialled.

use cohong_core::error::BoxError;
use cohong_dialects::gate::{OutBody, Served, full};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::limits::{HANDSHAKE_MAX, PLAIN_BYTES_MAX};
use super::{Line, head};
use crate::serve::authority::Authority;

/// What a connection turns into when a way is asked for, with what comes and goes behind the answer.
pub(super) enum Tunnel {
    /// Nothing: it ends.
    Refused(OnUpgrade),
    /// A connection to here.
    Granted(OnUpgrade, End),
}

/// Where a way leads: here, as every one, and what is spoken there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Plain HTTP: port 80.
    Plain,
    /// TLS: port 443.
    Tls,
}

/// Why there is no way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No name is stood for.
    Off,
    /// The name is not one of ours, or the port none of the web.
    Foreign,
    /// The connection is no plain one, or a tunnel itself.
    Nested,
    /// What came behind the head could be a body or the tunnel's.
    Body,
    /// The server is stopping.
    Draining,
}

/// Where a way leads, if it is granted. The target alone decides: some clients send
/// no `Host`, and what is asked for in the tunnel is judged by its own.
pub(super) fn judge(
    head: &Parts,
    line: Line,
    authority: Option<&Authority>,
) -> Result<End, Refusal> {
    let length = head.headers.get(header::CONTENT_LENGTH);
    if length.is_some_and(|length| length != "0")
        || head.headers.contains_key(header::TRANSFER_ENCODING)
    {
        return Err(Refusal::Body);
    }
    if line.tls.is_some() || line.tunnelled {
        return Err(Refusal::Nested);
    }
    let authority = authority.ok_or(Refusal::Off)?;
    let target = head.uri.authority().ok_or(Refusal::Foreign)?;
    if target.as_str().contains('@') || !authority.stands_for(target.host()) {
        return Err(Refusal::Foreign);
    }
    match target.port_u16() {
        Some(443) => Ok(End::Tls),
        Some(80) => Ok(End::Plain),
        _ => Err(Refusal::Foreign),
    }
}

/// Ends a connection on which a way was refused: what follows is read and thrown away, for closing with bytes
/// unread would take the answer back.
pub(super) async fn close(bytes: OnUpgrade) -> Result<(), BoxError> {
    let mut stream = TokioIo::new(bytes.await?);
    let closing = async {
        stream.shutdown().await?;
        let mut rest = stream.take(PLAIN_BYTES_MAX);
        tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
    };
    // A client that goes on talking is cut off.
    drop(tokio::time::timeout(HANDSHAKE_MAX, closing).await);
    Ok(())
}

/// The answer behind which the tunnel begins.
pub(super) fn granted() -> Response<OutBody> {
    told(full(StatusCode::OK, ""))
}

impl Refusal {
    /// The answer, after which the connection ends: what follows could be meant for somebody else.
    pub(super) fn answer(self) -> Response<OutBody> {
        let (status, text) = match self {
            Self::Off => (
                StatusCode::FORBIDDEN,
                "this server stands for no name of others; set tls.local_ca, or ask it directly\n",
            ),
            Self::Foreign => (
                StatusCode::FORBIDDEN,
                "this server stands for the names of its dialects on ports 443 and 80, and dials nobody; \
                 reach other hosts without it, as with NO_PROXY or `cohong env --direct HOST`\n",
            ),
            Self::Nested => (
                StatusCode::FORBIDDEN,
                "CONNECT is answered on plain connections only, and not within another\n",
            ),
            Self::Body => (
                StatusCode::BAD_REQUEST,
                "CONNECT has no body; leave out its length\n",
            ),
            Self::Draining => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the server is stopping; ask again when it has been started again\n",
            ),
        };
        let mut response = full(status, text);
        let kind = HeaderValue::from_static("text/plain");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        head::closing(told(response))
    }
}

fn told(mut response: Response<OutBody>) -> Response<OutBody> {
    response.extensions_mut().insert(Served {
        operation: "Connect",
        bucket: None,
        key: Box::default(),
        account: None,
        code: None,
        cause: None,
    });
    response
}
