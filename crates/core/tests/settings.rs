//! Settings of buckets: documents come and go with the bucket, need the right to, and a policy is in
//! force for every operation from the answer to its storing on.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use cohong_core::ErrorKind;
use cohong_core::engine::{
    Attributes, BucketChange, BucketPolicy, Conditions, CopyObject, CopySource, CreateUpload, Cx,
    Deletion, Document, GetObject, ListObjects, ListUploads, ListVersions, ObjectChange,
    ObjectTarget, VersionChoice,
};
use cohong_core::model::{
    Acl, Action, Actions, BucketName, Cipher, Condition, Cors, CorsMethod, CorsRule, DocKind, Due,
    Effect, Encryption, Fact, Folders, Grant, Grantee, Index, KeyHolder, Lifecycle, LifecycleRule,
    Likeness, Mirror, MirrorRule, NamedCallback, Network, ObjectKey, Permission, Principals,
    SetLifecycleRule, SetLifecycles, SetQuotaRule, SetQuotas, SetRates, Statement, Tags,
    Versioning, Website, When,
};
use cohong_core::ports::Table;
use common::{World, account, anonymous, create_bucket, owner, put, run, target};

fn policy(statements: Vec<Statement>) -> BucketPolicy {
    BucketPolicy {
        text: "{}".into(),
        statements,
    }
}

/// A statement about everybody and everything in a bucket.
fn everybody(effect: Effect, actions: &[Action], bucket: &BucketName) -> Statement {
    Statement {
        effect,
        principals: Principals::Everyone,
        actions: Actions::of(actions.iter().copied()),
        resources: vec![bucket.as_str().into(), format!("{bucket}/*").into()],
        conditions: Vec::new(),
    }
}

fn cors() -> Cors {
    Cors {
        rules: vec![CorsRule {
            origins: vec!["*".into()],
            methods: vec![CorsMethod::Get],
            headers: Vec::new(),
            exposed: Vec::new(),
            max_age_s: None,
            vary: false,
        }],
    }
}

fn lifecycle() -> Lifecycle {
    let rule = LifecycleRule {
        id: "rule".into(),
        enabled: true,
        expire: Some(Due::Days(1)),
        ..LifecycleRule::default()
    };
    Lifecycle {
        rules: vec![rule],
        may_overlap: false,
    }
}

fn tags() -> Tags {
    vec![("team".into(), "a".into())]
}

fn website() -> Website {
    Website {
        index: Some(Index {
            suffix: "index.html".into(),
            folders: Folders::Show,
        }),
        ..Website::default()
    }
}

fn mirrors() -> Vec<MirrorRule> {
    vec![MirrorRule {
        id: "origin".into(),
        when: When {
            status: Some(404),
            ..When::default()
        },
        mirror: Mirror {
            origins: vec!["http://origin.example/".into()],
            ..Mirror::default()
        },
    }]
}

async fn store<D: Document>(
    world: &World,
    cx: &Cx,
    bucket: &BucketName,
    doc: &D,
) -> Result<(), ErrorKind> {
    let stored = world.engine.put_bucket_doc(cx, bucket, doc).await;
    stored.map_err(|error| error.kind())
}

async fn found<D: Document>(world: &World, cx: &Cx, bucket: &BucketName) -> Result<D, ErrorKind> {
    let found = world.engine.get_bucket_doc(cx, bucket).await;
    found.map_err(|error| error.kind())
}

/// A document comes, is replaced, goes and goes again; nobody but the owner may.
async fn comes_and_goes<D: Document + PartialEq + std::fmt::Debug>(doc: D) {
    let world = World::new();
    let bucket = world.bucket("docs").await;
    let missing = Err(ErrorKind::NoSuchDocument(D::KIND));
    assert_eq!(found::<D>(&world, &owner(), &bucket).await, missing);
    for cx in [account("other"), anonymous()] {
        let denied = Err(ErrorKind::Denied);
        assert_eq!(store(&world, &cx, &bucket, &doc).await, denied);
        assert_eq!(found::<D>(&world, &cx, &bucket).await.err(), denied.err());
        let deleted = world.engine.delete_bucket_doc::<D>(&cx, &bucket).await;
        assert_eq!(deleted.map_err(|e| e.kind()), denied);
    }
    for _ in 0..2 {
        assert_eq!(store(&world, &owner(), &bucket, &doc).await, Ok(()));
        assert_eq!(
            found::<D>(&world, &owner(), &bucket).await.as_ref(),
            Ok(&doc)
        );
    }
    for _ in 0..2 {
        let deleted = world.engine.delete_bucket_doc::<D>(&owner(), &bucket).await;
        assert!(deleted.is_ok());
        assert_eq!(found::<D>(&world, &owner(), &bucket).await, missing);
    }
    let nowhere = BucketName::new("nowhere").unwrap();
    let absent = Err(ErrorKind::NoSuchBucket);
    assert_eq!(store(&world, &owner(), &nowhere, &doc).await, absent);
}

