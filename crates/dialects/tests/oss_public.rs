//! Blocking what lists and policies allow everybody, by bucket and by account, and what it does to requests in every
//! dialect.

mod common;

use common::oss::{ask, get, put};
use common::{As, Ask, World};
use http::Method;

const OPEN: &str = "open-bucket";
const SHUT: &str = "shut-bucket";
const BLOCKED: &str = "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess>\
    </PublicAccessBlockConfiguration>";
const SETTING: &str = "/?publicAccessBlock";

fn account(method: Method) -> Ask {
    ask(method, None, SETTING)
}

fn public(bucket: &'static str) -> Ask {
    put(bucket, "/").header("x-oss-acl", "public-read")
}

/// Two buckets with an object each, which everybody may read; the second blocks that itself.
async fn world() -> World {
    let world = World::new().await;
    for bucket in [OPEN, SHUT] {
        world.send(public(bucket)).await.expect_status(200);
        let object = put(bucket, "/k").body("x");
        world.send(object).await.expect_status(200);
    }
    let block = put(SHUT, SETTING).body(BLOCKED);
    world.send(block).await.expect_status(200);
    world
}

/// What whoever signs for another account, or not at all, is answered in two dialects.
async fn read_by_others(world: &World, bucket: &'static str) -> u16 {
    let mut seen = Vec::new();
    for by in [As::Other, As::Nobody] {
        for read in [get(bucket, "/k"), common::get(bucket, "/k")] {
            seen.push(world.send(read.by(by)).await.status);
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{bucket} {seen:?}");
    seen[0]
}

async fn blocks(world: &World, ask: Ask) -> String {
    let told = world.send(ask).await.expect_status(200);
    told.element("BlockPublicAccess").to_owned()
}

#[tokio::test]
async fn an_account_shuts_all_of_its_buckets_and_leaves_each_as_it_was() {
    let world = world().await;
    assert_eq!(blocks(&world, account(Method::GET)).await, "false");
    assert_eq!(read_by_others(&world, OPEN).await, 200);
    assert_eq!(read_by_others(&world, SHUT).await, 403);

    let block = account(Method::PUT).body(BLOCKED);
    world.send(block).await.expect_status(200);
    assert_eq!(blocks(&world, account(Method::GET)).await, "true");
    for bucket in [OPEN, SHUT] {
        assert_eq!(read_by_others(&world, bucket).await, 403);
        world.send(get(bucket, "/k")).await.expect_status(200);
    }
    assert_eq!(blocks(&world, get(OPEN, SETTING)).await, "false");
    let opened = world.send(public(OPEN)).await;
    assert_eq!(opened.code(), (403, "AccessDenied".into()));

    world.send(account(Method::DELETE)).await.expect_status(204);
    assert_eq!(blocks(&world, account(Method::GET)).await, "false");
    assert_eq!(read_by_others(&world, OPEN).await, 200);
    assert_eq!(read_by_others(&world, SHUT).await, 403);
}

#[tokio::test]
async fn buckets_that_are_made_later_are_shut_too() {
    let world = world().await;
    let block = account(Method::PUT).body(BLOCKED);
    world.send(block).await.expect_status(200);
    let later = "later-bucket";
    let made = world.send(public(later)).await;
    assert_eq!(made.code(), (403, "AccessDenied".into()));
    world.send(put(later, "/")).await.expect_status(200);
    let opened = put(later, "/?acl").header("x-oss-acl", "public-read");
    assert_eq!(world.send(opened).await.status, 403);

    let of_another = "other-bucket";
    let made = public(of_another).by(As::Other);
    world.send(made).await.expect_status(200);
}

#[tokio::test]
async fn only_an_account_orders_it_and_in_words_that_can_be_read() {
    let world = world().await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let by_nobody = account(method).by(As::Nobody).body(BLOCKED);
        assert_eq!(world.send(by_nobody).await.status, 403);
    }
    let unread = account(Method::PUT).body("<PublicAccessBlockConfiguration/>");
    let unread = world.send(unread).await;
    assert_eq!(unread.code(), (400, "MalformedXML".into()));
    assert_eq!(blocks(&world, account(Method::GET)).await, "false");
}
