//! Tables of OSS claims: spellings that are understood, quirks of clients, and faults that are named.

use cohong_sign::oss::{
    Claim, Resource, Signer, Timing, Version, is_signed, present, present_form, verify,
};
use cohong_sign::{Credentials, Fault, MAX_ACCESS_KEY_BYTES, Place, RequestHead, Timestamp};
use http::{HeaderMap, HeaderName, Method};

const CREDENTIAL: &str = "AK/20240506/cn-hangzhou/oss/aliyun_v4_request";
const ISO: &str = "20240506T070809Z";
const HTTP: &str = "Mon, 06 May 2024 07:08:09 GMT";
const UNIX: i64 = 1_714_979_289;

fn headers(list: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in list {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
        map.append(name, value.parse().expect("value"));
    }
    map
}

fn head<'a>(headers: &'a HeaderMap, query: &'a str) -> RequestHead<'a> {
    RequestHead {
        method: &Method::GET,
        path: "",
        query,
        headers,
    }
}

const OBJECT: Resource<'_> = Resource {
    bucket: Some("b"),
    key: b"k",
};

fn outcome(map: &HeaderMap, query: &str) -> Result<Option<Claim>, (Place, String)> {
    present(&head(map, query)).map_err(|e| (e.place, kind(&e.fault)))
}

fn good(map: &HeaderMap, query: &str) -> Claim {
    outcome(map, query).expect("claim").expect("signed")
}

/// The string to sign, which a mismatch shows.
fn signed_text(map: &HeaderMap, query: &str, resource: &Resource<'_>) -> String {
    let head = head(map, query);
    let mismatch = verify(&good(map, query), "wrong", &head, resource).expect_err("mismatch");
    String::from_utf8(mismatch.string_to_sign).expect("UTF-8")
}

/// Variant and field of a fault, for tables.
fn kind(fault: &Fault) -> String {
    match fault {
        Fault::Malformed { field, .. } => format!("malformed {field}"),
        Fault::Missing { field } => format!("missing {field}"),
        Fault::Duplicate { field } => format!("duplicate {field}"),
        Fault::Conflicting => "conflicting".into(),
        Fault::Asymmetric => "asymmetric".into(),
        Fault::UnknownAlgorithm { .. } => "algorithm".into(),
    }
}

#[test]
fn who_is_signed() {
    for (authorization, query, want) in [
        ("OSS AK:s", "", true),
        ("OSS2 AccessKeyId:AK", "", true),
        ("OSS4-HMAC-SHA256 Credential=x", "", true),
        ("OSS4-HMAC-SHA256", "", true),
        ("OSSX AK:s", "", false),
        ("oss AK:s", "", false),
        ("AWS4-HMAC-SHA256 Credential=x", "", false),
        ("", "OSSAccessKeyId=AK&Expires=1", true),
        ("", "acl&OSSAccessKeyId", true),
        ("", "x-oss-signature-version=OSS2", true),
        ("", "a=1&X-Oss-Signature-Version=OSS4-HMAC-SHA256", true),
        ("", "ossaccesskeyid=AK", false),
        ("", "x-oss-process=OSSAccessKeyId", false),
        ("", "", false),
    ] {
        let map = headers(&[("authorization", authorization)]);
        assert_eq!(is_signed(&map, query), want, "{authorization} {query}");
    }
    assert!(!is_signed(&HeaderMap::new(), "acl"));
}

#[test]
fn not_signed() {
    for query in ["", "acl", "Signature=1&Expires=1", "x-oss-process=style/a"] {
        assert_eq!(outcome(&HeaderMap::new(), query), Ok(None), "{query}");
    }
    let fields = [("key", "k"), ("policy", "cA=="), ("x-oss-date", ISO)];
    assert_eq!(present_form(fields), Ok(None));
}

