//! What is signed for S3 verifies in both versions, and no longer when any covered part changes.

use std::collections::BTreeMap;

use cohong_sign::s3::{
    CONTENT_HASH, Mismatch, Signer, Version, hoisted, is_signed, present, present_form, uncovered,
    verify,
};
use cohong_sign::{Credentials, Place, RequestHead, Timestamp, encode, encode_path};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const SECRET: &str = "secret";

/// A request in decoded form, so that a change of it is a change of meaning.
#[derive(Debug, Clone)]
struct Plain {
    version: Version,
    by_query: bool,
    method: Method,
    /// The bucket is in the host; else it is part of the path.
    bucket: Option<String>,
    path: Vec<u8>,
    query: Vec<(String, Vec<u8>)>,
    headers: BTreeMap<String, String>,
}

/// What goes over the wire.
#[derive(Debug, Clone)]
struct Wire {
    path: String,
    query: String,
    headers: HeaderMap,
}

impl Plain {
    fn path(&self) -> String {
        format!("/{}", encode_path(&self.path))
    }

    fn query(&self) -> String {
        let pairs = self.query.iter();
        let parts: Vec<String> = pairs
            .map(|(n, v)| format!("{}={}", encode(n.as_bytes()), encode(v)))
            .collect();
        parts.join("&")
    }

    fn headers(&self) -> HeaderMap {
        let name = |n: &str| HeaderName::from_bytes(n.as_bytes()).expect("name");
        let pairs = self.headers.iter();
        let mut headers: HeaderMap = pairs
            .map(|(n, v)| (name(n), HeaderValue::from_str(v).expect("value")))
            .collect();
        let host = match &self.bucket {
            Some(bucket) => format!("{bucket}.h:9000"),
            None => "h:9000".to_owned(),
        };
        headers.insert("host", host.parse().expect("host"));
        headers
    }

    fn sign(&self) -> Wire {
        let (path, query, mut headers) = (self.path(), self.query(), self.headers());
        let (signer, bucket) = (signer(self.version), self.bucket.as_deref());
        let also = ["content-type", "content-md5"];
        if self.by_query {
            let head = RequestHead {
                method: &self.method,
                path: &path,
                query: &query,
                headers: &headers,
            };
            let query = signer.presign(&head, 60, bucket, &also).expect("signed");
            return Wire {
                path,
                query,
                headers,
            };
        }
        let value = signer.sign_headers(&self.method, &path, &query, &mut headers, bucket, &also);
        let value = value.expect("signed").parse().expect("value");
        headers.insert("authorization", value);
        Wire {
            path,
            query,
            headers,
        }
    }

    /// Whether the server would take `wire` for a request signed to this method and bucket.
    fn accepts(&self, wire: &Wire) -> bool {
        let head = RequestHead {
            method: &self.method,
            path: &wire.path,
            query: &wire.query,
            headers: &wire.headers,
        };
        assert!(is_signed(&wire.headers, &wire.query));
        let Ok(claim) = present(&head) else {
            return false;
        };
        let claim = claim.expect("signed");
        assert_eq!(claim.version(), self.version);
        let good = verify(&claim, SECRET, &head, self.bucket.as_deref()).is_ok();
        good && uncovered(&claim, &wire.headers).is_empty()
    }
}

fn signer(version: Version) -> Signer<'static> {
    Signer {
        version,
        credentials: Credentials {
            access_key: "AK",
            secret: SECRET,
            security_token: Some("T"),
        },
        region: "region",
        time: Timestamp::parse("20240506T070809Z").expect("time"),
    }
}

fn version() -> impl Strategy<Value = Version> {
    select(vec![Version::V2, Version::V4])
}

