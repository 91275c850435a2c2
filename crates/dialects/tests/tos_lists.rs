//! Listings of TOS (sheet section 4).

mod common;

use std::time::Duration;

use common::{As, World, delete, get, masked, put};
use serde_json::{Value, json};

const BUCKET: &str = "bucket-test";

async fn world() -> World {
    let world = World::with_bucket().await;
    for key in ["/a%20b", "/dir/1", "/dir/2", "/z"] {
        let ask = put(BUCKET, key)
            .header("x-tos-meta-m", "v")
            .body("123456789");
        world.send(ask).await.expect_status(200);
    }
    world
}

async fn list(world: &World, query: &str) -> Value {
    world
        .send(get(BUCKET, &format!("/?{query}")))
        .await
        .expect_status(200)
        .json()
}

fn names(body: &Value) -> (Vec<String>, Vec<String>) {
    let column = |list: &str, name: &str| {
        let lines = body[list].as_array().expect("a list").iter();
        lines
            .map(|line| line[name].as_str().expect("text").to_owned())
            .collect()
    };
    (
        column("Contents", "Key"),
        column("CommonPrefixes", "Prefix"),
    )
}

#[tokio::test]
async fn version_1() {
    let world = world().await;
    let page = list(
        &world,
        "x-tos-bucket-type=hns&delimiter=%2F&max-keys=2&fetch-meta=True",
    )
    .await;
    insta::assert_json_snapshot!("list_v1", page);
    let next = page["NextMarker"].as_str().expect("a marker");
    assert_eq!(next, "dir/");
    let rest = list(&world, &format!("delimiter=%2F&marker={next}")).await;
    assert_eq!(names(&rest), (vec!["z".into()], vec![]));
    assert_eq!(rest["IsTruncated"], false);
    assert!(rest.get("NextMarker").is_none());
    let encoded = list(&world, "encoding-type=url&max-keys=1").await;
    assert_eq!(encoded["Contents"][0]["Key"], "a%20b");
    assert_eq!(encoded["NextMarker"], "a%20b");
    let reversed = list(&world, "reverse=True&prefix=dir%2F").await;
    assert_eq!(names(&reversed).0, ["dir/2", "dir/1"]);
    let unsaid = list(&world, "max-keys=0").await;
    assert_eq!(unsaid["MaxKeys"], 1000);
    assert_eq!(names(&unsaid), names(&list(&world, "").await));
    assert_eq!(list(&world, "max-keys=99999").await["MaxKeys"], 1000);
}

#[tokio::test]
async fn type2() {
    let world = world().await;
    let mut query = "list-type=2&fetch-owner=true&max-keys=1".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = list(&world, &query).await;
        assert_eq!(page["KeyCount"], 1);
        assert_eq!(page["Contents"][0]["Owner"]["ID"], "2100000000");
        seen.extend(names(&page).0);
        let Some(token) = page["NextContinuationToken"].as_str() else {
            break;
        };
        query = format!("list-type=2&fetch-owner=true&max-keys=1&continuation-token={token}");
    }
    assert_eq!(seen, ["a b", "dir/1", "dir/2", "z"]);
    let after = list(&world, "list-type=2&start-after=dir%2F1").await;
    insta::assert_json_snapshot!("list_type2", after);
}

#[tokio::test]
async fn versions() {
    let world = world().await;
    let plain = list(&world, "versions&prefix=z").await;
    assert!(plain["Versions"][0].get("VersionId").is_none());
    let on = json!({"Status": "Enabled"});
    world
        .send(put(BUCKET, "/?versioning").json(&on))
        .await
        .expect_status(200);
    world.clock.advance(Duration::from_secs(1));
    world
        .send(put(BUCKET, "/z").body("new"))
        .await
        .expect_status(200);
    world.clock.advance(Duration::from_secs(1));
    world.send(delete(BUCKET, "/z")).await.expect_status(204);
    let all = list(&world, "versions&prefix=z").await;
    insta::assert_json_snapshot!(
        "list_versions",
        masked(
            all,
            &["/Versions/0/VersionId", "/DeleteMarkers/0/VersionId"]
        )
    );
    let mut query = "versions&prefix=z&max-keys=1".to_owned();
    let mut count = 0;
    loop {
        let page = list(&world, &query).await;
        let lines = |name: &str| page[name].as_array().map_or(0, Vec::len);
        count += lines("Versions") + lines("DeleteMarkers");
        let Some(key) = page["NextKeyMarker"].as_str() else {
            break;
        };
        let version = page["NextVersionIdMarker"].as_str().expect("a version");
        query =
            format!("versions&prefix=z&max-keys=1&key-marker={key}&version-id-marker={version}");
    }
    assert_eq!(count, 3);
}

#[tokio::test]
async fn bad_questions_are_refused() {
    let world = world().await;
    let long = format!("prefix={}", "k".repeat(1025));
    for query in [
        "max-keys=-1",
        "max-keys=a",
        "encoding-type=base64",
        "reverse=maybe",
        "list-type=3",
        "list-type=2&continuation-token=***",
        "versions&version-id-marker=null",
        "versions&key-marker=a&version-id-marker=xyz",
        "uploads&upload-id-marker=xyz",
        long.as_str(),
    ] {
        let reply = world.send(get(BUCKET, &format!("/?{query}"))).await;
        assert_eq!(reply.code(), (400, "InvalidArgument".into()), "{query}");
    }
    let stranger = world.send(get(BUCKET, "/").by(As::Other)).await;
    assert_eq!(stranger.code(), (403, "AccessDenied".into()));
}
