//! One request before it is signed.

use std::path::Path;

use bytes::Bytes;
use cohong_sign::{encode, encode_path};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;

use super::{Addressing, Error};
use crate::web::ValueError;
use crate::web::limits::PIECE_BYTES;

/// Longest key, bytes.
const KEY_BYTES_MAX: usize = 1024;

/// What is sent as the body.
#[derive(Debug, Clone)]
pub(crate) enum Payload<'a> {
    /// These bytes.
    Bytes(Bytes),
    /// So many bytes of a file.
    File(&'a Path, u64),
}

impl Payload<'_> {
    /// The bytes, where they are at hand.
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::File(..) => b"",
        }
    }

    /// The body of one try, and its length.
    pub(super) async fn open(&self) -> Result<(reqwest::Body, u64), Error> {
        match self {
            Self::Bytes(bytes) => Ok((bytes.clone().into(), bytes.len() as u64)),
            Self::File(path, length) => {
                let file = tokio::fs::File::open(path).await?.take(*length);
                let pieces = ReaderStream::with_capacity(file, PIECE_BYTES);
                Ok((reqwest::Body::wrap_stream(pieces), *length))
            }
        }
    }
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Host and port of the connection.
    pub(super) authority: String,
    /// What `Host` says.
    pub(super) host: String,
    /// Path as it is sent.
    pub(super) path: String,
}

/// A request.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    /// The bucket; none for the service.
    pub(crate) bucket: Option<&'a str>,
    /// The key, not encoded; empty for the bucket. Without a bucket, the path behind its first slash.
    pub(crate) key: &'a str,
    /// Parameters, not encoded.
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload<'a>,
}

impl<'a> Ask<'a> {
    /// A request without parameters, headers and body.
    pub(crate) fn new(method: Method, bucket: Option<&'a str>, key: &'a str) -> Self {
        Self {
            method,
            bucket,
            key,
            query: Vec::new(),
            headers: HeaderMap::new(),
            payload: Payload::Bytes(Bytes::new()),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(crate) fn body(self, bytes: impl Into<Bytes>) -> Self {
        let payload = Payload::Bytes(bytes.into());
        Self { payload, ..self }
    }

    /// Sets a header; its bytes are UTF-8.
    pub(crate) fn header(&mut self, name: &str, value: &str) -> Result<(), ValueError> {
        let unfit = || ValueError::new(format!("{name:?} or its value cannot be a header"));
        let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| unfit())?;
        self.headers.insert(header, value);
        Ok(())
    }

    /// The query as it is sent, without `?`.
    pub(super) fn query(&self) -> String {
        let parameter = |(name, value): &(&str, String)| match value.as_str() {
            "" => (*name).to_owned(),
            value => format!("{name}={}", encode(value.as_bytes())),
        };
        let all: Vec<String> = self.query.iter().map(parameter).collect();
        all.join("&")
    }

    /// Where the request goes. A bucket or a key that would lead elsewhere is refused.
    pub(super) fn place(
        &self,
        authority: &str,
        domain: &str,
        addressing: Addressing,
    ) -> Result<Place, ValueError> {
        let authority = authority.to_owned();
        let Some(bucket) = self.bucket else {
            return Ok(Place {
                host: authority.clone(),
                authority,
                path: format!("/{}", self.key),
            });
        };
        let of_buckets = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(of_buckets) {
            let text = format!("{bucket:?} is no bucket: its name has 3 to 63 of a-z, 0-9 and -");
            return Err(ValueError::new(text));
        }
        let key = encoded(self.key)?;
        let (authority, host, path) = match addressing {
            Addressing::VirtualHost => {
                let host = format!("{bucket}.{authority}");
                (host.clone(), host, format!("/{key}"))
            }
            Addressing::Path => (authority.clone(), authority, format!("/{bucket}/{key}")),
            Addressing::HostHeader => (authority, format!("{bucket}.{domain}"), format!("/{key}")),
        };
        Ok(Place {
            authority,
            host,
            path,
        })
    }

    /// Whether the request may be sent again after a failure. What only reads may when that can help. Anything else
    /// only when the service said that it did nothing, because it had too much to do: repeated, an upload would be a
    /// second version, a second event and a second callback.
    pub(super) fn again(&self, error: &Error) -> bool {
        let reads = self.method == Method::GET || self.method == Method::HEAD;
        match error {
            Error::Server(error) => match error.status_code {
                429 | 503 => true,
                status => reads && (status == 408 || status >= 500),
            },
            Error::Connection(_) => reads,
            Error::Callback(_) | Error::Value(_) | Error::Io(_) => false,
        }
    }
}

/// A key in a path. Where a segment is dots, slashes are encoded too: URLs would lose the segment.
fn encoded(key: &str) -> Result<String, ValueError> {
    if key.len() > KEY_BYTES_MAX || matches!(key, "." | "..") {
        let text = "a key has at most 1,024 bytes, and is neither . nor ..";
        return Err(ValueError::new(text));
    }
    let dots = key.split('/').any(|segment| matches!(segment, "." | ".."));
    Ok(if dots {
        encode(key.as_bytes())
    } else {
        encode_path(key.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::ServerError;

    #[test]
    fn addresses() {
        let place = |bucket, key, addressing| {
            let ask = Ask::new(Method::GET, bucket, key);
            let place = ask.place("h:1", "vendor", addressing).ok();
            place.map(|place| [place.authority, place.host, place.path])
        };
        let at = |place: [&str; 3]| Some(place.map(str::to_owned));
        let host = Addressing::VirtualHost;
        let path = Addressing::Path;
        let header = Addressing::HostHeader;
        for (bucket, key, addressing, wanted) in [
            (None, "v2/a", host, ["h:1", "h:1", "/v2/a"]),
            (Some("abc"), "", host, ["abc.h:1", "abc.h:1", "/"]),
            (
                Some("abc"),
                "a/b c+",
                host,
                ["abc.h:1", "abc.h:1", "/a/b%20c%2B"],
            ),
            (Some("abc"), "", path, ["h:1", "h:1", "/abc/"]),
            (Some("abc"), "//é", path, ["h:1", "h:1", "/abc///%C3%A9"]),
            (
                Some("abc"),
                "a/../b",
                path,
                ["h:1", "h:1", "/abc/a%2F..%2Fb"],
            ),
            (Some("abc"), "a", header, ["h:1", "abc.vendor", "/a"]),
        ] {
            assert_eq!(place(bucket, key, addressing), at(wanted), "{key}");
        }
        let long = "k".repeat(1025);
        for (bucket, key) in [("ab", "k"), ("a.b", "k"), ("evil/x", "k"), ("A-B", "k")] {
            assert_eq!(place(Some(bucket), key, path), None, "{bucket}");
        }
        for key in [".", "..", &long] {
            assert_eq!(place(Some("abc"), key, path), None, "{key}");
        }
    }

    #[test]
    fn only_what_does_no_harm_is_tried_again() {
        let server = |status_code| {
            Error::from(Box::new(ServerError {
                status_code,
                ..ServerError::default()
            }))
        };
        for (method, status, again) in [
            (Method::GET, 500, true),
            (Method::HEAD, 429, true),
            (Method::GET, 404, false),
            (Method::PUT, 500, false),
            (Method::PUT, 503, true),
            (Method::POST, 429, true),
            (Method::DELETE, 408, false),
        ] {
            let ask = Ask::new(method.clone(), None, "");
            assert_eq!(ask.again(&server(status)), again, "{method} {status}");
        }
    }
}
