//! Every signature in `vectors/s3.json`, which the vendor's own signers made: verified as the server does, and
//! signed again as a client does and compared.

use std::path::Path;

use cohong_sign::s3::{
    Claim, Content, Mismatch, Signer, Timing, Version, is_signed, present, present_form, uncovered,
    verify,
};
use cohong_sign::{
    AWS4, ChunkSigner, Credentials, Place, RequestHead, Scheme, Scope, Timestamp,
    canonical_request, signing_key, string_to_sign,
};
use http::{HeaderMap, HeaderName, Method};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Entries per kind, so that a lost vector is noticed.
const KINDS: [(&str, usize); 6] = [
    ("header", 13),
    ("chunked", 3),
    ("presigned", 4),
    ("sigv2-header", 3),
    ("sigv2-query", 1),
    ("post", 2),
];

/// The one entry that is of another service.
const STS: &str = "sts-assume-role";

struct Vectors(Value);

impl Vectors {
    fn load() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/s3.json");
        let text = std::fs::read_to_string(file).expect("vectors/s3.json");
        Self(serde_json::from_str(&text).expect("JSON"))
    }

    fn credential(&self, field: &str) -> &str {
        text(&self.0["credentials"], field)
    }

    fn secret(&self) -> &str {
        self.credential("secret_key")
    }

    fn time(&self) -> Timestamp {
        Timestamp::parse(self.credential("timestamp")).expect("time")
    }

    fn all(&self) -> &Vec<Value> {
        self.0["signatures"].as_array().expect("signatures")
    }

    fn entries(&self, kind: &'static str) -> impl Iterator<Item = Entry<'_>> {
        let of_kind = self.all().iter().filter(move |e| e["kind"] == kind);
        of_kind.filter(|e| e["name"] != STS).map(Entry::new)
    }

    fn entry(&self, name: &str) -> Entry<'_> {
        Entry::new(self.all().iter().find(|e| e["name"] == name).expect(name))
    }

    fn signer<'a>(&'a self, version: Version, token: Option<&'a str>) -> Signer<'a> {
        Signer {
            version,
            credentials: Credentials {
                access_key: self.credential("access_key"),
                secret: self.secret(),
                security_token: token,
            },
            region: self.credential("region"),
            time: self.time(),
        }
    }

    /// Reads the claim of an entry and verifies it with the right secret and with another, which shows the texts.
    fn check(&self, entry: &Entry<'_>, version: Version) -> (Claim, Option<ChunkSigner>) {
        let (head, name, bucket) = (entry.head(), entry.name(), entry.bucket());
        assert!(is_signed(head.headers, head.query), "{name}");
        let claim = present(&head).expect(name).expect(name);
        assert_eq!(claim.version(), version, "{name}");
        assert_eq!(claim.access_key, self.credential("access_key"), "{name}");
        let region = (version == Version::V4).then(|| self.credential("region"));
        assert_eq!(claim.region(), region, "{name}");
        assert_eq!(uncovered(&claim, head.headers), [""; 0], "{name}");
        let chunks = verify(&claim, self.secret(), &head, bucket).expect(name);
        let shown = verify(&claim, "another secret", &head, bucket).expect_err(name);
        entry.assert_texts(&shown);
        (claim, chunks)
    }
}

/// A request of the vectors.
struct Entry<'a> {
    json: &'a Value,
    method: Method,
    url: &'a str,
    headers: HeaderMap,
}

impl<'a> Entry<'a> {
    fn new(json: &'a Value) -> Self {
        let mut entry = Self {
            json,
            method: Method::POST,
            url: "http://h/",
            headers: HeaderMap::new(),
        };
        if let Some(method) = json["method"].as_str() {
            entry.method = method.parse().expect("method");
            let url = json["signed_url"].as_str().or_else(|| json["url"].as_str());
            entry.url = url.expect("url");
            for (name, value) in json["headers"].as_object().expect("headers") {
                let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
                let value = value.as_str().expect("text").parse().expect("value");
                entry.headers.append(name, value);
            }
            let host = entry.authority().trim_end_matches(":80");
            entry.headers.insert("host", host.parse().expect("host"));
        }
        entry
    }

    fn name(&self) -> &'a str {
        text(self.json, "name")
    }

    fn authority(&self) -> &'a str {
        let rest = self.url.split_once("://").expect("scheme").1;
        rest.split('/').next().expect("authority")
    }

    /// Path and query, untouched.
    fn target(&self) -> (&'a str, &'a str) {
        let rest = self.url.split_once("://").expect("scheme").1;
        let target = &rest[rest.find('/').expect("path")..];
        target.split_once('?').unwrap_or((target, ""))
    }

    /// The bucket that the host names, where that matters.
    fn bucket(&self) -> Option<&'a str> {
        let path = self.json["auth_path"].as_str()?;
        path.strip_prefix('/')?.split('/').next()
    }

    fn head(&self) -> RequestHead<'_> {
        let (path, query) = self.target();
        RequestHead {
            method: &self.method,
            path,
            query,
            headers: &self.headers,
        }
    }

    fn assert_texts(&self, texts: &Mismatch) {
        let shown = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let name = self.name();
        let string = shown(&texts.string_to_sign);
        assert_eq!(string, text(self.json, "string_to_sign"), "{name}");
        let canonical = texts.canonical_request.as_deref().map(shown);
        assert_eq!(
            canonical.as_deref(),
            self.json["canonical_request"].as_str(),
            "{name}"
        );
    }

    /// The headers that the client had before it signed.
    fn own_headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        for name in [
            "authorization",
            "date",
            "x-amz-date",
            "x-amz-security-token",
        ] {
            headers.remove(name);
        }
        headers
    }

    fn authorization(&self) -> &str {
        self.headers["authorization"].to_str().expect("text")
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().expect(field)
}

