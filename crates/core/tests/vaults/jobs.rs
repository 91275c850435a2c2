//! Jobs that make archives and lists of them readable.

use std::time::Duration;

use cohong_core::ErrorKind;
use cohong_core::engine::{CreateJob, JobOrder};
use cohong_core::limits::{JOB_KEPT, JOBS_MAX};
use cohong_core::model::{JobKind, JobResult, VaultUsage};
use cohong_core::ports::{Table, Txn, When, Write};
use cohong_core::records::{encode, keys};

use crate::common::run;
use crate::{MIB, Vaults, noise, tree};

#[test]
fn ranges_of_retrievals_and_outputs_are_whole_blocks() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let size = 6 * MIB + 5;
        let bytes = noise(size);
        let archive = it.put(&bytes).await;
        for (first, last) in [
            (1, MIB - 1),
            (0, MIB),
            (0, size),
            (MIB, MIB - 1),
            (7 * MIB, 7 * MIB),
            (0, u64::MAX),
        ] {
            let refused = it.retrieve(archive.id, Some((first, last))).await;
            assert_eq!(refused, Err(ErrorKind::InvalidArgument), "{first}-{last}");
        }
        // (range of the job, whether it is a node)
        for (first, last, is_node) in [
            (2 * MIB, 4 * MIB - 1, true),
            (4 * MIB, size - 1, true),
            (MIB, 3 * MIB - 1, false),
            (0, 6 * MIB - 1, false),
            (6 * MIB, size - 1, true),
        ] {
            let at = |a: u64, b: u64| {
                let at = usize::try_from(a).unwrap()..=usize::try_from(b).unwrap();
                &bytes[at]
            };
            let job = it.retrieve(archive.id, Some((first, last))).await.unwrap();
            let (output, read) = it.output(job, None).await.unwrap();
            assert!(read == at(first, last), "{first}-{last}");
            let wanted = is_node.then(|| tree(&read));
            assert_eq!(output.tree, wanted, "{first}-{last}");
            let JobKind::Retrieval { range, tree, .. } = output.job.kind else {
                panic!("another kind");
            };
            assert_eq!((range, tree), (first..last + 1, wanted));
            let len = last + 1 - first;
            let (output, read) = it.output(job, Some((0, len.min(MIB) - 1))).await.unwrap();
            assert!(read == at(first, first + len.min(MIB) - 1));
            assert_eq!((output.size, output.range), (len, 0..len.min(MIB)));
            assert_eq!(output.tree, is_node.then(|| crate::tree(&read)));
            for range in [(0, len), (1, len - 1), (len, len), (0, 0)] {
                let refused = it.output(job, Some(range)).await;
                let refused = refused.map(|(output, _)| output.range);
                assert_eq!(refused, Err(ErrorKind::InvalidRange), "{range:?} of {len}");
            }
        }
        let unknown = cohong_core::model::ArchiveId([9; 16]);
        let refused = it.retrieve(unknown, None).await;
        assert_eq!(refused, Err(ErrorKind::NoSuchArchive));
    });
}

#[test]
fn a_job_takes_its_time_and_is_forgotten_a_day_after() {
    run(async {
        let hours = Duration::from_hours(4);
        let it = Vaults::new(hours).await;
        let bytes = noise(MIB + 1);
        let archive = it.put(&bytes).await;
        let retrieval = it.retrieve(archive.id, None).await.unwrap();
        let inventory = it.job(JobOrder::Inventory).await.unwrap();
        it.world.clock.advance(Duration::from_millis(1));
        let later = it.put(b"later").await;
        it.work().await;
        for _ in 0..4 {
            for job in [retrieval, inventory] {
                assert_eq!(it.outcome(job).await, None);
                let early = it.output(job, None).await.map(drop);
                assert_eq!(early, Err(ErrorKind::JobNotReady));
            }
            it.world.clock.advance(hours / 4);
            it.work().await;
        }
        let done_at = it.show(inventory).await.unwrap().ready_at;
        for archive in [archive.id, later.id] {
            let delete = it.engine.delete_archive(&it.cx, it.vault, archive);
            delete.await.unwrap();
        }
        it.world
            .clock
            .advance(JOB_KEPT.saturating_sub(Duration::from_millis(2)));
        it.work().await;
        for job in [retrieval, inventory] {
            assert_eq!(it.outcome(job).await.unwrap().at, done_at);
        }
        let (_, read) = it.output(retrieval, None).await.unwrap();
        assert!(read == bytes, "the archive was deleted, its bytes are held");
        let (_, list) = it.output(inventory, None).await.unwrap();
        let list = String::from_utf8(list).unwrap();
        assert!(list.ends_with(&format!(":holiday {}.", MIB + 1)), "{list}");
        it.world.clock.advance(Duration::from_millis(1));
        for job in [retrieval, inventory] {
            assert_eq!(it.show(job).await.map(drop), Err(ErrorKind::NoSuchJob));
            let late = it.output(job, None).await.map(drop);
            assert_eq!(late, Err(ErrorKind::NoSuchJob));
        }
        let listed = it.engine.list_jobs(&it.cx, it.vault, None, 10).await;
        assert!(listed.unwrap().entries.is_empty());
        sweep(&it).await;
        let info = it.engine.vault(&it.cx, it.vault).await.unwrap();
        assert_eq!(info.usage.jobs, 0);
        assert!(info.usage.inventory_at.is_some());
        it.assert_nothing_is_left().await;
    });
}

