//! The rules of the window, by table and by random runs against a list of what really happened.

use proptest::prelude::*;

use super::*;

fn key(n: u8) -> ObjectKey {
    ObjectKey::new(&format!("k{n}")).unwrap()
}

fn window(events: &[(u64, u8)]) -> Window<u64> {
    let mut window = Window::new(Position(0), []);
    for (at, k) in events {
        window.admit(Position(*at), key(*k), *at, 10);
        window.read(Position(*at));
    }
    window
}

fn start(window: &mut Window<u64>) -> Option<u64> {
    window.start_next().map(|(at, _, _)| at.0)
}

#[test]
fn of_one_key_the_next_starts_after_the_one_before() {
    let mut w = window(&[(1, 0), (2, 0), (3, 1)]);
    assert_eq!(
        (start(&mut w), start(&mut w), start(&mut w)),
        (Some(1), Some(3), None)
    );
    w.finish(Position(3));
    assert_eq!((w.cursor(), start(&mut w)), (Position(0), None));
    w.finish(Position(1));
    assert_eq!((w.cursor(), start(&mut w)), (Position(1), Some(2)));
    w.finish(Position(2));
    assert_eq!(
        (w.cursor(), w.done().count(), w.is_empty()),
        (Position(3), 0, true)
    );
}

#[test]
fn a_key_put_aside_takes_along_what_waits_behind_it() {
    let mut w = window(&[(1, 0), (2, 1), (3, 0), (4, 1)]);
    assert_eq!((start(&mut w), start(&mut w)), (Some(1), Some(2)));
    let aside: Vec<u64> = w
        .put_aside(Position(1))
        .iter()
        .map(|(at, _)| at.0)
        .collect();
    assert_eq!(aside, [1, 3]);
    assert_eq!(w.cursor(), Position(1));
    w.finish(Position(2));
    assert_eq!((w.cursor(), start(&mut w)), (Position(3), Some(4)));
}

#[test]
fn what_was_shed_is_read_again_and_holds_the_cursor() {
    let mut w = window(&[(1, 0), (2, 1), (3, 2)]);
    assert_eq!(
        (start(&mut w), w.start(Position(3)).is_some()),
        (Some(1), true)
    );
    w.finish(Position(3));
    w.shed();
    w.finish(Position(1));
    assert_eq!(w.cursor(), Position(0), "nothing was read since");
    assert!(w.knows(Position(1)) && !w.knows(Position(2)) && w.knows(Position(3)));
    w.read(Position(1));
    w.admit(Position(2), key(1), 2, 10);
    w.read(Position(2));
    w.read(Position(3));
    assert_eq!(w.cursor(), Position(1));
    w.start_next();
    w.finish(Position(2));
    assert_eq!(w.cursor(), Position(3));
}

#[test]
fn one_that_was_given_back_does_not_let_the_next_of_its_key_pass() {
    let mut w = window(&[(1, 0), (2, 0)]);
    assert_eq!(start(&mut w), Some(1));
    w.give_back(Position(1));
    assert_eq!(
        (start(&mut w), w.read_to(), w.is_empty()),
        (None, Position(0), true)
    );
}

#[test]
fn it_runs_low_before_the_last_event_starts() {
    let mut w = window(&[(1, 0), (2, 1), (3, 1), (4, 2)]);
    assert!(!w.runs_low(3), "three keys may start");
    assert!(w.runs_low(4));
    let _ = w.start_next();
    assert!(w.runs_low(3));
    w.admit(Position(5), key(3), 5, WINDOW_BYTES_MAX);
    assert!(!w.runs_low(4), "there is no room");
}

#[test]
fn room_ends_with_events_and_with_bytes() {
    let mut w = window(&[]);
    w.admit(Position(1), key(0), 1, WINDOW_BYTES_MAX);
    assert_eq!(w.room(), None);
    w.bound(usize::MAX);
    assert_eq!(w.room(), None, "the bound is only ever lowered");
    let mut w = window(&[(1, 0)]);
    w.bound(15);
    assert_eq!(w.room().map(|room| room.bytes), Some(5));
    let full: Vec<(u64, u8)> = (1..=256).map(|at| (at, 0)).collect();
    let mut w = window(&full);
    assert_eq!(w.room(), None);
    start(&mut w);
    w.finish(Position(1));
    assert_eq!(w.room().map(|room| room.rows), Some(1));
}

