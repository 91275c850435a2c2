use http::Method;

use super::*;
use crate::gate::said::Asked;

fn asked(method: &Method) -> Asked<'_> {
    Asked {
        method,
        host: "127.0.0.1:9000",
        bucket: Some("photos"),
        path: "dir/a%20%26",
        range: Some("bytes=9-"),
        condition: None,
        request_id: "req-1",
    }
}

#[test]
fn a_body_says_what_is_missing() {
    let error = S3Error::from(Error::new(ErrorKind::NoSuchKey, "gone"));
    insta::assert_snapshot!(error.body(&asked(&Method::GET), "host"));
}

#[test]
fn bodies_tell_more_where_it_helps() {
    let body = |fault: Fault| S3Error::from(fault).body(&asked(&Method::GET), "host");
    let range = Error::new(ErrorKind::InvalidRange, "none").at_length(5);
    let wrong = Error::new(ErrorKind::BadDigest, "wrong").at_digest(BodyDigest::Sha256);
    let nothing = Error::new(ErrorKind::PreconditionFailed, "no").at_nothing();
    let cases = [
        (range.into(), "<ActualObjectSize>5</ActualObjectSize>"),
        (wrong.into(), "<Code>XAmzContentSHA256Mismatch</Code>"),
        (nothing.into(), "<Code>NoSuchKey</Code>"),
        (
            Fault::argument("x-amz-storage-class", "OUTPOSTS", "no"),
            "<Code>InvalidStorageClass</Code>",
        ),
        (
            Fault::argument("max-keys", "-1", "no"),
            "<ArgumentName>max-keys</ArgumentName><ArgumentValue>-1</ArgumentValue>",
        ),
        (Fault::KeyTooLong, "<MaxSizeAllowed>1024</MaxSizeAllowed>"),
        (
            Fault::NotServed("x-amz-object-lock-mode".into()),
            "<Header>x-amz-object-lock-mode</Header>",
        ),
    ];
    for (fault, wanted) in cases {
        let body = body(fault);
        assert!(body.contains(wanted), "{wanted} is not in {body}");
    }
}

#[test]
fn what_is_repeated_has_a_limit() {
    let long = "中".repeat(ECHO_BYTES_MAX);
    let error = S3Error::from(Fault::argument("marker", &long, "no"));
    assert!(error.body(&asked(&Method::GET), "host").len() < ECHO_BYTES_MAX + 500);
}
