//! Answers that have to be documents, and what a dialect and an uploader put on a call.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cohong_core::limits::CALLBACK_ANSWER_BYTES_MAX;
use cohong_core::model::{Accept, DialectId};
use cohong_core::ports::{
    CallAbout, CallTarget, CallbackFormat, CallbackRequest, CallbackSender, Failed, Fault, Phase,
};
use cohong_egress::{CallbackLimits, Formats, HttpCallbacks};

use crate::common::{Act, LONG, Receiver, SHORT, answer, call, callbacks, dev, header};

/// A call that wants a document.
fn document(urls: &[&str]) -> CallbackRequest {
    CallbackRequest {
        accept: Accept::Document,
        ..call(urls)
    }
}

fn json(body: &str) -> Act {
    answer("200 OK", "content-type: application/json\r\n", body)
}

#[tokio::test]
async fn what_is_no_document_is_told_apart() {
    use Fault::{Broken, Form, NoLength, Status, TimedOut, TooLong};
    use Phase::{Answer, Request};
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let endless = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}";
    let odd = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{";
    let long = CALLBACK_ANSWER_BYTES_MAX + 1;
    let huge = format!("HTTP/1.1 200 OK\r\ncontent-length: {long}\r\n\r\n{{}}");
    let cases = [
        (json("not JSON"), Some(200), Answer, Form),
        (json(""), Some(200), Answer, Form),
        (json("\u{feff}{}"), Some(200), Answer, Form),
        (Act::Answer(chunked.into()), Some(200), Answer, NoLength),
        (Act::Answer(endless.into()), Some(200), Answer, NoLength),
        (Act::Answer(huge), Some(200), Answer, TooLong),
        (Act::Answer(odd.into()), Some(200), Answer, Broken),
        (answer("201 Created", "", "{}"), Some(201), Request, Status),
        (answer("204 No Content", "", ""), Some(204), Request, Status),
        (
            answer("301 Moved", "location: /b\r\n", "{}"),
            Some(301),
            Request,
            Status,
        ),
        (answer("500 Oops", "", "{}"), Some(500), Request, Status),
        (Act::Reset, None, Request, Broken),
        (Act::Hang(String::new()), None, Request, TimedOut),
        (Act::Hang(odd.into()), Some(200), Answer, TimedOut),
    ];
    let mut waiting = tokio::task::JoinSet::new();
    for (act, status, phase, fault) in cases {
        waiting.spawn(async move {
            let receiver = Receiver::start(act.clone()).await;
            let limits = CallbackLimits {
                per_url: SHORT,
                ..CallbackLimits::default()
            };
            let sender = HttpCallbacks::new(dev(), limits, Formats::new());
            let outcome = sender.send(&document(&[&receiver.url("/")])).await;
            let [attempt] = &outcome.attempts[..] else {
                panic!("{outcome:?}")
            };
            let seen = (outcome.answer.is_some(), attempt.status, attempt.failed);
            let failed = Some(Failed { phase, fault });
            assert_eq!(seen, (false, status, failed), "{act:?}");
            assert!(!attempt.why.is_empty());
        });
    }
    waiting.join_all().await;
}

#[tokio::test]
async fn documents_are_passed_on_as_they_are() {
    let largest = format!("\"{}\"", "x".repeat(CALLBACK_ANSWER_BYTES_MAX - 2));
    for (act, kind, body) in [
        (json("{\"a\":\"b\"}"), "application/json", "{\"a\":\"b\"}"),
        (json(&largest), "application/json", &largest),
        (
            answer("200 OK", "content-type: application/xml\r\n", "<a/>"),
            "application/xml",
            "<a/>",
        ),
    ] {
        let receiver = Receiver::start(act).await;
        let outcome = callbacks(dev())
            .send(&document(&[&receiver.url("/")]))
            .await;
        let said = outcome.answer.expect("accepted");
        assert_eq!(said.content_type.as_deref(), Some(kind));
        assert!(said.body == body, "{} bytes", said.body.len());
    }
}

