//! What goes wrong at the receivers, in the process and with the clocks.

use std::slice::from_ref;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::delivery::SubActivity;
use cohong_core::limits::WINDOW_EVENTS_MAX;
use cohong_core::model::EventKind;
use cohong_core::ports::{KeyRange, Limit, LogId, Order, Table, Txn, When, Write};
use cohong_core::records::{AttemptBlock, decode};

use crate::world::{World, accept, down, function, refuse};

const SECOND: Duration = Duration::from_secs(1);
const DAY_MS: i64 = 24 * 3600 * 1000;
const EVERYTHING: Limit = Limit {
    rows: usize::MAX,
    bytes: usize::MAX,
};

fn of_table(table: Table) -> KeyRange {
    let (start, end) = (Bytes::new(), None);
    KeyRange { table, start, end }
}

#[test]
fn e2_a_crash_before_the_first_send_delivers_after_the_restart() {
    let world = World::new(2);
    let sim = world.sim.clone();
    let (world, bucket) = sim.run(async move {
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        world.put(&bucket, "a").await;
        (world, bucket)
    });
    assert_eq!(world.receivers.all(), [], "nothing was sent yet");
    let world = world.crash();
    sim.run(async {
        world.settle(10).await;
        assert_eq!(
            world.receivers.told("function:f"),
            [("a".into(), EventKind::CreatedPut)]
        );
        world.put(&bucket, "b").await;
        world.settle(10).await;
        assert_eq!(world.receivers.all().len(), 2);
    });
}

#[test]
fn e3_a_crash_before_the_outcome_is_stored_sends_once_more_with_the_same_id() {
    let world = World::new(3);
    let sim = world.sim.clone();
    let world = sim.run(async move {
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        world.put(&bucket, "a").await;
        while !world.receivers.all().iter().any(|sent| sent.accepted) {
            world.sim.pass(Duration::from_millis(1)).await;
        }
        world
    });
    let world = world.crash();
    sim.run(async {
        world.settle(10).await;
        world.sim.pass(600 * SECOND).await;
        let sent = world.receivers.all();
        assert_eq!(sent.len(), 2);
        assert_eq!(sent[0].at, sent[1].at);
    });
}

#[test]
fn e5_a_slow_target_takes_bounded_slots_and_delays_nobody_else() {
    let world = World::new(5);
    world.sim.clone().run(async {
        let slow = function("slow");
        world.receivers.answer(|sent| match &*sent.to {
            "function:slow" => (30 * SECOND, Ok(200)),
            _ => accept(),
        });
        let bucket = world
            .told_bucket("photos", &[slow.clone(), function("fast")])
            .await;
        for n in 0..100 {
            world.put(&bucket, &format!("k{n}")).await;
        }
        world.sim.pass(2 * SECOND).await;
        assert_eq!(world.receivers.told("function:fast").len(), 100);
        assert_eq!(world.receivers.told("function:slow").len(), 32);
        assert_eq!(world.sub(&slow).await.unwrap().in_flight, 32);
        world.settle(200).await;
        assert_eq!(world.receivers.told("function:slow").len(), 100);
    });
}

#[test]
fn e6_a_failing_target_is_retried_within_two_seconds() {
    for status in [Some(500), Some(503), None] {
        let world = World::new(6);
        world.sim.clone().run(async {
            let mut left = 1;
            world.receivers.answer(move |_| {
                left -= 1;
                if left >= 0 {
                    down(status, None)
                } else {
                    accept()
                }
            });
            let bucket = world.told_bucket("photos", &[function("f")]).await;
            world.put(&bucket, "a").await;
            world.settle(10).await;
            let sent = world.receivers.all();
            assert_eq!(sent.len(), 2);
            assert!(sent[1].begun.saturating_sub(sent[0].begun) <= 2 * SECOND);
        });
    }
}

#[test]
fn e6_retry_after_is_honoured() {
    let world = World::new(6);
    world.sim.clone().run(async {
        let mut left = 1;
        world.receivers.answer(move |_| {
            left -= 1;
            if left >= 0 {
                down(Some(429), Some(60 * SECOND))
            } else {
                accept()
            }
        });
        let to = function("f");
        let bucket = world.told_bucket("photos", from_ref(&to)).await;
        world.put(&bucket, "a").await;
        world.sim.pass(10 * SECOND).await;
        let status = world.sub(&to).await.unwrap();
        assert!(
            matches!(status.activity, SubActivity::Paused { .. }),
            "{status:?}"
        );
        world.settle(120).await;
        let sent = world.receivers.all();
        assert_eq!(sent.len(), 2);
        assert!(sent[1].begun.saturating_sub(sent[0].begun) >= 60 * SECOND);
    });
}

