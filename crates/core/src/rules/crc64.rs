//! The CRC-64/XZ of bytes that follow each other, from the CRCs of the pieces.
//!
//! Appending `n` bytes multiplies a CRC by x to the power of 8n, modulo the polynomial. The hashing
//! library can do this too, but takes tenths of a millisecond each time, which for ten thousand parts
//! would hold up everybody else; raising to a power by squaring takes microseconds.

/// The polynomial of ECMA-182 as CRC-64/XZ uses it: lowest power in the highest bit.
const POLYNOMIAL: u64 = 0xc96c_5795_d787_0f42;
/// The polynomial 1.
const ONE: u64 = 1 << 63;
/// x to the power of 8: one byte.
const BYTE: u64 = ONE >> 8;

/// The CRC of the bytes of `first` followed by those of `second`, which are `second_len` bytes.
pub(crate) fn append(first: u64, second: u64, second_len: u64) -> u64 {
    multiply(power(BYTE, second_len), first) ^ second
}

fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut product = ONE;
    while exponent > 0 {
        if exponent & 1 == 1 {
            product = multiply(base, product);
        }
        base = multiply(base, base);
        exponent >>= 1;
    }
    product
}

/// The product of two polynomials modulo [`POLYNOMIAL`].
fn multiply(a: u64, mut b: u64) -> u64 {
    let mut product = 0;
    for bit in 0..u64::BITS {
        if a & (ONE >> bit) != 0 {
            product ^= b;
        }
        b = (b >> 1) ^ if b & 1 == 1 { POLYNOMIAL } else { 0 };
    }
    product
}

#[cfg(test)]
mod tests {
    use crc_fast::{CrcAlgorithm, checksum, checksum_combine};
    use proptest::prelude::*;

    use super::*;

    fn crc(bytes: &[u8]) -> u64 {
        checksum(CrcAlgorithm::Crc64Xz, bytes)
    }

    /// The check value of the catalogue of CRCs: that of "123456789".
    #[test]
    fn pieces_give_the_check_value() {
        assert_eq!(
            append(crc(b"12345"), crc(b"6789"), 4),
            0x995d_c9bb_df19_39fa
        );
        assert_eq!(append(crc(b""), crc(b"123456789"), 9), crc(b"123456789"));
        assert_eq!(append(crc(b"123456789"), crc(b""), 0), crc(b"123456789"));
    }

    proptest! {
        #[test]
        fn pieces_give_the_crc_of_the_whole(
            first in proptest::collection::vec(any::<u8>(), 0..2000),
            second in proptest::collection::vec(any::<u8>(), 0..2000),
        ) {
            let whole = [first.as_slice(), &second].concat();
            let appended = append(crc(&first), crc(&second), second.len() as u64);
            prop_assert_eq!(appended, crc(&whole));
        }

        /// Lengths that no test can hold in memory, against the library's own way.
        #[test]
        fn long_pieces_agree_with_the_library(first: u64, second: u64, len in 0_u64..1 << 46) {
            let library = checksum_combine(CrcAlgorithm::Crc64Xz, first, second, len);
            prop_assert_eq!(append(first, second, len), library);
        }
    }
}
