//! Key derivation, signatures and their comparison.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::scheme::Scheme;
use crate::scope::Scope;

/// The signing key of one secret for one day, region and service. It says nothing about the secret and signs
/// nothing outside its scope, so a server may cache it until the day is over. `Debug` shows no key bytes.
#[derive(Clone)]
pub struct DayKey([u8; 32]);

/// Derives the signing key: an HMAC chain over the prefixed secret with date, region, service and terminator.
pub fn signing_key(scheme: &Scheme, secret: &str, scope: &Scope) -> DayKey {
    let secret = format!("{}{secret}", scheme.key_prefix);
    let date = mac(secret.as_bytes(), scope.date.as_bytes());
    let region = mac(&date, scope.region.as_bytes());
    let service = mac(&region, scope.service.as_bytes());
    DayKey(mac(&service, scheme.terminator.as_bytes()))
}

impl DayKey {
    /// Signature of a string to sign, as 64 lower-case hexadecimal digits.
    pub fn signature(&self, string_to_sign: &[u8]) -> String {
        signature(&self.0, string_to_sign)
    }

    /// Whether `signature` (hexadecimal) belongs to the string to sign; the comparison takes constant time.
    pub fn matches(&self, string_to_sign: &[u8], signature: &str) -> bool {
        matches(&self.0, string_to_sign, signature)
    }
}

impl fmt::Debug for DayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DayKey(..)")
    }
}

/// As [`DayKey::signature`], with any key.
pub(crate) fn signature(key: &[u8], text: &[u8]) -> String {
    hex::encode(mac(key, text))
}

/// As [`DayKey::matches`], with any key.
pub(crate) fn matches(key: &[u8], text: &[u8], signature: &str) -> bool {
    let mut given = [0; 32];
    hex::decode_to_slice(signature, &mut given).is_ok()
        && hmac::<Hmac<Sha256>>(key, text).verify_slice(&given).is_ok()
}

/// The state of an HMAC that has read `message`.
pub(crate) fn hmac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> M {
    let mut state = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    state.update(message);
    state
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    hmac::<Hmac<Sha256>>(key, message)
        .finalize()
        .into_bytes()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::TOS;

    #[test]
    fn matches_only_the_whole_signature() {
        let key = signing_key(&TOS, "secret", &Scope::new(&TOS, "20240506", "r"));
        let good = key.signature(b"text");
        assert!(key.matches(b"text", &good));
        assert!(!key.matches(b"texT", &good));
        for bad in ["", &good[..62], &format!("{good}00"), &"g".repeat(64)] {
            assert!(!key.matches(b"text", bad), "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let key = signing_key(&TOS, "secret", &Scope::new(&TOS, "20240506", "r"));
        assert_eq!(format!("{key:?}"), "DayKey(..)");
    }
}
