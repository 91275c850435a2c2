//! Every signature in `vectors/oas.json`, which the vendor's client gives as well: verified as the server does, and
//! signed again and compared. Then the forms of other clients, and what is refused.

use std::path::Path;

use cohong_sign::oas::{
    ALGORITHM, Claim, Mismatch, Signer, is_signed, present, string_to_sign, verify,
};
use cohong_sign::{Credentials, Fault, RequestHead, Timestamp};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::prelude::*;
use serde_json::Value;

const SECRET: &str = "OasTestSecretAccessKey0123456789";
const ACCESS_KEY: &str = "OASTESTACCESSKEYID00";

/// A request of the vectors.
struct Entry {
    name: String,
    method: Method,
    target: String,
    /// Without `Authorization`.
    headers: HeaderMap,
    authorization: String,
    string_to_sign: String,
}

impl Entry {
    fn new(json: &Value) -> Self {
        let text = |name: &str| json[name].as_str().expect(name).to_owned();
        let mut headers = HeaderMap::new();
        for pair in json["headers"].as_array().expect("headers") {
            let (name, value) = (pair[0].as_str(), pair[1].as_str());
            headers.append(header(name.expect("name")), raw(value.expect("value")));
        }
        Self {
            name: text("name"),
            method: text("method").parse().expect("method"),
            target: text("request_target"),
            headers,
            authorization: text("authorization"),
            string_to_sign: text("string_to_sign"),
        }
    }

    fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }

    fn head(&self) -> RequestHead<'_> {
        let (path, query) = self.path_and_query();
        RequestHead {
            method: &self.method,
            path,
            query,
            headers: &self.headers,
        }
    }

    fn claim(&self) -> Claim {
        let mut headers = self.headers.clone();
        headers.insert("authorization", raw(&self.authorization));
        assert!(is_signed(&headers), "{}", self.name);
        let claim = present(&headers).expect(&self.name);
        claim.expect(&self.name)
    }

    fn verify(&self) -> Result<(), Mismatch> {
        verify(&self.claim(), SECRET, &self.head())
    }
}

fn header(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).expect("name")
}

fn raw(value: &str) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).expect("value")
}

fn vectors() -> Vec<Entry> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/oas.json");
    let text = std::fs::read_to_string(file).expect("vectors/oas.json");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let signatures = &all["signatures"];
    assert_eq!(signatures["access_key_id"], ACCESS_KEY);
    assert_eq!(signatures["access_key_secret"], SECRET);
    let cases = signatures["cases"].as_array().expect("cases");
    cases.iter().map(Entry::new).collect()
}

fn signer(time: i64) -> Signer<'static> {
    Signer {
        credentials: Credentials {
            access_key: ACCESS_KEY,
            secret: SECRET,
            security_token: None,
        },
        time: Timestamp::from_unix(time).expect("a time"),
    }
}

#[test]
fn every_vector_is_verified_and_signed_again() {
    let all = vectors();
    assert_eq!(all.len(), 13, "a lost vector is noticed");
    for entry in &all {
        let (name, claim) = (&entry.name, entry.claim());
        assert_eq!(claim.access_key, ACCESS_KEY, "{name}");
        assert_eq!(claim.signed_at, 1_395_748_800, "{name}");
        let text = string_to_sign(&entry.head(), &claim.date).expect(name);
        assert_eq!(String::from_utf8_lossy(&text), entry.string_to_sign);
        assert_eq!(entry.verify(), Ok(()), "{name}");
        let other = verify(&claim, "another secret", &entry.head()).expect_err(name);
        assert_eq!(other.string_to_sign, text, "{name}");

        let mut headers = entry.headers.clone();
        headers.remove("date");
        let (path, query) = entry.path_and_query();
        let signed = signer(claim.signed_at).sign_headers(&entry.method, path, query, &mut headers);
        assert_eq!(signed.expect(name), entry.authorization, "{name}");
        assert_eq!(headers, entry.headers, "{name}");
    }
}

/// Something that happens to a request after it was signed.
type Change = fn(&mut Entry);

