use http_body_util::BodyExt;

use super::*;

fn asked<'a>(method: &'a Method, path: &'a str) -> Asked<'a> {
    Asked {
        method,
        host: "127.0.0.1:9",
        bucket: Some("pics"),
        path,
        request_id: "REQ",
    }
}

async fn answer(error: OssError, method: &Method, path: &str) -> (Response<()>, String) {
    let (head, body) = encode(&error, &asked(method, path)).into_parts();
    let body = body.collect().await.expect("a body in memory").to_bytes();
    let body = String::from_utf8(body.to_vec()).expect("text");
    (Response::from_parts(head, ()), body)
}

#[tokio::test]
async fn a_body_says_what_is_missing() {
    let error = Error::new(ErrorKind::NoSuchKey, "");
    let (head, body) = answer(error.into(), &Method::GET, "a%20%3Cb").await;
    assert_eq!(head.status(), StatusCode::NOT_FOUND);
    assert_eq!(head.headers()["x-oss-ec"], "0026-00000001");
    assert_eq!(head.headers()["content-type"], "application/xml");
    insta::assert_snapshot!(body);
}

#[tokio::test]
async fn head_carries_the_body_in_a_header() {
    let error = Error::new(ErrorKind::NoSuchBucket, "");
    let (head, body) = answer(error.into(), &Method::HEAD, "").await;
    assert_eq!(
        (body.as_str(), &head.headers()["content-length"]),
        ("", &HeaderValue::from_static("0"))
    );
    let err = STANDARD
        .decode(&head.headers()["x-oss-err"])
        .expect("Base64");
    let err = String::from_utf8(err).expect("text");
    assert!(err.contains("<Code>NoSuchBucket</Code>") && err.contains("<BucketName>pics<"));
    let same = Error::new(ErrorKind::NotModified, "");
    let (head, body) = answer(same.into(), &Method::GET, "").await;
    assert_eq!(head.status(), StatusCode::NOT_MODIFIED);
    assert!(body.is_empty() && !head.headers().contains_key("content-type"));
}

#[tokio::test]
async fn a_body_is_short_whatever_was_sent() {
    let long = "k&".repeat(5000);
    let mut error = OssError::from(Fault::argument(long.clone(), &long, long.clone()));
    error.elements.push(("StringToSign", long.clone()));
    error.elements.push(("Small", "fits".into()));
    let (_, body) = answer(error, &Method::GET, &long).await;
    assert!(body.len() <= ERROR_BYTES_MAX, "{}", body.len());
    assert!(body.contains("<ArgumentName>") && body.contains("<Small>fits</Small>"));
    assert!(!body.contains("StringToSign") && body.ends_with("</RecommendDoc></Error>"));
}

#[test]
fn a_delete_marker_shows_itself() {
    use cohong_core::model::{VersionId, VersionTag};
    let tag = VersionTag::Id(VersionId(7));
    let error = Error::new(ErrorKind::NoSuchKey, "deleted").at_delete_marker(tag);
    let headers = OssError::from(error).headers.expect("headers");
    assert_eq!(headers["x-oss-delete-marker"], "true");
    assert_eq!(headers["x-oss-version-id"], "0000000000000007");
}
