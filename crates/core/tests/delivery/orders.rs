//! What operators and clients order: rules that change, buckets that go, cancels, replays.

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;
use std::time::Duration;

use cohong_core::delivery::{DeadSelection, ReplayRequest, SubActivity};
use cohong_core::limits::EVENT_RETENTION;
use cohong_core::memory::Fate;
use cohong_core::model::{Broker, Destination, EventKind, ObjectKey};
use cohong_core::ports::{Limit, LogId, Position, Table, When, Write};
use cohong_core::records::{ReplayState, SubRecord, SubState, decode, encode};

use crate::common::owner;
use crate::world::{World, accept, down, function, refuse, rule};

const SECOND: Duration = Duration::from_secs(1);
const EVERYTHING: Limit = Limit {
    rows: usize::MAX,
    bytes: usize::MAX,
};

#[test]
fn e15_events_keep_the_rule_they_matched() {
    let world = World::new(15);
    world.sim.clone().run(async {
        world.receivers.answer(|_| down(None, None));
        let to = function("f");
        let bucket = world.bucket("photos").await;
        world
            .rules(&bucket, vec![rule("old", "a", from_ref(&to))])
            .await;
        world.put(&bucket, "a1").await;
        world.put(&bucket, "b1").await;
        world
            .rules(&bucket, vec![rule("new", "b", from_ref(&to))])
            .await;
        world.put(&bucket, "a2").await;
        world.put(&bucket, "b2").await;
        world.receivers.answer(|_| accept());
        world.delivery.nudge(&to.id());
        world.settle(60).await;
        let sent = world
            .receivers
            .all()
            .into_iter()
            .filter(|sent| sent.accepted);
        let sent: BTreeSet<_> = sent.map(|sent| (sent.key, sent.rule)).collect();
        assert_eq!(
            sent,
            BTreeSet::from([("a1".into(), "old".into()), ("b2".into(), "new".into())])
        );
    });
}

#[test]
fn e16_a_destination_that_no_rule_names_drains_and_goes() {
    let world = World::new(16);
    world.sim.clone().run(async {
        world.receivers.answer(|_| down(None, None));
        let to = function("f");
        let bucket = world.told_bucket("photos", from_ref(&to)).await;
        world.put(&bucket, "a").await;
        world.rules(&bucket, Vec::new()).await;
        world.put(&bucket, "b").await;
        world.sim.pass(120 * SECOND).await;
        assert!(world.sub(&to).await.is_some(), "it still owes");
        world.receivers.answer(|_| accept());
        world.delivery.nudge(&to.id());
        world.settle(60).await;
        world.sim.pass(120 * SECOND).await;
        assert!(world.sub(&to).await.is_none());
        let accepted = world
            .receivers
            .all()
            .into_iter()
            .filter(|sent| sent.accepted);
        assert_eq!(accepted.map(|sent| sent.key).collect::<Vec<_>>(), ["a"]);
        // Named again, it begins at the end of the log.
        world.rules(&bucket, vec![rule("again", "", &[to])]).await;
        world.put(&bucket, "c").await;
        world.settle(60).await;
        assert_eq!(world.receivers.all().last().unwrap().key, "c");
    });
}

#[test]
fn e16_a_removed_bucket_is_delivered_and_then_forgotten() {
    let world = World::new(161);
    world.sim.clone().run(async {
        world.receivers.answer(|_| down(None, None));
        let to = function("f");
        let bucket = world.told_bucket("photos", from_ref(&to)).await;
        let id = world.id(&bucket).await;
        world.put(&bucket, "a").await;
        world.delete(&bucket, "a").await;
        world.engine.delete_bucket(&owner(), &bucket).await.unwrap();
        assert!(world.delivery.maintain_once().await.unwrap());
        world.sim.pass(10 * SECOND).await;
        assert_eq!(world.sub(&to).await.unwrap().lag, 2);
        world.receivers.answer(|_| accept());
        world.delivery.nudge(&to.id());
        world.settle(60).await;
        let sent = world
            .receivers
            .all()
            .into_iter()
            .filter(|sent| sent.accepted);
        let kinds: Vec<_> = sent.map(|sent| sent.kind).collect();
        assert_eq!(kinds, [EventKind::CreatedPut, EventKind::RemovedDelete]);
        world.sim.pass(2 * 3600 * SECOND).await;
        assert!(world.sub(&to).await.is_none());
        assert_eq!(world.delivery.bucket_id(&bucket).await.unwrap(), None);
        let tail = world.meta().tail(LogId(id), Position(0), EVERYTHING).await;
        assert_eq!(tail.unwrap().records, []);
    });
}

