//! Hashes of trees over the bytes of archives, which tell whether any aligned part of an archive is what it
//! was.
//!
//! The bytes are cut into blocks of [`BLOCK`]; a **leaf** is the MD5 of a block. Nodes are paired from the
//! left; a **parent** is the MD5 of the upper-case hex texts of both. A node without a pair moves up as it
//! is. What is left is the **tree hash**; that of one block is its leaf (OAS sheet section 3).

use std::ops::Range;

use md5::{Digest, Md5};

use crate::model::TreeHash;

/// Bytes under a leaf, but for the last one.
pub const BLOCK: u64 = 1 << 20;

/// The leaf of a block.
pub fn leaf(block: &[u8]) -> TreeHash {
    TreeHash(Md5::digest(block).into())
}

/// The node over two others.
pub fn parent(left: TreeHash, right: TreeHash) -> TreeHash {
    let mut text = [0; 64];
    for (node, out) in [left, right].iter().zip(text.chunks_exact_mut(32)) {
        for (byte, out) in node.0.iter().zip(out.chunks_exact_mut(2)) {
            out.copy_from_slice(&digits(*byte));
        }
    }
    TreeHash(Md5::digest(text).into())
}

/// A byte as two upper-case hex digits.
fn digits(byte: u8) -> [u8; 2] {
    let digit = |n: u8| if n < 10 { b'0' + n } else { b'A' + n - 10 };
    [digit(byte >> 4), digit(byte & 15)]
}

/// Combines nodes of one level as they come, left to right, in memory that grows with the logarithm of
/// their number.
#[derive(Clone, Debug, Default)]
pub struct Combiner {
    /// Complete trees, each larger than the next: how many levels they have, and their root.
    trees: Vec<(u32, TreeHash)>,
}

impl Combiner {
    /// Adds the next node.
    pub fn push(&mut self, node: TreeHash) {
        let mut tree = (0, node);
        while let Some((_, left)) = self.trees.pop_if(|(levels, _)| *levels == tree.0) {
            tree = (tree.0 + 1, parent(left, tree.1));
        }
        self.trees.push(tree);
    }

    /// The root; `None` when there was no node.
    pub fn finish(mut self) -> Option<TreeHash> {
        let mut root = self.trees.pop()?.1;
        while let Some((_, left)) = self.trees.pop() {
            root = parent(left, root);
        }
        Some(root)
    }
}

/// The root over nodes; `None` when there is none.
pub fn combine(nodes: impl IntoIterator<Item = TreeHash>) -> Option<TreeHash> {
    let mut combiner = Combiner::default();
    for node in nodes {
        combiner.push(node);
    }
    combiner.finish()
}

/// Computes the leaves of bytes that come in pieces.
#[derive(Debug, Default)]
pub struct Leaves {
    block: Md5,
    /// Bytes in the block so far.
    filled: u64,
    leaves: Vec<TreeHash>,
}

impl Leaves {
    /// Takes further bytes.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let room = usize::try_from(BLOCK - self.filled).unwrap_or(usize::MAX);
            let (now, rest) = bytes.split_at(room.min(bytes.len()));
            self.block.update(now);
            self.filled += now.len() as u64;
            bytes = rest;
            if self.filled == BLOCK {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        self.leaves
            .push(TreeHash(self.block.finalize_reset().into()));
        self.filled = 0;
    }

    /// The leaves of all bytes.
    pub fn finish(mut self) -> Vec<TreeHash> {
        if self.filled > 0 {
            self.close();
        }
        self.leaves
    }
}

/// How many leaves so many bytes have.
pub fn leaves_of(size: u64) -> u64 {
    size.div_ceil(BLOCK)
}

/// The leaves of the bytes of a range.
pub fn leaves_in(range: &Range<u64>) -> Range<u64> {
    range.start / BLOCK..leaves_of(range.end)
}

/// Whether a range of `size` bytes is not empty and made of whole blocks.
pub fn is_aligned(range: &Range<u64>, size: u64) -> bool {
    let ends = range.end.is_multiple_of(BLOCK) || range.end == size;
    !range.is_empty() && range.end <= size && range.start.is_multiple_of(BLOCK) && ends
}

/// Whether a range is a node of the tree over `size` bytes, so that its own tree hash is that node.
pub fn is_node(range: &Range<u64>, size: u64) -> bool {
    if !is_aligned(range, size) {
        return false;
    }
    let (leaves, all) = (leaves_in(range), leaves_of(size));
    // The least node that has so many leaves, or would have if the tree had as many.
    let width = (leaves.end - leaves.start).next_power_of_two();
    let widest = leaves.end == all && leaves.start.is_multiple_of(width);
    let exact = leaves.end - leaves.start == width && leaves.start.is_multiple_of(width);
    exact || widest
}

#[cfg(test)]
mod tests;
