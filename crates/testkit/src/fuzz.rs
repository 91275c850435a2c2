//! Readers of other people's bytes against bytes that nobody meant: kept inputs, and what a mutator that knows the words
//! of the grammars makes of them.
//!
//! A target is a function of bytes that panics when something does not hold. It checks more than that nothing else
//! panics: what was read is written and read again, two readers agree, bounds hold. Nothing here measures coverage, so
//! that it runs on every compiler; what a campaign finds becomes an input of the corpus.

mod bodies;
mod mutate;
mod outside;
mod requests;
mod signatures;
mod stored;
mod texts;
mod world;

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::seed::Seed;
use mutate::Mutator;

/// One reader, or several that have to agree.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, also of its folder in the corpus.
    pub name: &'static str,
    /// What has to hold for every input; panics when it does not.
    pub run: fn(&[u8]),
    /// Words that the mutator puts in.
    words: &'static [&'static str],
    /// Inputs that are kept elsewhere.
    more: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 14] = [
    requests::DETECTION,
    requests::REQUEST,
    requests::DOCUMENTS,
    signatures::CANONICAL,
    signatures::CLAIMS,
    bodies::CHUNKED,
    bodies::FORM,
    texts::RANGE,
    texts::POLICY,
    texts::CALLBACK,
    stored::KEYS,
    stored::RECORDS,
    outside::URL,
    outside::RECEIVED,
];

/// An input that something does not hold for.
#[derive(Debug)]
pub struct Found {
    /// The target.
    pub target: &'static str,
    /// The input, made as small as it goes.
    pub input: Vec<u8>,
    /// What was said.
    pub why: String,
}

/// How much was tried.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tried {
    /// Inputs.
    pub inputs: u64,
    /// The longest that one took.
    pub slowest: Duration,
}

/// Tries the corpus of a target, then mutations of it from a seed, until so many have been tried or the time is over.
pub fn run(target: &Target, seed: u64, most: u64, within: Duration) -> Result<Tried, Found> {
    let begun = Instant::now();
    let corpus = corpus(target);
    let mut tried = Tried::default();
    for input in &corpus {
        tried.once(target, input)?;
    }
    let mut mutator = Mutator::new(Seed::new(seed), target.words, corpus);
    for _ in 0..most {
        if begun.elapsed() >= within {
            break;
        }
        tried.once(target, &mutator.next())?;
    }
    Ok(tried)
}

impl Tried {
    fn once(&mut self, target: &Target, input: &[u8]) -> Result<(), Found> {
        let begun = Instant::now();
        let outcome = attempt(target, input);
        self.inputs += 1;
        self.slowest = self.slowest.max(begun.elapsed());
        outcome.map_err(|_| {
            let input = smaller(target, input.to_vec());
            let why = attempt(target, &input).err().unwrap_or_default();
            Found {
                target: target.name,
                input,
                why,
            }
        })
    }
}

fn attempt(target: &Target, input: &[u8]) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).map_err(|why| said(&*why))
}

fn said(why: &(dyn Any + Send)) -> String {
    let text = why.downcast_ref::<String>().cloned();
    text.or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_default()
}

/// Takes pieces out for as long as it still fails.
fn smaller(target: &Target, mut input: Vec<u8>) -> Vec<u8> {
    let mut piece = input.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < input.len() {
            let mut less = input.clone();
            less.drain(at..(at + piece).min(input.len()));
            if attempt(target, &less).is_err() {
                input = less;
            } else {
                at += piece;
            }
        }
        if piece == 1 {
            return input;
        }
        piece = piece.div_ceil(2);
    }
}

/// The kept inputs of a target, in the order of their names, and then those that are kept elsewhere.
fn corpus(target: &Target) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(target.name);
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries
            .map(|entry| entry.expect("readable").path())
            .collect(),
        Err(_) => Vec::new(),
    };
    paths.sort();
    let kept = paths
        .iter()
        .map(|path| std::fs::read(path).expect("readable"));
    let all: Vec<_> = kept.chain((target.more)()).collect();
    assert!(!all.is_empty(), "{} has no inputs", target.name);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICKY: Target = Target {
        name: "picky",
        run: |input| assert!(!input.windows(2).any(|pair| pair == b"ab"), "it has ab"),
        words: &["ab"],
        more: Vec::new,
    };

    #[test]
    fn what_fails_is_made_small_and_told() {
        let input = [&[b'x'; 100][..], b"ab", &[b'y'; 57]].concat();
        let found = Tried::default().once(&PICKY, &input).expect_err("it fails");
        assert_eq!(
            (&found.input[..], found.why.as_str()),
            (&b"ab"[..], "it has ab")
        );
    }

    #[test]
    fn words_are_put_in_and_seeds_repeat() {
        let made = |seed| {
            let mut mutator = Mutator::new(Seed::new(seed), PICKY.words, vec![b"xy".to_vec()]);
            (0..200).map(|_| mutator.next()).collect::<Vec<_>>()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        assert!(made(1).iter().any(|input| attempt(&PICKY, input).is_err()));
    }
}
