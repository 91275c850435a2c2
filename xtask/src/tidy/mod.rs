//! The house rules that neither the compiler nor clippy can check.
//!
//! Each check is a function from the tree to findings. A finding may be excused by a line of
//! `xtask/tidy-exceptions.txt`; that list only shrinks (see [`exceptions`]).

mod exceptions;
mod layers;
mod layout;
mod links;
mod modules;
mod named;
mod rust;
mod text;
mod tree;

use std::fmt;

use crate::shell::{self, Failure, Outcome};
use tree::Tree;

/// A broken rule at a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// Which check found it.
    check: &'static str,
    /// The file, and behind `::` the item when the rule is about one.
    place: String,
    /// Where in the file, counted from 1; 0 when the rule is about the whole file.
    line: usize,
    /// What is wrong and what to do instead.
    why: String,
}

impl Finding {
    fn new(check: &'static str, place: &str, line: usize, why: impl Into<String>) -> Self {
        let (place, why) = (place.to_owned(), why.into());
        Self {
            check,
            place,
            line,
            why,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}: {}", self.check, self.place, self.why),
            line => write!(f, "{}: {}:{line}: {}", self.check, self.place, self.why),
        }
    }
}

/// Runs all checks on tracked files and on those not yet tracked and not ignored.
pub(crate) fn run() -> Outcome {
    let tree = Tree::of_repository(shell::root())?;
    let metadata = layers::metadata()?;
    let modules = modules::walk(&tree, &metadata.targets());
    let mut findings = Vec::new();
    findings.extend(text::check(&tree));
    findings.extend(rust::check(&tree, &modules));
    findings.extend(modules::strays(&tree, &modules));
    findings.extend(layout::check(&tree));
    findings.extend(links::check(&tree));
    findings.extend(named::check(&tree));
    findings.extend(layers::check(&metadata));
    findings.sort();
    let list = tree.text("xtask/tidy-exceptions.txt").unwrap_or_default();
    let remaining = exceptions::apply(findings, list);
    for finding in &remaining {
        println!("{finding}");
    }
    match remaining.len() {
        0 => Ok(()),
        n => Err(Failure::new(format!("tidy has {n} finding(s)"))),
    }
}