#[test]
fn every_entry_is_tested() {
    let vectors = Vectors::load();
    let mut total = 1; // the entry of another service
    for (kind, count) in KINDS {
        assert_eq!(vectors.entries(kind).count(), count, "{kind}");
        total += count;
    }
    assert_eq!(vectors.all().len(), total);
    let refused = vectors.0["refuse"].as_array().expect("refuse");
    assert_eq!(refused.len(), 8);
}

#[test]
fn the_scope() {
    let vectors = Vectors::load();
    let scope = Scope::new(&AWS4, vectors.time().date(), vectors.credential("region"));
    assert_eq!(scope.text(&AWS4), vectors.credential("scope"));
}

#[test]
fn headers() {
    let vectors = Vectors::load();
    for entry in vectors.entries("header").chain(vectors.entries("chunked")) {
        let (claim, chunks) = vectors.check(&entry, Version::V4);
        let name = entry.name();
        assert_eq!(claim.place, Place::Header);
        assert_eq!(
            claim.timing,
            Timing::SignedAt(vectors.time().unix_seconds())
        );
        assert_eq!(
            chunks.is_some(),
            text(entry.json, "kind") == "chunked",
            "{name}"
        );
        let hash = entry.headers["x-amz-content-sha256"]
            .to_str()
            .expect("text");
        let content = match hash {
            "UNSIGNED-PAYLOAD" => Content::Unsigned,
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER" => chunked(false, true),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" => chunked(true, false),
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" => chunked(true, true),
            _ => Content::Sha256(Sha256::digest(text(entry.json, "body_utf8")).into()),
        };
        assert_eq!(claim.content, content, "{name}");

        let theirs = entry.authorization();
        let list = theirs.split_once("SignedHeaders=").expect("list").1;
        let list = list.split(',').next().expect("list");
        let also: Vec<&str> = list.split(';').collect();
        let (path, query) = entry.target();
        let mut headers = entry.own_headers();
        let ours = vectors
            .signer(Version::V4, claim.security_token.as_deref())
            .sign_headers(&entry.method, path, query, &mut headers, None, &also);
        assert_eq!(ours.as_deref(), Ok(theirs), "{name}");
    }
}

fn chunked(signed: bool, trailer: bool) -> Content {
    Content::Chunked { signed, trailer }
}

#[test]
fn urls() {
    let vectors = Vectors::load();
    for entry in vectors.entries("presigned") {
        let (claim, _) = vectors.check(&entry, Version::V4);
        let name = entry.name();
        assert_eq!(
            (claim.place, claim.content),
            (Place::Query, Content::Unsigned)
        );
        let Timing::From { signed_at, seconds } = claim.timing else {
            panic!("{name}: {:?}", claim.timing);
        };
        assert_eq!(signed_at, vectors.time().unix_seconds());

        let (path, query) = entry.target();
        let own: Vec<&str> = query
            .split('&')
            .filter(|p| !p.starts_with("X-Amz-"))
            .collect();
        let head = RequestHead {
            method: &entry.method,
            path,
            query: &own.join("&"),
            headers: &entry.headers,
        };
        let signer = vectors.signer(Version::V4, claim.security_token.as_deref());
        let ours = signer
            .presign(&head, seconds, None, &["content-type"])
            .expect("signed");
        assert_eq!(sorted(&ours), sorted(query), "{name}");
    }
}

#[test]
fn version_2() {
    let vectors = Vectors::load();
    for entry in vectors.entries("sigv2-header") {
        let (claim, _) = vectors.check(&entry, Version::V2);
        assert_eq!(
            claim.timing,
            Timing::SignedAt(vectors.time().unix_seconds())
        );
        let (path, query) = entry.target();
        let mut headers = entry.own_headers();
        let signer = vectors.signer(Version::V2, None);
        let (bucket, method) = (entry.bucket(), &entry.method);
        let ours = signer.sign_headers(method, path, query, &mut headers, bucket, &[]);
        assert_eq!(
            ours.as_deref(),
            Ok(entry.authorization()),
            "{}",
            entry.name()
        );
    }
    for entry in vectors.entries("sigv2-query") {
        let (claim, _) = vectors.check(&entry, Version::V2);
        let until = vectors.time().unix_seconds() + 300;
        assert_eq!(claim.timing, Timing::Until(until));
        let head = RequestHead {
            query: "versionId=null",
            ..entry.head()
        };
        let signer = vectors.signer(Version::V2, None);
        let ours = signer.presign(&head, 300, None, &[]).expect("signed");
        assert_eq!(sorted(&ours), sorted(entry.target().1), "{}", entry.name());
    }
}

