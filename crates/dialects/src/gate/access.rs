//! Logs of requests to a bucket: what is known of one when its answer has gone, and how a vendor writes it.

use std::net::IpAddr;

use cohong_core::model::{AccessLog, BucketName, LogFields, Timestamp};
use http::request::Parts;
use http::{Method, Version};

/// How a request proved who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Whether the signature is of the fourth version; else it is an older one.
    pub fourth: bool,
    /// Whether it stood in a header; else in the query.
    pub in_header: bool,
}

/// A request that was answered.
#[derive(Clone, Debug)]
pub struct Access<'a> {
    /// The bucket addressed.
    pub bucket: &'a str,
    /// Who owns it.
    pub owner: &'a str,
    /// Its region.
    pub region: &'a str,
    /// When the request came.
    pub at: Timestamp,
    /// From where.
    pub peer: Option<IpAddr>,
    /// Whether it came over TLS.
    pub secure: bool,
    /// Its id.
    pub request_id: &'a str,
    /// The account that signed.
    pub account: Option<&'a str>,
    /// The operation's name.
    pub operation: &'a str,
    /// The key addressed, percent-encoded as it came; empty for none.
    pub key: &'a str,
    /// The method.
    pub method: &'a Method,
    /// Path and query, without secrets.
    pub target: &'a str,
    /// The version of HTTP.
    pub version: Version,
    /// The status of the answer.
    pub status: u16,
    /// The vendor's code of a failure.
    pub code: Option<&'a str>,
    /// Bytes of the answer's body that were sent.
    pub sent: u64,
    /// Length of the request's body as it was declared, bytes.
    pub received: Option<u64>,
    /// Length of the object that was read or written, bytes.
    pub size: Option<u64>,
    /// From the head of the request to the end of the answer, milliseconds.
    pub took_ms: u64,
    /// From the head of the request to the head of the answer, milliseconds.
    pub turn_ms: u64,
    /// The host asked.
    pub host: Option<&'a str>,
    /// The page that led to it.
    pub referer: Option<&'a str>,
    /// What the client calls itself.
    pub user_agent: Option<&'a str>,
    /// The version of the object that the answer is about.
    pub version_id: Option<&'a str>,
    /// How it was signed.
    pub proof: Option<Proof>,
    /// What the bucket wants told beside; `None` for nothing.
    pub fields: Option<Fields>,
}

/// Headers and parameters of a request that a bucket wants told, as far as the request has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields {
    /// Names and values of headers.
    pub headers: Vec<(Box<str>, String)>,
    /// Names and values of parameters, decoded.
    pub parameters: Vec<(Box<str>, String)>,
}

