//! Callbacks and webhooks of the real server at an application that trusts nobody.

use cohong_client::callback::{Body, Callback, Variable};
use cohong_client::oss::Error;
use cohong_client::receive::{CallbackVerifier, EventKind, VENDOR_KEYS, WebhookVerifier};
use cohong_client::tos::{
    BucketNotificationType2, Destination, Filter, HttpServer, NotificationRule, PutOptions,
};
use cohong_testkit::client::{Ask, Client};
use http::Method;

use crate::app::App;
use crate::{BUCKET, World, binary};

/// Shared with nobody.
const NO_SECRET: &str = "whsec_AAAA";

async fn webhook_secret(world: &World) -> String {
    let told = world
        .server
        .command(binary(), &["key", "webhook"])
        .await
        .unwrap();
    told["webhook_secret"].as_str().unwrap().to_owned()
}

fn oss_order(app: &App) -> cohong_client::callback::CallbackParameters {
    let body = Body::json().with("object", Variable::Object);
    let url = format!("http://{}/stored/a%2Fb?c=%20d&e", app.address);
    Callback::oss(url, body).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_are_verified_with_the_servers_key() {
    let world = World::start().await;
    let none = || WebhookVerifier::new(NO_SECRET).unwrap();
    let keys = format!("{}/.cohong/", world.endpoint());
    let app = App::start(CallbackVerifier::new(&[&keys]).unwrap(), none()).await;
    for key in ["dir/名.txt", "second"] {
        let answer = world
            .oss()
            .put_object(key, "content", &oss_order(&app).into())
            .await
            .unwrap()
            .callback_result
            .unwrap();
        assert_eq!(answer, serde_json::json!({ "object": key }).to_string());
    }
    // A new key is read where the call says it is.
    world
        .server
        .command(binary(), &["key", "callback", "--rotate"])
        .await
        .unwrap();
    world
        .oss()
        .put_object("third", "content", &oss_order(&app).into())
        .await
        .unwrap();
    let objects: Vec<String> = app
        .called()
        .iter()
        .map(|told| told.get("object").unwrap().to_owned())
        .collect();
    assert_eq!(objects, ["dir/名.txt", "second", "third"]);

    // Who trusts the vendor only does not trust this server, and a call of TOS is not signed.
    let strict = App::start(CallbackVerifier::new(&VENDOR_KEYS).unwrap(), none()).await;
    let put = world
        .oss()
        .put_object("fourth", "content", &oss_order(&strict).into())
        .await;
    let Err(Error::Callback(failed)) = put else {
        panic!("{put:?}");
    };
    assert_eq!(failed.error.message, "Error status : 403.");
    let body = Body::json().with("object", Variable::Object);
    let order = Callback::tos(format!("http://{}/stored/x", app.address), body)
        .build()
        .unwrap();
    let put = world
        .tos()
        .put_object(BUCKET, "fifth", "content", &order.into())
        .await;
    assert!(matches!(put, Err(Error::Callback(_))), "{put:?}");
    assert_eq!((app.called().len(), strict.called().len()), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_at_a_webhook_are_verified_and_read() {
    let world = World::start().await;
    let secret = webhook_secret(&world).await;
    let callbacks = CallbackVerifier::new(&VENDOR_KEYS).unwrap();
    let app = App::start(callbacks, WebhookVerifier::new(&secret).unwrap()).await;
    let rules = BucketNotificationType2 {
        rules: vec![NotificationRule {
            id: "r".into(),
            events: vec!["tos:ObjectCreated:*".into(), "tos:ObjectRemoved:*".into()],
            filter: Some(Filter::of("dir/", "")),
            destination: Destination {
                http_server: vec![HttpServer {
                    url: format!("http://{}/events", app.address),
                }],
                ..Destination::default()
            },
        }],
        version: String::new(),
    };
    let client = world.tos();
    client
        .put_bucket_notification_type2(BUCKET, &rules)
        .await
        .unwrap();
    let key = "dir/名 +.txt";
    let stored = client
        .put_object(BUCKET, key, "content", &PutOptions::default())
        .await
        .unwrap();
    client.delete_object(BUCKET, key).await.unwrap();
    let events = app.events(2).await;
    let kinds: Vec<_> = events.iter().map(|event| event.events[0].kind()).collect();
    assert_eq!(
        kinds,
        [Some(EventKind::CreatedPut), Some(EventKind::RemovedDelete)]
    );
    assert!(events[0].sequencer < events[1].sequencer && events[0].id != events[1].id);
    assert_eq!(events[0].source, "/faas/event/tos/bucket-test");
    let tos = &events[0].events[0].tos;
    assert_eq!(
        (&*tos.object.key, tos.object.size, &tos.object.etag),
        (key, 7, &stored.etag)
    );
    assert_eq!((&*tos.rule_id, &*tos.bucket.name), ("r", BUCKET));
    assert_eq!(tos.response_elements.request_id, stored.request_id);
    assert_eq!(
        tos.request_parameters.source_ip_address.as_deref(),
        Some("127.0.0.1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_deliveries_and_calls_are_refused() {
    let callbacks = CallbackVerifier::new(&VENDOR_KEYS).unwrap();
    let app = App::start(callbacks, WebhookVerifier::new(NO_SECRET).unwrap()).await;
    // Whoever asks: what it signs with is of no use here.
    let mut client = Client::new(app.address, "a", "b");
    for (path, headers, wanted) in [
        ("events", &[][..], 403),
        (
            "events",
            &[
                ("webhook-id", "1"),
                ("webhook-timestamp", "1"),
                ("webhook-signature", "v1,AAAA"),
            ][..],
            403,
        ),
        (
            "events",
            &[
                ("webhook-id", "1"),
                ("webhook-timestamp", "x"),
                ("webhook-signature", "v1,AAAA"),
            ][..],
            400,
        ),
        // Signed, but as a request of TOS is.
        ("stored/x", &[][..], 400),
        (
            "stored/x",
            &[("x-oss-pub-key-url", "aHR0cDovL2V2aWwv")][..],
            400,
        ),
    ] {
        let ask = Ask {
            key: Some(path),
            headers,
            ..Ask::default()
        };
        let answer = client.send(Method::POST, &ask).await.unwrap();
        assert_eq!(answer.status.as_u16(), wanted, "{path} {headers:?}");
    }
    assert!(app.called().is_empty());
}
