//! Receivers that are slow, dead, endless or broken: each phase is told apart.

use std::sync::Arc;
use std::time::Duration;

use cohong_core::limits::CALLBACK_ANSWER_BYTES_MAX;
use cohong_core::ports::{CallAttempt, CallbackRequest, CallbackSender, Phase};
use cohong_egress::policy::Profile;
use cohong_egress::{CallbackLimits, Formats, Http, HttpCallbacks, HttpLimits};

use crate::common::{
    Act, DeadNames, LONG, Names, Receiver, SHORT, call, callbacks, dev, http, ok, policy,
};

const OK_HEAD: &str = "HTTP/1.1 200 OK\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

async fn one(sender: &HttpCallbacks, url: &str) -> CallAttempt {
    let outcome = sender.send(&call(&[url])).await;
    assert_eq!(outcome.answer, None);
    let [attempt] = &outcome.attempts[..] else {
        panic!("{outcome:?}")
    };
    attempt.clone()
}

fn short_per_url() -> HttpCallbacks {
    HttpCallbacks::new(
        dev(),
        CallbackLimits {
            per_url: SHORT,
            ..CallbackLimits::default()
        },
        Formats::new(),
    )
}

#[tokio::test]
async fn a_receiver_that_stops_is_given_up_in_the_phase_it_stopped_in() {
    let cases = [
        (Act::Hang(String::new()), Phase::Request, None),
        (
            Act::Flood(CONTINUE.into(), CONTINUE.into()),
            Phase::Request,
            None,
        ),
        (Act::Ignore, Phase::Request, None),
        (
            Act::Hang("HTTP/1.1 200 OK\r\nx: y\r\n".into()),
            Phase::Request,
            None,
        ),
        (
            Act::Hang(format!("{OK_HEAD}content-length: 5\r\n\r\nhal")),
            Phase::Answer,
            Some(200),
        ),
        (
            Act::Hang(format!("{OK_HEAD}\r\n")),
            Phase::Answer,
            Some(200),
        ),
    ];
    let mut waiting = tokio::task::JoinSet::new();
    for (act, phase, status) in cases {
        waiting.spawn(async move {
            let receiver = Receiver::start(act.clone()).await;
            let attempt = one(&short_per_url(), &receiver.url("/")).await;
            let seen = (attempt.phase(), attempt.status);
            assert_eq!(seen, (Some(phase), status), "{act:?}");
            assert!(attempt.why.contains("time limit"), "{attempt:?}");
        });
    }
    waiting.join_all().await;
}

#[tokio::test]
async fn a_slow_first_address_leaves_time_for_the_second() {
    let slow = Receiver::start(Act::Hang(String::new())).await;
    let good = Receiver::start(ok()).await;
    let outcome = short_per_url()
        .send(&call(&[&slow.url("/"), &good.url("/")]))
        .await;
    assert_eq!(outcome.attempts[0].phase(), Some(Phase::Request));
    assert!(outcome.answer.is_some(), "{outcome:?}");
}

#[tokio::test]
async fn the_time_for_all_addresses_is_kept() {
    let slow = Receiver::start(Act::Hang(String::new())).await;
    let good = Receiver::start(ok()).await;
    let call = CallbackRequest {
        timeout: SHORT,
        ..call(&[&slow.url("/"), &good.url("/")])
    };
    let outcome = callbacks(dev()).send(&call).await;
    assert_eq!((outcome.attempts.len(), outcome.answer), (1, None));
    assert_eq!(good.connections(), 0);
}

#[tokio::test]
async fn an_answer_that_is_too_long_or_breaks_off_is_a_failure() {
    let chunk = "x".repeat(4096);
    let huge = 1u64 << 30;
    let cases = [
        Act::Flood(
            format!("{OK_HEAD}content-length: {huge}\r\n\r\n"),
            chunk.clone(),
        ),
        Act::Flood(format!("{OK_HEAD}\r\n"), chunk.clone()),
        Act::Flood(
            format!("{OK_HEAD}transfer-encoding: chunked\r\n\r\n"),
            format!("1000\r\n{chunk}\r\n"),
        ),
        Act::Answer(format!("{OK_HEAD}content-length: 10\r\n\r\nhalf")),
    ];
    for act in cases {
        let receiver = Receiver::start(act).await;
        let attempt = one(&callbacks(dev()), &receiver.url("/")).await;
        assert_eq!(
            (attempt.phase(), attempt.status),
            (Some(Phase::Answer), Some(200))
        );
        // What the sockets hold beyond the limit is a few megabytes at most, not the gigabyte.
        assert!(receiver.written() < 64 << 20, "{}", receiver.written());
    }
}

