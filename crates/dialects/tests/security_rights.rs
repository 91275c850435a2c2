//! Who may do what: every operation, asked by nobody and by another account, without grants and with
//! each grant there is. A new operation fails the first test until it stands in the table.

mod common;

use std::collections::BTreeSet;

use serde_json::json;

use common::{As, Ask, Reply, World, delete, get, get_service, head, post, put};

const BUCKET: &str = "bucket-test";
/// A bucket of the owner that everybody may read.
const OPEN: &str = "open-test";

/// What must be granted on the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    /// Nothing opens it but being the owner.
    Ownership,
    List,
    Read,
    Write,
    ReadAndWrite,
    ReadAcl,
    WriteAcl,
}

/// An inventory that goes into the bucket itself.
const INVENTORY: &str = r#"{"Id":"a","IsEnabled":false,"Destination":{"TOSBucketDestination":
    {"Format":"CSV","Bucket":"bucket-test"}},"Schedule":{"Frequency":"Daily"},
    "IncludedObjectVersions":"All"}"#;

/// Lifecycle rules of an object set, and of those with a tag.
const SET_RULES: &str = r#"{"Rules":[{"ID":"a","Status":"Enabled","Expiration":{"Days":1}}]}"#;
const SET_TAG_RULES: &str = r#"{"ObjectSetTagRules":[{"Tag":{"Key":"a","Value":"b"},
    "Rules":[{"ID":"a","Status":"Enabled","Expiration":{"Days":1}}]}]}"#;
/// A rule that copies into the other bucket.
const REPLICATION: &str = r#"{"Role":"r","Rules":[{"Status":"Enabled","Destination":
    {"Bucket":"open-test","Location":"cn-beijing"}}]}"#;

/// An operation, how it is asked for, and what opens it.
struct Row {
    operation: &'static str,
    ask: fn(&str) -> Ask,
    needs: Needs,
}

const fn row(operation: &'static str, needs: Needs, ask: fn(&str) -> Ask) -> Row {
    Row {
        operation,
        ask,
        needs,
    }
}