#[tokio::test]
async fn the_second_address_answers_for_the_first_and_both_are_kept() {
    let down = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/a", listener.local_addr().unwrap())
    };
    let wrong = Receiver::start(json("no")).await;
    let good = Receiver::start(json("{}")).await;
    let urls = [&*down, &wrong.url("/b"), &good.url("/c")];
    let outcome = callbacks(dev()).send(&document(&urls)).await;
    let kept: Vec<_> = outcome
        .attempts
        .iter()
        .map(|a| (&*a.url, a.failed.map(|failed| failed.fault)))
        .collect();
    let expected = [
        (urls[0], Some(Fault::Broken)),
        (urls[1], Some(Fault::Form)),
        (urls[2], None),
    ];
    assert_eq!(kept, expected);
    assert!(outcome.answer.is_some());
}

/// Writes what it was told into headers.
#[derive(Debug, Default)]
struct Signs {
    refuses: bool,
    texts: Mutex<Vec<String>>,
}

#[async_trait]
impl CallbackFormat for Signs {
    async fn headers(
        &self,
        about: &CallAbout,
        to: &CallTarget<'_>,
    ) -> Result<Vec<(&'static str, String)>, String> {
        if self.refuses {
            return Err("the key cannot be opened".to_owned());
        }
        let body = std::str::from_utf8(to.body).unwrap();
        let text = format!("{}|{:?}|{body}", to.path, to.query);
        self.texts.lock().unwrap().push(text);
        Ok(vec![
            ("authorization", format!("for {}", about.bucket.as_str())),
            ("user-agent", "signer".to_owned()),
            ("content-type", "text/nonsense".to_owned()),
        ])
    }
}

fn signed(format: &Arc<Signs>) -> HttpCallbacks {
    let format = Arc::clone(format) as Arc<dyn CallbackFormat>;
    let limits = CallbackLimits {
        per_url: LONG,
        ..CallbackLimits::default()
    };
    HttpCallbacks::new(dev(), limits, Formats::from([(DialectId::Oss, format)]))
}

fn by(dialect: DialectId, url: &str) -> CallbackRequest {
    let mut call = call(&[url]);
    call.about.dialect = dialect;
    call.headers = vec![
        ("X-From".into(), "photos".into()),
        ("Authorization".into(), "forged".into()),
        ("Content-Type".into(), "forged/too".into()),
    ];
    call
}

#[tokio::test]
async fn the_dialect_signs_what_is_really_sent() {
    let format = Arc::new(Signs::default());
    let sender = signed(&format);
    for (rest, text) in [
        ("", "/|None|key=a%20b"),
        ("?", "/|Some(\"\")|key=a%20b"),
        ("/a/./b%20c?d='e'", "/a/b%20c|Some(\"d=%27e%27\")|key=a%20b"),
        ("/中?k=中", "/%E4%B8%AD|Some(\"k=%E4%B8%AD\")|key=a%20b"),
    ] {
        let receiver = Receiver::start(json("{}")).await;
        let outcome = sender.send(&by(DialectId::Oss, &receiver.url(rest))).await;
        assert!(outcome.answer.is_some(), "{outcome:?}");
        assert_eq!(format.texts.lock().unwrap().pop().as_deref(), Some(text));
        let request = receiver.request();
        for (name, value) in [
            ("authorization", "for photos"),
            ("user-agent", "signer"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-from", "photos"),
        ] {
            assert_eq!(header(&request, name), Some(value), "{name}");
        }
    }
}

#[tokio::test]
async fn other_dialects_sign_nothing_and_unsigned_calls_are_not_made() {
    let receiver = Receiver::start(json("{}")).await;
    let format = Arc::new(Signs {
        refuses: true,
        ..Signs::default()
    });
    let sender = signed(&format);
    let refused = sender.send(&by(DialectId::Oss, &receiver.url("/"))).await;
    assert_eq!(refused.attempts[0].phase(), Some(Phase::Prepare));
    assert_eq!(&*refused.attempts[0].why, "the key cannot be opened");
    assert_eq!(receiver.connections(), 0);
    let plain = sender.send(&by(DialectId::Tos, &receiver.url("/"))).await;
    assert!(plain.answer.is_some(), "{plain:?}");
    assert_eq!(header(&receiver.request(), "authorization"), Some("forged"));
}
