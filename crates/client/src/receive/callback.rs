//! Upload callbacks that are signed in the manner of OSS (OSS sheet sections 4.5 and 4.6): RSA over MD5, with a key that
//! the call names by its URL.
//!
//! The signature covers path, query and body. It covers no time and no other header: whoever sees a call can repeat it
//! as it is, so what an application does with one should do no harm when it is done again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_sign::{CallbackPublicKey, callback_text};
use http::HeaderMap;
use tokio::sync::Mutex;
use url::Url;

use super::{Refused, bounded, header};
use crate::service::Error;
use crate::web::{Body, ConnectionError, ValueError, client, origin, within};

/// Where the vendor publishes its keys. Trust them for calls of the vendor, and for those of this server where that name
/// leads to it.
pub const VENDOR_KEYS: [&str; 2] = [
    "http://gosspublic.alicdn.com/",
    "https://gosspublic.alicdn.com/",
];

/// Longest signature in Base64: that of a key of 8,192 bits.
const SIGNATURE_CHARS_MAX: usize = 1368;
/// Longest URL of a key in Base64.
const KEY_URL_CHARS_MAX: usize = 2 << 10;
/// Longest request target.
const TARGET_BYTES_MAX: usize = 16 << 10;
/// Largest PEM: that of a key of 8,192 bits has 1,600 bytes.
const PEM_BYTES_MAX: usize = 16 << 10;
/// Keys that are kept: a server has two at a time.
const KEYS_MAX: usize = 16;
/// How long a key is kept that was read, so that another one under the same URL is noticed.
const KEY_KEPT: Duration = Duration::from_hours(1);
/// How long the reading of a key may take. The service waits five seconds for the application's answer.
const KEY_WITHIN: Duration = Duration::from_secs(3);

/// What a call claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackClaim {
    /// Where its key is said to be. Read it only when it is trusted.
    pub key_url: String,
    /// The signature.
    pub signature: Vec<u8>,
}

impl CallbackClaim {
    /// Reads the claim of a call.
    pub fn read(headers: &HeaderMap) -> Result<Self, Refused> {
        let decoded = |name, chars_max| {
            let text = header(headers, name, chars_max)?;
            let bytes = STANDARD.decode(text.trim());
            bytes.map_err(|_| Refused::Malformed(name))
        };
        let signature = decoded("authorization", SIGNATURE_CHARS_MAX)?;
        let key_url = decoded("x-oss-pub-key-url", KEY_URL_CHARS_MAX)?;
        let unread = |_| Refused::Malformed("x-oss-pub-key-url");
        Ok(Self {
            key_url: String::from_utf8(key_url).map_err(unread)?,
            signature,
        })
    }
}

/// A public key that verifies calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackKey(CallbackPublicKey);

impl CallbackKey {
    /// From its PEM, as the server gives it to anybody.
    pub fn from_pem(pem: &str) -> Result<Self, ValueError> {
        let key = CallbackPublicKey::from_pem(pem);
        key.map(Self)
            .map_err(|_| ValueError::new("this is no public key of RSA in PEM"))
    }

    /// Whether this key signed the call. `target` is path and query as they arrived, not decoded.
    pub fn verify(&self, target: &str, body: &[u8], claim: &CallbackClaim) -> Result<(), Refused> {
        bounded(body)?;
        if target.len() > TARGET_BYTES_MAX {
            return Err(Refused::Malformed("the request target"));
        }
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let text = callback_text(path, query, body);
        if self.0.verify(&text, &claim.signature) {
            Ok(())
        } else {
            Err(Refused::Mismatch)
        }
    }
}

/// Verifies calls with keys that it reads where they are trusted to be, and keeps.
pub struct CallbackVerifier {
    http: reqwest::Client,
    /// Each ends in a slash.
    trusted: Vec<Url>,
    /// Those that were read, with the time of it, and those that were given.
    keys: RwLock<BTreeMap<String, (CallbackKey, Option<Instant>)>>,
    /// One key is read at a time, so that forged calls cannot make many requests of one.
    reading: Mutex<()>,
}

