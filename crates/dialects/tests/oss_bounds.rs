//! What bounds a bucket in the words of OSS, and what it does to requests in every dialect: capacity, versions of
//! TLS, objects that are not overwritten; tasks that fetch; callbacks by name; lists of what clients encrypted.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_core::model::TlsVersion;
use cohong_core::work;
use cohong_sign::oss::Version;
use common::oss::{delete, get, post, put};
use common::{As, Ask, Tongue, World};
use serde_json::json;

const BUCKET: &str = "bucket-test";

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

async fn set(world: &World, setting: &str, body: &str) {
    let ask = put(BUCKET, &format!("/?{setting}")).body(body.to_owned());
    world.send(ask).await.expect_status(200);
}

async fn refused(world: &World, ask: Ask) -> (u16, String) {
    world.send(ask).await.code()
}

#[tokio::test]
async fn capacity_bounds_what_a_bucket_holds() {
    let world = world().await;
    let capacity = |gib: i64| {
        format!("<BucketUserQos><StorageCapacity>{gib}</StorageCapacity></BucketUserQos>")
    };
    let told = async |world: &World| {
        let told = world.send(get(BUCKET, "/?qos")).await.expect_status(200);
        told.element("StorageCapacity").to_owned()
    };
    assert_eq!(told(&world).await, "-1");
    set(&world, "qos", &capacity(0)).await;
    assert_eq!(told(&world).await, "0");
    let full = refused(&world, put(BUCKET, "/a").body("a")).await;
    assert_eq!(full, (403, "QuotaExceeded".into()));
    let bad = refused(&world, put(BUCKET, "/?qos").body(capacity(-2))).await;
    assert_eq!(bad, (400, "InvalidArgument".into()));
    set(&world, "qos", &capacity(-1)).await;
    let fits = world.send(put(BUCKET, "/a").body("a")).await;
    fits.expect_status(200);
}

#[tokio::test]
async fn a_bucket_is_reached_over_the_versions_of_tls_that_it_names() {
    let world = world().await;
    world.send(put(BUCKET, "/a").body("a")).await;
    let body = |inner: &str| format!("<HttpsConfiguration><TLS>{inner}</TLS></HttpsConfiguration>");
    let newest = body("<Enable>true</Enable><TLSVersion>TLSv1.3</TLSVersion>");
    set(&world, "httpsConfig", &newest).await;
    let told = world.send(get(BUCKET, "/?httpsConfig")).await;
    assert!(
        told.text()
            .contains("<Enable>true</Enable><TLSVersion>TLSv1.3</TLSVersion></TLS>")
    );
    for tongue in [Tongue::Oss(Version::V4), Tongue::Tos] {
        let ask = |tls| get(BUCKET, "/a").tongue(tongue).over(tls);
        let old = refused(&world, ask(TlsVersion::V1_2)).await;
        assert_eq!(old, (403, "AccessDenied".into()), "{tongue:?}");
        world.send(ask(TlsVersion::V1_3)).await.expect_status(200);
        let plain = world.send(get(BUCKET, "/a").tongue(tongue)).await;
        plain.expect_status(200);
    }
    let suites = newest.replace(
        "</HttpsConfiguration>",
        "<CipherSuite><Enable>true</Enable></CipherSuite></HttpsConfiguration>",
    );
    let bad = refused(&world, put(BUCKET, "/?httpsConfig").body(suites)).await;
    assert_eq!(bad, (400, "NotImplemented".into()));
    let none = body("<Enable>true</Enable>");
    let bad = refused(&world, put(BUCKET, "/?httpsConfig").body(none)).await;
    assert_eq!(bad, (400, "MalformedXML".into()));
    set(&world, "httpsConfig", &body("<Enable>false</Enable>")).await;
    let old = get(BUCKET, "/a").over(TlsVersion::V1_2);
    world.send(old).await.expect_status(200);
}

#[tokio::test]
async fn objects_that_a_rule_keeps_are_not_overwritten() {
    let world = world().await;
    let target = "/?overwriteConfig";
    let missing = (404, "NoSuchOverwriteConfig".to_owned());
    assert_eq!(refused(&world, get(BUCKET, target)).await, missing);
    let rule = "<OverwriteConfiguration><Rule><ID>r</ID><Action>forbid</Action><Prefix>a/</Prefix>\
        <Suffix>.txt</Suffix></Rule></OverwriteConfiguration>";
    set(&world, "overwriteConfig", rule).await;
    let told = world.send(get(BUCKET, target)).await.expect_status(200);
    assert_eq!(told.element("Suffix"), ".txt");
    for key in ["/a/b.txt", "/a/b.jpg"] {
        let made = world.send(put(BUCKET, key).body("one")).await;
        made.expect_status(200);
    }
    let exists = (409, "FileAlreadyExists".to_owned());
    let again = put(BUCKET, "/a/b.txt").body("two");
    assert_eq!(refused(&world, again.clone()).await, exists);
    let copy = put(BUCKET, "/a/b.txt").header("x-oss-copy-source", "/bucket-test/a/b.jpg");
    assert_eq!(refused(&world, copy).await, exists);
    let other = refused(&world, again.clone().tongue(Tongue::Tos)).await;
    assert_eq!(other, (409, "DuplicateObject".into()));
    let kept = world.send(get(BUCKET, "/a/b.txt")).await;
    assert_eq!(kept.text(), "one");
    world
        .send(put(BUCKET, "/a/b.jpg").body("two"))
        .await
        .expect_status(200);
    world
        .send(delete(BUCKET, "/a/b.txt"))
        .await
        .expect_status(204);
    world.send(again.clone()).await.expect_status(200);
    world.send(delete(BUCKET, target)).await.expect_status(204);
    world.send(again).await.expect_status(200);
}

