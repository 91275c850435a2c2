//! Every signature in `vectors/oss.json`, which the vendor's own signers made: verified as the server does, and
//! signed again as a client does and compared.

use std::path::Path;

use cohong_sign::oss::{
    Claim, Mismatch, Resource, Signer, Timing, Version, is_signed, present, present_form, verify,
};
use cohong_sign::{Credentials, Place, RequestHead, Timestamp, encode, encode_path};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

/// Sections of header and URL signatures with their number of entries, so that a lost vector is noticed.
const SECTIONS: [(&str, Version, usize); 8] = [
    ("v1_header", Version::V1, 11),
    ("v1_url", Version::V1, 5),
    ("v2_header", Version::V2, 12),
    ("v2_url", Version::V2, 5),
    ("v4_header", Version::V4, 12),
    ("v4_url", Version::V4, 5),
    ("v4_sdk_v2", Version::V4, 20),
    ("v1_sdk_v2", Version::V1, 20),
];

const LIFETIME: u32 = 600;

struct Vectors(Value);

impl Vectors {
    fn load() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/oss.json");
        let text = std::fs::read_to_string(file).expect("vectors/oss.json");
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    fn credential(&self, field: &str) -> &str {
        text(&self.0["credentials"], field)
    }

    fn time(&self) -> i64 {
        self.0["credentials"]["unix_time"].as_i64().expect("time")
    }

    fn secret(&self) -> &str {
        self.credential("access_key_secret")
    }

    fn section(&self, name: &str) -> &Vec<Value> {
        self.0[name].as_array().expect(name)
    }

    fn signer<'a>(&'a self, version: Version, token: Option<&'a str>) -> Signer<'a> {
        Signer {
            version,
            credentials: Credentials {
                access_key: self.credential("access_key_id"),
                secret: self.secret(),
                security_token: token,
            },
            region: self.credential("region"),
            time: Timestamp::from_unix(self.time()).expect("time"),
        }
    }

    /// What a claim of a vector has to say.
    fn check(&self, claim: &Claim, version: Version) {
        assert_eq!(claim.version(), version);
        assert_eq!(claim.access_key, self.credential("access_key_id"));
        let region = (version == Version::V4).then(|| self.credential("region"));
        assert_eq!(claim.region(), region);
        let signed_at = self.time();
        let timing = match (claim.place, version) {
            (Place::Header, _) => Timing::SignedAt(signed_at),
            (Place::Query, Version::V4) => Timing::From {
                signed_at,
                seconds: LIFETIME,
            },
            (Place::Query, _) => Timing::Until(signed_at + i64::from(LIFETIME)),
            (Place::Form, _) => Timing::Policy,
        };
        assert_eq!(claim.timing, timing);
    }
}

/// A request of the vectors, decoded.
struct Entry<'a> {
    json: &'a Value,
    method: Method,
    headers: HeaderMap,
}

impl<'a> Entry<'a> {
    fn new(json: &'a Value) -> Self {
        let mut headers = HeaderMap::new();
        for (name, value) in json["headers"].as_object().expect("headers") {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
            headers.append(name, value.as_str().expect("text").parse().expect("value"));
        }
        Self {
            json,
            method: text(json, "method").parse().expect("method"),
            headers,
        }
    }

    fn name(&self) -> &str {
        text(self.json, "name")
    }