/// What happens next: the number chooses among what is possible.
#[derive(Clone, Debug)]
enum Step {
    Read,
    Start,
    Finish(usize),
    PutAside(usize),
    GiveBack(usize),
    Shed,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => Just(Step::Read),
        4 => Just(Step::Start),
        4 => (0..8_usize).prop_map(Step::Finish),
        1 => (0..8_usize).prop_map(Step::PutAside),
        1 => (0..8_usize).prop_map(Step::GiveBack),
        1 => Just(Step::Shed),
    ];
    proptest::collection::vec(step, 0..200)
}

/// The log of a test: event `n + 1` is of key `log[n]`.
struct Run<'a> {
    log: &'a [u8],
    window: Window<u64>,
    started: Vec<u64>,
    finished: BTreeSet<u64>,
}

impl Run<'_> {
    fn do_step(&mut self, step: &Step) {
        let pick = |n: usize| self.started.get(n % self.started.len().max(1)).copied();
        match step {
            Step::Read => self.read(),
            Step::Start => self.start(),
            Step::Finish(n) => {
                if let Some(at) = pick(*n) {
                    self.started.retain(|other| *other != at);
                    self.window.finish(Position(at));
                    self.finished.insert(at);
                }
            }
            Step::PutAside(n) => {
                if let Some(at) = pick(*n) {
                    self.started.retain(|other| *other != at);
                    let aside = self.window.put_aside(Position(at));
                    let aside: Vec<u64> = aside.into_iter().map(|(at, _)| at.0).collect();
                    assert!(aside.is_sorted() && aside.first() == Some(&at));
                    self.finished.extend(aside);
                }
            }
            Step::GiveBack(n) => {
                if let Some(at) = pick(*n) {
                    self.started.retain(|other| *other != at);
                    self.window.give_back(Position(at));
                }
            }
            Step::Shed => self.window.shed(),
        }
        self.check();
    }

    fn read(&mut self) {
        let at = self.window.read_to().0 + 1;
        let Some(k) = usize::try_from(at - 1).ok().and_then(|n| self.log.get(n)) else {
            return;
        };
        if !self.window.knows(Position(at)) {
            self.window.admit(Position(at), key(*k), at, 1);
        }
        self.window.read(Position(at));
    }

    fn start(&mut self) {
        let Some((at, of, item)) = self.window.start_next() else {
            return;
        };
        assert_eq!(at.0, item);
        for before in 1..at.0 {
            if key(self.log[usize::try_from(before).unwrap() - 1]) == of {
                assert!(
                    self.finished.contains(&before),
                    "{before} is before {}",
                    at.0
                );
            }
        }
        assert!(!self.finished.contains(&at.0), "{} is sent again", at.0);
        self.started.push(at.0);
    }

    fn check(&self) {
        for at in 1..=self.window.cursor().0 {
            assert!(self.finished.contains(&at), "the cursor passed {at}");
        }
        for at in self.window.done() {
            assert!(at > self.window.cursor() && self.finished.contains(&at.0));
        }
    }
}

proptest! {
    #[test]
    fn order_is_kept_and_nothing_is_dropped(
        log in proptest::collection::vec(0..4_u8, 1..40),
        steps in steps(),
    ) {
        let window = Window::new(Position(0), []);
        let mut run = Run { log: &log, window, started: Vec::new(), finished: BTreeSet::new() };
        for step in &steps {
            run.do_step(step);
        }
        // From any state, reading and finishing everything comes to the end.
        for _ in 0..4 * log.len() {
            run.do_step(&Step::Read);
            run.do_step(&Step::Start);
            run.do_step(&Step::Finish(0));
        }
        prop_assert_eq!(run.finished.len(), log.len());
        prop_assert_eq!(run.window.cursor(), Position(log.len() as u64));
        prop_assert!(run.window.is_empty());
    }
}
