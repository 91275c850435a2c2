//! Every signature in `vectors/tos.json`, which the vendor's own signer made: verified as the server does, and
//! signed again as a client does and compared text by text.

use std::path::Path;

use cohong_sign::{
    Credentials, Flavour, Payload, Presented, RequestHead, Scope, Signer, TOS, Timestamp,
    canonical_policy_request, canonical_request, encode, present, present_form, signing_key,
    string_to_sign, verify,
};
use http::{HeaderMap, HeaderName, Method};
use serde_json::Value;

/// Entries per kind, so that a lost vector is noticed.
const KINDS: [(&str, usize); 4] = [
    ("header", 13),
    ("query", 5),
    ("post", 1),
    ("x-tos-policy", 1),
];

struct Vectors(Value);

impl Vectors {
    fn load() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/tos.json");
        let text = std::fs::read_to_string(file).expect("vectors/tos.json");
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    fn credential(&self, field: &str) -> &str {
        text(&self.0["credentials"], field)
    }

    fn entries(&self, kind: &str) -> Vec<&Value> {
        let all = self.0["signatures"].as_array().expect("signatures");
        all.iter().filter(|e| e["kind"] == kind).collect()
    }

    fn signer<'a>(&'a self, security_token: Option<&'a str>) -> Signer<'a> {
        let credentials = Credentials {
            access_key: self.credential("access_key"),
            secret: self.credential("secret_key"),
            security_token,
        };
        let time = Timestamp::parse(self.credential("date")).expect("date");
        Signer::new(&TOS, credentials, self.credential("region"), time)
    }

    fn check(&self, presented: &Presented, head: &RequestHead<'_>) {
        assert_eq!(presented.access_key, self.credential("access_key"));
        assert_eq!(presented.scope.region, self.credential("region"));
        assert_eq!(presented.timestamp.as_str(), self.credential("date"));
        let key = signing_key(&TOS, self.credential("secret_key"), &presented.scope);
        assert_eq!(verify(&TOS, &key, presented, head), Ok(Payload::Unsigned));
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect(field)
}

/// Path and query of a URL, untouched.
fn target(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").expect("scheme");
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    (before.find('/').map_or("", |at| &before[at..]), query)
}

fn headers(value: &Value) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in value.as_object().expect("headers") {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
        map.append(name, text_of(value).parse().expect("value"));
    }
    map
}

fn text_of(value: &Value) -> &str {
    value.as_str().expect("text")
}

/// The query of decoded parameters, with spaces written as `space`.
fn query(entry: &Value, space: &str) -> String {
    let pairs = entry["query"].as_object().expect("query");
    let parts: Vec<String> = pairs
        .iter()
        .map(|(n, v)| match encode(text_of(v).as_bytes()) {
            value if value.is_empty() => n.clone(),
            value => format!("{n}={}", value.replace("%20", space)),
        })
        .collect();
    parts.join("&")
}

fn assert_texts(entry: &Value, presented: &Presented, canonical: &[u8]) {
    let name = text(entry, "name");
    let canonical_text = std::str::from_utf8(canonical).expect("text");
    assert_eq!(canonical_text, text(entry, "canonical_request"), "{name}");
    let sts = string_to_sign(&TOS, &presented.timestamp, &presented.scope, canonical);
    assert_eq!(sts, text(entry, "string_to_sign"), "{name}");
}

#[test]
fn every_entry_is_of_a_tested_kind() {
    let vectors = Vectors::load();
    let all = vectors.0["signatures"].as_array().expect("signatures");
    assert_eq!(all.len(), KINDS.iter().map(|(_, n)| n).sum::<usize>());
    for (kind, count) in KINDS {
        assert_eq!(vectors.entries(kind).len(), count, "{kind}");
    }
}

#[test]
fn signing_key_bytes() {
    // The bytes of a key cannot be read back, so the key is recognised by a signature made with those bytes.
    use hmac::{Hmac, KeyInit, Mac};
    let vectors = Vectors::load();
    let scope = Scope::new(&TOS, "20240506", vectors.credential("region"));
    let key = signing_key(&TOS, vectors.credential("secret_key"), &scope);
    let bytes = hex::decode(vectors.credential("signing_key_hex")).expect("hex");
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&bytes).expect("key");
    mac.update(b"any text");
    let expected = hex::encode(mac.finalize().into_bytes());
    assert_eq!(key.signature(b"any text"), expected);
}

#[test]
fn header_flavour() {
    let vectors = Vectors::load();
    for entry in vectors.entries("header") {
        // The SDK writes a space in a query as `+`, others as `%20`.
        for space in ["+", "%20"] {
            check_header(&vectors, entry, &query(entry, space));
        }
    }
}