#[test]
fn e16_a_cancel_moves_what_is_owed_to_the_dead_and_goes_on() {
    let world = World::new(162);
    world.sim.clone().run(async {
        world.receivers.answer(|sent| {
            if sent.key == "bad" {
                refuse()
            } else {
                accept()
            }
        });
        let to = function("f");
        let bucket = world.told_bucket("photos", from_ref(&to)).await;
        let id = world.id(&bucket).await;
        world.put(&bucket, "bad").await;
        world.put(&bucket, "bad").await;
        world.sim.pass(SECOND / 10).await;
        world.receivers.answer(|_| down(None, None));
        for n in 0..600 {
            world.put(&bucket, &format!("k{n}")).await;
        }
        world.delivery.cancel(id, &to).await.unwrap();
        world.sim.pass(SECOND).await;
        let status = world.sub(&to).await.unwrap();
        assert_eq!(
            (status.lag, status.held, status.dead),
            (0, 0, 602),
            "{status:?}"
        );
        let dead = world.delivery.dead(Some(id), 1000).await.unwrap();
        assert!(dead.iter().all(|dead| dead.record.cancelled));
        world.receivers.answer(|_| accept());
        world.put(&bucket, "bad").await;
        world.delivery.nudge(&to.id());
        world.settle(60).await;
        let last = world.receivers.all().into_iter().next_back().unwrap();
        assert!(last.accepted && last.key == "bad");
        assert_eq!(world.sub(&to).await.unwrap().activity, SubActivity::Active);
    });
}

#[test]
fn e19_a_replay_is_marked_bounded_and_delays_no_live_event() {
    let world = World::new(19);
    world.sim.clone().run(async {
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        let id = world.id(&bucket).await;
        for n in 0..300 {
            world.put(&bucket, &format!("old{}", n % 40)).await;
        }
        world.settle(60).await;
        world.receivers.sent.lock().unwrap().clear();
        world.receivers.answer(|_| (SECOND / 10, Ok(200)));
        let req = ReplayRequest {
            prefix: "old1".into(),
            ..ReplayRequest::default()
        };
        let replay = world.delivery.replay(id, req).await.unwrap();
        for n in 0..20 {
            world.put(&bucket, &format!("live{n}")).await;
            world.sim.pass(SECOND / 20).await;
        }
        while world.replay(replay).await.state != ReplayState::Done {
            world.sim.pass(SECOND).await;
        }
        world.settle(60).await;
        let sent = world.receivers.all();
        let (replayed, live): (Vec<_>, Vec<_>) = sent.iter().partition(|s| s.replay.is_some());
        assert_eq!(live.len(), 20);
        for (n, sent) in live.iter().enumerate() {
            let lag = sent.begun.saturating_sub(live[0].begun);
            let due = SECOND / 20 * u32::try_from(n).unwrap();
            assert!(
                lag <= due + SECOND / 10,
                "{sent:?} came {lag:?} after the first"
            );
        }
        let wanted = (0..300).filter(|n| format!("old{}", n % 40).starts_with("old1"));
        assert_eq!(replayed.len(), wanted.count());
        let mut last = BTreeMap::new();
        for sent in &replayed {
            let before = last.insert(sent.key.clone(), sent.at);
            assert!(before.is_none_or(|before| before < sent.at), "{sent:?}");
            let overlap = replayed.iter().filter(|other| {
                other.begun <= sent.begun && other.ended.is_none_or(|end| end > sent.begun)
            });
            assert!(overlap.count() <= 8);
        }
    });
}

