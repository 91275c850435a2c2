//! A request taken apart: what every operation works on.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use cohong_core::engine::{Body, Cx, FurtherDigest};
use cohong_core::model::{BucketName, ObjectKey};
use http::HeaderMap;

use super::address::Address;
use super::auth::Framing;
use super::fault::Fault;

/// A request whose signature holds.
#[derive(Debug)]
pub(crate) struct Call {
    /// Who asks.
    pub(crate) cx: Cx,
    /// Region of the signature; the dialect's default for unsigned requests.
    pub(crate) region: Box<str>,
    /// How it was addressed.
    pub(crate) address: Address,
    /// The bucket addressed.
    pub(crate) bucket: Option<BucketName>,
    /// The key addressed, percent-decoded once.
    pub(crate) key: Option<ObjectKey>,
    /// Query parameters, percent-decoded once, in order.
    pub(crate) query: Vec<(String, String)>,
    /// Headers as they came.
    pub(crate) headers: HeaderMap,
    /// The body. Behind a lock that nobody waits for: only so may a call be looked at across threads.
    pub(super) body: Mutex<Body>,
    /// SHA-256 the signature promises of the body.
    pub(crate) sha256: Option<[u8; 32]>,
    /// The further checksum to compute of the body, with vendors that have such.
    pub(crate) further: Option<FurtherDigest>,
    /// The vendor's own framing of the body.
    pub(crate) framing: Option<Framing>,
}

impl Call {
    /// The bucket; routing gives every bucket operation one.
    pub(crate) fn bucket(&self) -> Result<&BucketName, Fault> {
        self.bucket.as_ref().ok_or(Fault::NoBucket)
    }

    /// The key; routing gives every object operation one.
    pub(crate) fn key(&self) -> Result<&ObjectKey, Fault> {
        let missing = || Fault::key("this needs an object key");
        self.key.as_ref().ok_or_else(missing)
    }

    /// The value of a query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let mut named = self.query.iter().filter(|(found, _)| found == name);
        named.next().map(|(_, value)| value.as_str())
    }

    /// A header as text; an error when it is not.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&str>, Fault> {
        let Some(value) = self.headers.get(name) else {
            return Ok(None);
        };
        let text = std::str::from_utf8(value.as_bytes());
        text.map(Some)
            .map_err(|_| Fault::argument(name.to_owned(), "", format!("header {name} is not text")))
    }

    /// Takes the body out.
    pub(crate) fn take_body(&mut self) -> Body {
        let none = Body {
            stream: Box::pin(futures_util::stream::empty()),
            len: Some(0),
        };
        let body = self.body.get_mut().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(body, none)
    }

    /// Puts another body in the place of the one before.
    pub(crate) fn set_body(&mut self, body: Body) {
        *self.body.get_mut().unwrap_or_else(PoisonError::into_inner) = body;
    }

    /// The URL of an object as this request would address it.
    pub(crate) fn location(&self, bucket: &str, key: &str) -> String {
        self.address.url(self.scheme(), bucket, key)
    }

    /// The scheme of URLs that lead to where this request came from.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.cx.secure { "https" } else { "http" }
    }
}

/// What a dialect allows of keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyRules {
    /// Longest one, bytes.
    pub(crate) bytes_max: usize,
    /// Characters that none begins with.
    pub(crate) no_start: &'static [char],
}

impl KeyRules {
    /// Checks a key.
    pub(crate) fn read(&self, text: &str) -> Result<ObjectKey, Fault> {
        if text.len() > self.bytes_max {
            return Err(Fault::KeyTooLong);
        }
        if text.starts_with(self.no_start) {
            return Err(Fault::key("an object key does not begin with / or \\"));
        }
        ObjectKey::new(text).map_err(|invalid| Fault::key(invalid.0))
    }

    /// The key in a raw path without its first slash; none for the empty one.
    pub(crate) fn decode(&self, raw: &str) -> Result<Option<ObjectKey>, Fault> {
        if raw.is_empty() {
            return Ok(None);
        }
        let bytes =
            cohong_sign::decode(raw).map_err(|bad| Fault::argument("key", raw, bad.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|_| Fault::key("an object key is UTF-8 text"));
        self.read(&text?).map(Some)
    }
}

/// The parameters of a raw query, in which `+` is a blank or, where `plain` says so, a plus. None stands
/// twice: one would be judged and the other used. Names that begin with `prefix` count without regard to
/// case, because signatures are read so.
pub(crate) fn decode_query(
    raw: &str,
    prefix: &str,
    plain: bool,
) -> Result<Vec<(String, String)>, Fault> {
    let read = if plain {
        cohong_sign::plain_query_pairs
    } else {
        cohong_sign::query_pairs
    };
    let text = |bytes| {
        String::from_utf8(bytes).map_err(|_| Fault::argument("query", "", "the query is not UTF-8"))
    };
    let pairs = read(raw)
        .map_err(|bad| Fault::argument("query", "", bad.to_string()))?
        .into_iter()
        .map(|(name, value)| Ok((text(name)?, text(value)?)))
        .collect::<Result<Vec<_>, Fault>>()?;
    let mut seen = BTreeSet::new();
    for (name, _) in &pairs {
        let plain = if begins(name, prefix) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name.as_str())
        };
        if !seen.insert(plain) {
            return Err(Fault::twice("the query parameter ", name));
        }
    }
    Ok(pairs)
}

/// Whether a name begins with a lower-case prefix, in any case.
pub(crate) fn begins(name: &str, prefix: &str) -> bool {
    name.get(..prefix.len())
        .is_some_and(|front| front.eq_ignore_ascii_case(prefix))
}
