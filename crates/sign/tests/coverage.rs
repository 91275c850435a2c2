//! What a good signature says about the body, and what it leaves open.

use cohong_sign::{
    BadContentHash, Credentials, EMPTY_SHA256, Payload, Presented, RequestHead, Scope, SignError,
    SignedHeaders, Signer, TOS, Timestamp, UNSIGNED_PAYLOAD, VerifyError, canonical_request,
    present, present_form, signing_key, string_to_sign, uncovered, verify,
};
use http::{HeaderMap, HeaderName, Method};

const CREDENTIAL: &str = "AK/20240506/cn-beijing/tos/request";
const DATE: &str = "20240506T070809Z";

fn headers(list: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in list {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
        map.append(name, value.parse().expect("value"));
    }
    map
}

fn signer(token: Option<&str>) -> Signer<'_> {
    let credentials = Credentials {
        access_key: "AK",
        secret: "very secret",
        security_token: token,
    };
    Signer::new(
        &TOS,
        credentials,
        "cn-beijing",
        Timestamp::parse(DATE).expect("time"),
    )
}

fn verified(map: &HeaderMap, query: &str) -> Result<Payload, VerifyError> {
    let presented = present(&TOS, map, query).expect("claim").expect("signed");
    let key = signing_key(&TOS, "very secret", &presented.scope);
    verify(&TOS, &key, &presented, &put(map, query))
}

fn put<'a>(headers: &'a HeaderMap, query: &'a str) -> RequestHead<'a> {
    RequestHead {
        method: &Method::PUT,
        path: "/k",
        query,
        headers,
    }
}

#[test]
fn payload_lines() {
    let sum = hex::decode(EMPTY_SHA256)
        .expect("hex")
        .try_into()
        .expect("length");
    for (hash, want) in [
        ("", Ok(Payload::Unsigned)),
        ("UNSIGNED-PAYLOAD", Ok(Payload::Unsigned)),
        (EMPTY_SHA256, Ok(Payload::Sha256(sum))),
        (
            "STREAMING",
            Err(VerifyError::BadContentHash(BadContentHash)),
        ),
    ] {
        let mut map = headers(&[("host", "b.h"), ("x-tos-content-sha256", hash)]);
        let value = signer(None).sign_headers(&Method::PUT, "/k", "", &mut map);
        map.insert(
            "authorization",
            value.expect("signed").parse().expect("value"),
        );
        assert_eq!(verified(&map, ""), want, "header, {hash}");

        let map = headers(&[("host", "b.h"), ("x-tos-content-sha256", hash)]);
        let query = signer(None)
            .presign(&put(&map, ""), 60, &[])
            .expect("signed");
        assert_eq!(verified(&map, &query), want, "query, {hash}");
    }
}

/// The Go SDK: no content hash header, and the hash of no bytes as payload line.
#[test]
fn go_payload_line() {
    let mut map = headers(&[("host", "b.h"), ("x-tos-date", DATE)]);
    let signed = SignedHeaders::parse("list", "host;x-tos-date").expect("list");
    let scope = Scope::new(&TOS, "20240506", "cn-beijing");
    let time = Timestamp::parse(DATE).expect("time");
    let canonical = canonical_request(&TOS, &put(&map, ""), &signed, EMPTY_SHA256).expect("ok");
    let text = string_to_sign(&TOS, &time, &scope, &canonical);
    let signature = signing_key(&TOS, "very secret", &scope).signature(text.as_bytes());
    let value = format!(
        "TOS4-HMAC-SHA256 Credential={CREDENTIAL},SignedHeaders={signed},Signature={signature}"
    );
    map.insert("authorization", value.parse().expect("value"));
    assert_eq!(verified(&map, ""), Ok(Payload::Unsigned));
}

/// The Go SDK presigning with a content hash: the header is signed, the payload line is still unsigned.
#[test]
fn go_presigned_hash_is_binding() {
    let map = headers(&[("host", "b.h"), ("x-tos-content-sha256", EMPTY_SHA256)]);
    let names = "host;x-tos-content-sha256";
    let claim = format!(
        "X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Credential={CREDENTIAL}&X-Tos-Date={DATE}\
         &X-Tos-Expires=60&X-Tos-SignedHeaders={names}&X-Tos-Security-Token="
    );
    let list = SignedHeaders::parse("list", names).expect("list");
    let scope = Scope::new(&TOS, "20240506", "cn-beijing");
    let time = Timestamp::parse(DATE).expect("time");
    let canonical =
        canonical_request(&TOS, &put(&map, &claim), &list, UNSIGNED_PAYLOAD).expect("canonical");
    let text = string_to_sign(&TOS, &time, &scope, &canonical);
    let signature = signing_key(&TOS, "very secret", &scope).signature(text.as_bytes());
    let query = format!("{claim}&X-Tos-Signature={signature}");
    let sum = hex::decode(EMPTY_SHA256).expect("hex");
    let sum = sum.try_into().expect("length");
    assert_eq!(verified(&map, &query), Ok(Payload::Sha256(sum)));

    let presented = present(&TOS, &map, &query).expect("claim").expect("signed");
    assert_eq!(presented.security_token, None, "an empty token is none");
}

