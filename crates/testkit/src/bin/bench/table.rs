//! Plain tables.

use crate::load::{Cell, median};

/// The medians of some rounds of a cell.
pub(crate) fn medians(rounds: &[Cell]) -> Cell {
    let of = |value: fn(&Cell) -> f64| median(rounds.iter().map(value).collect());
    let seconds = std::time::Duration::from_secs_f64;
    Cell {
        count: rounds.iter().map(|cell| cell.count).sum(),
        rate: of(|cell| cell.rate),
        p50: seconds(of(|cell| cell.p50.as_secs_f64())),
        p99: seconds(of(|cell| cell.p99.as_secs_f64())),
    }
}

/// One line of a table of cells.
pub(crate) fn line(name: &str, rounds: &[Cell]) {
    println!("{}", text(name, &medians(rounds)));
}

/// One line of a table of cells that had a peer's beside them, round by round: what one round does to the
/// machine hits both, so the ratio is the median of the rounds' ratios.
pub(crate) fn beside(name: &str, rounds: &[Cell], peer: &[Cell]) {
    let ratio = ratio(&rates(rounds), &rates(peer));
    let (cell, peer) = (medians(rounds), medians(peer));
    println!(
        "{}   {:>9.0}/s  p50 {:>9.3?}   ratio {ratio:.2}",
        text(name, &cell),
        peer.rate,
        peer.p50,
    );
}

/// The median of the ratios of values that stand in the same rounds.
pub(crate) fn ratio(of: &[f64], to: &[f64]) -> f64 {
    median(of.iter().zip(to).map(|(of, to)| of / to).collect())
}

fn rates(rounds: &[Cell]) -> Vec<f64> {
    rounds.iter().map(|cell| cell.rate).collect()
}

fn text(name: &str, cell: &Cell) -> String {
    format!(
        "{name:<24}{:>9.0}/s  p50 {:>9.3?}  p99 {:>9.3?}",
        cell.rate, cell.p50, cell.p99
    )
}
