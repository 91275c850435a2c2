//! Texts that nobody can guess.

use crate::ports::Sealer;

/// What the public half of a key is made of.
pub(super) const UPPER: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// What secrets and tokens are made of.
pub(super) const MIXED: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `len` characters of `alphabet`, each as likely as any other: bytes beyond the last whole multiple
/// of the alphabet are thrown away.
pub(super) fn text(sealer: &dyn Sealer, alphabet: &[u8], len: usize) -> String {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(len);
    let mut bytes = [0; 64];
    while text.len() < len {
        sealer.random(&mut bytes);
        let fitting = bytes
            .iter()
            .map(|&byte| usize::from(byte))
            .filter(|&byte| byte < fair);
        let chars = fitting.map(|byte| char::from(alphabet[byte % alphabet.len()]));
        text.extend(chars.take(len - text.len()));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;
    use crate::ports::SealError;

    /// Gives 0, 1, 2, ... 255, 0, ...
    #[derive(Debug, Default)]
    struct Counting(AtomicU8);

    impl Sealer for Counting {
        fn seal(&self, secret: &[u8]) -> Vec<u8> {
            secret.to_vec()
        }

        fn open(&self, _: &[u8]) -> Result<Vec<u8>, SealError> {
            Err(SealError)
        }

        fn random(&self, out: &mut [u8]) {
            out.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    #[test]
    fn no_character_is_more_likely_than_another() {
        for alphabet in [UPPER, MIXED] {
            let rounds = 256 / alphabet.len();
            let all = text(&Counting::default(), alphabet, rounds * alphabet.len());
            for &c in alphabet {
                let times = all.bytes().filter(|&b| b == c).count();
                assert_eq!(times, rounds, "{}", char::from(c));
            }
            // 252 and 248 are thrown away: what follows is the byte 0 again.
            let longer = text(&Counting::default(), alphabet, rounds * alphabet.len() + 1);
            assert!(longer.ends_with('0'));
        }
    }
}