fn check_header(vectors: &Vectors, entry: &Value, query: &str) {
    let (path, _) = target(text(entry, "url"));
    let method: Method = text(entry, "method").parse().expect("method");
    let mut headers = headers(&entry["headers"]);
    let head = RequestHead {
        method: &method,
        path,
        query,
        headers: &headers,
    };
    let presented = present(&TOS, &headers, query)
        .expect("claim")
        .expect("signed");
    assert_eq!(presented.flavour, Flavour::Header);
    assert_eq!(presented.signature, text(entry, "signature"));
    let canonical = canonical_request(&TOS, &head, &presented.signed_headers, "UNSIGNED-PAYLOAD");
    assert_texts(entry, &presented, &canonical.expect("canonical"));
    vectors.check(&presented, &head);

    headers.remove("authorization");
    headers.remove("x-tos-date");
    let token = headers.remove("x-tos-security-token");
    let signer = vectors.signer(token.as_ref().map(|t| t.to_str().expect("token")));
    let value = signer.sign_headers(&method, path, query, &mut headers);
    assert_eq!(value.as_deref(), Ok(text(entry, "authorization")));
}

#[test]
fn query_flavour() {
    let vectors = Vectors::load();
    for entry in vectors.entries("query") {
        let (path, query) = target(text(entry, "url"));
        let method: Method = text(entry, "method").parse().expect("method");
        let headers = headers(&entry["signed_header"]);
        let head = RequestHead {
            method: &method,
            path,
            query,
            headers: &headers,
        };
        let presented = present(&TOS, &headers, query)
            .expect("claim")
            .expect("signed");
        assert_eq!(presented.flavour, Flavour::Query);
        let decoded = &entry["query_decoded"];
        let seconds = presented.expires.map(|s| s.to_string());
        assert_eq!(seconds.as_deref(), decoded["X-Tos-Expires"].as_str());
        assert_eq!(
            presented.security_token.as_deref(),
            decoded["X-Tos-Security-Token"].as_str()
        );
        let canonical =
            canonical_request(&TOS, &head, &presented.signed_headers, "UNSIGNED-PAYLOAD");
        assert_texts(entry, &presented, &canonical.expect("canonical"));
        vectors.check(&presented, &head);

        let own = query
            .split("X-Tos-Algorithm")
            .next()
            .expect("first")
            .trim_end_matches('&');
        let content_type = presented.signed_headers.contains("content-type");
        let also: &[&str] = if content_type { &["content-type"] } else { &[] };
        let signer = vectors.signer(presented.security_token.as_deref());
        let expires = presented.expires.expect("lifetime");
        let made = signer.presign(&RequestHead { query: own, ..head }, expires, also);
        assert_eq!(made.as_deref(), Ok(query), "{}", text(entry, "name"));
    }
}

#[test]
fn post_form_flavour() {
    let vectors = Vectors::load();
    for entry in vectors.entries("post") {
        let fields = [
            ("key", "post-key"),
            ("policy", text(entry, "policy")),
            ("x-tos-algorithm", text(entry, "algorithm")),
            ("x-tos-credential", text(entry, "credential")),
            ("x-tos-date", text(entry, "date")),
            ("x-tos-signature", text(entry, "signature")),
        ];
        let presented = present_form(&TOS, fields).expect("claim").expect("signed");
        let policy = text(entry, "string_to_sign").to_owned();
        assert_eq!(presented.flavour, Flavour::Form { policy });
        let head = RequestHead {
            method: &Method::POST,
            path: "/",
            query: "",
            headers: &HeaderMap::new(),
        };
        vectors.check(&presented, &head);

        let signed = vectors
            .signer(None)
            .sign_post_policy(text(entry, "origin_policy"));
        let signed: Vec<_> = signed
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(signed, fields[1..]);
    }
}

#[test]
fn policy_url_flavour() {
    let vectors = Vectors::load();
    for entry in vectors.entries("x-tos-policy") {
        let signed_query = text(entry, "signed_query");
        for url in ["list_url", "get_url"] {
            let (path, query) = target(text(entry, url));
            // Parameters of the operation may be added by whoever holds the URL.
            for query in [query.to_owned(), format!("{query}&prefix=pre/&max-keys=7")] {
                check_policy_url(&vectors, entry, path, &query);
            }
        }
        let policy =
            r#"{"conditions": [["starts-with", "$key", "pre/"], {"bucket": "vector-bucket"}]}"#;
        let signed = vectors.signer(None).presign_policy(policy, 600);
        assert_eq!(signed.as_deref(), Ok(signed_query));
    }
}

fn check_policy_url(vectors: &Vectors, entry: &Value, path: &str, query: &str) {
    let headers = HeaderMap::new();
    let presented = present(&TOS, &headers, query)
        .expect("claim")
        .expect("signed");
    assert!(matches!(presented.flavour, Flavour::PolicyUrl { .. }));
    let canonical = canonical_policy_request(&TOS, query).expect("canonical");
    assert_texts(entry, &presented, &canonical);
    let head = RequestHead {
        method: &Method::GET,
        path,
        query,
        headers: &headers,
    };
    vectors.check(&presented, &head);
}
