//! Disguises of inner addresses, and what a URL may look like.

use cohong_core::ports::{CallbackSender, Phase};
use cohong_egress::policy::{Given, Policy, Profile, UrlError, Zone};

use crate::common::{Names, Receiver, call, callbacks, dev, http, ok, policy};

/// Disguises of 127.0.0.1 that a connection really would be made for; PORT is the trap's port.
pub(crate) const LOOPBACK: [&str; 22] = [
    "http://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://127.0.1:PORT/",
    "http://2130706433:PORT/",
    "http://017700000001:PORT/",
    "http://0x7f000001:PORT/",
    "http://0X7F000001:PORT/",
    "http://0x7f.0x0.0x0.0x1:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://0177.0.0x0.1:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://127.0x1:PORT/",
    "http://00000177.00.000.01:PORT/",
    "HTTP://127.0.0.1:PORT/",
    "hTTp://127.0.0.1:PORT/",
    "http://127%2e0%2e0%2e1:PORT/",
    "http://%31%32%37.0.0.1:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://127。0。0。1:PORT/",
    "http://127.0.0.1:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[0:0:0:0:0:ffff:7f00:1]:PORT/",
];

/// Other inner addresses and the zone each is refused as.
pub(crate) const INNER: [(&str, &str); 46] = [
    ("http://127.255.255.254/", "loopback"),
    ("http://[::1]/", "loopback"),
    ("http://[0:0:0:0:0:0:0:1]/", "loopback"),
    ("http://[::127.0.0.1]/", "loopback"),
    ("http://[::ffff:0:7f00:1]/", "loopback"),
    ("http://[64:ff9b::127.0.0.1]/", "loopback"),
    ("http://[2002:7f00:1::]/", "loopback"),
    ("http://localhost/", "loopback"),
    ("http://LOCALHOST/", "loopback"),
    ("http://localhost./", "loopback"),
    ("http://a.localhost/", "loopback"),
    ("http://ⓛocalhost/", "loopback"),
    ("https://127.0.0.1/", "loopback"),
    ("http://10.0.0.1/", "private"),
    ("http://167772161/", "private"),
    ("http://012.1/", "private"),
    ("http://172.16.0.1/", "private"),
    ("http://172.31.255.255/", "private"),
    ("http://192.168.1.1/", "private"),
    ("http://0xc0a80101/", "private"),
    ("http://[::ffff:10.0.0.1]/", "private"),
    ("http://[64:ff9b::a00:1]/", "private"),
    ("http://[fc00::1]/", "private"),
    ("http://[fd12:3456::1]/", "private"),
    ("http://[2001:0:808:808::f5ff:fffe]/", "private"),
    ("http://100.64.0.1/", "carrier-shared"),
    ("http://[fe80::1]/", "link-local"),
    ("http://192.0.2.1/", "reserved"),
    ("http://198.18.0.1/", "reserved"),
    ("http://255.255.255.254/", "reserved"),
    ("http://[2001:db8::1]/", "reserved"),
    ("http://[64:ff9b:1::a00:1]/", "reserved"),
    ("http://0.0.0.0/", "unspecified"),
    ("http://0/", "unspecified"),
    ("http://[::]/", "unspecified"),
    ("http://224.0.0.1/", "multicast"),
    ("http://[ff02::1]/", "multicast"),
    ("http://255.255.255.255/", "broadcast"),
    ("http://169.254.169.254/latest/meta-data/", "metadata"),
    ("http://2852039166/", "metadata"),
    ("http://0251.0376.0251.0376/", "metadata"),
    ("http://[::ffff:a9fe:a9fe]/", "metadata"),
    ("http://[64:ff9b::a9fe:a9fe]/", "metadata"),
    ("http://100.100.100.200/", "metadata"),
    ("http://100.96.0.96/", "metadata"),
    ("http://[fd00:ec2::254]/", "metadata"),
];

