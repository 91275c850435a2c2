//! Reads: point reads, ranges, pages.

use bytes::Bytes;
use cohong_core::ports::{Key, KeyRange, Limit, MetadataStore, Order, Page, Table, Write};

use super::{Subject, WIDE, get, key, put, range, txn, value, write};

const TEN: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

async fn ten(store: &dyn MetadataStore) {
    write(store, TEN.iter().map(|name| put(name, "12345")).collect()).await;
}

async fn scan(
    store: &dyn MetadataStore,
    range: KeyRange,
    order: Order,
    limit: Limit,
) -> (String, bool) {
    let pages = store.scan(&[range], order, limit).await.expect("a scan");
    assert_eq!(pages.len(), 1, "one page a range");
    (names(&pages[0]), pages[0].more)
}

fn names(page: &Page) -> String {
    page.rows
        .iter()
        .map(|(key, _)| String::from_utf8_lossy(key).into_owned())
        .collect()
}

/// `get_many` answers in the order asked, also for keys asked twice and absent ones.
pub async fn records_come_in_the_order_asked(subject: &mut dyn Subject) {
    let store = subject.store();
    write(&*store, vec![put("a", "1"), put("b", "2")]).await;
    let asked = [key("b"), key("x"), key("a"), key("b")];
    let records = store.get_many(&asked).await.expect("a read");
    let values: Vec<_> = records.into_iter().map(|r| r.map(|r| r.bytes)).collect();
    let two = Some(Bytes::from_static(b"2"));
    assert_eq!(
        values,
        [two.clone(), None, Some(Bytes::from_static(b"1")), two]
    );
    assert_eq!(store.get_many(&[]).await.expect("a read of nothing"), []);
}

/// The same key in two tables is two records, and a range never leaves its table.
pub async fn tables_are_apart(subject: &mut dyn Subject) {
    let store = subject.store();
    let at = |table| Key {
        table,
        bytes: Bytes::from_static(b"k"),
    };
    let name = |table| Bytes::from(format!("{table:?}"));
    let writes = Table::ALL.map(|table| Write::Put(at(table), name(table)));
    write(&*store, writes.to_vec()).await;
    let records = store.get_many(&Table::ALL.map(at)).await.expect("a read");
    for (table, record) in Table::ALL.into_iter().zip(records) {
        assert_eq!(record.map(|record| record.bytes), Some(name(table)));
        for order in [Order::Ascending, Order::Descending] {
            let all = KeyRange {
                table,
                start: Bytes::new(),
                end: None,
            };
            let pages = store.scan(&[all], order, WIDE).await.expect("a scan");
            let found: Vec<_> = pages[0].rows.iter().map(|(_, r)| r.bytes.clone()).collect();
            assert_eq!(found, [name(table)], "{order:?}");
        }
    }
}

/// Keys and records may be empty, long, and hold any byte; keys are ordered as bytes.
pub async fn keys_and_records_are_any_bytes(subject: &mut dyn Subject) {
    let store = subject.store();
    let keys: Vec<Vec<u8>> = vec![
        vec![],
        vec![0],
        vec![0, 0],
        vec![0, 255],
        vec![1],
        b"key".to_vec(),
        vec![127; cohong_core::limits::RECORD_KEY_BYTES_MAX],
        vec![128],
        vec![255],
        vec![255; 3],
    ];
    let record = |key: &[u8]| if key.len() == 1 { vec![] } else { key.to_vec() };
    write(
        &*store,
        keys.iter().rev().map(|key| put(key, record(key))).collect(),
    )
    .await;
    for key in &keys {
        assert_eq!(
            value(&*store, key).await,
            Some(record(key).into()),
            "{key:?}"
        );
    }
    let pages = store
        .scan(&[range("", None)], Order::Ascending, WIDE)
        .await
        .expect("a scan");
    let found: Vec<_> = pages[0].rows.iter().map(|(key, _)| key.to_vec()).collect();
    assert_eq!(found, keys);
}

/// A range is half open, may be empty or open-ended, and is read in both directions.
pub async fn a_range_has_its_start_and_not_its_end(subject: &mut dyn Subject) {
    let store = subject.store();
    ten(&*store).await;
    let cases = [
        ("", None, "abcdefghij"),
        ("c", None, "cdefghij"),
        ("c", Some("f"), "cde"),
        ("bb", Some("ff"), "cdef"),
        ("", Some("c"), "ab"),
        ("c", Some("c"), ""),
        ("f", Some("c"), ""),
        ("x", None, ""),
        ("", Some(""), ""),
    ];
    for (start, end, found) in cases {
        let ascending = scan(&*store, range(start, end), Order::Ascending, WIDE).await;
        assert_eq!(ascending, (found.to_owned(), false), "{start}..{end:?}");
        let descending = scan(&*store, range(start, end), Order::Descending, WIDE).await;
        assert_eq!(
            descending,
            (found.chars().rev().collect(), false),
            "{start}..{end:?}"
        );
    }
}

