//! A claim of any version, parsed into one form.

use std::fmt;

use super::content::Content;
use crate::chunks::ChunkSigner;
use crate::error::Place;
use crate::key::signing_key;
use crate::scheme::AWS4;
use crate::scope::Scope;
use crate::signed_headers::SignedHeaders;
use crate::time::Timestamp;
use crate::versions::{Key, Timing};

/// Version of the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// HMAC-SHA1; most query parameters stay unsigned.
    V2,
    /// A key of one day and region; the canonical request is hashed.
    V4,
}

/// A claim, neither verified nor checked against any clock. `Debug` shows neither signature nor token.
#[derive(Clone, PartialEq, Eq)]
pub struct Claim {
    /// Where it stood.
    pub place: Place,
    /// Access key whose secret is to be looked up.
    pub access_key: String,
    /// Token of temporary credentials.
    pub security_token: Option<String>,
    /// For how long it is good.
    pub timing: Timing,
    /// What the request says about its body; nothing of a form.
    pub content: Content,
    /// The signature as given: base64, or hexadecimal digits in version 4.
    pub signature: String,
    /// What is signed of a form, base64 text.
    pub(super) policy: Option<String>,
    pub(super) basis: Basis,
}

/// What goes into the signature beside the request or the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Basis {
    V2 {
        /// Line of the date as given; empty in a form, and where the vendor's header tells the date.
        date: String,
    },
    V4 {
        time: Timestamp,
        scope: Scope,
        signed: SignedHeaders,
        /// Payload lines that clients may have signed, the likeliest first; none in a form.
        lines: Vec<String>,
    },
}

impl Claim {
    /// Which version it is of.
    pub fn version(&self) -> Version {
        match self.basis {
            Basis::V2 { .. } => Version::V2,
            Basis::V4 { .. } => Version::V4,
        }
    }

    /// Region it is good for; version 2 has none.
    pub fn region(&self) -> Option<&str> {
        match &self.basis {
            Basis::V2 { .. } => None,
            Basis::V4 { scope, .. } => Some(&scope.region),
        }
    }

    /// The headers that it lists, where a list is what decides about headers.
    pub(super) fn listed(&self) -> Option<&SignedHeaders> {
        match &self.basis {
            Basis::V4 { signed, .. } if self.policy.is_none() => Some(signed),
            Basis::V2 { .. } | Basis::V4 { .. } => None,
        }
    }

    /// The key that a secret signs this claim with.
    pub(super) fn key<'a>(&self, secret: &'a str) -> Key<'a> {
        match &self.basis {
            Basis::V2 { .. } => Key::Sha1(secret.as_bytes()),
            Basis::V4 { scope, .. } => Key::Day(signing_key(&AWS4, secret, scope)),
        }
    }

    /// What checks the chunks of the body, if they are signed.
    pub(super) fn chunks(&self, key: Key<'_>) -> Option<ChunkSigner> {
        let Content::Chunked { signed: true, .. } = self.content else {
            return None;
        };
        match (&self.basis, key) {
            (Basis::V4 { time, scope, .. }, Key::Day(key)) => {
                Some(ChunkSigner::new(&AWS4, key, time, scope, &self.signature))
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("place", &self.place)
            .field("access_key", &self.access_key)
            .field("timing", &self.timing)
            .field("content", &self.content)
            .field("basis", &self.basis)
            .finish_non_exhaustive()
    }
}
