//! Objects get another key: at once, with their bytes and all they carry, and only where that is allowed.

use cohong_core::ErrorKind;
use cohong_core::engine::{
    BucketChange, Conditions, ETagMatch, Engine, ObjectChange, RenameObject, VersionChoice,
};
use cohong_core::model::{
    Acl, BucketName, EventKind, Grant, Grantee, ObjectKey, Permission, Versioning,
};
use cohong_core::ports::Table;
use cohong_core::work;

use crate::common::{World, account, owner, run, target};

fn request(bucket: &BucketName, from: &str, to: &str) -> RenameObject {
    RenameObject {
        bucket: bucket.clone(),
        from: ObjectKey::new(from).unwrap(),
        to: ObjectKey::new(to).unwrap(),
        conditions: Conditions::default(),
        makes_parents: false,
    }
}

async fn switch(engine: &Engine, bucket: &BucketName, on: bool) -> Result<(), ErrorKind> {
    let change = BucketChange::Renames(on);
    let done = engine.change_bucket(&owner(), bucket, change).await;
    done.map(drop).map_err(|error| error.kind())
}

async fn renaming(world: &World) -> BucketName {
    let bucket = world.bucket("renaming").await;
    switch(&world.engine, &bucket, true).await.unwrap();
    bucket
}

async fn rename(world: &World, req: RenameObject) -> Result<(), ErrorKind> {
    let done = world.engine.rename_object(&owner(), req).await;
    done.map_err(|error| error.kind())
}

#[test]
fn an_object_moves_with_its_bytes_and_all_it_carries() {
    run(async {
        for world in [World::new(), World::without_small_bodies()] {
            let bucket = renaming(&world).await;
            world.rule(&bucket).await;
            world.put(&bucket, "old", "bytes").await;
            world.put(&bucket, "new", "overwritten").await;
            let at = target(&bucket, "old", VersionChoice::Current);
            let tags = ObjectChange::Tags(vec![("a".into(), "b".into())]);
            world
                .engine
                .change_object(&owner(), &at, tags)
                .await
                .unwrap();
            rename(&world, request(&bucket, "old", "new"))
                .await
                .unwrap();
            let got = |key| world.get(&bucket, key, VersionChoice::Current);
            assert_eq!(got("new").await.unwrap(), b"bytes");
            assert_eq!(got("old").await, Err(ErrorKind::NoSuchKey));
            let events = world.events(&bucket).await;
            let told: Vec<_> = events
                .iter()
                .skip(2)
                .map(|one| (one.event.kind, one.event.key.as_str(), one.event.size))
                .collect();
            let wanted = [
                (EventKind::RemovedDelete, "old", 0),
                (EventKind::CreatedCopy, "new", 5),
            ];
            assert_eq!(told, wanted);
            // What is not held any more goes, and nothing else.
            world.clock.advance(std::time::Duration::from_hours(24));
            work::run_due_once(&world.engine).await.unwrap();
            assert_eq!(got("new").await.unwrap(), b"bytes");
            rename(&world, request(&bucket, "new", "old"))
                .await
                .unwrap();
            assert_eq!(got("old").await.unwrap(), b"bytes");
            let holders = world.rows(Table::PayloadRefs).await.len();
            assert!(holders <= 1, "{holders} holders of one object");
        }
    });
}

#[test]
fn renames_that_are_refused() {
    run(async {
        let world = World::new();
        let bucket = world.bucket("renaming").await;
        world.put(&bucket, "a", "a").await;
        world.put(&bucket, "b", "b").await;
        let off = rename(&world, request(&bucket, "a", "c")).await;
        assert_eq!(off, Err(ErrorKind::MethodNotAllowed));
        switch(&world.engine, &bucket, true).await.unwrap();
        let absent = rename(&world, request(&bucket, "absent", "c")).await;
        assert_eq!(absent, Err(ErrorKind::NoSuchKey));
        let same = rename(&world, request(&bucket, "a", "a")).await;
        assert_eq!(same, Err(ErrorKind::InvalidArgument));
        let careful = RenameObject {
            conditions: Conditions {
                if_none_match: Some(ETagMatch::Any),
                ..Conditions::default()
            },
            ..request(&bucket, "a", "b")
        };
        assert_eq!(rename(&world, careful).await, Err(ErrorKind::ObjectExists));
        for (key, text) in [("a", "a"), ("b", "b")] {
            let read = world.get(&bucket, key, VersionChoice::Current).await;
            assert_eq!(read.unwrap(), text.as_bytes());
        }
    });
}

#[test]
fn it_takes_the_rights_of_reading_deleting_and_writing() {
    run(async {
        let grants = |permissions: &[Permission]| Acl {
            grants: permissions
                .iter()
                .map(|permission| Grant {
                    grantee: Grantee::AllUsers,
                    permission: *permission,
                })
                .collect(),
        };
        let cases: [(&[Permission], bool); 4] = [
            (&[], false),
            (&[Permission::Write], false),
            (&[Permission::Read], false),
            (&[Permission::Read, Permission::Write], true),
        ];
        for (permissions, allowed) in cases {
            let world = World::new();
            let bucket = world.bucket_with("renaming", grants(permissions)).await;
            switch(&world.engine, &bucket, true).await.unwrap();
            world.put(&bucket, "a", "a").await;
            let req = request(&bucket, "a", "b");
            let done = world.engine.rename_object(&account("other"), req).await;
            assert_eq!(done.is_ok(), allowed, "{permissions:?}");
        }
    });
}

#[test]
fn renaming_and_versions_exclude_each_other() {
    run(async {
        let world = World::new();
        let bucket = renaming(&world).await;
        let cx = owner();
        let change = BucketChange::Versioning(Versioning::Enabled);
        let refused = world.engine.change_bucket(&cx, &bucket, change.clone());
        let kind = refused.await.unwrap_err().kind();
        assert_eq!(kind, ErrorKind::InvalidArgument);
        switch(&world.engine, &bucket, false).await.unwrap();
        let on = world.engine.change_bucket(&cx, &bucket, change);
        on.await.unwrap();
        for versioning in [Versioning::Enabled, Versioning::Suspended] {
            world.versioning(&bucket, versioning).await;
            let refused = switch(&world.engine, &bucket, true).await;
            assert_eq!(refused, Err(ErrorKind::InvalidArgument), "{versioning:?}");
        }
    });
}
