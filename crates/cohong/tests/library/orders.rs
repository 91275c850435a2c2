//! Orders of callbacks: what the library builds, the server accepts and fills in as it was meant, and what the server
//! refuses, the library does not build.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cohong_client::callback::{Body, Callback, CallbackParameters, Variable};
use cohong_client::receive::CallbackBody;
use cohong_client::tos::{Error, Stored};
use cohong_testkit::receiver::Receiver;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::{BUCKET, World};

const CASES: u32 = 48;

/// An order, and what the application should be told.
#[derive(Clone, Debug)]
struct Meant {
    oss: bool,
    json: bool,
    key: String,
    /// Members with texts of their own.
    texts: BTreeMap<String, String>,
    /// Members with variables, by the variables' names.
    vars: BTreeMap<String, String>,
    path: String,
}

fn meant() -> impl Strategy<Value = Meant> {
    let texts = prop::collection::btree_map("t.{0,12}", ".{0,24}", 0..4);
    let vars = prop::collection::btree_map("x:[a-z0-9_.-]{1,8}", ".{0,24}", 0..4);
    let path = "(/([a-zA-Z0-9~+._-]|%41){0,6}){0,3}(\\?([a-z=&/]|%20){0,8})?";
    let key = "k[ -~é名]{0,20}";
    (any::<bool>(), any::<bool>(), key, texts, vars, path).prop_map(
        |(oss, json, key, texts, vars, path)| Meant {
            oss,
            json,
            key,
            texts,
            vars,
            path,
        },
    )
}

impl Meant {
    fn order(&self, url: &str) -> Callback {
        let mut body = if self.json {
            Body::json()
        } else {
            Body::form()
        };
        body = body
            .with("object", Variable::Object)
            .with("bucket", Variable::Bucket);
        for (name, text) in &self.texts {
            body = body.text(name, text);
        }
        for name in self.vars.keys() {
            body = body.with(name, Variable::custom(name));
        }
        let url = format!("{url}{}", self.path);
        let order = if self.oss {
            Callback::oss(url, body)
        } else {
            Callback::tos(url, body)
        };
        let vars = self.vars.iter();
        vars.fold(order, |order, (name, value)| order.var(name, value))
    }

    fn told(&self) -> CallbackBody {
        let mut told = self.texts.clone();
        told.extend(self.vars.clone());
        told.insert("object".into(), self.key.clone());
        told.insert("bucket".into(), BUCKET.into());
        CallbackBody(told)
    }
}

async fn put(
    world: &World,
    oss: bool,
    key: &str,
    order: CallbackParameters,
) -> Result<Stored, Error> {
    let options = order.into();
    if oss {
        world.oss().put_object(key, "content", &options).await
    } else {
        world
            .tos()
            .put_object(BUCKET, key, "content", &options)
            .await
    }
}

#[test]
fn what_is_built_is_accepted_and_filled_in_as_meant() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::start());
    let receiver = runtime.block_on(Receiver::start()).unwrap();
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(CASES)
    };
    let mut runner = TestRunner::new(config);
    let done = runner.run(&meant(), |meant| {
        let order = meant.order(&receiver.url()).build();
        let order = order.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let before = receiver.count();
        let stored = runtime.block_on(put(&world, meant.oss, &meant.key, order));
        prop_assert!(stored.is_ok(), "{stored:?}");
        let called = receiver.arrived();
        prop_assert_eq!(called.len(), before + 1);
        let told = CallbackBody::read(&called[before].headers, &called[before].body);
        prop_assert_eq!(told.unwrap(), meant.told());
        Ok(())
    });
    done.unwrap();
}

fn raw(order: &Value, vars: Option<&Value>) -> CallbackParameters {
    CallbackParameters {
        callback: STANDARD.encode(order.to_string()),
        callback_var: vars.map(|vars| STANDARD.encode(vars.to_string())),
    }
}

/// Where no order fails by itself.
const FINE: &str = "http://127.0.0.1:1/";

fn plain(oss: bool) -> Callback {
    let body = Body::form().text("a", "1");
    if oss {
        Callback::oss(FINE, body)
    } else {
        Callback::tos(FINE, body)
    }
}

/// The same as JSON, with a member more.
fn with(name: &str, value: Value) -> Value {
    let mut order = json!({"callbackUrl": FINE, "callbackBody": "a=1"});
    order[name] = value;
    order
}

type Made = Box<dyn Fn(Callback) -> Callback>;

/// Order, variables, and how the library would be asked for the same.
type Bad = (Value, Option<Value>, Made);

const BAD_URLS: [&str; 15] = [
    "ftp://a/",
    "http://",
    "http:///x",
    "http://:80/",
    "http://a:x/",
    "http://a:0/",
    "http://a:99999/",
    "http://u@a/",
    "http://u:p@a/",
    "http://a/ b",
    "http://a/\u{7}",
    "http://a\\b/",
    "http://a/#f",
    "http://a/%00",
    "http://a/1;http://a/2;http://a/3;http://a/4;http://a/5",
];

/// What both dialects refuse.
fn bad_orders() -> Vec<Bad> {
    let mut all: Vec<Bad> = Vec::new();
    for url in BAD_URLS {
        let order = with("callbackUrl", format!("{FINE};{url}").into());
        all.push((order, None, Box::new(move |c| c.or(url))));
    }
    for host in ["a/b", "a b", "a@b", "?"] {
        let order = with("callbackHost", host.into());
        all.push((order, None, Box::new(move |c| c.host(host))));
    }
    let fine = || with("callbackUrl", FINE.into());
    let many: Vec<String> = (0..101).map(|n| format!("x:{n}")).collect();
    let vars: BTreeMap<&str, &str> = many.iter().map(|name| (&**name, "")).collect();
    let vars = json!(vars);
    let all_of_them = move |c| many.iter().fold(c, |c: Callback, name| c.var(name, ""));
    all.push((fine(), Some(vars), Box::new(all_of_them)));
    let long = "v".repeat(9 << 10);
    let vars = json!({ "x:a": long });
    let too_long = move |c: Callback| c.var("x:a", long.clone());
    all.push((fine(), Some(vars), Box::new(too_long)));
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_server_refuses_is_not_built() {
    let world = World::start().await;
    for (order, vars, change) in bad_orders() {
        for oss in [false, true] {
            assert!(plain(oss).build().is_ok());
            assert!(change(plain(oss)).build().is_err(), "{order}");
            let put = put(&world, oss, "never", raw(&order, vars.as_ref())).await;
            let Err(Error::Server(refused)) = put else {
                panic!("{oss} {order}: {put:?}");
            };
            let found = (refused.status_code, &*refused.code);
            assert_eq!(found, (400, "InvalidArgument"), "{order}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_dialect_refuses_is_not_built_for_it() {
    let world = World::start().await;
    let vars = json!({"uid": "1"});
    assert!(plain(false).var("uid", "1").build().is_err());
    let order = with("callbackUrl", FINE.into());
    let mut cases = vec![(false, raw(&order, Some(&vars)))];
    for (name, value) in [("x-oss-a", "1"), ("host", "1"), ("x-a", "1\n")] {
        assert!(plain(true).header(name, value).build().is_err(), "{name}");
        let order = with("additionalHeaders", json!({ name: value }));
        cases.push((true, raw(&order, None)));
    }
    for (oss, order) in cases {
        let put = put(&world, oss, "never", order).await;
        let Err(Error::Server(refused)) = put else {
            panic!("{put:?}");
        };
        assert_eq!(refused.status_code, 400, "{refused}");
    }
}
