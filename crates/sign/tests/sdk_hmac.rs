//! Every signature in `vectors/oms.json`, which the vendor's own signers made: verified as the server does, and those
//! of the SDK that covers everything signed again and compared. Then what is refused.

use std::path::Path;

use cohong_sign::sdk_hmac::{
    ALGORITHM, Claim, Signer, canonical_request, is_signed, present, string_to_sign, verify,
};
use cohong_sign::{Credentials, Fault, RequestHead, Timestamp, VerifyError};
use http::{HeaderMap, HeaderName, Method};
use proptest::prelude::*;
use serde_json::Value;

/// A request of the vectors.
struct Entry {
    name: String,
    access_key: String,
    secret: String,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Vec<u8>,
    json: Value,
}

impl Entry {
    fn new(json: &Value, key: &Value) -> Self {
        let text = |of: &Value, name: &str| of[name].as_str().expect(name).to_owned();
        let mut headers = HeaderMap::new();
        for (name, value) in json["headers"].as_object().expect("headers") {
            let value = value.as_str().expect("text").parse().expect("value");
            headers.append(header(name), value);
        }
        Self {
            name: text(json, "name"),
            access_key: text(key, "ak"),
            secret: text(key, "sk"),
            method: text(json, "method").parse().expect("method"),
            target: text(json, "request_target"),
            headers,
            body: text(json, "body").into_bytes(),
            json: json.clone(),
        }
    }

    fn text(&self, field: &str) -> &str {
        self.json[field].as_str().expect(field)
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = value.parse().expect("value");
        self.headers.insert(header(name), value);
    }

    fn path_and_query(&self) -> (&str, &str) {
        self.target.split_once('?').unwrap_or((&self.target, ""))
    }

    fn head<'a>(&'a self, headers: &'a HeaderMap) -> RequestHead<'a> {
        let (path, query) = self.path_and_query();
        RequestHead {
            method: &self.method,
            path,
            query,
            headers,
        }
    }

    /// The headers with the vendor's signature.
    fn signed(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        let text = self.text("authorization").parse().expect("value");
        headers.insert(http::header::AUTHORIZATION, text);
        headers
    }

    fn claim(&self) -> Claim {
        present(&self.signed())
            .expect(&self.name)
            .expect(&self.name)
    }

    fn verify(&self) -> Result<(), VerifyError> {
        let head = self.head(&self.headers);
        verify(&self.claim(), &self.secret, &head, &self.body)
    }
}

fn header(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).expect("name")
}

fn vectors() -> Vec<Entry> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/oms.json");
    let text = std::fs::read_to_string(file).expect("vectors/oms.json");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let signing = &all["signing"];
    let own = signing["vectors"].as_array().expect("vectors");
    let other = signing["vectors_other_keys"].as_array().expect("vectors");
    let own = own.iter().map(|entry| Entry::new(entry, signing));
    let other = other.iter().map(|entry| Entry::new(entry, entry));
    own.chain(other).collect()
}