/// Everything aimed at a bucket or what is in it; `id` is an upload of the key `up` with one part.
const ON_BUCKETS: &[Row] = &[
    row("HeadBucket", Needs::List, |_| head(BUCKET, "/")),
    row("DeleteBucket", Needs::Ownership, |_| delete(BUCKET, "/")),
    row("GetBucketLocation", Needs::List, |_| {
        get(BUCKET, "/?location")
    }),
    row("GetBucketInfo", Needs::List, |_| {
        get(BUCKET, "/?bucketInfo")
    }),
    row("PutBucketAcl", Needs::WriteAcl, |_| {
        put(BUCKET, "/?acl").header("x-tos-acl", "public-read-write")
    }),
    row("GetBucketAcl", Needs::ReadAcl, |_| get(BUCKET, "/?acl")),
    row("PutBucketVersioning", Needs::Ownership, |_| {
        put(BUCKET, "/?versioning").json(&json!({"Status": "Enabled"}))
    }),
    row("GetBucketVersioning", Needs::Ownership, |_| {
        get(BUCKET, "/?versioning")
    }),
    row("PutBucketNotification", Needs::Ownership, |_| {
        put(BUCKET, "/?notification").body("{}")
    }),
    row("GetBucketNotification", Needs::Ownership, |_| {
        get(BUCKET, "/?notification")
    }),
    row("PutBucketNotificationType2", Needs::Ownership, |_| {
        put(BUCKET, "/?notification_v2").body("{}")
    }),
    row("GetBucketNotificationType2", Needs::Ownership, |_| {
        get(BUCKET, "/?notification_v2")
    }),
    row("PutBucketLifecycle", Needs::Ownership, |_| {
        put(BUCKET, "/?lifecycle").body(
            r#"{"Rules":[{"ID":"1","Prefix":"a","Status":"Enabled","Expiration":{"Days":1}}]}"#,
        )
    }),
    row("GetBucketLifecycle", Needs::Ownership, |_| {
        get(BUCKET, "/?lifecycle")
    }),
    row("DeleteBucketLifecycle", Needs::Ownership, |_| {
        delete(BUCKET, "/?lifecycle")
    }),
    row("PutBucketCors", Needs::Ownership, |_| {
        put(BUCKET, "/?cors")
            .body(r#"{"CORSRules":[{"AllowedOrigins":["*"],"AllowedMethods":["GET"]}]}"#)
    }),
    row("GetBucketCors", Needs::Ownership, |_| get(BUCKET, "/?cors")),
    row("DeleteBucketCors", Needs::Ownership, |_| {
        delete(BUCKET, "/?cors")
    }),
    row("PutBucketPolicy", Needs::Ownership, |_| {
        put(BUCKET, "/?policy").body(POLICY)
    }),
    row("GetBucketPolicy", Needs::Ownership, |_| {
        get(BUCKET, "/?policy")
    }),
    row("DeleteBucketPolicy", Needs::Ownership, |_| {
        delete(BUCKET, "/?policy")
    }),
    row("PutBucketTagging", Needs::Ownership, |_| {
        put(BUCKET, "/?tagging").body(tags().to_string())
    }),
    row("GetBucketTagging", Needs::Ownership, |_| {
        get(BUCKET, "/?tagging")
    }),
    row("DeleteBucketTagging", Needs::Ownership, |_| {
        delete(BUCKET, "/?tagging")
    }),
    row("PutBucketStorageClass", Needs::Ownership, |_| {
        put(BUCKET, "/?storageClass").header("x-tos-storage-class", "IA")
    }),
    row("PutBucketQuota", Needs::Ownership, |_| {
        put(BUCKET, "/?quota").body(r#"{"StorageQuota":"1000"}"#)
    }),
    row("PutBucketTrash", Needs::Ownership, |_| {
        let trash = r#"{"Trash":{"TrashPath":"t","CleanInterval":1,"Status":"Enabled"}}"#;
        put(BUCKET, "/?trash").body(trash)
    }),
    row("GetBucketTrash", Needs::Ownership, |_| {
        get(BUCKET, "/?trash")
    }),
    row("PutBucketInventory", Needs::Ownership, |_| {
        put(BUCKET, "/?inventory&id=a").body(INVENTORY)
    }),
    row("GetBucketInventory", Needs::Ownership, |_| {
        get(BUCKET, "/?inventory&id=a")
    }),
    row("ListBucketInventory", Needs::Ownership, |_| {
        get(BUCKET, "/?inventory")
    }),
    row("DeleteBucketInventory", Needs::Ownership, |_| {
        delete(BUCKET, "/?inventory&id=a")
    }),
    row("PutBucketObjectSetConfiguration", Needs::Ownership, |_| {
        put(BUCKET, "/?objectsetconfiguration").body(r#"{"PathLevel":1}"#)
    }),
    row("GetBucketObjectSetConfiguration", Needs::Ownership, |_| {
        get(BUCKET, "/?objectsetconfiguration")
    }),
    row("PutObjectSet", Needs::Ownership, |_| {
        put(BUCKET, "/?objectset").body(r#"{"ObjectSetName":"a"}"#)
    }),
    row("GetObjectSet", Needs::Ownership, |_| {
        get(BUCKET, "/?objectset&ObjectSetName=a")
    }),
    row("ListObjectSet", Needs::Ownership, |_| {
        get(BUCKET, "/?objectsets")
    }),
    row("DeleteObjectSet", Needs::Ownership, |_| {
        delete(BUCKET, "/?objectset&ObjectSetName=a")
    }),
    row("PutObjectSetTagging", Needs::Ownership, |_| {
        put(BUCKET, "/?objectsettagging").body(r#"{"ObjectSetName":"a"}"#)
    }),
    row("GetObjectSetTagging", Needs::Ownership, |_| {
        get(BUCKET, "/?objectsettagging&ObjectSetName=a")
    }),
    row("GetObjectSetEndpoint", Needs::Ownership, |_| {
        get(BUCKET, "/?objectsetendpoint&ObjectSetName=a")
    }),
    row("PutObjectSetQuota", Needs::Ownership, |_| {
        put(BUCKET, "/?objectsetquota&ObjectSetName=a").body(r#"{"StorageQuota":"1"}"#)
    }),
    row("GetObjectSetQuota", Needs::Ownership, |_| {
        get(BUCKET, "/?objectsetquota&ObjectSetName=a")
    }),
    row("GetObjectSetStorage", Needs::Ownership, |_| {
        get(BUCKET, "/?objectsetstorage&ObjectSetName=a")
    }),
    row("PutObjectSetLifecycle", Needs::Ownership, |_| {
        put(BUCKET, "/?objectset-lifecycle&ObjectSetName=a").body(SET_RULES)
    }),
    row("GetObjectSetLifecycle", Needs::Ownership, |_| {
        get(BUCKET, "/?objectset-lifecycle&ObjectSetName=a")
    }),
    row("DeleteObjectSetLifecycle", Needs::Ownership, |_| {
        delete(BUCKET, "/?objectset-lifecycle&ObjectSetName=a")
    }),
    row("PutObjectSetQuotaByTag", Needs::Ownership, |_| {
        put(BUCKET, "/?objectsetquotabytag").body(r#"{"Rules":[{"Tag":{"Key":"a","Value":"b"}}]}"#)
    }),
    row("GetObjectSetQuotaByTag", Needs::Ownership, |_| {
        get(BUCKET, "/?objectsetquotabytag")
    }),
    row("DeleteObjectSetQuotaByTag", Needs::Ownership, |_| {
        delete(BUCKET, "/?objectsetquotabytag")
    }),
    row("PutObjectSetLifecycleByTag", Needs::Ownership, |_| {
        put(BUCKET, "/?objectset-lifecycle-bytag").body(SET_TAG_RULES)
    }),
    row("GetObjectSetLifecycleByTag", Needs::Ownership, |_| {
        get(BUCKET, "/?objectset-lifecycle-bytag")
    }),
    row("DeleteObjectSetLifecycleByTag", Needs::Ownership, |_| {
        delete(BUCKET, "/?objectset-lifecycle-bytag")
    }),
    row("PutBucketReplication", Needs::Ownership, |_| {
        put(BUCKET, "/?replication").body(REPLICATION)
    }),
    row("GetBucketReplication", Needs::Ownership, |_| {
        get(BUCKET, "/?replication&progress")
    }),
    row("DeleteBucketReplication", Needs::Ownership, |_| {
        delete(BUCKET, "/?replication")
    }),
    row("GetBucketQuota", Needs::Ownership, |_| {
        get(BUCKET, "/?quota")
    }),
    row("PutBucketRename", Needs::Ownership, |_| {
        put(BUCKET, "/?rename").body(r#"{"RenameEnable":true}"#)
    }),
    row("GetBucketRename", Needs::Ownership, |_| {
        get(BUCKET, "/?rename")
    }),
    row("DeleteBucketRename", Needs::Ownership, |_| {
        delete(BUCKET, "/?rename")
    }),
    row("PutBucketAccessMonitor", Needs::Ownership, |_| {
        put(BUCKET, "/?accessmonitor").body(r#"{"Status":"Enabled"}"#)
    }),
    row("GetBucketAccessMonitor", Needs::Ownership, |_| {
        get(BUCKET, "/?accessmonitor")
    }),
    row("PutBucketObjectLock", Needs::Ownership, |_| {
        put(BUCKET, "/?object-lock").body(r#"{"ObjectLockEnabled":"Enabled"}"#)
    }),
    row("GetBucketObjectLock", Needs::Ownership, |_| {
        get(BUCKET, "/?object-lock")
    }),
    row("PutObjectRetention", Needs::Ownership, |_| {
        let kept = r#"{"Mode":"COMPLIANCE","RetainUntilDate":"2037-01-01T00:00:00Z"}"#;
        put(BUCKET, "/o?retention").body(kept)
    }),
    row("GetObjectRetention", Needs::Ownership, |_| {
        get(BUCKET, "/o?retention")
    }),
    row("PutBucketCustomDomain", Needs::Ownership, |_| {
        put(BUCKET, "/?customdomain").body(r#"{"CustomDomainRule":{"Domain":"www.example.org"}}"#)
    }),
    row("ListBucketCustomDomain", Needs::Ownership, |_| {
        get(BUCKET, "/?customdomain")
    }),
    row("DeleteBucketCustomDomain", Needs::Ownership, |_| {
        delete(BUCKET, "/?customdomain=www.example.org")
    }),
    row("PutBucketEncryption", Needs::Ownership, |_| {
        put(BUCKET, "/?encryption")
            .body(r#"{"Rule":{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"}}}"#)
    }),
    row("GetBucketEncryption", Needs::Ownership, |_| {
        get(BUCKET, "/?encryption")
    }),
    row("DeleteBucketEncryption", Needs::Ownership, |_| {
        delete(BUCKET, "/?encryption")
    }),
    row("PutBucketWebsite", Needs::Ownership, |_| {
        put(BUCKET, "/?website").body(r#"{"IndexDocument":{"Suffix":"index.html"}}"#)
    }),
    row("GetBucketWebsite", Needs::Ownership, |_| {
        get(BUCKET, "/?website")
    }),
    row("DeleteBucketWebsite", Needs::Ownership, |_| {
        delete(BUCKET, "/?website")
    }),
    row("PutBucketMirrorBack", Needs::Ownership, |_| {
        put(BUCKET, "/?mirror").body(MIRROR)
    }),
    row("GetBucketMirrorBack", Needs::Ownership, |_| {
        get(BUCKET, "/?mirror")
    }),
    row("DeleteBucketMirrorBack", Needs::Ownership, |_| {
        delete(BUCKET, "/?mirror")
    }),
    row("ListObjects", Needs::List, |_| get(BUCKET, "/")),
    row("ListObjectsType2", Needs::List, |_| {
        get(BUCKET, "/?list-type=2")
    }),
    row("ListObjectVersions", Needs::List, |_| {
        get(BUCKET, "/?versions")
    }),
    row("ListMultipartUploads", Needs::List, |_| {
        get(BUCKET, "/?uploads")
    }),
    row("DeleteMultiObjects", Needs::Write, |_| {
        post(BUCKET, "/?delete").json(&json!({"Objects": [{"Key": "o"}]}))
    }),
    row("PostObject", Needs::Write, |_| {
        post(BUCKET, "/")
            .header("content-type", "multipart/form-data; boundary=B")
            .body(FORM)
    }),
    row("PutObject", Needs::Write, |_| put(BUCKET, "/o").body("new")),
    row("AppendObject", Needs::Write, |_| {
        post(BUCKET, "/appended?append&offset=0").body("x")
    }),
    row("DeleteObject", Needs::Write, |_| delete(BUCKET, "/o")),
    row("CopyObject", Needs::Write, |_| {
        put(BUCKET, "/o").header("x-tos-copy-source", "open-test/o")
    }),
    row("SetObjectMeta", Needs::Write, |_| {
        post(BUCKET, "/o?metadata").header("x-tos-meta-a", "b")
    }),
    row("PutObjectTagging", Needs::Write, |_| {
        put(BUCKET, "/o?tagging").json(&tags())
    }),
    row("DeleteObjectTagging", Needs::Write, |_| {
        delete(BUCKET, "/o?tagging")
    }),
    row("CreateMultipartUpload", Needs::Write, |_| {
        post(BUCKET, "/new?uploads")
    }),
    row("UploadPart", Needs::Write, |id| {
        put(BUCKET, &format!("/up?uploadId={id}&partNumber=2")).body("x")
    }),
    row("UploadPartCopy", Needs::Write, |id| {
        put(BUCKET, &format!("/up?uploadId={id}&partNumber=2"))
            .header("x-tos-copy-source", "open-test/o")
    }),
    row("ListParts", Needs::Write, |id| {
        get(BUCKET, &format!("/up?uploadId={id}"))
    }),
    row("CompleteMultipartUpload", Needs::Write, |id| {
        post(BUCKET, &format!("/up?uploadId={id}")).body("{}")
    }),
    row("RestoreObject", Needs::Write, |_| {
        post(BUCKET, "/cold?restore").body(r#"{"Days":1}"#)
    }),
    row("PutSymlink", Needs::Write, |_| {
        put(BUCKET, "/new-link?symlink").header("x-tos-symlink-target", "o")
    }),
    row("SetObjectExpires", Needs::Write, |_| {
        post(BUCKET, "/o?objectExpires").body(r#"{"ObjectExpires":3}"#)
    }),
    row("SetObjectTime", Needs::Write, |_| {
        post(BUCKET, "/o?time").header("x-modify-timestamp", "1700000000")
    }),
    row("FetchObject", Needs::Write, |_| {
        post(BUCKET, "/o?fetch").body(r#"{"URL":"http://origin.example/"}"#)
    }),
    row("RenameObject", Needs::ReadAndWrite, |_| {
        put(BUCKET, "/o?rename&name=new")
    }),
    row("AbortMultipartUpload", Needs::Write, |id| {
        delete(BUCKET, &format!("/up?uploadId={id}"))
    }),
    row("GetObject", Needs::Read, |_| get(BUCKET, "/o")),
    row("HeadObject", Needs::Read, |_| head(BUCKET, "/o")),
    row("GetSymlink", Needs::Read, |_| get(BUCKET, "/link?symlink")),
    row("GetFileStatus", Needs::Read, |_| get(BUCKET, "/o?stat")),
    row("GetObjectTagging", Needs::Read, |_| {
        get(BUCKET, "/o?tagging")
    }),
    row("GetObjectAcl", Needs::ReadAcl, |_| get(BUCKET, "/o?acl")),
    row("PutObjectAcl", Needs::WriteAcl, |_| {
        put(BUCKET, "/o?acl").header("x-tos-acl", "private")
    }),
];

/// What is aimed at no bucket: any account may, nobody else.
const OF_ACCOUNTS: &[Row] = &[
    row("ListBuckets", Needs::Ownership, |_| get_service("/")),
    row("CreateBucket", Needs::Ownership, |_| put("new-test", "/")),
];

const POLICY: &str = r#"{"Statement":[{"Sid":"1","Effect":"Allow","Principal":["*"],"Action":["tos:GetObject"],
    "Resource":["trn:tos:::bucket-test/*"]}]}"#;

const MIRROR: &str = r#"{"Rules":[{"ID":"1","Condition":{"HttpCode":404},"Redirect":{"RedirectType":"Mirror",
    "PublicSource":{"SourceEndpoint":{"Primary":["http://origin.example/"]}}}}]}"#;

/// What this server refuses to everybody.
const NOT_IMPLEMENTED: &str = "NotImplemented";

/// A form that browsers send without signature.
const FORM: &str = "--B\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\no\r\n\
    --B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nnew\r\n--B--\r\n";

fn tags() -> serde_json::Value {
    json!({"TagSet": {"Tags": [{"Key": "a", "Value": "b"}]}})
}

/// A bucket with the object `o` and an upload of `up`, and an open bucket with an object; the id of the
/// upload.
async fn world(grant: Option<(&'static str, &str)>) -> (World, String) {
    let world = World::with_bucket().await;
    let open = put(OPEN, "/").header("x-tos-acl", "public-read");
    for ask in [
        open,
        put(OPEN, "/o").body("open"),
        put(BUCKET, "/o").body("old"),
        put(BUCKET, "/cold")
            .header("x-tos-storage-class", "ARCHIVE")
            .body("cold"),
        put(BUCKET, "/link?symlink").header("x-tos-symlink-target", "o"),
    ] {
        world.send(ask).await.expect_status(200);
    }
    let made = world
        .send(post(BUCKET, "/up?uploads"))
        .await
        .expect_status(200);
    let id = made.json()["UploadId"].as_str().expect("an id").to_owned();
    let part = put(BUCKET, &format!("/up?uploadId={id}&partNumber=1")).body("part");
    world.send(part).await.expect_status(200);
    world.let_rename(BUCKET).await;
    if let Some((header, whom)) = grant {
        let acl = put(BUCKET, "/?acl").header(header, whom);
        world.send(acl).await.expect_status(200);
    }
    (world, id)
}

/// What somebody can ask for: a form is signed by its fields, and that of the table is not.
fn rows(by: As) -> impl Iterator<Item = &'static Row> {
    let asks = move |row: &&Row| by == As::Nobody || row.operation != "PostObject";
    ON_BUCKETS.iter().filter(asks)
}

/// Asks as somebody; whether it was done. Whatever is not done is
/// `AccessDenied`, also for the keys of a list.
async fn done(world: &World, row: &Row, by: As, id: &str) -> bool {
    let reply = world.send((row.ask)(id).by(by)).await;
    assert_eq!(
        reply.operation, row.operation,
        "the row asks for something else"
    );
    if reply.status < 300 {
        return refused_key(&reply).is_none();
    }
    let shown = format!("{} by {by:?}: {reply:?}", row.operation);
    assert_eq!(reply.status, 403, "{shown}");
    assert_eq!(reply.header("x-tos-ec"), "0015-00000001", "{shown}");
    false
}

fn refused_key(reply: &Reply) -> Option<()> {
    if reply.operation != "DeleteMultiObjects" {
        return None;
    }
    let code = reply.json()["Error"][0]["Code"].as_str()?.to_owned();
    assert_eq!(code, "AccessDenied");
    Some(())
}

#[test]
fn the_table_has_every_operation() {
    let source = include_str!("../src/tos/route.rs");
    let named = source.lines().filter_map(|line| line.split_once("=> \""));
    let operations: BTreeSet<&str> = named
        .filter(|(front, _)| front.trim_start().starts_with("Self::"))
        .filter_map(|(_, name)| name.split_once('"'))
        .map(|(name, _)| name)
        .collect();
    let rows = ON_BUCKETS.iter().chain(OF_ACCOUNTS);
    let mut table: BTreeSet<&str> = rows.map(|row| row.operation).collect();
    assert_eq!(table.len(), ON_BUCKETS.len() + OF_ACCOUNTS.len());
    table.insert(NOT_IMPLEMENTED);
    // Tasks are made by those who sign, and asked about by their id: `tos_fetch.rs` has these.
    table.extend(["PutFetchTask", "GetFetchTask"]);
    // Objects of flat buckets, as that of the table is, are not modified: `tos_trees.rs` has it.
    table.insert("ModifyObject");
    // What a browser asks before it acts is answered from the bucket's rules, whoever asks.
    table.insert("OptionsObject");
    assert_eq!(table, operations);
}

#[tokio::test]
async fn without_a_grant_nothing_is_open() {
    let (world, id) = world(None).await;
    for by in [As::Nobody, As::Other] {
        for row in rows(by) {
            assert!(
                !done(&world, row, by, &id).await,
                "{} by {by:?}",
                row.operation
            );
        }
    }
    for row in OF_ACCOUNTS {
        assert!(
            !done(&world, row, As::Nobody, &id).await,
            "{}",
            row.operation
        );
        assert!(done(&world, row, As::Other, &id).await, "{}", row.operation);
    }
    let seen = world.send(get_service("/").by(As::Other)).await.json();
    assert_eq!(
        seen["Buckets"].as_array().expect("a list").len(),
        1,
        "{seen}"
    );
    let unknown = world
        .send(put(BUCKET, "/?realtimeLog").by(As::Nobody))
        .await;
    assert_eq!((unknown.status, unknown.operation), (501, NOT_IMPLEMENTED));
    assert_eq!(world.send(get(BUCKET, "/o")).await.text(), "old");
    let list = world.send(get(BUCKET, "/")).await.json();
    assert_eq!(
        list["Contents"].as_array().expect("a list").len(),
        3,
        "{list}"
    );
}

#[tokio::test]
async fn a_grant_opens_what_it_says_and_nothing_else() {
    let grants: [(_, &[Needs]); 6] = [
        ("x-tos-grant-read", &[Needs::List, Needs::Read]),
        ("x-tos-grant-read-non-list", &[Needs::Read]),
        ("x-tos-grant-write", &[Needs::Write]),
        ("x-tos-grant-read-acp", &[Needs::ReadAcl]),
        ("x-tos-grant-write-acp", &[Needs::WriteAcl]),
        (
            "x-tos-grant-full-control",
            &[
                Needs::List,
                Needs::Read,
                Needs::Write,
                Needs::ReadAndWrite,
                Needs::ReadAcl,
                Needs::WriteAcl,
            ],
        ),
    ];
    let whom = [
        ("canned=AllUsers", As::Nobody, true),
        ("canned=AllUsers", As::Other, true),
        ("canned=AuthenticatedUsers", As::Nobody, false),
        ("canned=AuthenticatedUsers", As::Other, true),
        ("id=2100000001", As::Nobody, false),
        ("id=2100000001", As::Other, true),
        ("id=2100000009", As::Other, false),
    ];
    for (header, opens) in grants {
        for (grantee, by, meant) in whom {
            for row in rows(by) {
                let (world, id) = world(Some((header, grantee))).await;
                let wanted = meant && opens.contains(&row.needs);
                assert_eq!(
                    done(&world, row, by, &id).await,
                    wanted,
                    "{} by {by:?} with {header}: {grantee}",
                    row.operation
                );
            }
        }
    }
}

/// What a grant on the object itself opens.
#[tokio::test]
async fn the_list_of_an_object_stands_before_that_of_its_bucket() {
    let on_object = |needs| matches!(needs, Needs::Read | Needs::ReadAcl | Needs::WriteAcl);
    let grants: [(_, &[Needs]); 5] = [
        ("x-tos-grant-read", &[Needs::Read]),
        ("x-tos-grant-write", &[]),
        ("x-tos-grant-read-acp", &[Needs::ReadAcl]),
        ("x-tos-grant-write-acp", &[Needs::WriteAcl]),
        (
            "x-tos-grant-full-control",
            &[Needs::Read, Needs::ReadAcl, Needs::WriteAcl],
        ),
    ];
    for (header, opens) in grants {
        for row in ON_BUCKETS {
            let (world, id) = world(None).await;
            for object in ["/o?acl", "/link?acl"] {
                let own = put(BUCKET, object).header(header, "canned=AllUsers");
                world.send(own).await.expect_status(200);
            }
            let wanted = on_object(row.needs)
                && opens.contains(&row.needs)
                && row.operation != "GetBucketAcl"
                && row.operation != "PutBucketAcl";
            let opened = done(&world, row, As::Nobody, &id).await;
            assert_eq!(
                opened, wanted,
                "{} with {header} on the object",
                row.operation
            );
        }
    }
    let (world, id) = world(Some(("x-tos-acl", "public-read"))).await;
    for object in ["/o?acl", "/link?acl"] {
        let closed = put(BUCKET, object).header("x-tos-acl", "private");
        world.send(closed).await.expect_status(200);
    }
    for row in ON_BUCKETS.iter().filter(|row| row.needs == Needs::Read) {
        assert!(
            !done(&world, row, As::Other, &id).await,
            "{}",
            row.operation
        );
    }
}

#[tokio::test]
async fn a_copy_needs_the_right_to_read_its_source() {
    let (world, id) = world(Some(("x-tos-acl", "public-read-write"))).await;
    let secret = put("secret-test", "/");
    world.send(secret).await.expect_status(200);
    world
        .send(put("secret-test", "/s").body("secret"))
        .await
        .expect_status(200);
    let part = format!("/up?uploadId={id}&partNumber=2");
    for (target, source) in [
        ("/copy", "secret-test/s"),
        ("/copy", "secret-test/absent"),
        ("/copy", "secret-test/s?versionId=null"),
        (part.as_str(), "secret-test/s"),
        (part.as_str(), "secret-test/absent"),
    ] {
        for by in [As::Nobody, As::Other] {
            let copy = put(BUCKET, target).header("x-tos-copy-source", source);
            let refused = world.send(copy.by(by)).await;
            let shown = format!("{source} to {target} by {by:?}");
            assert_eq!(refused.code(), (403, "AccessDenied".into()), "{shown}");
        }
    }
    world.send(head(BUCKET, "/copy")).await.expect_status(404);
}

/// The newest version is open, an older one was closed: naming the older one does not open it.
#[tokio::test]
async fn a_version_is_read_by_its_own_right() {
    let world = World::with_bucket().await;
    let on = put(BUCKET, "/?versioning").json(&json!({"Status": "Enabled"}));
    world.send(on).await.expect_status(200);
    let mut versions = Vec::new();
    for acl in ["private", "public-read"] {
        let stored = world
            .send(put(BUCKET, "/v").header("x-tos-acl", acl).body(acl))
            .await
            .expect_status(200);
        versions.push(stored.header("x-tos-version-id").to_owned());
    }
    let [closed, open] = versions.as_slice() else {
        panic!("two versions");
    };
    for (target, status) in [
        ("/v".to_owned(), 200),
        (format!("/v?versionId={open}"), 200),
        (format!("/v?versionId={closed}"), 403),
        (format!("/v?tagging&versionId={closed}"), 403),
        (format!("/v?acl&versionId={open}"), 403),
        ("/v?versionId=0000000000000001".to_owned(), 403),
    ] {
        let reply = world.send(get(BUCKET, &target).by(As::Nobody)).await;
        assert_eq!(reply.status, status, "{target}");
    }
    let copy = put(BUCKET, "/copy").header(
        "x-tos-copy-source",
        &format!("bucket-test/v?versionId={closed}"),
    );
    let copied = world.send(copy.by(As::Other)).await;
    assert_eq!(copied.status, 403);
}

/// Somebody who may not list learns nothing about which keys there are.
#[tokio::test]
async fn missing_and_forbidden_look_alike() {
    let (world, _) = world(None).await;
    for query in ["", "?tagging", "?acl"] {
        for by in [As::Nobody, As::Other] {
            let mut replies = Vec::new();
            for key in ["/o", "/x"] {
                let target = format!("{key}{query}");
                let reply = world.send(get(BUCKET, &target).by(by)).await;
                let text = reply.text().replace(&format!("/bucket-test{key}"), "");
                replies.push((reply.status, text));
            }
            assert_eq!(replies[0], replies[1], "{query} by {by:?}");
            assert_eq!(replies[0].0, 403, "{query} by {by:?}");
        }
    }
}
