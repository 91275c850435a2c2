//! Tables of claims: spellings that are understood and faults that are named.

use cohong_sign::{
    Fault, Flavour, MAX_AUTHORIZATION_BYTES, MAX_SIGNED_HEADERS, Place, Presented, TOS, present,
    present_form,
};
use http::{HeaderMap, HeaderName};

const CREDENTIAL: &str = "AK/20240506/cn-beijing/tos/request";
const DATE: &str = "20240506T070809Z";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn headers(list: &[(&str, &str)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in list {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
        map.append(name, value.parse().expect("value"));
    }
    map
}

fn by_header(authorization: &str) -> Result<Option<Presented>, (Place, String)> {
    let map = headers(&[("authorization", authorization), ("x-tos-date", DATE)]);
    outcome(&map, "")
}

fn outcome(map: &HeaderMap, query: &str) -> Result<Option<Presented>, (Place, String)> {
    present(&TOS, map, query).map_err(|e| (e.place, kind(&e.fault)))
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
fn header_spellings() {
    let sig = "0".repeat(64);
    let a = "TOS4-HMAC-SHA256";
    for good in [
        format!("{a} Credential={CREDENTIAL}, SignedHeaders=host;x-tos-date, Signature={sig}"),
        format!("{a} Credential={CREDENTIAL},SignedHeaders=host;x-tos-date,Signature={sig}"),
        format!("{a} Signature={sig} ,  Credential={CREDENTIAL}, SignedHeaders=X-Tos-Date;Host"),
    ] {
        let presented = by_header(&good).expect("claim").expect("signed");
        assert_eq!(presented.access_key, "AK");
        assert_eq!(presented.signed_headers.to_string(), "host;x-tos-date");
        assert_eq!(presented.signature, sig);
        assert_eq!((presented.expires, presented.security_token), (None, None));
    }
}

#[test]
fn header_faults() {
    let sig = "0".repeat(64);
    let a = "TOS4-HMAC-SHA256";
    let full =
        |c: &str, h: &str, s: &str| format!("{a} Credential={c}, SignedHeaders={h}, Signature={s}");
    let many: Vec<String> = (0..=MAX_SIGNED_HEADERS).map(|n| format!("x-{n}")).collect();
    for (authorization, want) in [
        (String::new(), "algorithm"),
        ("AWS4-HMAC-SHA256 Credential=x".into(), "algorithm"),
        ("tos4-hmac-sha256 Credential=x".into(), "algorithm"),
        ("Bearer abc".into(), "algorithm"),
        (a.into(), "missing Credential"),
        (format!("{a} Credential={CREDENTIAL}"), "missing Signature"),
        (
            format!("{a} Credential={CREDENTIAL}, Signature={sig}"),
            "missing SignedHeaders",
        ),
        (
            full(CREDENTIAL, "x-tos-date", &sig),
            "missing host in SignedHeaders",
        ),
        (full("AK", "host", &sig), "malformed Credential"),
        (
            full("AK/20240507/r/tos/request", "host", &sig),
            "malformed Credential",
        ),
        (full(CREDENTIAL, "", &sig), "malformed SignedHeaders"),
        (full(CREDENTIAL, "host;", &sig), "malformed SignedHeaders"),
        (
            full(CREDENTIAL, "host; x-tos-date", &sig),
            "malformed SignedHeaders",
        ),
        (
            full(CREDENTIAL, &many.join(";"), &sig),
            "malformed SignedHeaders",
        ),
        (
            full(CREDENTIAL, "host;HOST", &sig),
            "duplicate a name in SignedHeaders",
        ),
        (full(CREDENTIAL, "host", ""), "malformed Signature"),
        (full(CREDENTIAL, "host", &sig[1..]), "malformed Signature"),
        (
            full(CREDENTIAL, "host", &"A".repeat(64)),
            "malformed Signature",
        ),
        (
            full(CREDENTIAL, "host", &sig) + ", Signature=1",
            "duplicate Signature",
        ),
        (
            full(CREDENTIAL, "host", &sig) + ", Extra=1",
            "malformed authorization",
        ),
        (
            full(CREDENTIAL, "host", &sig) + ", Extra",
            "malformed authorization",
        ),
        (
            full(&"k".repeat(MAX_AUTHORIZATION_BYTES), "host", &sig),
            "malformed authorization",
        ),
    ] {
        assert_eq!(
            by_header(&authorization),
            Err((Place::Header, want.into())),
            "{authorization}"
        );
    }
}

#[test]
fn header_companions() {
    let auth = format!(
        "TOS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host, Signature={}",
        "0".repeat(64)
    );
    let auth = ("authorization", auth.as_str());
    for (list, want) in [
        (vec![auth], "missing x-tos-date"),
        (
            vec![auth, ("x-tos-date", "2024-05-06T07:08:09Z")],
            "malformed x-tos-date",
        ),
        (
            vec![auth, ("x-tos-date", DATE), ("x-tos-date", DATE)],
            "duplicate x-tos-date",
        ),
        (
            vec![auth, auth, ("x-tos-date", DATE)],
            "duplicate authorization",
        ),
    ] {
        assert_eq!(
            outcome(&headers(&list), ""),
            Err((Place::Header, want.into()))
        );
    }
    let map = headers(&[auth, ("x-tos-date", DATE), ("x-tos-security-token", "T")]);
    let presented = outcome(&map, "x-tos-date=1")
        .expect("claim")
        .expect("signed");
    assert_eq!(presented.security_token.as_deref(), Some("T"));
    let both = outcome(&map, "X-Tos-Signature=1");
    assert_eq!(both, Err((Place::Header, "conflicting".into())));
}

#[test]
fn not_signed() {
    for query in [
        "",
        "acl",
        "x-tos-process=1",
        "X-Tos-Policy=cA%3D%3D",
        "x-tos-date=1&x-tos-date=2",
    ] {
        assert_eq!(outcome(&HeaderMap::new(), query), Ok(None), "{query}");
    }
    assert_eq!(
        present_form(&TOS, [("key", "k"), ("policy", "cA==")]),
        Ok(None)
    );
}

const PARAMETERS: [(&str, &str); 6] = [
    ("x-tos-algorithm", "TOS4-HMAC-SHA256"),
    ("x-tos-credential", CREDENTIAL),
    ("x-tos-date", DATE),
    ("x-tos-expires", "60"),
    ("x-tos-signedheaders", "host"),
    ("x-tos-signature", EMPTY),
];

/// The parameters with one replaced, or left out when the value is nothing.
fn parameters<'a>(name: &str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut list: Vec<(&str, &str)> = PARAMETERS.to_vec();
    if let Some(value) = value {
        let slot = list.iter_mut().find(|(n, _)| *n == name).expect("known");
        slot.1 = value;
    } else {
        list.retain(|(n, _)| *n != name);
    }
    list
}

fn as_query(list: &[(&str, &str)]) -> String {
    let parts: Vec<String> = list.iter().map(|(n, v)| format!("{n}={v}")).collect();
    parts.join("&")
}

#[test]
fn query_faults() {
    for (name, value, want) in [
        ("x-tos-algorithm", None, "missing X-Tos-Algorithm"),
        ("x-tos-algorithm", Some("AWS4-HMAC-SHA256"), "algorithm"),
        ("x-tos-credential", None, "missing Credential"),
        ("x-tos-credential", Some("AK"), "malformed Credential"),
        (
            "x-tos-credential",
            Some("%FF"),
            "malformed x-tos-credential",
        ),
        ("x-tos-credential", Some("%F"), "malformed query"),
        ("x-tos-date", None, "missing x-tos-date"),
        ("x-tos-date", Some("20240506"), "malformed x-tos-date"),
        (
            "x-tos-date",
            Some("20240507T070809Z"),
            "malformed Credential",
        ),
        ("x-tos-expires", None, "missing X-Tos-Expires"),
        ("x-tos-expires", Some(""), "malformed X-Tos-Expires"),
        ("x-tos-expires", Some("-1"), "malformed X-Tos-Expires"),
        ("x-tos-expires", Some("%2B1"), "malformed X-Tos-Expires"),
        (
            "x-tos-expires",
            Some("4294967296"),
            "malformed X-Tos-Expires",
        ),
        ("x-tos-signedheaders", None, "missing SignedHeaders"),
        (
            "x-tos-signedheaders",
            Some("x-tos-date"),
            "missing host in SignedHeaders",
        ),
        ("x-tos-signature", None, "missing Signature"),
        ("x-tos-signature", Some("1"), "malformed Signature"),
    ] {
        let query = as_query(&parameters(name, value));
        let got = outcome(&HeaderMap::new(), &query);
        assert_eq!(got, Err((Place::Query, want.into())), "{query}");
    }
    let good = as_query(&PARAMETERS);
    for (extra, want) in [
        ("&X-TOS-DATE=1", "duplicate x-tos-date"),
        ("&X-Tos-Policy=cA", "malformed X-Tos-Policy"),
    ] {
        let got = outcome(&HeaderMap::new(), &format!("{good}{extra}"));
        assert_eq!(got, Err((Place::Query, want.into())));
    }
    let presented = outcome(&HeaderMap::new(), &good)
        .expect("claim")
        .expect("signed");
    assert_eq!(presented.expires, Some(60));
}

#[test]
fn form_faults() {
    let form = |name: &str, value| {
        let mut fields = parameters(name, value);
        fields.push(("policy", "cA=="));
        fields
    };
    let mut twice = form("x-tos-date", Some(DATE));
    twice.push(("Policy", "cA=="));
    for (fields, want) in [
        (PARAMETERS.to_vec(), "missing policy"),
        (twice, "duplicate policy"),
        (form("x-tos-algorithm", Some("x")), "algorithm"),
        (form("x-tos-algorithm", None), "missing X-Tos-Algorithm"),
        (form("x-tos-credential", None), "missing Credential"),
        (form("x-tos-date", None), "missing x-tos-date"),
        (form("x-tos-signature", Some("")), "malformed Signature"),
    ] {
        let err = present_form(&TOS, fields.iter().copied()).expect_err(want);
        assert_eq!((err.place, kind(&err.fault).as_str()), (Place::Form, want));
    }
    let presented = present_form(&TOS, form("x-tos-expires", None))
        .expect("claim")
        .expect("signed");
    assert_eq!(
        presented.flavour,
        Flavour::Form {
            policy: "cA==".into()
        }
    );
    assert_eq!(presented.expires, None);
}
