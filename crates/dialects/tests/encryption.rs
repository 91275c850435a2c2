//! Encryption at rest in the words of each vendor: headers of requests and answers, documents of buckets,
//! errors.

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{Ask, Reply, World, oss, s3};
use http::Method;
use md5::{Digest as _, Md5};
use serde_json::json;

const BUCKET: &str = "bucket-test";
const TEXT: &str = "a line that is a secret";
const MINE: [u8; 32] = [1; 32];
const OTHER: [u8; 32] = [2; 32];

/// How a vendor's requests are made.
#[derive(Clone, Copy)]
struct Vendor {
    prefix: &'static str,
    ask: fn(Method, &str) -> Ask,
}

const VENDORS: [Vendor; 3] = [
    Vendor {
        prefix: "x-tos-",
        ask: |method, target| common::ask(method, Some(BUCKET), target),
    },
    Vendor {
        prefix: "x-oss-",
        ask: |method, target| oss::ask(method, Some(BUCKET), target),
    },
    Vendor {
        prefix: "x-amz-",
        ask: |method, target| s3::ask(method, Some(BUCKET), target).over_tls(),
    },
];

impl Vendor {
    fn name(self, name: &str) -> &'static str {
        format!("{}{name}", self.prefix).leak()
    }

    fn put(self, target: &str) -> Ask {
        (self.ask)(Method::PUT, target)
    }

    /// With a customer's key, of what is read or written or, behind `front`, of the source of a copy.
    fn keyed(self, ask: Ask, front: &str, key: [u8; 32]) -> Ask {
        let name = |of| self.name(&format!("{front}server-side-encryption-customer-{of}"));
        ask.header(name("algorithm"), "AES256")
            .header(name("key"), &STANDARD.encode(key))
            .header(name("key-md5"), &STANDARD.encode(Md5::digest(key)))
    }

    fn told(self, reply: &Reply, name: &str) -> String {
        reply.header(self.name(name)).to_owned()
    }
}

const HOW: &str = "server-side-encryption";

#[tokio::test]
async fn every_answer_tells_how_bytes_are_encrypted() {
    for vendor in VENDORS {
        let world = World::new().await;
        world.send(vendor.put("/")).await.expect_status(200);
        let how = vendor.name(HOW);
        let with = |ask: Ask| ask.header(how, "AES256");
        let told = |reply: &Reply| vendor.told(reply, HOW);
        let put = with(vendor.put("/k").body(TEXT));
        assert_eq!(told(&world.send(put).await.expect_status(200)), "AES256");
        let got = world.send((vendor.ask)(Method::GET, "/k")).await;
        assert_eq!((got.text(), told(&got).as_str()), (TEXT, "AES256"));
        let head = world.send((vendor.ask)(Method::HEAD, "/k")).await;
        assert_eq!(told(&head.expect_status(200)), "AES256");
        let from = format!("/{BUCKET}/k");
        let copy = |to: &str| vendor.put(to).header(vendor.name("copy-source"), &from);
        let copied = world.send(with(copy("/copy"))).await.expect_status(200);
        assert_eq!(told(&copied), "AES256");
        let copied = world.send(copy("/plain")).await.expect_status(200);
        assert_eq!(told(&copied), "");
        let begun = (vendor.ask)(Method::POST, "/parts?uploads");
        let begun = world.send(with(begun)).await.expect_status(200);
        assert_eq!(told(&begun), "AES256");
        let text = begun.text();
        let id = text.split("UploadId").nth(1).expect("an id");
        let id: String = id
            .chars()
            .skip(1)
            .skip_while(|c| !c.is_ascii_hexdigit())
            .take_while(char::is_ascii_hexdigit)
            .collect();
        let part = vendor
            .put(&format!("/parts?partNumber=1&uploadId={id}"))
            .body(TEXT);
        let part = world.send(part).await.expect_status(200);
        assert_eq!(told(&part), "AES256");
        let etag = part.header("etag").trim_matches('"').to_owned();
        let named = match vendor.prefix {
            "x-tos-" => json!({"Parts": [{"PartNumber": 1, "ETag": etag}]}).to_string(),
            _ => format!(
                "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
            ),
        };
        let done = (vendor.ask)(Method::POST, &format!("/parts?uploadId={id}")).body(named);
        let done = world.send(done).await.expect_status(200);
        assert_eq!(told(&done), "AES256", "{}", vendor.prefix);
    }
}

