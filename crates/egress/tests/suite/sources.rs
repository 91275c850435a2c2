//! Reading other stores, against receivers that answer as stores do, or as they should not.

use std::sync::Arc;
use std::time::Duration;

use cohong_core::engine::Secret;
use cohong_core::model::{ObjectKey, Timestamp};
use cohong_core::ports::{ByteStream, Source, SourceCredentials, SourceFault};
use cohong_egress::policy::{Given, Profile};
use cohong_egress::{Http, SourceReaders, Speech, Store};
use futures_util::StreamExt;

use crate::common::{Act, LONG, Names, Receiver, SHORT, Still, answer, dev, header, http, policy};

/// The ways that know tokens and restore what is archived.
const SPEECHES: [Speech; 3] = [Speech::S3, Speech::Oss, Speech::Tos];

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

fn open(http: Arc<Http>, store: Store, access: &str) -> Arc<dyn Source> {
    let clock = Arc::new(Still(Timestamp::from_millis(784_111_777_000)));
    let with = SourceCredentials {
        access: access.into(),
        secret: Secret::new("theSecretOfTests"),
        token: Some(Secret::new("the-token")),
    };
    let readers = SourceReaders::new(http, clock).with_timeouts(LONG, SHORT);
    readers.open(store, "here", "bucket", &with).unwrap()
}

fn store(speech: Speech, endpoint: String, given: Given) -> Store {
    Store {
        speech,
        endpoint: endpoint.into(),
        path_style: true,
        signing_region: Some("here".into()),
        given,
    }
}

fn source(receiver: &Receiver, speech: Speech) -> Arc<dyn Source> {
    let store = store(speech, receiver.url(""), Given::ByOperator);
    open(dev(), store, "the-key")
}

/// A body's bytes, and why it ended if that was too early.
async fn drain(mut body: ByteStream) -> (String, Option<String>) {
    let mut all = Vec::new();
    while let Some(piece) = body.next().await {
        match piece {
            Ok(bytes) => all.extend_from_slice(&bytes),
            Err(error) => return (String::from_utf8(all).unwrap(), Some(error.to_string())),
        }
    }
    (String::from_utf8(all).unwrap(), None)
}

#[tokio::test]
async fn objects_are_looked_at_and_read_in_the_words_of_each_vendor() {
    for speech in SPEECHES {
        let head = "etag: \"e1\"\r\nlast-modified: Sun, 06 Nov 1994 08:49:00 GMT\r\n";
        let receiver = Receiver::start(answer("200 OK", head, "hello")).await;
        let source = source(&receiver, speech);
        let object = source.stat(&key("/a //b+%/")).await.unwrap();
        assert_eq!((object.size, object.etag.as_deref()), (5, Some("e1")));
        let body = source
            .read(&key("/a //b+%/"), None, Some("e1"))
            .await
            .unwrap();
        assert_eq!(drain(body).await, ("hello".into(), None));
        let requests = receiver.requests();
        let path = "/bucket//a%20//b%2B%25/ HTTP/1.1\r\n";
        assert!(
            requests[0].starts_with(&format!("HEAD {path}")),
            "{}",
            requests[0]
        );
        assert!(
            requests[1].starts_with(&format!("GET {path}")),
            "{}",
            requests[1]
        );
        for request in requests {
            assert!(
                header(&request, "authorization")
                    .unwrap()
                    .contains("the-key")
            );
            assert!(!request.contains("theSecretOfTests"));
            assert!(request.contains("the-token"));
            assert_eq!(header(&request, "accept-encoding"), Some("identity"));
            let mode = header(&request, "x-amz-checksum-mode");
            assert_eq!(mode, (speech == Speech::S3).then_some("ENABLED"));
        }
    }
}

#[tokio::test]
async fn a_part_is_asked_for_and_nothing_else_is_taken_for_it() {
    let good = "etag: \"e1\"\r\ncontent-range: bytes 2-4/9\r\n";
    let other = "etag: \"e1\"\r\ncontent-range: bytes 0-2/9\r\n";
    let cases = [
        (answer("206 Partial Content", good, "llo"), true),
        (answer("206 Partial Content", other, "hel"), false),
        (
            answer("206 Partial Content", "etag: \"e1\"\r\n", "hel"),
            false,
        ),
        (answer("200 OK", good, "llo"), false),
    ];
    for (act, fits) in cases {
        let receiver = Receiver::start(act.clone()).await;
        let read = source(&receiver, Speech::S3)
            .read(&key("k"), Some(2..5), Some("e1"))
            .await;
        let request = receiver.request();
        assert_eq!(header(&request, "range"), Some("bytes=2-4"));
        assert_eq!(header(&request, "if-match"), Some("\"e1\""));
        assert_eq!(read.is_ok(), fits, "{act:?}");
    }
}