#[test]
fn e7_a_reset_after_the_body_is_retried_with_the_same_id() {
    let world = World::new(7);
    world.sim.clone().run(async {
        let mut left = 3;
        world.receivers.answer(move |_| {
            left -= 1;
            if left >= 0 {
                down(None, None)
            } else {
                accept()
            }
        });
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        world.put(&bucket, "a").await;
        world.settle(60).await;
        let sent = world.receivers.all();
        assert_eq!(sent.len(), 4);
        assert!(sent.iter().all(|s| s.at == sent[0].at));
        let key = cohong_core::model::ObjectKey::new("a").unwrap();
        let id = world.id(&bucket).await;
        let attempts = world.delivery.attempts_of(id, &key, 100).await.unwrap();
        let outcomes: Vec<&str> = attempts.iter().map(|seen| &*seen.attempt.outcome).collect();
        let reset = "the target is down";
        assert_eq!(outcomes, [reset, reset, reset, "accepted"]);
        assert!(
            attempts.iter().all(|seen| seen.attempt.attempt == 1),
            "none counts"
        );
    });
}

#[test]
fn e8_a_poison_event_dies_and_holds_up_only_its_own_key() {
    let world = World::new(8);
    world.sim.clone().run(async {
        let mut first = None;
        world.receivers.answer(move |sent| {
            let poison = sent.key == "bad" && *first.get_or_insert(sent.at) == sent.at;
            if poison { refuse() } else { accept() }
        });
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        world.put(&bucket, "bad").await;
        world.put(&bucket, "bad").await;
        for n in 0..20 {
            world.put(&bucket, &format!("good{n}")).await;
        }
        world.sim.pass(2 * SECOND).await;
        let accepted = world
            .receivers
            .all()
            .into_iter()
            .filter(|sent| sent.accepted);
        assert_eq!(
            accepted.count(),
            20,
            "the others went on; the second waits for the first"
        );
        let report = world.settle(3600).await;
        assert_eq!(report.dead, 1);
        let bad = world
            .receivers
            .all()
            .into_iter()
            .filter(|sent| sent.key == "bad");
        let bad: Vec<bool> = bad.map(|sent| sent.accepted).collect();
        assert_eq!(bad, [vec![false; 10], vec![true]].concat());
        let dead = world.delivery.dead(None, 10).await.unwrap();
        assert_eq!(dead.len(), 1);
        assert_eq!(
            (dead[0].record.attempts, dead[0].record.cancelled),
            (10, false)
        );
        assert_eq!(dead[0].record.errors.len(), 8);
    });
}

#[test]
fn e8_an_event_that_breaks_its_target_does_not_stop_the_others() {
    let world = World::new(88);
    world.sim.clone().run(async {
        world.receivers.answer(|sent| match &*sent.key {
            "bad" => down(Some(500), None),
            _ => accept(),
        });
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        world.put(&bucket, "bad").await;
        world.sim.pass(60 * SECOND).await;
        for n in 0..50 {
            world.put(&bucket, &format!("good{n}")).await;
        }
        world.sim.pass(600 * SECOND).await;
        let accepted = world
            .receivers
            .all()
            .into_iter()
            .filter(|sent| sent.accepted);
        assert_eq!(accepted.count(), 50);
        world.receivers.check_order();
    });
}

#[test]
fn e4_a_target_that_was_down_for_days_gets_everything_in_order() {
    let world = World::new(4);
    world.sim.clone().run(async {
        world.receivers.answer(|_| down(None, None));
        let to = function("f");
        let bucket = world.told_bucket("photos", from_ref(&to)).await;
        for n in 0..1000 {
            world.put(&bucket, &format!("k{}", n % 50)).await;
        }
        world.sim.pass(72 * 3600 * SECOND).await;
        let probes = world.receivers.all().len();
        assert!(probes < 3000, "{probes} sends to a target that is down");
        let status = world.sub(&to).await.unwrap();
        assert_eq!((status.lag, status.held, status.dead), (1000, 0, 0));
        world.receivers.answer(|_| accept());
        world.delivery.nudge(&to.id());
        let report = world.settle(60).await;
        assert_eq!(report.dead, 0);
        let accepted = world
            .receivers
            .all()
            .into_iter()
            .filter(|sent| sent.accepted);
        assert_eq!(accepted.count(), 1000);
    });
}

#[test]
fn e13_a_damaged_log_record_is_passed_and_the_rest_is_delivered() {
    let world = World::new(13);
    world.sim.clone().run(async {
        let to = function("f");
        let bucket = world.told_bucket("photos", from_ref(&to)).await;
        let id = world.id(&bucket).await;
        let damaged = Write::Append(LogId(id), Bytes::from_static(b"\xffnonsense"));
        let txn = Txn {
            when: When::Now,
            expect: Vec::new(),
            write: vec![damaged],
            payloads: Vec::new(),
        };
        assert!(world.meta().commit(vec![txn]).await.remove(0).is_ok());
        world.put(&bucket, "a").await;
        world.settle(60).await;
        assert_eq!(world.receivers.told(&to.id()).len(), 1);
        let range = [of_table(Table::Attempts)];
        let pages = world.meta().scan(&range, Order::Ascending, EVERYTHING);
        let page = pages.await.unwrap().remove(0);
        let blocks = page
            .rows
            .iter()
            .map(|(_, row)| decode::<AttemptBlock>(&row.bytes).unwrap());
        let outcomes: Vec<_> = blocks
            .flat_map(|block| block.attempts)
            .map(|a| a.outcome)
            .collect();
        assert!(
            outcomes
                .iter()
                .any(|outcome| outcome.starts_with("skipped: ")),
            "{outcomes:?}"
        );
    });
}