    fn resource(&self) -> Resource<'a> {
        let bucket = text(self.json, "bucket");
        Resource {
            bucket: (!bucket.is_empty()).then_some(bucket),
            key: text(self.json, "key").as_bytes(),
        }
    }

    /// The query of the operation. Spaces and empty values have two spellings each on the wire.
    fn query(&self, space: &str, empty: &str) -> String {
        let pairs = self.json["query"].as_object().expect("query");
        let parts: Vec<String> = pairs
            .iter()
            .map(
                |(n, v)| match encode(v.as_str().expect("text").as_bytes()) {
                    value if value.is_empty() => format!("{n}{empty}"),
                    value => format!("{n}={}", value.replace("%20", space)),
                },
            )
            .collect();
        parts.join("&")
    }

    fn head<'b>(&'b self, query: &'b str) -> RequestHead<'b> {
        RequestHead {
            method: &self.method,
            path: "/not/looked/at",
            query,
            headers: &self.headers,
        }
    }

    /// The whole query of a URL; nothing for a header vector.
    fn signed_query(&self) -> Option<&'a str> {
        match self.json["signed_url_path_and_query"].as_str() {
            Some(url) => url.split_once('?').map(|(_, query)| query),
            None => self.json["signed_query"].as_str(),
        }
    }

    fn assert_texts(&self, texts: &Mismatch) {
        let shown = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let name = self.name();
        assert_eq!(
            shown(&texts.string_to_sign),
            text(self.json, "string_to_sign"),
            "{name}"
        );
        if let Some(canonical) = self.json["canonical_request"].as_str() {
            let ours = texts.canonical_request.as_deref().expect(name);
            assert_eq!(shown(ours), canonical, "{name}");
        }
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect(field)
}

/// Reads the claim of a request, checks it, and verifies it with the right secret and with another, which shows
/// the texts.
fn check(vectors: &Vectors, entry: &Entry<'_>, version: Version, query: &str) -> Claim {
    let head = entry.head(query);
    assert!(is_signed(head.headers, query), "{}", entry.name());
    let claim = present(&head).expect("claim").expect("signed");
    vectors.check(&claim, version);
    let resource = entry.resource();
    assert_eq!(
        verify(&claim, vectors.secret(), &head, &resource),
        Ok(()),
        "{}",
        entry.name()
    );
    let texts = verify(&claim, "another secret", &head, &resource).expect_err("mismatch");
    entry.assert_texts(&texts);
    claim
}

#[test]
fn every_entry_is_tested() {
    let vectors = Vectors::load();
    let of = |name: &str| vectors.section(name).iter().map(Entry::new);
    for (name, _, count) in SECTIONS {
        assert_eq!(of(name).count(), count, "{name}");
        let urls = of(name).filter(|e| e.signed_query().is_some()).count();
        let headers = of(name).filter(|e| e.json["authorization"].is_string());
        assert_eq!(urls + headers.count(), count, "{name}");
    }
    assert_eq!(vectors.section("post_policy").len(), 2);
}

#[test]
fn headers() {
    let vectors = Vectors::load();
    let mut count = 0;
    for (section, version, _) in SECTIONS {
        for json in vectors.section(section) {
            let Some(authorization) = json["authorization"].as_str() else {
                continue;
            };
            count += 1;
            for (space, empty) in [("+", ""), ("%20", "="), ("+", "="), ("%20", "")] {
                let mut entry = Entry::new(json);
                let value = HeaderValue::from_str(authorization).expect("value");
                entry.headers.insert("authorization", value);
                let query = entry.query(space, empty);
                let claim = check(&vectors, &entry, version, &query);
                let signed = sign_again(&vectors, &mut entry, version, &query, &claim);
                assert_same(&signed, authorization);
            }
        }
    }
    assert_eq!(count, 55);
}

/// Signs the request of `entry` with only the headers that its operation has.
fn sign_again(
    vectors: &Vectors,
    entry: &mut Entry<'_>,
    version: Version,
    query: &str,
    claim: &Claim,
) -> String {
    let mut headers = std::mem::take(&mut entry.headers);
    for name in [
        "authorization",
        "date",
        "x-oss-date",
        "x-oss-content-sha256",
        "x-oss-security-token",
    ] {
        headers.remove(name);
    }
    let also = match entry.name() {
        "additional_headers" => vec!["name", "name2", "range", "zip"],
        _ if version == Version::V2 => vec!["range", "if-modified-since"],
        _ => Vec::new(),
    };
    let signer = vectors.signer(version, claim.security_token.as_deref());
    signer
        .sign_headers(&entry.method, &entry.resource(), query, &mut headers, &also)
        .expect("signed")
}

