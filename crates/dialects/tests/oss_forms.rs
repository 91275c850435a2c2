//! Form uploads in the words of OSS.

mod common;

use common::oss::{get, head, post, put};
use common::{As, Ask, World};
use serde_json::{Value, json};

const BUCKET: &str = "bucket-test";

/// A file as browsers send it: its name, its type, its bytes.
const FILE: (&str, &str, &str) = ("cat.jpg", "image/jpeg", "by form");

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

fn form(fields: &[(String, String)], (name, kind, bytes): (&str, &str, &str)) -> Ask {
    let part = |(name, value): &(String, String)| {
        format!("--BB\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let kind = match kind {
        "" => String::new(),
        kind => format!("Content-Type: {kind}\r\n"),
    };
    let file = format!(
        "--BB\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n{kind}\r\n{bytes}\r\n--BB--\r\n"
    );
    let head: String = fields.iter().map(part).collect();
    post(BUCKET, "/")
        .header("content-type", "multipart/form-data; boundary=BB")
        .by(As::Nobody)
        .body(head + &file)
}

fn fields(world: &World, conditions: &Value, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let policy = json!({"expiration": "2024-05-06T08:00:00.000Z", "conditions": conditions});
    let more = more
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    more.chain(world.sign_policy_for_oss(&policy)).collect()
}

#[tokio::test]
async fn a_form_names_its_key_after_the_file() {
    let world = world().await;
    let conditions = json!([{"bucket": BUCKET}, ["starts-with", "$key", "user/cat"]]);
    let named = fields(&world, &conditions, &[("Key", "user/${filename}")]);
    world.send(form(&named, FILE)).await.expect_status(204);
    let read = world
        .send(get(BUCKET, "/user/cat.jpg"))
        .await
        .expect_status(200);
    assert_eq!(read.text(), "by form");
    let refused = world.send(form(&named, ("dog.jpg", "", "x"))).await;
    assert_eq!(refused.code(), (403, "AccessDenied".into()));
    let bare = fields(&world, &json!([]), &[("key", "${filename}")]);
    let refused = world.send(form(&bare, ("/front", "", "x"))).await;
    assert_eq!(refused.code(), (400, "InvalidObjectName".into()));
}

#[tokio::test]
async fn the_type_of_a_form_s_object() {
    type Fields = &'static [(&'static str, &'static str)];
    let world = world().await;
    let cases: [(Fields, &str, &str); 4] = [
        (
            &[("x-oss-content-type", "a/b"), ("Content-Type", "c/d")],
            "e/f",
            "a/b",
        ),
        (&[("Content-Type", "c/d")], "e/f", "c/d"),
        (&[], "e/f", "e/f"),
        (&[], "", "application/octet-stream"),
    ];
    for (said, of_file, wanted) in cases {
        let more: Vec<_> = [("key", "k")].iter().chain(said).copied().collect();
        let form = form(&fields(&world, &json!([]), &more), ("n", of_file, "x"));
        world.send(form).await.expect_status(204);
        let seen = world.send(head(BUCKET, "/k")).await.expect_status(200);
        assert_eq!(seen.header("content-type"), wanted);
    }
}

#[tokio::test]
async fn what_a_policy_refuses_is_told_in_the_vendor_s_words() {
    let world = world().await;
    let failed = "Invalid according to Policy: Policy Condition failed: ";
    let cases = [
        (
            json!({"key": "other"}),
            "AccessDenied",
            format!("{failed}[\"eq\",\"$key\",\"other\"]"),
        ),
        (
            json!(["starts-with", "$Key", "user/"]),
            "AccessDenied",
            format!("{failed}[\"starts-with\",\"$key\",\"user/\"]"),
        ),
        (
            json!(["in", "$key", ["a"]]),
            "AccessDenied",
            format!("{failed}[\"in\",\"$key\",[\"a\"]]"),
        ),
        (
            json!(["not-in", "$key", ["k"]]),
            "AccessDenied",
            format!("{failed}[\"not-in\",\"$key\",[\"k\"]]"),
        ),
        (
            json!(["content-length-range", 8, 9]),
            "EntityTooSmall",
            String::new(),
        ),
        (
            json!(["content-length-range", 1, 6]),
            "EntityTooLarge",
            String::new(),
        ),
        (
            json!(["is", "$key", "k"]),
            "InvalidPolicyDocument",
            "Invalid Policy: ".into(),
        ),
    ];
    for (condition, code, message) in cases {
        let fields = fields(&world, &json!([condition]), &[("key", "k")]);
        let refused = world.send(form(&fields, FILE)).await;
        let status = if code == "AccessDenied" { 403 } else { 400 };
        assert_eq!(refused.code(), (status, code.into()), "{condition}");
        let told = refused.element("Message").replace("&quot;", "\"");
        assert!(told.starts_with(&message), "{told}");
    }
    let good = fields(&world, &json!([]), &[("key", "k")]);
    world.clock.advance(std::time::Duration::from_hours(1));
    let late = world.send(form(&good, FILE)).await;
    assert_eq!(late.code(), (403, "AccessDenied".into()));
    assert_eq!(
        late.element("Message"),
        "Invalid according to Policy: Policy expired."
    );
    assert_eq!(world.send(get(BUCKET, "/")).await.element("Key"), "");
}
