//! A claim of any version, parsed into one form.

use std::fmt;

use super::v4;
use crate::error::Place;
use crate::key::signing_key;
use crate::scope::Scope;
use crate::signed_headers::SignedHeaders;
use crate::time::Timestamp;
use crate::versions::{Key, Timing};

/// Version of the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// HMAC-SHA1 of decoded text; some query parameters stay unsigned.
    V1,
    /// HMAC-SHA256 of encoded text.
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
    /// The signature as given: base64, or hexadecimal digits in version 4.
    pub signature: String,
    /// What is signed of a form, base64 text.
    pub(super) policy: Option<String>,
    pub(super) basis: Basis,
}

/// What goes into the signature beside the request or the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Basis {
    V1 {
        /// Line of the date as given; empty in a form.
        date: String,
    },
    V2 {
        /// Line of the date as given; empty in a form.
        date: String,
        additional: SignedHeaders,
    },
    V4 {
        time: Timestamp,
        scope: Scope,
        additional: SignedHeaders,
    },
}

impl Claim {
    /// Which version it is of.
    pub fn version(&self) -> Version {
        match self.basis {
            Basis::V1 { .. } => Version::V1,
            Basis::V2 { .. } => Version::V2,
            Basis::V4 { .. } => Version::V4,
        }
    }

    /// Region it is good for; versions 1 and 2 have none.
    pub fn region(&self) -> Option<&str> {
        match &self.basis {
            Basis::V1 { .. } | Basis::V2 { .. } => None,
            Basis::V4 { scope, .. } => Some(&scope.region),
        }
    }

    /// The key that a secret signs this claim with.
    pub(super) fn key<'a>(&self, secret: &'a str) -> Key<'a> {
        match &self.basis {
            Basis::V1 { .. } => Key::Sha1(secret.as_bytes()),
            Basis::V2 { .. } => Key::Sha256(secret.as_bytes()),
            Basis::V4 { scope, .. } => Key::Day(signing_key(&v4::SCHEME, secret, scope)),
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("place", &self.place)
            .field("access_key", &self.access_key)
            .field("timing", &self.timing)
            .field("basis", &self.basis)
            .finish_non_exhaustive()
    }
}
