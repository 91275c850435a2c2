//! Settings of buckets in the words of OSS, and what they do to requests in every dialect.

mod common;

use std::time::Duration;

use cohong_core::work;
use cohong_sign::oss::Version;
use common::oss::{ask, delete, get, head, post, put};
use common::{As, Ask, Reply, Tongue, World};
use http::Method;
use serde_json::json;

const BUCKET: &str = "bucket-test";
const APP: &str = "http://app.example";

const CORS: &str = "<CORSConfiguration>\
    <CORSRule><AllowedOrigin>http://app.example</AllowedOrigin><AllowedOrigin>https://*.example</AllowedOrigin>\
    <AllowedMethod>PUT</AllowedMethod><AllowedMethod>GET</AllowedMethod>\
    <AllowedHeader>x-*</AllowedHeader><AllowedHeader>Content-Type</AllowedHeader>\
    <ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-oss-request-id</ExposeHeader>\
    <MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>\
    <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>HEAD</AllowedMethod></CORSRule>\
    <ResponseVary>True</ResponseVary><Unknown><A/></Unknown></CORSConfiguration>";

async fn world() -> World {
    let world = World::new().await;
    world.send(put(BUCKET, "/")).await.expect_status(200);
    world
}

async fn set(world: &World, setting: &str, body: &str) {
    let ask = put(BUCKET, &format!("/?{setting}")).body(body.to_owned());
    world.send(ask).await.expect_status(200);
}

/// A document is stored, told, stored again as it was told, and taken away twice.
async fn comes_and_goes(setting: &str, body: &str, missing: &str) -> String {
    let world = world().await;
    let target = format!("/?{setting}");
    let none = world.send(get(BUCKET, &target)).await;
    assert_eq!(none.code(), (404, missing.into()));
    set(&world, setting, body).await;
    let told = world.send(get(BUCKET, &target)).await.expect_status(200);
    set(&world, setting, told.text()).await;
    let again = world.send(get(BUCKET, &target)).await.expect_status(200);
    assert_eq!(told.text(), again.text());
    for _ in 0..2 {
        world.send(delete(BUCKET, &target)).await.expect_status(204);
    }
    let none = world.send(get(BUCKET, &target)).await;
    assert_eq!(none.code(), (404, missing.into()));
    told.text().to_owned()
}

