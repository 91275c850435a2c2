//! The client of OSS.

use cohong_client::callback::{Body, Callback, Variable};
use cohong_client::oss::{Error, PutOptions};
use cohong_client::receive::CallbackBody;
use cohong_testkit::receiver::Receiver;

use crate::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_sample_of_the_vendors_page() {
    let world = World::start().await;
    let receiver = Receiver::start().await.unwrap();
    let bucket = world.oss();
    let body = Body::form()
        .with("bucket", Variable::Bucket)
        .with("object", Variable::Object)
        .with("my_var1", Variable::custom("x:my_var1"));
    let order = Callback::oss(receiver.url(), body)
        .host("app.example")
        .header("x-from", "cloud")
        .var("x:my_var1", "my_val1")
        .build()
        .unwrap();
    let options = PutOptions {
        metadata: vec![("colour".into(), "蓝".into())],
        ..order.clone().into()
    };
    let key = "examplefiles/exampleobject.txt";
    let content = "a".repeat(1 << 20);
    let stored = bucket
        .put_object(key, content.clone(), &options)
        .await
        .unwrap();
    assert_eq!(stored.callback_result.as_deref(), Some(&b"{}"[..]));
    let called = &receiver.arrived()[0];
    assert_eq!(
        called.body,
        "bucket=bucket-test&object=examplefiles%2Fexampleobject.txt&my_var1=my_val1"
    );
    assert_eq!(
        (&called.headers["host"], &called.headers["x-from"]),
        (&"app.example".parse().unwrap(), &"cloud".parse().unwrap())
    );
    let mut object = bucket.get_object(key).await.unwrap();
    assert_eq!(object.head.metadata["colour"], "蓝");
    assert_eq!(object.read_to_end(2 << 20).await.unwrap(), content);

    let file = world.folder.path().join("file");
    std::fs::write(&file, &content).unwrap();
    let stored = bucket
        .put_object_from_file("from-file", &file, &order.clone().into())
        .await
        .unwrap();
    assert_eq!(
        bucket.head_object("from-file").await.unwrap().etag,
        stored.etag
    );

    let upload = bucket
        .init_multipart_upload("parts", &PutOptions::default())
        .await
        .unwrap();
    let part = bucket
        .upload_part("parts", &upload, 1, "content")
        .await
        .unwrap();
    let done = bucket
        .complete_multipart_upload("parts", &upload, Some(&[part]), Some(&order))
        .await
        .unwrap();
    assert_eq!(done.callback_result.as_deref(), Some(&b"{}"[..]));
    let called = receiver.arrived();
    let body = CallbackBody::read(&called[2].headers, &called[2].body).unwrap();
    assert_eq!(body.get("object"), Some("parts"));

    let upload = bucket
        .init_multipart_upload("all", &PutOptions::default())
        .await
        .unwrap();
    bucket
        .upload_part("all", &upload, 1, "content")
        .await
        .unwrap();
    let done = bucket.complete_multipart_upload("all", &upload, None, None);
    assert_eq!(done.await.unwrap().callback_result, None);
    bucket.delete_object("all").await.unwrap();
    let Err(Error::Server(gone)) = bucket.head_object("all").await else {
        panic!("it is gone");
    };
    assert_eq!((gone.status_code, &*gone.code), (404, "NoSuchKey"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_answers_no_json_has_not_accepted() {
    let world = World::start().await;
    let answer = |_: &_| (http::StatusCode::OK, "thanks".into());
    let receiver = Receiver::answering(answer).await.unwrap();
    let body = Body::json().with("object", Variable::Object);
    let order = Callback::oss(receiver.url(), body).build().unwrap();
    let put = world
        .oss()
        .put_object("kept", "content", &order.into())
        .await;
    let Err(Error::Callback(failed)) = put else {
        panic!("{put:?}");
    };
    assert_eq!(
        (&*failed.error.code, &*failed.error.ec),
        ("CallbackFailed", "0007-00000205")
    );
    let head = world.oss().head_object("kept").await.unwrap();
    assert_eq!(head.etag, failed.etag);
}