#[test]
fn documents_come_and_go() {
    run(async {
        let bucket = BucketName::new("docs").unwrap();
        let read = [Action::ReadObject];
        comes_and_goes(policy(vec![everybody(Effect::Allow, &read, &bucket)])).await;
        comes_and_goes(cors()).await;
        comes_and_goes(lifecycle()).await;
        comes_and_goes(tags()).await;
    });
}

#[test]
fn documents_that_make_no_sense_are_refused() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("docs").await;
        let wrong = Err(ErrorKind::InvalidArgument);
        let many: Tags = (0..21)
            .map(|n| (format!("t{n}").into(), "".into()))
            .collect();
        assert_eq!(store(&world, &owner(), &bucket, &many).await, wrong);
        assert_eq!(
            store(&world, &owner(), &bucket, &policy(vec![])).await,
            wrong
        );
        assert_eq!(
            store(&world, &owner(), &bucket, &Cors::default()).await,
            wrong
        );
        assert_eq!(
            store(&world, &owner(), &bucket, &Lifecycle::default()).await,
            wrong
        );
        assert!(world.rows(Table::BucketDocs).await.is_empty());
    });
}

#[test]
fn tags_of_buckets_are_found_and_taken_off_one_by_one() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("docs").await;
        world.bucket("plain").await;
        let engine = &world.engine;
        let gone = engine
            .delete_bucket_tags(&owner(), &bucket, &["team"])
            .await;
        gone.unwrap();
        let all: Tags = vec![("team".into(), "a".into()), ("age".into(), "1".into())];
        store(&world, &owner(), &bucket, &all).await.unwrap();
        let cases = [
            ("team", Some("a"), 1),
            ("team", None, 1),
            ("team", Some("b"), 0),
            ("a", None, 0),
        ];
        for (name, value, wanted) in cases {
            let listed = engine
                .list_buckets_tagged(&owner(), &[(name.to_owned(), value.map(str::to_owned))])
                .await;
            assert_eq!(listed.unwrap().len(), wanted, "{name} {value:?}");
        }
        let other = account("other");
        let denied = engine.delete_bucket_tags(&other, &bucket, &["team"]).await;
        assert_eq!(denied.unwrap_err().kind(), ErrorKind::Denied);
        let gone = engine
            .delete_bucket_tags(&owner(), &bucket, &["team", "none"])
            .await;
        gone.unwrap();
        let left = found::<Tags>(&world, &owner(), &bucket).await;
        assert_eq!(left, Ok(vec![("age".into(), "1".into())]));
    });
}

#[test]
fn documents_go_with_their_bucket() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("docs").await;
        store(&world, &owner(), &bucket, &cors()).await.unwrap();
        store(&world, &owner(), &bucket, &tags()).await.unwrap();
        store(&world, &owner(), &bucket, &lifecycle())
            .await
            .unwrap();
        let all = policy(vec![everybody(Effect::Allow, &Action::ALL, &bucket)]);
        store(&world, &owner(), &bucket, &all).await.unwrap();
        store(&world, &owner(), &bucket, &website()).await.unwrap();
        store(&world, &owner(), &bucket, &mirrors()).await.unwrap();
        let encryption = Encryption {
            cipher: Cipher::Aes256,
            holder: KeyHolder::Server,
        };
        store(&world, &owner(), &bucket, &encryption).await.unwrap();
        let callback = NamedCallback {
            name: "app".into(),
            order: "e30=".into(),
            vars: None,
        };
        let callbacks = vec![callback];
        store(&world, &owner(), &bucket, &callbacks).await.unwrap();
        let tag = || (Box::from("team"), Box::from("one"));
        let quotas = SetQuotas {
            rules: vec![SetQuotaRule {
                tag: tag(),
                quota: None,
                rates: SetRates::default(),
            }],
        };
        store(&world, &owner(), &bucket, &quotas).await.unwrap();
        let lifecycles = SetLifecycles {
            tags: vec![SetLifecycleRule {
                tag: tag(),
                rules: lifecycle().rules,
            }],
            may_overlap: false,
        };
        store(&world, &owner(), &bucket, &lifecycles).await.unwrap();
        // Inventories and replication rules are put with the work that they owe, which has tests of its own.
        let puts = DocKind::ALL.len() - 2;
        assert_eq!(world.rows(Table::BucketDocs).await.len(), puts);
        world.engine.delete_bucket(&owner(), &bucket).await.unwrap();
        assert!(world.rows(Table::BucketDocs).await.is_empty());
        world.bucket("docs").await;
        assert_eq!(
            found::<Tags>(&world, &owner(), &bucket).await,
            Err(ErrorKind::NoSuchDocument(DocKind::Tags))
        );
        assert!(world.engine.cors_of(&bucket).await.unwrap().is_none());
    });
}

