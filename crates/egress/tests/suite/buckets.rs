//! What people do in other stores, against receivers that answer as stores do, or as they should not.

use cohong_core::engine::Secret;
use cohong_core::model::{ObjectKey, Timestamp};
use cohong_core::ports::{SourceCredentials, SourceFault};
use cohong_egress::policy::Given;
use cohong_egress::{Reader, SourceReaders, Speech, Store};
use std::sync::Arc;

use crate::common::{Act, LONG, Receiver, SHORT, Still, answer, dev, header};

const SPEECHES: [Speech; 3] = [Speech::S3, Speech::Oss, Speech::Tos];

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn open(receiver: &Receiver, speech: Speech, bucket: &str) -> Reader {
    let clock = Arc::new(Still(Timestamp::from_millis(784_111_777_000)));
    let with = SourceCredentials {
        access: "the-key".into(),
        secret: Secret::new("theSecretOfTests"),
        token: None,
    };
    let store = Store {
        speech,
        endpoint: receiver.url("").into(),
        path_style: true,
        signing_region: Some("here".into()),
        given: Given::ByOperator,
    };
    let readers = SourceReaders::new(dev(), clock).with_timeouts(LONG, SHORT);
    readers.bucket(store, "here", bucket, &with).unwrap()
}

fn ok(body: &str) -> Act {
    answer("200 OK", "", body)
}

fn body(request: &str) -> &str {
    request.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn buckets_are_asked_for_until_there_are_no_more() {
    let page = "<R><IsTruncated>true</IsTruncated><NextMarker>m</NextMarker><Buckets><Bucket><Name>a</Name>\
                <CreationDate>2026-01-31T10:00:00.000Z</CreationDate></Bucket></Buckets></R>";
    let receiver = Receiver::start(ok(page)).await;
    let found = open(&receiver, Speech::Oss, "").buckets().await.unwrap();
    assert_eq!(&*found[0].name, "a");
    assert_eq!(
        found[0].created,
        Some(Timestamp::from_millis(1_769_853_600_000))
    );
    let requests = receiver.requests();
    assert!(
        requests[0].starts_with("GET / HTTP/1.1\r\n"),
        "{}",
        requests[0]
    );
    assert!(
        requests[1].starts_with("GET /?marker=m "),
        "{}",
        requests[1]
    );
    // A list that leads to itself ends.
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn what_is_not_removed_is_told() {
    let xml = "<DeleteResult><Deleted><Key>a</Key></Deleted><Error><Key>b</Key><Code>AccessDenied</Code>\
               <Message>m</Message></Error></DeleteResult>";
    let json = r#"{"Deleted":[],"Error":[{"Key":"b","Code":"AccessDenied","Message":"m"}]}"#;
    for speech in SPEECHES {
        let told = if speech == Speech::Tos { json } else { xml };
        let receiver = Receiver::start(ok(told)).await;
        let bucket = open(&receiver, speech, "bucket");
        let (a, b) = (key("a&<"), key("b"));
        let kept = bucket.remove_all(&[(&a, None), (&b, Some("v"))]).await;
        assert_eq!(kept.unwrap(), [("b".into(), "AccessDenied".into())]);
        let request = receiver.request();
        assert!(
            request.starts_with("POST /bucket?delete HTTP/1.1"),
            "{request}"
        );
        assert!(header(&request, "content-md5").is_some());
        let wanted = if speech == Speech::Tos {
            r#"{"Objects":[{"Key":"a&<"},{"Key":"b","VersionId":"v"}],"Quiet":true}"#
        } else {
            "<Delete><Quiet>true</Quiet><Object><Key>a&amp;&lt;</Key></Object>\
             <Object><Key>b</Key><VersionId>v</VersionId></Object></Delete>"
        };
        assert_eq!(body(&request), wanted, "{speech:?}");
    }
    // No document can hold this key; and one vendor's answer to a quiet request is empty.
    let receiver = Receiver::start(ok("")).await;
    let bucket = open(&receiver, Speech::Oss, "bucket");
    let (plain, odd) = (key("a"), key("\u{1}"));
    let kept = bucket.remove_all(&[(&odd, None), (&plain, None)]).await;
    assert!(kept.unwrap().is_empty());
    let requests = receiver.requests();
    assert!(
        requests[0].starts_with("DELETE /bucket/%01 "),
        "{}",
        requests[0]
    );
    assert!(!body(&requests[1]).contains('\u{1}'), "{}", requests[1]);
}

#[tokio::test]
async fn copies_are_named_as_each_vendor_wants_and_late_failures_are_seen() {
    let xml =
        "<CopyObjectResult><LastModified>t</LastModified><ETag>\"e\"</ETag></CopyObjectResult>";
    for speech in SPEECHES {
        let (told, prefix, source) = match speech {
            Speech::Tos => (r#"{"ETag":"\"e\""}"#, "x-tos", "from/a%20b/c"),
            Speech::Oss => (xml, "x-oss", "/from/a%20b/c"),
            _ => (xml, "x-amz", "from/a%20b/c"),
        };
        let receiver = Receiver::start(ok(told)).await;
        let bucket = open(&receiver, speech, "bucket");
        bucket
            .copy_from("from", &key("a b/c"), &key("k"))
            .await
            .unwrap();
        let part = (&key("k"), "u", 2);
        let etag = bucket.copy_part("from", &key("a b/c"), 5..9, part).await;
        assert_eq!(&*etag.unwrap(), "\"e\"");
        let requests = receiver.requests();
        for request in &requests {
            let named = header(request, &format!("{prefix}-copy-source"));
            assert_eq!(named, Some(source), "{speech:?}");
        }
        let range = header(&requests[1], &format!("{prefix}-copy-source-range"));
        assert_eq!(range, Some("bytes=5-8"));
        assert!(requests[1].starts_with("PUT /bucket/k?partNumber=2&uploadId=u "));
    }
    let late = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>";
    let receiver = Receiver::start(ok(late)).await;
    let bucket = open(&receiver, Speech::S3, "bucket");
    let copied = bucket.copy_from("from", &key("a"), &key("k")).await;
    assert!(matches!(copied, Err(SourceFault::Broken(_))), "{copied:?}");
}

#[tokio::test]
async fn signed_urls_hold_no_secret_and_are_made_for_those_who_know_them() {
    let receiver = Receiver::start(ok("")).await;
    for speech in SPEECHES {
        let bucket = open(&receiver, speech, "bucket");
        let url = bucket.presign(http::Method::GET, &key("a b"), 60).unwrap();
        let begin = format!("{}?", receiver.url("/bucket/a%20b"));
        assert!(url.starts_with(&begin) && url.contains("the-key"), "{url}");
        assert!(!url.contains("theSecret"), "{url}");
        let dots = bucket.presign(http::Method::GET, &key("a/../b"), 60);
        assert!(matches!(dots, Err(SourceFault::Unaskable(_))), "{dots:?}");
    }
    let plain = open(&receiver, Speech::Http, "bucket");
    assert!(plain.presign(http::Method::GET, &key("k"), 60).is_err());
    assert_eq!(receiver.requests().len(), 0);
}