#[tokio::test]
async fn an_object_that_changed_is_told() {
    let acts = [
        answer("412 Precondition Failed", "", ""),
        answer("200 OK", "etag: \"e2\"\r\n", "hello"),
        answer("200 OK", "", "hello"),
    ];
    for act in acts {
        let receiver = Receiver::start(act.clone()).await;
        let read = source(&receiver, Speech::S3)
            .read(&key("k"), None, Some("e1"))
            .await;
        assert_eq!(read.map(drop), Err(SourceFault::Changed), "{act:?}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_stops_ends_with_an_error() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello";
    let acts = [
        (Act::Answer(head.into()), "broke off"),
        (Act::Hang(head.into()), "time limit"),
    ];
    for (act, why) in acts {
        let receiver = Receiver::start(act).await;
        let body = source(&receiver, Speech::Oss)
            .read(&key("k"), None, None)
            .await
            .unwrap();
        let (bytes, error) = drain(body).await;
        assert_eq!(bytes, "hello");
        assert!(
            error.as_ref().is_some_and(|error| error.contains(why)),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn refusals_have_their_meaning_and_redirects_are_not_followed() {
    let receiver = Receiver::start(answer("200 OK", "", "x")).await;
    let elsewhere = format!("location: {}\r\n", receiver.url("/"));
    let busy = SourceFault::Busy(Some(Duration::from_secs(3)));
    let code = |code: &str| format!("<Error><Code>{code}</Code></Error>");
    let cases = [
        (
            answer("404 Not Found", "", &code("NoSuchKey")),
            Some(SourceFault::Missing),
        ),
        (
            answer("403 Forbidden", "", &code("AccessDenied")),
            Some(SourceFault::Denied),
        ),
        (
            answer("403 Forbidden", "", &code("InvalidObjectState")),
            Some(SourceFault::Archived),
        ),
        (
            answer("503 Slow Down", "retry-after: 3\r\n", ""),
            Some(busy),
        ),
        (answer("500 Oops", "", &code("InternalError")), None),
        (answer("307 Moved", &elsewhere, ""), None),
        (Act::Reset, None),
        (Act::Hang("HTTP/1.1 200 OK\r\nx: ".into()), None),
    ];
    for (act, meant) in cases {
        let refusing = Receiver::start(act.clone()).await;
        let clock = Arc::new(Still(Timestamp::from_millis(0)));
        let readers = SourceReaders::new(dev(), clock).with_timeouts(SHORT, SHORT);
        let store = store(Speech::S3, refusing.url(""), Given::ByOperator);
        let with = SourceCredentials {
            access: "".into(),
            secret: Secret::new(""),
            token: None,
        };
        let source = readers.open(store, "here", "bucket", &with).unwrap();
        let fault = source
            .read(&key("k"), None, None)
            .await
            .map(drop)
            .unwrap_err();
        match meant {
            Some(meant) => assert_eq!(fault, meant, "{act:?}"),
            None => assert!(
                matches!(fault, SourceFault::Broken(_)),
                "{act:?}: {fault:?}"
            ),
        }
        assert_eq!(
            header(&refusing.request(), "authorization"),
            None,
            "{act:?}"
        );
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn pages_of_keys_are_asked_for_and_read() {
    let xml = "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
               <Contents><Key>a%2Fb%20c</Key><Size>7</Size></Contents></ListBucketResult>";
    let json = r#"{"IsTruncated":true,"Contents":[{"Key":"a/b c","Size":7}]}"#;
    for (speech, body) in [(Speech::S3, xml), (Speech::Oss, xml), (Speech::Tos, json)] {
        let receiver = Receiver::start(answer("200 OK", "", body)).await;
        let page = source(&receiver, speech)
            .list("a/", "a/b +", 5000)
            .await
            .unwrap();
        assert_eq!(page.objects, [(key("a/b c"), 7)]);
        assert!(page.more);
        let line = "GET /bucket?list-type=2&encoding-type=url&max-keys=1000&prefix=a%2F&start-after=a%2Fb%20%2B";
        let request = receiver.request();
        assert!(request.starts_with(line), "{request}");
    }
    let flood = Act::Flood("HTTP/1.1 200 OK\r\n\r\n".into(), "x".repeat(1 << 20));
    let receiver = Receiver::start(flood).await;
    let endless = source(&receiver, Speech::S3).list("", "", 1).await;
    assert!(
        matches!(endless, Err(SourceFault::Broken(_))),
        "{endless:?}"
    );
}

#[tokio::test]
async fn pages_of_azure_go_on_from_their_markers() {
    let body = "<EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Content-Length>7</Content-Length>\
                </Properties></Blob></Blobs><NextMarker>m 1</NextMarker></EnumerationResults>";
    let receiver = Receiver::start(answer("200 OK", "", body)).await;
    let source = source(&receiver, Speech::Azure);
    let page = source.list("", "", 5000).await.unwrap();
    assert_eq!(page.objects, [(key("a"), 7)]);
    assert!(page.more);
    // The same page again is not taken for the next one.
    let circle = source.list("", "a", 1).await;
    assert!(matches!(circle, Err(SourceFault::Broken(_))), "{circle:?}");
    let lines = receiver.requests();
    let lines: Vec<&str> = lines
        .iter()
        .filter_map(|request| request.lines().next())
        .collect();
    let first = "GET /bucket?restype=container&comp=list&maxresults=1000 HTTP/1.1";
    let second = "GET /bucket?restype=container&comp=list&maxresults=1&marker=m%201 HTTP/1.1";
    assert_eq!(lines, [first, second]);
}

#[tokio::test]
async fn archived_objects_are_asked_for_and_asking_again_is_harmless() {
    let cases = [
        ("202 Accepted", Ok(())),
        ("200 OK", Ok(())),
        ("409 Conflict", Ok(())),
        ("403 Forbidden", Err(SourceFault::Denied)),
    ];
    for (status, outcome) in cases {
        for speech in SPEECHES {
            let receiver = Receiver::start(answer(status, "", "")).await;
            let asked = source(&receiver, speech).restore(&key("k")).await;
            assert_eq!(asked, outcome, "{status}");
            let request = receiver.request();
            assert!(
                request.starts_with("POST /bucket/k?restore HTTP/1.1\r\n"),
                "{request}"
            );
            let body = match speech {
                Speech::Tos => "{\"Days\":1}",
                _ => "<RestoreRequest><Days>1</Days></RestoreRequest>",
            };
            assert!(request.ends_with(body), "{request}");
        }
    }
}

#[tokio::test]
async fn a_plain_server_is_read_but_neither_listed_nor_signed_for() {
    let receiver = Receiver::start(answer("200 OK", "", "hello")).await;
    let store = store(Speech::Http, receiver.url("/base/"), Given::ByOperator);
    let source = open(dev(), store, "the-key");
    let body = source.read(&key("a b"), None, None).await.unwrap();
    assert_eq!(drain(body).await, ("hello".into(), None));
    let request = receiver.request();
    assert!(
        request.starts_with("GET /base/bucket/a%20b HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(!request.contains("the-"), "{request}");
    assert!(matches!(
        source.list("", "", 1).await,
        Err(SourceFault::Broken(_))
    ));
    assert!(matches!(
        source.restore(&key("k")).await,
        Err(SourceFault::Broken(_))
    ));
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn inner_addresses_are_for_sources_of_the_operator_and_metadata_services_for_none() {
    let receiver = Receiver::start(answer("200 OK", "", "hello")).await;
    let port = receiver.port();
    let strict = || http(policy(Profile::Prod, &[]), Names::of(&[&["127.0.0.1"]]));
    for host in ["127.0.0.1", "inner.example"] {
        for (given, open_to) in [(Given::ByRequest, false), (Given::ByOperator, true)] {
            let store = store(Speech::S3, format!("http://{host}:{port}"), given);
            let seen = open(strict(), store, "the-key").stat(&key("k")).await;
            assert_eq!(seen.is_ok(), open_to, "{host} {given:?}: {seen:?}");
        }
    }
    assert_eq!(receiver.connections(), 2);
    let names = Names::of(&[&["169.254.169.254"]]);
    for host in ["169.254.169.254", "100.100.100.200", "harmless.example"] {
        let store = store(Speech::Http, format!("http://{host}"), Given::ByOperator);
        let client = http(policy(Profile::Dev, &[]), names.clone());
        let seen = open(client, store, "").stat(&key("k")).await.unwrap_err();
        assert!(seen.to_string().contains("never called"), "{host}: {seen}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_sent_as_it_is_is_not_read_as_another() {
    let receiver = Receiver::start(answer("200 OK", "", "hello")).await;
    let source = source(&receiver, Speech::S3);
    for name in ["a/../b", "../b", "a/.", "./a", ".", ".."] {
        let seen = source.stat(&key(name)).await;
        assert!(
            matches!(seen, Err(SourceFault::Unaskable(_))),
            "{name}: {seen:?}"
        );
    }
    assert_eq!(receiver.connections(), 0);
}
