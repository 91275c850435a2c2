//! The form of a blob's file.
//!
//! The bytes; then a table with the CRC-32C of each block of 64 KiB (the last may be shorter), 4 bytes
//! each; then a footer of 52 bytes. Numbers are little-endian. The footer stands at the end because
//! the length is not known when writing begins; it names the blob, so that a file under a wrong name
//! is noticed.

use cohong_core::model::BlobId;
use crc_fast::{CrcAlgorithm, Digest, crc32_iscsi};

/// Bytes under one checksum: small enough for a random read, large enough to cost nothing.
pub(super) const BLOCK: usize = 64 << 10;
/// Length of the footer.
pub(super) const FOOTER: usize = 52;

const MAGIC: [u8; 8] = *b"cohongB\n";
const VERSION: u32 = 1;
/// [`BLOCK`] as it is written.
const BLOCK_SIZE: u32 = 64 << 10;
/// Length of a checksum in the table.
const SUM: usize = 4;

/// Checksums of the blocks written so far.
pub(super) struct Sums {
    table: Vec<u8>,
    block: Digest,
    filled: usize,
}

impl Sums {
    /// Of nothing.
    pub(super) fn new() -> Self {
        Self {
            table: Vec::new(),
            block: Digest::new(CrcAlgorithm::Crc32Iscsi),
            filled: 0,
        }
    }

    /// Takes the next bytes into account.
    pub(super) fn update(&mut self, mut data: &[u8]) {
        while !data.is_empty() {
            let (now, later) = data.split_at(data.len().min(BLOCK - self.filled));
            self.block.update(now);
            self.filled += now.len();
            if self.filled == BLOCK {
                self.end_block();
            }
            data = later;
        }
    }

    /// What stands behind the `len` bytes of blob `id`. Ends the blob.
    pub(super) fn trailer(&mut self, id: BlobId, len: u64) -> Vec<u8> {
        if self.filled > 0 {
            self.end_block();
        }
        let mut trailer = std::mem::take(&mut self.table);
        trailer.extend_from_slice(&footer(id, len));
        trailer
    }

    fn end_block(&mut self) {
        let [a, b, c, d, ..] = self.block.finalize_reset().to_le_bytes();
        self.table.extend_from_slice(&[a, b, c, d]);
        self.filled = 0;
    }
}

/// Whether each block of `data` has the checksum that `table` says.
pub(super) fn blocks_match(data: &[u8], table: &[u8]) -> bool {
    let blocks = data.chunks(BLOCK).map(crc32_iscsi);
    let sums: Vec<u8> = blocks.flat_map(u32::to_le_bytes).collect();
    sums == table
}

/// Length of the blob in a file of `size` bytes; `None` when no blob makes such a file.
pub(super) fn len_of(size: u64) -> Option<u64> {
    let (block, sum) = (BLOCK as u64, SUM as u64);
    let summed = size.checked_sub(FOOTER as u64)?;
    let last = match summed % (block + sum) {
        0 => 0,
        rest => rest.checked_sub(sum).filter(|last| *last > 0)?,
    };
    Some(summed / (block + sum) * block + last)
}

/// Length of the file of a blob of `len` bytes.
pub(super) fn size_of(len: u64) -> u64 {
    table_at(len, len.next_multiple_of(BLOCK as u64)) + FOOTER as u64
}

/// Where the checksum of the block at `offset` stands in the file of a blob of `len` bytes.
pub(super) fn table_at(len: u64, offset: u64) -> u64 {
    len + offset / BLOCK as u64 * SUM as u64
}

/// Length of the table of `bytes` bytes from the start of a block on.
pub(super) fn table_len(bytes: usize) -> usize {
    bytes.div_ceil(BLOCK) * SUM
}

/// What ends the file of blob `id` of `len` bytes.
pub(super) fn footer(id: BlobId, len: u64) -> Vec<u8> {
    let mut footer = Vec::with_capacity(FOOTER);
    footer.extend_from_slice(&MAGIC);
    footer.extend_from_slice(&VERSION.to_le_bytes());
    footer.extend_from_slice(&BLOCK_SIZE.to_le_bytes());
    footer.extend_from_slice(&len.to_le_bytes());
    footer.extend_from_slice(&id.payload.0);
    footer.extend_from_slice(&id.n.to_le_bytes());
    let sum = crc32_iscsi(&footer);
    footer.extend_from_slice(&sum.to_le_bytes());
    footer
}

#[cfg(test)]
mod tests {
    use cohong_core::model::PayloadId;

    use super::*;

    const ID: BlobId = BlobId {
        payload: PayloadId([7; 16]),
        n: 3,
    };

    #[test]
    fn lengths_are_told_by_sizes() {
        let block = BLOCK as u64;
        for len in [
            0,
            1,
            4,
            5,
            block - 1,
            block,
            block + 1,
            3 * block,
            (5 << 30) + 7,
        ] {
            assert_eq!(len_of(size_of(len)), Some(len));
        }
        let footer = FOOTER as u64;
        for size in [
            0,
            footer - 1,
            footer + 1,
            footer + 4,
            footer + block + 4 + 4,
        ] {
            assert_eq!(len_of(size), None, "size {size}");
        }
    }

    #[test]
    fn sums_do_not_depend_on_how_bytes_arrive() {
        let data: Vec<u8> = (0..=250).cycle().take(2 * BLOCK + 100).collect();
        let mut whole = Sums::new();
        whole.update(&data);
        let whole = whole.trailer(ID, data.len() as u64);
        for step in [1000, BLOCK - 1, BLOCK, BLOCK + 1] {
            let mut sums = Sums::new();
            data.chunks(step).for_each(|chunk| sums.update(chunk));
            assert_eq!(sums.trailer(ID, data.len() as u64), whole);
        }
        let (table, end) = whole.split_at(table_len(data.len()));
        assert!(blocks_match(&data, table));
        assert_eq!(end, footer(ID, data.len() as u64));
        assert_eq!(end.len(), FOOTER);
        assert_eq!(
            size_of(data.len() as u64),
            (data.len() + whole.len()) as u64
        );
    }

    #[test]
    fn other_bytes_and_other_tables_do_not_match() {
        let mut sums = Sums::new();
        sums.update(b"some bytes");
        let trailer = sums.trailer(ID, 10);
        let (table, _) = trailer.split_at(SUM);
        assert!(blocks_match(b"some bytes", table));
        assert!(!blocks_match(b"some bytez", table));
        assert!(!blocks_match(b"some bytes", &[]));
        assert!(!blocks_match(b"some bytes", &trailer));
    }
}
