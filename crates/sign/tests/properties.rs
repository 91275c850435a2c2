//! What is signed verifies, and no longer when any covered part changes.

use cohong_sign::{
    Credentials, Payload, RequestHead, Signer, TOS, Timestamp, VerifyError, encode, encode_path,
    present, present_form, signing_key, verify,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::collections::BTreeMap;

const SECRET: &str = "secret";

/// A request in decoded form, so that a change of it is a change of meaning.
#[derive(Debug, Clone)]
struct Plain {
    method: Method,
    path: Vec<u8>,
    query: Vec<(Vec<u8>, Vec<u8>)>,
    headers: BTreeMap<String, String>,
}

impl Plain {
    fn path(&self) -> String {
        format!("/{}", encode_path(&self.path))
    }

    fn query(&self, space: &str) -> String {
        let text = |bytes: &[u8]| encode(bytes).replace("%20", space);
        let parts: Vec<String> = self
            .query
            .iter()
            .map(|(n, v)| format!("{}={}", text(n), text(v)))
            .collect();
        parts.join("&")
    }

    fn headers(&self) -> HeaderMap {
        let name = |n: &str| HeaderName::from_bytes(n.as_bytes()).expect("name");
        self.headers
            .iter()
            .map(|(n, v)| (name(n), HeaderValue::from_str(v).expect("value")))
            .collect()
    }
}

fn plain() -> impl Strategy<Value = Plain> {
    let method = prop::sample::select(vec![Method::GET, Method::PUT, Method::POST, Method::HEAD]);
    let bytes = || vec(any::<u8>(), 1..6);
    let extra = btree_map("x-tos-[a-b]{1,3}", "[!-~]([ -~]{0,8}[!-~])?", 0..3);
    (method, bytes(), vec(("[a-c ]{1,3}", bytes()), 1..4), extra).prop_map(
        |(method, path, query, mut headers)| {
            headers.insert("host".into(), "bucket.example.com:9000".into());
            let query = query
                .into_iter()
                .map(|(n, v)| (n.into_bytes(), v))
                .collect();
            Plain {
                method,
                path,
                query,
                headers,
            }
        },
    )
}

fn signer() -> Signer<'static> {
    let credentials = Credentials {
        access_key: "AK",
        secret: SECRET,
        security_token: Some("T"),
    };
    Signer::new(
        &TOS,
        credentials,
        "region",
        Timestamp::parse("20240506T070809Z").expect("time"),
    )
}

/// Signs the request, by header or by query; returns what then goes over the wire beside method and path.
fn sign(plain: &Plain, by_query: bool) -> (HeaderMap, String) {
    let (path, query, mut headers) = (plain.path(), plain.query("%20"), plain.headers());
    if by_query {
        let head = RequestHead {
            method: &plain.method,
            path: &path,
            query: &query,
            headers: &headers,
        };
        let query = signer().presign(&head, 60, &[]).expect("signed");
        return (headers, query);
    }
    let value = signer()
        .sign_headers(&plain.method, &path, &query, &mut headers)
        .expect("signed");
    headers.insert("authorization", value.parse().expect("value"));
    (headers, query)
}

fn check(
    method: &Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
) -> Result<Payload, VerifyError> {
    let presented = present(&TOS, headers, query)
        .expect("claim")
        .expect("signed");
    let key = signing_key(&TOS, SECRET, &presented.scope);
    verify(
        &TOS,
        &key,
        &presented,
        &RequestHead {
            method,
            path,
            query,
            headers,
        },
    )
}

/// Changes one character of `text`, at or after `from`, into another digit.
fn flip(text: &str, from: usize, at: prop::sample::Index) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let at = from + at.index(bytes.len() - from);
    bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
    String::from_utf8(bytes).expect("ASCII")
}

