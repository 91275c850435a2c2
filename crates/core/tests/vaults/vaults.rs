//! Vaults themselves.

use std::time::Duration;

use cohong_core::ErrorKind;
use cohong_core::engine::{JobOrder, VaultSettings};
use cohong_core::limits::VAULTS_MAX;
use cohong_core::model::{VaultId, VaultName};
use cohong_core::ports::Table;

use crate::common::{account, anonymous, run};
use crate::{MIB, Vaults};

fn name(n: usize) -> VaultName {
    VaultName::new(&format!("vault-{n}")).unwrap()
}

#[test]
fn names_are_those_of_one_account_in_one_region() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let name = VaultName::new("vault").unwrap();
        let (engine, other) = (&it.engine, account("other"));
        let again = engine.create_vault(&it.cx, "here", &name).await.unwrap();
        assert_eq!(again, it.vault, "making it again opens it");
        let there = engine.create_vault(&it.cx, "there", &name).await.unwrap();
        let others = engine.create_vault(&other, "here", &name).await.unwrap();
        assert!(there != it.vault && others != it.vault && others != there);
        let info = engine.vault(&it.cx, there).await.unwrap();
        assert_eq!((&*info.vault.region, info.vault.name), ("there", name));
        assert_eq!(info.usage, cohong_core::model::VaultUsage::default());
    });
}

#[test]
fn nobody_else_learns_of_a_vault() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let archive = it.put(b"bytes").await;
        for (cx, wanted) in [
            (account("other"), ErrorKind::NoSuchVault),
            (anonymous(), ErrorKind::Denied),
        ] {
            let (engine, vault) = (&it.engine, it.vault);
            let seen = engine.vault(&cx, vault).await;
            assert_eq!(seen.map_err(|error| error.kind()), Err(wanted));
            let seen = engine.archive(&cx, vault, archive.id).await;
            assert_eq!(seen.map_err(|error| error.kind()), Err(wanted));
            let gone = engine.delete_archive(&cx, vault, archive.id).await;
            assert_eq!(gone.map_err(|error| error.kind()), Err(wanted));
            let gone = engine.delete_vault(&cx, vault).await;
            assert_eq!(gone.map_err(|error| error.kind()), Err(wanted));
            let req = it.order(b"bytes");
            let put = engine.put_archive(&cx, req, crate::body(b"bytes")).await;
            assert_eq!(put.map_err(|error| error.kind()), Err(wanted));
            let seen = engine.list_jobs(&cx, vault, None, 10).await;
            assert_eq!(seen.map_err(|error| error.kind()), Err(wanted));
            let seen = engine.list_archive_uploads(&cx, vault, None, 10).await;
            assert_eq!(seen.map_err(|error| error.kind()), Err(wanted));
        }
        assert_eq!(it.usage().await, (1, 5));
    });
}

#[test]
fn an_account_has_so_many_vaults_and_sees_them_page_by_page() {
    run(async {
        let it = Vaults::with(VaultSettings {
            vaults_max: 12,
            ..VaultSettings::default()
        })
        .await;
        assert_eq!(VaultSettings::default().vaults_max, VAULTS_MAX);
        let engine = &it.engine;
        for n in 1..12 {
            engine.create_vault(&it.cx, "here", &name(n)).await.unwrap();
        }
        let more = engine.create_vault(&it.cx, "here", &name(12)).await;
        assert_eq!(
            more.map_err(|error| error.kind()),
            Err(ErrorKind::TooManyVaults)
        );
        engine.create_vault(&it.cx, "here", &name(3)).await.unwrap();
        engine
            .create_vault(&it.cx, "there", &name(12))
            .await
            .unwrap();
        let (mut from, mut ids): (_, Vec<VaultId>) = (None, Vec::new());
        let mut pages = Vec::new();
        loop {
            let page = engine.list_vaults(&it.cx, "here", from, 5).await.unwrap();
            pages.push(page.entries.len());
            ids.extend(page.entries.iter().map(|info| info.vault.id));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(pages, [5, 5, 2]);
        assert!(ids.is_sorted_by(|a, b| a < b) && ids.contains(&it.vault));
        // The first of a page may be gone by the time it is asked for.
        let page = engine.list_vaults(&it.cx, "here", None, 5).await.unwrap();
        engine
            .delete_vault(&it.cx, page.next.unwrap())
            .await
            .unwrap();
        let rest = engine.list_vaults(&it.cx, "here", page.next, 5).await;
        assert_eq!(rest.unwrap().entries[0].vault.id, ids[6]);
        engine
            .create_vault(&it.cx, "here", &name(12))
            .await
            .unwrap();
    });
}

#[test]
fn many_make_a_vault_at_once_and_one_does() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let engine = &it.engine;
        let names: Vec<VaultName> = (0..16).map(|n| name(n % 12)).collect();
        let makers = names
            .iter()
            .map(|name| engine.create_vault(&it.cx, "here", name));
        let made = futures_util::future::join_all(makers).await;
        let mut ids: Vec<VaultId> = made
            .iter()
            .filter_map(|made| made.as_ref().ok())
            .copied()
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), VAULTS_MAX - 1, "one was there before");
        for made in made {
            assert!(
                made.is_ok() || made.map_err(|error| error.kind()) == Err(ErrorKind::TooManyVaults)
            );
        }
    });
}

#[test]
fn a_vault_without_archives_is_deleted_with_its_uploads_and_jobs() {
    run(async {
        let it = Vaults::new(Duration::ZERO).await;
        let archive = it.put(b"bytes").await;
        let gone = it.engine.delete_vault(&it.cx, it.vault).await;
        assert_eq!(
            gone.map_err(|error| error.kind()),
            Err(ErrorKind::VaultNotEmpty)
        );
        let upload = it.begin(MIB).await;
        it.part(upload, 0, b"part").await.unwrap();
        it.retrieve(archive.id, None).await.unwrap();
        it.job(JobOrder::Inventory).await.unwrap();
        it.work().await;
        it.job(JobOrder::Inventory).await.unwrap();
        it.engine
            .delete_archive(&it.cx, it.vault, archive.id)
            .await
            .unwrap();
        it.engine.delete_vault(&it.cx, it.vault).await.unwrap();
        let seen = it.engine.vault(&it.cx, it.vault).await;
        assert_eq!(
            seen.map_err(|error| error.kind()),
            Err(ErrorKind::NoSuchVault)
        );
        let part = it.part(upload, 0, b"part").await;
        assert_eq!(part, Err(ErrorKind::NoSuchVault));
        it.assert_nothing_is_left().await;
        for table in [Table::Vaults, Table::VaultNames, Table::VaultUsage] {
            assert_eq!(it.count(table).await, 0, "{table:?}");
        }
    });
}

#[test]
fn nothing_is_put_into_a_vault_that_is_deleted_meanwhile() {
    run(async {
        for round in 0..12 {
            let it = Vaults::new(Duration::ZERO).await;
            let put = async {
                for _ in 0..round {
                    tokio::task::yield_now().await;
                }
                it.try_put(it.order(b"bytes"), b"bytes").await
            };
            let delete = it.engine.delete_vault(&it.cx, it.vault);
            let (put, deleted) = futures_util::future::join(put, delete).await;
            match (put, deleted.map_err(|error| error.kind())) {
                (Ok(_), Err(ErrorKind::VaultNotEmpty)) => assert_eq!(it.usage().await, (1, 5)),
                (Err(ErrorKind::NoSuchVault), Ok(())) => it.assert_nothing_is_left().await,
                other => panic!("{other:?}"),
            }
        }
    });
}
