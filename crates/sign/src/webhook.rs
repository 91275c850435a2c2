//! Signatures of webhook deliveries, as the Standard Webhooks specification has them: HMAC-SHA256 over id, time and
//! body. The secret is shared with the receivers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What stands before a signature of this kind.
const VERSION: &str = "v1,";

/// What `webhook-signature` says of a delivery; `seconds` is what `webhook-timestamp` says.
pub fn signature(secret: &[u8], id: &str, seconds: u64, body: &[u8]) -> String {
    let digest = mac(secret, id, seconds, body).finalize().into_bytes();
    format!("{VERSION}{}", STANDARD.encode(digest))
}

/// Whether one of the signatures in `list`, which are separated by blanks, is that of the delivery. Compares in
/// constant time; signatures of other kinds are passed over.
pub fn matches(secret: &[u8], id: &str, seconds: u64, body: &[u8], list: &str) -> bool {
    let ours = list.split(' ').filter_map(|one| one.strip_prefix(VERSION));
    let mac = mac(secret, id, seconds, body);
    ours.filter_map(|text| STANDARD.decode(text).ok())
        .any(|given| mac.clone().verify_slice(&given).is_ok())
}

fn mac(secret: &[u8], id: &str, seconds: u64, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any key length will do");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_example_of_the_specification() {
        let secret = STANDARD.decode(SECRET).expect("Base64");
        assert_eq!(signature(&secret, ID, 1_614_265_330, BODY), SIGNED);
        let is = |seconds, body, list: &str| matches(&secret, ID, seconds, body, list);
        assert!(is(1_614_265_330, BODY, SIGNED));
        let several = format!("v1a,AAAA v1,AAAA {SIGNED}");
        assert!(is(1_614_265_330, BODY, &several));
        for list in [
            "",
            "v1,",
            "v1,AAAA",
            &SIGNED[3..],
            &SIGNED[..SIGNED.len() - 4],
        ] {
            assert!(!is(1_614_265_330, BODY, list), "{list}");
        }
        assert!(!is(1_614_265_331, BODY, SIGNED));
        assert!(!is(1_614_265_330, b"{}", SIGNED));
        assert!(!matches(b"another", ID, 1_614_265_330, BODY, SIGNED));
    }
}
