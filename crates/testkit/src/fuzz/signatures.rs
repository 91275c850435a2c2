//! Canonical requests and claims: what one side signs the other verifies, whatever the request looks like, and nobody's
//! claim is believed.

use cohong_sign::{
    Credentials, RequestHead, Signer, TOS, Timestamp, decode, encode, encode_path, oss, present,
    query_pairs, s3, signing_key, verify,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::Target;

pub(super) const CANONICAL: Target = Target {
    name: "canonical",
    run: canonical,
    words: &[
        "%",
        "%2F",
        "%00",
        "%ff",
        "+",
        "&",
        "=",
        "//",
        "..",
        "?acl",
        "&uploadId=",
        "x-tos-meta-a: ",
        "x-amz-meta-a:  b ",
        "x-oss-meta-a:\tb",
        "content-type: ",
        "\n",
        "\u{e9}",
    ],
    more: Vec::new,
};

pub(super) const CLAIMS: Target = Target {
    name: "claims",
    run: claims,
    words: &[
        "TOS4-HMAC-SHA256 ",
        "OSS4-HMAC-SHA256 ",
        "AWS4-HMAC-SHA256 ",
        "OSS ",
        "AWS ",
        "Credential=",
        "AK/20240506/",
        "/tos/request",
        "/oss/aliyun_v4_request",
        "/s3/aws4_request",
        "SignedHeaders=host",
        "Signature=",
        "AdditionalHeaders=",
        "X-Amz-Signature=",
        "x-oss-signature=",
        "X-Tos-Signature=",
        "OSSAccessKeyId=",
        "AWSAccessKeyId=",
        "Expires=",
        ", ",
        "&",
    ],
    more: Vec::new,
};

const SECRET: &str = "secret-of-this-target";

fn credentials() -> Credentials<'static> {
    Credentials {
        access_key: "AK",
        secret: SECRET,
        security_token: None,
    }
}

fn time() -> Timestamp {
    Timestamp::parse("20240506T070809Z").expect("a time")
}

/// A request: the target's line, then headers.
struct Parts {
    path: String,
    query: String,
    headers: HeaderMap,
}

fn parts(input: &[u8]) -> Parts {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.split('\n');
    let target = lines.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    Parts {
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
    }
}

fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("signatures are ASCII")
}

/// Whatever can be signed is verified, in every vendor's way; escapes come back as what they stand for.
fn canonical(input: &[u8]) {
    assert_eq!(decode(&encode(input)).as_deref(), Ok(input));
    assert_eq!(decode(&encode_path(input)).as_deref(), Ok(input));
    let Parts {
        path,
        query,
        mut headers,
    } = parts(input);
    if let Ok(pairs) = query_pairs(&query) {
        let written = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let query: Vec<String> = written.collect();
        assert_eq!(
            query_pairs(&query.join("&")),
            Ok(pairs),
            "written and read again"
        );
    }
    for name in [
        "authorization",
        "date",
        "x-tos-date",
        "x-amz-date",
        "x-oss-date",
    ] {
        headers.remove(name);
    }
    headers.insert("host", HeaderValue::from_static("photos.example.com"));
    of_tos(&path, &query, headers.clone());
    of_s3(&path, &query, &headers);
    of_oss(&path, &query, &headers);
}

fn of_tos(path: &str, query: &str, mut headers: HeaderMap) {
    let signer = Signer::new(&TOS, credentials(), "cn-beijing", time());
    let Ok(claim) = signer.sign_headers(&Method::PUT, path, query, &mut headers) else {
        return;
    };
    headers.insert("authorization", value(&claim));
    // A query that claims to be signed too is refused.
    let Ok(Some(claim)) = present(&TOS, &headers, query) else {
        return;
    };
    let key = signing_key(&TOS, SECRET, &claim.scope);
    let head = RequestHead {
        method: &Method::PUT,
        path,
        query,
        headers: &headers,
    };
    assert!(
        verify(&TOS, &key, &claim, &head).is_ok(),
        "TOS {path} {query}"
    );
}

fn of_s3(path: &str, query: &str, headers: &HeaderMap) {
    for version in [s3::Version::V2, s3::Version::V4] {
        let mut headers = headers.clone();
        let signer = s3::Signer {
            version,
            credentials: credentials(),
            region: "us-east-1",
            time: time(),
        };
        let Ok(claim) = signer.sign_headers(&Method::PUT, path, query, &mut headers, None, &[])
        else {
            continue;
        };
        headers.insert("authorization", value(&claim));
        let head = RequestHead {
            method: &Method::PUT,
            path,
            query,
            headers: &headers,
        };
        let Ok(Some(claim)) = s3::present(&head) else {
            continue;
        };
        assert!(
            s3::verify(&claim, SECRET, &head, None).is_ok(),
            "S3 {version:?} {path} {query}"
        );
    }
}

fn of_oss(path: &str, query: &str, headers: &HeaderMap) {
    let Ok(key) = decode(path.strip_prefix('/').unwrap_or(path)) else {
        return;
    };
    let resource = oss::Resource {
        bucket: Some("photos"),
        key: &key,
    };
    for version in [oss::Version::V1, oss::Version::V4] {
        let mut headers = headers.clone();
        let signer = oss::Signer {
            version,
            credentials: credentials(),
            region: "cn-hangzhou",
            time: time(),
        };
        let Ok(claim) = signer.sign_headers(&Method::PUT, &resource, query, &mut headers, &[])
        else {
            continue;
        };
        headers.insert("authorization", value(&claim));
        let head = RequestHead {
            method: &Method::PUT,
            path,
            query,
            headers: &headers,
        };
        let Ok(Some(claim)) = oss::present(&head) else {
            continue;
        };
        let verified = oss::verify(&claim, SECRET, &head, &resource);
        assert!(verified.is_ok(), "OSS {version:?} {path} {query}");
    }
}

/// Claims of somebody who does not know the secret: read or refused, and never good.
fn claims(input: &[u8]) {
    let Parts {
        path,
        query,
        headers,
    } = parts(input);
    let head = RequestHead {
        method: &Method::GET,
        path: &path,
        query: &query,
        headers: &headers,
    };
    if let Ok(Some(claim)) = present(&TOS, &headers, &query) {
        let key = signing_key(&TOS, SECRET, &claim.scope);
        assert!(verify(&TOS, &key, &claim, &head).is_err());
    }
    if let Ok(Some(claim)) = s3::present(&head) {
        assert!(s3::verify(&claim, SECRET, &head, None).is_err());
        let _ = s3::uncovered(&claim, &headers);
    }
    if let Ok(Some(claim)) = oss::present(&head) {
        let resource = oss::Resource {
            bucket: None,
            key: b"k",
        };
        assert!(oss::verify(&claim, SECRET, &head, &resource).is_err());
    }
    if let Ok(Some(claim)) = cohong_sign::oas::present(&headers) {
        assert!(cohong_sign::oas::verify(&claim, SECRET, &head).is_err());
    }
    if let Ok(Some(claim)) = cohong_sign::sdk_hmac::present(&headers) {
        assert!(cohong_sign::sdk_hmac::verify(&claim, SECRET, &head, input).is_err());
    }
}