#[test]
fn a_change_of_what_is_signed_is_noticed() {
    let of = |name: &str| {
        let found = vectors().into_iter().find(|entry| entry.name == name);
        found.expect(name)
    };
    let list = "list vaults, limit and marker";
    let table: [(&str, Change, bool); 12] = [
        (list, |_| (), true),
        (list, |e| e.method = Method::PUT, false),
        (list, |e| e.target.push_str("&a"), false),
        (list, |e| e.target = e.target.replace("=1", "=2"), false),
        (
            list,
            |e| e.target = e.target.replace("vaults", "vault"),
            false,
        ),
        (
            list,
            |e| put(e, "date", "Tue, 25 Mar 2014 12:00:01 GMT"),
            false,
        ),
        (list, |e| put(e, "x-oas-version", "0.2.6"), false),
        (list, |e| put(e, "x-oas-more", ""), false),
        (list, |e| put(e, "user-agent", "another"), true),
        ("upload part", |e| put(e, "x-oas-tree-etag", "00"), false),
        (
            "upload part",
            |e| drop(e.headers.remove("x-oas-tree-etag")),
            false,
        ),
        // Not covered: the digests say what the bytes have to be.
        ("upload part", |e| put(e, "content-range", "0-1"), true),
    ];
    for (name, change, good) in table {
        let mut entry = of(name);
        change(&mut entry);
        assert_eq!(entry.verify().is_ok(), good, "{name} {}", entry.target);
    }
}

fn put(entry: &mut Entry, name: &'static str, value: &str) {
    entry.headers.insert(name, raw(value));
}

/// Signs a text as a client with its own idea of it.
fn authorization(text: &str) -> String {
    use base64::Engine as _;
    use hmac::{KeyInit as _, Mac as _};
    let mut mac = hmac::Hmac::<sha1::Sha1>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    format!("{ALGORITHM} {ACCESS_KEY}:{signature}")
}

#[test]
fn forms_of_a_client_in_php_are_verified() {
    let date = "Tue, 4 Mar 2014 12:00:00 GMT";
    let get = Method::GET;
    let table = [
        (
            "the vendor's",
            &get,
            "m=%41",
            " a b ",
            "GET\n{}\nx-oas-d:a b\n/v?m=A",
            true,
        ),
        (
            "raw query",
            &get,
            "m=%41",
            "ab",
            "GET\n{}\nx-oas-d:ab\n/v?m=%41",
            true,
        ),
        (
            "no blanks",
            &get,
            "m=%41",
            "a b",
            "GET\n{}\nx-oas-d:ab\n/v?m=A",
            true,
        ),
        (
            "both",
            &get,
            "m=%41",
            "a\tb",
            "GET\n{}\nx-oas-d:ab\n/v?m=%41",
            true,
        ),
        (
            "raw query, other method",
            &Method::POST,
            "m=%41",
            "ab",
            "POST\n{}\nx-oas-d:ab\n/v?m=%41",
            false,
        ),
        (
            "unsorted",
            &get,
            "m=1&l=%31",
            "ab",
            "GET\n{}\nx-oas-d:ab\n/v?m=1&l=1",
            false,
        ),
        (
            "path alone",
            &get,
            "m=1",
            "ab",
            "GET\n{}\nx-oas-d:ab\n/v",
            false,
        ),
    ];
    for (name, method, query, value, text, good) in table {
        let mut headers = HeaderMap::new();
        headers.insert("date", raw(date));
        headers.insert("x-oas-d", raw(value));
        headers.insert(
            "authorization",
            raw(&authorization(&text.replace("{}", date))),
        );
        let claim = present(&headers).expect(name).expect(name);
        assert_eq!(claim.signed_at, 1_393_934_400, "{name}");
        let head = RequestHead {
            method,
            path: "/v",
            query,
            headers: &headers,
        };
        assert_eq!(verify(&claim, SECRET, &head).is_ok(), good, "{name}");
    }
}

