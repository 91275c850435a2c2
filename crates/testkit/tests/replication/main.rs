//! The seeded simulation of replication: two buckets that are copied into each other, clients that write the same keys in
//! both, while the metadata store fails and the server crashes. When everything owed is done both hold the same, which is
//! what was written last, and no copy went back. A seed gives the same run again. `COHONG_SIM_SEEDS` says how many
//! seeds, `COHONG_SIM_FROM` where they begin.
#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod client;
#[path = "../sync/rough.rs"]
mod rough;
#[allow(dead_code, reason = "there are no vaults here")]
#[path = "../vaults/world.rs"]
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cohong_core::ports::{Clock, Table};
use cohong_testkit::sim::setting;

use client::{Client, Tally};
use world::World;

const SEEDS: u64 = 60;
/// How long a start takes at least.
const START: Duration = Duration::from_millis(20);
/// Longer than work that fails waits for its last try, and history for its first.
const ALL_TRIES: Duration = Duration::from_hours(12);

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
        world.wait(async move { maker.make_buckets().await });
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

    /// Some clients write at once; at times the server crashes under them.
    fn step(mut self) -> Self {
        let clients = 1 + self.random(3);
        let busy = Arc::new(AtomicUsize::new(usize::try_from(clients).unwrap()));
        for _ in 0..clients {
            let (client, busy) = (self.client.clone(), busy.clone());
            self.world.sim.start(async move {
                client.write().await;
                busy.fetch_sub(1, SeqCst);
            });
        }
        if self.world.sim.one_in(5) {
            self.world.steps(self.random(300));
            self.world = self.world.crash();
            self.client.engine = self.world.engine.clone();
            self.crashes += 1;
            // Version ids follow the clock over a start, which takes its time.
            self.world.pass(START);
            self.world.meta.be_rough(true);
        } else {
            let until = self.world.sim.mono() + Duration::from_hours(1);
            let sim = &self.world.sim;
            sim.run(|| busy.load(SeqCst) == 0, u64::MAX, until);
            assert_eq!(busy.load(SeqCst), 0, "a client waits for ever");
        }
        if self.world.sim.one_in(3) {
            self.world.pass(Duration::from_millis(self.random(3000)));
        }
        self
    }
}

fn run(seed: u64) -> Tally {
    let mut run = Run::new(seed);
    for _ in 0..8 + run.random(16) {
        run = run.step();
    }
    run.world.meta.be_rough(false);
    let client = run.client.clone();
    run.world.wait(async move { client.write_last().await });
    run.world.pass(ALL_TRIES);
    let client = run.client.clone();
    run.world.wait(async move { client.check().await });
    let engine = run.world.engine.clone();
    let found = run.world.wait(async move { engine.mismatches().await });
    assert_eq!(found.unwrap(), []);
    let held = run.world.rows(Table::Heads).len() + run.world.rows(Table::Versions).len();
    let mut tally = run.client.tally();
    assert!(
        held <= 2 * tally.asked,
        "copies were copied: {held} versions of {tally:?}"
    );
    tally.crashes = run.crashes;
    tally
}

#[test]
fn whatever_fails_both_buckets_hold_what_was_written_last() {
    let from = setting("COHONG_SIM_FROM", 0);
    let seeds = setting("COHONG_SIM_SEEDS", SEEDS);
    let mut all = Tally::default();
    for seed in from..from + seeds {
        let outcome = std::panic::catch_unwind(|| run(seed));
        let tally = outcome.unwrap_or_else(|_| panic!("seed {seed} fails"));
        all.asked += tally.asked;
        all.stored += tally.stored;
        all.crashes += tally.crashes;
    }
    println!("{seeds} seeds from {from}: {all:?}");
    assert!(all.stored > 0 && all.crashes > 0, "{all:?}");
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 1000..1003 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
}
