//! Inputs out of inputs: bytes changed, pieces taken out, doubled, and put elsewhere, words of the grammar put in, numbers
//! replaced by those at the edges.

use crate::seed::Seed;

/// Longest input that is made, bytes: what is longer is a matter of limits, which have tests of their own.
const LEN_MAX: usize = 8 << 10;

/// Numbers at which something ends.
const EDGES: [&str; 14] = [
    "0",
    "-1",
    "1",
    "00",
    "255",
    "256",
    "65536",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e999",
];

/// Bytes that grammars are made of.
const BYTES: &[u8] = b"\0\t\n\r \"#$%&'+,-./:;<=>?@[\\]^{|}~\x7f\x80\xc0\xff09azAZ";

/// Makes inputs, the same for the same seed.
pub(super) struct Mutator {
    seed: Seed,
    words: &'static [&'static str],
    corpus: Vec<Vec<u8>>,
}

impl Mutator {
    pub(super) fn new(seed: Seed, words: &'static [&'static str], corpus: Vec<Vec<u8>>) -> Self {
        Self {
            seed,
            words,
            corpus,
        }
    }

    /// The next input: one of the corpus after one to eight changes.
    pub(super) fn next(&mut self) -> Vec<u8> {
        let at = self.below(self.corpus.len());
        let mut input = self.corpus[at].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut input);
        }
        input.truncate(LEN_MAX);
        input
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.seed.below(bound as u64)).unwrap_or(0)
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.below(8) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << (self.seed.draw() & 7);
                }
            }
            1 => input.insert(at, BYTES[self.below(BYTES.len())]),
            2 => {
                let piece = self.piece(input, at);
                input.drain(piece);
            }
            3 => {
                let piece = self.piece(input, at);
                let copy = input[piece].to_vec();
                let to = self.below(input.len() + 1);
                input.splice(to..to, copy);
            }
            4 => {
                let other = self.below(self.corpus.len());
                let other = self.corpus[other].clone();
                let from = self.below(other.len() + 1);
                let piece = self.piece(&other, from);
                input.splice(at..at, other[piece].iter().copied());
            }
            5 if !self.words.is_empty() => {
                let word = self.words[self.below(self.words.len())];
                input.splice(at..at, word.bytes());
            }
            6 => self.number(input),
            _ => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = BYTES[self.below(BYTES.len())];
                }
            }
        }
    }

    /// A run of bytes from a place on, mostly a short one.
    fn piece(&mut self, input: &[u8], from: usize) -> std::ops::Range<usize> {
        let rest = input.len() - from;
        let most = if self.seed.coin() { rest.min(16) } else { rest };
        from..from + self.below(most + 1)
    }

    /// Replaces some number by one at an edge.
    fn number(&mut self, input: &mut Vec<u8>) {
        let starts: Vec<usize> = (0..input.len())
            .filter(|at| {
                input[*at].is_ascii_digit() && (*at == 0 || !input[at - 1].is_ascii_digit())
            })
            .collect();
        if starts.is_empty() {
            return;
        }
        let start = starts[self.below(starts.len())];
        let digits = input[start..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let edge = EDGES[self.below(EDGES.len())];
        input.splice(start..start + digits, edge.bytes());
    }
}
