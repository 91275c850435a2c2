use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Deserialize)]
struct Vectors {
    hashes: Vec<Hashes>,
    part_combination: Cases<Combination>,
    combine_lists: Cases<List>,
    range_alignment: Alignment,
}

#[derive(Deserialize)]
struct Cases<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct Hashes {
    name: String,
    size: u64,
    etag: String,
    tree_etag: String,
    leaf_count: u64,
    leaves: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Combination {
    name: String,
    parts: Vec<Part>,
    combined_from_parts: String,
    tree_etag_of_whole: String,
    equal: bool,
}

#[derive(Deserialize)]
struct Part {
    range: String,
    tree_etag: String,
}

#[derive(Deserialize)]
struct List {
    inputs: Vec<String>,
    root: String,
}

#[derive(Deserialize)]
struct Alignment {
    archive_size: u64,
    cases: Vec<Aligned>,
}

#[derive(Deserialize)]
struct Aligned {
    range: String,
    mib_aligned: bool,
    tree_aligned: bool,
    tree_etag: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../../../../vectors/oas.json")).unwrap()
}

/// Bytes of the vectors' stream.
fn stream(range: Range<u64>) -> Vec<u8> {
    range
        .map(|i| u8::try_from((i * 31 + 7) % 251).unwrap())
        .collect()
}

fn leaves_from(bytes: &[u8]) -> Vec<TreeHash> {
    let mut leaves = Leaves::default();
    leaves.update(bytes);
    leaves.finish()
}

fn node(text: &str) -> TreeHash {
    TreeHash(hex::decode(text).unwrap().try_into().unwrap())
}

fn range(text: &str) -> Range<u64> {
    let (first, last) = text.split_once('-').unwrap();
    first.parse().unwrap()..last.parse::<u64>().unwrap() + 1
}

#[test]
fn trees_of_bytes_are_those_of_the_vectors() {
    // Larger ones say nothing further, and MD5 is slow in tests.
    for case in vectors().hashes.iter().filter(|case| case.size < 40 << 20) {
        let bytes = stream(0..case.size);
        let leaves = leaves_from(&bytes);
        assert_eq!(leaves.len() as u64, case.leaf_count, "{}", case.name);
        assert_eq!(leaves_of(case.size), case.leaf_count, "{}", case.name);
        let md5 = hex::encode_upper(Md5::digest(&bytes));
        assert_eq!(md5, case.etag, "{}", case.name);
        if let Some(wanted) = &case.leaves {
            let wanted: Vec<TreeHash> = wanted.iter().map(|leaf| node(leaf)).collect();
            assert_eq!(leaves, wanted, "{}", case.name);
        }
        let root = combine(leaves).map_or_else(String::new, |root| hex::encode_upper(root.0));
        assert_eq!(root, case.tree_etag, "{}", case.name);
    }
}

#[test]
fn trees_of_parts_combine_as_in_the_vectors() {
    let vectors = vectors();
    for case in &vectors.part_combination.cases {
        let roots = case.parts.iter().map(|part| node(&part.tree_etag));
        let combined = combine(roots).unwrap();
        assert_eq!(combined, node(&case.combined_from_parts), "{}", case.name);
        let end = case.parts.last().map(|part| range(&part.range).end);
        if end.unwrap() < 40 << 20 {
            let whole = combine(leaves_from(&stream(0..end.unwrap())));
            assert_eq!(whole, Some(node(&case.tree_etag_of_whole)), "{}", case.name);
            assert_eq!(whole == Some(combined), case.equal, "{}", case.name);
        }
    }
    for case in &vectors.combine_lists.cases {
        let root = combine(case.inputs.iter().map(|input| node(input)));
        assert_eq!(root, Some(node(&case.root)));
    }
}

#[test]
fn ranges_are_aligned_as_in_the_vectors() {
    let Alignment {
        archive_size: size,
        cases,
    } = vectors().range_alignment;
    let leaves = leaves_from(&stream(0..size));
    for case in cases {
        let range = range(&case.range);
        assert_eq!(is_aligned(&range, size), case.mib_aligned, "{range:?}");
        assert_eq!(is_node(&range, size), case.tree_aligned, "{range:?}");
        if case.tree_aligned {
            let at = leaves_in(&range);
            let at = usize::try_from(at.start).unwrap()..usize::try_from(at.end).unwrap();
            assert_eq!(
                combine(leaves[at].to_vec()),
                Some(node(&case.tree_etag)),
                "{range:?}"
            );
        }
    }
}

/// Level by level, as the rule is told. Every level, the last one the root.
fn levels(nodes: &[TreeHash]) -> Vec<Vec<TreeHash>> {
    let mut levels = vec![nodes.to_vec()];
    while let Some(level) = levels.last().filter(|level| level.len() > 1) {
        let pairs = level.chunks(2);
        let next = pairs.map(|pair| match pair {
            [left, right] => parent(*left, *right),
            one => one[0],
        });
        let next = next.collect();
        levels.push(next);
    }
    levels
}

fn nodes(most: usize) -> impl Strategy<Value = Vec<TreeHash>> {
    let node = any::<[u8; 16]>().prop_map(TreeHash);
    proptest::collection::vec(node, 1..most)
}

/// A range is a node when some level of the tree has a node over exactly its leaves.
#[test]
fn nodes_are_what_the_levels_have() {
    for count in 1..20_u64 {
        let size = (count - 1) * BLOCK + 5;
        let mut spans: Vec<(u64, u64)> = (0..count).map(|n| (n, n + 1)).collect();
        let mut known = spans.clone();
        while spans.len() > 1 {
            let pairs = spans.chunks(2);
            spans = pairs
                .map(|pair| (pair[0].0, pair[pair.len() - 1].1))
                .collect();
            known.extend(&spans);
        }
        for (start, end) in (0..count).flat_map(|s| (s + 1..=count).map(move |e| (s, e))) {
            let range = start * BLOCK..(end * BLOCK).min(size);
            assert_eq!(leaves_in(&range), start..end);
            let is_known = known.contains(&(start, end));
            assert_eq!(is_node(&range, size), is_known, "{start}..{end} of {count}");
        }
    }
}

proptest! {
    #[test]
    fn combining_as_they_come_is_combining_level_by_level(nodes in nodes(70)) {
        let root = levels(&nodes).last().unwrap()[0];
        prop_assert_eq!(combine(nodes), Some(root));
    }

    #[test]
    fn parts_of_a_power_of_two_combine_to_the_whole(nodes in nodes(70), levels in 0..6_u32) {
        let parts = nodes.chunks(1 << levels).map(|part| combine(part.to_vec()).unwrap());
        prop_assert_eq!(combine(parts), combine(nodes.clone()));
    }

    #[test]
    fn ranges_that_are_not_whole_blocks_are_not_aligned(
        size in 1..4 * BLOCK, start in 0..5 * BLOCK, end in 0..5 * BLOCK,
    ) {
        let whole = |at: u64| at == 0 || at.is_multiple_of(BLOCK);
        let meant = start < end && end <= size && whole(start) && (whole(end) || end == size);
        prop_assert_eq!(is_aligned(&(start..end), size), meant);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn leaves_do_not_depend_on_the_pieces(cuts in proptest::collection::vec(0..3_000_000_usize, 0..4)) {
        let bytes = stream(0..3_000_000);
        let mut cuts = cuts;
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let mut pieces = Leaves::default();
        for pair in cuts.windows(2) {
            pieces.update(&bytes[pair[0]..pair[1]]);
        }
        let blocks: Vec<TreeHash> = bytes.chunks(1 << 20).map(leaf).collect();
        prop_assert_eq!(pieces.finish(), blocks);
    }
}
