//! Signatures of a body's chunks and of the trailer behind them (S3 sheet section 3). Each depends on the one
//! before it and the first on that of the request, so chunks can be neither changed nor moved nor left out.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::key::DayKey;
use crate::scheme::{EMPTY_SHA256, Scheme};
use crate::scope::Scope;
use crate::time::Timestamp;

/// Signs or checks chunks in the order in which they are sent. `Debug` shows no key and no signature.
#[derive(Clone)]
pub struct ChunkSigner {
    key: DayKey,
    algorithm: &'static str,
    /// Time and scope, two lines.
    when: String,
    previous: String,
}

impl fmt::Debug for ChunkSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkSigner")
            .field("when", &self.when)
            .finish_non_exhaustive()
    }
}

impl ChunkSigner {
    /// Continues `seed`, the signature of the request, with the key that made it.
    pub(crate) fn new(
        scheme: &Scheme,
        key: DayKey,
        time: &Timestamp,
        scope: &Scope,
        seed: &str,
    ) -> Self {
        Self {
            key,
            algorithm: scheme.algorithm,
            when: format!("{}\n{}", time.as_str(), scope.text(scheme)),
            previous: seed.to_owned(),
        }
    }

    /// The signature of the next chunk, whose bytes have this SHA-256. The last chunk has none.
    pub fn chunk(&mut self, sha256: &[u8; 32]) -> String {
        self.go_on(&self.chunk_text(sha256))
    }

    /// Whether `signature` is that of the next chunk, compared in constant time.
    pub fn is_chunk(&mut self, sha256: &[u8; 32], signature: &str) -> bool {
        let text = self.chunk_text(sha256);
        self.go_on(&text);
        self.key.matches(text.as_bytes(), signature)
    }

    /// The signature of the trailer behind the last chunk: `name:value` lines, each with a line feed.
    pub fn trailer(&mut self, lines: &[u8]) -> String {
        self.go_on(&self.trailer_text(lines))
    }

    /// Whether `signature` is that of the trailer, compared in constant time.
    pub fn is_trailer(&mut self, lines: &[u8], signature: &str) -> bool {
        let text = self.trailer_text(lines);
        self.go_on(&text);
        self.key.matches(text.as_bytes(), signature)
    }

    fn chunk_text(&self, sha256: &[u8; 32]) -> String {
        let sum = hex::encode(sha256);
        self.text("PAYLOAD", &format!("{EMPTY_SHA256}\n{sum}"))
    }

    fn trailer_text(&self, lines: &[u8]) -> String {
        self.text("TRAILER", &hex::encode(Sha256::digest(lines)))
    }

    fn text(&self, what: &str, sums: &str) -> String {
        let Self {
            algorithm,
            when,
            previous,
            ..
        } = self;
        format!("{algorithm}-{what}\n{when}\n{previous}\n{sums}")
    }

    fn go_on(&mut self, text: &str) -> String {
        self.previous = self.key.signature(text.as_bytes());
        self.previous.clone()
    }
}