#[test]
fn a_replay_goes_to_a_destination_that_no_rule_named_and_on_after_a_restart() {
    let world = World::new(191);
    let sim = world.sim.clone();
    let (world, replay) = sim.run(async move {
        let bucket = world.bucket("photos").await;
        world
            .rules(&bucket, vec![rule("r", "never", &[function("f")])])
            .await;
        let id = world.id(&bucket).await;
        for n in 0..50 {
            world.put(&bucket, &format!("k{n}")).await;
        }
        world.receivers.answer(|_| (SECOND, Ok(200)));
        let req = ReplayRequest {
            destination: Some(function("new")),
            ..ReplayRequest::default()
        };
        let replay = world.delivery.replay(id, req).await.unwrap();
        world.sim.pass(3 * SECOND).await;
        (world, replay)
    });
    let world = world.crash();
    sim.run(async {
        world.sim.pass(60 * SECOND).await;
        let record = world.replay(replay).await;
        assert_eq!((record.state, record.refused), (ReplayState::Done, 0));
        let sent = world.receivers.all();
        assert!(
            sent.iter()
                .all(|s| s.to == "function:new" && s.replay.is_some())
        );
        let keys: BTreeSet<_> = sent.iter().map(|s| &s.key).collect();
        assert_eq!(keys.len(), 50);
    });
}

#[test]
fn dead_events_are_sent_again_by_order_and_leave_the_dead() {
    let world = World::new(81);
    world.sim.clone().run(async {
        world.receivers.answer(|sent| {
            if sent.key == "bad" {
                refuse()
            } else {
                accept()
            }
        });
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        for key in ["bad", "good", "bad"] {
            world.put(&bucket, key).await;
        }
        let report = world.settle(3 * 3600).await;
        assert_eq!(report.dead, 2);
        world.receivers.answer(|_| accept());
        let all = DeadSelection::default();
        let replays = world.delivery.redrive(&all).await.unwrap();
        assert_eq!(replays.len(), 1);
        world.sim.pass(SECOND).await;
        assert_eq!(world.delivery.dead(None, 10).await.unwrap(), []);
        let status = world.replay(replays[0]).await;
        assert_eq!((status.state, status.accepted), (ReplayState::Done, 2));
        let last = world.receivers.all().into_iter().next_back().unwrap();
        assert!(last.key == "bad" && last.accepted && last.replay.is_some());
    });
}

#[test]
fn two_rules_of_one_destination_send_one_message_each_in_order() {
    let world = World::new(1);
    world.sim.clone().run(async {
        let to = function("f");
        let bucket = world.bucket("photos").await;
        let rules = vec![
            rule("one", "", from_ref(&to)),
            rule("two", "", from_ref(&to)),
        ];
        world.rules(&bucket, rules).await;
        world.put(&bucket, "a").await;
        world.delete(&bucket, "a").await;
        world.settle(60).await;
        let sent = world
            .receivers
            .all()
            .into_iter()
            .map(|sent| (sent.kind, sent.rule));
        let (put, gone) = (EventKind::CreatedPut, EventKind::RemovedDelete);
        let wanted = [(put, "one"), (put, "two"), (gone, "one"), (gone, "two")];
        assert_eq!(
            sent.collect::<Vec<_>>(),
            wanted.map(|(k, r)| (k, r.to_owned()))
        );
        assert_eq!(world.delivery.subs().await.unwrap().len(), 1);
    });
}

