//! The CRC of bytes that follow each other, from the CRCs of the pieces.
//!
//! Appending `n` bytes multiplies a CRC by x to the power of 8n, modulo the polynomial. The hashing
//! library can do this too, but takes tenths of a millisecond each time, which for ten thousand parts
//! would hold up everybody else; raising to a power by squaring takes microseconds.

/// CRC-64/XZ (ECMA-182).
pub(crate) const CRC64_XZ: Crc = Crc::new(0xc96c_5795_d787_0f42, u64::BITS);
/// The CRC-64/XZ of bytes that have `first`, followed by `second_len` bytes that have `second`.
pub fn append_crc64(first: u64, second: u64, second_len: u64) -> u64 {
    CRC64_XZ.append(first, second, second_len)
}

/// CRC-64/NVME.
pub(crate) const CRC64_NVME: Crc = Crc::new(0x9a6c_9329_ac4b_c9b5, u64::BITS);
/// CRC-32/ISO-HDLC.
pub(crate) const CRC32: Crc = Crc::new(0xedb8_8320, u32::BITS);
/// CRC-32C (Castagnoli).
pub(crate) const CRC32C: Crc = Crc::new(0x82f6_3b78, u32::BITS);

/// A reflected CRC whose register begins and is inverted at the end with the same value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crc {
    /// The polynomial: lowest power in the highest bit of the CRC's width.
    polynomial: u64,
    /// The polynomial 1.
    one: u64,
    /// Width of the CRC.
    bits: u32,
}

impl Crc {
    const fn new(polynomial: u64, bits: u32) -> Self {
        Self {
            polynomial,
            one: 1 << (bits - 1),
            bits,
        }
    }

    /// The CRC of the bytes of `first` followed by those of `second`, which are `second_len` bytes.
    pub(crate) fn append(self, first: u64, second: u64, second_len: u64) -> u64 {
        let byte = self.one >> u8::BITS;
        self.multiply(self.power(byte, second_len), first) ^ second
    }

    fn power(self, mut base: u64, mut exponent: u64) -> u64 {
        let mut product = self.one;
        while exponent > 0 {
            if exponent & 1 == 1 {
                product = self.multiply(base, product);
            }
            base = self.multiply(base, base);
            exponent >>= 1;
        }
        product
    }

    /// The product of two polynomials modulo the CRC's.
    fn multiply(self, a: u64, mut b: u64) -> u64 {
        let mut product = 0;
        for bit in 0..self.bits {
            if a & (self.one >> bit) != 0 {
                product ^= b;
            }
            b = (b >> 1) ^ if b & 1 == 1 { self.polynomial } else { 0 };
        }
        product
    }
}

#[cfg(test)]
mod tests {
    use crc_fast::{CrcAlgorithm, checksum, checksum_combine};
    use proptest::prelude::*;

    use super::*;

    /// Each CRC, the library's name of it, and its check value in the catalogue of CRCs: that of
    /// "123456789".
    const ALL: [(Crc, CrcAlgorithm, u64); 4] = [
        (CRC64_XZ, CrcAlgorithm::Crc64Xz, 0x995d_c9bb_df19_39fa),
        (CRC64_NVME, CrcAlgorithm::Crc64Nvme, 0xae8b_1486_0a79_9888),
        (CRC32, CrcAlgorithm::Crc32IsoHdlc, 0xcbf4_3926),
        (CRC32C, CrcAlgorithm::Crc32Iscsi, 0xe306_9283),
    ];

    #[test]
    fn pieces_give_the_check_value() {
        for (crc, name, check) in ALL {
            let of = |bytes: &[u8]| checksum(name, bytes);
            assert_eq!(crc.append(of(b"12345"), of(b"6789"), 4), check, "{name}");
            assert_eq!(crc.append(of(b""), of(b"123456789"), 9), check, "{name}");
            assert_eq!(crc.append(of(b"123456789"), of(b""), 0), check, "{name}");
        }
    }

    proptest! {
        #[test]
        fn pieces_give_the_crc_of_the_whole(
            first in proptest::collection::vec(any::<u8>(), 0..2000),
            second in proptest::collection::vec(any::<u8>(), 0..2000),
        ) {
            let whole = [first.as_slice(), &second].concat();
            for (crc, name, _) in ALL {
                let of = |bytes: &[u8]| checksum(name, bytes);
                let appended = crc.append(of(&first), of(&second), second.len() as u64);
                prop_assert_eq!(appended, of(&whole), "{}", name);
            }
        }

        /// Lengths that no test can hold in memory, against the library's own way.
        #[test]
        fn long_pieces_agree_with_the_library(first: u64, second: u64, len in 0_u64..1 << 46) {
            for (crc, name, _) in ALL {
                let width = u64::MAX >> (u64::BITS - crc.bits);
                let (first, second) = (first & width, second & width);
                let library = checksum_combine(name, first, second, len);
                prop_assert_eq!(crc.append(first, second, len), library, "{}", name);
            }
        }
    }
}
