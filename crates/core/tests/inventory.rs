//! Inventories of buckets: their lists are written at their time, whole or not at all, wherever the server dies;
//! what was removed or replaced writes nothing any more; rights are asked when one is ordered and when it is written.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use cohong_core::engine::{BucketChange, BucketPolicy, Engine, InventorySettings, VersionChoice};
use cohong_core::model::{
    AccessLog, AccountId, Acl, Action, Actions, BucketName, DialectId, Effect, EventKind, Grant,
    Grantee, Inventory, InventoryFilter, InventoryPeriod, InventoryTarget, ObjectKey, Permission,
    Principals, Statement, Versioning, WorkId,
};
use cohong_core::ports::{
    ByteStream, Clock as _, Report, ReportFormat, ReportPaper, ReportRow, Table,
};
use cohong_core::records::{InventoryFile, WorkKind, WorkRecord, decode};
use cohong_core::{ErrorKind, work};
use common::{World, account, owner, run};

const DAY: Duration = Duration::from_hours(24);
/// Lines of a file in these tests.
const LINES: usize = 3;

/// Lists in words that nobody speaks.
#[derive(Debug)]
struct Plain;

impl ReportFormat for Plain {
    fn file_key(&self, report: &Report<'_>, n: usize) -> String {
        let (id, begun) = (&report.inventory.id, report.begun.seconds());
        format!("{}{id}/{begun}/{n}", report.inventory.target.prefix)
    }