fn fetch(url: &str, more: &str) -> Ask {
    let body = format!(
        "<AsyncFetchTaskConfiguration><Url>{url}</Url><Object>k</Object>{more}</AsyncFetchTaskConfiguration>"
    );
    post(BUCKET, "/?asyncFetch").body(body)
}

#[tokio::test]
async fn tasks_fetch_what_a_url_names() {
    let world = world().await;
    let about = |task: &str| get(BUCKET, "/?asyncFetch").header("x-oss-task-id", task);
    let page = "http://origin.example/page";
    let task = world.send(fetch(page, "")).await.expect_status(200);
    let task = task.element("TaskId");
    let told = world.send(about(task)).await.expect_status(200);
    assert_eq!(told.element("State"), "Running");
    assert_eq!(told.element("IgnoreSameKey"), "true");
    work::run_due_once(&world.engine).await.expect("work");
    let told = world.send(about(task)).await.expect_status(200);
    assert_eq!(told.element("State"), "Success");
    assert_eq!(told.element("Url"), page);
    let stored = world.send(get(BUCKET, "/k")).await.expect_status(200);
    assert_eq!(stored.text(), "fetched");

    let there = (400, "ObjectAlreadyExists".to_owned());
    assert_eq!(refused(&world, fetch(page, "")).await, there);
    let over = fetch(
        "http://origin.example/404",
        "<IgnoreSameKey>false</IgnoreSameKey>",
    );
    let task = world.send(over).await.expect_status(200);
    let task = task.element("TaskId");
    work::run_due_once(&world.engine).await.expect("work");
    let told = world.send(about(task)).await.expect_status(200);
    assert_eq!(told.element("State"), "Failed");
    for more in [
        "<Host>other.example</Host>",
        "<CallbackWhenFailed>true</CallbackWhenFailed>",
    ] {
        let unserved = refused(&world, fetch(page, more)).await;
        assert_eq!(unserved, (400, "NotImplemented".into()), "{more}");
    }
    let strange = refused(&world, about("x")).await;
    assert_eq!(strange, (404, "NoSuchAsyncFetchTask".into()));
}

#[tokio::test]
async fn uploads_order_callbacks_by_name() {
    let world = world().await;
    let encoded = |value: serde_json::Value| STANDARD.encode(value.to_string());
    let order =
        encoded(json!({"callbackUrl": "http://app.example/cb", "callbackBody": "v=${x:v}"}));
    let vars = encoded(json!({"x:v": "kept"}));
    let body = format!(
        "<BucketCallbackPolicy><PolicyItem><PolicyName>app</PolicyName><Callback>{order}</Callback>\
        <CallbackVar>{vars}</CallbackVar></PolicyItem></BucketCallbackPolicy>"
    );
    set(&world, "policy&comp=callback", &body).await;
    let told = world.send(get(BUCKET, "/?policy&comp=callback")).await;
    assert!(told.text().contains(&order), "as it was sent");
    let by_name = |name: &str| {
        let order = encoded(json!({"callbackPolicy": name}));
        put(BUCKET, "/k").body("x").header("x-oss-callback", &order)
    };
    let sent =
        |world: &World| std::mem::take(&mut *world.callbacks.sent.lock().expect("unpoisoned"));
    world.send(by_name("app")).await;
    assert_eq!(sent(&world)[0].body, "v=kept");
    let own = encoded(json!({"x:v": "own"}));
    world
        .send(by_name("app").header("x-oss-callback-var", &own))
        .await;
    assert_eq!(sent(&world)[0].body, "v=own");
    let bad = refused(&world, by_name("other")).await;
    assert_eq!(bad, (400, "InvalidArgument".into()));
    assert!(sent(&world).is_empty());

    let broken = body.replace(&order, "e30=");
    let target = "/?policy&comp=callback";
    let bad = refused(&world, put(BUCKET, target).body(broken)).await;
    assert_eq!(bad, (400, "InvalidArgument".into()));
    world.send(delete(BUCKET, target)).await.expect_status(204);
    let gone = refused(&world, get(BUCKET, target)).await;
    assert_eq!(gone, (404, "BucketCallbackPolicyNotExist".into()));
    let strangers = refused(&world, put(BUCKET, target).body(body).by(As::Other)).await;
    assert_eq!(strangers, (403, "AccessDenied".into()));
}

#[tokio::test]
async fn lists_of_parts_tell_what_an_encrypting_client_wrote() {
    let world = world().await;
    let begin = post(BUCKET, "/k?uploads")
        .header("x-oss-meta-client-side-encryption-key", "a2V5")
        .header("x-oss-meta-client-side-encryption-part-size", "102400");
    let upload = world.send(begin).await.expect_status(200);
    let upload = upload.element("UploadId");
    let part = put(BUCKET, &format!("/k?uploadId={upload}&partNumber=1"));
    world.send(part.body("x")).await.expect_status(200);
    let list = world
        .send(get(BUCKET, &format!("/k?uploadId={upload}")))
        .await;
    let list = list.expect_status(200);
    assert_eq!(list.element("ClientEncryptionKey"), "a2V5");
    assert_eq!(list.element("ClientEncryptionPartSize"), "102400");
    assert_eq!(list.element("PartNumber"), "1");
    assert!(!list.text().contains("ClientEncryptionStart"));
}
