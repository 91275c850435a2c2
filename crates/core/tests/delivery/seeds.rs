//! Random runs: writers, receivers that fail in every way, crashes. Compared with what was written,
//! and each seed with itself.

use std::collections::BTreeSet;
use std::time::Duration;

use cohong_core::memory::Fate;
use cohong_core::ports::When;

use crate::sim::Sim;
use crate::world::{Answer, Sent, World, accept, down, function, refuse};

const SEEDS: u64 = 40;

fn moody(sim: Sim) -> impl FnMut(&Sent) -> Answer + Send + 'static {
    move |sent| match sim.random(20) {
        0 => refuse(),
        1 => down(Some(503), None),
        2 => down(Some(429), Some(Duration::from_secs(3))),
        3 => down(None, None),
        // One key that is never accepted.
        _ if sent.key == "k0" && sent.to == "function:f" => refuse(),
        _ => (Duration::from_millis(sim.random(300)), Ok(200)),
    }
}

/// One run; gives what was sent.
fn run(seed: u64) -> Vec<Sent> {
    let mut world = World::new(seed);
    let sim = world.sim.clone();
    world.receivers.answer(moody(sim.clone()));
    let to = [function("f"), function("g")];
    let mut buckets = Vec::new();
    for name in ["one", "two"] {
        buckets.push(sim.run(world.told_bucket(name, &to)));
    }
    let mut wanted = BTreeSet::new();
    for _ in 0..4 {
        let flaky = sim.clone();
        world
            .meta
            .on_commit(move |txn| match (txn.when, flaky.random(10)) {
                (When::Soon, 0) => Fate::Unavailable,
                (When::Soon, 1) => Fate::AnswerLost,
                _ => Fate::Proceed,
            });
        sim.run(async {
            for _ in 0..sim.random(60) {
                let bucket = &buckets[usize::try_from(sim.random(2)).unwrap()];
                let key = format!("k{}", sim.random(12));
                match sim.random(3) {
                    0 => world.delete(bucket, &key).await,
                    _ => world.put(bucket, &key).await,
                }
                sim.pass(Duration::from_millis(sim.random(200))).await;
            }
        });
        if sim.random(2) == 0 {
            // Order is promised for the life of a process; a crash may repeat the unsettled window.
            world.receivers.check_order();
            world = world.crash();
            for sent in world.receivers.sent.lock().unwrap().iter_mut() {
                sent.ended.get_or_insert(sent.begun);
            }
        }
    }
    sim.run(async {
        for name in ["one", "two"] {
            let name = cohong_core::model::BucketName::new(name).unwrap();
            let id = world.id(&name).await;
            for seen in world
                .delivery
                .tail_events(id, cohong_core::ports::Position(0), 1000)
                .await
                .unwrap()
            {
                for to in seen.destinations {
                    wanted.insert((to, seen.position.0));
                }
            }
        }
        let mut report = world.wait(0).await;
        for _ in 0..600 {
            if report.settled {
                break;
            }
            sim.pass(Duration::from_mins(1)).await;
            report = world.wait(0).await;
        }
        assert!(report.settled, "seed {seed}: {report:?}");
        let mut done: BTreeSet<(String, u64)> = BTreeSet::new();
        for sent in world.receivers.all().iter().filter(|sent| sent.accepted) {
            done.insert((sent.to.clone(), sent.at));
        }
        for dead in world.delivery.dead(None, 1000).await.unwrap() {
            done.insert((dead.record.destination.id(), dead.position.0));
        }
        assert_eq!(
            done, wanted,
            "seed {seed}: each event is accepted or dead, and nothing else"
        );
        world.delivery.stop().await;
    });
    world.receivers.all()
}

#[test]
fn nothing_is_lost_or_reordered_whatever_fails() {
    for seed in 0..SEEDS {
        run(seed);
    }
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for seed in [1, 7, 23] {
        assert!(
            run(seed) == run(seed),
            "seed {seed} gave two different runs"
        );
    }
}

#[test]
fn without_failures_everything_is_sent_exactly_once() {
    for seed in 0..10 {
        let world = World::new(seed);
        world.receivers.answer(|_| accept());
        world.sim.clone().run(async {
            let bucket = world.told_bucket("photos", &[function("f")]).await;
            for n in 0..600 {
                world.put(&bucket, &format!("k{}", n % 7)).await;
            }
            world.settle(60).await;
            assert_eq!(world.receivers.all().len(), 600);
        });
    }
}
