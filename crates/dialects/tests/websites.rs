//! Websites, referers and origins: one configuration in three tongues, and what it makes of requests in each.

mod common;

use cohong_sign::oss::Version;
use common::{As, Ask, Reply, Tongue, World, oss, s3};
use serde_json::json;

const BUCKET: &str = "bucket-test";

const WEBSITE: &str = "<WebsiteConfiguration>\
    <IndexDocument><Suffix>index.html</Suffix><SupportSubDir>true</SupportSubDir><Type>2</Type></IndexDocument>\
    <ErrorDocument><Key>error.html</Key><HttpStatus>404</HttpStatus></ErrorDocument>\
    <RoutingRules>\
    <RoutingRule><RuleNumber>7</RuleNumber><Condition><KeyPrefixEquals>m/</KeyPrefixEquals>\
    <KeySuffixEquals>.txt</KeySuffixEquals><HttpErrorCodeReturnedEquals>404</HttpErrorCodeReturnedEquals>\
    <IncludeHeader><Key>x-from</Key><StartsWith>a</StartsWith><EndsWith>z</EndsWith></IncludeHeader></Condition>\
    <Redirect><RedirectType>Mirror</RedirectType><MirrorURL>http://o.example/</MirrorURL>\
    <MirrorURLSlave>http://s.example/</MirrorURLSlave><MirrorURLProbe>http://o.example/p</MirrorURLProbe>\
    <MirrorPassQueryString>True</MirrorPassQueryString><MirrorFollowRedirect>false</MirrorFollowRedirect>\
    <MirrorCheckMd5>true</MirrorCheckMd5><MirrorAllowHeadObject>true</MirrorAllowHeadObject>\
    <ReplaceKeyPrefixWith>n/</ReplaceKeyPrefixWith><EnableReplacePrefix>true</EnableReplacePrefix>\
    <MirrorHeaders><PassAll>true</PassAll><Pass>a</Pass><Pass>b</Pass><Remove>c</Remove>\
    <Set><Key>d</Key><Value>e &amp; f</Value></Set></MirrorHeaders></Redirect></RoutingRule>\
    <RoutingRule><RuleNumber>3</RuleNumber><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>\
    <Redirect><RedirectType>External</RedirectType><Protocol>https</Protocol><HostName>www.example.com</HostName>\
    <ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith><HttpRedirectCode>302</HttpRedirectCode></Redirect></RoutingRule>\
    </RoutingRules></WebsiteConfiguration>";

async fn world() -> World {
    let world = World::new().await;
    let open = oss::put(BUCKET, "/").header("x-oss-acl", "public-read");
    world.send(open).await.expect_status(200);
    world
}

async fn set(world: &World, setting: &str, body: &str) -> Reply {
    let ask = oss::put(BUCKET, &format!("/?{setting}")).body(body.to_owned());
    world.send(ask).await
}

/// Somebody who signs nothing.
fn visitor(tongue: Tongue, target: &str) -> Ask {
    common::get(BUCKET, target).tongue(tongue).by(As::Nobody)
}

#[tokio::test]
async fn one_website_in_three_tongues() {
    let world = world().await;
    set(&world, "website", WEBSITE).await.expect_status(200);
    let told = world.send(oss::get(BUCKET, "/?website")).await;
    insta::assert_snapshot!("oss", told.text());
    set(&world, "website", told.text()).await.expect_status(200);
    let again = world.send(oss::get(BUCKET, "/?website")).await;
    assert_eq!(told.text(), again.text());
    let tos = world.send(common::get(BUCKET, "/?website")).await;
    insta::assert_json_snapshot!("tos", tos.json());
    let s3 = world.send(s3::get(BUCKET, "/?website")).await;
    insta::assert_snapshot!("s3", s3.text());
    let mirror = world.send(common::get(BUCKET, "/?mirror")).await;
    assert_eq!(mirror.code(), (404, "NoSuchMirrorConfiguration".into()));
}