#[test]
fn header_spellings() {
    let sig = "0".repeat(64);
    for (authorization, list) in [
        (
            format!("OSS4-HMAC-SHA256 Credential={CREDENTIAL},Signature={sig}"),
            "",
        ),
        (
            format!(
                "OSS4-HMAC-SHA256 Credential={CREDENTIAL}, AdditionalHeaders=, Signature={sig}"
            ),
            "",
        ),
        (
            format!(
                "OSS4-HMAC-SHA256 Credential={CREDENTIAL}, Signature={sig}, AdditionalHeaders=name2;name;range"
            ),
            "name;name2;range",
        ),
        // What is signed anyway is no additional header.
        (
            format!(
                "OSS4-HMAC-SHA256 AdditionalHeaders=Range;x-oss-a;content-type,Credential={CREDENTIAL},Signature={sig}"
            ),
            "range",
        ),
    ] {
        let map = headers(&[
            ("authorization", &authorization),
            ("x-oss-date", ISO),
            ("x-oss-a", "1"),
            ("content-type", "t"),
            ("range", "r"),
        ]);
        let claim = good(&map, "");
        assert_eq!(
            (claim.version(), claim.region()),
            (Version::V4, Some("cn-hangzhou"))
        );
        assert_eq!(claim.timing, Timing::SignedAt(UNIX));
        let mismatch = verify(&claim, "s", &head(&map, ""), &OBJECT).expect_err("mismatch");
        let canonical = String::from_utf8(mismatch.canonical_request.expect("V4")).expect("UTF-8");
        let range = if list.is_empty() { "" } else { "range:r\n" };
        let want = format!(
            "GET\n/b/k\n\ncontent-type:t\n{range}x-oss-a:1\nx-oss-date:{ISO}\n\n{list}\nUNSIGNED-PAYLOAD"
        );
        assert_eq!(canonical, want, "{authorization}");
    }
    for authorization in [
        "OSS2 AccessKeyId:AK,AdditionalHeaders:b;a,Signature:c2ln",
        "OSS2 Signature:c2ln, AdditionalHeaders:A;b , AccessKeyId:AK",
    ] {
        let map = headers(&[("authorization", authorization), ("date", HTTP), ("a", "1")]);
        let want = format!("GET\n\n\n{HTTP}\na:1\na;b\n%2Fb%2Fk");
        assert_eq!(signed_text(&map, "", &OBJECT), want);
    }
}

/// The JavaScript SDK sends `x-oss-date` and no `Date`: it is the line of the date and a header as well.
#[test]
fn v1_vendor_date_counts_twice() {
    let auth = ("authorization", "OSS AK:c2ln");
    for date in [HTTP, ISO] {
        let map = headers(&[auth, ("x-oss-date", date), ("date", "ignored")]);
        assert_eq!(good(&map, "").timing, Timing::SignedAt(UNIX));
        let want = format!("GET\n\n\n{date}\nx-oss-date:{date}\n/b/k");
        assert_eq!(signed_text(&map, "", &OBJECT), want);
    }
}

/// The newer Python SDK sends the token of version 1 without the vendor's prefix, and does not sign it.
#[test]
fn v1_tokens() {
    let auth = ("authorization", "OSS AK:c2ln");
    for (name, signed) in [
        ("security-token", ""),
        ("x-oss-security-token", "x-oss-security-token:T\n"),
    ] {
        let map = headers(&[auth, ("date", HTTP), (name, "T")]);
        assert_eq!(
            good(&map, "").security_token.as_deref(),
            Some("T"),
            "{name}"
        );
        let want = format!("GET\n\n\n{HTTP}\n{signed}/b/k");
        assert_eq!(signed_text(&map, "", &OBJECT), want);
    }
    let map = headers(&[auth, ("date", HTTP), ("security-token", "")]);
    assert_eq!(good(&map, "").security_token, None);
}

#[test]
fn v1_resources() {
    let map = headers(&[("authorization", "OSS AK:c2ln"), ("date", HTTP)]);
    let bucket = Resource {
        bucket: Some("b"),
        key: b"",
    };
    let service = Resource {
        bucket: None,
        key: b"",
    };
    for (query, resource, want) in [
        ("", &service, "/"),
        ("qosInfo&prefix=p", &service, "/?qosInfo"),
        ("", &bucket, "/b/"),
        ("uploads=&delimiter=/", &bucket, "/b/?uploads"),
        ("versionId=a%2Bb&acl", &OBJECT, "/b/k?acl&versionId=a+b"),
        ("ACL&versionid=1", &OBJECT, "/b/k"),
        (
            "response-expires=a+b%26",
            &OBJECT,
            "/b/k?response-expires=a b&",
        ),
    ] {
        let text = signed_text(&map, query, resource);
        assert_eq!(text, format!("GET\n\n\n{HTTP}\n{want}"), "{query}");
    }
}

#[test]
fn v4_queries() {
    let auth = format!(
        "OSS4-HMAC-SHA256 Credential={CREDENTIAL},Signature={}",
        "0".repeat(64)
    );
    let map = headers(&[("authorization", &auth), ("x-oss-date", ISO)]);
    for (query, want) in [
        ("delimiter=&a=1", "a=1&delimiter"),
        ("a%2Fb=1&a-b=2&a=/+", "a=%2F%20&a%2Fb=1&a-b=2"),
    ] {
        let mismatch = verify(&good(&map, query), "s", &head(&map, query), &OBJECT);
        let canonical = mismatch
            .expect_err("mismatch")
            .canonical_request
            .expect("V4");
        let want = format!("GET\n/b/k\n{want}\n");
        assert!(canonical.starts_with(want.as_bytes()), "{query}");
    }
}