#[test]
fn whoever_planned_on_the_bucket_as_it_was_plans_again() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("docs").await;
        let deny = policy(vec![everybody(
            Effect::Deny,
            &[Action::WriteObject],
            &bucket,
        )]);
        // The policy is committed just ahead of the commit of a PUT that was allowed before.
        world.meta.applied();
        store(&world, &owner(), &bucket, &deny).await.unwrap();
        let ahead = world.meta.applied();
        let deleted = world
            .engine
            .delete_bucket_doc::<BucketPolicy>(&owner(), &bucket)
            .await;
        assert!(deleted.is_ok());
        let ahead = ahead.into_iter().map(|txn| cohong_core::ports::Txn {
            expect: Vec::new(),
            ..txn
        });
        world.meta.overtake(ahead.collect());
        let refused = world.try_put(&owner(), put(&bucket, "k"), "body").await;
        assert_eq!(refused.map_err(|e| e.kind()).err(), Some(ErrorKind::Denied));
        assert!(world.rows(Table::Heads).await.is_empty());
    });
}

#[test]
fn rules_for_other_origins_are_read_without_rights() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("docs").await;
        let of = async || world.engine.cors_of(&bucket).await.unwrap();
        assert_eq!(of().await, None);
        store(&world, &owner(), &bucket, &cors()).await.unwrap();
        assert_eq!(of().await, Some(cors()));
        world
            .engine
            .delete_bucket_doc::<Cors>(&owner(), &bucket)
            .await
            .unwrap();
        assert_eq!(of().await, None);
        let nowhere = BucketName::new("nowhere").unwrap();
        assert_eq!(world.engine.cors_of(&nowhere).await.unwrap(), None);
    });
}

fn current(bucket: &BucketName, key: &str) -> ObjectTarget {
    target(bucket, key, VersionChoice::Current)
}

fn listing(bucket: &BucketName, prefix: &str) -> ListObjects {
    ListObjects {
        bucket: bucket.clone(),
        prefix: prefix.into(),
        delimiter: String::new(),
        after: String::new(),
        reverse: false,
        limit: 10,
    }
}

/// Whether it was allowed; anything else that goes wrong fails the test.
fn allowed<T>(outcome: Result<T, cohong_core::Error>) -> bool {
    match outcome {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::Denied => false,
        Err(error) => panic!("{error}"),
    }
}

/// What a client may do to a bucket with an object "k", in a fixed order.
async fn attempts(world: &World, cx: &Cx, bucket: &BucketName) -> Vec<(&'static str, bool)> {
    let mut done = object_attempts(world, cx, bucket).await.to_vec();
    done.extend(list_attempts(world, cx, bucket).await);
    let engine = &world.engine;
    let off = BucketChange::Versioning(Versioning::Off);
    let off = engine.change_bucket(cx, bucket, off).await;
    let read = engine.read_bucket(cx, bucket, Action::ReadBucket).await;
    let set = engine.put_bucket_doc(cx, bucket, &tags()).await;
    let tags = engine.get_bucket_doc::<Tags>(cx, bucket).await;
    let gone = vec![(ObjectKey::new("gone").unwrap(), VersionChoice::Current)];
    let gone = engine
        .delete_objects(cx, bucket, gone, Deletion::default())
        .await
        .unwrap();
    done.extend([
        ("versioning", allowed(off)),
        ("read bucket", allowed(read)),
        ("set tags", allowed(set)),
        ("read tags", allowed(tags)),
        ("delete", gone.into_iter().all(allowed)),
    ]);
    done
}