#[test]
fn a_destination_this_server_cannot_reach_stays_owed_and_says_why() {
    let world = World::new(9);
    world.sim.clone().run(async {
        let broker = Destination::Broker {
            kind: Broker::Kafka,
            settings: BTreeMap::from([("Topic".into(), "t".into())]),
        };
        let bucket = world
            .told_bucket("photos", &[broker.clone(), function("f")])
            .await;
        world.put(&bucket, "a").await;
        let report = world.wait(5).await;
        assert_eq!((report.settled, report.owed), (false, 1));
        assert!(report.blocked[0].starts_with("kafka:Topic=t: this server is not configured"));
        let status = world.sub(&broker).await.unwrap();
        assert!(matches!(status.activity, SubActivity::Paused { .. }));
        assert_eq!(world.receivers.told("function:f").len(), 1);
    });
}

#[test]
fn events_and_their_destinations_can_be_traced() {
    let world = World::new(10);
    world.sim.clone().run(async {
        let bucket = world
            .told_bucket("photos", &[function("f"), function("g")])
            .await;
        let id = world.id(&bucket).await;
        for key in ["a", "b", "a"] {
            world.put(&bucket, key).await;
        }
        world.settle(60).await;
        let key = ObjectKey::new("a").unwrap();
        let (seen, more) = world
            .delivery
            .events_of(id, &key, Position(0))
            .await
            .unwrap();
        assert_eq!((seen.len(), more), (2, None));
        assert_eq!(seen[0].destinations, ["function:f", "function:g"]);
        let attempts = world.delivery.attempts_of(id, &key, 10).await.unwrap();
        assert_eq!(attempts.len(), 4);
        assert!(attempts.iter().all(|a| *a.attempt.outcome == *"accepted"));
        let all = world
            .delivery
            .tail_events(id, seen[0].position, 10)
            .await
            .unwrap();
        assert_eq!(all.len(), 2);
    });
}

#[test]
fn retention_trims_what_is_old_and_never_what_is_owed() {
    let world = World::new(11);
    world.sim.clone().run(async {
        let to = function("f");
        let bucket = world.told_bucket("photos", from_ref(&to)).await;
        let id = world.id(&bucket).await;
        world.put(&bucket, "a").await;
        world.settle(60).await;
        world.receivers.answer(|_| down(None, None));
        world.put(&bucket, "b").await;
        world
            .sim
            .jump_wall(i64::try_from(EVENT_RETENTION.as_millis()).unwrap() + 60_000);
        world.put(&bucket, "c").await;
        assert!(world.delivery.maintain_once().await.unwrap());
        let kept = world
            .delivery
            .tail_events(id, Position(0), 10)
            .await
            .unwrap();
        let kept: Vec<&str> = kept.iter().map(|seen| seen.event.key.as_str()).collect();
        assert_eq!(
            kept,
            ["b", "c"],
            "the oldest was delivered, the next is owed"
        );
        let key = ObjectKey::new("a").unwrap();
        assert_eq!(world.delivery.attempts_of(id, &key, 10).await.unwrap(), []);
        world.receivers.answer(|_| accept());
        world.delivery.nudge(&to.id());
        world.settle(60).await;
        world.delivery.maintain_once().await.unwrap();
        let kept = world
            .delivery
            .tail_events(id, Position(0), 10)
            .await
            .unwrap();
        assert_eq!(kept.len(), 1);
    });
}

#[test]
fn stop_ends_every_task_and_keeps_what_is_owed() {
    let world = World::new(12);
    let sim = world.sim.clone();
    let world = sim.run(async move {
        world.receivers.answer(|_| (SECOND, Ok(200)));
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        for n in 0..100 {
            world.put(&bucket, &format!("k{n}")).await;
        }
        world.sim.pass(SECOND / 2).await;
        world.delivery.stop().await;
        assert_eq!(world.receivers.all().len(), 32);
        assert!(world.receivers.all().iter().all(|sent| sent.accepted));
        world.put(&bucket, "later").await;
        world
    });
    let world = world.crash();
    sim.run(async {
        world.settle(60).await;
        assert_eq!(
            world.receivers.all().len(),
            101,
            "what was settled is not sent again"
        );
    });
}

