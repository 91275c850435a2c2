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
pub(crate) fn line(name: &str, cell: &Cell, beside: Option<&Cell>) {
    let beside = beside.map_or_else(String::new, |peer| {
        format!(
            "   {:>9.0}/s  p50 {:>9.3?}   ratio {:.2}",
            peer.rate,
            peer.p50,
            cell.rate / peer.rate
        )
    });
    println!(
        "{name:<24}{:>9.0}/s  p50 {:>9.3?}  p99 {:>9.3?}{beside}",
        cell.rate, cell.p50, cell.p99
    );
}