/// Requests whose parameters both versions sign.
fn plain() -> impl Strategy<Value = Plain> {
    let method = select(vec![Method::GET, Method::PUT, Method::POST, Method::HEAD]);
    let bytes = || vec(any::<u8>(), 1..6);
    let name = select(vec!["versionId", "uploadId", "acl", "response-expires"]);
    let query = vec((name.prop_map(str::to_owned), bytes()), 1..4);
    let header = "x-amz-[a-b]{1,3}|content-(type|md5)|x-amz-meta-a";
    let headers = btree_map(header, "[!-~]( ?[!-~]){0,8}", 1..4);
    let bucket = proptest::option::of("[a-z0-9]{3,8}");
    let request = (method, bucket, bytes(), query, headers);
    (version(), any::<bool>(), request).prop_map(
        |(version, by_query, (method, bucket, path, query, headers))| Plain {
            version,
            by_query,
            method,
            bucket,
            path,
            query,
            headers,
        },
    )
}

/// Changes one character of `text` into another digit.
fn flip(text: &str, at: Index) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = at.index(bytes.len());
    bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
    String::from_utf8(bytes).expect("ASCII")
}

proptest! {
    #[test]
    fn signed_verifies(plain in plain()) {
        prop_assert!(plain.accepts(&plain.sign()));
    }

    /// The spelling of path and query is free in version 4: raw characters, small letters in escapes.
    #[test]
    fn spelling_is_free(plain in plain()) {
        prop_assume!(plain.version == Version::V4);
        let mut wire = plain.sign();
        let free = |text: &str| text.replace("%21", "!").replace("%28", "(").replace("%C3", "%c3");
        wire.path = free(&wire.path);
        wire.query = wire.query.replacen(&plain.query(), &free(&plain.query()), 1);
        prop_assert!(plain.accepts(&wire));
    }

    #[test]
    fn changed_path_fails(plain in plain(), which: Index, bit in 0_u32..8) {
        let signed = plain.sign();
        let mut other = plain.clone();
        let at = which.index(other.path.len());
        other.path[at] ^= 1_u8 << bit;
        let with = [other.path(), format!("{}/", signed.path), format!("/.{}", signed.path)];
        for path in with {
            let wire = Wire { path, ..signed.clone() };
            prop_assert!(!plain.accepts(&wire));
        }
    }

    /// The bucket is signed with the host in version 4 and by its name in version 2.
    #[test]
    fn changed_bucket_fails(plain in plain(), at: Index) {
        let signed = plain.sign();
        let mut other = plain.clone();
        other.bucket = Some(plain.bucket.as_ref().map_or("new".into(), |bucket| flip(bucket, at)));
        let mut wire = signed.clone();
        wire.headers.insert("host", other.headers()["host"].clone());
        prop_assert!(!other.accepts(&wire));
        other.bucket = None;
        wire.headers.insert("host", other.headers()["host"].clone());
        prop_assert_eq!(other.accepts(&wire), plain.bucket.is_none());
    }

    #[test]
    fn changed_method_fails(plain in plain()) {
        let signed = plain.sign();
        let other = Plain { method: Method::DELETE, ..plain };
        prop_assert!(!other.accepts(&signed));
    }

    #[test]
    fn changed_parameter_fails(plain in plain(), which: Index, bit in 0_u32..8) {
        let mut signed = plain.sign();
        let mut other = plain.clone();
        let at = which.index(other.query.len());
        other.query[at].1[0] ^= 1_u8 << bit;
        signed.query = signed.query.replacen(&plain.query(), &other.query(), 1);
        prop_assert!(!plain.accepts(&signed));
    }

    /// Version 4 signs every parameter; version 2 leaves open what names no operation.
    #[test]
    fn added_parameter(plain in plain(), listed: bool) {
        let mut signed = plain.sign();
        signed.query.push_str(if listed { "&tagging" } else { "&prefix=p" });
        let open = plain.version == Version::V2 && !listed;
        prop_assert_eq!(plain.accepts(&signed), open);
    }

    #[test]
    fn changed_header_fails(plain in plain(), which: Index, at: Index) {
        let signed = plain.sign();
        let (name, value) = plain.headers.iter().nth(which.index(plain.headers.len())).expect("one");
        let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
        let mut wire = signed.clone();
        wire.headers.insert(&name, flip(value, at).parse().expect("value"));
        prop_assert!(!plain.accepts(&wire));
        wire.headers.remove(&name);
        prop_assert!(!plain.accepts(&wire));
    }

    /// As a header, or in a URL as a parameter that acts as one.
    #[test]
    fn added_vendor_header_fails(plain in plain(), value in "[!-~]{1,5}") {
        let mut signed = plain.sign();
        signed.headers.insert("x-amz-zz", value.parse().expect("value"));
        prop_assert!(!plain.accepts(&signed));
        let mut signed = plain.sign();
        prop_assume!(plain.by_query);
        signed.query.push_str("&x-amz-zz=1");
        prop_assert!(!plain.accepts(&signed));
    }

    /// What a URL says as a parameter counts as the header that it stands for, and as nothing else.
    #[test]
    fn hoisted_headers_are_covered(plain in plain(), value in "[ -~]{1,8}", at: Index) {
        let mut plain = Plain { by_query: true, ..plain };
        plain.headers.remove("x-amz-meta-a");
        plain.query.push(("x-amz-meta-a".into(), value.clone().into_bytes()));
        let signed = plain.sign();
        prop_assert!(plain.accepts(&signed));
        let head = RequestHead {
            method: &plain.method,
            path: &signed.path,
            query: &signed.query,
            headers: &signed.headers,
        };
        let found = hoisted(&head).expect("headers");
        prop_assert_eq!(found["x-amz-meta-a"].as_bytes(), value.as_bytes());
        let mut other = plain.clone();
        // Blanks around a value mean nothing.
        prop_assume!(flip(&value, at).trim() != value.trim());
        other.query.last_mut().expect("one").1 = flip(&value, at).into_bytes();
        let query = signed.query.replacen(&plain.query(), &other.query(), 1);
        let wire = Wire { query, ..signed };
        prop_assert!(!plain.accepts(&wire));
    }

    #[test]
    fn changed_signature_fails(plain in plain(), at: Index) {
        let mut signed = plain.sign();
        if plain.by_query {
            let start = signed.query.rfind("ignature=").expect("signature") + "ignature=".len();
            let end = signed.query[start..].find('%').map_or(signed.query.len(), |at| start + at);
            prop_assume!(end > start);
            let changed = flip(&signed.query[start..end], at);
            signed.query.replace_range(start..end, &changed);
        } else {
            let value = signed.headers["authorization"].to_str().expect("text").to_owned();
            let start = value.rfind([':', '=']).filter(|at| at + 2 < value.len());
            let start = start.or_else(|| value.rfind(':')).expect("signature") + 1;
            let (front, signature) = value.split_at(start);
            let changed = format!("{front}{}", flip(signature.trim_end_matches('='), at));
            let end = if plain.version == Version::V4 { "" } else { "=" };
            signed.headers.insert("authorization", format!("{changed}{end}").parse().expect("value"));
        }
        prop_assert!(!plain.accepts(&signed));
    }

    /// Date, expiry, key, token, region and lifetime are covered, and the line of the content.
    #[test]
    fn changed_claim_fails(plain in plain(), which in 0_usize..5) {
        let signed = plain.sign();
        let mut wire = signed.clone();
        let changes: &[(&str, &str)] = match (plain.by_query, plain.version) {
            (true, Version::V2) => &[("Expires=17", "Expires=18"), ("security-token=T", "security-token=U")],
            (true, Version::V4) => &[
                ("T070809Z", "T070810Z"),
                ("Expires=60", "Expires=61"),
                ("%2Fregion%2F", "%2Fregiom%2F"),
                ("Credential=AK", "Credential=AL"),
                ("Security-Token=T", "Security-Token=U"),
            ],
            (false, Version::V2) => &[
                ("date", "Mon, 06 May 2024 07:08:10 GMT"),
                ("x-amz-security-token", "U"),
                ("x-amz-date", "20240506T070809Z"),
            ],
            (false, Version::V4) => &[
                ("x-amz-date", "20240506T070810Z"),
                ("x-amz-security-token", "U"),
                (CONTENT_HASH, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            ],
        };
        let (from, to) = changes[which % changes.len()];
        if plain.by_query {
            wire.query = wire.query.replace(from, to);
            prop_assert_ne!(&wire.query, &signed.query);
        } else {
            wire.headers.insert(from, HeaderValue::from_static(to));
        }
        prop_assert!(!plain.accepts(&wire));
    }

    #[test]
    fn forms_verify_until_changed(version in version(), policy in "[ -~]{1,30}", at: Index) {
        let sign = |policy: &str| signer(version).sign_post_policy(policy);
        let (fields, mut mixed) = (sign(&policy), sign(&flip(&policy, at)));
        for (name, value) in &mut mixed {
            if name.ends_with("signature") {
                *value = fields.iter().find(|(n, _)| n == name).expect("field").1.clone();
            }
        }
        let headers = HeaderMap::new();
        let head = RequestHead {
            method: &Method::POST,
            path: "/",
            query: "",
            headers: &headers,
        };
        for (fields, good) in [(fields, true), (mixed, false)] {
            let pairs = fields.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            let claim = present_form(pairs).expect("claim").expect("signed");
            prop_assert_eq!(claim.version(), version);
            prop_assert_eq!(claim.security_token.as_deref(), Some("T"));
            prop_assert_eq!(verify(&claim, SECRET, &head, None).is_ok(), good);
        }
    }

    /// What one side signs of a body in chunks the other takes, in this order only.
    #[test]
    fn chunks_continue_the_signature(sums in vec(any::<[u8; 32]>(), 1..5), lines in "[a-z:\n]{0,20}", at: Index) {
        let mut signs = signer(Version::V4).chunks("seed");
        let mut checks = signs.clone();
        let signatures: Vec<String> = sums.iter().map(|sum| signs.chunk(sum)).collect();
        let wrong = at.index(sums.len());
        for (at, (sum, signature)) in sums.iter().zip(&signatures).enumerate() {
            if at == wrong {
                let mut other = *sum;
                other[at] ^= 1;
                prop_assert!(!checks.clone().is_chunk(&other, signature));
                prop_assert!(!checks.clone().is_trailer(lines.as_bytes(), signature));
            }
            prop_assert!(checks.is_chunk(sum, signature));
        }
        prop_assert!(!checks.clone().is_chunk(&sums[wrong], &signatures[wrong]));
        let signature = signs.trailer(lines.as_bytes());
        let longer = format!("{lines}a");
        prop_assert!(!checks.clone().is_trailer(longer.as_bytes(), &signature));
        prop_assert!(checks.is_trailer(lines.as_bytes(), &signature));
    }

    #[test]
    fn nothing_panics(
        authorization in "(AWS |AWS4-HMAC-SHA256 )?(AK:|Credential=)?[ -~]{0,60}",
        query in "((AWSAccessKeyId|Expires|Signature|X-Amz-(Algorithm|Signature|Date|Expires|Meta-a))=(AWS4-HMAC-SHA256|[!-~]{0,4})&?){0,4}\\PC{0,20}",
        date in "[ -~]{0,30}",
        fields in vec(("(x-amz-)?(signature|algorithm|policy|date|AWSAccessKeyId)", "\\PC{0,9}"), 0..6),
        path in "/?\\PC{0,9}",
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("date", date.parse().expect("value"));
        headers.insert("x-amz-a", HeaderValue::from_bytes(b"\xff").expect("value"));
        let mut signed = headers.clone();
        signed.insert("authorization", authorization.parse().expect("value"));
        let head = |headers, query| RequestHead {
            method: &Method::GET,
            path: &path,
            query,
            headers,
        };
        let claims = [
            present(&head(&headers, &query)),
            present_form(fields.iter().map(|(n, v)| (n.as_str(), v.as_str()))),
            present(&head(&signed, "")),
        ];
        for claim in claims.into_iter().filter_map(Result::ok).flatten() {
            prop_assert!(verify(&claim, SECRET, &head(&headers, &query), Some("b")).is_err());
            let other = verify(&claim, SECRET, &head(&headers, "%"), None);
            if claim.place != Place::Form {
                prop_assert_eq!(other.map(|_| ()), Err(Mismatch::default()));
            }
        }
        let _ = hoisted(&head(&headers, &query));
        is_signed(&headers, &query);
    }
}
