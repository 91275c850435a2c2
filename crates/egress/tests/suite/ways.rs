//! Every way on which a request can make this server call somebody, against every disguise of an inner
//! address: nothing is sent, and nothing is opened.

use std::net::IpAddr;
use std::sync::Arc;

use cohong_core::engine::Secret;
use cohong_core::model::{Destination, ObjectKey, Timestamp};
use cohong_core::ports::{
    CallbackSender, Fetcher, Message, OriginRequest, Origins, SourceCredentials, Target,
};
use cohong_egress::policy::{Given, Profile};
use cohong_egress::{
    Http, HttpOrigins, SourceReaders, Speech, Store, UrlReader, WebhookSecret, WebhookSecrets,
    WebhookTarget,
};

use crate::common::{Names, Receiver, Still, answer, call, callbacks, http, ok, policy};
use crate::urls::{INNER, LOOPBACK};

/// Who calls what a request names.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Callbacks of uploads, in every dialect that has them.
    Callback,
    /// Webhooks of notification rules.
    Webhook,
    /// Fetches of a URL, at once or as tasks.
    Fetch,
    /// Mirrors of buckets, which do not follow redirects.
    Mirror,
    /// Mirrors of buckets that follow them.
    MirrorOn,
    /// Sources of sync tasks that no operator registered.
    Source,
}

const WAYS: [Way; 6] = [
    Way::Callback,
    Way::Webhook,
    Way::Fetch,
    Way::Mirror,
    Way::MirrorOn,
    Way::Source,
];

/// What hosts may resolve to, each of which leads to this machine or to a metadata service, alone or in company of
/// others that do.
const RESOLUTIONS: [&[&str]; 20] = [
    &["127.0.0.1"],
    &["127.9.9.9"],
    &["::1"],
    &["::ffff:127.0.0.1"],
    &["::127.0.0.1"],
    &["64:ff9b::7f00:1"],
    &["2002:7f00:1::"],
    &["2001:0:808:808::80ff:fffe"],
    &["2606:4700::5efe:7f00:1"],
    &["0.0.0.0"],
    &["::"],
    &["10.0.0.1"],
    &["fd12::1"],
    &["fe80::1"],
    &["169.254.169.254"],
    &["::ffff:169.254.169.254"],
    &["100.100.100.200"],
    &["fd00:ec2::254"],
    &["127.0.0.1", "::1", "10.0.0.1"],
    &["169.254.169.254", "127.0.0.1"],
];

#[derive(Debug)]
struct Key;

impl WebhookSecrets for Key {
    fn secret(&self) -> WebhookSecret {
        WebhookSecret::new(*b"0123456789abcdef01234567")
    }
}

impl Way {
    /// Calls the URL once; why nothing came of it, if so.
    async fn call(self, http: &Arc<Http>, url: &str) -> Result<(), String> {
        let http = Arc::clone(http);
        let clock = Arc::new(Still(Timestamp::from_millis(784_111_777_000)));
        match self {
            Self::Callback => {
                let outcome = callbacks(http).send(&call(&[url])).await;
                outcome
                    .answer
                    .map(|_| ())
                    .ok_or_else(|| format!("{:?}", outcome.attempts))
            }
            Self::Webhook => {
                let message = Message {
                    id: "1".to_owned(),
                    headers: Vec::new(),
                    content_type: "application/json",
                    body: "{}".into(),
                };
                let target = WebhookTarget::new(http, Arc::new(Key), clock);
                let to = Destination::Webhook(url.into());
                let sent = target.deliver(&to, &message).await;
                sent.map(|_| ()).map_err(|why| format!("{why:?}"))
            }
            Self::Fetch => {
                let read = UrlReader::new(http).fetch(url).await;
                read.map(|_| ()).map_err(|why| format!("{why:?}"))
            }
            Self::Mirror | Self::MirrorOn => {
                let request = OriginRequest {
                    origins: vec![url.into()],
                    key: "k".to_owned(),
                    query: String::new(),
                    headers: Vec::new(),
                    follow: matches!(self, Self::MirrorOn),
                };
                let read = HttpOrigins::new(http).fetch(request).await;
                read.map(|_| ()).map_err(|why| format!("{why:?}"))
            }
            Self::Source => {
                let store = Store {
                    speech: Speech::Http,
                    endpoint: url.into(),
                    path_style: true,
                    signing_region: None,
                    given: Given::ByRequest,
                };
                let with = SourceCredentials {
                    access: "".into(),
                    secret: Secret::new(""),
                    token: None,
                };
                let readers = SourceReaders::new(http, clock);
                let source = readers.open(store, "here", "", &with);
                let source = source.map_err(|why| format!("{why:?}"))?;
                let seen = source.stat(&ObjectKey::new("k").unwrap()).await;
                seen.map(|_| ()).map_err(|why| format!("{why:?}"))
            }
        }
    }
}