/// The parameters of a query in order.
fn sorted(query: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = query.split('&').collect();
    parts.sort_unstable();
    parts
}

#[test]
fn forms() {
    let vectors = Vectors::load();
    for entry in vectors.entries("post") {
        let fields = entry.json["fields"].as_object().expect("fields");
        let fields = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str().expect("text")));
        let fields: Vec<(&str, &str)> = fields.collect();
        let claim = present_form(fields.iter().copied())
            .expect("claim")
            .expect("signed");
        assert_eq!((claim.place, claim.timing), (Place::Form, Timing::Policy));
        let head = entry.head();
        assert!(
            verify(&claim, vectors.secret(), &head, None).is_ok(),
            "{}",
            entry.name()
        );
        let shown = verify(&claim, "another", &head, None).expect_err("mismatch");
        let policy = text(&entry.json["fields"], "policy");
        assert_eq!(shown.string_to_sign, policy.as_bytes());

        let signer = vectors.signer(claim.version(), None);
        let ours = signer.sign_post_policy(&base64_text(policy));
        let mut ours: Vec<(&str, &str)> = ours.iter().map(|(n, v)| (&**n, &**v)).collect();
        let mut theirs = fields;
        theirs.retain(|(name, _)| *name != "key");
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs, "{}", entry.name());
    }
}

fn base64_text(text: &str) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(text);
    String::from_utf8(bytes.expect("base64")).expect("UTF-8")
}

#[test]
fn chunks() {
    let vectors = Vectors::load();
    for entry in vectors.entries("chunked") {
        let (_, checks) = vectors.check(&entry, Version::V4);
        let mut checks = checks.expect("signed chunks");
        let seed = text(entry.json, "seed_signature");
        let mut signs = vectors.signer(Version::V4, None).chunks(seed);
        for chunk in entry.json["chunks"].as_array().expect("chunks") {
            let sum = Sha256::digest(text(chunk, "data")).into();
            let theirs = text(chunk, "signature");
            assert_eq!(signs.chunk(&sum), theirs, "{}", entry.name());
            assert!(!checks.clone().is_chunk(&[7; 32], theirs));
            assert!(checks.is_chunk(&sum, theirs));
        }
        if let Some(lines) = entry.json["trailer"]["line_hashed"].as_str() {
            let theirs = text(&entry.json["trailer"], "signature");
            assert_eq!(signs.trailer(lines.as_bytes()), theirs);
            assert!(
                !checks
                    .clone()
                    .is_trailer(b"x-amz-checksum-crc32c:AAAAAA==\n", theirs)
            );
            assert!(checks.is_trailer(lines.as_bytes(), theirs));
        }
    }
}

/// What of the list of refusals is decided here; clocks are the server's, digests the engine's, and the wire form of
/// chunks the dialects'.
#[test]
fn refusals() {
    let vectors = Vectors::load();
    let mut entry = vectors.entry("presigned-get");
    let claim = present(&entry.head()).expect("claim").expect("signed");
    entry
        .headers
        .insert("x-amz-request-payer", "requester".parse().expect("value"));
    assert_eq!(uncovered(&claim, &entry.headers), ["x-amz-request-payer"]);

    let entry = vectors.entry("presigned-get");
    let put = RequestHead {
        method: &Method::PUT,
        ..entry.head()
    };
    let query = format!("{}&versionId=null", entry.target().1);
    let older = RequestHead {
        query: &query,
        ..entry.head()
    };
    for head in [put, older] {
        let claim = present(&head).expect("claim").expect("signed");
        assert!(verify(&claim, vectors.secret(), &head, None).is_err());
    }
}

/// The same scheme signs for another service, whose clients send no hash of the body and sign it all the same.
#[test]
fn another_service() {
    let vectors = Vectors::load();
    let entry = vectors.entry(STS);
    let sts = Scheme {
        service: "sts",
        ..AWS4
    };
    let (head, secret) = (entry.head(), vectors.secret());
    let claim = cohong_sign::present(&sts, head.headers, head.query);
    let claim = claim.expect("claim").expect("signed");
    let body = hex::encode(Sha256::digest(text(entry.json, "body_utf8")));
    let canonical = canonical_request(&sts, &head, &claim.signed_headers, &body).expect("headers");
    assert_eq!(canonical, text(entry.json, "canonical_request").as_bytes());
    let string = string_to_sign(&sts, &claim.timestamp, &claim.scope, &canonical);
    assert_eq!(string, text(entry.json, "string_to_sign"));
    let key = signing_key(&sts, secret, &claim.scope);
    assert!(key.matches(string.as_bytes(), &claim.signature));
    assert!(present(&head).is_err(), "it is good for S3 too");
}