/// Lets the workers' sweep pass once.
async fn sweep(it: &Vaults) {
    use futures_util::FutureExt;
    let handle = cohong_core::work::start(&it.engine);
    let tasks = it.world.tasks.take().into_iter().map(|(_, task)| task);
    let all = futures_util::future::join_all(tasks);
    let swept = async {
        while it.count(Table::Jobs).await > 0 {
            tokio::task::yield_now().await;
        }
        handle.stop().await;
    };
    futures_util::future::join(all, swept).map(drop).await;
}

#[test]
fn an_inventory_shows_what_was_there_when_it_was_asked_for() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let empty = it.job(JobOrder::Inventory).await.unwrap();
        assert_eq!(it.outcome(empty).await, None, "somebody has to write it");
        it.work().await;
        let (_, list) = it.output(empty, None).await.unwrap();
        let at = it.show(empty).await.unwrap().created_at.millis();
        let list = String::from_utf8(list).unwrap();
        assert_eq!(list, format!("vault at {at}:."));
        for n in 0..40_u64 {
            let bytes = noise(n + 1);
            it.put(&bytes).await;
        }
        let job = it.job(JobOrder::Inventory).await.unwrap();
        it.world.clock.advance(Duration::from_millis(1));
        it.put(b"later").await;
        it.work().await;
        let (output, list) = it.output(job, None).await.unwrap();
        let list = String::from_utf8(list).unwrap();
        let shown: Vec<String> = (1..=40).map(|n| format!("holiday {n}")).collect();
        let at = output.job.created_at.millis();
        assert_eq!(list, format!("vault at {at}:{}.", shown.join(",")));
        assert_eq!(output.tree, None);
        let Some(outcome) = it.outcome(job).await else {
            panic!("not done");
        };
        let JobResult::Listed { size, .. } = outcome.result else {
            panic!("another result");
        };
        assert_eq!((size, output.size), (list.len() as u64, list.len() as u64));
    });
}

#[test]
fn whoever_writes_no_inventories_is_told() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let cx = cohong_core::engine::Cx {
            dialect: cohong_core::model::DialectId::S3,
            ..it.cx.clone()
        };
        let req = CreateJob {
            vault: it.vault,
            description: "".into(),
            order: JobOrder::Inventory,
        };
        let job = it.engine.create_job(&cx, req).await.unwrap();
        it.work().await;
        let outcome = it.outcome(job).await.unwrap();
        assert!(matches!(outcome.result, JobResult::Failed { .. }));
        let none = it.output(job, None).await.map(drop);
        assert_eq!(none, Err(ErrorKind::JobFailed));
    });
}

#[test]
fn jobs_are_listed_page_by_page_and_counted() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let archive = it.put(b"bytes").await;
        let mut jobs = Vec::new();
        for _ in 0..5 {
            jobs.push(it.retrieve(archive.id, None).await.unwrap());
        }
        let (mut from, mut seen) = (None, Vec::new());
        loop {
            let page = it
                .engine
                .list_jobs(&it.cx, it.vault, from, 2)
                .await
                .unwrap();
            assert!(page.entries.len() <= 2);
            seen.extend(page.entries.iter().map(|job| job.id));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(seen, jobs);
        let info = it.engine.vault(&it.cx, it.vault).await.unwrap();
        assert_eq!(info.usage.jobs, 5);
        let req = CreateJob {
            vault: it.vault,
            description: "a\tb".into(),
            order: JobOrder::Inventory,
        };
        let refused = it.engine.create_job(&it.cx, req).await;
        assert_eq!(
            refused.map_err(|error| error.kind()),
            Err(ErrorKind::InvalidArgument)
        );
    });
}

#[test]
fn jobs_end_after_a_crash() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let bytes = noise(MIB + 5);
        let archive = it.put(&bytes).await;
        let retrieval = it.retrieve(archive.id, None).await.unwrap();
        let inventory = it.job(JobOrder::Inventory).await.unwrap();
        let delete = it.engine.delete_archive(&it.cx, it.vault, archive.id);
        delete.await.unwrap();
        let it = it.crashed();
        it.work().await;
        let (_, read) = it.output(retrieval, None).await.unwrap();
        assert!(read == bytes);
        let (_, list) = it.output(inventory, None).await.unwrap();
        assert!(list.ends_with(b":."), "it was deleted before it was listed");
    });
}

#[test]
fn a_vault_has_so_many_jobs() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let archive = it.put(b"bytes").await;
        let usage = VaultUsage {
            archives: 1,
            bytes: 5,
            jobs: JOBS_MAX - 1,
            inventory_at: None,
        };
        let counted = Write::Put(keys::vault_usage(it.vault), encode(&usage));
        let txn = Txn {
            when: When::Now,
            expect: Vec::new(),
            write: vec![counted],
            payloads: Vec::new(),
        };
        it.world.meta.overtake(vec![txn]);
        it.retrieve(archive.id, None).await.unwrap();
        let more = it.retrieve(archive.id, None).await;
        assert_eq!(more, Err(ErrorKind::Busy));
    });
}
