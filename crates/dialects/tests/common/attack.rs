//! What tests of refusals share.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{As, Ask, World, get, post};

pub(crate) const BUCKET: &str = "bucket-test";

/// A parameter of a callback.
pub(crate) fn encoded(value: &Value) -> String {
    STANDARD.encode(value.to_string())
}

/// A callback that would be made.
pub(crate) fn order() -> String {
    encoded(&json!({"callbackUrl": "http://app.example.com/cb", "callbackBody": "a=1"}))
}

/// Each request gets this status and code, and no key is stored.
pub(crate) async fn refused(world: &World, cases: Vec<(Ask, u16, &str)>) {
    for (ask, status, code) in cases {
        let shown = format!("{ask:?}");
        let reply = world.send(ask).await;
        assert_eq!(reply.code(), (status, code.to_owned()), "{shown}");
    }
    let list = world.send(get(BUCKET, "/")).await.expect_status(200).json();
    assert_eq!(list["Contents"], json!([]), "nothing was stored");
    assert!(world.callbacks.sent.lock().expect("unpoisoned").is_empty());
}

/// A form as browsers send it, unsigned unless `fields` sign it.
pub(crate) fn form(fields: &[(&str, &str)]) -> Ask {
    let part = |(name, value): &(&str, &str)| {
        format!("--BB\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let head: String = fields.iter().map(part).collect();
    let file = "--BB\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n123\r\n--BB--\r\n";
    post(BUCKET, "/")
        .header("content-type", "multipart/form-data; boundary=BB")
        .by(As::Nobody)
        .body(head + file)
}
