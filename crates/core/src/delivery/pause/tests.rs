//! Tables of failures and what they mean.

use super::*;

const B: BucketId = BucketId(1);

fn key(n: usize) -> ObjectKey {
    ObjectKey::new(&format!("k{n}")).unwrap()
}

fn at(seconds: u64) -> Moment {
    Moment {
        now: Timestamp::from_millis(seconds * 1000),
        mono: Duration::from_secs(seconds),
    }
}

fn target(after: Option<u64>, status: Option<u16>) -> Undelivered {
    Undelivered::Target {
        after: after.map(Duration::from_secs),
        why: "down".into(),
        status,
    }
}

fn event() -> Undelivered {
    Undelivered::Event {
        why: "bad".into(),
        status: Some(400),
    }
}

/// Fails event number `n` of a key of its own, having started after `successes`.
fn fail(health: &mut Health, n: u64, successes: u64, probe: bool, how: &Undelivered) -> Blame {
    let failed = Failed {
        bucket: B,
        key: &key(usize::try_from(n).unwrap()),
        position: Position(n),
        successes,
        probe,
        how,
    };
    health.failed(failed, at(100), |bound| bound - 1)
}

#[test]
fn a_target_without_success_in_between_is_paused() {
    let mut health = Health::default();
    assert_eq!(
        fail(&mut health, 1, 0, false, &target(None, Some(503))),
        Blame::Target
    );
    let pause = health.pause().unwrap();
    assert_eq!((pause.failures, pause.due), (1, Duration::from_secs(101)));
    health.succeeded();
    assert!(health.pause().is_none());
}

#[test]
fn a_failure_while_others_succeed_is_the_events() {
    let mut health = Health::default();
    health.succeeded();
    let how = target(None, Some(500));
    assert_eq!(fail(&mut health, 1, 0, false, &how), Blame::Event);
}

#[test]
fn an_event_that_breaks_its_target_again_after_a_success_is_to_blame() {
    let mut health = Health::default();
    let how = target(None, Some(500));
    assert_eq!(fail(&mut health, 1, 0, false, &how), Blame::Target);
    health.succeeded();
    assert_eq!(fail(&mut health, 1, 1, false, &how), Blame::Event);
    assert_eq!(fail(&mut health, 2, 1, false, &how), Blame::Target);
}

#[test]
fn a_target_that_speaks_of_itself_is_paused_even_while_others_succeed() {
    for how in [target(Some(7), Some(503)), target(None, Some(429))] {
        let mut health = Health::default();
        health.succeeded();
        assert_eq!(fail(&mut health, 1, 0, false, &how), Blame::Target);
    }
}

#[test]
fn retry_after_is_honoured_and_never_shortens() {
    let mut health = Health::default();
    fail(&mut health, 1, 0, false, &target(Some(40), Some(503)));
    assert_eq!(health.pause().unwrap().due, Duration::from_secs(140));
    fail(&mut health, 2, 0, false, &target(Some(3), Some(503)));
    assert_eq!(health.pause().unwrap().due, Duration::from_secs(140));
    fail(&mut health, 3, 0, false, &target(Some(50), Some(503)));
    assert_eq!(health.pause().unwrap().due, Duration::from_secs(150));
}

#[test]
fn only_probes_lengthen_the_pause() {
    let mut health = Health::default();
    for n in 1..=32 {
        fail(&mut health, n, 0, false, &target(None, None));
    }
    assert_eq!(health.pause().unwrap().failures, 1);
    fail(&mut health, 1, 0, true, &target(None, None));
    let pause = health.pause().unwrap();
    assert_eq!((pause.failures, pause.due), (2, Duration::from_secs(102)));
    assert_eq!(pause.since, at(100).now);
}

#[test]
fn refusals_of_eight_different_keys_in_a_row_are_the_targets() {
    let mut health = Health::default();
    for n in 1..8 {
        assert_eq!(fail(&mut health, n, 0, false, &event()), Blame::Event);
        assert_eq!(fail(&mut health, n, 0, false, &event()), Blame::Event);
    }
    assert_eq!(fail(&mut health, 8, 0, false, &event()), Blame::Target);
    assert!(health.pause().is_some());
}

#[test]
fn a_success_between_refusals_starts_the_count_again() {
    let mut health = Health::default();
    for n in 1..100 {
        assert_eq!(fail(&mut health, n, 0, false, &event()), Blame::Event);
        if n % 7 == 0 {
            health.succeeded();
        }
    }
    assert!(health.pause().is_none());
}

#[test]
fn a_repair_makes_the_probe_due() {
    let mut health = Health::default();
    for _ in 0..9 {
        fail(&mut health, 1, 0, true, &target(None, None));
    }
    assert!(health.pause().unwrap().due > Duration::from_mins(5));
    health.hurry(Duration::from_secs(101));
    let pause = health.pause().unwrap();
    assert_eq!((pause.failures, pause.due), (1, Duration::from_secs(101)));
}

#[test]
fn a_target_that_judges_events_again_is_back() {
    let mut health = Health::default();
    fail(&mut health, 1, 0, false, &target(None, None));
    assert_eq!(fail(&mut health, 2, 0, false, &event()), Blame::Target);
    assert_eq!(fail(&mut health, 2, 0, true, &event()), Blame::Event);
    assert!(health.pause().is_none());
}

#[test]
fn a_target_that_refuses_everything_is_not_back_when_it_refuses_once_more() {
    let mut health = Health::default();
    for n in 1..=8 {
        fail(&mut health, n, 0, false, &event());
    }
    assert_eq!(fail(&mut health, 9, 0, true, &event()), Blame::Target);
    assert!(health.pause().is_some());
}
