//! The shared key of Azure Storage against the vendor's own signer: `vectors/azure.json`.

use cohong_sign::{Timestamp, azure};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use serde_json::Value;

#[test]
fn signatures_are_those_of_the_vendor() {
    let file = include_str!("../../../vectors/azure.json");
    let vectors: Value = serde_json::from_str(file).unwrap();
    let signatures = vectors["signatures"].as_array().unwrap();
    assert!(signatures.len() >= 4);
    for vector in signatures {
        let text = |name: &str| vector[name].as_str().unwrap();
        let url: Uri = text("url").parse().unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in vector["headers"].as_object().unwrap() {
            let name: HeaderName = name.parse().unwrap();
            headers.insert(name, value.as_str().unwrap().parse().unwrap());
        }
        let date: Option<HeaderValue> = headers.remove("x-ms-date");
        let signer = azure::Signer {
            account: text("account"),
            key: text("key"),
            time: Timestamp::parse("20240506T070809Z").unwrap(),
        };
        let method: Method = text("method").parse().unwrap();
        let (path, query) = (url.path(), url.query().unwrap_or_default());
        let authorization = signer.sign_headers(&method, path, query, &mut headers);
        assert_eq!(
            authorization.unwrap(),
            text("authorization"),
            "{}",
            text("name")
        );
        assert_eq!(headers.get("x-ms-date"), date.as_ref());
    }
}

#[test]
fn a_key_that_is_none_signs_nothing() {
    let signer = azure::Signer {
        account: "a",
        key: "not base64!",
        time: Timestamp::parse("20240506T070809Z").unwrap(),
    };
    let authorization = signer.sign_headers(&Method::GET, "/", "", &mut HeaderMap::new());
    assert!(authorization.is_err());
}