#[tokio::test]
async fn a_website_is_shown_where_its_dialect_shows_some() {
    let world = world().await;
    for key in ["/index.html", "/a/index.html", "/error.html"] {
        let page = oss::put(BUCKET, key).body(key.to_owned());
        world.send(page).await.expect_status(200);
    }
    set(&world, "website", WEBSITE).await.expect_status(200);
    let (of_oss, of_s3) = (
        Tongue::Oss(Version::V4),
        Tongue::S3(cohong_sign::s3::Version::V4),
    );
    let cases = [
        (of_oss, "/", 200, "/index.html"),
        (Tongue::Tos, "/", 200, "/index.html"),
        (of_oss, "/a", 200, "/a/index.html"),
        (Tongue::Tos, "/a/", 200, "/a/index.html"),
        (of_oss, "/none", 404, "/error.html"),
        (Tongue::Tos, "/none", 404, "/error.html"),
        (of_oss, "/old/x", 302, ""),
        (Tongue::Tos, "/old/x", 302, ""),
    ];
    for (tongue, target, status, body) in cases {
        let page = world.send(visitor(tongue, target)).await;
        let page = page.expect_status(status);
        assert_eq!(page.text(), body, "{tongue:?} {target}");
        if status == 302 {
            let to = page.header("location");
            assert_eq!(to, "https://www.example.com/new/x", "{tongue:?}");
        }
    }
    // Nothing but a host of websites shows one.
    for (target, status, code) in [("/old/x", 404, "NoSuchKey"), ("/a", 404, "NoSuchKey")] {
        let plain = world.send(visitor(of_s3, target)).await;
        assert_eq!(plain.code(), (status, code.into()), "{target}");
    }
    let signed = world.send(oss::get(BUCKET, "/none")).await;
    assert_eq!(signed.code(), (404, "NoSuchKey".into()));
}

#[tokio::test]
async fn origins_that_make_no_sense_are_refused() {
    let world = world().await;
    let rule = |source: serde_json::Value| json!({"Rules": [{"ID": "1", "Condition": {"HttpCode": 404}, "Redirect": source}]});
    let from = |url: &str| json!({"SourceEndpoint": {"Primary": [url]}});
    let cases = [
        (json!({"Rules": []}), 400, "InvalidArgument"),
        (json!({"Rules": 1}), 400, "MalformedBody"),
        (rule(json!({})), 400, "InvalidArgument"),
        (
            rule(json!({"RedirectType": "Mirror"})),
            400,
            "InvalidArgument",
        ),
        (
            rule(json!({"RedirectType": "Mirror", "PublicSource": from("file:///etc/")})),
            400,
            "InvalidArgument",
        ),
        (
            rule(json!({"RedirectType": "Mirror", "PrivateSource": {}})),
            501,
            "NotImplemented",
        ),
        (
            rule(json!({"RedirectType": "Other", "PublicSource": from("http://o/")})),
            400,
            "InvalidArgument",
        ),
    ];
    for (body, status, code) in cases {
        let put = common::put(BUCKET, "/?mirror").json(&body);
        let refused = world.send(put).await;
        assert_eq!(refused.code(), (status, code.into()), "{body}");
    }
    let good = rule(json!({"RedirectType": "Mirror", "PublicSource": from("http://o/")}));
    let put = common::put(BUCKET, "/?mirror").json(&good);
    world.send(put).await.expect_status(200);
    let told = world.send(common::get(BUCKET, "/?mirror")).await.json();
    assert_eq!(told, good);
    let other = common::get(BUCKET, "/?mirror").by(As::Other);
    assert_eq!(world.send(other).await.code(), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn referers_count_for_whoever_comes_by_a_link() {
    let world = world().await;
    let stored = oss::put(BUCKET, "/k").body("x");
    world.send(stored).await.expect_status(200);
    let body = "<RefererConfiguration><AllowEmptyReferer>false</AllowEmptyReferer>\
        <RefererList><Referer>http://app.example</Referer></RefererList></RefererConfiguration>";
    set(&world, "referer", body).await.expect_status(200);
    let told = world.send(oss::get(BUCKET, "/?referer")).await;
    insta::assert_snapshot!("referer", told.text());
    let tongues = [
        Tongue::Oss(Version::V1),
        Tongue::Oss(Version::V4),
        Tongue::Tos,
        Tongue::S3(cohong_sign::s3::Version::V4),
        Tongue::S3(cohong_sign::s3::Version::V2),
    ];
    for tongue in tongues {
        let ask = || common::get(BUCKET, "/k").tongue(tongue);
        for link in [ask().by(As::Nobody), ask().presigned(60)] {
            let refused = world.send(link.clone()).await;
            assert_eq!(refused.code(), (403, "AccessDenied".into()), "{tongue:?}");
            let good = link.unsigned("referer", "http://app.example/page");
            world.send(good).await.expect_status(200);
        }
        world.send(ask()).await.expect_status(200);
    }
    let bad = "<RefererConfiguration><AllowEmptyReferer>false</AllowEmptyReferer>\
        <AllowTruncateQueryString>false</AllowTruncateQueryString><TruncatePath>true</TruncatePath>\
        <RefererList/></RefererConfiguration>";
    let refused = set(&world, "referer", bad).await;
    assert_eq!(refused.code(), (400, "InvalidArgument".into()));
}
