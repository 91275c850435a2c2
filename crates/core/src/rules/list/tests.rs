//! Listings against a model that looks at everything.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

/// What is stored: keys and the places of their rows.
type Rows = BTreeSet<(String, Vec<u8>)>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Row(String, Vec<u8>),
    Prefix(String),
}

impl Line {
    fn name(&self) -> &str {
        match self {
            Self::Row(name, _) | Self::Prefix(name) => name,
        }
    }

    fn place(&self) -> (&str, Option<&[u8]>) {
        match self {
            Self::Row(name, sub) => (name, Some(sub)),
            Self::Prefix(name) => (name, None),
        }
    }
}

fn roll(key: &str, prefix: &str, delimiter: &str) -> Option<String> {
    let rest = key.strip_prefix(prefix)?;
    let (before, _) = rest
        .split_once(delimiter)
        .filter(|_| !delimiter.is_empty())?;
    Some(format!("{prefix}{before}{delimiter}"))
}

/// The definition: every row that has the prefix, rolled up, in order, after the marker.
fn model(rows: &Rows, wanted: &Wanted<'_>) -> Vec<Line> {
    let listed = rows
        .iter()
        .filter(|(key, _)| key.starts_with(wanted.prefix));
    let mut lines = Vec::new();
    let mut seen = BTreeSet::new();
    for (key, sub) in listed {
        match roll(key, wanted.prefix, wanted.delimiter) {
            Some(prefix) if seen.insert(prefix.clone()) => lines.push(Line::Prefix(prefix)),
            Some(_) => {}
            None => lines.push(Line::Row(key.clone(), sub.clone())),
        }
    }
    let own_rows = wanted
        .after_sub
        .filter(|_| roll(wanted.after, wanted.prefix, wanted.delimiter).is_none());
    let after = |line: &Line| match (line, wanted.order, own_rows) {
        _ if wanted.after.is_empty() => true,
        (Line::Row(key, sub), _, Some(own)) if key == wanted.after => sub.as_slice() > own,
        (_, Order::Ascending, _) => line.name() > wanted.after,
        (_, Order::Descending, _) => line.name() < wanted.after,
    };
    lines.retain(after);
    if wanted.order == Order::Descending {
        lines.reverse();
    }
    lines
}

/// A store with two tables: rows with an even last byte of their place and the others. Counts what it
/// reads.
struct Store<'a> {
    rows: &'a Rows,
    batch: usize,
    read: usize,
}

impl Store<'_> {
    fn page(&mut self, ask: &Ask, order: Order, even: bool) -> (Vec<Row<()>>, bool) {
        let within = |(key, sub): &(String, Vec<u8>)| {
            let text = key.as_bytes();
            let above = match &ask.low_sub {
                Some(low) if text == ask.low.as_slice() => sub > low,
                _ => text >= ask.low.as_slice(),
            };
            above && ask.high.as_ref().is_none_or(|high| text < high.as_slice())
        };
        let mine = |sub: &[u8]| sub.last().is_none_or(|last| last % 2 == 0) == even;
        let mut found: Vec<Row<()>> = self
            .rows
            .iter()
            .filter(|at| within(at) && mine(&at.1))
            .map(|(key, sub)| Row {
                key: ObjectKey::new(key).expect("a key"),
                sub: sub.clone(),
                item: (),
            })
            .collect();
        if order == Order::Descending {
            found.reverse();
        }
        let most = ask.rows.min(self.batch);
        let more = found.len() > most;
        found.truncate(most);
        self.read += found.len();
        (found, more)
    }

    fn list(&mut self, wanted: &Wanted<'_>) -> (Vec<Line>, bool) {
        let mut pager = Pager::new(wanted);
        while let Some(ask) = pager.ask() {
            let even = self.page(&ask, wanted.order, true);
            let odd = self.page(&ask, wanted.order, false);
            let (rows, more) = match wanted.order {
                Order::Ascending => merge(vec![even, odd]),
                Order::Descending => even,
            };
            pager.take(rows, more);
        }
        let (entries, more) = pager.finish();
        let lines = entries.into_iter().map(|entry| match entry {
            Entry::Row { key, sub, .. } => Line::Row(key.as_str().into(), sub),
            Entry::Prefix(prefix) => Line::Prefix(prefix),
        });
        (lines.collect(), more)
    }
}

fn list(rows: &Rows, batch: usize, wanted: &Wanted<'_>) -> (Vec<Line>, bool) {
    Store {
        rows,
        batch,
        read: 0,
    }
    .list(wanted)
}

/// All pages of `limit` entries, one after the other.
fn pages(rows: &Rows, batch: usize, wanted: &Wanted<'_>) -> Vec<Line> {
    let (mut all, mut more) = list(rows, batch, wanted);
    while more {
        let last = all.last().expect("a cut page has entries").clone();
        let (after, sub) = last.place();
        let after_sub = sub.filter(|sub| !sub.is_empty());
        let next = Wanted {
            after,
            after_sub,
            ..*wanted
        };
        let (page, page_more) = list(rows, batch, &next);
        assert!(
            page.len() == wanted.limit || !page_more,
            "a cut page is full"
        );
        all.extend(page);
        more = page_more;
    }
    all
}

const TEXT: &str = "[ab/é中]{0,4}";

fn single_rows() -> impl Strategy<Value = Rows> {
    prop::collection::vec("[ab/é中]{1,6}", 0..40).prop_map(keys)
}

fn many_rows() -> impl Strategy<Value = Rows> {
    let place = ("[ab/]{1,3}", prop::collection::vec(0..4_u8, 1..=1));
    prop::collection::btree_set(place, 0..40)
}

fn delimiter() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("/".into()),
        Just("中".into()),
        "[ab/]{1,2}"
    ]
}

