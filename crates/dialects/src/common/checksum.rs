//! Further checksums: what requests say of them and what answers tell, with vendors that have such.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::engine::FurtherDigest;
use cohong_core::model::{
    ChecksumAlgorithm, ChecksumForm, ChecksumKind, ChecksumValue, Etag, FurtherChecksum,
    ObjectRecord,
};
use http::{HeaderMap, HeaderName};

use super::answer::put;
use super::vocabulary::Vocabulary;
use crate::gate::fault::Fault;
use crate::gate::given::Given;

/// A checksum of a vendor: how it is computed, and its word.
pub(crate) type Word = (ChecksumAlgorithm, &'static str);

/// What headers say about a checksum and are no checksum themselves.
const ABOUT: [&str; 3] = ["algorithm", "mode", "type"];
/// The word for a checksum of all bytes.
const FULL: &str = "FULL_OBJECT";
/// The word for a checksum of the parts' checksums.
const COMPOSITE: &str = "COMPOSITE";

impl Vocabulary {
    /// The word for an algorithm.
    pub(crate) fn checksum_word(&self, algorithm: ChecksumAlgorithm) -> Option<&'static str> {
        let mut known = self.checksums.iter();
        let named = known.find(|(known, _)| *known == algorithm);
        named.map(|(_, word)| *word)
    }

    /// The algorithm a word names, in any case.
    pub(crate) fn checksum_of_word(&self, word: &str) -> Option<ChecksumAlgorithm> {
        let mut known = self.checksums.iter();
        let named = known.find(|(_, known)| known.eq_ignore_ascii_case(word));
        named.map(|(algorithm, _)| *algorithm)
    }

    /// The algorithm that the name of a checksum's header, in lower case, names.
    pub(crate) fn checksum_of_header(&self, name: &str) -> Option<ChecksumAlgorithm> {
        let rest = name.strip_prefix(self.prefix)?;
        self.checksum_of_word(rest.strip_prefix("checksum-")?)
    }

    /// The checksum that the client sent; an error for one that this server cannot compute, and for two.
    pub(crate) fn checksum_sent(&self, given: &Given<'_>) -> Result<Option<ChecksumValue>, Fault> {
        if self.checksums.is_empty() {
            return Ok(None);
        }
        let mut sent = None;
        let named = given.family("checksum-");
        for (word, text) in named.filter(|(word, _)| !ABOUT.contains(word)) {
            let name = format!("checksum-{word}");
            let Some(algorithm) = self.checksum_of_word(word) else {
                return Err(Fault::NotServed(given.name(&name).into()));
            };
            let why = "this is not the Base64 of such a checksum";
            let value = checksum(algorithm, text).ok_or_else(|| Fault::Checksum(why.into()))?;
            if sent.replace(value).is_some() {
                return Err(Fault::Checksum(
                    "a body has one checksum, not several".into(),
                ));
            }
        }
        Ok(sent)
    }

    /// The checksum to compute of a body whose checksum stands beside it, if at all.
    pub(crate) fn checksum_wanted(
        &self,
        given: &Given<'_>,
    ) -> Result<Option<FurtherDigest>, Fault> {
        let sent = self.checksum_sent(given)?.map(FurtherDigest::Sent);
        Ok(sent.or(self.usual_checksum.map(FurtherDigest::Compute)))
    }

    /// The algorithm that a request names for a checksum that is to be computed.
    pub(crate) fn checksum_asked(
        &self,
        given: &Given<'_>,
    ) -> Result<Option<ChecksumAlgorithm>, Fault> {
        let word = given.own_text("checksum-algorithm");
        let Some(word) = word.filter(|_| !self.checksums.is_empty()) else {
            return Ok(None);
        };
        let known = self.checksum_of_word(word);
        known.map(Some).ok_or_else(|| {
            let words: Vec<&str> = self.checksums.iter().map(|(_, word)| *word).collect();
            let why = format!("this server computes {}", words.join(", "));
            given.bad("checksum-algorithm", why)
        })
    }

    /// The checksum that the object of an upload is to get. CRCs are of the parts' ones unless the request
    /// says otherwise, but for the one that never is.
    pub(crate) fn checksum_form(&self, given: &Given<'_>) -> Result<Option<ChecksumForm>, Fault> {
        let kind = match given.own_text("checksum-type") {
            None => None,
            Some(FULL) => Some(ChecksumKind::Full),
            Some(COMPOSITE) => Some(ChecksumKind::Composite),
            Some(_) => {
                let why = format!("a checksum is {FULL} or {COMPOSITE}");
                return Err(given.bad("checksum-type", why));
            }
        };
        let Some(algorithm) = self.checksum_asked(given)? else {
            return Ok(None);
        };
        let usual = match algorithm {
            ChecksumAlgorithm::Crc64Nvme => ChecksumKind::Full,
            _ => ChecksumKind::Composite,
        };
        let kind = kind.unwrap_or(usual);
        Ok(Some(ChecksumForm { algorithm, kind }))
    }

    /// The checksum of a whole object made of parts; what counts the parts is left out.
    pub(crate) fn checksum_of_whole(
        &self,
        given: &Given<'_>,
    ) -> Result<Option<ChecksumValue>, Fault> {
        for (algorithm, word) in self.checksums {
            let name = format!("checksum-{}", word.to_ascii_lowercase());
            let Some(text) = given.own_text(&name) else {
                continue;
            };
            let text = text.split_once('-').map_or(text, |(text, _)| text);
            let why = "this is not the Base64 of such a checksum";
            let value = checksum(*algorithm, text);
            return value.map(Some).ok_or_else(|| Fault::Checksum(why.into()));
        }
        Ok(None)
    }

    /// Adds a checksum to the answer that stored it.
    pub(crate) fn put_stored_checksum(
        &self,
        headers: &mut HeaderMap,
        further: Option<&FurtherChecksum>,
        etag: &Etag,
    ) {
        let Some(further) = further else {
            return;
        };
        let Some(word) = self.checksum_word(further.value.algorithm()) else {
            return;
        };
        let name = format!("{}checksum-{}", self.prefix, word.to_ascii_lowercase());
        let kind = format!("{}checksum-type", self.prefix);
        if let (Ok(name), Ok(kind)) = (HeaderName::try_from(name), HeaderName::try_from(kind)) {
            put(headers, name, &checksum_text(further, etag));
            put(headers, kind, kind_word(further.kind));
        }
    }

    /// Adds the checksum of a whole object to an answer, where the request asks for it.
    pub(crate) fn put_checksum(
        &self,
        headers: &mut HeaderMap,
        given: &Given<'_>,
        record: &ObjectRecord,
    ) {
        let asked = given.own("checksum-mode");
        if asked.is_some_and(|word| word.eq_ignore_ascii_case("ENABLED")) {
            let further = record.checksums.further.as_ref();
            self.put_stored_checksum(headers, further, &record.etag);
        }
    }
}

/// Reads a checksum in Base64.
pub(crate) fn checksum(algorithm: ChecksumAlgorithm, text: &str) -> Option<ChecksumValue> {
    ChecksumValue::new(algorithm, &STANDARD.decode(text.trim()).ok()?)
}

/// A checksum in Base64; behind one of parts stands how many they are.
pub(crate) fn checksum_text(further: &FurtherChecksum, etag: &Etag) -> String {
    let text = STANDARD.encode(further.value.bytes());
    match (further.kind, etag) {
        (ChecksumKind::Composite, Etag::Parts { count, .. }) => format!("{text}-{count}"),
        _ => text,
    }
}

/// The word for what a checksum covers.
pub(crate) fn kind_word(kind: ChecksumKind) -> &'static str {
    match kind {
        ChecksumKind::Full => FULL,
        ChecksumKind::Composite => COMPOSITE,
    }
}
