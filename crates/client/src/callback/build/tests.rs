use super::*;
use crate::callback::{BodyType, Variable};

type Made = fn(Callback) -> Callback;

fn decoded(text: &str) -> Value {
    let bytes = STANDARD.decode(text).expect("Base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn the_order_of_the_vendors_page() {
    let body = Body::json()
        .with("bucket", Variable::Bucket)
        .with("object", Variable::Object)
        .with("key1", Variable::custom("x:key1"));
    let order = Callback::tos("http://app/cb?a=%20", body).var("x:key1", "ceshi");
    let built = order.build().expect("an order");
    assert_eq!(
        decoded(&built.callback),
        serde_json::json!({
            "callbackUrl": "http://app/cb?a=%20",
            "callbackBody": r#"{"bucket":${bucket},"object":${object},"key1":${x:key1}}"#,
            "callbackBodyType": "application/json",
        })
    );
    let vars = built.callback_var.expect("variables");
    assert_eq!(decoded(&vars), serde_json::json!({"x:key1": "ceshi"}));
}

#[test]
fn what_an_order_may_have_beside_that() {
    let order = Callback::oss("http://a/", Body::form().with("o", Variable::Object))
        .or("https://[::1]:8443/b?c")
        .host("app.example:8080")
        .header("x-from", "cloud")
        .build()
        .expect("an order");
    let shown = decoded(&order.callback);
    assert_eq!(shown["callbackUrl"], "http://a/;https://[::1]:8443/b?c");
    assert_eq!(shown["callbackHost"], "app.example:8080");
    assert_eq!(shown["additionalHeaders"]["x-from"], "cloud");
    assert_eq!(order.callback_var, None);
}

#[test]
fn orders_that_services_refuse_are_not_built() {
    let cases: [(&str, Made); 22] = [
        ("six URLs", |c| {
            (0..5).fold(c, |c, n| c.or(format!("http://a/{n}")))
        }),
        ("no scheme", |c| c.or("app.example/cb")),
        ("another scheme", |c| c.or("ftp://a/")),
        ("no host", |c| c.or("http:///x")),
        ("no port", |c| c.or("http://a:/x")),
        ("port 0", |c| c.or("http://a:0/x")),
        ("bad port", |c| c.or("http://a:x/")),
        ("user", |c| c.or("http://u@a/")),
        ("blank", |c| c.or("http://a/ b")),
        ("fragment", |c| c.or("http://a/#f")),
        ("list in one", |c| c.or("http://a/;http://b/")),
        ("host with a path", |c| c.host("a/b")),
        ("host without a name", |c| c.host(":80")),
        ("empty host", |c| c.host("")),
        ("a variable without x:", |c| c.var("uid", "1")),
        ("a variable without a name", |c| c.var("x:", "1")),
        ("a variable twice", |c| c.var("x:a", "1").var("x:a", "2")),
        ("a variable that no template names", |c| c.var("x:a b", "1")),
        ("a long variable", |c| c.var("x:a", "v".repeat(9 << 10))),
        ("a header of the connection", |c| {
            c.header("Content-Length", "1")
        }),
        ("a header of the vendor", |c| c.header("X-Oss-Tag", "1")),
        ("a header with a line end", |c| {
            c.header("x-a", "1\r\nx-b: 2")
        }),
    ];
    for (name, change) in cases {
        let body = || Body::form().with("o", Variable::Object);
        for order in [
            Callback::tos("http://a/", body()),
            Callback::oss("http://a/", body()),
        ] {
            assert!(order.build().is_ok());
            assert!(change(order).build().is_err(), "{name}");
        }
    }
    let many = |n| {
        (0..n).fold(Callback::tos("http://a/", Body::json()), |c, i| {
            c.var(format!("x:{i}"), "")
        })
    };
    assert!(many(100).build().is_ok() && many(101).build().is_err());
    let lengthy = |url: &str| {
        let order = Callback::oss(url, Body::json()).var("x:a", "v".repeat(4000));
        order.build().is_err()
    };
    assert!(lengthy("http://a/"), "longer than 5 KiB in Base64");
    assert!(
        Callback::tos("http://a/", Body::json())
            .header("x-a", "1")
            .build()
            .is_err()
    );
    assert!(
        Callback::oss("http://a/", Body::json())
            .var("x:A", "1")
            .build()
            .is_err()
    );
}

#[test]
fn templates_that_cannot_be_filled_in_are_not_built() {
    let json = |text: &str| Body::template(BodyType::Json, text);
    let form = |text: &str| Body::template(BodyType::Form, text);
    for (body, tos, oss) in [
        (json(r#"{"a":${x:v},"s":${size}}"#), true, true),
        (json(r#"{"a":"${x:v}"}"#), false, true),
        (json(r#"{"s":"${size}"}"#), true, true),
        (json(r#"{"a":"say \"${x:v}\""}"#), false, true),
        (json("{${x:v}:1}"), true, true),
        (json(r#"{"a":${x:v}"#), false, false),
        (json(r#"{"a":${x:v"#), false, false),
        (json("plain"), false, false),
        (form("a=${x:v}&b=1"), true, true),
        (form("a=${x:v&b=1"), false, false),
        (form("a=${x:other}"), false, false),
        (form("a=${Object}"), false, false),
        (form("a=${versionId}"), true, false),
        (form("a=${contentMd5}"), false, true),
        (form("a=${}"), false, false),
        (form(""), false, false),
        (Body::form(), false, false),
    ] {
        let of = |make: fn(String, Body) -> Callback| {
            let order = make("http://a/".to_owned(), body.clone()).var("x:v", "1");
            order.build().is_ok()
        };
        assert_eq!(
            (of(Callback::tos), of(Callback::oss)),
            (tos, oss),
            "{body:?}"
        );
    }
}
