//! Where a page of an answer ends, and which part of a payload an answer is.

use std::ops::Range;

use bytes::Bytes;

use crate::model::BlobId;
use crate::ports::{Limit, StoreError};

/// Counts rows and bytes of one page against a [`Limit`].
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    rows: usize,
    bytes: usize,
    empty: bool,
}

impl Budget {
    /// A budget nothing was taken from. The first row always fits.
    pub fn new(limit: Limit) -> Self {
        Self {
            rows: limit.rows,
            bytes: limit.bytes,
            empty: true,
        }
    }

    /// Whether a row of this many bytes still belongs to the page; it is counted if it does.
    pub fn admits(&mut self, bytes: usize) -> bool {
        let fits = self.empty || (self.rows > 0 && bytes <= self.bytes);
        if fits {
            self.empty = false;
            self.rows = self.rows.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(bytes);
        }
        fits
    }
}

/// A part of a payload. A range that does not lie within it is `Damaged`: the record that named the
/// range, or the payload, is not what was written.
pub fn payload_part(id: BlobId, payload: &Bytes, range: Range<u64>) -> Result<Bytes, StoreError> {
    let outside = || {
        let Range { start, end } = range;
        StoreError::Damaged(format!(
            "payload {id} has {} bytes, not {start}..{end}",
            payload.len()
        ))
    };
    let start = usize::try_from(range.start).map_err(|_| outside())?;
    let end = usize::try_from(range.end).map_err(|_| outside())?;
    if start > end || end > payload.len() {
        return Err(outside());
    }
    Ok(payload.slice(start..end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_at_rows_or_bytes_but_never_before_its_first_row() {
        // (rows, bytes, sizes offered, how many of them fit)
        let cases: [(usize, usize, &[usize], usize); 7] = [
            (3, 100, &[10, 10, 10, 10], 3),
            (10, 25, &[10, 10, 10], 2),
            (10, 20, &[10, 10, 1], 2),
            (10, 5, &[10, 1], 1),
            (0, 0, &[10, 0], 1),
            (1, 100, &[10, 10], 1),
            (5, 100, &[], 0),
        ];
        for (rows, bytes, sizes, fitting) in cases {
            let mut budget = Budget::new(Limit { rows, bytes });
            let taken = sizes
                .iter()
                .take_while(|size| budget.admits(**size))
                .count();
            assert_eq!(taken, fitting, "rows {rows} bytes {bytes} sizes {sizes:?}");
        }
    }
}