async fn object_attempts(world: &World, cx: &Cx, bucket: &BucketName) -> [(&'static str, bool); 7] {
    let engine = &world.engine;
    let get = |version| GetObject {
        target: target(bucket, "k", version),
        range: None,
        conditions: Conditions::default(),
    };
    let copy = CopyObject {
        expires_days: None,
        lock: cohong_core::model::Lock::default(),
        bucket: bucket.clone(),
        key: ObjectKey::new("copy").unwrap(),
        source: CopySource {
            object: current(bucket, "k"),
            conditions: Conditions::default(),
        },
        replace: None,
        tags: None,
        class: None,
        acl: None,
        conditions: Conditions::default(),
        checksum: None,
    };
    let upload = CreateUpload {
        bucket: bucket.clone(),
        key: ObjectKey::new("k").unwrap(),
        attributes: Attributes::default(),
        conditions: Conditions::default(),
        sequential: false,
        checksum: None,
    };
    let at = current(bucket, "k");
    let tag = ObjectChange::Tags(tags());
    let untag = ObjectChange::Tags(Vec::new());
    [
        (
            "get",
            allowed(engine.get_object(cx, get(VersionChoice::Current)).await),
        ),
        (
            "head null",
            allowed(engine.head_object(cx, get(VersionChoice::Null)).await),
        ),
        (
            "put",
            allowed(world.try_put(cx, put(bucket, "k"), "body").await),
        ),
        ("copy", allowed(engine.copy_object(cx, copy).await)),
        ("upload", allowed(engine.create_upload(cx, upload).await)),
        ("tag", allowed(engine.change_object(cx, &at, tag).await)),
        ("untag", allowed(engine.change_object(cx, &at, untag).await)),
    ]
}

async fn list_attempts(world: &World, cx: &Cx, bucket: &BucketName) -> [(&'static str, bool); 3] {
    let versions = ListVersions {
        bucket: bucket.clone(),
        prefix: String::new(),
        delimiter: String::new(),
        key_marker: String::new(),
        version_marker: None,
        limit: 10,
    };
    let uploads = ListUploads {
        bucket: bucket.clone(),
        prefix: String::new(),
        delimiter: String::new(),
        key_marker: String::new(),
        upload_marker: None,
        limit: 10,
    };
    let engine = &world.engine;
    [
        (
            "list",
            allowed(engine.list_objects(cx, listing(bucket, "")).await),
        ),
        (
            "list versions",
            allowed(engine.list_versions(cx, versions).await),
        ),
        (
            "list uploads",
            allowed(engine.list_uploads(cx, uploads).await),
        ),
    ]
}

/// Each operation with the actions that a policy has to name for it.
const NEEDS: [(&str, &[Action]); 15] = [
    ("get", &[Action::ReadObject]),
    ("head null", &[Action::ReadObjectVersion]),
    ("put", &[Action::WriteObject]),
    ("copy", &[Action::WriteObject, Action::ReadObject]),
    ("upload", &[Action::WriteObject]),
    ("tag", &[Action::WriteObjectTags]),
    ("untag", &[Action::DeleteObjectTags]),
    ("list", &[Action::ListObjects]),
    ("list versions", &[Action::ListVersions]),
    ("list uploads", &[Action::ListUploads]),
    ("versioning", &[Action::WriteVersioning]),
    ("read bucket", &[Action::ReadBucket]),
    ("set tags", &[Action::WriteBucketTags]),
    ("read tags", &[Action::ReadBucketTags]),
    ("delete", &[Action::DeleteObject]),
];

#[test]
fn every_operation_asks_the_policy_for_its_own_action() {
    run(async {
        for (allowing, who) in [(true, anonymous()), (false, owner())] {
            for (_, named) in NEEDS {
                let world = World::new();
                let bucket = world.bucket("rights").await;
                world.put(&bucket, "k", "body").await;
                store(&world, &owner(), &bucket, &tags()).await.unwrap();
                let effect = if allowing {
                    Effect::Allow
                } else {
                    Effect::Deny
                };
                let set = policy(vec![everybody(effect, named, &bucket)]);
                store(&world, &owner(), &bucket, &set).await.unwrap();
                let is_named = |one: &Action| named.contains(one);
                let wanted: Vec<_> = NEEDS
                    .iter()
                    .map(|(name, needed)| {
                        let allowed = if allowing {
                            needed.iter().all(is_named)
                        } else {
                            !needed.iter().any(is_named)
                        };
                        (*name, allowed)
                    })
                    .collect();
                assert_eq!(
                    attempts(&world, &who, &bucket).await,
                    wanted,
                    "{named:?} {allowing}"
                );
            }
        }
    });
}

#[test]
fn a_policy_tells_keys_and_circumstances_apart() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("shared").await;
        for key in ["public/a", "private/a"] {
            world.put(&bucket, key, "body").await;
        }
        let read = Statement {
            resources: vec!["shared/public/*".into()],
            conditions: vec![Condition::Source {
                within: true,
                networks: vec![Network::parse("127.0.0.0/8").unwrap()],
            }],
            ..everybody(Effect::Allow, &[Action::ReadObject], &bucket)
        };
        let list = Statement {
            resources: vec!["shared".into()],
            conditions: vec![Condition::Text {
                fact: Fact::ListPrefix,
                likeness: Likeness::Pattern,
                fits: true,
                values: vec!["public/*".into()],
            }],
            ..everybody(Effect::Allow, &[Action::ListObjects], &bucket)
        };
        store(&world, &owner(), &bucket, &policy(vec![read, list]))
            .await
            .unwrap();
        let far = Cx {
            source: Some([203, 0, 113, 1].into()),
            ..anonymous()
        };
        let cases = [
            (anonymous(), "public/a", Ok(())),
            (account("other"), "public/a", Ok(())),
            (far, "public/a", Err(ErrorKind::Denied)),
            (anonymous(), "private/a", Err(ErrorKind::Denied)),
            // Whether a key exists is told to those who may list the bucket, whatever the prefix.
            (anonymous(), "public/missing", Err(ErrorKind::Denied)),
        ];
        for (cx, key, wanted) in cases {
            let req = GetObject {
                target: current(&bucket, key),
                range: None,
                conditions: Conditions::default(),
            };
            let got = world.engine.head_object(&cx, req).await;
            assert_eq!(got.map(drop).map_err(|e| e.kind()), wanted, "{key} {cx:?}");
        }
        for (prefix, allowed) in [
            ("public/", true),
            ("public/a", true),
            ("", false),
            ("p", false),
        ] {
            let listed = world
                .engine
                .list_objects(&anonymous(), listing(&bucket, prefix))
                .await;
            assert_eq!(listed.is_ok(), allowed, "{prefix}");
        }
    });
}

