//! MD5 of several blocks at once (RFC 1321): one block's steps wait for each other, those of its neighbours do not, so
//! a register that holds a word of each lets them run side by side.

/// Blocks at once: what fits a register of every 64-bit processor.
pub(super) const LANES: usize = 4;

/// A word of every block.
type Words = [u32; LANES];

/// The constants of the 64 steps.
const SINES: [u32; 64] = [
    0xd76a_a478,
    0xe8c7_b756,
    0x2420_70db,
    0xc1bd_ceee,
    0xf57c_0faf,
    0x4787_c62a,
    0xa830_4613,
    0xfd46_9501,
    0x6980_98d8,
    0x8b44_f7af,
    0xffff_5bb1,
    0x895c_d7be,
    0x6b90_1122,
    0xfd98_7193,
    0xa679_438e,
    0x49b4_0821,
    0xf61e_2562,
    0xc040_b340,
    0x265e_5a51,
    0xe9b6_c7aa,
    0xd62f_105d,
    0x0244_1453,
    0xd8a1_e681,
    0xe7d3_fbc8,
    0x21e1_cde6,
    0xc337_07d6,
    0xf4d5_0d87,
    0x455a_14ed,
    0xa9e3_e905,
    0xfcef_a3f8,
    0x676f_02d9,
    0x8d2a_4c8a,
    0xfffa_3942,
    0x8771_f681,
    0x6d9d_6122,
    0xfde5_380c,
    0xa4be_ea44,
    0x4bde_cfa9,
    0xf6bb_4b60,
    0xbebf_bc70,
    0x289b_7ec6,
    0xeaa1_27fa,
    0xd4ef_3085,
    0x0488_1d05,
    0xd9d4_d039,
    0xe6db_99e5,
    0x1fa2_7cf8,
    0xc4ac_5665,
    0xf429_2244,
    0x432a_ff97,
    0xab94_23a7,
    0xfc93_a039,
    0x655b_59c3,
    0x8f0c_cc92,
    0xffef_f47d,
    0x8584_5dd1,
    0x6fa8_7e4f,
    0xfe2c_e6e0,
    0xa301_4314,
    0x4e08_11a1,
    0xf753_7e82,
    0xbd3a_f235,
    0x2ad7_d2bb,
    0xeb86_d391,
];

/// Bits of the turns of each round's steps.
const TURNS: [[u32; 4]; 4] = [
    [7, 12, 17, 22],
    [5, 9, 14, 20],
    [4, 11, 16, 23],
    [6, 10, 15, 21],
];

const START: [Words; 4] = [
    [0x6745_2301; LANES],
    [0xefcd_ab89; LANES],
    [0x98ba_dcfe; LANES],
    [0x1032_5476; LANES],
];

/// Bytes that are taken in by one turn of the function.
const UNIT: usize = 64;

/// Digests of blocks of one length, a multiple of 64 bytes.
pub(super) fn digests(blocks: [&[u8]; LANES]) -> [[u8; 16]; LANES] {
    let bytes = blocks[0].len();
    assert!(
        bytes.is_multiple_of(UNIT) && blocks.iter().all(|block| block.len() == bytes),
        "blocks of one length, a multiple of {UNIT}"
    );
    let mut state = START;
    let mut units = blocks.map(|block| block.as_chunks::<UNIT>().0.iter());
    for _ in 0..bytes / UNIT {
        let mut words = [[0; LANES]; 16];
        for (lane, units) in units.iter_mut().enumerate() {
            let unit = units.next().map_or(&[][..], |unit| unit.as_chunks().0);
            for (words, word) in words.iter_mut().zip(unit) {
                words[lane] = u32::from_le_bytes(*word);
            }
        }
        take_in(&mut state, &words);
    }
    take_in(&mut state, &end(bytes));
    std::array::from_fn(|lane| {
        let mut digest = [0; 16];
        for (bytes, words) in digest.as_chunks_mut().0.iter_mut().zip(&state) {
            *bytes = words[lane].to_le_bytes();
        }
        digest
    })
}

/// What stands behind the last byte: one bit, and the number of bits before it.
fn end(bytes: usize) -> [Words; 16] {
    let bits = (bytes as u64).wrapping_mul(8).to_le_bytes();
    let (low, high) = (bits.first_chunk(), bits.last_chunk());
    let word = |bytes: Option<&[u8; 4]>| bytes.copied().map_or(0, u32::from_le_bytes);
    let mut words = [[0; LANES]; 16];
    words[0] = [0x80; LANES];
    words[14] = [word(low); LANES];
    words[15] = [word(high); LANES];
    words
}

/// The word of the block that a step takes.
const fn word_of(step: usize) -> usize {
    match step / 16 {
        0 => step,
        1 => (5 * step + 1) % 16,
        2 => (3 * step + 5) % 16,
        _ => (7 * step) % 16,
    }
}

/// Takes in one unit of every block. Every step stands for itself, so that its constants are known to the compiler.
fn take_in(state: &mut [Words; 4], words: &[Words; 16]) {
    let [mut a, mut b, mut c, mut d] = *state;
    macro_rules! steps {
        ($mix:expr, $($step:literal)*) => {$({
            const WORD: usize = word_of($step);
            const TURN: u32 = TURNS[$step / 16][$step % 4];
            let mix: fn(u32, u32, u32) -> u32 = $mix;
            let mut next = b;
            for lane in 0..LANES {
                let sum = a[lane]
                    .wrapping_add(mix(b[lane], c[lane], d[lane]))
                    .wrapping_add(SINES[$step])
                    .wrapping_add(words[WORD][lane]);
                next[lane] = b[lane].wrapping_add(sum.rotate_left(TURN));
            }
            (a, d, c, b) = (d, c, b, next);
        })*};
    }
    steps!(|b, c, d| d ^ (b & (c ^ d)), 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    steps!(|b, c, d| c ^ (d & (b ^ c)), 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31);
    steps!(|b, c, d| b ^ c ^ d, 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47);
    steps!(|b, c, d| c ^ (b | !d), 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63);
    for (state, turned) in state.iter_mut().zip([a, b, c, d]) {
        for (state, turned) in state.iter_mut().zip(turned) {
            *state = state.wrapping_add(turned);
        }
    }
}

#[cfg(test)]
mod tests {
    use md5::{Digest, Md5};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_block_has_the_digest_that_it_has_alone(
            units in 0..40_usize,
            seed in any::<[u64; LANES]>(),
        ) {
            let blocks = seed.map(|seed| {
                let word = |n| seed.wrapping_mul(n as u64 + 1).to_le_bytes();
                (0..units * UNIT / 8).flat_map(word).collect::<Vec<u8>>()
            });
            let found = digests(blocks.each_ref().map(|block| &block[..]));
            let alone = blocks.each_ref().map(|block| <[u8; 16]>::from(Md5::digest(block)));
            prop_assert_eq!(found, alone);
        }
    }
}
