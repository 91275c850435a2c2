//! Byte ranges, and how a whole is cut into them (OAS sheet section 7.5).

use super::limits::MAXIMUM_NUMBER_OF_PARTS;

/// First and last byte of a range, both included.
pub type ByteRange = (u64, u64);

const MEGABYTE: u64 = 1 << 20;

/// Number of bytes in a range.
///
/// ```
/// assert_eq!(cohong_client::oas::range_size((10, 19)), 10);
/// ```
pub fn range_size(byte_range: ByteRange) -> u64 {
    byte_range.1 + 1 - byte_range.0
}

/// Number of parts of `part_size` bytes that hold `size_total` bytes; the last may be shorter.
///
/// ```
/// assert_eq!(cohong_client::oas::calc_num_part(4, 9), 3);
/// ```
///
/// # Panics
///
/// When `part_size` is 0.
pub fn calc_num_part(part_size: u64, size_total: u64) -> u64 {
    size_total.div_ceil(part_size)
}

/// The ranges of those parts, in order.
///
/// ```
/// use cohong_client::oas::calc_ranges;
/// assert_eq!(calc_ranges(4, 9), [(0, 3), (4, 7), (8, 8)]);
/// assert_eq!(calc_ranges(4, 0), []);
/// ```
///
/// # Panics
///
/// When `part_size` is 0.
pub fn calc_ranges(part_size: u64, size_total: u64) -> Vec<ByteRange> {
    let parts = 0..calc_num_part(part_size, size_total);
    let starts = parts.map(|n| n * part_size);
    let range = |start| (start, size_total.min(start + part_size) - 1);
    starts.map(range).collect()
}

/// `usual`, or what is needed to stay within the number of parts: the smallest power of two that holds a part of the
/// total, rounded up to whole MiB.
pub(super) fn part_size(usual: u64, size_total: u64) -> u64 {
    if calc_num_part(usual, size_total) <= MAXIMUM_NUMBER_OF_PARTS {
        return usual;
    }
    let least = size_total.div_ceil(MAXIMUM_NUMBER_OF_PARTS);
    (least.div_ceil(MEGABYTE) * MEGABYTE).next_power_of_two()
}

/// Reads `a-b`; nothing for any other text.
pub(super) fn parse(text: &str) -> Option<ByteRange> {
    let (first, last) = text.split_once('-')?;
    let range = (first.parse().ok()?, last.parse().ok()?);
    (range.0 <= range.1 && range.1 < u64::MAX).then_some(range)
}

/// Writes `a-b`.
pub(super) fn text(range: ByteRange) -> String {
    format!("{}-{}", range.0, range.1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_size_of_parts_grows_with_the_whole() {
        const MIB: u64 = 1 << 20;
        let table = [
            (64 * MIB, 64 * MIB, 64 * MIB),
            (64 * MIB, 640_000 * MIB, 64 * MIB),
            (64 * MIB, 640_000 * MIB + 1, 128 * MIB),
            (64 * MIB, 1_280_000 * MIB, 128 * MIB),
            (64 * MIB, 1_280_000 * MIB + 1, 256 * MIB),
            (64 * MIB, 40_000 << 30, 4096 * MIB),
            (32 * MIB, 320_000 * MIB, 32 * MIB),
            (32 * MIB, 320_000 * MIB + 1, 64 * MIB),
        ];
        for (usual, total, wanted) in table {
            assert_eq!(part_size(usual, total), wanted, "{total}");
        }
    }

    #[test]
    fn texts_of_ranges() {
        assert_eq!(parse("0-67108863"), Some((0, 67_108_863)));
        for bad in ["", "1", "2-1", "a-b", "-1", "1-", "0-18446744073709551615"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn ranges_cover_the_whole_once(part in 1_u64..1000, total in 0_u64..100_000) {
            let ranges = calc_ranges(part, total);
            prop_assert_eq!(ranges.len() as u64, calc_num_part(part, total));
            let mut next = 0;
            for range in &ranges {
                prop_assert_eq!(range.0, next);
                prop_assert!(range_size(*range) <= part);
                prop_assert_eq!(parse(&text(*range)), Some(*range));
                next = range.1 + 1;
            }
            prop_assert_eq!(next, total);
            prop_assert!(ranges.iter().rev().skip(1).all(|range| range_size(*range) == part));
        }
    }
}