#[tokio::test]
async fn rules_for_other_origins_are_kept() {
    let told = comes_and_goes("cors", CORS, "NoSuchCORSConfiguration").await;
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn rules_for_other_origins_that_make_no_sense() {
    let world = world().await;
    let rule = |inside: &str| {
        format!("<CORSConfiguration><CORSRule>{inside}</CORSRule></CORSConfiguration>")
    };
    let good = "<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>";
    let cases = [
        ("<CORSConfiguration>".to_owned(), "MalformedXML"),
        ("<Other/>".to_owned(), "MalformedXML"),
        (String::new(), "MalformedXML"),
        ("<CORSConfiguration/>".to_owned(), "InvalidArgument"),
        (
            rule("<AllowedMethod>GET</AllowedMethod>"),
            "InvalidArgument",
        ),
        (rule("<AllowedOrigin>*</AllowedOrigin>"), "InvalidArgument"),
        (
            rule("<AllowedOrigin>*</AllowedOrigin><AllowedMethod>FETCH</AllowedMethod>"),
            "InvalidArgument",
        ),
        (
            rule(&format!("{good}<MaxAgeSeconds>-1</MaxAgeSeconds>")),
            "InvalidArgument",
        ),
    ];
    for (body, code) in cases {
        let bad = world.send(put(BUCKET, "/?cors").body(body.clone())).await;
        assert_eq!(bad.code(), (400, code.into()), "{body}");
        if body.contains("MaxAge") {
            let told = ["ArgumentName", "ArgumentValue"].map(|name| bad.element(name));
            assert_eq!(told, ["MaxAgeSeconds", "-1"]);
        }
    }
    let none = world.send(get(BUCKET, "/?cors")).await;
    assert_eq!(none.status, 404);
}

/// What a browser asks before a request, in both dialects.
fn preflights(target: &str, origin: &str, method: &str, headers: &str) -> [Ask; 2] {
    [Tongue::Oss(Version::V4), Tongue::Tos].map(|tongue| {
        let asked = ask(Method::OPTIONS, Some(BUCKET), target)
            .tongue(tongue)
            .by(As::Nobody)
            .header("origin", origin)
            .header("access-control-request-method", method);
        match headers {
            "" => asked,
            headers => asked.header("access-control-request-headers", headers),
        }
    })
}

#[track_caller]
fn expect_headers(reply: &Reply, wanted: &[(&str, &str)]) {
    for (name, value) in wanted {
        assert_eq!(reply.header(name), *value, "{name}");
    }
}

#[tokio::test]
async fn browsers_are_answered_before_a_request_in_every_dialect() {
    let world = world().await;
    for ask in preflights("/k", APP, "PUT", "") {
        assert_eq!(
            world.send(ask).await.code(),
            (403, "AccessForbidden".into())
        );
    }
    set(&world, "cors", CORS).await;
    for target in ["/k", "/k?uploadId=u&partNumber=1&acl", "/?lifecycle", "/"] {
        for ask in preflights(target, APP, "PUT", "X-Tos-Meta-A, content-type") {
            let reply = world.send(ask).await.expect_status(200);
            expect_headers(
                &reply,
                &[
                    ("access-control-allow-origin", APP),
                    ("access-control-allow-methods", "PUT, GET"),
                    ("access-control-allow-headers", "X-Tos-Meta-A, content-type"),
                    ("access-control-expose-headers", "ETag, x-oss-request-id"),
                    ("access-control-max-age", "60"),
                    ("vary", "Origin"),
                ],
            );
        }
    }
    for ask in preflights("/k", "http://other", "HEAD", "") {
        let reply = world.send(ask).await.expect_status(200);
        expect_headers(
            &reply,
            &[
                ("access-control-allow-origin", "*"),
                ("access-control-allow-headers", ""),
                ("access-control-max-age", ""),
            ],
        );
    }
    let refused = [
        ("http://evil.example", "PUT", ""),
        (APP, "DELETE", ""),
        (APP, "PATCH", ""),
        (APP, "PUT", "authorization"),
    ];
    for (origin, method, headers) in refused {
        for ask in preflights("/k", origin, method, headers) {
            let reply = world.send(ask).await;
            assert_eq!(reply.code(), (403, "AccessForbidden".into()), "{origin}");
            expect_headers(&reply, &[("access-control-allow-origin", "")]);
        }
    }
    let nameless = ask(Method::OPTIONS, Some(BUCKET), "/k").by(As::Nobody);
    let nameless = world.send(nameless).await;
    assert_eq!(nameless.code(), (400, "InvalidArgument".into()));
    let nowhere = ask(Method::OPTIONS, Some("bucket-none"), "/k").by(As::Nobody);
    let nowhere = world.send(nowhere.header("origin", APP)).await;
    assert_eq!(nowhere.code(), (404, "NoSuchBucket".into()));
}

#[tokio::test]
async fn answers_tell_pages_what_they_may_read_in_every_dialect() {
    let world = world().await;
    set(&world, "cors", CORS).await;
    let from = |ask: Ask, origin| ask.unsigned("origin", origin);
    let allowed = [
        ("access-control-allow-origin", APP),
        ("access-control-expose-headers", "ETag, x-oss-request-id"),
        ("vary", "Origin"),
    ];
    for stored in [put(BUCKET, "/k"), common::put(BUCKET, "/k")] {
        let stored = world.send(from(stored.body("x"), APP)).await;
        expect_headers(&stored.expect_status(200), &allowed);
    }
    for (read, status) in [
        (get(BUCKET, "/k"), 200),
        (common::get(BUCKET, "/k"), 200),
        (get(BUCKET, "/none"), 404),
        (common::get(BUCKET, "/none"), 404),
        (get(BUCKET, "/k").by(As::Nobody), 403),
        (get(BUCKET, "/?unknown"), 405),
    ] {
        let reply = world.send(from(read, APP)).await.expect_status(status);
        expect_headers(&reply, &allowed);
    }
    let other = world.send(from(head(BUCKET, "/k"), "http://other")).await;
    let open = [("access-control-allow-origin", "*"), ("vary", "Origin")];
    expect_headers(&other, &open);
    let none = [("access-control-allow-origin", ""), ("vary", "Origin")];
    let other = world.send(from(get(BUCKET, "/k"), "http://other")).await;
    expect_headers(&other.expect_status(200), &none);
    let plain = world.send(get(BUCKET, "/k")).await;
    expect_headers(&plain, &none);
    let quiet = CORS.replace("True", "False");
    set(&world, "cors", &quiet).await;
    let plain = world.send(common::get(BUCKET, "/k")).await;
    expect_headers(&plain, &[("vary", "")]);
    let gone = delete(BUCKET, "/?cors");
    world.send(gone).await.expect_status(204);
    let plain = world.send(from(get(BUCKET, "/k"), APP)).await;
    expect_headers(&plain, &[("access-control-allow-origin", ""), ("vary", "")]);
}

const LIFECYCLE: &str = "<?xml version=\"1.0\"?>\n<LifecycleConfiguration>\n  <Rule>\n    <ID>logs</ID>\n    <Prefix>logs/</Prefix>\
    <Status>Enabled</Status><Expiration><Days>1</Days></Expiration><Tag><Key>k</Key><Value>v</Value></Tag>\
    <Filter><ObjectSizeGreaterThan>10</ObjectSizeGreaterThan><ObjectSizeLessThan>20</ObjectSizeLessThan>\
    <Not><Prefix>logs/kept/</Prefix><Tag><Key>a</Key><Value>b</Value></Tag></Not><Not><Prefix>logs/all/</Prefix></Not></Filter></Rule>\
    <Rule><Prefix/><Status>Disabled</Status><Expiration><ExpiredObjectDeleteMarker>True</ExpiredObjectDeleteMarker></Expiration>\
    <NoncurrentVersionExpiration><NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration>\
    <NoncurrentVersionTransition><NoncurrentDays>3</NoncurrentDays><StorageClass>IA</StorageClass></NoncurrentVersionTransition></Rule>\
    <Rule><ID>cold</ID><Prefix>cold/</Prefix><Status>Enabled</Status>\
    <Expiration><CreatedBeforeDate>2016-12-25T00:00:00.000Z</CreatedBeforeDate></Expiration>\
    <AbortMultipartUpload><Days>3</Days></AbortMultipartUpload>\
    <Transition><CreatedBeforeDate>2016-12-20T00:00:00Z</CreatedBeforeDate><StorageClass>IA</StorageClass>\
    <IsAccessTime>false</IsAccessTime></Transition></Rule>\
    <Rule><ID>end</ID><Prefix>end/</Prefix><Status>Enabled</Status>\
    <Expiration><Date>2030-01-01T00:00:00.000Z</Date></Expiration></Rule></LifecycleConfiguration>";

#[tokio::test]
async fn lifecycle_rules_are_kept() {
    let told = comes_and_goes("lifecycle", LIFECYCLE, "NoSuchLifecycle").await;
    insta::assert_snapshot!(told);
}

fn rules(all: &[&str]) -> String {
    let rule = |inside: &&str| format!("<Rule>{inside}</Rule>");
    let all: String = all.iter().map(rule).collect();
    format!("<LifecycleConfiguration>{all}</LifecycleConfiguration>")
}

#[tokio::test]
async fn lifecycle_rules_that_would_not_be_carried_out() {
    let world = world().await;
    let on = "<Prefix>a</Prefix><Status>Enabled</Status>";
    let day = "<Expiration><Days>5</Days></Expiration>";
    let moved = |inside: &str| {
        format!("{on}<Transition><StorageClass>IA</StorageClass>{inside}</Transition>")
    };
    let cases: [(String, &str); 19] = [
        ("<LifecycleConfiguration>".into(), "MalformedXML"),
        ("<LifecycleConfiguration/>".into(), "InvalidArgument"),
        (rules(&["<Prefix>a</Prefix>"]), "MalformedXML"),
        (rules(&[on]), "InvalidArgument"),
        (
            rules(&[&format!("<Status>Perhaps</Status>{day}")]),
            "MalformedXML",
        ),
        (
            rules(&[&format!("{on}<Expiration><Days>0</Days></Expiration>")]),
            "InvalidArgument",
        ),
        (
            rules(&[&format!("{on}<Expiration><Days>-1</Days></Expiration>")]),
            "MalformedXML",
        ),
        (rules(&[&format!("{on}<Expiration/>")]), "MalformedXML"),
        (
            rules(&[&format!(
                "{on}<Expiration><Date>2030-01-01T07:00:00.000Z</Date></Expiration>"
            )]),
            "InvalidArgument",
        ),
        (
            rules(&[&format!("{on}{day}<Filter><And/></Filter>")]),
            "MalformedXML",
        ),
        (
            rules(&[&format!("{on}{day}<Filter><Prefix>b</Prefix></Filter>")]),
            "MalformedXML",
        ),
        (rules(&[&format!("{on}{day}<Surprise/>")]), "MalformedXML"),
        (
            rules(&[&format!("{on}{day}<Filter><Not/></Filter>")]),
            "InvalidArgument",
        ),
        (
            rules(&[&moved("<Days>1</Days><IsAccessTime>true</IsAccessTime>")]),
            "InvalidArgument",
        ),
        (
            rules(&[&moved(
                "<Days>1</Days><AllowSmallFile>false</AllowSmallFile>",
            )]),
            "InvalidArgument",
        ),
        (
            rules(&[&format!("{}{day}", moved("<Days>6</Days>"))]),
            "InvalidArgument",
        ),
        (
            rules(&[&moved("<Days>6</Days>").replace("IA", "Standard")]),
            "InvalidArgument",
        ),
        (
            rules(&[&format!(
                "{}{day}",
                moved("<CreatedBeforeDate>2016-12-25T00:00:00.000Z</CreatedBeforeDate>")
            )]),
            "InvalidRequest",
        ),
        (
            rules(&[
                &format!("<ID>a</ID>{on}{day}"),
                &format!("<ID>b</ID>{}{day}", on.replace(">a<", ">ab<")),
            ]),
            "InvalidArgument",
        ),
    ];
    for (body, code) in cases {
        let ask = put(BUCKET, "/?lifecycle").body(body.clone());
        let bad = world.send(ask.clone()).await;
        assert_eq!(bad.code(), (400, code.into()), "{body}");
        let none = world.send(get(BUCKET, "/?lifecycle")).await;
        assert_eq!(none.status, 404, "{body}");
        if body.contains("<ID>b</ID>") {
            let message = "Overlap for same action type Expiration";
            assert_eq!(bad.element("Message"), message);
            let allowed = ask.header("x-oss-allow-same-action-overlap", "true");
            world.send(allowed).await.expect_status(200);
        }
    }
}

#[tokio::test]
async fn a_rule_set_through_one_dialect_is_carried_out_on_objects_of_the_other() {
    let world = world().await;
    let once = rules(&[
        "<Prefix>logs/</Prefix><Status>Enabled</Status><Expiration><Days>1</Days></Expiration>\
         <AbortMultipartUpload><Days>1</Days></AbortMultipartUpload>",
    ]);
    for key in ["/logs%2Fa", "/kept"] {
        let stored = common::put(BUCKET, key).body("x");
        world.send(stored).await.expect_status(200);
    }
    let mut uploads = Vec::new();
    for key in ["/logs%2Fb", "/kept"] {
        let begun = common::post(BUCKET, &format!("{key}?uploads"));
        let begun = world.send(begun).await.expect_status(200);
        let id = begun.json()["UploadId"].as_str().expect("an id").to_owned();
        uploads.push(format!("{key}?uploadId={id}"));
    }
    set(&world, "lifecycle", &once).await;
    for (read, told) in [
        (
            head(BUCKET, "/logs%2Fa"),
            "expiry-date=\"Wed, 08 May 2024 00:00:00 GMT\", rule-id=\"rule-1\"",
        ),
        (get(BUCKET, "/kept"), ""),
    ] {
        let seen = world.send(read).await.expect_status(200);
        assert_eq!(seen.header("x-oss-expiration"), told);
    }
    let look = async |wanted: [u16; 4]| {
        while work::run_due_once(&world.engine).await.expect("done") > 0 {}
        let targets = ["/logs%2Fa", "/kept", &uploads[0], &uploads[1]];
        for (target, status) in targets.into_iter().zip(wanted) {
            let seen = common::get(BUCKET, target).presigned(600_000);
            let seen = world.send(seen).await;
            assert_eq!(seen.status, status, "{target} {}", seen.text());
        }
    };
    look([200, 200, 200, 200]).await;
    // Written in the morning of a day: gone at the midnight after the next one.
    world.clock.advance(Duration::from_hours(40));
    look([200, 200, 200, 200]).await;
    world.clock.advance(Duration::from_hours(1));
    look([404, 200, 404, 200]).await;
}

fn policy(statements: &serde_json::Value) -> String {
    json!({"Version": "1", "Statement": statements}).to_string()
}

#[tokio::test]
async fn policies_are_kept_as_they_were_sent() {
    let text = policy(&json!([{
        "Effect": "Allow", "Action": ["oss:GetObject", "oss:List*"], "Principal": ["2100000001"],
        "Resource": ["acs:oss:*:*:bucket-test", "acs:oss:*:*:bucket-test/*"],
        "Condition": {"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}},
    }]));
    let spaced = text.replace(',', " , ");
    let told = comes_and_goes("policy", &spaced, "NoSuchBucketPolicy").await;
    assert_eq!(told, spaced);
    let world = world().await;
    let nameless =
        json!([{"Action": ["oss:PutObject"], "Effect": "Allow", "Resource": ["acs:oss:*:*:*/*"]}]);
    set(&world, "policy", &policy(&nameless)).await;
    let told = world.send(get(BUCKET, "/?policy")).await;
    assert_eq!(told.header("content-type"), "application/json");
    let other = put(BUCKET, "/k").by(As::Other).body("x");
    assert_eq!(world.send(other).await.status, 403);
    for bad in [
        "",
        "{",
        "[]",
        "{\"Version\":\"1\"}",
        &policy(&json!([{"Effect": "Maybe"}])),
    ] {
        let bad = world
            .send(put(BUCKET, "/?policy").body(bad.to_owned()))
            .await;
        assert_eq!(bad.code(), (400, "InvalidPolicyDocument".into()));
    }
}

#[tokio::test]
async fn a_policy_counts_in_every_dialect() {
    let world = world().await;
    world
        .send(put(BUCKET, "/k").body("x"))
        .await
        .expect_status(200);
    let status = get(BUCKET, "/?policyStatus");
    assert_eq!(
        world.send(status.clone()).await.code(),
        (404, "NoSuchBucketPolicy".into())
    );
    let statement = |effect: &str, principal: &str, condition: serde_json::Value| {
        json!({
            "Effect": effect, "Action": "oss:GetObject", "Principal": [principal],
            "Resource": "acs:oss:*:*:bucket-test/*", "Condition": condition,
        })
    };
    let here = json!({"IpAddress": {"acs:SourceIp": "127.0.0.0/8"}});
    let away = json!({"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}});
    let secure = json!({"Bool": {"acs:SecureTransport": "true"}});
    let any = json!({});
    let allow =
        |principal, condition: &serde_json::Value| statement("Allow", principal, condition.clone());
    let deny =
        |principal, condition: &serde_json::Value| statement("Deny", principal, condition.clone());
    // Statements; what the other account and nobody are answered; whether the policy is public.
    let cases = [
        (json!([allow("2100000001", &any)]), 200, 403, "false"),
        (json!([allow("*", &any)]), 200, 200, "true"),
        (json!([allow("*", &here)]), 200, 200, "false"),
        (json!([allow("*", &away)]), 403, 403, "false"),
        (json!([allow("*", &secure)]), 403, 403, "true"),
        (
            json!([allow("*", &any), deny("2100000001", &here)]),
            403,
            200,
            "true",
        ),
    ];
    for (statements, other, nobody, public) in cases {
        set(&world, "policy", &policy(&statements)).await;
        for (by, wanted) in [(As::Other, other), (As::Nobody, nobody), (As::Owner, 200)] {
            for read in [get(BUCKET, "/k"), common::get(BUCKET, "/k")] {
                let read = world.send(read.by(by)).await;
                assert_eq!(read.status, wanted, "{statements} {by:?}");
            }
        }
        let told = world.send(status.clone()).await;
        assert_eq!(told.element("IsPublic"), public, "{statements}");
        let write = world.send(put(BUCKET, "/w").by(As::Other).body("x")).await;
        assert_eq!(write.status, 403);
    }
    let foreign = get(BUCKET, "/?policy").by(As::Other);
    assert_eq!(
        world.send(foreign).await.code(),
        (403, "AccessDenied".into())
    );
}

#[tokio::test]
async fn tags_of_buckets() {
    let world = world().await;
    let none = world
        .send(get(BUCKET, "/?tagging"))
        .await
        .expect_status(200);
    insta::assert_snapshot!(none.text());
    let tags = "<Tagging><TagSet><Tag><Key>team</Key><Value>web</Value></Tag>\
                <Tag><Key>中 +</Key><Value>值</Value></Tag><Tag><Key>empty</Key></Tag></TagSet></Tagging>";
    set(&world, "tagging", tags).await;
    let told = world.send(get(BUCKET, "/?tagging")).await;
    insta::assert_snapshot!(told.text());
    let listed = [
        ("tag-key=team&tag-value=web", "bucket-test"),
        ("tag-key=team", "bucket-test"),
        ("tag-key=team&tag-value=other", ""),
        ("tag-key=web", ""),
    ];
    for (query, wanted) in listed {
        let list = ask(Method::GET, None, &format!("/?{query}"));
        let list = world.send(list).await.expect_status(200);
        assert_eq!(list.element("Name"), wanted, "{query}");
    }
    let bad = world.send(ask(Method::GET, None, "/?tag-value=web")).await;
    assert_eq!(bad.code(), (400, "InvalidArgument".into()));
    let some = delete(BUCKET, "/?tagging=team%2Cnone%2Cempty");
    world.send(some).await.expect_status(204);
    let told = world.send(get(BUCKET, "/?tagging")).await;
    assert_eq!(
        (told.element("Key"), told.text().matches("<Tag>").count()),
        ("中 +", 1)
    );
    world
        .send(delete(BUCKET, "/?tagging"))
        .await
        .expect_status(204);
    let none_again = world.send(get(BUCKET, "/?tagging")).await;
    assert_eq!(none_again.text(), none.text());
    let tag = |n| format!("<Tag><Key>{n}</Key><Value/></Tag>");
    let many = (0..21).map(tag).collect::<Vec<_>>().concat();
    for (body, code) in [
        (
            format!("<Tagging><TagSet>{many}</TagSet></Tagging>"),
            "InvalidTag",
        ),
        ("<Tagging/>".to_owned(), "MalformedXML"),
        (tags.replace("team", ""), "InvalidTag"),
        (tags.replace("empty", "team"), "InvalidTag"),
    ] {
        let bad = world
            .send(put(BUCKET, "/?tagging").body(body.clone()))
            .await;
        assert_eq!(bad.code(), (400, code.into()), "{body}");
    }
}

#[tokio::test]
async fn tags_of_objects() {
    let world = world().await;
    world
        .send(put(BUCKET, "/k").body("x"))
        .await
        .expect_status(200);
    let none = world
        .send(get(BUCKET, "/k?tagging"))
        .await
        .expect_status(200);
    assert_eq!(none.element("Key"), "");
    let tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
    let stored = put(BUCKET, "/k?tagging").body(tags);
    world.send(stored).await.expect_status(200);
    let told = world.send(get(BUCKET, "/k?tagging")).await;
    assert_eq!((told.element("Key"), told.element("Value")), ("a", "b"));
    let seen = world.send(head(BUCKET, "/k")).await;
    assert_eq!(seen.header("x-oss-tagging-count"), "1");
    let bad = world
        .send(put(BUCKET, "/k?tagging").body("<Tagging>"))
        .await;
    assert_eq!(bad.code(), (400, "MalformedXML".into()));
}

#[tokio::test]
async fn lists_of_buckets_and_objects_are_asked_for_each_request() {
    let world = world().await;
    world
        .send(put(BUCKET, "/k").body("x"))
        .await
        .expect_status(200);
    // Word of the bucket, word of the object; what others are answered to GET, PUT and a list.
    let cases = [
        ("private", "default", [403, 403, 403]),
        ("private", "public-read", [200, 403, 403]),
        ("public-read", "default", [200, 403, 200]),
        ("public-read", "private", [403, 403, 200]),
        ("public-read-write", "default", [200, 200, 200]),
        ("public-read-write", "private", [403, 200, 200]),
        ("private", "public-read-write", [200, 403, 403]),
    ];
    for (of_bucket, of_object, wanted) in cases {
        let bucket = put(BUCKET, "/").header("x-oss-acl", of_bucket);
        world.send(bucket).await.expect_status(200);
        let object = put(BUCKET, "/k?acl").header("x-oss-object-acl", of_object);
        world.send(object).await.expect_status(200);
        for (target, word) in [("/?acl", of_bucket), ("/k?acl", of_object)] {
            let told = world.send(get(BUCKET, target)).await.expect_status(200);
            assert_eq!(told.element("Grant"), word);
        }
        let info = world.send(get(BUCKET, "/?bucketInfo")).await;
        assert_eq!(info.element("Grant"), of_bucket);
        for by in [As::Other, As::Nobody] {
            let asks = [
                get(BUCKET, "/k"),
                put(BUCKET, "/new").body("x"),
                get(BUCKET, "/?prefix=a"),
            ];
            for (ask, wanted) in asks.into_iter().zip(wanted) {
                let reply = world.send(ask.by(by)).await;
                assert_eq!(reply.status, wanted, "{of_bucket} {of_object} {by:?}");
            }
            let foreign = put(BUCKET, "/k?acl").header("x-oss-object-acl", "public-read");
            assert_eq!(world.send(foreign.by(by)).await.status, 403);
        }
    }
    for (wrong, code) in [("everything", "InvalidArgument"), ("", "MissingArgument")] {
        let bad = put(BUCKET, "/k?acl").header("x-oss-object-acl", wrong);
        let bad = world.send(bad).await;
        assert_eq!(bad.code(), (400, code.into()));
        assert_eq!(bad.element("ArgumentName"), "x-oss-object-acl");
    }
}

#[tokio::test]
async fn there_are_no_live_channels() {
    let world = world().await;
    let list = get(BUCKET, "/?live&prefix=a&marker=b&max-keys=7");
    let list = world.send(list).await.expect_status(200);
    insta::assert_snapshot!(list.text());
    let made = world
        .send(put(BUCKET, "/channel?live").body("<LiveChannelConfiguration/>"))
        .await;
    assert_eq!(made.code(), (400, "NotImplemented".into()));
    let other = post(BUCKET, "/?live").body("x");
    assert_eq!(
        world.send(other).await.code(),
        (405, "MethodNotAllowed".into())
    );
}