#[test]
fn claims_that_cannot_be_understood() {
    let date = "Tue, 25 Mar 2014 12:00:00 GMT";
    let table = [
        ("OAS AK:c2lnbmF0dXJl", date, None),
        ("OAS  AK:c2lnbmF0dXJl ", date, None),
        ("OAS A:K:c2ln", date, None),
        ("OSS AK:c2ln", date, Some("the algorithm is unknown")),
        ("oas AK:c2ln", date, Some("the algorithm is unknown")),
        ("", date, Some("the algorithm is unknown")),
        ("OAS", date, Some("with a colon between")),
        ("OAS AKc2ln", date, Some("with a colon between")),
        ("OAS :c2ln", date, Some("it is empty")),
        (
            &format!("OAS {}:x", "A".repeat(129)),
            date,
            Some("too long"),
        ),
        (
            &format!("OAS AK:{}", "A".repeat(20_000)),
            date,
            Some("too long"),
        ),
        ("OAS AK:c2ln", "yesterday", Some("write the date")),
        ("OAS AK:c2ln", "", Some("write the date")),
    ];
    for (text, date, wrong) in table {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", raw(text));
        headers.insert("date", raw(date));
        match (present(&headers), wrong) {
            (Ok(Some(claim)), None) => assert!(claim.access_key.starts_with('A'), "{text}"),
            (Err(error), Some(wrong)) => assert!(error.to_string().contains(wrong), "{error}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
    let mut headers = HeaderMap::new();
    assert_eq!(present(&headers), Ok(None));
    assert!(!is_signed(&headers));
    headers.insert("authorization", raw("OAS AK:c2ln"));
    let fault = present(&headers).expect_err("no date").fault;
    let field = "date".into();
    assert_eq!(fault, Fault::Missing { field });
    headers.append("date", raw(date));
    headers.append("date", raw(date));
    let fault = present(&headers).expect_err("two dates").fault;
    let field = "date".into();
    assert_eq!(fault, Fault::Duplicate { field });
}

#[test]
fn a_signature_that_is_no_base64_does_not_match() {
    let entry = &vectors()[0];
    for bad in ["", "%%%", "c2ln", "4pI8Pk/+vxdWS74ha8prO5TVyqQ"] {
        let claim = Claim {
            signature: bad.to_owned(),
            ..entry.claim()
        };
        assert!(verify(&claim, SECRET, &entry.head()).is_err(), "{bad}");
    }
}

#[test]
fn debug_does_not_show_the_signature() {
    let claim = vectors()[0].claim();
    let shown = format!("{claim:?} {:?}", signer(0));
    assert!(!shown.contains(&claim.signature) && !shown.contains(SECRET));
}

proptest! {
    #[test]
    fn what_is_signed_is_verified(
        path in "/vaults[A-Za-z0-9/_-]{0,20}",
        query in "([a-z]{0,4}=?([a-z+]|%[0-9a-fA-F]{2}){0,4}&?){0,4}",
        values in proptest::collection::vec("[ -~\u{a0}-\u{4fff}]{0,10}", 0..4),
        time in 0_i64..4_000_000_000,
    ) {
        let mut headers = HeaderMap::new();
        for (n, value) in values.iter().enumerate() {
            headers.insert(header(&format!("X-OAS-{n}")), raw(value));
        }
        let signed = signer(time).sign_headers(&Method::PUT, &path, &query, &mut headers);
        headers.insert("authorization", raw(&signed.expect("signed")));
        let claim = present(&headers).expect("a claim").expect("signed");
        prop_assert_eq!(claim.signed_at, time);
        let head = RequestHead { method: &Method::PUT, path: &path, query: &query, headers: &headers };
        prop_assert_eq!(verify(&claim, SECRET, &head), Ok(()));
        let more = format!("{path}x");
        let head = RequestHead { path: &more, ..head };
        prop_assert!(verify(&claim, SECRET, &head).is_err());
    }

    #[test]
    fn any_header_is_read_or_refused(
        text in "\\PC{0,80}|OAS [A-Za-z0-9:+/=]{0,60}",
        date in "\\PC{0,40}|[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT",
        query in "\\PC{0,40}",
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", raw(&text.replace(char::is_control, "")));
        headers.insert("date", raw(&date.replace(char::is_control, "")));
        if let Ok(Some(claim)) = present(&headers) {
            let head = RequestHead { method: &Method::GET, path: "/", query: &query, headers: &headers };
            prop_assert!(verify(&claim, SECRET, &head).is_err());
        }
    }
}