impl fmt::Debug for CallbackVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let trusted: Vec<&str> = self.trusted.iter().map(Url::as_str).collect();
        f.debug_struct("CallbackVerifier")
            .field("trusted", &trusted)
            .finish_non_exhaustive()
    }
}

impl CallbackVerifier {
    /// Trusts the keys whose URLs begin with one of these: scheme, host and port, and folders. Of this server it is
    /// `http://host:port/.cohong/`, as `cohong key callback` shows; of the vendor [`VENDOR_KEYS`].
    pub fn new(trusted: &[&str]) -> Result<Self, Error> {
        Ok(Self {
            http: client()?,
            trusted: trusted
                .iter()
                .map(|text| prefix(text))
                .collect::<Result<_, _>>()?,
            keys: RwLock::new(BTreeMap::new()),
            reading: Mutex::new(()),
        })
    }

    /// Knows a key beforehand, which is then never read; its URL need not be trusted.
    #[must_use]
    pub fn with_key(self, key_url: &str, key: CallbackKey) -> Self {
        self.keep(key_url, key, None);
        self
    }

    /// Judges a call. `target` is path and query as they arrived, not decoded. Reads the key when it is not known yet,
    /// within three seconds.
    pub async fn verify(
        &self,
        target: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<(), Refused> {
        let claim = CallbackClaim::read(headers)?;
        let key = match self.kept(&claim.key_url) {
            Some(key) => key,
            None => self.read(&claim.key_url).await?,
        };
        key.verify(target, body, &claim)
    }

    async fn read(&self, key_url: &str) -> Result<CallbackKey, Refused> {
        let url = self.trusted(key_url)?;
        let _turn = self.reading.lock().await;
        if let Some(key) = self.kept(key_url) {
            return Ok(key);
        }
        let key = tokio::time::timeout(KEY_WITHIN, self.fetch(url)).await;
        let late = |_| ConnectionError::new("the key did not come within 3 seconds");
        let key = key
            .map_err(late)
            .and_then(|key| key)
            .map_err(Refused::Key)?;
        self.keep(key_url, key.clone(), Some(Instant::now()));
        Ok(key)
    }

    async fn fetch(&self, url: Url) -> Result<CallbackKey, ConnectionError> {
        let response = within(KEY_WITHIN, self.http.get(url).send()).await?;
        let status = response.status();
        if status != http::StatusCode::OK {
            return Err(ConnectionError::new(format!(
                "the key's server answered {status}"
            )));
        }
        let pem = Body::of(response).rest(PEM_BYTES_MAX).await?;
        CallbackKey::from_pem(&String::from_utf8_lossy(&pem))
            .map_err(|error| ConnectionError::new(error.to_string()))
    }

    /// The URL, if it is trusted: judged as it would be called, so that no dots lead out of a folder.
    fn trusted(&self, key_url: &str) -> Result<Url, Refused> {
        let untrusted = || Refused::Untrusted(key_url.to_owned());
        let url = Url::parse(key_url).map_err(|_| untrusted())?;
        let bare = url.username().is_empty() && url.password().is_none();
        let within =
            |prefix: &Url| url.origin() == prefix.origin() && url.path().starts_with(prefix.path());
        if bare && self.trusted.iter().any(within) {
            Ok(url)
        } else {
            Err(untrusted())
        }
    }

    fn kept(&self, key_url: &str) -> Option<CallbackKey> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let (key, read) = keys.get(key_url)?;
        let fresh = read.is_none_or(|read| read.elapsed() < KEY_KEPT);
        fresh.then(|| key.clone())
    }

    fn keep(&self, key_url: &str, key: CallbackKey, read: Option<Instant>) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= KEYS_MAX {
            keys.retain(|_, (_, read)| read.is_none());
        }
        keys.insert(key_url.to_owned(), (key, read));
    }
}

/// What the URLs of trusted keys begin with.
fn prefix(text: &str) -> Result<Url, ValueError> {
    let wrong = || {
        ValueError::new(format!(
            "{text:?} is no prefix of URLs: write http://host/folder/"
        ))
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let mut root = url.clone();
    root.set_path("/");
    origin(root.as_str(), "http").map_err(|_| wrong())?;
    if url.path().ends_with('/') {
        Ok(url)
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests;
