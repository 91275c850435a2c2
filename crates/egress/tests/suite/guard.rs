//! Names, redirects and proxies: ways around a check of the URL alone.

use std::sync::Arc;
use std::time::Duration;

use cohong_core::ports::{CallbackSender, Phase};
use cohong_egress::policy::{Policy, Profile};

use crate::common::{Names, Receiver, answer, call, callbacks, dev, http, ok, policy};

#[tokio::test]
async fn a_public_name_that_leads_inside_is_refused_and_the_text_names_the_setting() {
    let trap = Receiver::start(ok()).await;
    let url = format!("http://app.example:{}/", trap.port());
    for inner in [
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        let sender = callbacks(http(policy(Profile::Prod, &[]), Names::of(&[&[inner]])));
        let outcome = sender.send(&call(&[&url])).await;
        let attempt = &outcome.attempts[0];
        assert_eq!(attempt.phase(), Some(Phase::Policy), "{inner}: {attempt:?}");
        assert!(attempt.why.contains("egress.allow"), "{attempt:?}");
        assert!(attempt.why.contains("of host app.example"), "{attempt:?}");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn a_name_is_looked_up_once_a_call_and_judged_each_time() {
    let good = Receiver::start(ok()).await;
    let trap = good.beside([127, 0, 0, 2], ok()).await;
    let names = Names::of(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let rebinding = http(
        policy(Profile::Prod, &["127.0.0.1"]),
        Arc::clone(&names) as _,
    );
    let sender = callbacks(rebinding);
    let url = format!("http://rebind.example:{}/", good.port());
    for round in 0..6 {
        let outcome = sender.send(&call(&[&url])).await;
        assert_eq!(names.asked(), round + 1);
        assert_eq!(outcome.answer.is_some(), round % 2 == 0, "{outcome:?}");
        let failed = outcome.attempts[0].phase();
        assert!(
            failed.is_none() || failed == Some(Phase::Policy),
            "{outcome:?}"
        );
    }
    assert_eq!(good.requests().len(), 3);
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn of_several_addresses_only_permitted_ones_are_dialled() {
    let good = Receiver::start(ok()).await;
    let trap = good.beside([127, 0, 0, 2], ok()).await;
    let names = Names::of(&[&["127.0.0.2", "169.254.169.254", "127.0.0.1"]]);
    let sender = callbacks(http(policy(Profile::Prod, &["127.0.0.1"]), names));
    let outcome = sender
        .send(&call(&[&format!("http://mixed.example:{}/", good.port())]))
        .await;
    assert!(outcome.answer.is_some(), "{outcome:?}");
    assert_eq!((good.requests().len(), trap.connections()), (1, 0));
}

#[tokio::test]
async fn an_allowed_host_name_may_lead_inside_but_not_to_metadata() {
    let receiver = Receiver::start(ok()).await;
    let names = Names::of(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let sender = callbacks(http(policy(Profile::Prod, &["*.internal"]), names));
    let url = format!("http://app.internal:{}/", receiver.port());
    assert!(sender.send(&call(&[&url])).await.answer.is_some());
    let outcome = sender.send(&call(&[&url])).await;
    assert_eq!(outcome.attempts[0].phase(), Some(Phase::Policy));
}

#[tokio::test]
async fn a_name_of_this_server_itself_is_refused() {
    let own = Receiver::start(ok()).await;
    let policy = Policy::new(Profile::Dev, Vec::new(), vec![own.address]);
    let sender = callbacks(http(policy, Names::of(&[&["127.0.0.1"]])));
    let outcome = sender
        .send(&call(&[&format!("http://self.example:{}/", own.port())]))
        .await;
    assert_eq!(outcome.attempts[0].phase(), Some(Phase::Policy));
    assert_eq!(own.connections(), 0);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let trap = Receiver::start(ok()).await;
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let location = format!("location: {}\r\n", trap.url("/inner"));
        let receiver = Receiver::start(answer(status, &location, "")).await;
        let outcome = callbacks(dev()).send(&call(&[&receiver.url("/")])).await;
        let attempt = &outcome.attempts[0];
        assert_eq!(attempt.phase(), Some(Phase::Request), "{attempt:?}");
        assert_eq!(attempt.status, status[..3].parse().ok());
        assert_eq!(receiver.requests().len(), 1);
    }
    assert_eq!(trap.connections(), 0);
}

/// Also run by the test below in a process whose environment names a proxy.
#[tokio::test]
async fn calls_go_to_the_receiver_directly() {
    let receiver = Receiver::start(ok()).await;
    let names = Names::of(&[&["127.0.0.1"]]);
    let sender = callbacks(http(policy(Profile::Dev, &[]), names));
    for host in ["127.0.0.1", "app.example"] {
        let url = format!("http://{host}:{}/", receiver.port());
        let outcome = sender.send(&call(&[&url])).await;
        assert!(outcome.answer.is_some(), "{outcome:?}");
    }
    assert!(
        receiver
            .requests()
            .iter()
            .all(|request| request.starts_with("POST / HTTP/1.1\r\n"))
    );
}

#[tokio::test]
async fn proxies_of_the_environment_are_ignored() {
    let trap = Receiver::start(answer("502 Bad Gateway", "", "")).await;
    let proxy = trap.url("");
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "guard::calls_go_to_the_receiver_directly"]);
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        child.env(name, &proxy);
    }
    child
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD");
    let run = tokio::time::timeout(Duration::from_mins(1), child.output()).await;
    let output = run.expect("the child ends").unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}"
    );
    assert_eq!(trap.connections(), 0);
}
