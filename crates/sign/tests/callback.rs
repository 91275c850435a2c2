//! The signatures of `vectors/oss.json`, section `callback_signature`, and keys of our own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_sign::{CallbackKey, CallbackPublicKey, callback_text};
use serde_json::Value;

fn vectors() -> Value {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/oss.json");
    let text = std::fs::read_to_string(file).expect("vectors/oss.json");
    let vectors: Value = serde_json::from_str(&text).expect("JSON");
    vectors["callback_signature"].clone()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect(name)
}

#[test]
fn every_callback_is_signed_as_expected() {
    let vectors = vectors();
    let der = STANDARD.decode(text(&vectors, "private_key_pkcs8_der_base64"));
    let key = CallbackKey::from_der(&der.expect("Base64")).expect("a key");
    assert_eq!(key.public_pem(), text(&vectors, "public_key_pem"));
    let cases = vectors["cases"].as_array().expect("a list");
    assert_eq!(cases.len(), 4);
    for case in cases {
        let target = text(case, "request_target");
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let signed = callback_text(path, query, text(case, "body").as_bytes());
        assert_eq!(
            String::from_utf8(signed.clone()).expect("UTF-8"),
            text(case, "string_to_sign")
        );
        let signature = key.sign(&signed).expect("a signature");
        assert_eq!(
            STANDARD.encode(signature),
            text(case, "authorization"),
            "{target}"
        );
    }
}

#[test]
fn odd_targets_have_one_text() {
    for (path, query, body, wanted) in [
        ("/", Some(""), "b", "/?\nb"),
        ("/%zz%4", None, "", "/%zz%4\n"),
        ("/a%2Fb", Some("c=%2F"), "\n", "/a/b?c=%2F\n\n"),
    ] {
        let found = callback_text(path, query, body.as_bytes());
        assert_eq!(String::from_utf8(found).expect("UTF-8"), wanted);
    }
}

#[test]
fn a_new_key_lasts_and_is_not_printed() {
    let key = CallbackKey::generate().expect("a key");
    let again = CallbackKey::from_der(&key.to_der().expect("DER")).expect("the same key");
    assert_eq!(
        (again.public_pem(), again.id()),
        (key.public_pem(), key.id())
    );
    assert_eq!(key.id().len(), 16);
    let shown = format!("{key:?}");
    assert_eq!(shown, format!("CallbackKey {{ id: {:?}, .. }}", key.id()));
    assert!(CallbackKey::from_der(b"no key").is_err());

    // The scheme has no randomness: equal signatures are one key's.
    let signature = key.sign(b"/cb\nbody").expect("a signature");
    assert_eq!(signature.len(), 256);
    assert_eq!(again.sign(b"/cb\nbody").expect("a signature"), signature);
    assert_ne!(again.sign(b"/cb\nbodY").expect("a signature"), signature);
    let other = CallbackKey::generate().expect("a key");
    assert_ne!(other.id(), key.id());
    assert_ne!(other.sign(b"/cb\nbody").expect("a signature"), signature);
}

#[test]
fn the_public_half_verifies_and_nothing_else_passes() {
    let vectors = vectors();
    let public = CallbackPublicKey::from_pem(text(&vectors, "public_key_pem")).expect("a key");
    for case in vectors["cases"].as_array().expect("a list") {
        let signed = text(case, "string_to_sign").as_bytes();
        let signature = STANDARD
            .decode(text(case, "authorization"))
            .expect("Base64");
        assert!(public.verify(signed, &signature));
        let mut damaged = signature.clone();
        damaged[7] ^= 1;
        let mut longer = signed.to_vec();
        longer.push(b' ');
        assert!(!public.verify(signed, &damaged) && !public.verify(&longer, &signature));
        assert!(!public.verify(signed, &signature[1..]) && !public.verify(signed, b""));
    }
}

/// A key as short as the vendor's, made by OpenSSL, and its signature of a text.
const SHORT: &str = "-----BEGIN PUBLIC KEY-----
MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBANqC3tly433CdEGxZGLi/sX4YSqBU+8n
TuDX5a+ROkCZD1sCM1KEO+QVCe8o6mGHgF75KzUeug65MJf7F8xnHPMCAwEAAQ==
-----END PUBLIC KEY-----
";
const BY_SHORT: &str =
    "d0fk4KFZ5Jmw9meiNr8MSbFyAyI+XK/XdmfT8MINEBu28H/zm/3dh0U96X+v8RYUN78NfYxvA4OMyhqLoFiuMQ==";

#[test]
fn public_keys_of_the_vendors_length_are_read_and_other_things_are_not() {
    let short = CallbackPublicKey::from_pem(SHORT).expect("a key");
    let signature = STANDARD.decode(BY_SHORT).expect("Base64");
    assert!(short.verify(&callback_text("/cb", Some("a=1"), b"body"), &signature));
    let other_kind = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAKduB4jdMlbovtn4NnY4vTbGxnDaUVSxeVT6oygwDcc8=
-----END PUBLIC KEY-----
";
    let label = SHORT.replace("PUBLIC KEY", "RSA PUBLIC KEY");
    let cut = SHORT.replace("TuDX5a+", "");
    for text in ["", "no key", other_kind, &label, &cut] {
        assert!(CallbackPublicKey::from_pem(text).is_err(), "{text}");
    }
}
