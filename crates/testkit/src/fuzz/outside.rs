//! What others name and send: URLs that this server may be asked to call, and what the library's users receive.

use std::net::IpAddr;

use cohong_client::receive::{CallbackBody, CallbackClaim, CloudEvent, WebhookVerifier};
use cohong_egress::policy::{Given, Policy, Profile, Zone};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::Target;

pub(super) const URL: Target = Target {
    name: "url",
    run: url,
    words: &[
        "http://",
        "https://",
        "@",
        "#",
        "\\",
        "%2e",
        "%00",
        "[::ffff:",
        "]",
        "127.0.0.1",
        "0x7f",
        "2130706433",
        "localhost",
        "169.254.169.254",
        "a9fe:a9fe",
        "64:ff9b::",
        ":0",
        ":65536",
        "\u{3002}",
        "\u{2460}",
        "\t",
        "?",
        "/../",
    ],
    more: Vec::new,
};

pub(super) const RECEIVED: Target = Target {
    name: "received",
    run: received,
    words: &[
        "{\"events\":[{",
        "\"specversion\":\"1.0\"",
        "ce-id: ",
        "ce-type: ",
        "content-type: application/cloudevents+json",
        "webhook-signature: v1,",
        "webhook-timestamp: 1",
        "x-oss-pub-key-url: ",
        "authorization: ",
        "a=b&c=%",
        "%zz",
        "\n\n",
    ],
    more: Vec::new,
};

/// A URL that passes leads to a public address or to a name, is read the same again, and shows no secrets.
fn url(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let strict = Policy::new(Profile::Prod, Vec::new(), Vec::new());
    let Ok(checked) = strict.check_url(&text, Given::ByRequest) else {
        return;
    };
    let url = checked.url();
    assert!(matches!(url.scheme(), "http" | "https"), "{url}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    let host = url.host_str().unwrap_or_default();
    let name = host.trim_end_matches('.');
    assert!(
        !name.is_empty() && name != "localhost" && !name.ends_with(".localhost"),
        "{url}"
    );
    if let Ok(ip) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
        assert_eq!(Zone::of(ip), Zone::Public, "{url}");
    }
    let again = strict.check_url(url.as_str(), Given::ByRequest);
    assert_eq!(
        again.as_ref(),
        Ok(&checked),
        "what is called is what was checked"
    );
    assert!(!checked.shown().contains('?'), "{}", checked.shown());
}

/// Headers, an empty line, a body; read or refused, and no forged signature passes.
fn received(input: &[u8]) {
    let at = input.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = at.map_or((input, &b""[..]), |at| (&input[..at], &input[at + 2..]));
    let mut headers = HeaderMap::new();
    for (name, value) in String::from_utf8_lossy(head)
        .lines()
        .filter_map(|line| line.split_once(": "))
    {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let _ = CallbackBody::read(&headers, body);
    let _ = CallbackClaim::read(&headers);
    let _ = CloudEvent::read(&headers, body);
    let verifier =
        WebhookVerifier::new("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3").expect("a secret");
    assert!(
        verifier
            .verify(&headers, body, std::time::SystemTime::now())
            .is_err(),
        "a forged delivery passes"
    );
}
