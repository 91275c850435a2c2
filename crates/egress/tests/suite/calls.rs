//! What a callback looks like on the wire, and the order of its addresses.

use cohong_core::model::{BodyType, CallbackSpec, CallbackStyle};
use cohong_core::ports::{CallbackAnswer, CallbackRequest, CallbackSender, Phase, UnfitCall};
use cohong_egress::policy::Profile;

use crate::common::{Act, Names, Receiver, answer, call, callbacks, dev, header, http, ok, policy};

#[tokio::test]
async fn path_and_query_arrive_as_they_were_encoded() {
    let cases = [
        "/",
        "/?",
        "/a",
        "/a%2Fb%2f%20%E4%BD%A0",
        "/a//b/",
        "/a/%2E%2F?x=%2e%2e",
        "/a;b=c,d:e@f!$&()*+-._~=",
        "/a'b",
        "/?a=b&a=c&&=&d",
        "/?a=%26%3D%23&b=+&c=%2B",
        "/?a=/b?c:@!$()*,;-._~",
        "/?%zz%",
        "/a|b^c?d|e^f`g{h}[i]",
    ];
    for rest in cases {
        let receiver = Receiver::start(ok()).await;
        let outcome = callbacks(dev()).send(&call(&[&receiver.url(rest)])).await;
        assert!(outcome.answer.is_some(), "{rest}: {outcome:?}");
        let request = receiver.request();
        assert_eq!(
            request.lines().next(),
            Some(format!("POST {rest} HTTP/1.1").as_str())
        );
    }
}

#[tokio::test]
async fn what_is_not_encoded_as_a_url_needs_is_encoded() {
    let cases = [
        ("", "/"),
        ("?a", "/?a"),
        ("/a/./b/../c", "/a/c"),
        ("/a/%2e%2e/c", "/c"),
        ("/?a='b'", "/?a=%27b%27"),
        ("/你?k=你", "/%E4%BD%A0?k=%E4%BD%A0"),
        ("/\"<>", "/%22%3C%3E"),
    ];
    for (rest, sent) in cases {
        let receiver = Receiver::start(ok()).await;
        let outcome = callbacks(dev()).send(&call(&[&receiver.url(rest)])).await;
        assert!(outcome.answer.is_some(), "{rest}: {outcome:?}");
        let request = receiver.request();
        assert_eq!(
            request.lines().next(),
            Some(format!("POST {sent} HTTP/1.1").as_str())
        );
    }
}

#[tokio::test]
async fn the_request_has_these_headers_and_no_others() {
    let receiver = Receiver::start(ok()).await;
    let outcome = callbacks(dev()).send(&call(&[&receiver.url("/cb")])).await;
    let body = bytes::Bytes::from_static(b"done");
    let content_type = Some("text/plain".to_owned());
    assert_eq!(outcome.answer, Some(CallbackAnswer { content_type, body }));
    let request = receiver.request();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "key=a%20b");
    let mut lines: Vec<_> = head.lines().skip(1).map(str::to_lowercase).collect();
    lines.sort();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        lines,
        [
            "accept: */*".to_owned(),
            "content-length: 9".to_owned(),
            "content-type: application/x-www-form-urlencoded".to_owned(),
            format!("host: {}", receiver.address),
            format!("user-agent: cohong/{version}"),
        ]
    );
}

#[tokio::test]
async fn the_host_header_is_replaced_and_the_connection_is_not() {
    for host in [
        "app.example",
        "app.example:8080",
        "10.1.2.3",
        "[fd00::1]:80",
    ] {
        let receiver = Receiver::start(ok()).await;
        let call = CallbackRequest {
            host: Some(host.into()),
            ..call(&[&receiver.url("/")])
        };
        assert!(callbacks(dev()).send(&call).await.answer.is_some());
        let request = receiver.request();
        assert_eq!(header(&request, "host"), Some(host));
        assert_eq!(request.to_lowercase().matches("\r\nhost:").count(), 1);
    }
}

#[tokio::test]
async fn addresses_are_tried_in_order_until_one_succeeds() {
    let first = Receiver::start(answer("500 Oops", "", "")).await;
    let second = Receiver::start(answer("204 No Content", "", "")).await;
    let third = Receiver::start(ok()).await;
    let refused = "http://user:secret@169.254.169.254/latest?secret=1#secret";
    let urls = [
        refused,
        &first.url("/a?token=1"),
        &second.url("/b"),
        &third.url("/c"),
    ];
    let outcome = callbacks(dev()).send(&call(&urls)).await;
    let seen: Vec<_> = outcome
        .attempts
        .iter()
        .map(|a| (a.status, a.phase()))
        .collect();
    let expected = [
        (None, Some(Phase::Policy)),
        (Some(500), Some(Phase::Request)),
        (Some(204), None),
    ];
    assert_eq!(seen, expected);
    assert_eq!(&*outcome.attempts[0].url, "http://169.254.169.254/latest");
    assert_eq!(&*outcome.attempts[1].url, first.url("/a"));
    assert_eq!(&*outcome.attempts[2].why, "");
    assert!(outcome.answer.is_some_and(|answer| answer.body.is_empty()));
    assert_eq!(third.connections(), 0);
    let shown = format!("{:?}", outcome.attempts);
    assert!(
        !shown.contains("token") && !shown.contains("secret"),
        "{shown}"
    );
}