#[test]
fn e14_clock_jumps_change_neither_order_nor_back_off() {
    for jump in [DAY_MS, -DAY_MS] {
        let world = World::new(14);
        world.sim.clone().run(async {
            let mut tries = 0;
            world.receivers.answer(move |sent| {
                tries += u32::from(sent.key == "bad");
                if sent.key == "bad" && tries < 4 {
                    refuse()
                } else {
                    accept()
                }
            });
            let bucket = world.told_bucket("photos", &[function("f")]).await;
            for key in ["bad", "a", "bad", "a"] {
                world.put(&bucket, key).await;
                world.sim.jump_wall(jump);
            }
            world.sim.pass(SECOND / 10).await;
            world.sim.jump_wall(jump);
            // Failures 1, 2 and 3 wait at most 1, 4 and 16 seconds.
            let report = world.settle(25).await;
            assert_eq!(report.dead, 0);
            let bad = world
                .receivers
                .all()
                .into_iter()
                .filter(|sent| sent.key == "bad");
            assert_eq!(bad.count(), 5);
        });
    }
}

#[test]
fn e14_a_held_event_is_not_late_after_a_restart_with_another_clock() {
    for jump in [DAY_MS, -DAY_MS] {
        let world = World::new(14);
        let sim = world.sim.clone();
        let world = sim.run(async move {
            world.receivers.answer(|sent| {
                if sent.key == "bad" {
                    refuse()
                } else {
                    accept()
                }
            });
            let bucket = world.told_bucket("photos", &[function("f")]).await;
            world.put(&bucket, "bad").await;
            world.put(&bucket, "bad").await;
            world.sim.pass(SECOND / 2).await;
            // Makes the settlement before durable.
            world.put(&bucket, "good").await;
            world
        });
        let world = world.crash();
        world.receivers.answer(|_| accept());
        sim.jump_wall(jump);
        sim.run(async {
            world.settle(301).await;
            let bad = world.receivers.told("function:f");
            assert!(bad.iter().filter(|(key, _)| key == "bad").count() >= 3);
        });
    }
}

#[test]
fn e17_a_put_and_a_delete_in_the_same_millisecond_arrive_in_that_order() {
    let world = World::new(17);
    world.sim.clone().run(async {
        world.receivers.answer(|sent| {
            let put = sent.kind == EventKind::CreatedPut;
            (Duration::from_millis(if put { 500 } else { 1 }), Ok(200))
        });
        let bucket = world
            .told_bucket("photos", &[function("f"), function("g")])
            .await;
        for _ in 0..10 {
            world.put(&bucket, "a").await;
            world.delete(&bucket, "a").await;
        }
        world.settle(60).await;
        for to in ["function:f", "function:g"] {
            let kinds = world.receivers.told(to).into_iter().map(|(_, kind)| kind);
            let pair = [EventKind::CreatedPut, EventKind::RemovedDelete];
            let wanted = pair.into_iter().cycle().take(20);
            assert!(kinds.eq(wanted), "{to}");
        }
    });
}

#[test]
fn e18_one_dead_target_delays_nobody() {
    let world = World::new(18);
    world.sim.clone().run(async {
        world.receivers.answer(|sent| match &*sent.to {
            "function:f0" => down(None, None),
            _ => accept(),
        });
        let mut buckets = Vec::new();
        for n in 0..20 {
            let to = [function(&format!("f{n}")), function("f0")];
            let name = format!("bucket-{n}");
            buckets.push(
                world
                    .told_bucket(&name, &to[..if n == 0 { 1 } else { 2 }])
                    .await,
            );
        }
        for bucket in &buckets {
            world.put(bucket, "a").await;
        }
        world.sim.pass(SECOND).await;
        let live = world
            .receivers
            .all()
            .into_iter()
            .filter(|sent| sent.accepted);
        assert_eq!(live.count(), 19);
        let report = world.wait(1).await;
        assert_eq!((report.settled, report.owed), (false, 20));
        assert_eq!(report.blocked, ["function:f0: the target is down"]);
    });
}

#[test]
fn e8_a_long_backlog_of_a_poison_key_does_not_delay_another_key() {
    let world = World::new(8);
    let sim = world.sim.clone();
    let world = sim.run(async move {
        world.receivers.answer(|sent| match &*sent.key {
            "bad" => refuse(),
            _ => accept(),
        });
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        world.put(&bucket, "bad").await;
        // Long enough that its next try is some seconds away.
        world.sim.pass(6 * SECOND).await;
        world.delivery.stop().await;
        for _ in 0..2 * WINDOW_EVENTS_MAX - 1 {
            world.put(&bucket, "bad").await;
        }
        world.put(&bucket, "good").await;
        world
    });
    let world = world.crash();
    sim.run(async {
        world.sim.pass(SECOND).await;
        let told = world.receivers.told("function:f");
        assert!(told.iter().any(|(key, _)| key == "good"), "{told:?}");
    });
}
