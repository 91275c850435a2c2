//! `cargo xtask dialects`: writes the table of operations of every dialect's page, and refuses what is not so.
//!
//! What an operation's state is, people write in the page. The rest is found: which operations there are, in the routes
//! of the dialect; which tests call them, in the suites of its clients; how many of the vendor's own tests pass, in
//! `conformance/RESULTS.md`. What cannot be found stands in `docs/dialects/operations.toml`.

mod code;
mod page;
mod tests;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::shell::{self, Failure, Outcome};

/// The file that tells what cannot be found.
const HINTS: &str = "docs/dialects/operations.toml";

/// What people say about a dialect's operations beside its page.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Hints {
    /// Folders of `conformance/` whose tests are looked through.
    suites: Vec<String>,
    /// Suites of the vendor's own tests, in the words of the results.
    #[serde(default)]
    vendor: Vec<String>,
    /// Operations that clients call by other names than their own.
    #[serde(default)]
    calls: BTreeMap<String, Vec<String>>,
    /// Tests of operations that no client calls: `file::function`, or `suite: id` of the vendor's tests.
    #[serde(default)]
    tests: BTreeMap<String, Vec<String>>,
}

/// Writes all pages.
pub(crate) fn write() -> Outcome {
    each(shell::root(), |path, _, new| {
        std::fs::write(path, new).map_err(|why| Failure::new(format!("{}: {why}", path.display())))
    })
}

/// Fails where a page is not what [`write()`] makes of it.
pub(crate) fn check() -> Outcome {
    each(shell::root(), |path, old, new| {
        if old == new {
            return Ok(());
        }
        let why = "is not current; write it with `cargo xtask dialects`";
        Err(Failure::new(format!("{}: {why}", path.display())))
    })
}

fn each(root: &Path, done: impl Fn(&Path, &str, &str) -> Outcome) -> Outcome {
    let hints = read(&root.join(HINTS))?;
    let hints: BTreeMap<String, Hints> =
        toml::from_str(&hints).map_err(|why| Failure::new(format!("{HINTS}: {why}")))?;
    let results = read(&root.join("conformance/RESULTS.md"))?;
    for (name, hints) in &hints {
        let path = root.join(format!("docs/dialects/{name}.md"));
        let old = read(&path)?;
        let code = code::of_dialect(&read(
            &root.join(format!("crates/dialects/src/{name}/route.rs")),
        )?)?;
        let tests = tests::of_suites(root, hints)?;
        let new = page::written(&old, &code, &tests, &summary(hints, &results)?);
        let new = new.map_err(|why| Failure::new(format!("{}: {why}", path.display())))?;
        done(&path, &old, &new)?;
    }
    Ok(())
}

/// How many of the vendor's own tests pass, as the results tell.
fn summary(hints: &Hints, results: &str) -> Outcome<String> {
    let mut lines = Vec::new();
    for suite in &hints.vendor {
        let rows = results
            .lines()
            .filter(|line| line.starts_with(&format!("| [{suite}](")));
        let before = lines.len();
        for row in rows {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let [_, suite, of, version, passed, all, share, ..] = cells[..] else {
                return Err(Failure::new(format!(
                    "RESULTS.md: `{row}` has too few columns"
                )));
            };
            let suite = suite.replace("](", "](../../conformance/");
            lines.push(format!(
                "| {suite} | {of} {version} | {passed} of {all} | {share} |"
            ));
        }
        if lines.len() == before {
            return Err(Failure::new(format!(
                "RESULTS.md: tells nothing of {suite}"
            )));
        }
    }
    if lines.is_empty() {
        return Ok(String::new());
    }
    let head = "| the vendor's own tests | of | passed | share |\n| --- | --- | --- | --- |\n";
    Ok(format!("{head}{}\n\n", lines.join("\n")))
}

fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|why| Failure::new(format!("{}: {why}", path.display())))
}
