//! Logs of requests to a bucket: what is known of one when its answer has gone, and how a vendor writes it.

use std::net::IpAddr;

use cohong_core::model::{AccessLog, BucketName, Timestamp};
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
    let name = cohong_sign::decode(name).unwrap_or_else(|_| name.as_bytes().to_vec());
    let name = String::from_utf8_lossy(&name).to_ascii_lowercase();
    name.ends_with("signature") || name.ends_with("token") || name.contains("customer-key")
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
    fn texts_stay_between_their_quotes() {
        assert_eq!(quoted("a \"b\"\t\r\n"), "\"a 'b'   \"");
        assert_eq!(or_dash(None::<u64>), "-");
        assert_eq!(or_dash(Some(3)), "3");
    }
}