#[tokio::test]
async fn the_largest_answer_is_taken_and_one_byte_more_is_not() {
    for (length, taken) in [
        (CALLBACK_ANSWER_BYTES_MAX, true),
        (CALLBACK_ANSWER_BYTES_MAX + 1, false),
    ] {
        let receiver =
            Receiver::start(crate::common::answer("200 OK", "", &"x".repeat(length))).await;
        let outcome = callbacks(dev()).send(&call(&[&receiver.url("/")])).await;
        assert_eq!(
            outcome.answer.map(|answer| answer.body.len()),
            taken.then_some(length)
        );
    }
}

#[tokio::test]
async fn endless_heads_are_cut() {
    let many = Act::Flood(OK_HEAD.into(), "x: y\r\n".into());
    let long = Act::Flood(format!("{OK_HEAD}x: "), "y".repeat(4096));
    for act in [
        many,
        long,
        Act::Flood("HTTP/1.1 100 Continue\r\n\r\n".into(), "x".repeat(4096)),
    ] {
        let receiver = Receiver::start(act).await;
        let attempt = one(&callbacks(dev()), &receiver.url("/")).await;
        assert_eq!(
            (attempt.phase(), attempt.status),
            (Some(Phase::Request), None),
            "{attempt:?}"
        );
        assert!(receiver.written() < 64 << 20, "{}", receiver.written());
    }
}

#[tokio::test]
async fn a_reset_and_what_is_no_http_are_failures_and_not_tried_again() {
    for act in [
        Act::Reset,
        Act::Answer(String::new()),
        Act::Answer("SSH-2.0-x\r\n".into()),
    ] {
        let receiver = Receiver::start(act).await;
        let attempt = one(&callbacks(dev()), &receiver.url("/?secret=1")).await;
        assert_eq!(attempt.phase(), Some(Phase::Request), "{attempt:?}");
        assert!(
            !attempt.why.contains("secret") && !attempt.why.is_empty(),
            "{attempt:?}"
        );
        assert_eq!(receiver.requests().len(), 1);
    }
}

#[tokio::test]
async fn connecting_fails_in_its_own_phase() {
    let plain = Receiver::start(Act::Speak("HTTP/1.1 400 Bad Request\r\n\r\n".into())).await;
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    for url in [
        format!("http://{closed}/"),
        format!("https://{}/", plain.address),
    ] {
        let attempt = one(&callbacks(dev()), &url).await;
        assert_eq!(
            (attempt.phase(), attempt.status),
            (Some(Phase::Connect), None),
            "{attempt:?}"
        );
        assert!(!attempt.why.contains("time"), "{attempt:?}");
    }
}

#[tokio::test]
async fn a_tls_handshake_that_hangs_is_given_up_while_connecting() {
    let receiver = Receiver::start(Act::Ignore).await;
    let url = format!("https://{}/", receiver.address);
    let limits = HttpLimits {
        resolve: LONG,
        connect: SHORT,
    };
    let names = Arc::new(Names::default());
    let client = Http::new(policy(Profile::Dev, &[]), names, limits).unwrap();
    let by_client = callbacks(Arc::new(client));
    for sender in [by_client, short_per_url()] {
        assert_eq!(one(&sender, &url).await.phase(), Some(Phase::Connect));
    }
}

#[tokio::test]
async fn names_that_are_not_resolved_fail_in_their_own_phase() {
    let limits = HttpLimits {
        resolve: Duration::from_millis(50),
        connect: LONG,
    };
    let dead = Http::new(policy(Profile::Dev, &[]), Arc::new(DeadNames), limits).unwrap();
    let without_address = http(policy(Profile::Dev, &[]), Names::of(&[&[]]));
    for client in [dev(), Arc::new(dead), without_address] {
        let attempt = one(&callbacks(client), "http://app.example/").await;
        assert_eq!(attempt.phase(), Some(Phase::Resolve), "{attempt:?}");
        assert!(attempt.why.contains("app.example"), "{attempt:?}");
    }
}

#[tokio::test]
async fn a_busy_host_keeps_no_other_host_waiting() {
    let slow = Receiver::start(Act::Hang(String::new())).await;
    let good = Receiver::start(ok()).await;
    let limits = CallbackLimits {
        calls: 2,
        calls_per_host: 1,
        ..CallbackLimits::default()
    };
    let sender = Arc::new(HttpCallbacks::new(dev(), limits, Formats::new()));
    let slow_url = slow.url("/");
    let held = tokio::spawn({
        let (sender, url) = (Arc::clone(&sender), slow_url.clone());
        async move { sender.send(&call(&[&url])).await }
    });
    while slow.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let waiting = CallbackRequest {
        timeout: SHORT,
        ..call(&[&slow_url])
    };
    let (waited, other) = tokio::join!(sender.send(&waiting), async {
        sender.send(&call(&[&good.url("/")])).await
    });
    assert_eq!(waited.attempts[0].phase(), Some(Phase::Connect));
    assert!(
        waited.attempts[0].why.contains("too many callbacks"),
        "{waited:?}"
    );
    assert!(other.answer.is_some(), "{other:?}");
    assert_eq!(slow.connections(), 1);
    held.abort();
}
