//! The seeded simulation of hierarchical buckets: clients store objects under names of their own, delete into the trash
//! and rename, objects and directories, all at once, while the metadata store fails and the server crashes. After each
//! crash the rows are a tree, and nothing that was acknowledged is lost: objects are moved, never removed. A seed gives
//! the same run again. `COHONG_SIM_SEEDS` says how many seeds, `COHONG_SIM_FROM` where they begin.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod client;
#[path = "../sync/rough.rs"]
mod rough;
#[allow(dead_code, reason = "there are no vaults here")]
#[path = "../vaults/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cohong_core::model::ObjectKey;
use cohong_core::ports::{Clock, Table};
use cohong_core::records::keys;
use cohong_testkit::sim::setting;

use client::{Client, TRASH};
use world::World;

const SEEDS: u64 = 60;

struct Run {
    world: World,
    client: Client,
    crashes: usize,
}

impl Run {
    fn new(seed: u64) -> Self {
        let world = World::new(seed);
        let client = Client::new(&world);
        let maker = client.clone();
        world.wait(async move { maker.make_bucket().await });
        world.meta.be_rough(true);
        Self {
            world,
            client,
            crashes: 0,
        }
    }

    fn random(&self, bound: u64) -> u64 {
        self.world.sim.random(bound)
    }

    /// Some clients do something at once; at times the server crashes under them.
    fn step(mut self) -> Self {
        let clients = 1 + self.random(4);
        let busy = Arc::new(AtomicUsize::new(usize::try_from(clients).unwrap()));
        for _ in 0..clients {
            let (client, busy) = (self.client.clone(), busy.clone());
            self.world.sim.start(async move {
                client.act().await;
                busy.fetch_sub(1, SeqCst);
            });
        }
        if self.world.sim.one_in(5) {
            self.world.steps(self.random(200));
            self.world = self.world.crash();
            self.client.engine = self.world.engine.clone();
            self.crashes += 1;
            is_tree(&self.world);
            self.world.meta.be_rough(true);
        } else {
            let until = self.world.sim.mono() + Duration::from_hours(1);
            let sim = &self.world.sim;
            sim.run(|| busy.load(SeqCst) == 0, u64::MAX, until);
            assert_eq!(busy.load(SeqCst), 0, "a client waits for ever");
        }
        self
    }
}

/// Keys of all rows.
fn rows(world: &World) -> BTreeSet<ObjectKey> {
    let rows = world.rows(Table::Heads);
    let keys = rows
        .iter()
        .map(|at| keys::object_of_current(at).expect("a key"));
    keys.collect()
}

/// Every directory above a row is there, and no name is that of a directory and of an object.
fn is_tree(world: &World) {
    let rows: BTreeSet<String> = rows(world)
        .iter()
        .map(|key| key.as_str().to_owned())
        .collect();
    for key in &rows {
        for (at, _) in key.trim_end_matches('/').match_indices('/') {
            let above = &key[..=at];
            assert!(rows.contains(above), "{key} is there without {above}");
        }
        let other = format!("{key}/");
        assert!(!rows.contains(&other), "{key} and {other} are both there");
    }
}

/// How often something happened in a run.
type Tally = BTreeMap<&'static str, usize>;

fn run(seed: u64) -> Tally {
    let mut run = Run::new(seed);
    for _ in 0..10 + run.random(20) {
        run = run.step();
    }
    run.world.meta.be_rough(false);
    run.world = run.world.crash();
    run.client.engine = run.world.engine.clone();
    // What is owed for removals is done.
    run.world.pass(Duration::from_mins(5));
    is_tree(&run.world);
    let (client, all) = (run.client.clone(), rows(&run.world));
    run.world.wait(async move { client.check(&all).await });
    let engine = run.world.engine.clone();
    let found = run.world.wait(async move { engine.mismatches().await });
    assert_eq!(found.unwrap(), []);
    let mut tally = run.client.tally();
    let trashed = rows(&run.world);
    let trashed = trashed
        .iter()
        .filter(|key| key.as_str().starts_with(TRASH))
        .count();
    tally.insert("rows of the trash", trashed);
    tally.insert("crashes", run.crashes);
    tally
}

#[test]
fn whatever_fails_the_rows_are_a_tree_and_nothing_is_lost() {
    let from = setting("COHONG_SIM_FROM", 0);
    let seeds = setting("COHONG_SIM_SEEDS", SEEDS);
    let mut all = Tally::new();
    for seed in from..from + seeds {
        let outcome = std::panic::catch_unwind(|| run(seed));
        let tally = outcome.unwrap_or_else(|_| panic!("seed {seed} fails"));
        for (what, n) in tally {
            *all.entry(what).or_default() += n;
        }
    }
    println!("{seeds} seeds from {from}: {all:?}");
    assert!(all.values().all(|n| *n > 0), "{all:?}");
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 1000..1003 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
}