#[tokio::test]
async fn no_address_is_called_twice() {
    let receiver = Receiver::start(answer("503 Busy", "retry-after: 0\r\n", "")).await;
    let url = receiver.url("/");
    let outcome = callbacks(dev()).send(&call(&[&url, &url, &url])).await;
    assert_eq!((outcome.attempts.len(), outcome.answer), (1, None));
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn every_2xx_is_success_and_everything_else_is_not() {
    for (status, success) in [
        ("200 OK", true),
        ("201 Created", true),
        ("204 No Content", true),
        ("299 Odd", true),
        ("302 Found", false),
        ("304 Not Modified", false),
        ("400 Bad Request", false),
        ("404 Not Found", false),
        ("429 Too Many Requests", false),
        ("500 Oops", false),
        ("503 Busy", false),
    ] {
        let receiver = Receiver::start(answer(status, "", "")).await;
        let outcome = callbacks(dev()).send(&call(&[&receiver.url("/")])).await;
        assert_eq!(outcome.answer.is_some(), success, "{status}");
        assert_eq!(outcome.attempts[0].status, status[..3].parse().ok());
        assert_eq!(
            outcome.attempts[0].phase(),
            (!success).then_some(Phase::Request)
        );
    }
}

#[tokio::test]
async fn an_answer_needs_no_content_length() {
    let chunked = "transfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n";
    for rest in [chunked, "connection: close\r\n\r\n{\"a\":1}"] {
        let text = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{rest}");
        let receiver = Receiver::start(Act::Answer(text)).await;
        let outcome = callbacks(dev()).send(&call(&[&receiver.url("/")])).await;
        let answer = outcome.answer.expect("accepted");
        assert_eq!(answer.body, "{\"a\":1}");
        assert_eq!(answer.content_type.as_deref(), Some("application/json"));
    }
}

fn spec(urls: &[&str], host: Option<&str>) -> CallbackSpec {
    CallbackSpec {
        urls: urls.iter().map(|&url| url.into()).collect(),
        host: host.map(Into::into),
        body: "a=b".into(),
        body_type: BodyType::Form,
        vars: Vec::new(),
        headers: Vec::new(),
        style: CallbackStyle::default(),
    }
}

#[test]
fn a_callback_is_checked_before_anything_is_stored() {
    let sender = callbacks(http(
        policy(Profile::Prod, &[]),
        std::sync::Arc::new(Names::default()),
    ));
    let good = "https://app.example/cb";
    assert_eq!(
        sender.check(&spec(&[good; 5], Some("app.example:80"))),
        Ok(())
    );
    let cases: [(CallbackSpec, &str); 6] = [
        (spec(&[], None), "name 1 to 5"),
        (spec(&[good; 6], None), "name 1 to 5"),
        (spec(&[good, "ftp://app.example/"], None), "address 2"),
        (
            spec(&[good, "http://10.0.0.1/"], None),
            "egress.allow = [\"10.0.0.1/32\"]",
        ),
        (spec(&["http://169.254.169.254/"], None), "never called"),
        (
            spec(&["http://u:hidden@app.example/"], None),
            "user information",
        ),
    ];
    for (spec, expected) in cases {
        let unfit = sender.check(&spec).expect_err(expected);
        let why = unfit.to_string();
        let by_policy = ["egress.allow", "never called"]
            .iter()
            .any(|part| why.contains(part));
        assert_eq!(matches!(unfit, UnfitCall::Address(_)), by_policy, "{why}");
        assert!(why.contains(expected) && !why.contains("hidden"), "{why}");
    }
}

#[tokio::test]
async fn a_host_that_would_break_its_header_is_refused() {
    let receiver = Receiver::start(ok()).await;
    let sender = callbacks(dev());
    let url = receiver.url("/");
    let hosts = [
        "",
        "a b",
        "a\r\nX: y",
        "a\nb",
        "a\0",
        "a\tb",
        "u@a",
        "a/b",
        "a?b",
        "a#b",
        "a\\b",
        "a:",
        "a:x",
        "a:99999",
        ":80",
        "a,b c",
        "ä",
        "http://a",
    ];
    for host in hosts {
        let why = sender.check(&spec(&[&url], Some(host))).expect_err(host);
        let why = why.to_string();
        assert!(why.contains("callback host"), "{why}");
        let call = CallbackRequest {
            host: Some(host.into()),
            ..call(&[&url])
        };
        let outcome = sender.send(&call).await;
        assert_eq!(
            outcome.attempts[0].phase(),
            Some(Phase::Prepare),
            "{host:?}"
        );
    }
    assert_eq!(receiver.connections(), 0);
}