/// A page has no more rows than asked for and says whether there are more.
pub async fn a_page_is_bounded_by_rows(subject: &mut dyn Subject) {
    let store = subject.store();
    ten(&*store).await;
    for (rows, found, more) in [
        (3, "abc", true),
        (9, "abcdefghi", true),
        (10, "abcdefghij", false),
    ] {
        let limit = Limit { rows, bytes: 1000 };
        let page = scan(&*store, range("", None), Order::Ascending, limit).await;
        assert_eq!(page, (found.to_owned(), more), "{rows} rows");
    }
    let limit = Limit {
        rows: 2,
        bytes: 1000,
    };
    let page = scan(&*store, range("", Some("e")), Order::Descending, limit).await;
    assert_eq!(page, ("dc".to_owned(), true));
}

/// A page has no more bytes of keys and records than asked for. Each row here has 6.
pub async fn a_page_is_bounded_by_bytes(subject: &mut dyn Subject) {
    let store = subject.store();
    ten(&*store).await;
    for (bytes, found, more) in [
        (17, "ab", true),
        (18, "abc", true),
        (60, "abcdefghij", false),
    ] {
        let limit = Limit { rows: 100, bytes };
        let page = scan(&*store, range("", None), Order::Ascending, limit).await;
        assert_eq!(page, (found.to_owned(), more), "{bytes} bytes");
    }
}

/// A page has a row when there is one, however small the limit.
pub async fn a_page_has_a_row_whatever_its_size(subject: &mut dyn Subject) {
    let store = subject.store();
    ten(&*store).await;
    for limit in [
        Limit {
            rows: 100,
            bytes: 1,
        },
        Limit { rows: 0, bytes: 0 },
    ] {
        let first = scan(&*store, range("", None), Order::Ascending, limit).await;
        assert_eq!(first, ("a".to_owned(), true), "{limit:?}");
        let last = scan(&*store, range("j", None), Order::Ascending, limit).await;
        assert_eq!(last, ("j".to_owned(), false), "{limit:?}");
        let none = scan(&*store, range("x", None), Order::Ascending, limit).await;
        assert_eq!(none, (String::new(), false), "{limit:?}");
    }
}

/// Beginning each page where the last one ended visits every row once, in both directions.
pub async fn pages_follow_each_other_without_gap(subject: &mut dyn Subject) {
    let store = subject.store();
    ten(&*store).await;
    let limit = Limit {
        rows: 3,
        bytes: 1000,
    };
    for order in [Order::Ascending, Order::Descending] {
        let mut rest = range("", None);
        let mut seen = String::new();
        for _ in 0..5 {
            let pages = store
                .scan(&[rest.clone()], order, limit)
                .await
                .expect("a scan");
            seen.push_str(&names(&pages[0]));
            let Some((last, _)) = pages[0].rows.last().filter(|_| pages[0].more) else {
                break;
            };
            match order {
                Order::Ascending => rest.start = [last, &b"\0"[..]].concat().into(),
                Order::Descending => rest.end = Some(last.clone()),
            }
        }
        let all = TEN.concat();
        let expected = if order == Order::Ascending {
            all
        } else {
            all.chars().rev().collect()
        };
        assert_eq!(seen, expected);
    }
}

/// Several ranges in one call have a page each, in order, each with the whole limit.
pub async fn every_range_has_its_own_page(subject: &mut dyn Subject) {
    let store = subject.store();
    ten(&*store).await;
    let ranges = [
        range("h", None),
        range("x", None),
        range("a", Some("d")),
        range("a", Some("d")),
    ];
    let limit = Limit {
        rows: 3,
        bytes: 1000,
    };
    let pages = store
        .scan(&ranges, Order::Ascending, limit)
        .await
        .expect("a scan");
    assert_eq!(
        pages.iter().map(names).collect::<Vec<_>>(),
        ["hij", "", "abc", "abc"]
    );
    assert_eq!(
        store
            .scan(&[], Order::Ascending, limit)
            .await
            .expect("a scan of nothing"),
        []
    );
}

/// What was answered is read at once, by point read and by range.
pub async fn an_answered_commit_is_read(subject: &mut dyn Subject) {
    let store = subject.store();
    for n in 0..20 {
        let name = format!("{n:02}");
        write(&*store, vec![put(&name, &name)]).await;
        let record = get(&*store, &name).await.expect("the record just put");
        assert_eq!(record.bytes, name);
        let pages = store
            .scan(&[range("", None)], Order::Descending, WIDE)
            .await
            .expect("a scan");
        assert_eq!(pages[0].rows.first(), Some(&(Bytes::from(name), record)));
    }
    let gone = txn(Vec::new(), vec![Write::Delete(key("19"))]);
    super::commit(&*store, gone).await.expect("a delete");
    assert_eq!(get(&*store, "19").await, None);
}
