//! The running server as a way into its own network: every request that can name somebody to call, in every dialect
//! that has it, against a trap that nobody may reach.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cohong_testkit::client::{Ask, Client, Tongue};
use cohong_testkit::instance::Start;
use cohong_testkit::receiver::Receiver;
use http::Method;
use serde_json::json;

use crate::World;

const BUCKET: &str = "outbound";

/// Callbacks of both dialects, fetches of both kinds, webhooks and mirrors, each with the status that refuses it.
/// `url` ends without a slash.
async fn refused_on_every_way(tos: &mut Client, url: &str) {
    let mut oss = tos.another().speaking(Tongue::Oss);
    let order = json!({"callbackUrl": format!("{url}/"), "callbackBody": "a=1"});
    let order = STANDARD.encode(order.to_string());
    let body = Bytes::from_static(b"x");
    for (client, name) in [(&mut *tos, "x-tos-callback"), (&mut oss, "x-oss-callback")] {
        let ask = Ask {
            bucket: Some(BUCKET),
            key: Some("k"),
            headers: &[(name, &order)],
            body: body.clone(),
            ..Ask::default()
        };
        expect(client, Method::PUT, &ask, 400, url).await;
        assert_eq!(
            client.get(BUCKET, "k").await,
            Ok(None),
            "nothing is stored: {url}"
        );
    }
    let fetch = json!({"URL": format!("{url}/"), "Object": "k"});
    let called = json!({"URL": "http://192.0.2.1/", "Object": "k", "CallbackUrl": format!("{url}/"),
        "CallbackBody": "a=1"});
    for (query, key, body) in [
        ("fetch", Some("k"), &fetch),
        ("fetchTask", None, &fetch),
        ("fetchTask", None, &called),
    ] {
        let ask = Ask {
            bucket: Some(BUCKET),
            key,
            query: &[(query, "")],
            body: body.to_string().into(),
            ..Ask::default()
        };
        expect(tos, Method::POST, &ask, 400, url).await;
    }
    let rules = json!({"Rules": [{"RuleId": "1", "Events": ["tos:ObjectCreated:*"],
        "Destination": {"HttpServer": [{"Url": format!("{url}/")}]}}]});
    let webhook = Ask {
        bucket: Some(BUCKET),
        query: &[("notification_v2", "")],
        body: rules.to_string().into(),
        ..Ask::default()
    };
    expect(tos, Method::PUT, &webhook, 400, url).await;
    mirrors(tos, &mut oss, url).await;
}

/// Rules for origins are kept, and whoever is asked for by them is not called.
async fn mirrors(tos: &mut Client, oss: &mut Client, url: &str) {
    let missing = Ask {
        bucket: Some(BUCKET),
        key: Some("missing"),
        ..Ask::default()
    };
    let rule = json!({"Rules": [{"ID": "1", "Condition": {"HttpCode": 404}, "Redirect": {"RedirectType": "Mirror",
        "PublicSource": {"SourceEndpoint": {"Primary": [format!("{url}/")]}}}}]});
    let website = format!(
        "<WebsiteConfiguration><RoutingRules><RoutingRule><RuleNumber>1</RuleNumber><Condition>\
         <HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals></Condition><Redirect>\
         <RedirectType>Mirror</RedirectType><MirrorURL>{url}/</MirrorURL><MirrorFollowRedirect>true\
         </MirrorFollowRedirect></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>"
    );
    for (client, query, body) in [
        (&mut *tos, [("mirror", "")], rule.to_string()),
        (&mut *oss, [("website", "")], website),
    ] {
        let set = Ask {
            bucket: Some(BUCKET),
            query: &query,
            body: body.into(),
            ..Ask::default()
        };
        client.must(Method::PUT, &set).await.expect("kept");
        expect(client, Method::GET, &missing, 424, url).await;
        let unset = Ask {
            body: Bytes::new(),
            ..set
        };
        client.must(Method::DELETE, &unset).await.expect("removed");
    }
}

async fn expect(client: &mut Client, method: Method, ask: &Ask<'_>, status: u16, url: &str) {
    let answer = client.send(method, ask).await.expect("an answer");
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(
        answer.status, status,
        "{url} {:?} {:?}: {text}",
        ask.query, ask.headers
    );
}

fn under(profile: &str) -> Start {
    Start {
        env: vec![("COHONG_EGRESS_PROFILE".into(), profile.into())],
        ..Start::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_out_of_a_request_is_guarded() {
    let trap = Receiver::start().await.expect("a trap");
    let port = trap.url().rsplit(':').next().expect("a port").to_owned();
    let strict = World::start(&under("prod")).await;
    let mut client = strict.server.client();
    client.create_bucket(BUCKET).await.expect("created");
    for host in [
        "127.0.0.1",
        "0x7f000001",
        "2130706433",
        "localhost",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
    ] {
        refused_on_every_way(&mut client, &format!("http://{host}:{port}")).await;
    }
    assert_eq!(trap.arrived().len(), 0);

    // Where this machine may be called, the server itself still is not.
    let open = World::start(&under("dev")).await;
    let mut client = open.server.client();
    client.create_bucket(BUCKET).await.expect("created");
    for own in [open.server.listen(), open.server.admin()] {
        refused_on_every_way(&mut client, &format!("http://{own}")).await;
        refused_on_every_way(&mut client, &format!("http://localhost:{}", own.port())).await;
    }
    refused_on_every_way(&mut client, "http://169.254.169.254").await;
}
