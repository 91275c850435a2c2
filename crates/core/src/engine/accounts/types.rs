//! What callers see of accounts and keys.

use std::fmt;
use std::sync::Arc;

use crate::model::{AccessKeyId, AccountId, Principal, SessionToken, Timestamp};

/// A secret that never prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: &str) -> Self {
        Self(secret.into())
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A credential as the verifier needs it.
#[derive(Clone, Debug)]
pub struct Credential {
    /// On whose behalf its holder acts.
    pub principal: Principal,
    /// Plain secret, for computing signatures only.
    pub secret: Secret,
    /// Token that must come with a temporary credential.
    pub token: Option<SessionToken>,
    /// End of a temporary credential; the verifier compares it with the wall clock.
    pub expires_at: Option<Timestamp>,
}

/// The root key, as start-up tells it.
#[derive(Clone, Debug)]
pub struct RootKey {
    /// Its id.
    pub access: AccessKeyId,
    /// Its secret, only when it was made just now: it is shown once.
    pub secret: Option<Secret>,
}

/// A key made just now. Its secret parts cannot be shown again.
#[derive(Clone, Debug)]
pub struct IssuedKey {
    /// Its id.
    pub access: AccessKeyId,
    /// Its secret.
    pub secret: Secret,
    /// Its token, when it is temporary.
    pub token: Option<SessionToken>,
    /// Its end, when it is temporary.
    pub expires_at: Option<Timestamp>,
}

/// A key as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// Its id.
    pub access: AccessKeyId,
    /// Whose it is.
    pub account: AccountId,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its end, when it is temporary.
    pub expires_at: Option<Timestamp>,
}