impl Fields {
    /// Those that a bucket wants of a request. What would let whoever reads it ask again is a dash.
    pub fn of(wanted: &LogFields, head: &Parts) -> Option<Self> {
        if wanted.is_empty() {
            return None;
        }
        let header = |name: &str| {
            let value = head.headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        let query: Vec<(String, String)> = head
            .uri
            .query()
            .unwrap_or_default()
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect();
        let parameter = |name: &str| {
            let (_, value) = query.iter().find(|(given, _)| given == name)?;
            Some(value.clone())
        };
        Some(Self {
            headers: told(&wanted.headers, header),
            parameters: told(&wanted.parameters, parameter),
        })
    }
}

/// The names that have a value, with what may be told of it.
fn told(names: &[Box<str>], value: impl Fn(&str) -> Option<String>) -> Vec<(Box<str>, String)> {
    let there = |name: &str| {
        let value = value(name)?;
        let value = if is_secret(name) { "-".into() } else { value };
        Some((name.into(), value))
    };
    names.iter().filter_map(|name| there(name)).collect()
}

fn decoded(text: &str) -> String {
    let bytes = cohong_sign::decode(text).unwrap_or_else(|_| text.as_bytes().to_vec());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Writes logs in the words of a dialect.
pub trait LogFormat: Sync {
    /// The line of a request, its end included.
    fn line(&self, access: &Access<'_>) -> String;

    /// The key of an object with lines of a bucket that is written at an instant; `unique` is in no other key.
    fn key(&self, log: &AccessLog, source: &BucketName, at: Timestamp, unique: &str) -> String;
}

/// A path and query without what would let whoever reads it ask again: signatures, tokens and keys.
pub fn without_secrets(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else {
        return target.to_owned();
    };
    let kept = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if is_secret(name) => format!("{name}=-"),
        _ => pair.to_owned(),
    };
    let pairs: Vec<String> = query.split('&').map(kept).collect();
    format!("{path}?{}", pairs.join("&"))
}

fn is_secret(name: &str) -> bool {
    is_credential(&decoded(name).to_ascii_lowercase())
}

/// Whether the value of a header or parameter, its name in lower case, would let whoever reads it ask again.
pub fn is_credential(name: &str) -> bool {
    let ends = ["signature", "token", "authorization", "cookie"];
    ends.iter().any(|end| name.ends_with(end)) || name.contains("customer-key")
}

/// A text between quotes: nothing in it ends it, or the line.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |c: char| match c {
        '"' => '\'',
        c if c.is_control() => ' ',
        c => c,
    };
    format!("\"{}\"", text.chars().map(plain).collect::<String>())
}

/// A dash for what is not there.
pub(crate) fn or_dash<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_signs_is_kept() {
        let cases = [
            ("/b/k", "/b/k"),
            ("/b?acl", "/b?acl"),
            (
                "/?a=1&Signature=s%2F&Expires=3",
                "/?a=1&Signature=-&Expires=3",
            ),
            (
                "/k?X-Amz-Signature=s&X-Amz-Security-Token=t&X-Amz-Date=d",
                "/k?X-Amz-Signature=-&X-Amz-Security-Token=-&X-Amz-Date=d",
            ),
            (
                "/k?x-tos-signature=s&security-token=t",
                "/k?x-tos-signature=-&security-token=-",
            ),
            ("/k?%53ignature=s", "/k?%53ignature=-"),
            (
                "/k?x-amz-server-side-encryption-customer-key=k",
                "/k?x-amz-server-side-encryption-customer-key=-",
            ),
            ("/k?signature", "/k?signature"),
        ];
        for (target, wanted) in cases {
            assert_eq!(without_secrets(target), wanted);
        }
    }

    #[test]
    fn what_a_bucket_wants_told_is_taken_from_the_request() {
        let wanted = LogFields {
            headers: ["X-Forwarded-For", "authorization", "none"]
                .map(Into::into)
                .into(),
            parameters: ["from", "Signature", "flag", "none"].map(Into::into).into(),
        };
        let request = http::Request::get("/k?from=a%20b&Signature=s&flag&other=1")
            .header("x-forwarded-for", "192.0.2.7")
            .header("authorization", "secret")
            .body(())
            .unwrap();
        let (head, ()) = request.into_parts();
        assert_eq!(Fields::of(&LogFields::default(), &head), None);
        let told = Fields::of(&wanted, &head).unwrap();
        let pairs = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(name, value)| ((*name).into(), (*value).into()))
                .collect::<Vec<_>>()
        };
        let headers = [("X-Forwarded-For", "192.0.2.7"), ("authorization", "-")];
        assert_eq!(told.headers, pairs(&headers));
        let parameters = [("from", "a b"), ("Signature", "-"), ("flag", "")];
        assert_eq!(told.parameters, pairs(&parameters));
    }

    #[test]
    fn texts_stay_between_their_quotes() {
        assert_eq!(quoted("a \"b\"\t\r\n"), "\"a 'b'   \"");
        assert_eq!(or_dash(None::<u64>), "-");
        assert_eq!(or_dash(Some(3)), "3");
    }
}