/// Products other than `oss` are part of the key and of the text.
#[test]
fn v4_cloudbox() {
    let credential = CREDENTIAL.replace("/oss/", "/oss-cloudbox/");
    let auth = format!(
        "OSS4-HMAC-SHA256 Credential={credential},Signature={}",
        "0".repeat(64)
    );
    let map = headers(&[("authorization", &auth), ("x-oss-date", ISO)]);
    let text = signed_text(&map, "", &OBJECT);
    assert_eq!(text.lines().nth(2), credential.strip_prefix("AK/"));
}

#[test]
fn header_faults() {
    let sig = "0".repeat(64);
    let v4 = format!("OSS4-HMAC-SHA256 Credential={CREDENTIAL}, Signature={sig}");
    let long = "k".repeat(MAX_ACCESS_KEY_BYTES + 1);
    for (authorization, extra, want) in [
        ("", vec![], "algorithm"),
        ("Bearer x", vec![], "algorithm"),
        ("OSS3 AK:s", vec![], "algorithm"),
        ("OSS", vec![], "malformed authorization"),
        ("OSS AK", vec![], "malformed authorization"),
        ("OSS :s", vec![("date", HTTP)], "malformed the access key"),
        (
            &format!("OSS {long}:s"),
            vec![("date", HTTP)],
            "malformed the access key",
        ),
        ("OSS AK:s", vec![], "missing date"),
        ("OSS AK:s", vec![("date", "yesterday")], "malformed date"),
        (
            "OSS AK:s",
            vec![("date", HTTP), ("date", HTTP)],
            "duplicate date",
        ),
        (
            "OSS AK:s",
            vec![("date", HTTP), ("x-oss-date", "x")],
            "malformed x-oss-date",
        ),
        ("OSS2 AK:s", vec![], "malformed authorization"),
        ("OSS2 Signature:s", vec![], "missing AccessKeyId"),
        (
            "OSS2 AccessKeyId:AK",
            vec![("date", HTTP)],
            "missing Signature",
        ),
        (
            "OSS2 AccessKeyId:AK,AccessKeyId:AK",
            vec![],
            "duplicate AccessKeyId",
        ),
        (
            "OSS2 AccessKeyId:AK,Signature:s",
            vec![("x-oss-date", HTTP)],
            "missing date",
        ),
        (
            "OSS2 AccessKeyId:AK,AdditionalHeaders:a;;b,Signature:s",
            vec![("date", HTTP)],
            "malformed AdditionalHeaders",
        ),
        (&v4, vec![], "missing x-oss-date"),
        (&v4, vec![("x-oss-date", HTTP)], "malformed x-oss-date"),
        (
            &v4,
            vec![("x-oss-date", "20240507T070809Z")],
            "malformed Credential",
        ),
        (
            &v4,
            vec![("x-oss-date", ISO), ("x-oss-content-sha256", &sig)],
            "malformed x-oss-content-sha256",
        ),
        (
            &v4.replace("/oss/", "/tos/"),
            vec![("x-oss-date", ISO)],
            "malformed Credential",
        ),
        (
            &v4.replace("Signature", "SignedHeaders"),
            vec![],
            "malformed authorization",
        ),
        (
            &v4.replace("Signature=00", "Signature="),
            vec![("x-oss-date", ISO)],
            "malformed Signature",
        ),
        (
            &format!("{v4},AdditionalHeaders=a;a"),
            vec![("x-oss-date", ISO)],
            "duplicate a name in AdditionalHeaders",
        ),
    ] {
        let mut list = vec![("authorization", authorization)];
        list.extend(extra);
        let got = outcome(&headers(&list), "");
        assert_eq!(got, Err((Place::Header, want.into())), "{list:?}");
    }
}

#[test]
fn both_places_conflict() {
    for authorization in ["OSS AK:s", "OSS4-HMAC-SHA256 x", "Bearer x"] {
        for query in ["OSSAccessKeyId=AK", "x-oss-signature-version=OSS2"] {
            let map = headers(&[("authorization", authorization), ("date", HTTP)]);
            let got = outcome(&map, query);
            assert_eq!(got, Err((Place::Header, "conflicting".into())));
        }
    }
}