#[test]
fn an_owner_who_is_locked_out_takes_the_policy_away() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("locked").await;
        let all = policy(vec![everybody(Effect::Deny, &Action::ALL, &bucket)]);
        store(&world, &owner(), &bucket, &all).await.unwrap();
        let refused = world.try_put(&owner(), put(&bucket, "k"), "body").await;
        assert_eq!(refused.map_err(|e| e.kind()).err(), Some(ErrorKind::Denied));
        assert_eq!(
            found::<BucketPolicy>(&world, &owner(), &bucket).await,
            Ok(all.clone())
        );
        store(&world, &owner(), &bucket, &all).await.unwrap();
        let gone = world
            .engine
            .delete_bucket_doc::<BucketPolicy>(&owner(), &bucket)
            .await;
        assert!(gone.is_ok());
        world.put(&bucket, "k", "body").await;
    });
}

/// What the canned lists of the vendors mean on a bucket and on an object.
#[test]
fn canned_lists_are_grants_to_everybody() {
    let list = |permissions: &[Permission]| Acl {
        grants: permissions
            .iter()
            .map(|&permission| Grant {
                grantee: Grantee::AllUsers,
                permission,
            })
            .collect(),
    };
    let private = list(&[]);
    let public_read = list(&[Permission::Read]);
    let public = list(&[Permission::Read, Permission::Write]);
    // (bucket, object's own list, read, list, write)
    let cases = [
        (&private, None, [false, false, false]),
        (&public_read, None, [true, true, false]),
        (&public, None, [true, true, true]),
        (&public_read, Some(&private), [false, true, false]),
        (&private, Some(&public_read), [true, false, false]),
    ];
    run(async {
        for (bucket_list, own, wanted) in cases {
            let world = World::new();
            let req = create_bucket("canned", bucket_list.clone());
            let bucket = req.name.clone();
            world.engine.create_bucket(&owner(), req).await.unwrap();
            let mut req = put(&bucket, "k");
            req.attributes.acl = own.cloned();
            world.try_put(&owner(), req, "body").await.unwrap();
            let get = GetObject {
                target: current(&bucket, "k"),
                range: None,
                conditions: Conditions::default(),
            };
            let nobody = anonymous();
            let found = [
                world.engine.head_object(&nobody, get).await.is_ok(),
                world
                    .engine
                    .list_objects(&nobody, listing(&bucket, ""))
                    .await
                    .is_ok(),
                world
                    .try_put(&nobody, put(&bucket, "new"), "body")
                    .await
                    .is_ok(),
            ];
            assert_eq!(found, wanted, "{bucket_list:?} {own:?}");
        }
    });
}
