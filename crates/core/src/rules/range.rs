//! Which bytes a range means.

use std::ops::Range;

use crate::engine::RangeSpec;
use crate::error::ErrorKind;

/// The bytes of an object of `size` bytes that `spec` means, cut to the object. `InvalidRange` when
/// none of its bytes lies in the range: it begins behind the end, ends before its begin, asks for the
/// last 0 bytes, or the object is empty; and when one that has to lie within the object does not.
pub fn resolve(spec: RangeSpec, size: u64) -> Result<Range<u64>, ErrorKind> {
    let range = match spec {
        // Of an object that was not made of parts.
        RangeSpec::Part(1) => 0..size,
        RangeSpec::Part(_) => return Err(ErrorKind::NoSuchPart),
        RangeSpec::From(first, last) => {
            let end = last.map_or(size, |last| last.saturating_add(1).min(size));
            first..end
        }
        RangeSpec::Within(first, last) if last < size => first..last.saturating_add(1),
        RangeSpec::Within(..) => return Err(ErrorKind::InvalidRange),
        RangeSpec::Last(count) => size.saturating_sub(count)..size,
    };
    if range.is_empty() {
        return Err(ErrorKind::InvalidRange);
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_cut_to_the_object() {
        use RangeSpec::{From, Last, Within};
        let cases = [
            (Within(0, 9), 10, Some(0..10)),
            (Within(9, 9), 10, Some(9..10)),
            (Within(0, 10), 10, None),
            (Within(5, 4), 10, None),
            (Within(0, 0), 0, None),
            (From(0, None), 10, Some(0..10)),
            (From(0, Some(0)), 10, Some(0..1)),
            (From(3, Some(5)), 10, Some(3..6)),
            (From(9, None), 10, Some(9..10)),
            (From(9, Some(u64::MAX)), 10, Some(9..10)),
            (From(10, None), 10, None),
            (From(11, Some(12)), 10, None),
            (From(5, Some(4)), 10, None),
            (From(u64::MAX, None), 10, None),
            (Last(1), 10, Some(9..10)),
            (Last(10), 10, Some(0..10)),
            (Last(u64::MAX), 10, Some(0..10)),
            (Last(0), 10, None),
            (From(0, None), 0, None),
            (From(0, Some(0)), 0, None),
            (Last(1), 0, None),
        ];
        for (spec, size, wanted) in cases {
            assert_eq!(
                resolve(spec, size),
                wanted.ok_or(ErrorKind::InvalidRange),
                "{spec:?} of {size}"
            );
        }
    }

    fn spec() -> impl Strategy<Value = RangeSpec> {
        prop_oneof![
            (0..40_u64, proptest::option::of(0..40_u64)).prop_map(|(a, b)| RangeSpec::From(a, b)),
            (0..40_u64, 0..40_u64).prop_map(|(a, b)| RangeSpec::Within(a, b)),
            (0..40_u64).prop_map(RangeSpec::Last),
        ]
    }

    /// Byte by byte: what a range means, without the arithmetic.
    fn means(spec: RangeSpec, size: u64, at: u64) -> bool {
        match spec {
            RangeSpec::From(first, last) => at >= first && last.is_none_or(|last| at <= last),
            RangeSpec::Part(number) => number == 1,
            RangeSpec::Within(first, last) => first <= at && at <= last && last < size,
            RangeSpec::Last(count) => at + count >= size,
        }
    }

    proptest! {
        #[test]
        fn a_range_holds_exactly_the_bytes_it_means(spec in spec(), size in 0..30_u64) {
            let meant: Vec<u64> = (0..size).filter(|at| means(spec, size, *at)).collect();
            let found: Vec<u64> = resolve(spec, size).map(Iterator::collect).unwrap_or_default();
            prop_assert_eq!(found, meant);
        }
    }
}