#[test]
fn every_vector_is_verified() {
    let all = vectors();
    assert_eq!(all.len(), 20, "a lost vector is noticed");
    for entry in &all {
        let (name, claim) = (&entry.name, entry.claim());
        assert!(is_signed(&entry.signed()), "{name}");
        assert_eq!(claim.access_key, entry.access_key, "{name}");
        let token = entry.headers.get("x-security-token");
        let token = token.map(|token| token.to_str().expect("ASCII"));
        assert_eq!(claim.security_token.as_deref(), token, "{name}");
        // What the SDKs do for other services is refused: the body has to be covered.
        let unsigned = entry.headers.get("x-sdk-content-sha256").is_some();
        let content = if unsigned {
            "UNSIGNED-PAYLOAD".to_owned()
        } else {
            sha256(&entry.body)
        };
        let head = entry.head(&entry.headers);
        let canonical = canonical_request(&head, &claim.signed_headers, &content).expect(name);
        assert_eq!(
            String::from_utf8_lossy(&canonical),
            entry.text("canonical_request")
        );
        let text = string_to_sign(&claim.time, &canonical);
        assert_eq!(text, entry.text("string_to_sign"));
        let wanted = if unsigned {
            Err(VerifyError::Mismatch)
        } else {
            Ok(())
        };
        assert_eq!(entry.verify(), wanted, "{name}");
        let other = verify(&claim, "another secret", &head, &entry.body);
        assert_eq!(other, Err(VerifyError::Mismatch), "{name}");
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

#[test]
fn the_signer_signs_as_the_python_sdk() {
    let mut compared = 0;
    for entry in vectors() {
        let python = entry.claim().signed_headers.contains("host");
        if !python || entry.headers.contains_key("x-sdk-content-sha256") {
            continue;
        }
        let mut headers = entry.headers.clone();
        let token = headers.remove("x-security-token");
        headers.remove("x-sdk-date");
        let signer = Signer {
            credentials: Credentials {
                access_key: &entry.access_key,
                secret: &entry.secret,
                security_token: token.as_ref().map(|token| token.to_str().expect("ASCII")),
            },
            time: entry.claim().time,
        };
        let (path, query) = entry.path_and_query();
        let text = signer.sign_headers(&entry.method, path, query, &mut headers, &entry.body);
        assert_eq!(text.expect("signed"), entry.text("authorization"));
        assert_eq!(headers, entry.headers);
        compared += 1;
    }
    assert_eq!(compared, 16);
}

/// Something that happens to a request after it was signed.
type Change = fn(&mut Entry);

#[test]
fn a_change_of_what_is_signed_is_noticed() {
    let of = |name: &str| {
        let found = vectors().into_iter().find(|entry| entry.name == name);
        found.expect(name)
    };
    let table: [(&str, Change, bool); 8] = [
        ("create_sync_events_slash", |_| (), true),
        ("create_sync_events_slash", |e| e.body.push(b' '), false),
        (
            "create_sync_events_slash",
            |e| e.set("x-project-id", "0"),
            false,
        ),
        ("list_sync_tasks_query", |e| e.target.push_str("&a"), false),
        ("list_sync_tasks_query", |e| e.method = Method::PUT, false),
        ("list_sync_tasks_query", |e| e.target.insert(1, '/'), false),
        // Not covered by the SDK of Go.
        (
            "go_create_sync_events",
            |e| e.set("host", "elsewhere"),
            true,
        ),
        ("go_create_sync_events", |e| e.set("user-agent", "x"), false),
    ];
    for (name, change, good) in table {
        let mut entry = of(name);
        change(&mut entry);
        assert_eq!(entry.verify().is_ok(), good, "{name} {}", entry.target);
    }
    let mut entry = of("create_sync_events_slash");
    entry.headers.remove("user-agent");
    let absent = entry.verify().expect_err("absent").to_string();
    assert!(absent.contains("user-agent"), "{absent}");
}

/// The SDKs of Java sign another path than those of Python and Go where it holds other than unreserved characters.
#[test]
fn paths_are_verified_as_java_signs_them() {
    let table = [
        (
            "/v2/p/sync-tasks/%7Bid%7D",
            "/v2/p/sync-tasks/%257Bid%257D/",
        ),
        ("/v2/a~b", "/v2/a%7Eb/"),
        ("/", ""),
    ];
    for (path, canonical) in table {
        let time = Timestamp::parse("20240219T080000Z").expect("time");
        let mut headers = HeaderMap::new();
        headers.insert("x-sdk-date", time.as_str().parse().expect("value"));
        let text = format!(
            "GET\n{canonical}\n\nx-sdk-date:{}\n\nx-sdk-date\n{}",
            time.as_str(),
            sha256(b"")
        );
        let signature = sign("secret", &string_to_sign(&time, text.as_bytes()));
        let text =
            format!("{ALGORITHM} Access=AK, SignedHeaders=x-sdk-date, Signature={signature}");
        headers.insert("authorization", text.parse().expect("value"));
        let claim = present(&headers).expect("a claim").expect("signed");
        let head = RequestHead {
            method: &Method::GET,
            path,
            query: "",
            headers: &headers,
        };
        assert_eq!(verify(&claim, "secret", &head, b""), Ok(()), "{path}");
    }
}

fn sign(secret: &str, text: &str) -> String {
    use hmac::{KeyInit as _, Mac as _};
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[test]
fn claims_that_cannot_be_understood() {
    let zeros = "0".repeat(64);
    let good = format!("{ALGORITHM} Access=AK, SignedHeaders=x-sdk-date, Signature={zeros}");
    let date = "20240219T080000Z";
    let table = [
        (good.as_str(), date, None),
        (&good.replace(", ", ","), date, None),
        ("Basic Zm9vOmJhcg==", date, Some("the algorithm is unknown")),
        ("", date, Some("the algorithm is unknown")),
        (
            "SDK-HMAC-SM3 Access=AK",
            date,
            Some("the algorithm is unknown"),
        ),
        (ALGORITHM, date, Some("SignedHeaders is missing")),
        (
            &good.replace("Access=AK, ", ""),
            date,
            Some("Access is missing"),
        ),
        (&good.replace("=AK", "="), date, Some("it is empty")),
        (
            &good.replace("AK", &"A".repeat(129)),
            date,
            Some("too long"),
        ),
        (
            &good.replace("Signature=", "Sig="),
            date,
            Some("separated by commas"),
        ),
        (&good.replace(&zeros, "abc"), date, Some("64 lower-case")),
        (
            &good.replace("x-sdk-date", "host"),
            date,
            Some("x-sdk-date in SignedHeaders"),
        ),
        (
            &good.replace("x-sdk-date", "x-sdk-date;x-sdk-date"),
            date,
            Some("more than once"),
        ),
        (
            &good.replace("Access=AK", "Access=AK, Access=BK"),
            date,
            Some("more than once"),
        ),
        (&good, "2024-02-19", Some("yyyyMMddTHHmmssZ")),
        (&good, "", Some("yyyyMMddTHHmmssZ")),
        (&good.repeat(200), date, Some("too long")),
    ];
    for (text, date, wrong) in table {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", text.parse().expect("value"));
        headers.insert("x-sdk-date", date.parse().expect("value"));
        match (present(&headers), wrong) {
            (Ok(Some(claim)), None) => assert_eq!(claim.access_key, "AK"),
            (Err(error), Some(wrong)) => {
                assert!(error.to_string().contains(wrong), "{error}");
            }
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
    let mut headers = HeaderMap::new();
    assert_eq!(present(&headers), Ok(None));
    headers.insert("authorization", good.parse().expect("value"));
    let fault = present(&headers).expect_err("no date").fault;
    assert_eq!(
        fault,
        Fault::Missing {
            field: "x-sdk-date".into()
        }
    );
}

#[test]
fn debug_shows_neither_signature_nor_token() {
    let entry = vectors().into_iter().find(|e| e.name == "security_token");
    let claim = entry.expect("a vector").claim();
    let shown = format!("{claim:?}");
    assert!(!shown.contains("TEMPTOKEN") && !shown.contains(&claim.signature));
}

proptest! {
    #[test]
    fn what_is_signed_is_verified(
        path in "/[a-z0-9/~%{} ]{0,20}",
        query in "([a-z~+]{0,4}=?[a-z+]{0,4}&?){0,4}",
        value in "[ -~]{0,10}",
        body in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let path = path.replace('%', "%25");
        let mut headers = HeaderMap::new();
        headers.insert("x-a", value.parse().expect("value"));
        let signer = Signer {
            credentials: Credentials { access_key: "AK", secret: "secret", security_token: None },
            time: Timestamp::parse("20240219T080000Z").expect("time"),
        };
        let text = signer.sign_headers(&Method::PUT, &path, &query, &mut headers, &body);
        headers.insert("authorization", text.expect("signed").parse().expect("value"));
        let claim = present(&headers).expect("a claim").expect("signed");
        prop_assert_eq!(claim.signed_headers.to_string(), "x-a;x-sdk-date");
        let head = RequestHead { method: &Method::PUT, path: &path, query: &query, headers: &headers };
        prop_assert_eq!(verify(&claim, "secret", &head, &body), Ok(()));
    }

    #[test]
    fn any_header_is_read_or_refused(text in "\\PC{0,80}|SDK-HMAC-SHA256 [A-Za-z=,; ]{0,60}") {
        let mut headers = HeaderMap::new();
        if let Ok(value) = text.parse() {
            headers.insert("authorization", value);
            let _ = present(&headers);
        }
    }
}
