//! The seeded simulation of vaults: clients at work while stores fail and the server crashes, held against what
//! they were told. A seed gives the same run again. `COHONG_SIM_SEEDS` says how many seeds,
//! `COHONG_SIM_FROM` where they begin.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use cohong_core::ports::Clock;
use cohong_testkit::sim::setting;

use crate::client::Client;
use crate::end::{Tally, check};
use crate::world::World;

const SEEDS: u64 = 40;

struct Run {
    world: World,
    client: Client,
    crashes: usize,
}

impl Run {
    fn new(seed: u64) -> Self {
        let world = World::new(seed);
        world.meta.be_rough(true);
        let client = Client {
            sim: world.sim.clone(),
            engine: world.engine.clone(),
            cx: world.cx.clone(),
            vault: world.vault,
            bucket: world.bucket.clone(),
            known: Arc::default(),
        };
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
        let clients = 1 + self.random(3);
        let busy = Arc::new(AtomicUsize::new(usize::try_from(clients).unwrap()));
        for _ in 0..clients {
            let (client, busy) = (self.client.clone(), busy.clone());
            self.world.sim.start(async move {
                client.act().await;
                busy.fetch_sub(1, SeqCst);
            });
        }
        if self.world.sim.one_in(6) {
            self.world.steps(self.random(600));
            self.world = self.world.crash();
            self.world.meta.be_rough(true);
            self.client.engine = self.world.engine.clone();
            self.crashes += 1;
        } else {
            let until = self.world.sim.mono() + Duration::from_hours(1);
            let sim = &self.world.sim;
            sim.run(|| busy.load(SeqCst) == 0, u64::MAX, until);
            assert_eq!(busy.load(SeqCst), 0, "a client waits for ever");
        }
        if self.world.sim.one_in(3) {
            self.world.pass(Duration::from_millis(self.random(5000)));
        }
        self
    }
}

fn run(seed: u64) -> (Tally, usize) {
    let mut run = Run::new(seed);
    for _ in 0..10 + run.random(25) {
        run = run.step();
    }
    run.world.meta.be_rough(false);
    (check(&run.world, &run.client), run.crashes)
}

#[test]
fn whatever_fails_nothing_acknowledged_is_lost_and_every_job_ends() {
    let from = setting("COHONG_SIM_FROM", 0);
    let seeds = setting("COHONG_SIM_SEEDS", SEEDS);
    let mut all = Tally::default();
    let mut crashes = 0;
    for seed in from..from + seeds {
        let outcome = std::panic::catch_unwind(|| run(seed));
        let (tally, died) = outcome.unwrap_or_else(|_| panic!("seed {seed} fails"));
        all.archives += tally.archives;
        all.lists += tally.lists;
        all.reads += tally.reads;
        all.pulls += tally.pulls;
        all.pushes += tally.pushes;
        crashes += died;
    }
    println!("{seeds} seeds from {from}: {all:?}, {crashes} crashes");
    let each = [
        all.archives,
        all.lists,
        all.reads,
        all.pulls,
        all.pushes,
        crashes,
    ];
    assert!(each.iter().all(|n| *n > 0), "{all:?}");
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in 1000..1003 {
        assert_eq!(run(seed), run(seed), "seed {seed}");
    }
}