    fn file_type(&self, _: &Report<'_>) -> &'static str {
        "text/plain"
    }

    fn line(&self, _: &Report<'_>, row: ReportRow<'_>) -> String {
        let kind = if row.version.object().is_some() {
            "object"
        } else {
            "marker"
        };
        let age = if row.is_latest { "latest" } else { "older" };
        format!("{} {kind} {age}\n", row.key)
    }

    fn packed(&self, _: &Report<'_>, lines: ByteStream) -> ByteStream {
        lines
    }

    fn papers(&self, report: &Report<'_>, files: &[InventoryFile]) -> Vec<ReportPaper> {
        let line = |(n, file): (usize, &InventoryFile)| {
            let key = self.file_key(report, n);
            format!("{key} {} {}\n", file.size, hex::encode(file.md5))
        };
        let home = &report.inventory.target.prefix;
        vec![ReportPaper {
            key: format!(
                "{home}{}/{}/all",
                report.inventory.id,
                report.begun.seconds()
            ),
            content_type: "text/plain",
            text: files.iter().enumerate().map(line).collect(),
        }]
    }
}

fn engine_of(world: &World) -> Engine {
    let settings = InventorySettings {
        lines_max: LINES,
        ..InventorySettings::default()
    };
    Engine::new(world.engine.ports().clone())
        .with_reports(DialectId::Tos, Arc::new(Plain))
        .with_inventories(settings)
}

fn inventory(into: &BucketName) -> Inventory {
    Inventory {
        id: "daily".into(),
        enabled: true,
        filter: InventoryFilter::default(),
        all_versions: false,
        period: InventoryPeriod::Daily,
        fields: Vec::new(),
        target: InventoryTarget {
            bucket: into.clone(),
            prefix: "to/".into(),
            encryption: None,
        },
        compressed: false,
        via: DialectId::Tos,
        labels: Vec::new(),
        duty: WorkId([0; 16]),
    }
}

/// A world with objects to list and a bucket for the lists.
async fn world(keys: &[&str]) -> (World, Engine, BucketName, BucketName) {
    let world = World::new();
    let (from, into) = (world.bucket("photos").await, world.bucket("lists").await);
    for key in keys {
        world.put(&from, key, "body").await;
    }
    let engine = engine_of(&world);
    (world, engine, from, into)
}

async fn order(engine: &Engine, from: &BucketName, one: Inventory) {
    let ordered = engine.put_inventory(&owner(), from, one, 10).await;
    ordered.unwrap();
}

async fn work_on(engine: &Engine) -> usize {
    work::run_due_once(engine).await.unwrap()
}

/// What a bucket holds: keys and bytes.
async fn held(world: &World, bucket: &BucketName) -> BTreeMap<String, String> {
    let action = Action::ReadBucket;
    let id = world.engine.read_bucket(&owner(), bucket, action).await;
    let id = id.unwrap().id.0.to_be_bytes();
    let mut all = BTreeMap::new();
    for (at, _) in world.rows(Table::Heads).await {
        if at.starts_with(&id) {
            let key = String::from_utf8(at[8..].to_vec()).unwrap();
            let bytes = world.get(bucket, &key, VersionChoice::Current).await;
            all.insert(key, String::from_utf8(bytes.unwrap()).unwrap());
        }
    }
    all
}

/// Duties to write lists.
async fn duties(world: &World) -> Vec<WorkRecord> {
    let rows = world.rows(Table::Work).await;
    let records = rows.iter().map(|(_, row)| decode(&row.bytes).unwrap());
    let all = records.filter(|one: &WorkRecord| matches!(one.kind, WorkKind::TakeInventory { .. }));
    all.collect()
}

/// Every document tells of files that are there, and of nothing else.
fn check_papers(held: &BTreeMap<String, String>) {
    use md5::{Digest as _, Md5};
    for paper in held.iter().filter(|(key, _)| key.ends_with("/all")) {
        for line in paper.1.lines() {
            let mut words = line.split(' ');
            let bytes = &held[words.next().unwrap()];
            assert_eq!(words.next().unwrap(), bytes.len().to_string());
            assert_eq!(words.next().unwrap(), hex::encode(Md5::digest(bytes)));
        }
    }
}

#[test]
fn a_list_is_written_at_every_midnight_and_rules_of_its_bucket_fire() {
    run(async {
        let (world, engine, from, into) = world(&["a", "b", "c", "d"]).await;
        world.rule(&into).await;
        order(&engine, &from, inventory(&into)).await;
        work_on(&engine).await;
        assert!(
            held(&world, &into).await.is_empty(),
            "its time has not come"
        );
        // The world begins at 22:13 on a day.
        world.clock.advance(Duration::from_hours(2));
        work_on(&engine).await;
        let begun = world.clock.now().seconds();
        let lists = held(&world, &into).await;
        let keys: Vec<&str> = lists.keys().map(String::as_str).collect();
        let at = |name: &str| format!("to/daily/{begun}/{name}");
        assert_eq!(keys, [at("0"), at("1"), at("all")]);
        assert_eq!(
            lists[&at("0")],
            "a object latest\nb object latest\nc object latest\n"
        );
        assert_eq!(lists[&at("1")], "d object latest\n");
        check_papers(&lists);
        let events = world.events(&into).await;
        let told: Vec<_> = events
            .iter()
            .map(|one| (one.event.kind, one.hits.len()))
            .collect();
        assert_eq!(told, [(EventKind::CreatedPut, 1); 3]);
        let writer = events[0].event.principal.as_ref().unwrap();
        assert_eq!(&*writer.0, "owner");
        work_on(&engine).await;
        assert_eq!(held(&world, &into).await.len(), 3, "once a day");
        world.clock.advance(DAY);
        work_on(&engine).await;
        let lists = held(&world, &into).await;
        assert_eq!(lists.len(), 6);
        check_papers(&lists);
        assert_eq!(duties(&world).await.len(), 1);
    });
}

#[test]
fn an_empty_bucket_has_a_list_without_lines() {
    run(async {
        let (world, engine, from, into) = world(&[]).await;
        order(&engine, &from, inventory(&into)).await;
        world.clock.advance(DAY);
        work_on(&engine).await;
        let lists = held(&world, &into).await;
        assert_eq!(lists.len(), 2);
        assert!(lists.values().next().unwrap().is_empty());
        check_papers(&lists);
    });
}

#[test]
fn all_versions_are_listed_below_a_prefix() {
    run(async {
        let (world, engine, from, into) = world(&["x/1", "y"]).await;
        world.versioning(&from, Versioning::Enabled).await;
        world.put(&from, "x/1", "two").await;
        world.put(&from, "x/1", "three").await;
        world.put(&from, "x/2", "one").await;
        world
            .delete(&from, "x/2", VersionChoice::Current)
            .await
            .unwrap();
        let mut all = inventory(&into);
        all.all_versions = true;
        all.filter.prefix = "x/".into();
        order(&engine, &from, all).await;
        world.clock.advance(DAY);
        work_on(&engine).await;
        let lists = held(&world, &into).await;
        let lines: String = lists
            .iter()
            .filter(|(key, _)| !key.ends_with("/all"))
            .map(|(_, lines)| lines.as_str())
            .collect();
        let wanted = "x/1 object latest\nx/1 object older\nx/1 object older\nx/2 marker latest\nx/2 object older\n";
        assert_eq!(lines, wanted, "{lists:?}");
        check_papers(&lists);
    });
}

#[test]
fn wherever_the_server_dies_a_list_is_whole_or_not_told_of() {
    run(async {
        let keys = ["a", "b", "c", "d", "e", "f", "g"];
        let mut polls = 0;
        loop {
            polls += 1;
            let (world, engine, from, into) = world(&keys).await;
            order(&engine, &from, inventory(&into)).await;
            world.clock.advance(DAY);
            let mut ended = false;
            {
                let mut dying = pin!(work::run_due_once(&engine));
                for _ in 0..polls {
                    let polled = poll_fn(|cx| Poll::Ready(dying.as_mut().poll(cx))).await;
                    ended = polled.is_ready();
                    if ended {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            }
            check_papers(&held(&world, &into).await);
            let again = engine_of(&world);
            work_on(&again).await;
            let lists = held(&world, &into).await;
            assert_eq!(lists.len(), 4, "died after {polls} steps: {lists:?}");
            let lines: String = lists
                .iter()
                .filter(|(key, _)| !key.ends_with("/all"))
                .map(|(_, lines)| lines.as_str())
                .collect();
            let wanted = keys.map(|key| [key, " object latest\n"].concat()).concat();
            assert_eq!(lines, wanted);
            check_papers(&lists);
            assert_eq!(duties(&world).await.len(), 1);
            if ended {
                break;
            }
        }
        assert!(polls > 20, "it died in {polls} places only");
    });
}

#[test]
fn what_is_replaced_removed_or_switched_off_writes_nothing() {
    run(async {
        let (world, engine, from, into) = world(&["a"]).await;
        order(&engine, &from, inventory(&into)).await;
        let mut other = inventory(&into);
        other.target.prefix = "other/".into();
        order(&engine, &from, other).await;
        world.clock.advance(DAY);
        work_on(&engine).await;
        let lists = held(&world, &into).await;
        assert!(
            lists.keys().all(|key| key.starts_with("other/")),
            "{lists:?}"
        );
        assert_eq!((lists.len(), duties(&world).await.len()), (2, 1));
        for _ in 0..2 {
            let gone = engine.delete_inventory(&owner(), &from, "daily").await;
            gone.unwrap();
        }
        world.clock.advance(DAY);
        work_on(&engine).await;
        assert_eq!(held(&world, &into).await.len(), 2);
        assert!(duties(&world).await.is_empty());
        let mut off = inventory(&into);
        off.enabled = false;
        order(&engine, &from, off).await;
        assert!(duties(&world).await.is_empty());
        let told = engine
            .get_inventory(&owner(), &from, "daily")
            .await
            .unwrap();
        assert!(!told.enabled);
    });
}

#[test]
fn a_list_that_cannot_be_written_is_left_out_and_the_next_is_written() {
    run(async {
        let (world, engine, from, into) = world(&["a"]).await;
        order(&engine, &from, inventory(&into)).await;
        engine.delete_bucket(&owner(), &into).await.unwrap();
        work_on(&engine).await;
        world.clock.advance(DAY);
        work_on(&engine).await;
        let waiting = duties(&world).await;
        let [
            WorkRecord {
                kind: WorkKind::TakeInventory { step, .. },
                attempt: 0,
                ..
            },
        ] = &waiting[..]
        else {
            panic!("{waiting:?}");
        };
        assert!(step.missed.is_some() && step.begun.is_none(), "{step:?}");
        world.bucket("lists").await;
        world.clock.advance(DAY);
        work_on(&engine).await;
        assert_eq!(held(&world, &into).await.len(), 2);
    });
}

#[test]
fn a_deleted_bucket_has_no_duties() {
    run(async {
        let (world, engine, from, into) = world(&[]).await;
        order(&engine, &from, inventory(&into)).await;
        engine.delete_bucket(&owner(), &from).await.unwrap();
        world.bucket("photos").await;
        world.clock.advance(DAY);
        work_on(&engine).await;
        assert!(held(&world, &into).await.is_empty());
        assert!(duties(&world).await.is_empty());
    });
}

#[test]
fn inventories_are_kept_by_id_and_within_their_limit() {
    run(async {
        let (_world, engine, from, into) = world(&[]).await;
        for id in ["b", "c", "a", "b"] {
            let one = Inventory {
                id: id.into(),
                ..inventory(&into)
            };
            engine.put_inventory(&owner(), &from, one, 3).await.unwrap();
        }
        let one = Inventory {
            id: "d".into(),
            ..inventory(&into)
        };
        let refused = engine.put_inventory(&owner(), &from, one, 3).await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::TooManyInventories);
        // (after, limit, ids, whether there are more)
        let pages = [
            ("", 5, vec!["a", "b", "c"], false),
            ("", 2, vec!["a", "b"], true),
            ("b", 2, vec!["c"], false),
        ];
        for (after, limit, wanted, more) in pages {
            let page = engine.list_inventories(&owner(), &from, after, limit).await;
            let (page, rest) = page.unwrap();
            let ids: Vec<&str> = page.iter().map(|one| &*one.id).collect();
            assert_eq!((ids, rest), (wanted, more));
        }
        let missing = engine
            .get_inventory(&owner(), &from, "d")
            .await
            .unwrap_err();
        assert!(matches!(missing.kind(), ErrorKind::NoSuchDocument(_)));
    });
}

fn allows(name: &str, actions: &[Action], resource: &str) -> BucketPolicy {
    let statement = Statement {
        effect: Effect::Allow,
        principals: Principals::Accounts(vec![AccountId(name.into())]),
        actions: Actions::of(actions.iter().copied()),
        resources: vec![resource.into()],
        conditions: Vec::new(),
    };
    BucketPolicy {
        text: "{}".into(),
        statements: vec![statement],
    }
}

#[test]
fn whoever_orders_a_list_may_see_what_it_lists_and_write_where_it_goes() {
    run(async {
        let (world, engine, from, into) = world(&["a"]).await;
        let guest = account("guest");
        let try_it = async |into: &BucketName| {
            let ordered = engine
                .put_inventory(&guest, &from, inventory(into), 10)
                .await;
            ordered.err().map(|error| error.kind())
        };
        assert_eq!(try_it(&into).await, Some(ErrorKind::Denied));
        let set = async |bucket: &BucketName, actions: &[Action], resource: &str| {
            let policy = allows("guest", actions, resource);
            engine
                .put_bucket_doc(&owner(), bucket, &policy)
                .await
                .unwrap();
        };
        set(&from, &[Action::WriteInventory], "photos").await;
        assert_eq!(try_it(&into).await, Some(ErrorKind::Denied), "may not list");
        set(
            &from,
            &[Action::WriteInventory, Action::ListObjects],
            "photos",
        )
        .await;
        assert_eq!(
            try_it(&into).await,
            Some(ErrorKind::Denied),
            "may not write there"
        );
        set(&into, &[Action::WriteObject], "lists/to/*").await;
        assert_eq!(try_it(&into).await, None);
        let none = BucketName::new("none").unwrap();
        assert_eq!(try_it(&none).await, Some(ErrorKind::NoTargetBucket));
        // Into a bucket of the guest's own, the owner of what is listed may not write.
        let own = common::create_bucket("guests", Acl::default());
        let theirs = own.name.clone();
        world.engine.create_bucket(&guest, own).await.unwrap();
        assert_eq!(try_it(&theirs).await, Some(ErrorKind::Denied));
        let everybody = Acl {
            grants: vec![Grant {
                grantee: Grantee::Account(AccountId("owner".into())),
                permission: Permission::Write,
            }],
        };
        let open = engine
            .change_bucket(&guest, &theirs, BucketChange::Acl(everybody))
            .await;
        open.unwrap();
        assert_eq!(try_it(&theirs).await, None);
    });
}

#[test]
fn access_logs_are_written_in_the_name_of_the_buckets_owner() {
    run(async {
        let (world, engine, from, into) = world(&[]).await;
        let log = AccessLog {
            bucket: into.clone(),
            prefix: "log/".into(),
            via: DialectId::Oss,
        };
        let set = async |log: Option<AccessLog>| {
            let change = BucketChange::AccessLog(log);
            let set = engine.change_bucket(&owner(), &from, change).await;
            set.err().map(|error| error.kind())
        };
        assert!(engine.logged(&from).is_none());
        let none = BucketName::new("none").unwrap();
        let nowhere = AccessLog {
            bucket: none,
            ..log.clone()
        };
        assert_eq!(set(Some(nowhere)).await, Some(ErrorKind::NoTargetBucket));
        let endless = AccessLog {
            prefix: "p".repeat(513).into(),
            ..log.clone()
        };
        assert_eq!(set(Some(endless)).await, Some(ErrorKind::InvalidArgument));
        let theirs = common::create_bucket("guests", Acl::default());
        let foreign = AccessLog {
            bucket: theirs.name.clone(),
            ..log.clone()
        };
        world
            .engine
            .create_bucket(&account("guest"), theirs)
            .await
            .unwrap();
        assert_eq!(set(Some(foreign)).await, Some(ErrorKind::Denied));
        assert_eq!(set(Some(log.clone())).await, None);
        let action = Action::ReadBucket;
        engine.read_bucket(&owner(), &from, action).await.unwrap();
        assert!(engine.logged(&from).is_some());
        let key = ObjectKey::new("log/1").unwrap();
        let written = engine
            .write_access_log(&from, &log, key, "a\nb\n".into())
            .await;
        written.unwrap();
        assert_eq!(held(&world, &into).await["log/1"], "a\nb\n");
        assert_eq!(set(None).await, None);
        engine.read_bucket(&owner(), &from, action).await.unwrap();
        assert!(engine.logged(&from).is_none());
        engine.delete_bucket(&owner(), &from).await.unwrap();
        let key = ObjectKey::new("log/2").unwrap();
        let late = engine
            .write_access_log(&from, &log, key, "c\n".into())
            .await;
        assert_eq!(late.unwrap_err().kind(), ErrorKind::NoSuchBucket);
    });
}