fn order() -> impl Strategy<Value = Order> {
    prop_oneof![Just(Order::Ascending), Just(Order::Descending)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_page_is_the_beginning_of_what_the_model_says(
        rows in single_rows(), prefix in TEXT, delimiter in delimiter(), after in "[ab/é中\0]{0,5}",
        order in order(), limit in 0..12_usize, batch in 1..6_usize,
    ) {
        let wanted = Wanted { prefix: &prefix, delimiter: &delimiter, after: &after, after_sub: None, order, limit };
        let all = model(&rows, &wanted);
        let (page, more) = list(&rows, batch, &wanted);
        prop_assert_eq!(&page[..], &all[..limit.min(all.len())]);
        prop_assert_eq!(more, limit > 0 && all.len() > limit);
    }

    #[test]
    fn pages_make_up_the_whole(
        rows in single_rows(), prefix in TEXT, delimiter in delimiter(),
        order in order(), limit in 1..8_usize, batch in 1..6_usize,
    ) {
        let wanted = Wanted { prefix: &prefix, delimiter: &delimiter, after: "", after_sub: None, order, limit };
        prop_assert_eq!(pages(&rows, batch, &wanted), model(&rows, &wanted));
    }

    #[test]
    fn so_do_pages_of_keys_with_many_rows_in_two_tables(
        rows in many_rows(), prefix in "[ab/]{0,2}", delimiter in delimiter(), limit in 1..8_usize, batch in 1..6_usize,
        after in "[ab/]{0,3}", after_sub in prop::option::of(prop::collection::vec(0..5_u8, 1..=1)),
    ) {
        let wanted = Wanted {
            prefix: &prefix, delimiter: &delimiter, after: &after, after_sub: after_sub.as_deref(),
            order: Order::Ascending, limit,
        };
        prop_assert_eq!(pages(&rows, batch, &wanted), model(&rows, &wanted));
    }
}

fn keys(keys: impl IntoIterator<Item = String>) -> Rows {
    keys.into_iter().map(|key| (key, Vec::new())).collect()
}

#[test]
fn what_a_marker_means() {
    let rows = keys(["a", "a/b", "a/c", "b", "c/d"].map(String::from));
    let up = [
        ("", "a a/ b c/"),
        ("a", "a/ b c/"),
        ("a/", "b c/"),
        ("a/b", "b c/"),
        ("b", "c/"),
        ("c/", ""),
        ("zzz", ""),
    ];
    let down = [
        ("", "c/ b a/ a"),
        ("zzz", "c/ b a/ a"),
        ("c/", "b a/ a"),
        ("a/b", "a/ a"),
        ("a/", "a"),
        ("a", ""),
    ];
    let up = up.map(|case| (Order::Ascending, case));
    let down = down.map(|case| (Order::Descending, case));
    for (order, (after, expected)) in up.into_iter().chain(down) {
        let wanted = Wanted {
            prefix: "",
            delimiter: "/",
            after,
            after_sub: None,
            order,
            limit: 10,
        };
        let (lines, _) = list(&rows, 100, &wanted);
        let names: Vec<&str> = lines.iter().map(Line::name).collect();
        assert_eq!(names.join(" "), expected, "{order:?} after {after:?}");
    }
}

#[test]
fn no_entries_are_asked_for() {
    let rows = keys([String::from("a")]);
    let wanted = Wanted {
        prefix: "",
        delimiter: "",
        after: "",
        after_sub: None,
        order: Order::Ascending,
        limit: 0,
    };
    let mut store = Store {
        rows: &rows,
        batch: 10,
        read: 0,
    };
    assert_eq!(store.list(&wanted), (Vec::new(), false));
    assert_eq!(store.read, 0);
}

#[test]
fn a_page_has_at_most_a_thousand_entries() {
    let rows = keys((0..1500).map(|n| format!("{n:05}")));
    let wanted = Wanted {
        prefix: "",
        delimiter: "",
        after: "",
        after_sub: None,
        order: Order::Ascending,
        limit: 5000,
    };
    let (lines, more) = list(&rows, 10_000, &wanted);
    assert_eq!((lines.len(), more), (1000, true));
}

#[test]
fn the_cost_of_a_page_does_not_depend_on_what_is_rolled_up() {
    let read = |behind: usize, order: Order| {
        let rows =
            keys((0..30).flat_map(|dir| (0..behind).map(move |n| format!("{dir:02}/{n:05}"))));
        let wanted = Wanted {
            prefix: "",
            delimiter: "/",
            after: "",
            after_sub: None,
            order,
            limit: 20,
        };
        let mut store = Store {
            rows: &rows,
            batch: 10_000,
            read: 0,
        };
        let (lines, more) = store.list(&wanted);
        assert_eq!((lines.len(), more), (20, true));
        store.read
    };
    for order in [Order::Ascending, Order::Descending] {
        let few = read(100, order);
        assert_eq!(few, read(2000, order), "{order:?}");
        assert!(few <= 21 * ROWS_BEHIND_PREFIX, "{few} rows for 20 prefixes");
    }
}

#[test]
fn the_cost_of_a_page_does_not_depend_on_the_keys_behind_it() {
    let read = |all: usize| {
        let rows = keys((0..all).map(|n| format!("{n:06}")));
        let wanted = Wanted {
            prefix: "",
            delimiter: "/",
            after: "000005",
            after_sub: None,
            order: Order::Ascending,
            limit: 50,
        };
        let mut store = Store {
            rows: &rows,
            batch: 10_000,
            read: 0,
        };
        assert_eq!(store.list(&wanted).0.len(), 50);
        store.read
    };
    assert_eq!(read(200), read(20_000));
    assert!(read(200) <= 52, "{} rows for 50 entries", read(200));
}