proptest! {
    #[test]
    fn signed_verifies(plain in plain(), by_query: bool) {
        let (headers, query) = sign(&plain, by_query);
        prop_assert_eq!(check(&plain.method, &plain.path(), &query, &headers), Ok(Payload::Unsigned));
    }

    /// The spelling of the same bytes is free: `+` or `%20`, and capitals in escapes.
    #[test]
    fn spelling_is_free(plain in plain()) {
        let (headers, _) = sign(&plain, false);
        let path: Vec<String> = plain.path.iter().map(|b| format!("%{b:02x}")).collect();
        let got = check(&plain.method, &format!("/{}", path.concat()), &plain.query("+"), &headers);
        prop_assert_eq!(got, Ok(Payload::Unsigned));
    }

    #[test]
    fn changed_path_fails(plain in plain(), by_query: bool, at: prop::sample::Index, bit in 0_u32..8) {
        let (headers, query) = sign(&plain, by_query);
        let mut other = plain.clone();
        let at = at.index(other.path.len());
        other.path[at] ^= 1_u8 << bit;
        let got = check(&plain.method, &other.path(), &query, &headers);
        prop_assert_eq!(got, Err(VerifyError::Mismatch));
    }

    #[test]
    fn changed_query_fails(plain in plain(), by_query: bool, which: prop::sample::Index, bit in 0_u32..8) {
        let (headers, query) = sign(&plain, by_query);
        let mut other = plain.clone();
        let which = which.index(other.query.len());
        other.query[which].1[0] ^= 1_u8 << bit;
        let query = query.replacen(&plain.query("%20"), &other.query("%20"), 1);
        let got = check(&plain.method, &plain.path(), &query, &headers);
        prop_assert_eq!(got, Err(VerifyError::Mismatch));
    }

    #[test]
    fn changed_header_fails(plain in plain(), by_query: bool, which: prop::sample::Index, at: prop::sample::Index) {
        let (mut headers, query) = sign(&plain, by_query);
        let (name, value) = plain.headers.iter().nth(which.index(plain.headers.len())).expect("one");
        let name = HeaderName::from_bytes(name.as_bytes()).expect("name");
        headers.insert(name, flip(value, 0, at).parse().expect("value"));
        let got = check(&plain.method, &plain.path(), &query, &headers);
        prop_assert_eq!(got, Err(VerifyError::Mismatch));
    }

    #[test]
    fn changed_method_fails(plain in plain(), by_query: bool) {
        let (headers, query) = sign(&plain, by_query);
        let got = check(&Method::DELETE, &plain.path(), &query, &headers);
        prop_assert_eq!(got, Err(VerifyError::Mismatch));
    }

    #[test]
    fn changed_signature_fails(plain in plain(), by_query: bool, at: prop::sample::Index) {
        let (mut headers, mut query) = sign(&plain, by_query);
        if by_query {
            query = flip(&query, query.len() - 64, at);
        } else {
            let value = headers["authorization"].to_str().expect("text").to_owned();
            headers.insert("authorization", flip(&value, value.len() - 64, at).parse().expect("value"));
        }
        let got = check(&plain.method, &plain.path(), &query, &headers);
        prop_assert_eq!(got, Err(VerifyError::Mismatch));
    }

    /// Timestamp, region, lifetime and token are covered too.
    #[test]
    fn changed_claim_fails(plain in plain(), which in 0_usize..4) {
        let (from, to) = [
            ("T070809Z", "T070810Z"),
            ("%2Fregion%2F", "%2Fregiom%2F"),
            ("Expires=60", "Expires=61"),
            ("Security-Token=T", "Security-Token=U"),
        ][which];
        let (headers, query) = sign(&plain, true);
        let other = query.replace(from, to);
        prop_assert_ne!(&query, &other);
        let got = check(&plain.method, &plain.path(), &other, &headers);
        prop_assert_eq!(got, Err(VerifyError::Mismatch));
    }

    #[test]
    fn policies_verify_until_changed(policy in "[ -~]{1,30}", at: prop::sample::Index) {
        let query = signer().presign_policy(&policy, 60).expect("signed");
        let headers = HeaderMap::new();
        prop_assert_eq!(check(&Method::GET, "/any", &query, &headers), Ok(Payload::Unsigned));
        let other = signer().presign_policy(&flip(&policy, 0, at), 60).expect("signed");
        let kept = query.len() - 64;
        let mixed = format!("{}{}", &other[..other.len() - 64], &query[kept..]);
        prop_assert_eq!(check(&Method::GET, "/any", &mixed, &headers), Err(VerifyError::Mismatch));

        let form = |policy: &str| {
            let mut fields = signer().sign_post_policy(&policy_json(policy));
            fields.retain(|(name, _)| name != "x-tos-signature");
            fields
        };
        let signature = signer().sign_post_policy(&policy_json(&policy)).swap_remove(4);
        for (text, good) in [(policy.clone(), true), (flip(&policy, 0, at), false)] {
            let mut fields = form(&text);
            fields.push(signature.clone());
            let pairs = fields.iter().map(|(n, v)| (n.as_str(), v.as_str()));
            let presented = present_form(&TOS, pairs).expect("claim").expect("signed");
            let key = signing_key(&TOS, SECRET, &presented.scope);
            let head = RequestHead { method: &Method::POST, path: "/", query: "", headers: &headers };
            prop_assert_eq!(verify(&TOS, &key, &presented, &head).is_ok(), good);
        }
    }

    #[test]
    fn parsing_never_panics(authorization in "(TOS4-HMAC-SHA256 )?[ -~]{0,80}", query in "(x-tos-(signature|date|policy)=)?\\PC{0,60}") {
        let mut headers = HeaderMap::new();
        let _ = present(&TOS, &headers, &query);
        headers.insert("authorization", authorization.parse().expect("value"));
        let _ = present(&TOS, &headers, "");
    }
}

fn policy_json(text: &str) -> String {
    format!("{{\"conditions\": [{text:?}]}}")
}
