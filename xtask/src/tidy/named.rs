//! The page of what is promised names tests that there are: a link there to a Rust file whose text is a name, with an
//! underscore in it, names a test of that file, and every row of a table of faults or attacks has one.

use std::path::Path;

use super::Finding;
use super::tree::Tree;

const PAGE: &str = "docs/reliability.md";

/// What the last column of such a table is called.
const COLUMN: &str = "tests";

/// Rows without a test, and links whose text is no test of the file they lead to.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut in_table = false;
    for (i, line) in tree.text(PAGE).unwrap_or_default().lines().enumerate() {
        let mut tell = |why: String| found.push(Finding::new("named-tests", PAGE, i + 1, why));
        let named: Vec<(&str, &str)> = links(line).collect();
        for (name, file) in &named {
            if !tree.text(file).is_some_and(|text| has_test(text, name)) {
                tell(format!("`{file}` has no test `{name}`"));
            }
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let is_row = cells.len() > 2;
        let is_rule = line.contains("---");
        if !is_row {
            in_table = false;
        } else if cells[cells.len() - 2] == COLUMN {
            in_table = true;
        } else if in_table && !is_rule && named.is_empty() {
            tell("a row without a test: name one, or take the row out".to_owned());
        }
    }
    found
}

/// Texts and targets of links to Rust files, the targets as paths of the tree.
fn links(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split('[').skip(1).filter_map(|piece| {
        let (text, rest) = piece.split_once("](../")?;
        let (target, _) = rest.split_once(')')?;
        let is_rust = Path::new(target).extension().is_some_and(|end| end == "rs");
        let is_name = text.contains('_') && is_rust;
        is_name.then_some((text, target))
    })
}

/// Whether a file has a test of that name: a function below an attribute that ends with `test]`, or begins so
/// where the attribute has arguments.
fn has_test(text: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let places = (0..lines.len()).filter(|at| {
        let line = lines[*at].trim_start_matches("async ");
        line.starts_with(&head)
    });
    places.into_iter().any(|at| {
        lines[..at]
            .iter()
            .rev()
            .take_while(|line| line.starts_with('#') || line.starts_with("///"))
            .any(|line| line.ends_with("test]") || line.contains("test("))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = "\
        #[test]\nfn number_one() {}\n\
        /// It waits.\n#[tokio::test(start_paused = true)]\nasync fn number_two() {}\n\
        proptest::proptest! {\n    #[test]\n    fn number_three(x: u8) {}\n}\n\
        fn a_helper() {}\n";

    fn found(page: &str) -> Vec<(usize, String)> {
        let tree = Tree::of(&[(PAGE, page), ("crates/a/tests/b.rs", TESTS)]);
        let line = |finding: Finding| (finding.line, finding.why);
        check(&tree).into_iter().map(line).collect()
    }

    #[test]
    fn tests_that_are_there_may_be_named() {
        let page = "| attack | tests |\n| --- | --- |\n\
                    | x | [number_one](../crates/a/tests/b.rs), [number_two](../crates/a/tests/b.rs) |\n\
                    | y | [number_three](../crates/a/tests/b.rs) |\n\nSee [them](../crates/a/tests/b.rs).\n";
        assert_eq!(found(page), []);
    }

    #[test]
    fn other_names_are_findings() {
        for name in ["number_four", "a_helper", "number_on", "number_one2"] {
            let page = format!("[{name}](../crates/a/tests/b.rs)\n");
            let wanted = format!("`crates/a/tests/b.rs` has no test `{name}`");
            assert_eq!(found(&page), [(1, wanted)]);
        }
        assert_eq!(found("[number_one](../crates/a/tests/c.rs)\n").len(), 1);
    }

    #[test]
    fn rows_without_a_test_are_findings() {
        let page = "| attack | tests |\n| --- | --- |\n| x | none |\n\n| attack | answer |\n| --- | --- |\n| x | y |\n";
        assert_eq!(
            found(page)
                .iter()
                .map(|(line, _)| *line)
                .collect::<Vec<_>>(),
            [3]
        );
    }
}
