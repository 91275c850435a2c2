//! Requests as text: signed, then bent as a test needs it.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use cohong_sign::{Credentials, Signer, TOS, Timestamp};
use cohong_testkit::instance::{ACCESS_KEY, SECRET_KEY};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::BUCKET;

const DOMAIN: &str = "tos-cn-beijing.volces.com";

/// A request whose head is not written yet.
pub(crate) struct Ask<'a> {
    pub method: &'a str,
    /// Path and query as they go over the wire.
    pub target: &'a str,
    /// Headers that are signed.
    pub signed: Vec<(&'a str, String)>,
    /// Lines that are added after signing.
    pub more: Vec<String>,
    /// How far the clock of the client is away, seconds.
    pub skew: i64,
    pub access_key: &'a str,
    pub secret_key: &'a str,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(method: &'a str, target: &'a str) -> Self {
        Self {
            method,
            target,
            signed: Vec::new(),
            more: Vec::new(),
            skew: 0,
            access_key: ACCESS_KEY,
            secret_key: SECRET_KEY,
        }
    }

    pub(crate) fn signed(mut self, name: &'a str, value: &str) -> Self {
        self.signed.push((name, value.to_owned()));
        self
    }

    /// Adds a line, such as `x-tos-acl: private`, that no signature covers.
    pub(crate) fn line(mut self, line: &str) -> Self {
        self.more.push(line.to_owned());
        self
    }

    /// The request with a body of declared length.
    pub(crate) fn with(self, body: &[u8]) -> Vec<u8> {
        let length = format!("Content-Length: {}", body.len());
        let mut bytes = self.line(&length).head();
        bytes.extend_from_slice(body);
        bytes
    }

    /// The head, with the empty line at its end.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.signed {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            headers.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        headers.insert("host", HeaderValue::from_str(&host()).expect("a host"));
        let authorization = self.sign(&mut headers);
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &headers {
            write!(text, "{name}: {}\r\n", value.to_str().expect("ASCII")).expect("a string");
        }
        write!(text, "authorization: {authorization}\r\n").expect("a string");
        for line in &self.more {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text.push_str("\r\n");
        text.into_bytes()
    }

    fn sign(&self, headers: &mut HeaderMap) -> String {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970");
        let now = i64::try_from(since.as_secs()).expect("seconds");
        let time = Timestamp::from_unix(now + self.skew).expect("a time");
        let credentials = Credentials {
            access_key: self.access_key,
            secret: self.secret_key,
            security_token: None,
        };
        let method = Method::from_bytes(self.method.as_bytes()).expect("a method");
        let (path, query) = self.target.split_once('?').unwrap_or((self.target, ""));
        let signer = Signer::new(&TOS, credentials, "cn-beijing", time);
        // A target that is no text has no canonical form; such requests carry another's signature.
        let own = signer.sign_headers(&method, path, query, headers);
        own.unwrap_or_else(|_| {
            signer
                .sign_headers(&method, "/", "", headers)
                .expect("signed")
        })
    }
}

/// Host of the bucket of every test.
pub(crate) fn host() -> String {
    format!("{BUCKET}.{DOMAIN}")
}

/// A request that nobody signed.
pub(crate) fn unsigned(method: &str, target: &str) -> Vec<u8> {
    format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n\r\n", host()).into_bytes()
}
