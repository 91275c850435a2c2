use http::Method;

use super::*;

fn asked<'a>(method: &'a Method, path: &'a str) -> Asked<'a> {
    Asked {
        method,
        host: "127.0.0.1:9",
        bucket: Some("pics"),
        path,
        range: None,
        condition: None,
        request_id: "REQ",
    }
}

fn text(error: &OssError, path: &str) -> String {
    error.body(&asked(&Method::GET, path))
}

#[test]
fn a_body_says_what_is_missing() {
    let error = OssError::from(Error::new(ErrorKind::NoSuchKey, ""));
    assert_eq!(error.status, StatusCode::NOT_FOUND);
    insta::assert_snapshot!(text(&error, "a%20%3Cb"));
    let error = OssError::from(Error::new(ErrorKind::NoSuchBucket, ""));
    assert!(text(&error, "").contains("<BucketName>pics</BucketName>"));
}

#[test]
fn a_header_carries_the_body() {
    let (name, value) = in_header(b"<Error/>").expect("ASCII");
    assert_eq!(
        (name.as_str(), value.as_bytes()),
        ("x-oss-err", STANDARD.encode("<Error/>").as_bytes())
    );
}

#[test]
fn a_body_is_short_whatever_was_sent() {
    let long = "k&".repeat(5000);
    let mut error = OssError::from(Fault::argument(long.clone(), &long, long.clone()));
    error.elements.push(("StringToSign", long.clone()));
    error.elements.push(("Small", "fits".into()));
    let body = text(&error, &long);
    assert!(body.len() <= ERROR_BYTES_MAX, "{}", body.len());
    assert!(body.contains("<ArgumentName>") && body.contains("<Small>fits</Small>"));
    assert!(!body.contains("StringToSign") && body.ends_with("</RecommendDoc></Error>"));
}
