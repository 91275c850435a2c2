//! Tables of S3 claims: spellings that are understood, quirks of clients, and faults that are named.

use cohong_sign::s3::{
    CONTENT_HASH, Claim, Content, Signer, Timing, Version, content, hoisted, is_signed, present,
    present_form, uncovered, verify,
};
use cohong_sign::{
    Credentials, EMPTY_SHA256, Fault, MAX_ACCESS_KEY_BYTES, Place, RequestHead, Timestamp,
};
use http::{HeaderMap, HeaderName, Method};

const CREDENTIAL: &str = "AK/20240506/us-east-1/s3/aws4_request";
const ISO: &str = "20240506T070809Z";
const HTTP: &str = "Mon, 06 May 2024 07:08:09 GMT";
const UNIX: i64 = 1_714_979_289;
const CHUNKS: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";

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
        path: "/b/k",
        query,
        headers,
    }
}

fn outcome(map: &HeaderMap, query: &str) -> Result<Option<Claim>, (Place, String)> {
    present(&head(map, query)).map_err(|e| (e.place, kind(&e.fault)))
}

fn good(map: &HeaderMap, query: &str) -> Claim {
    outcome(map, query).expect("claim").expect("signed")
}

/// String to sign and canonical request, which a mismatch shows.
fn texts(head: &RequestHead<'_>, bucket: Option<&str>) -> (String, String) {
    let claim = present(head).expect("claim").expect("signed");
    let mismatch = verify(&claim, "wrong", head, bucket).expect_err("mismatch");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (
        text(mismatch.string_to_sign),
        text(mismatch.canonical_request.unwrap_or_default()),
    )
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

fn v4(signed: &str) -> String {
    let signature = "0".repeat(64);
    format!(
        "AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders={signed}, Signature={signature}"
    )
}

/// Headers of a request signed with version 4.
fn v4_headers(signed: &str, more: &[(&str, &str)]) -> HeaderMap {
    let authorization = v4(signed);
    let mut list = vec![
        ("authorization", authorization.as_str()),
        ("host", "h:9000"),
        ("x-amz-date", ISO),
        (CONTENT_HASH, "UNSIGNED-PAYLOAD"),
    ];
    list.extend(more);
    headers(&list)
}

fn v4_query(more: &str) -> String {
    let signature = "0".repeat(64);
    format!(
        "{more}X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={CREDENTIAL}&X-Amz-Date={ISO}\
         &X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature={signature}"
    )
}

fn host() -> HeaderMap {
    headers(&[("host", "h:9000")])
}

#[test]
fn who_is_signed() {
    for (authorization, query, want) in [
        ("AWS AK:s", "", true),
        ("AWS4-HMAC-SHA256 Credential=x", "", true),
        ("AWS4-HMAC-SHA256", "", true),
        ("AWS4-ECDSA-P256-SHA256 Credential=x", "", true),
        ("aws AK:s", "", false),
        ("OSS AK:s", "", false),
        ("", "AWSAccessKeyId=AK&Expires=1", true),
        ("", "acl&AWSAccessKeyId", true),
        ("", "X-Amz-Algorithm=AWS4-HMAC-SHA256", true),
        ("", "a=1&x-amz-credential=x", true),
        ("", "X-Amz-Signature=0", true),
        ("", "awsaccesskeyid=AK", false),
        ("", "x-amz-acl=private&X-Amz-Date=x", false),
        ("", "", false),
    ] {
        let map = headers(&[("authorization", authorization)]);
        assert_eq!(is_signed(&map, query), want, "{authorization} {query}");
    }
    for query in ["", "acl", "Signature=1&Expires=1", "x-amz-acl=private"] {
        assert_eq!(outcome(&HeaderMap::new(), query), Ok(None), "{query}");
    }
    let fields = [("key", "k"), ("policy", "cA=="), ("x-amz-date", ISO)];
    assert_eq!(present_form(fields), Ok(None));
}

#[test]
fn header_spellings() {
    let sig = "0".repeat(64);
    for authorization in [
        v4("host;x-amz-date"),
        v4("host;x-amz-date").replace(", ", ","),
        v4("X-Amz-Date;Host"),
        format!(
            "AWS4-HMAC-SHA256 Signature={sig},SignedHeaders=host;x-amz-date,  Credential={CREDENTIAL}"
        ),
    ] {
        let mut map = v4_headers("host", &[]);
        map.insert("authorization", authorization.parse().expect("value"));
        let claim = good(&map, "");
        assert_eq!(
            (claim.version(), claim.region(), claim.timing),
            (Version::V4, Some("us-east-1"), Timing::SignedAt(UNIX))
        );
        let want = format!(
            "GET\n/b/k\n\nhost:h:9000\nx-amz-date:{ISO}\n\nhost;x-amz-date\nUNSIGNED-PAYLOAD"
        );
        assert_eq!(texts(&head(&map, ""), None).1, want, "{authorization}");
    }
    let map = v4_headers("host", &[]);
    let keyed = v4("host").replace("=AK/", "=a/b/c/");
    let mut other = map.clone();
    other.insert("authorization", keyed.parse().expect("value"));
    assert_eq!(good(&other, "").access_key, "a/b/c");
}

/// Without the vendor's header the plain one tells the time, in either form.
#[test]
fn plain_dates() {
    for date in [HTTP, ISO, "Mon, 06 May 2024 07:08:09 +0000"] {
        let mut map = v4_headers("date;host", &[("date", date)]);
        map.remove("x-amz-date");
        assert_eq!(good(&map, "").timing, Timing::SignedAt(UNIX), "{date}");
        let (string, _) = texts(&head(&map, ""), None);
        assert!(string.starts_with(&format!("AWS4-HMAC-SHA256\n{ISO}\n")));
    }
}

/// Clients spell a path as they like; it is decoded and encoded once, and nothing is taken out of it.
#[test]
fn paths() {
    let map = v4_headers("host", &[]);
    for (path, want) in [
        ("", "/"),
        ("/", "/"),
        ("/b", "/b"),
        ("/b/", "/b/"),
        ("/b/a//./../c/", "/b/a//./../c/"),
        ("/b/(a)'!*", "/b/%28a%29%27%21%2A"),
        ("/b/%28a%29%27%21%2a", "/b/%28a%29%27%21%2A"),
        ("/b/a+b%20c%2Bd", "/b/a%2Bb%20c%2Bd"),
        ("/b/a%2Fb", "/b/a/b"),
        ("/b/%2525~%7E", "/b/%2525~~"),
        ("/b/\u{fc}", "/b/%C3%BC"),
    ] {
        let head = RequestHead {
            path,
            ..head(&map, "")
        };
        let canonical = texts(&head, None).1;
        assert_eq!(canonical.lines().nth(1), Some(want), "{path}");
    }
}

#[test]
fn queries() {
    let map = v4_headers("host", &[]);
    for (query, want) in [
        ("location", "location="),
        ("location=", "location="),
        ("prefix=a+b%2Bc%20d", "prefix=a%2Bb%2Bc%20d"),
        ("b=2&b=1&a=/", "a=%2F&b=1&b=2"),
        ("a%2Fb=1&a-b=2&a%41=3", "a%2Fb=1&a-b=2&aA=3"),
        ("&&a=%7e&", "a=~"),
    ] {
        let canonical = texts(&head(&map, query), None).1;
        assert_eq!(canonical.lines().nth(2), Some(want), "{query}");
    }
}

/// Runs of blanks are one; lines of one name are joined; a listed header that did not come is empty.
#[test]
fn header_values() {
    let more = [
        ("x-amz-meta-a", "  a   b\t c "),
        ("x-amz-meta-b", "1"),
        ("x-amz-meta-b", " 2  3 "),
    ];
    let map = v4_headers("content-type;host;x-amz-meta-a;x-amz-meta-b", &more);
    let want = "GET\n/b/k\n\ncontent-type:\nhost:h:9000\nx-amz-meta-a:a b c\nx-amz-meta-b:1,2 3\n\n\
                content-type;host;x-amz-meta-a;x-amz-meta-b\nUNSIGNED-PAYLOAD";
    assert_eq!(texts(&head(&map, ""), None).1, want);
}

#[test]
fn contents() {
    let sum = hex::decode(EMPTY_SHA256)
        .expect("hex")
        .try_into()
        .expect("length");
    let chunked = |signed, trailer| Content::Chunked { signed, trailer };
    let (upper, ecdsa) = (
        EMPTY_SHA256.to_uppercase(),
        "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    );
    let malformed = || Err("malformed x-amz-content-sha256".to_owned());
    for (line, want, without_seed) in [
        ("UNSIGNED-PAYLOAD", Ok(Content::Unsigned), None),
        (EMPTY_SHA256, Ok(Content::Sha256(sum)), None),
        (&upper, Ok(Content::Sha256(sum)), None),
        (
            "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            Ok(chunked(false, true)),
            None,
        ),
        (CHUNKS, Ok(chunked(true, false)), Some(malformed())),
        (
            &format!("{CHUNKS}-TRAILER"),
            Ok(chunked(true, true)),
            Some(malformed()),
        ),
        (ecdsa, Err("asymmetric".into()), None),
        ("STREAMING-UNSIGNED-PAYLOAD", malformed(), None),
        ("unsigned-payload", malformed(), None),
        ("", malformed(), None),
        (&EMPTY_SHA256[2..], malformed(), None),
    ] {
        let mut map = v4_headers("host", &[]);
        map.insert(CONTENT_HASH, line.parse().expect("value"));
        let got = outcome(&map, "").map(|claim| claim.expect("signed").content);
        assert_eq!(got.map_err(|(_, kind)| kind), want, "{line}");
        if want.is_ok() {
            let canonical = texts(&head(&map, ""), None).1;
            assert_eq!(canonical.lines().last(), Some(line), "verbatim");
        }
        // Neither an unsigned request nor version 2 has what chunks could continue.
        let want = without_seed.unwrap_or(want);
        let got = content(&map).map_err(|e| kind(&e.fault));
        assert_eq!(got, want, "{line}");
        map.insert("authorization", "AWS AK:c2ln".parse().expect("value"));
        let got = outcome(&map, "").map(|claim| claim.expect("signed").content);
        assert_eq!(got.map_err(|(_, kind)| kind), want, "{line}");
    }
    assert_eq!(content(&HeaderMap::new()), Ok(Content::Unsigned));
}

/// The payload line of a URL, and what its request says about the body.
#[test]
fn contents_of_urls() {
    let sum = hex::decode(EMPTY_SHA256)
        .expect("hex")
        .try_into()
        .expect("length");
    let hash = Content::Sha256(sum);
    for (parameter, sent, want, line) in [
        ("", "", Ok(Content::Unsigned), "UNSIGNED-PAYLOAD"),
        ("", EMPTY_SHA256, Ok(hash), "UNSIGNED-PAYLOAD"),
        (EMPTY_SHA256, "", Ok(hash), EMPTY_SHA256),
        (EMPTY_SHA256, EMPTY_SHA256, Ok(hash), EMPTY_SHA256),
        (
            "UNSIGNED-PAYLOAD",
            EMPTY_SHA256,
            Err("duplicate x-amz-content-sha256"),
            "",
        ),
        ("x", "", Err("malformed x-amz-content-sha256"), ""),
        ("", "x", Err("malformed x-amz-content-sha256"), ""),
    ] {
        let mut map = host();
        if !sent.is_empty() {
            map.insert(CONTENT_HASH, sent.parse().expect("value"));
        }
        let more = match parameter {
            "" => String::new(),
            text => format!("X-Amz-Content-Sha256={text}&"),
        };
        let query = v4_query(&more);
        let got = outcome(&map, &query).map(|claim| claim.expect("signed").content);
        assert_eq!(
            got.map_err(|(_, kind)| kind),
            want.map_err(str::to_owned),
            "{more} {sent}"
        );
        if want.is_ok() {
            let canonical = texts(&head(&map, &query), None).1;
            assert_eq!(canonical.lines().last(), Some(line), "{more} {sent}");
        }
    }
}

/// A URL whose signer signed the header with the hash, and wrote either line.
#[test]
fn a_signed_hash_may_be_the_payload_line_of_a_url() {
    let map = headers(&[("host", "h"), (CONTENT_HASH, EMPTY_SHA256)]);
    let signer = signer(Version::V4, None);
    let query = signer
        .presign(&head(&map, ""), 60, None, &[])
        .expect("signed");
    let claim = good(&map, &query);
    assert!(verify(&claim, "very secret", &head(&map, &query), None).is_ok());
}

#[test]
fn what_is_not_covered() {
    let more = [
        ("x-amz-acl", "private"),
        ("range", "bytes=0-1"),
        ("X-Amz-A", "1"),
    ];
    for (signed, want) in [
        ("host", vec!["x-amz-a", "x-amz-acl"]),
        ("host;x-amz-acl", vec!["x-amz-a"]),
        ("host;x-amz-a;x-amz-acl", vec![]),
    ] {
        let map = v4_headers(signed, &more);
        assert_eq!(uncovered(&good(&map, ""), &map), want, "{signed}");
    }
    // In a URL the header with the date is one like any other.
    let map = headers(&[
        ("host", "h"),
        ("x-amz-date", ISO),
        (CONTENT_HASH, EMPTY_SHA256),
    ]);
    let claim = good(&map, &v4_query(""));
    assert_eq!(uncovered(&claim, &map), ["x-amz-date"]);
    // Version 2 signs all of them, and a form none.
    let map = headers(&[
        ("authorization", "AWS AK:c2ln"),
        ("date", HTTP),
        ("x-amz-acl", "private"),
    ]);
    assert_eq!(uncovered(&good(&map, ""), &map), [""; 0]);
    let fields = signer(Version::V4, None).sign_post_policy("{}");
    let fields = fields.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    let claim = present_form(fields).expect("claim").expect("signed");
    assert_eq!(uncovered(&claim, &map), [""; 0]);
}

/// The date of the vendor's header is signed as a header, and then the line of the date is empty.
#[test]
fn v2_dates() {
    let auth = ("authorization", "AWS AK:c2ln");
    for date in [HTTP, ISO, "Mon, 06 May 2024 07:08:09 +0000"] {
        let map = headers(&[auth, ("x-amz-date", date), ("date", "ignored")]);
        assert_eq!(good(&map, "").timing, Timing::SignedAt(UNIX));
        let want = format!("GET\n\n\n\nx-amz-date:{date}\n/b/k");
        assert_eq!(texts(&head(&map, ""), None).0, want);
        let map = headers(&[auth, ("date", date)]);
        assert_eq!(good(&map, "").timing, Timing::SignedAt(UNIX));
        let want = format!("GET\n\n\n{date}\n/b/k");
        assert_eq!(texts(&head(&map, ""), None).0, want);
    }
}

#[test]
fn v2_resources() {
    let map = headers(&[("authorization", "AWS AK:c2ln"), ("date", HTTP)]);
    for (path, query, bucket, want) in [
        ("", "", None, "/"),
        ("/", "", Some("b"), "/b/"),
        ("/b", "prefix=p&uploads", None, "/b?uploads"),
        ("/b/a%20b+%2f", "", None, "/b/a%20b+%2f"),
        (
            "/k",
            "versionId=a%2Bb+c&acl",
            Some("b"),
            "/b/k?acl&versionId=a+b c",
        ),
        ("/k", "acl=&%61nalytics", Some("b"), "/b/k?acl=&analytics"),
        ("/b/k", "ACL&versionid=1&&", None, "/b/k"),
        (
            "/b/k",
            "response-expires=a%20b%26",
            None,
            "/b/k?response-expires=a b&",
        ),
        (
            "/b/k",
            "retention&select-type=2&select",
            None,
            "/b/k?retention&select&select-type=2",
        ),
    ] {
        let head = RequestHead {
            path,
            ..head(&map, query)
        };
        let want = format!("GET\n\n\n{HTTP}\n{want}");
        assert_eq!(texts(&head, bucket).0, want, "{path}?{query}");
    }
}

/// The vendor's Python SDK leaves some parameters out. In a header that is good; in a URL it would let whoever holds
/// it add them.
#[test]
fn v2_parameters_that_one_sdk_leaves_out() {
    let signer = signer(Version::V2, None);
    let mut map = HeaderMap::new();
    let authorization = signer.sign_headers(&Method::GET, "/b/k", "", &mut map, None, &[]);
    map.insert(
        "authorization",
        authorization.expect("signed").parse().expect("value"),
    );
    let query = signer
        .presign(&head(&HeaderMap::new(), ""), 60, None, &[])
        .expect("signed");
    let good_with = |map: &HeaderMap, query: &str| {
        let head = head(map, query);
        verify(&good(map, query), "very secret", &head, None).is_ok()
    };
    assert!(good_with(&map, "") && good_with(&map, "retention") && !good_with(&map, "acl"));
    let none = HeaderMap::new();
    assert!(good_with(&none, &query) && good_with(&none, &format!("{query}&prefix=p")));
    for added in [
        "retention",
        "acl",
        "x-amz-acl=public-read",
        "content-type=a",
    ] {
        assert!(!good_with(&none, &format!("{query}&{added}")), "{added}");
    }
}

/// The vendor's Python SDK signs a bucket alone with a slash behind it and sends it without; others sign what they
/// send.
#[test]
fn v2_a_bucket_alone() {
    let mut map = HeaderMap::new();
    let sign = |path: &str, map: &mut HeaderMap| {
        let signed = signer(Version::V2, None).sign_headers(&Method::GET, path, "", map, None, &[]);
        map.insert(
            "authorization",
            signed.expect("signed").parse().expect("value"),
        );
    };
    for (signed, sent, good_there) in [
        ("/b/", "/b", true),
        ("/b", "/b", true),
        ("/b/", "/b/", true),
        ("/b", "/b/", false),
        ("/b/k/", "/b/k", false),
    ] {
        sign(signed, &mut map);
        let there = RequestHead {
            path: sent,
            ..head(&map, "")
        };
        let found = verify(&good(&map, ""), "very secret", &there, None).is_ok();
        assert_eq!(found, good_there, "{signed} {sent}");
    }
}

/// The signers of goamz and of rclone send `uploads=` and sign `uploads`.
#[test]
fn v2_empty_values_are_signed_with_their_sign_or_without() {
    let signer = signer(Version::V2, None);
    for (signed, sent, holds) in [
        ("uploads", "uploads=", true),
        ("uploads=", "uploads=", true),
        ("uploads", "uploads=1", false),
        ("uploadId=a&uploads", "uploads=&uploadId=a", true),
        ("uploadId=a", "uploadId=a=", false),
    ] {
        let mut map = HeaderMap::new();
        let authorization = signer.sign_headers(&Method::POST, "/b/k", signed, &mut map, None, &[]);
        let authorization = authorization.expect("signed").parse().expect("value");
        map.insert("authorization", authorization);
        let head = RequestHead {
            method: &Method::POST,
            ..head(&map, sent)
        };
        let verified = verify(&good(&map, sent), "very secret", &head, None);
        assert_eq!(verified.is_ok(), holds, "{signed} {sent}");
    }
}

/// A presigned URL of boto3 carries the headers that it signed as parameters; whoever uses it may send them or not.
#[test]
fn v2_hoisted_headers() {
    let map = headers(&[("content-type", "text/plain"), ("x-amz-meta-a", "\u{e9} b")]);
    let signed = head(&map, "");
    let query = signer(Version::V2, Some("T"))
        .presign(&signed, 60, None, &[])
        .expect("signed");
    let hoisting = format!("content-type=text%2Fplain&x-amz-meta-a=%C3%A9%20b&{query}");
    let token = |claim: &Claim| claim.security_token.clone();
    for (map, query, want) in [
        (&map, query.as_str(), true),
        (&map, &hoisting, true),
        (&HeaderMap::new(), &hoisting, true),
        (&HeaderMap::new(), &hoisting.replace("plain", "html"), false),
        (&HeaderMap::new(), &query, false),
        (&headers(&[("content-type", "text/html")]), &hoisting, false),
        (&headers(&[("x-amz-acl", "private")]), &hoisting, false),
    ] {
        let (head, claim) = (head(map, query), good(map, query));
        assert_eq!(token(&claim).as_deref(), Some("T"));
        assert_eq!(
            verify(&claim, "very secret", &head, None).is_ok(),
            want,
            "{map:?} {query}"
        );
    }
    let found = hoisted(&head(&HeaderMap::new(), &hoisting)).expect("headers");
    assert_eq!(found["x-amz-meta-a"].as_bytes(), "\u{e9} b".as_bytes());
    assert_eq!(found["content-type"], "text/plain");
    assert_eq!(found["x-amz-security-token"], "T");
    assert_eq!(hoisted(&head(&map, &hoisting)).expect("headers").len(), 1);
}

#[test]
fn v4_hoisted_headers() {
    let more = "X-Amz-Meta-A=b&x-amz-acl=private&content-type=t&X-Amz-Security-Token=T&x-id=1&";
    let query = v4_query(more);
    let found = hoisted(&head(&host(), &query)).expect("headers");
    let mut names: Vec<&str> = found.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["x-amz-acl", "x-amz-meta-a"]);
    let sent = headers(&[("host", "h"), ("x-amz-acl", "public-read")]);
    assert_eq!(hoisted(&head(&sent, &query)).expect("headers").len(), 1);
    assert_eq!(uncovered(&good(&sent, &query), &sent), ["x-amz-acl"]);
    // Nothing is a header in the query of a request that is signed otherwise or not at all.
    assert!(
        hoisted(&head(&host(), "x-amz-acl=private"))
            .expect("none")
            .is_empty()
    );
    for query in [
        v4_query("x-amz-meta-a=1%0Ax-amz-acl:private&"),
        v4_query("x-amz-%20=1&"),
    ] {
        let got = outcome(&host(), &query).expect_err("fault");
        assert!(got.1.starts_with("malformed x-amz-"), "{got:?}");
        assert!(hoisted(&head(&host(), &query)).is_err());
    }
}

#[test]
fn header_faults() {
    let long = "k".repeat(MAX_ACCESS_KEY_BYTES + 1);
    let (v4, dated) = (v4("host"), [("x-amz-date", ISO)]);
    let hashed = [("x-amz-date", ISO), (CONTENT_HASH, "UNSIGNED-PAYLOAD")];
    for (authorization, extra, want) in [
        ("", &[][..], "algorithm"),
        ("Bearer x", &[], "algorithm"),
        ("AWS3 AK:s", &[], "algorithm"),
        ("AWS4-ECDSA-P256-SHA256 Credential=x", &[], "asymmetric"),
        ("AWS", &[], "malformed authorization"),
        ("AWS AK", &[], "malformed authorization"),
        ("AWS :s", &[], "malformed the access key"),
        (&format!("AWS {long}:s"), &[], "malformed the access key"),
        ("AWS AK:s", &[], "missing date"),
        ("AWS AK:s", &[("date", "yesterday")], "malformed date"),
        (
            "AWS AK:s",
            &[("date", HTTP), ("date", HTTP)],
            "duplicate date",
        ),
        (
            "AWS AK:s",
            &[("date", HTTP), ("x-amz-date", "x")],
            "malformed x-amz-date",
        ),
        (&v4, &[], "missing x-amz-date"),
        (&v4, &[("date", "yesterday")], "malformed date"),
        (&v4, &[("x-amz-date", HTTP)], "malformed x-amz-date"),
        (
            &v4,
            &[("x-amz-date", "20240507T070809Z")],
            "malformed Credential",
        ),
        (&v4, &dated, "missing x-amz-content-sha256"),
        (
            &v4.replace("/s3/", "/sts/"),
            &hashed,
            "malformed Credential",
        ),
        (
            &v4.replace("aws4_request", "request"),
            &hashed,
            "malformed Credential",
        ),
        (
            &v4.replace("SignedHeaders=host, ", ""),
            &hashed,
            "missing SignedHeaders",
        ),
        (
            &v4.replace("=host", "=range"),
            &hashed,
            "missing host in SignedHeaders",
        ),
        (
            &v4.replace("=host", "=host;"),
            &hashed,
            "malformed SignedHeaders",
        ),
        (
            &v4.replace("Signature=00", "Signature="),
            &hashed,
            "malformed Signature",
        ),
        (
            &v4.replace("Credential", "AccessKey"),
            &hashed,
            "malformed authorization",
        ),
    ] {
        let mut list = vec![("authorization", authorization), ("host", "h")];
        list.extend(extra);
        let got = outcome(&headers(&list), "");
        assert_eq!(got, Err((Place::Header, want.into())), "{list:?}");
    }
}

#[test]
fn two_signatures_are_refused() {
    for authorization in ["AWS AK:s", "AWS4-HMAC-SHA256 x", "Bearer x"] {
        for query in ["AWSAccessKeyId=AK", "X-Amz-Algorithm=AWS4-HMAC-SHA256"] {
            let map = headers(&[("authorization", authorization), ("date", HTTP)]);
            let got = outcome(&map, query);
            assert_eq!(got, Err((Place::Header, "conflicting".into())));
        }
    }
}

#[test]
fn query_faults() {
    let full = v4_query("");
    assert_eq!(
        good(&host(), &full).timing,
        Timing::From {
            signed_at: UNIX,
            seconds: 60
        }
    );
    assert_eq!(
        good(&host(), &full.replace("X-Amz", "x-amz")).place,
        Place::Query
    );
    for (query, want) in [
        ("a=%", "malformed query"),
        ("AWSAccessKeyId=AK", "missing Expires"),
        ("AWSAccessKeyId=AK&Expires=1", "missing Signature"),
        ("AWSAccessKeyId=AK&Expires=1&Expires=2", "duplicate Expires"),
        (
            "AWSAccessKeyId=&Expires=1&Signature=s",
            "malformed the access key",
        ),
        (
            "AWSAccessKeyId=AK&Expires=&Signature=s",
            "malformed Expires",
        ),
        (
            "AWSAccessKeyId=AK&Expires=-1&Signature=s",
            "malformed Expires",
        ),
        (
            "AWSAccessKeyId=AK&Expires=9223372036854775808&Signature=s",
            "malformed Expires",
        ),
        (
            "AWSAccessKeyId=%FF&Expires=1&Signature=s",
            "malformed AWSAccessKeyId",
        ),
        (
            "AWSAccessKeyId=AK&X-Amz-Algorithm=x",
            "duplicate the signature",
        ),
        ("X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", "asymmetric"),
        ("X-Amz-Algorithm=AWS3", "algorithm"),
        ("X-Amz-Credential=x", "missing X-Amz-Algorithm"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "missing Credential"),
        (
            &full.replace("X-Amz-Expires=60&", ""),
            "missing X-Amz-Expires",
        ),
        (
            &full.replace("Expires=60", "Expires=-1"),
            "malformed X-Amz-Expires",
        ),
        (
            &full.replace("X-Amz-Date", "X-Amz-Datum"),
            "missing x-amz-date",
        ),
        (
            &full.replace("SignedHeaders=host", "SignedHeaders=range"),
            "missing host in SignedHeaders",
        ),
        (
            &full.replace("&X-Amz-SignedHeaders=host", ""),
            "missing SignedHeaders",
        ),
        (&format!("{full}&x-amz-date={ISO}"), "duplicate x-amz-date"),
    ] {
        let got = outcome(&host(), query);
        assert_eq!(got, Err((Place::Query, want.into())), "{query}");
    }
}

#[test]
fn form_faults() {
    let key = ("awsaccesskeyid", "AK");
    let algorithm = ("X-Amz-Algorithm", "AWS4-HMAC-SHA256");
    for (fields, want) in [
        (vec![key], "missing Signature"),
        (vec![("signature", "s")], "missing AWSAccessKeyId"),
        (vec![key, ("signature", "s")], "missing policy"),
        (vec![key, key], "duplicate AWSAccessKeyId"),
        (vec![("x-amz-algorithm", "AWS3")], "algorithm"),
        (
            vec![("x-amz-credential", CREDENTIAL)],
            "missing X-Amz-Algorithm",
        ),
        (vec![algorithm], "missing policy"),
        (vec![algorithm, ("policy", "cA==")], "missing Credential"),
    ] {
        let err = present_form(fields.iter().copied()).expect_err(want);
        assert_eq!((err.place, kind(&err.fault).as_str()), (Place::Form, want));
    }
    let older = [
        key,
        ("POLICY", "cA=="),
        ("Signature", "s"),
        ("X-Amz-Security-Token", "T"),
    ];
    let claim = present_form(older).expect("claim").expect("signed");
    assert_eq!(
        (claim.access_key.as_str(), claim.version()),
        ("AK", Version::V2)
    );
    assert_eq!(claim.security_token.as_deref(), Some("T"));
    assert_eq!((claim.place, claim.timing), (Place::Form, Timing::Policy));
    let newer = signer(Version::V4, None).sign_post_policy("{}");
    let newer = newer.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    let err = present_form(newer.chain([key])).expect_err("two signatures");
    assert_eq!(kind(&err.fault), "duplicate the signature");
}

fn signer(version: Version, security_token: Option<&'static str>) -> Signer<'static> {
    Signer {
        version,
        credentials: Credentials {
            access_key: "AK",
            secret: "very secret",
            security_token,
        },
        region: "us-east-1",
        time: Timestamp::parse(ISO).expect("time"),
    }
}

#[test]
fn secrets_stay_out_of_debug() {
    for version in [Version::V2, Version::V4] {
        let (signer, map) = (signer(version, Some("tokentext")), host());
        let query = signer
            .presign(&head(&map, ""), 60, None, &[])
            .expect("signed");
        let claim = good(&map, &query);
        let chunks = signer.chunks(&claim.signature);
        let mismatch = verify(&claim, "other", &head(&map, &query), None).expect_err("mismatch");
        let shown = format!("{signer:?} {claim:?} {chunks:?} {mismatch:?} {mismatch}");
        for hidden in ["very secret", "tokentext", &claim.signature] {
            assert!(!shown.contains(hidden), "{shown}");
        }
    }
}