#[tokio::test]
async fn no_disguise_of_loopback_reaches_a_receiver_in_prod() {
    let trap = Receiver::start(ok()).await;
    let sender = callbacks(http(
        policy(Profile::Prod, &[]),
        Names::of(&[&["127.0.0.1"]]),
    ));
    for form in LOOPBACK {
        let url = form.replace("PORT", &trap.port().to_string());
        let outcome = sender.send(&call(&[&url])).await;
        let [attempt] = &outcome.attempts[..] else {
            panic!("{url}: {outcome:?}")
        };
        assert_eq!(attempt.phase(), Some(Phase::Policy), "{url}: {attempt:?}");
        assert!(attempt.why.contains("egress.allow = [\"127.0.0.1/32\"]") || url.contains('['));
        assert!(attempt.why.contains("egress.allow"), "{url}: {attempt:?}");
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn the_same_disguises_do_reach_it_where_they_are_permitted() {
    let receiver = Receiver::start(ok()).await;
    let sender = callbacks(dev());
    for form in LOOPBACK {
        let url = form.replace("PORT", &receiver.port().to_string());
        let outcome = sender.send(&call(&[&url])).await;
        assert!(outcome.answer.is_some(), "{url}: {outcome:?}");
    }
    assert_eq!(receiver.requests().len(), LOOPBACK.len());
}

#[test]
fn inner_addresses_are_refused_in_prod_and_the_text_names_the_setting() {
    let prod = policy(Profile::Prod, &[]);
    for (url, zone) in INNER {
        let refused = prod.check_url(url, Given::ByRequest).expect_err(url);
        assert!(
            matches!(refused, UrlError::Refused(_)),
            "{url}: {refused:?}"
        );
        let text = refused.to_string();
        assert!(
            text.contains(zone) && text.contains("egress.allow"),
            "{url}: {text}"
        );
    }
}

#[test]
fn dev_opens_loopback_and_private_and_nothing_else() {
    let dev = policy(Profile::Dev, &[]);
    for (url, zone) in INNER {
        let open = zone == "loopback" || zone == "private";
        assert_eq!(dev.check_url(url, Given::ByRequest).is_ok(), open, "{url}");
    }
}

#[test]
fn the_operator_and_the_allow_list_open_all_but_metadata_and_the_unusable() {
    let all = policy(Profile::Prod, &["0.0.0.0/0", "::/0"]);
    let none = policy(Profile::Prod, &[]);
    for (url, zone) in INNER {
        let open = !["metadata", "unspecified", "multicast", "broadcast"].contains(&zone);
        assert_eq!(all.check_url(url, Given::ByRequest).is_ok(), open, "{url}");
        assert_eq!(
            none.check_url(url, Given::ByOperator).is_ok(),
            open,
            "{url}"
        );
    }
}

#[test]
fn the_line_that_a_refusal_proposes_permits_the_address() {
    let prod = policy(Profile::Prod, &[]);
    for (url, zone) in INNER {
        if ["metadata", "unspecified", "multicast", "broadcast"].contains(&zone) {
            continue;
        }
        let text = prod
            .check_url(url, Given::ByRequest)
            .unwrap_err()
            .to_string();
        let (_, after) = text.split_once("egress.allow = [\"").expect(&text);
        let (entry, _) = after.split_once("\"]").expect(&text);
        let opened = policy(Profile::Prod, &[entry]);
        assert!(
            opened.check_url(url, Given::ByRequest).is_ok(),
            "{url} with {entry}"
        );
    }
}

#[test]
fn what_is_no_plain_http_url_is_refused() {
    type Fits = fn(&UrlError) -> bool;
    let scheme: Fits = |e| *e == UrlError::Scheme;
    let character: Fits = |e| *e == UrlError::Character;
    let user: Fits = |e| *e == UrlError::UserInfo;
    let fragment: Fits = |e| *e == UrlError::Fragment;
    let malformed: Fits = |e| matches!(e, UrlError::Malformed(_));
    let port: Fits = |e| *e == UrlError::Port;
    let long = format!("http://example.com/{}", "a".repeat(8192));
    let cases: Vec<(&str, Fits)> = vec![
        ("", scheme),
        ("example.com", scheme),
        ("//example.com/", scheme),
        ("http:example.com", scheme),
        ("http:/example.com/", scheme),
        ("http:///example.com/", scheme),
        ("http://", scheme),
        ("http://?q", scheme),
        ("file:///etc/passwd", scheme),
        ("gopher://127.0.0.1:70/_x", scheme),
        ("ftp://127.0.0.1/", scheme),
        ("unix:///run/docker.sock", scheme),
        ("http+unix://%2frun%2fx/", scheme),
        ("jar:http://127.0.0.1!/", scheme),
        ("http://a@127.0.0.1/", user),
        ("http://good.example:80@127.0.0.1/", user),
        ("http://@example.com/", user),
        ("http://u:p@example.com/", user),
        ("http://good.example#@127.0.0.1/", fragment),
        ("http://example.com/#x", fragment),
        ("http://good.example\\@127.0.0.1/", character),
        ("http:\\\\127.0.0.1/", character),
        ("http://127.0.0.1\t/", character),
        ("ht\ntp://127.0.0.1/", character),
        ("http://example.com/\r\nHost: x", character),
        ("http://example.com/\0", character),
        ("http://example.com/%00", character),
        ("http://127.0.0.1%00.example.com/", character),
        (" http://example.com/", character),
        ("http://example.com/a b", character),
        ("http://exam\u{a0}ple.com/", character),
        ("http://example.com:0/", port),
        ("http://example.com:65536/", malformed),
        ("http://example.com:http/", malformed),
        ("http://256.0.0.1/", malformed),
        ("http://1.2.3.4.5/", malformed),
        ("http://[::1/", malformed),
        ("http://[fe80::1%25lo]/", malformed),
        ("http://exa%2fmple.com/", malformed),
        ("http://exa%40mple.com/", malformed),
        ("http://:80/", malformed),
        ("http://./", malformed),
        ("http://../", malformed),
        ("http://a..example/", malformed),
        ("http://.example/", malformed),
        (&long, |e| *e == UrlError::TooLong),
    ];
    let all = policy(Profile::Dev, &["0.0.0.0/0", "::/0"]);
    for (url, fits) in cases {
        for given in [Given::ByRequest, Given::ByOperator] {
            let error = all.check_url(url, given).expect_err(url);
            assert!(fits(&error), "{url:?}: {error:?}");
        }
    }
}

#[test]
fn ordinary_urls_are_taken() {
    let prod = policy(Profile::Prod, &[]);
    let cases = [
        ("http://example.com", "http://example.com/"),
        (
            "https://example.com:8443/a%2Fb?c=%20d",
            "https://example.com:8443/a%2Fb",
        ),
        ("http://EXAMPLE.com./x", "http://example.com./x"),
        ("http://münchen.example/", "http://xn--mnchen-3ya.example/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        (
            "http://[2606:4700::1111]:80/x?y",
            "http://[2606:4700::1111]/x",
        ),
        ("http://notlocalhost/", "http://notlocalhost/"),
        (
            "http://localhost.example.com/",
            "http://localhost.example.com/",
        ),
    ];
    for (url, shown) in cases {
        assert_eq!(
            prod.check_url(url, Given::ByRequest).expect(url).shown(),
            shown
        );
    }
}

#[test]
fn the_servers_own_listeners_are_refused_whatever_is_allowed() {
    let cases = [
        ("127.0.0.1:9000", "http://127.0.0.1:9000/", false),
        ("127.0.0.1:9000", "http://[::ffff:127.0.0.1]:9000/", false),
        ("127.0.0.1:9000", "http://localhost:9000/", false),
        ("127.0.0.1:9000", "http://127.0.0.2:9000/", true),
        ("127.0.0.1:9000", "http://127.0.0.1:9001/", true),
        ("127.0.0.1:80", "http://127.0.0.1/", false),
        ("127.0.0.1:443", "https://127.0.0.1/", false),
        ("0.0.0.0:9000", "http://127.0.0.1:9000/", false),
        ("0.0.0.0:9000", "http://127.9.9.9:9000/", false),
        ("0.0.0.0:9000", "http://192.0.2.7:9000/", true),
        ("[::]:9000", "http://[::1]:9000/", false),
        ("[::]:9000", "http://127.0.0.1:9000/", false),
    ];
    for (own, url, open) in cases {
        let allow = vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()];
        let policy = Policy::new(Profile::Dev, allow, vec![own.parse().unwrap()]);
        let checked = policy.check_url(url, Given::ByRequest);
        assert_eq!(checked.is_ok(), open, "{own} {url}");
        if let Err(error) = checked {
            assert!(
                error.to_string().contains("this server itself"),
                "{url}: {error}"
            );
        }
        assert!(policy.check_url(url, Given::ByOperator).is_ok(), "{url}");
    }
}

/// How an IPv4 address may be written.
fn notations(bits: u32) -> [String; 8] {
    let [a, b, c, d] = bits.to_be_bytes();
    let low = bits & 0x00ff_ffff;
    [
        format!("{a}.{b}.{c}.{d}"),
        format!("{bits}"),
        format!("0x{bits:x}"),
        format!("0{bits:o}"),
        format!("{a}.{low}"),
        format!("0x{a:X}.0{b:o}.{}", bits & 0xffff),
        format!("[::ffff:{a}.{b}.{c}.{d}]"),
        format!("[64:ff9b::{:x}:{:x}]", bits >> 16, bits & 0xffff),
    ]
}

proptest::proptest! {
    #[test]
    fn no_notation_changes_the_verdict(bits: u32, inner in 0..6_usize) {
        // One half of all cases in ranges that matter.
        let prefixes = [0x0a00_0000, 0x7f00_0000, 0xa9fe_0000, 0xc0a8_0000, 0x6440_0000, bits];
        let bits = prefixes[inner] | bits & 0xffff;
        let prod = policy(Profile::Prod, &[]);
        let public = Zone::of(std::net::Ipv4Addr::from_bits(bits).into()) == Zone::Public;
        for host in notations(bits) {
            let checked = prod.check_url(&format!("http://{host}/"), Given::ByRequest);
            proptest::prop_assert_eq!(checked.is_ok(), public, "{}: {:?}", host, checked);
        }
    }

    #[test]
    fn any_text_is_judged_without_a_panic(text in ".{0,80}", tail in "[a-z0-9.:/@%\\[\\]#?-]{0,40}") {
        let prod = policy(Profile::Prod, &[]);
        for url in [text.clone(), format!("http://{text}"), format!("http://{tail}")] {
            if let Ok(checked) = prod.check_url(&url, Given::ByRequest) {
                let host = checked.url().host_str().unwrap_or_default();
                let ip = host.trim_matches(['[', ']']).parse().ok();
                proptest::prop_assert!(!host.is_empty() && checked.url().username().is_empty());
                proptest::prop_assert!(ip.is_none_or(|ip| Zone::of(ip) == Zone::Public));
            }
        }
    }
}
