//! Deliveries to webhooks, signed as the Standard Webhooks specification has it.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_sign::webhook::matches;
use http::HeaderMap;

use super::{Refused, bounded, header};
use crate::web::ValueError;

/// How far the time of signing may be from the receiver's. Whoever repeats a delivery has to do so within it; keep the
/// ids of this time to notice even that. The server signs each try anew.
pub const WINDOW: Duration = Duration::from_mins(5);

/// Longest id.
const ID_BYTES_MAX: usize = 256;
/// Longest list of signatures: a dozen, with those of secrets that are being replaced.
const LIST_BYTES_MAX: usize = 1024;
/// Longest secret; the specification has 24 to 64 bytes.
const SECRET_BYTES_MAX: usize = 256;

/// Knows the secret of a server's deliveries.
#[derive(Clone)]
pub struct WebhookVerifier {
    secrets: Vec<Vec<u8>>,
}

impl fmt::Debug for WebhookVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookVerifier").finish_non_exhaustive()
    }
}

/// A genuine delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Id of the message; a repeated delivery has the same.
    pub id: String,
    /// When it was signed, Unix seconds.
    pub timestamp: u64,
}

impl WebhookVerifier {
    /// With the secret that `cohong key webhook` shows, `whsec_` and Base64.
    pub fn new(secret: &str) -> Result<Self, ValueError> {
        let none = Self {
            secrets: Vec::new(),
        };
        none.and(secret)
    }

    /// With another secret besides, such as that of a second server.
    pub fn and(mut self, secret: &str) -> Result<Self, ValueError> {
        let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
        let bytes = STANDARD.decode(encoded).unwrap_or_default();
        if bytes.is_empty() || bytes.len() > SECRET_BYTES_MAX {
            let text = "a webhook's secret is whsec_ and Base64, as `cohong key webhook` shows it";
            return Err(ValueError::new(text));
        }
        self.secrets.push(bytes);
        Ok(self)
    }

    /// Judges a delivery at the receiver's time. Compares in constant time.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Delivery, Refused> {
        bounded(body)?;
        let id = header(headers, "webhook-id", ID_BYTES_MAX)?;
        let seconds = header(headers, "webhook-timestamp", 20)?;
        let list = header(headers, "webhook-signature", LIST_BYTES_MAX)?;
        let malformed = |_| Refused::Malformed("webhook-timestamp");
        let timestamp: u64 = seconds.parse().map_err(malformed)?;
        let genuine = |secret: &Vec<u8>| matches(secret, id, timestamp, body, list);
        if !self.secrets.iter().any(genuine) {
            return Err(Refused::Mismatch);
        }
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        if now.abs_diff(timestamp) > WINDOW.as_secs() {
            return Err(Refused::Stale);
        }
        Ok(Delivery {
            id: id.to_owned(),
            timestamp,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cohong_sign::webhook::signature;
    use http::HeaderValue;

    const SECRET: &[u8] = b"a secret of thirty-two bytes ...";
    const AT: u64 = 1_700_000_000;
    const BODY: &[u8] = b"{\"events\":[]}";

    fn told() -> String {
        format!("whsec_{}", STANDARD.encode(SECRET))
    }

    fn headers(id: &str, seconds: u64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name, value: &str| {
            headers.insert(name, HeaderValue::from_str(value).expect("a value"));
        };
        put("webhook-id", id);
        put("webhook-timestamp", &seconds.to_string());
        put("webhook-signature", &signature(SECRET, id, seconds, BODY));
        headers
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_genuine_delivery_within_the_window_passes() {
        let verifier = WebhookVerifier::new(&told()).expect("a secret");
        for now in [AT, AT - 300, AT + 300] {
            let delivery = verifier.verify(&headers("7", AT), BODY, at(now));
            assert_eq!(delivery.expect("genuine").id, "7");
        }
        for now in [0, AT - 301, AT + 301] {
            let late = verifier.verify(&headers("7", AT), BODY, at(now));
            assert!(matches!(late, Err(Refused::Stale)), "{now}");
        }
        let other = WebhookVerifier::new("whsec_AAAA").expect("a secret");
        assert!(matches!(
            other.verify(&headers("7", AT), BODY, at(AT)),
            Err(Refused::Mismatch)
        ));
        let both = other.and(&told()).expect("a secret");
        assert!(both.verify(&headers("7", AT), BODY, at(AT)).is_ok());
        assert!(!format!("{both:?}").contains("secret"));
    }

    #[test]
    fn nothing_of_a_delivery_can_be_changed() {
        let verifier = WebhookVerifier::new(&told()).expect("a secret");
        let refused = |name: &'static str, value: Option<&str>| {
            let mut headers = headers("7", AT);
            headers.remove(name);
            if let Some(value) = value {
                headers.insert(name, HeaderValue::from_str(value).expect("a value"));
            }
            verifier.verify(&headers, BODY, at(AT)).expect_err(name)
        };
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            assert!(matches!(refused(name, None), Refused::Missing(_)));
        }
        assert!(matches!(
            refused("webhook-id", Some("8")),
            Refused::Mismatch
        ));
        let later = (AT + 1).to_string();
        assert!(matches!(
            refused("webhook-timestamp", Some(&later)),
            Refused::Mismatch
        ));
        assert!(matches!(
            refused("webhook-timestamp", Some("-1")),
            Refused::Malformed(_)
        ));
        let long = "v1,AAAA ".repeat(200);
        assert!(matches!(
            refused("webhook-signature", Some(&long)),
            Refused::Malformed(_)
        ));
        let mut twice = headers("7", AT);
        twice.append("webhook-id", HeaderValue::from_static("7"));
        assert!(verifier.verify(&twice, BODY, at(AT)).is_err());
        let changed = verifier.verify(&headers("7", AT), b"{}", at(AT));
        assert!(matches!(changed, Err(Refused::Mismatch)));
        for bad in [
            "",
            "whsec_",
            "whsec_?",
            &format!("whsec_{}", "A".repeat(400)),
        ] {
            assert!(WebhookVerifier::new(bad).is_err(), "{bad}");
        }
    }
}
