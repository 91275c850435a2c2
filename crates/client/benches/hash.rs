//! Digests of a file beside the MD5 they are made of: `cargo bench -p cohong-client --bench hash`.
//!
//! Rates are of the processor time that was spent, on all cores together, so a busy neighbour changes them little; the
//! ratio is to MD5 of the same number of bytes in memory, once for each digest, in the same round. `BENCH_MIB` is the
//! size of the file, 512 by default, `BENCH_ROUNDS` the number of rounds, 7.

#![allow(
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a table of rounded figures is what this program is for"
)]

use std::io::Write;
use std::path::Path;

use cohong_client::oas::{
    Section, compute_etag_from_file, compute_hash_from_file, compute_tree_etag_from_file,
};
use md5::{Digest, Md5};

const MIB: usize = 1 << 20;

/// Seconds of one tick of `/proc/PID/stat`, whatever the kernel's own are.
const TICK: f64 = 0.01;

/// What is measured: its name, how many digests it computes, and itself.
type Case = (&'static str, f64, fn(&Path));

const CASES: [Case; 3] = [
    ("etag", 1.0, |file| {
        compute_etag_from_file(file, Section::default()).expect("hashed");
    }),
    ("tree-etag", 1.0, |file| {
        compute_tree_etag_from_file(file, Section::default()).expect("hashed");
    }),
    ("both in one pass", 2.0, |file| {
        compute_hash_from_file(file, Section::default()).expect("hashed");
    }),
];

fn main() {
    let mib = number("BENCH_MIB", 512);
    let rounds = number("BENCH_ROUNDS", 7);
    let piece = vec![0x5A; MIB];
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    for _ in 0..mib {
        file.write_all(&piece).expect("written");
    }
    let mut took = vec![Vec::new(); CASES.len()];
    let mut plain = Vec::new();
    for _ in 0..rounds {
        let base = seconds(|| {
            let mut md5 = Md5::new();
            for _ in 0..mib {
                md5.update(std::hint::black_box(&piece));
            }
            std::hint::black_box(md5.finalize());
        });
        for ((_, _, run), took) in CASES.iter().zip(&mut took) {
            took.push((seconds(|| run(file.path())), base));
        }
        plain.push(base);
    }
    println!("{mib} MiB, medians of {rounds} rounds, MiB a second of processor time");
    println!("{:<18}{:>8.0}", "MD5 in memory", mib as f64 / median(plain));
    for ((name, digests, _), took) in CASES.iter().zip(took) {
        let rates = took.iter().map(|(took, _)| digests * mib as f64 / took);
        let ratios = took.iter().map(|(took, base)| digests * base / took);
        let (rate, ratio) = (median(rates.collect()), median(ratios.collect()));
        println!("{name:<18}{rate:>8.0}   ratio {ratio:.2}");
    }
}

/// Processor time of `work`, on all threads.
fn seconds(work: impl FnOnce()) -> f64 {
    let before = spent();
    work();
    spent() - before
}

/// Processor time of this process so far.
fn spent() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    // The name in parentheses may hold anything; user and system time are fields 14 and 15 of all.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .map(|ticks| ticks.parse::<f64>().expect("a number") * TICK)
        .sum()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn number(name: &str, default: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().expect("a number"),
        Err(_) => default,
    }
}