/// Equal but for the spaces after commas and the order of fields and of the list, in which the SDKs differ.
fn assert_same(ours: &str, theirs: &str) {
    let fields = |value: &str| {
        let (algorithm, rest) = value.split_once(' ').expect("algorithm");
        let mut fields: Vec<String> = rest.split(',').map(|f| f.trim().to_owned()).collect();
        for field in &mut fields {
            if let Some(list) = field.strip_prefix("AdditionalHeaders=") {
                let mut names: Vec<&str> = list.split(';').collect();
                names.sort_unstable();
                *field = names.join(";");
            }
        }
        fields.sort();
        (algorithm.to_owned(), fields)
    };
    assert_eq!(fields(ours), fields(theirs));
}

#[test]
fn urls() {
    let vectors = Vectors::load();
    let mut count = 0;
    for (section, version, _) in SECTIONS {
        for json in vectors.section(section) {
            let entry = Entry::new(json);
            let Some(query) = entry.signed_query() else {
                continue;
            };
            count += 1;
            let claim = check(&vectors, &entry, version, query);
            assert_eq!(claim.place, Place::Query);
            let signer = vectors.signer(version, claim.security_token.as_deref());
            let own = entry.query("%20", "");
            let made = signer
                .presign(&entry.head(&own), &entry.resource(), LIFETIME, &[])
                .expect("signed");
            if section.ends_with("sdk_v2") {
                let path = encode_path(&path(&entry.resource()));
                let url = text(json, "signed_url_path_and_query");
                assert_eq!(sorted(&made), sorted(url.split_once('?').expect("query").1));
                assert_eq!(url.split_once('?').expect("path").0, path);
            } else {
                assert_eq!(sorted(&made), sorted(query));
            }
        }
    }
    assert_eq!(count, 35);
}

fn path(resource: &Resource<'_>) -> Vec<u8> {
    let bucket = resource.bucket.map(|bucket| format!("{bucket}/"));
    let start = format!("/{}", bucket.unwrap_or_default());
    [start.as_bytes(), resource.key].concat()
}

/// The parameters of a query in order, those without value alike.
fn sorted(query: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = query.split('&').map(|p| p.trim_end_matches('=')).collect();
    parts.sort_unstable();
    parts
}

#[test]
fn forms() {
    let vectors = Vectors::load();
    for entry in vectors.section("post_policy") {
        let of = |field| text(entry, field);
        let (version, fields) = match of("version") {
            "v1" => (
                Version::V1,
                vec![
                    ("OSSAccessKeyId", vectors.credential("access_key_id")),
                    ("policy", of("policy")),
                    ("Signature", of("signature")),
                ],
            ),
            "OSS4-HMAC-SHA256" => (
                Version::V4,
                vec![
                    ("x-oss-signature-version", of("version")),
                    ("x-oss-credential", of("credential")),
                    ("x-oss-date", of("date")),
                    ("policy", of("policy")),
                    ("x-oss-signature", of("signature")),
                ],
            ),
            other => panic!("an entry of a version that is not tested: {other}"),
        };
        let claim = present_form(fields.iter().copied())
            .expect("claim")
            .expect("signed");
        vectors.check(&claim, version);
        let head = RequestHead {
            method: &Method::POST,
            path: "/",
            query: "",
            headers: &HeaderMap::new(),
        };
        let resource = Resource {
            bucket: Some("examplebucket"),
            key: b"",
        };
        assert_eq!(verify(&claim, vectors.secret(), &head, &resource), Ok(()));
        let texts = verify(&claim, "another", &head, &resource).expect_err("mismatch");
        assert_eq!(texts.string_to_sign, of("policy").as_bytes());

        let json = base64_text(of("policy"));
        let signed = vectors.signer(version, None).sign_post_policy(&json);
        let signed: Vec<(&str, &str)> = signed
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(signed, fields);
    }
}

fn base64_text(text: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text);
    String::from_utf8(bytes.expect("base64")).expect("UTF-8")
}
