//! What a store tells of an object.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::model::{ChecksumAlgorithm, ChecksumValue, StoredHeaders, Timestamp, UserMeta};
use cohong_core::ports::{SourceDigests, SourceFault, SourceObject};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, ETAG, LAST_MODIFIED};

use super::fault;
use super::speech::Facts;

/// Names of checksums behind `checksum-` (sheet `s3.md`, section 4), the surest first.
const CHECKSUMS: [(&str, ChecksumAlgorithm); 5] = [
    ("sha256", ChecksumAlgorithm::Sha256),
    ("sha1", ChecksumAlgorithm::Sha1),
    ("crc64nvme", ChecksumAlgorithm::Crc64Nvme),
    ("crc32c", ChecksumAlgorithm::Crc32c),
    ("crc32", ChecksumAlgorithm::Crc32),
];

/// Reads the head of an answer about an object. A store that does not say when it was written is taken
/// to have written it `now`, so that nothing counts as newer.
pub(super) fn object(
    facts: &Facts,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<SourceObject, SourceFault> {
    let answer = Head { facts, headers };
    let size = answer.text(CONTENT_LENGTH.as_str());
    let size = size
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| SourceFault::Broken("it does not say how long the object is".into()))?;
    let class = facts.class(&answer.own(facts.class).unwrap_or_default());
    let restored = answer
        .own("restore")
        .is_some_and(|state| state.contains("ongoing-request=\"false\""));
    let deep = answer.own("archive-status").is_some();
    Ok(SourceObject {
        size,
        etag: etag(headers),
        modified: answer
            .text(LAST_MODIFIED.as_str())
            .and_then(|text| fault::instant(&text))
            .unwrap_or(now),
        digests: answer.digests(),
        headers: answer.stored(),
        user_meta: answer.user_meta(),
        class,
        archived: (class.is_frozen() || deep) && !restored,
    })
}

/// The strong entity tag, without its quotes.
pub(super) fn etag(headers: &HeaderMap) -> Option<Box<str>> {
    let text = text_of(headers.get(ETAG)?.as_bytes());
    let strong = !text.is_empty() && !text.starts_with("W/");
    strong.then(|| text.trim_matches('"').into())
}

/// The digests of the whole object in an answer about it.
pub(super) fn digests(facts: &Facts, headers: &HeaderMap) -> SourceDigests {
    Head { facts, headers }.digests()
}

struct Head<'a> {
    facts: &'a Facts,
    headers: &'a HeaderMap,
}

impl Head<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let value = self.headers.get(name)?;
        Some(text_of(value.as_bytes()))
    }

    /// A header of the vendor's, by the name behind its prefix.
    fn own(&self, name: &str) -> Option<String> {
        let prefix = self.facts.prefix;
        if prefix.is_empty() {
            return None;
        }
        self.text(&format!("{prefix}{name}"))
    }

    /// Digests of the whole object. None for a link, whose answer tells of two objects.
    fn digests(&self) -> SourceDigests {
        if self.own("object-type").as_deref() == Some("Symlink") {
            return SourceDigests::default();
        }
        let crc64 = self.facts.crc64.and_then(|name| self.text(name));
        SourceDigests {
            md5: self.md5(),
            crc64: crc64.and_then(|text| text.parse().ok()),
            further: self.further(),
        }
    }

    /// The first checksum that is of the whole object, not of those of its parts.
    fn further(&self) -> Option<ChecksumValue> {
        let kind = self.own("checksum-type");
        if kind.is_some_and(|kind| kind != "FULL_OBJECT") {
            return None;
        }
        CHECKSUMS.iter().find_map(|(name, algorithm)| {
            let text = self.own(&format!("checksum-{name}"))?;
            ChecksumValue::new(*algorithm, &STANDARD.decode(text).ok()?)
        })
    }

    /// The MD5: of the header that says so, else of an entity tag that is one. Objects encrypted with
    /// keys of a service or of a customer have other tags (sheet `s3.md`, section 4).
    fn md5(&self) -> Option<[u8; 16]> {
        if let Some(md5) = self.text("content-md5").and_then(|text| base64(&text)) {
            return Some(md5);
        }
        let cipher = self.own("server-side-encryption");
        let by_customer = self.own("server-side-encryption-customer-algorithm");
        let plain = cipher.is_none_or(|cipher| cipher == "AES256") && by_customer.is_none();
        let tag = etag(self.headers).filter(|_| self.facts.etag_is_md5 && plain)?;
        let mut md5 = [0; 16];
        hex::decode_to_slice(&*tag, &mut md5).ok()?;
        Some(md5)
    }

    fn stored(&self) -> StoredHeaders {
        let text = |name| self.text(name).map(Into::into);
        StoredHeaders {
            content_type: text("content-type"),
            cache_control: text("cache-control"),
            content_disposition: text("content-disposition"),
            content_encoding: text("content-encoding"),
            content_language: text("content-language"),
            expires: text("expires"),
            website_redirect: self.own("website-redirect-location").map(Into::into),
        }
    }

    fn user_meta(&self) -> UserMeta {
        let prefix = format!("{}meta-", self.facts.prefix);
        let own = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            let name = name.as_str().strip_prefix(&prefix)?;
            Some((name.into(), text_of(value.as_bytes()).into()))
        };
        if self.facts.prefix.is_empty() {
            return UserMeta::new();
        }
        self.headers.iter().filter_map(own).collect()
    }
}

/// A header's text: UTF-8, else the character set that HTTP once had.
fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

fn base64<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