#[test]
fn stop_rests_while_it_waits_for_what_is_under_way() {
    let world = World::new(13);
    world.sim.clone().run(async {
        world.receivers.answer(|sent| match &*sent.key {
            "refused" => refuse(),
            _ => (30 * SECOND, Ok(200)),
        });
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        world.put(&bucket, "refused").await;
        world.put(&bucket, "slow").await;
        world.sim.pass(SECOND / 4).await;
        let before = world.sim.sleeps();
        world.delivery.stop().await;
        let sleeps = world.sim.sleeps() - before;
        assert!(sleeps < 20, "{sleeps} sleeps to wait for one answer");
    });
}

#[test]
fn a_cancel_right_behind_a_settlement_is_not_lost() {
    let world = World::new(14);
    world.sim.clone().run(async {
        world.receivers.answer(|sent| match &*sent.key {
            "good" => accept(),
            _ => refuse(),
        });
        let to = function("f");
        let bucket = world.told_bucket("photos", from_ref(&to)).await;
        world.put(&bucket, "bad").await;
        world.sim.pass(SECOND / 4).await;
        assert_eq!(world.sub(&to).await.unwrap().held, 1);
        world.busy.change_behind_settlement(Box::new(|bytes| {
            let mut sub: SubRecord = decode(bytes).unwrap();
            sub.state = SubState::Cancelled(sub.cursor);
            encode(&sub)
        }));
        world.put(&bucket, "good").await;
        world.sim.pass(20 * SECOND).await;
        assert!(!world.busy.is_waiting());
        let sub = world.sub(&to).await.unwrap();
        assert_eq!((sub.held, sub.dead), (0, 1), "{sub:?}");
        assert_eq!(sub.activity, SubActivity::Active);
        let id = world.id(&bucket).await;
        let dead = world.delivery.dead(Some(id), 10).await.unwrap();
        assert!(dead.iter().all(|dead| dead.record.cancelled), "{dead:?}");
    });
}

#[test]
fn a_replay_that_cannot_note_its_progress_waits() {
    let world = World::new(15);
    world.sim.clone().run(async {
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        for n in 0..600 {
            world.put(&bucket, &format!("k{n}")).await;
        }
        world.settle(60).await;
        world.meta.on_commit(|txn| {
            let replay = |w: &Write| matches!(w, Write::Put(at, _) if at.table == Table::Replays);
            let settles = txn.when == When::Soon && txn.write.iter().any(replay);
            if settles { Fate::Full } else { Fate::Proceed }
        });
        let id = world.id(&bucket).await;
        let req = ReplayRequest::default();
        world.delivery.replay(id, req).await.unwrap();
        world.sim.pass(60 * SECOND).await;
        let replayed = || {
            let sent = world.receivers.all().into_iter();
            sent.filter(|sent| sent.replay.is_some()).count()
        };
        assert!((1..300).contains(&replayed()), "{} sent", replayed());
        world.meta.on_commit(|_| Fate::Proceed);
        world.sim.pass(60 * SECOND).await;
        assert_eq!(replayed(), 600);
    });
}

#[test]
fn replays_that_ended_long_ago_are_forgotten() {
    let world = World::new(16);
    world.sim.clone().run(async {
        let bucket = world.told_bucket("photos", &[function("f")]).await;
        world.put(&bucket, "a").await;
        world.settle(10).await;
        let id = world.id(&bucket).await;
        let req = ReplayRequest::default();
        world.delivery.replay(id, req.clone()).await.unwrap();
        world.sim.pass(10 * SECOND).await;
        world
            .sim
            .jump_wall(i64::try_from(EVENT_RETENTION.as_millis()).unwrap() + 60_000);
        let later = world.delivery.replay(id, req).await.unwrap();
        world.sim.pass(10 * SECOND).await;
        assert_eq!(world.delivery.replays().await.unwrap().len(), 2);
        assert!(world.delivery.maintain_once().await.unwrap());
        let left = world.delivery.replays().await.unwrap();
        let left: Vec<_> = left.iter().map(|replay| replay.id).collect();
        assert_eq!(left, [later]);
    });
}
