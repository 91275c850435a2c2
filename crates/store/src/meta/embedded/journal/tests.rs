use super::super::codec::encode_mark;
use super::*;
use cohong_core::ports::Revision;

/// Batch number `n`, as fjall writes it, when `durable` batches were durable before.
fn written(n: u64, durable: u64) -> Vec<u8> {
    let mark = Mark {
        batch: n,
        durable,
        floor: 10 * n,
    };
    let mark = encode_mark(Revision(n), mark);
    let mut items = Vec::new();
    for (key, value) in [(&b"key"[..], &[7; 50][..]), (LAST_NUMBER, &mark)] {
        let len = u32::try_from(value.len()).expect("short");
        items.extend([ITEM, 0, 0]);
        items.extend(1_u64.to_le_bytes());
        items.extend(u16::try_from(key.len()).expect("short").to_le_bytes());
        items.extend(len.to_le_bytes());
        items.extend(len.to_le_bytes());
        items.extend(key);
        items.extend(value);
    }
    let mut hash = Xxh3::new();
    hash.update(&items);
    let mut batch = vec![START, 2, 0, 0, 0];
    batch.extend((10 * n + 1).to_le_bytes());
    batch.extend(items);
    batch.push(END);
    batch.extend(hash.digest().to_le_bytes());
    batch.extend(MAGIC);
    batch
}

/// A batch that was synced.
fn synced(n: u64) -> Vec<u8> {
    written(n, n - 1)
}

fn torn(n: u64) -> Vec<u8> {
    let mut batch = synced(n);
    batch[START_BYTES + ITEM_BYTES + 10] ^= 1;
    batch
}

/// What became of journals with these bytes, the newest last.
fn checked(journals: &[Vec<u8>]) -> Result<Option<usize>, usize> {
    let dir = tempfile::tempdir().expect("a folder");
    for (n, bytes) in journals.iter().enumerate() {
        std::fs::write(dir.path().join(format!("{}.jnl", n + 9)), bytes).expect("written");
    }
    match check(dir.path(), 0) {
        Ok(cut) => Ok(cut.map(|cut| cut.at)),
        Err(error) => Err(error.downcast::<Damage>().expect("damage").at),
    }
}

#[test]
fn a_broken_batch_is_torn_unless_one_behind_it_knows_that_it_was_durable() {
    type Case = (&'static str, Vec<Vec<u8>>, Result<Option<usize>, usize>);
    let len = synced(1).len();
    let zeros = vec![0; 100];
    let half = synced(3)[..40].to_vec();
    let mut unordered = synced(2);
    unordered[5] ^= 0x40;
    let cases: [Case; 12] = [
        ("nothing", vec![], Ok(None)),
        ("whole", vec![synced(1), synced(2)], Ok(None)),
        ("begins late", vec![synced(7), synced(8)], Ok(None)),
        ("whole and zeros", vec![synced(1), zeros.clone()], Ok(None)),
        ("torn at the end", vec![synced(1), torn(2)], Ok(Some(len))),
        (
            "torn, then zeros",
            vec![synced(1), torn(2), zeros],
            Ok(Some(len)),
        ),
        ("two torn", vec![synced(1), torn(2), torn(3)], Ok(Some(len))),
        ("half of one", vec![synced(1), half], Ok(Some(len))),
        (
            "torn before one of the same sync",
            vec![synced(1), torn(2), written(3, 1)],
            Ok(Some(len)),
        ),
        (
            "damage before a whole one",
            vec![synced(1), torn(2), synced(3)],
            Err(len),
        ),
        ("damage at the beginning", vec![torn(5), synced(6)], Err(0)),
        (
            "a sequence number",
            vec![synced(1), unordered, synced(3)],
            Err(2 * len),
        ),
    ];
    for (name, parts, outcome) in cases {
        assert_eq!(checked(&[parts.concat()]), outcome, "{name}");
    }
    assert_eq!(checked(&[torn(1), synced(2)]), Err(0), "in an older one");
    assert_eq!(checked(&[synced(1), synced(3)]), Err(0), "one is missing");
}

#[test]
fn every_flipped_bit_of_a_synced_batch_is_damage() {
    let len = synced(1).len();
    for bit in 0..3 * len * 8 {
        let mut journal = [synced(1), synced(2), synced(3), synced(4)].concat();
        journal[bit / 8] ^= 1 << (bit % 8);
        let outcome = checked(&[journal]);
        // A sequence number is noticed by the next.
        let at = bit / 8 / len * len;
        let places = [Err(at), Err(at + len)];
        // The numbers that only the engine took may be any of its own.
        let harmless = (5..13).contains(&(bit / 8 % len)) && outcome == Ok(None);
        assert!(
            places.contains(&outcome) || harmless,
            "bit {bit}: {outcome:?}"
        );
    }
}