/// A hash that the sender of a presigned URL adds binds nothing, and is reported as not covered.
#[test]
fn added_hash_is_not_covered() {
    let map = headers(&[("host", "b.h")]);
    let query = signer(None)
        .presign(&put(&map, ""), 60, &[])
        .expect("signed");
    let map = headers(&[("host", "b.h"), ("x-tos-content-sha256", EMPTY_SHA256)]);
    assert_eq!(verified(&map, &query), Ok(Payload::Unsigned));
    let presented = present(&TOS, &map, &query).expect("claim").expect("signed");
    let open = uncovered(&TOS, &presented, &put(&map, &query), &[]);
    assert_eq!(open, Ok(vec!["x-tos-content-sha256".to_owned()]));
}

/// Date and content hash have lines of their own in what a header signature signs, listed or not.
#[test]
fn unlisted_date_and_hash_are_covered() {
    let auth = format!(
        "TOS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host, Signature={EMPTY_SHA256}"
    );
    let map = headers(&[
        ("authorization", &auth),
        ("host", "b.h"),
        ("x-tos-date", DATE),
        ("x-tos-content-sha256", UNSIGNED_PAYLOAD),
        ("x-tos-acl", "private"),
    ]);
    let presented = present(&TOS, &map, "").expect("claim").expect("signed");
    let open = uncovered(&TOS, &presented, &put(&map, ""), &[]);
    assert_eq!(open, Ok(vec!["x-tos-acl".to_owned()]));
}

#[test]
fn uncovered_names() {
    let open = |presented: &Presented, map: &HeaderMap, query: &str| {
        uncovered(&TOS, presented, &put(map, query), &["x-tos-free"]).expect("query")
    };
    let extra = [
        ("x-tos-meta-a", "1"),
        ("x-tos-free", "1"),
        ("content-md5", "m"),
    ];
    let more = |map: &HeaderMap| {
        let mut map = map.clone();
        map.extend(headers(&extra));
        map
    };

    let mut map = headers(&[("host", "b.h"), ("x-tos-acl", "private")]);
    let value = signer(None)
        .sign_headers(&Method::PUT, "/k", "x-tos-p", &mut map)
        .expect("signed");
    map.insert("authorization", value.parse().expect("value"));
    let presented = present(&TOS, &map, "x-tos-p")
        .expect("claim")
        .expect("signed");
    assert_eq!(open(&presented, &map, "x-tos-p"), Vec::<String>::new());
    assert_eq!(open(&presented, &more(&map), "x-tos-p"), ["x-tos-meta-a"]);

    let map = headers(&[("host", "b.h"), ("x-tos-acl", "private")]);
    let query = signer(None)
        .presign(&put(&map, "a"), 60, &[])
        .expect("signed");
    let presented = present(&TOS, &map, &query).expect("claim").expect("signed");
    assert_eq!(open(&presented, &map, &query), Vec::<String>::new());
    assert_eq!(open(&presented, &more(&map), &query), ["x-tos-meta-a"]);

    let query = signer(Some("T")).presign_policy("{}", 60).expect("signed");
    let presented = present(&TOS, &map, &query).expect("claim").expect("signed");
    let query = format!("{query}&prefix=a&X-Tos-Process=1");
    assert_eq!(
        open(&presented, &map, &query),
        ["x-tos-acl", "x-tos-process"]
    );

    let fields = signer(None).sign_post_policy("{}");
    let fields = fields.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    let presented = present_form(&TOS, fields).expect("claim").expect("signed");
    assert_eq!(
        open(&presented, &map, "x-tos-q=1"),
        ["x-tos-acl", "x-tos-q"]
    );
}

#[test]
fn secrets_stay_out_of_debug_and_errors() {
    let token = "tokentext";
    let query = signer(Some(token))
        .presign_policy("{}", 60)
        .expect("signed");
    let presented = present(&TOS, &HeaderMap::new(), &query)
        .expect("claim")
        .expect("signed");
    let credentials = Credentials {
        access_key: "AK",
        secret: "very secret",
        security_token: Some(token),
    };
    let shown = format!("{presented:?} {credentials:?} {:?}", signer(Some(token)));
    for hidden in ["very secret", token, &presented.signature] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    let bad =
        signer(Some("a\nb")).sign_headers(&Method::GET, "/", "", &mut headers(&[("host", "h")]));
    assert_eq!(bad, Err(SignError::Token));
}