#[tokio::test]
async fn a_customer_s_key_is_needed_by_every_request() {
    for vendor in VENDORS {
        let world = World::new().await;
        world.send(vendor.put("/")).await.expect_status(200);
        let md5 = STANDARD.encode(Md5::digest(MINE));
        let put = vendor.keyed(vendor.put("/k").body(TEXT), "", MINE);
        let put = world.send(put).await.expect_status(200);
        let digest = "server-side-encryption-customer-key-md5";
        assert_eq!(vendor.told(&put, digest), md5);
        world
            .send(vendor.put("/plain").body(TEXT))
            .await
            .expect_status(200);
        let get = |key: &str| (vendor.ask)(Method::GET, key);
        let got = world
            .send(vendor.keyed(get("/k"), "", MINE))
            .await
            .expect_status(200);
        assert_eq!(got.text(), TEXT);
        assert_eq!(vendor.told(&got, digest), md5);
        assert_eq!(
            vendor.told(&got, "server-side-encryption-customer-algorithm"),
            "AES256"
        );
        assert_eq!(vendor.told(&got, HOW), "");
        let missing = match vendor.prefix {
            "x-oss-" => "InvalidEncryptionRequest",
            _ => "InvalidRequest",
        };
        for (ask, status, code) in [
            (get("/k"), 400, missing),
            (vendor.keyed(get("/k"), "", OTHER), 403, "AccessDenied"),
            (vendor.keyed(get("/plain"), "", MINE), 400, missing),
        ] {
            let shown = format!("{ask:?}");
            assert_eq!(
                world.send(ask).await.code(),
                (status, code.to_owned()),
                "{shown}"
            );
        }
        let head = (vendor.ask)(Method::HEAD, "/k");
        world.send(head).await.expect_status(400);
        let from = format!("/{BUCKET}/k");
        let copy = || {
            vendor
                .put("/copy")
                .header(vendor.name("copy-source"), &from)
        };
        assert_eq!(world.send(copy()).await.code(), (400, missing.to_owned()));
        let source = "copy-source-";
        let copied = vendor.keyed(copy(), source, MINE);
        world
            .send(vendor.keyed(copied, "", OTHER))
            .await
            .expect_status(200);
        let got = world.send(vendor.keyed(get("/copy"), "", OTHER)).await;
        assert_eq!(got.expect_status(200).text(), TEXT);
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_no_key_is_repeated() {
    for vendor in VENDORS {
        let world = World::new().await;
        world.send(vendor.put("/")).await.expect_status(200);
        let name = |of: &str| vendor.name(&format!("server-side-encryption-customer-{of}"));
        let key = STANDARD.encode(MINE);
        let digest = STANDARD.encode(Md5::digest(MINE));
        let put = || vendor.put("/k").body(TEXT);
        let unknown = match vendor.prefix {
            "x-tos-" => "InvalidArgument",
            _ => "InvalidEncryptionAlgorithmError",
        };
        let cases = [
            (put().header(name("key"), &key), "InvalidArgument"),
            (put().header(name("algorithm"), "AES256"), "InvalidArgument"),
            (
                put()
                    .header(name("algorithm"), "AES256")
                    .header(name("key"), &key),
                "InvalidArgument",
            ),
            (
                put()
                    .header(name("algorithm"), "AES256")
                    .header(name("key"), &key)
                    .header(name("key-md5"), &STANDARD.encode(Md5::digest(OTHER))),
                "InvalidArgument",
            ),
            (
                put()
                    .header(name("algorithm"), "AES256")
                    .header(name("key"), &STANDARD.encode(&MINE[1..]))
                    .header(name("key-md5"), &digest),
                "InvalidArgument",
            ),
            (
                put()
                    .header(name("algorithm"), "DES")
                    .header(name("key"), &key)
                    .header(name("key-md5"), &digest),
                unknown,
            ),
            (
                vendor
                    .keyed(put(), "", MINE)
                    .header(vendor.name(HOW), "AES256"),
                "InvalidArgument",
            ),
            (
                put().header(vendor.name(HOW), "ROT13"),
                match vendor.prefix {
                    "x-oss-" => unknown,
                    _ => "InvalidArgument",
                },
            ),
        ];
        for (ask, code) in cases {
            let shown = format!("{ask:?}");
            let reply = world.send(ask).await;
            assert!(!reply.text().contains(&key[..40]), "{}", reply.text());
            assert_eq!(reply.code(), (400, code.to_owned()), "{shown}");
            world
                .send((vendor.ask)(Method::GET, "/k"))
                .await
                .expect_status(404);
        }
    }
}

#[tokio::test]
async fn a_key_sent_in_clear_is_refused_where_the_vendor_does_so() {
    let world = World::new().await;
    let [_, _, amz] = VENDORS;
    world.send(amz.put("/")).await.expect_status(200);
    let plain = s3::ask(Method::PUT, Some(BUCKET), "/k").body(TEXT);
    let refused = world.send(amz.keyed(plain, "", MINE)).await;
    assert_eq!(refused.code(), (400, "InvalidRequest".into()));
}

#[tokio::test]
async fn buckets_have_a_rule_in_each_vendor_s_words() {
    let apply = "<ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>\
                 </ApplyServerSideEncryptionByDefault>";
    let [tos, oss, amz] = VENDORS;
    let bodies = [
        (
            tos,
            json!({"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}})
                .to_string(),
            "ServerSideEncryptionConfigurationNotFoundError",
        ),
        (
            oss,
            format!("<ServerSideEncryptionRule>{apply}</ServerSideEncryptionRule>"),
            "NoSuchServerSideEncryptionRule",
        ),
        (
            amz,
            format!(
                "<ServerSideEncryptionConfiguration><Rule>{apply}</Rule></ServerSideEncryptionConfiguration>"
            ),
            "ServerSideEncryptionConfigurationNotFoundError",
        ),
    ];
    for (vendor, body, none) in bodies {
        let world = World::new().await;
        world.send(vendor.put("/")).await.expect_status(200);
        let get = || (vendor.ask)(Method::GET, "/?encryption");
        assert_eq!(world.send(get()).await.code(), (404, none.to_owned()));
        let put = vendor.put("/?encryption").body(body.clone());
        world.send(put).await.expect_status(200);
        let told = world.send(get()).await.expect_status(200);
        let text = told
            .text()
            .replace(" xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"", "");
        assert!(text.ends_with(&body), "{text}");
        let stored = world
            .send(vendor.put("/k").body(TEXT))
            .await
            .expect_status(200);
        assert_eq!(vendor.told(&stored, HOW), "AES256");
        let delete = (vendor.ask)(Method::DELETE, "/?encryption");
        world.send(delete).await.expect_status(204);
        let stored = world
            .send(vendor.put("/k").body(TEXT))
            .await
            .expect_status(200);
        assert_eq!(vendor.told(&stored, HOW), "");
        let bad = vendor
            .put("/?encryption")
            .body(body.replace("AES256", "ROT13"));
        world.send(bad).await.expect_status(400);
    }
}

#[tokio::test]
async fn keys_of_a_service_are_told_by_tos() {
    let world = World::new().await;
    let [vendor, ..] = VENDORS;
    world.send(vendor.put("/")).await.expect_status(200);
    let names = [HOW, "server-side-encryption-kms-key-id"].map(|name| vendor.name(name));
    let [how, id] = names;
    let put = || vendor.put("/k").body(TEXT).header(how, "kms");
    for (ask, wanted) in [
        (put(), ["kms", "server-key"]),
        (put().header(id, "mine"), ["kms", "mine"]),
    ] {
        world.send(ask).await.expect_status(200);
        let got = world.send((vendor.ask)(Method::GET, "/k")).await;
        assert_eq!(names.map(|name| got.header(name)), wanted);
        assert_eq!(got.text(), TEXT);
    }
    let other = vendor.put("/k").body(TEXT).header(how, "SM4");
    world.send(other).await.expect_status(400);
}

#[tokio::test]
async fn keys_of_a_service_and_the_other_cipher_are_told_by_oss() {
    let world = World::new().await;
    let [_, vendor, _] = VENDORS;
    world.send(vendor.put("/")).await.expect_status(200);
    let (id, data) = (
        "x-oss-server-side-encryption-key-id",
        "x-oss-server-side-data-encryption",
    );
    let put = || vendor.put("/k").body(TEXT);
    let how = vendor.name(HOW);
    for (ask, wanted) in [
        (put().header(how, "SM4"), ["SM4", "", ""]),
        (put().header(how, "KMS"), ["KMS", "server-key", ""]),
        (
            put().header(how, "KMS").header(id, "mine"),
            ["KMS", "mine", ""],
        ),
        (
            put().header(how, "KMS").header(data, "SM4"),
            ["KMS", "server-key", "SM4"],
        ),
        (
            put().header(how, "AES256").header(data, "SM4"),
            ["AES256", "", ""],
        ),
        (put().header(data, "SM4"), ["", "", ""]),
    ] {
        world.send(ask).await.expect_status(200);
        let got = world.send((vendor.ask)(Method::GET, "/k")).await;
        assert_eq!([how, id, data].map(|name| got.header(name)), wanted);
        assert_eq!(got.text(), TEXT);
    }
    let refused = world
        .send(put().header(how, "AES256").header(id, "mine"))
        .await;
    assert_eq!(refused.code(), (400, "InvalidArgument".into()));
}
