//! The client of TOS.

use bytes::Bytes;
use cohong_client::callback::{Body, Callback, CallbackParameters, Variable};
use cohong_client::receive::CallbackBody;
use cohong_client::tos::{
    Addressing, BucketNotification, BucketNotificationType2, CloudFunctionConfiguration,
    Destination, Error, Filter, HttpServer, NotificationRule, PutOptions, TosClient, VeFaas,
};
use cohong_testkit::instance::{ACCESS_KEY, SECRET_KEY};
use cohong_testkit::receiver::Receiver;
use http::StatusCode;

use crate::{BUCKET, World};

#[allow(dead_code, reason = "its main belongs to the command line")]
#[path = "../../../client/examples/upload_callback.rs"]
mod example;

fn order(url: &str) -> CallbackParameters {
    let body = Body::json()
        .with("bucket", Variable::Bucket)
        .with("object", Variable::Object)
        .with("size", Variable::Size)
        .with("key1", Variable::custom("x:key1"));
    let order = Callback::tos(url, body).var("x:key1", "ceshi");
    order.build().unwrap()
}

fn status<T>(done: Result<T, Error>) -> u16 {
    match done {
        Err(Error::Server(error)) => error.status_code,
        Err(other) => panic!("{other}"),
        Ok(_) => 200,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_calls_the_application_and_brings_its_answer() {
    let world = World::start().await;
    let receiver = Receiver::start().await.unwrap();
    let client = world.tos();
    let options = PutOptions {
        content_type: Some("text/plain".into()),
        metadata: vec![("名".into(), "a b+é".into())],
        ..order(&receiver.url()).into()
    };
    let stored = client
        .put_object(BUCKET, "object-test", "content", &options)
        .await
        .unwrap();
    assert_eq!(stored.callback_result.as_deref(), Some(&b"{}"[..]));
    assert!(stored.status_code == 200 && !stored.request_id.is_empty());
    assert!(stored.hash_crc64_ecma.is_some());
    let called = &receiver.arrived()[0];
    let body = CallbackBody::read(&called.headers, &called.body).unwrap();
    let told = ["bucket", "object", "size", "key1"].map(|name| body.get(name).unwrap());
    assert_eq!(told, [BUCKET, "object-test", "7", "ceshi"]);

    let mut object = client.get_object(BUCKET, "object-test").await.unwrap();
    assert_eq!(object.read_to_end(100).await.unwrap(), "content");
    assert_eq!(object.head.metadata["名"], "a b+é");
    let head = client.head_object(BUCKET, "object-test").await.unwrap();
    assert_eq!((&head.etag, head.content_length), (&stored.etag, 7));
    assert_eq!(head.content_type, "text/plain");
    let again = PutOptions {
        forbid_overwrite: true,
        ..PutOptions::default()
    };
    assert_eq!(
        status(
            client
                .put_object(BUCKET, "object-test", "other", &again)
                .await
        ),
        409
    );
    client.delete_object(BUCKET, "object-test").await.unwrap();
    let gone = client.head_object(BUCKET, "object-test").await;
    let Err(Error::Server(gone)) = gone else {
        panic!("it is gone");
    };
    assert_eq!((gone.status_code, &*gone.ec), (404, "0017-00000003"));
    let asked = "http://bucket-test.tos-cn-beijing.volces.com/object-test";
    assert_eq!(gone.request_url, asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_call_leaves_the_object_and_a_refused_order_nothing() {
    let world = World::start().await;
    let failing = |_: &_| (StatusCode::INTERNAL_SERVER_ERROR, Bytes::new());
    let receiver = Receiver::answering(failing).await.unwrap();
    let client = world.tos();
    let options = order(&receiver.url()).into();
    let put = client.put_object(BUCKET, "kept", "content", &options).await;
    let Err(Error::Callback(failed)) = put else {
        panic!("{put:?}");
    };
    assert_eq!(
        (failed.error.status_code, &*failed.error.code),
        (203, "CallbackFailed")
    );
    assert_eq!(receiver.count(), 1, "an upload is not repeated");
    let head = client.head_object(BUCKET, "kept").await.unwrap();
    assert_eq!(head.etag, failed.etag);

    let bad = CallbackParameters {
        callback: "!!!".into(),
        callback_var: None,
    };
    assert_eq!(
        status(
            client
                .put_object(BUCKET, "never", "content", &bad.into())
                .await
        ),
        400
    );
    assert_eq!(status(client.head_object(BUCKET, "never").await), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_in_parts_call_when_they_are_complete() {
    let world = World::start().await;
    let receiver = Receiver::start().await.unwrap();
    let client = world.tos();
    let order = order(&receiver.url());
    let first = vec![b'a'; 5 << 20];
    for named in [true, false] {
        let options = PutOptions::default();
        let upload = client
            .create_multipart_upload(BUCKET, "large", &options)
            .await
            .unwrap();
        let mut parts = Vec::new();
        for (number, content) in [(2, vec![b'b'; 10]), (1, first.clone())] {
            let part = client.upload_part(BUCKET, "large", &upload, number, content);
            parts.push(part.await.unwrap());
        }
        parts.reverse();
        let parts = named.then_some(&parts[..]);
        let done = client
            .complete_multipart_upload(BUCKET, "large", &upload, parts, Some(&order))
            .await
            .unwrap();
        assert!(
            done.callback_result.is_some() && done.etag.ends_with("-2"),
            "{done:?}"
        );
        let head = client.head_object(BUCKET, "large").await.unwrap();
        assert_eq!(head.content_length, (5 << 20) + 10);
    }
    assert_eq!(receiver.count(), 2);
    let options = order.clone().into();
    let refused = client
        .create_multipart_upload(BUCKET, "large", &options)
        .await;
    assert!(matches!(refused, Err(Error::Value(_))));
    let upload = client
        .create_multipart_upload(BUCKET, "gone", &PutOptions::default())
        .await
        .unwrap();
    client
        .abort_multipart_upload(BUCKET, "gone", &upload)
        .await
        .unwrap();
    let late = client.upload_part(BUCKET, "gone", &upload, 1, "x").await;
    assert_eq!(status(late), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn notification_rules_go_there_and_back() {
    let world = World::start().await;
    let client = world.tos();
    let rule = CloudFunctionConfiguration {
        id: "1".into(),
        events: vec![
            "tos:ObjectCreated:Put".into(),
            "tos:ObjectCreated:Post".into(),
        ],
        filter: Some(Filter::of("images/", ".png")),
        cloud_function: "thumbnails".into(),
    };
    let none = client.get_bucket_notification(BUCKET).await.unwrap();
    assert_eq!(none, BucketNotification::default());
    client
        .put_bucket_notification(BUCKET, vec![rule.clone()])
        .await
        .unwrap();
    let set = client.get_bucket_notification(BUCKET).await.unwrap();
    assert_eq!(
        set.cloud_function_configurations,
        std::slice::from_ref(&rule)
    );
    assert_eq!(
        status(
            client
                .put_bucket_notification(BUCKET, vec![rule.clone(), rule.clone()])
                .await
        ),
        400,
        "one id twice"
    );

    let mut all = client.get_bucket_notification_type2(BUCKET).await.unwrap();
    assert_eq!(
        all.rules[0].destination.ve_faas[0].function_id,
        "thumbnails"
    );
    let read = all.version.clone();
    let destination = Destination {
        ve_faas: vec![VeFaas {
            function_id: "f".into(),
        }],
        http_server: vec![HttpServer {
            url: "https://app.example/events".into(),
        }],
        ..Destination::default()
    };
    all.rules.push(NotificationRule {
        id: "2".into(),
        events: vec!["tos:ObjectRemoved:*".into()],
        filter: None,
        destination,
    });
    client
        .put_bucket_notification_type2(BUCKET, &all)
        .await
        .unwrap();
    let now = client.get_bucket_notification_type2(BUCKET).await.unwrap();
    assert!(now.rules == all.rules && now.version != read);
    assert_eq!(
        status(client.put_bucket_notification_type2(BUCKET, &all).await),
        409,
        "stale"
    );
    let nothing = BucketNotificationType2::default();
    client
        .put_bucket_notification_type2(BUCKET, &nothing)
        .await
        .unwrap();
    let now = client.get_bucket_notification(BUCKET).await.unwrap();
    assert_eq!(now, BucketNotification::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_keys_and_both_ways_of_addressing() {
    let world = World::start().await;
    let client = world.tos();
    for key in [
        "a/../b",
        "//x",
        "./y",
        "名 +%?#&=",
        "a.",
        "%2e%2e/z",
        "tilde~*'()",
    ] {
        let options = PutOptions::default();
        client
            .put_object(BUCKET, key, key.to_owned(), &options)
            .await
            .unwrap();
        let mut object = client.get_object(BUCKET, key).await.unwrap();
        assert_eq!(object.read_to_end(100).await.unwrap(), key);
    }
    let port = world.server.listen().port();
    let by_name = format!("http://localhost:{port}");
    let by_name = TosClient::new(ACCESS_KEY, SECRET_KEY, &by_name, "cn-beijing").unwrap();
    let head = by_name.head_object(BUCKET, "//x").await.unwrap();
    assert_eq!(head.content_length, 3);
    let oss = world.oss().with_addressing(Addressing::HostHeader);
    let head = oss.head_object("a/../b").await.unwrap();
    assert_eq!(head.content_length, 6);
    let forger = TosClient::new(ACCESS_KEY, "guess", &world.endpoint(), "cn-beijing").unwrap();
    assert_eq!(status(forger.head_object(BUCKET, "//x").await), 403);
    assert!(!format!("{forger:?}").contains("guess"));
}

#[test]
fn the_example_and_the_blocking_client() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::start());
    let receiver = runtime.block_on(Receiver::start()).unwrap();
    let file = world.folder.path().join("photo.bin");
    std::fs::write(&file, vec![7; (3 << 20) + 5]).unwrap();
    let (endpoint, url) = (world.endpoint(), receiver.url());
    for (n, vendor) in ["tos", "oss"].into_iter().enumerate() {
        let file = file.to_str().unwrap();
        let words = [
            vendor, &endpoint, ACCESS_KEY, SECRET_KEY, BUCKET, file, &url,
        ];
        let stored = example::upload(&words).unwrap();
        assert_eq!(stored.callback_result.as_deref(), Some(&b"{}"[..]));
        let called = &receiver.arrived()[n];
        let body = CallbackBody::read(&called.headers, &called.body).unwrap();
        assert_eq!(body.get("size"), Some("3145733"), "{vendor}");
        assert_eq!(
            (body.get("object"), body.get("from")),
            (Some("photo.bin"), Some("example"))
        );
    }
    let client = cohong_client::tos::blocking::TosClient::new(
        ACCESS_KEY,
        SECRET_KEY,
        &endpoint,
        "cn-beijing",
    );
    let client = client.unwrap();
    let mut object = client.get_object(BUCKET, "photo.bin").unwrap();
    assert_eq!(object.head().content_length, 3_145_733);
    assert_eq!(object.read(4).unwrap(), &[7, 7, 7, 7][..]);
    assert!(object.read_to_end(10).is_err(), "more than was allowed");
    let missing = world.folder.path().join("missing");
    let missing = client.put_object_from_file(BUCKET, "k", &missing, &PutOptions::default());
    assert!(matches!(missing, Err(Error::Io(_))));
}