/// Everything a request can name to get inside: addresses in disguise, and names for each of them. What names resolve
/// to stands beside the URLs.
fn attacks(port: u16) -> Vec<(Vec<String>, Arc<Names>)> {
    let written = LOOPBACK
        .iter()
        .map(|form| form.replace("PORT", &port.to_string()))
        .chain(INNER.iter().map(|(url, _)| (*url).to_owned()))
        .collect();
    let hosts = ["name.example", "name.example.", "NAME.example"];
    let named = || hosts.map(|host| format!("http://{host}:{port}/")).to_vec();
    let resolved = RESOLUTIONS
        .iter()
        .map(|inner| (named(), Names::of(&[inner])));
    [(written, Names::of(&[]))]
        .into_iter()
        .chain(resolved)
        .collect()
}

#[tokio::test]
async fn no_disguise_reaches_anything_on_any_way() {
    let trap = Receiver::start(ok()).await;
    let mut tried = 0;
    for (urls, names) in attacks(trap.port()) {
        let strict = http(policy(Profile::Prod, &[]), names);
        for url in urls {
            tried += 1;
            for way in WAYS {
                let why = way.call(&strict, &url).await.expect_err(&url);
                let told = why.contains("egress.allow") || why.contains("does not call");
                assert!(told, "{way:?} {url}: {why}");
            }
        }
    }
    assert!(tried >= 60, "{tried}");
    assert_eq!((trap.connections(), trap.requests().len()), (0, 0));
}

/// A name that is harmless when it is looked up first and leads inside from then on, and the reverse; each call
/// looks up anew, so the trap is never dialled whatever the order.
#[tokio::test]
async fn no_rebinding_reaches_anything_on_any_way() {
    let good = Receiver::start(ok()).await;
    let trap = good.beside([127, 0, 0, 2], ok()).await;
    let (here, there): (&[&str], &[&str]) = (&["127.0.0.1"], &["127.0.0.2"]);
    let schedules: [&[&[&str]]; 5] = [
        &[here, there],
        &[there, here],
        &[here, here, there],
        &[&["127.0.0.2", "127.0.0.1"], there],
        &[&["169.254.169.254", "127.0.0.1"], &["::ffff:127.0.0.2"]],
    ];
    let url = format!("http://rebind.example:{}/", good.port());
    for answers in schedules {
        let permitted =
            |ip: &&str| ip.parse::<IpAddr>().unwrap().to_canonical() == good.address.ip();
        for way in WAYS {
            // A pool of connections of its own each time, so that every call looks the name up.
            let names = Names::of(answers);
            let lenient = http(
                policy(Profile::Prod, &["127.0.0.1"]),
                Arc::clone(&names) as _,
            );
            for _ in 0..4 {
                let open = answers[names.asked() % answers.len()].iter().any(permitted);
                let reached = way.call(&lenient, &url).await;
                assert_eq!(reached.is_ok(), open, "{way:?} {answers:?}: {reached:?}");
            }
            assert_eq!(names.asked(), 4, "{way:?} looks up at every call");
        }
    }
    assert_eq!(trap.connections(), 0);
}

#[tokio::test]
async fn no_redirect_leads_inside_on_any_way() {
    let trap = Receiver::start(ok()).await;
    let inside = trap.beside([127, 0, 0, 2], ok()).await;
    let lenient = http(policy(Profile::Prod, &["127.0.0.1"]), Names::of(&[]));
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let to = format!("location: http://127.0.0.2:{}/\r\n", inside.port());
        let receiver = Receiver::start(answer(status, &to, "")).await;
        for way in WAYS {
            let led = way.call(&lenient, &receiver.url("/")).await;
            assert!(led.is_err(), "{way:?} {status}");
        }
        assert_eq!(receiver.connections(), WAYS.len());
    }
    assert_eq!((trap.connections(), inside.connections()), (0, 0));
}

/// What the same URLs do where the operator permits them, so that the refusals above are the policy's.
#[tokio::test]
async fn the_allow_list_opens_every_way() {
    let receiver = Receiver::start(ok()).await;
    let mut calls = 0;
    let open = http(policy(Profile::Prod, &["127.0.0.0/8"]), Names::of(&[]));
    for form in LOOPBACK {
        let url = form.replace("PORT", &receiver.port().to_string());
        for way in WAYS {
            let reached = way.call(&open, &url).await;
            assert!(reached.is_ok(), "{way:?} {url}: {reached:?}");
            calls += 1;
        }
    }
    let url = format!("http://app.internal:{}/", receiver.port());
    let open = http(
        policy(Profile::Prod, &["*.internal"]),
        Names::of(&[&["127.0.0.1"]]),
    );
    for way in WAYS {
        let reached = way.call(&open, &url).await;
        assert!(reached.is_ok(), "{way:?} {url}: {reached:?}");
        calls += 1;
    }
    assert_eq!(receiver.requests().len(), calls);
}