#[test]
fn query_faults() {
    let v2 = "x-oss-signature-version=OSS2&x-oss-access-key-id=AK";
    let v4 = "x-oss-signature-version=OSS4-HMAC-SHA256";
    let full = format!(
        "{v4}&x-oss-credential={CREDENTIAL}&x-oss-date={ISO}&x-oss-expires=60&x-oss-signature={}",
        "0".repeat(64)
    );
    assert_eq!(
        good(&HeaderMap::new(), &full).timing,
        Timing::From {
            signed_at: UNIX,
            seconds: 60
        }
    );
    for (query, want) in [
        ("a=%", "malformed query"),
        ("OSSAccessKeyId=AK", "missing Expires"),
        ("OSSAccessKeyId=AK&Expires=1", "missing Signature"),
        ("OSSAccessKeyId=AK&Expires=1&Expires=2", "duplicate Expires"),
        (
            "OSSAccessKeyId=&Expires=1&Signature=s",
            "malformed the access key",
        ),
        (
            "OSSAccessKeyId=AK&Expires=&Signature=s",
            "malformed Expires",
        ),
        (
            "OSSAccessKeyId=AK&Expires=-1&Signature=s",
            "malformed Expires",
        ),
        (
            "OSSAccessKeyId=AK&Expires=9223372036854775808&Signature=s",
            "malformed Expires",
        ),
        (
            "OSSAccessKeyId=%FF&Expires=1&Signature=s",
            "malformed OSSAccessKeyId",
        ),
        (
            "OSSAccessKeyId=AK&x-oss-signature-version=OSS2",
            "duplicate the signature",
        ),
        ("x-oss-signature-version=OSS3", "algorithm"),
        ("x-oss-signature-version", "algorithm"),
        (v2, "missing x-oss-expires"),
        (&format!("{v2}&x-oss-expires=1"), "missing x-oss-signature"),
        (
            &format!("{v2}&x-oss-expires=1d&x-oss-signature=s"),
            "malformed x-oss-expires",
        ),
        (v4, "missing Credential"),
        (
            &full.replace("x-oss-expires=60&", ""),
            "missing x-oss-expires",
        ),
        (
            &full.replace("expires=60", "expires=-1"),
            "malformed x-oss-expires",
        ),
        (
            &full.replace("x-oss-date", "x-oss-datum"),
            "missing x-oss-date",
        ),
        (&format!("{full}&X-Oss-Date={ISO}"), "duplicate x-oss-date"),
    ] {
        let got = outcome(&HeaderMap::new(), query);
        assert_eq!(got, Err((Place::Query, want.into())), "{query}");
    }
}

#[test]
fn form_faults() {
    let key = ("ossaccesskeyid", "AK");
    let version = |text| ("X-Oss-Signature-Version", text);
    for (fields, want) in [
        (vec![key], "missing Signature"),
        (vec![("Signature", "s")], "missing OSSAccessKeyId"),
        (vec![key, ("signature", "s")], "missing policy"),
        (vec![key, key], "duplicate OSSAccessKeyId"),
        (vec![version("OSS2"), key], "missing x-oss-access-key-id"),
        (vec![version("OSS3")], "algorithm"),
        (
            vec![("x-oss-credential", CREDENTIAL)],
            "missing x-oss-signature-version",
        ),
        (vec![version("OSS4-HMAC-SHA256")], "missing policy"),
        (
            vec![version("OSS4-HMAC-SHA256"), ("policy", "cA==")],
            "missing Credential",
        ),
    ] {
        let err = present_form(fields.iter().copied()).expect_err(want);
        assert_eq!((err.place, kind(&err.fault).as_str()), (Place::Form, want));
    }
    let claim = present_form([
        key,
        ("POLICY", "cA=="),
        ("signature", "s"),
        ("X-Oss-Security-Token", "T"),
    ])
    .expect("claim")
    .expect("signed");
    assert_eq!(claim.access_key, "AK");
    assert_eq!(claim.security_token.as_deref(), Some("T"));
    assert_eq!((claim.place, claim.timing), (Place::Form, Timing::Policy));
}

#[test]
fn secrets_stay_out_of_debug() {
    for version in [Version::V1, Version::V2, Version::V4] {
        let signer = Signer {
            version,
            credentials: Credentials {
                access_key: "AK",
                secret: "very secret",
                security_token: Some("tokentext"),
            },
            region: "cn-hangzhou",
            time: Timestamp::parse(ISO).expect("time"),
        };
        let map = HeaderMap::new();
        let query = signer
            .presign(&head(&map, ""), &OBJECT, 60, &[])
            .expect("signed");
        let claim = good(&map, &query);
        let mismatch = verify(&claim, "other", &head(&map, &query), &OBJECT).expect_err("mismatch");
        let shown = format!("{signer:?} {claim:?} {mismatch:?} {mismatch}");
        for hidden in ["very secret", "tokentext", &claim.signature] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
