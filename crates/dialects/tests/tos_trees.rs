//! Hierarchical buckets of TOS: their type, directories, pieces, and their trash.

mod common;

use common::{As, Ask, World, delete, get, get_service, head, post, put};

const BUCKET: &str = "tree-test";

async fn world() -> World {
    let world = World::new().await;
    let create = put(BUCKET, "/").header("x-tos-bucket-type", "hns");
    world.send(create).await.expect_status(200);
    world
}

#[tokio::test]
async fn a_bucket_tells_its_type_and_is_found_by_it() {
    let world = world().await;
    world.send(put("flat-test", "/")).await.expect_status(200);
    let seen = world.send(head(BUCKET, "/")).await.expect_status(200);
    assert_eq!(seen.header("x-tos-bucket-type"), "hns");
    let info = world.send(get(BUCKET, "/?bucketInfo")).await.json();
    assert_eq!(info["Bucket"]["Type"], "hns");
    for (kind, wanted) in [("hns", BUCKET), ("fns", "flat-test")] {
        let list = get_service("/").header("x-tos-bucket-type", kind);
        let list = world.send(list).await.json();
        let [one] = list["Buckets"].as_array().expect("a list").as_slice() else {
            panic!("{list}");
        };
        assert_eq!(
            (&one["Name"], &one["BucketType"]),
            (&wanted.into(), &kind.into())
        );
    }
    let bad = get_service("/").header("x-tos-bucket-type", "tree");
    assert_eq!(world.send(bad).await.code().0, 400);
    for (name, value) in [
        ("x-tos-storage-class", "IA"),
        ("x-tos-az-redundancy", "multi-az"),
    ] {
        let bad = put("bad-test", "/").header("x-tos-bucket-type", "hns");
        let refused = world.send(bad.header(name, value)).await;
        assert_eq!(refused.code(), (400, "InvalidArgument".into()), "{name}");
    }
    let versions = put(BUCKET, "/?versioning").body(r#"{"Status":"Enabled"}"#);
    let refused = world.send(versions).await;
    assert_eq!(refused.code(), (405, "MethodNotAllowed".into()));
    let renames = world.send(get(BUCKET, "/?rename")).await.json();
    assert_eq!(renames["RenameEnable"], true);
}

#[tokio::test]
async fn directories_are_told_and_kept_apart_from_objects() {
    let world = world().await;
    world
        .send(put(BUCKET, "/a/b/c").body("x"))
        .await
        .expect_status(200);
    for path in ["/a", "/a/", "/a/b"] {
        let seen = world.send(head(BUCKET, path)).await.expect_status(200);
        assert_eq!(seen.header("x-tos-directory"), "true", "{path}");
        let read = world.send(get(BUCKET, path)).await.expect_status(200);
        assert_eq!((read.header("x-tos-directory"), read.text()), ("true", ""));
    }
    let seen = world.send(head(BUCKET, "/a/b/c")).await.expect_status(200);
    assert_eq!(seen.header("x-tos-directory"), "");
    for query in ["/?delimiter=%2F", "/?list-type=2&delimiter=%2F"] {
        let list = world.send(get(BUCKET, query)).await.json();
        assert_eq!(list["CommonPrefixes"][0]["Prefix"], "a/");
        assert_eq!(
            list["CommonPrefixes"][0]["LastModified"],
            "2024-05-06T07:08:09.000Z"
        );
    }
    let cases: [(Ask, &str, &str); 5] = [
        (delete(BUCKET, "/a"), "DirectoryNotEmpty", "0026-00000013"),
        (
            put(BUCKET, "/a/b/c/d").body("x"),
            "ParentNotDirectory",
            "0026-00000020",
        ),
        (
            put(BUCKET, "/a").body("x"),
            "DirectoryConflict",
            "0026-00000021",
        ),
        (
            put(BUCKET, "/a?rename&name=a/b/d"),
            "RenameIntoItself",
            "0026-00000026",
        ),
        (
            put(BUCKET, "/a/b/c?rename&name=a"),
            "RenameConflict",
            "0026-00000027",
        ),
    ];
    for (request, code, ec) in cases {
        let refused = world.send(request).await.expect_status(409);
        assert_eq!((&*refused.code().1, refused.header("x-tos-ec")), (code, ec));
    }
    let missing = world.send(put(BUCKET, "/a/b/c?rename&name=x/c")).await;
    assert_eq!(missing.code(), (404, "NoSuchKey".into()));
    let made = put(BUCKET, "/a/b?rename&name=x/y").header("x-tos-recursive-mkdir", "true");
    world.send(made).await.expect_status(204);
    let read = world.send(get(BUCKET, "/x/y/c")).await.expect_status(200);
    assert_eq!(read.text(), "x");
    world
        .send(delete(BUCKET, "/x?recursive=true"))
        .await
        .expect_status(204);
    world.send(head(BUCKET, "/x")).await.expect_status(404);
}

#[tokio::test]
async fn any_object_is_modified_at_its_end() {
    let world = world().await;
    let absent = world
        .send(post(BUCKET, "/k?modify&offset=0").body("x"))
        .await;
    assert_eq!(absent.code(), (404, "NoSuchKey".into()));
    world
        .send(put(BUCKET, "/k").body("one"))
        .await
        .expect_status(200);
    let next = world
        .send(post(BUCKET, "/k?modify&offset=3").body("-two"))
        .await;
    assert_eq!(
        next.expect_status(200).header("x-tos-next-modify-offset"),
        "7"
    );
    let wrong = world
        .send(post(BUCKET, "/k?modify&offset=3").body("x"))
        .await;
    assert_eq!(wrong.code(), (409, "OffsetNotMatched".into()));
    let other = post(BUCKET, "/k?modify&offset=7").body("x").by(As::Other);
    assert_eq!(world.send(other).await.code().0, 403);
    let unmet = post(BUCKET, "/k?modify&offset=7").header("x-tos-if-match", "ab");
    let unmet = world.send(unmet.body("x")).await;
    assert_eq!(unmet.code(), (412, "PreconditionFailed".into()));
    let nothing = world.send(post(BUCKET, "/k?modify&offset=7")).await;
    nothing.expect_status(200);
    let read = world.send(get(BUCKET, "/k")).await.expect_status(200);
    assert_eq!(read.text(), "one-two");
    world.send(put("flat-test", "/")).await.expect_status(200);
    world
        .send(put("flat-test", "/k").body("x"))
        .await
        .expect_status(200);
    let flat = world
        .send(post("flat-test", "/k?modify&offset=1").body("x"))
        .await;
    assert_eq!(flat.code(), (405, "MethodNotAllowed".into()));
}

#[tokio::test]
async fn what_is_deleted_is_told_where_it_lies() {
    let world = world().await;
    let none = world.send(get(BUCKET, "/?trash")).await.json();
    assert_eq!(none, serde_json::json!({}));
    let set = r#"{"Trash":{"TrashPath":".Trash","CleanInterval":3,"Status":"Enabled"}}"#;
    world
        .send(put(BUCKET, "/?trash").body(set))
        .await
        .expect_status(200);
    let told = world.send(get(BUCKET, "/?trash")).await.json();
    let wanted = serde_json::json!({"Trash": {
        "TrashPath": ".Trash/", "CleanInterval": 3, "Status": "Enabled",
    }});
    assert_eq!(told, wanted);
    for key in ["/a%20b", "/c", "/d"] {
        world
            .send(put(BUCKET, key).body("x"))
            .await
            .expect_status(200);
    }
    let gone = world
        .send(delete(BUCKET, "/a%20b"))
        .await
        .expect_status(204);
    let at = gone.header("x-tos-trash-path").to_owned();
    assert!(at.starts_with(".Trash/") && at.ends_with("/a%20b"), "{at}");
    world
        .send(get(BUCKET, &format!("/{at}")))
        .await
        .expect_status(200);
    let gone = world
        .send(delete(BUCKET, "/c?skipTrash=true"))
        .await
        .expect_status(204);
    assert_eq!(gone.header("x-tos-trash-path"), "");
    let many = post(BUCKET, "/?delete").body(r#"{"Objects":[{"Key":"d"}]}"#);
    let many = world.send(many).await.json();
    let at = many["Deleted"][0]["TrashPath"].as_str().expect("a path");
    assert!(at.ends_with("/d"), "{at}");
    for bad in [
        r#"{"Trash":{"TrashPath":"","CleanInterval":3,"Status":"Enabled"}}"#,
        r#"{"Trash":{"TrashPath":"t","CleanInterval":0,"Status":"Enabled"}}"#,
        r#"{"Trash":{"TrashPath":"t","CleanInterval":1,"Status":"On"}}"#,
    ] {
        let refused = world.send(put(BUCKET, "/?trash").body(bad)).await;
        assert_eq!(refused.code(), (400, "InvalidArgument".into()), "{bad}");
    }
}
