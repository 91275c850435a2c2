//! The table of operations in a page.

use super::code::Code;
use super::tests::Tests;
use crate::shell::{Failure, Outcome};

/// What is between these lines is written by the tool.
const BEGIN: &str =
    "<!-- Operations: `cargo xtask dialects` writes this; only states are written by hand. -->\n\n";
const END: &str = "\n<!-- End of operations. -->\n";

const HEAD: &str = "| operation | state | tested by |\n| --- | --- | --- |\n";

/// A row: the operations it is about, and their state.
struct Row {
    operations: Vec<String>,
    state: String,
}

impl Row {
    fn is_served(&self) -> bool {
        self.state != "no" && !self.state.starts_with("no:") && !self.state.starts_with("no,")
    }
}

/// The page with the table that belongs there; `summary` stands before it.
pub(super) fn written(
    page: &str,
    code: &Code,
    tests: &Tests<'_>,
    summary: &str,
) -> Outcome<String> {
    let lost = || Failure::new("has no place for operations");
    let (before, rest) = page.split_once(BEGIN).ok_or_else(lost)?;
    let (table, after) = rest.split_once(END).ok_or_else(lost)?;
    let rows = rows(table);
    agree(&rows, code, page)?;
    let cells = tests.cells(&code.served);
    let mut text = format!("{before}{BEGIN}{summary}{HEAD}");
    for row in &rows {
        let mut named: Vec<&str> = Vec::new();
        for (operation, cell) in code.served.iter().zip(&cells) {
            if !row.operations.contains(operation) {
                continue;
            }
            if cell.is_empty() {
                let why = "no test calls it; name one in operations.toml";
                return Err(Failure::new(format!("{operation}: {why}")));
            }
            named.extend(
                cell.split(", ")
                    .filter(|test| !named.contains(test))
                    .collect::<Vec<_>>(),
            );
        }
        let operations = row.operations.join(", ");
        text += format!("| {operations} | {} | {}", row.state, named.join(", ")).trim_end();
        text += " |\n";
    }
    Ok(text + END + after)
}

/// The rows below the head of the operations.
fn rows(table: &str) -> Vec<Row> {
    let lines = table
        .lines()
        .skip_while(|line| !line.starts_with("| operation |"));
    let row = |line: &str| {
        let mut cells = line.trim_start_matches("| ").split(" | ");
        let operations = cells.next()?.split(", ").map(str::to_owned).collect();
        let state = cells.next()?.trim_end_matches('|').trim().to_owned();
        Some(Row { operations, state })
    };
    lines.skip(2).filter_map(row).collect()
}

/// Every operation has one row that says what the code does, and every refusal is told.
fn agree(rows: &[Row], code: &Code, page: &str) -> Outcome {
    let mut wrong = Vec::new();
    for served in &code.served {
        let of: Vec<_> = rows
            .iter()
            .filter(|row| row.operations.contains(served))
            .collect();
        match of[..] {
            [row] if row.is_served() => {}
            [_] => wrong.push(format!("{served} is served, and its row says no")),
            _ => wrong.push(format!("{served} has {} rows instead of one", of.len())),
        }
    }
    let told = rows.iter().filter(|row| row.is_served());
    for operation in told.flat_map(|row| &row.operations) {
        if !code.served.contains(operation) {
            wrong.push(format!("{operation} is no operation of the code"));
        }
    }
    for refused in &code.refused {
        let by_name = rows.iter().any(|row| row.operations.contains(refused));
        if !by_name && !page.contains(&format!("`{refused}`")) {
            wrong.push(format!(
                "`{refused}` is refused, and the page does not say why"
            ));
        }
    }
    if wrong.is_empty() {
        return Ok(());
    }
    Err(Failure::new(wrong.join("; ")))
}

#[cfg(test)]
mod cases {
    use super::super::Hints;
    use super::super::tests::of_suites;
    use super::*;

    fn page(rows: &str) -> String {
        format!(
            "# Page\n\n{BEGIN}| operation | state |\n| --- | --- |\n{rows}{END}\n`trash` is not kept.\n"
        )
    }

    fn code() -> Code {
        Code {
            served: vec!["PutIt".to_owned(), "GetIt".to_owned()],
            refused: vec!["trash".to_owned(), "DropIt".to_owned()],
        }
    }

    fn made(rows: &str, tests: &str) -> Outcome<String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.rs"), "fn one() {}").unwrap();
        let hints: Hints = toml::from_str(&format!("suites = []\n[tests]\n{tests}")).unwrap();
        let tests = of_suites(folder.path(), &hints)?;
        written(&page(rows), &code(), &tests, "")
    }

    const TESTS: &str = "PutIt = [\"a.rs::one\"]\nGetIt = [\"a.rs::one\"]\n";

    #[test]
    fn rows_keep_their_states_and_get_their_tests() {
        let rows =
            "| PutIt | yes; of `a` |\n| GetIt | in part | old |\n| DropIt, others | no: why |\n";
        let text = made(rows, TESTS).unwrap();
        let wanted = "| PutIt | yes; of `a` | `a.rs::one` |\n| GetIt | in part | `a.rs::one` |\n\
                      | DropIt, others | no: why | |\n";
        assert!(text.contains(&format!("{HEAD}{wanted}{END}")), "{text}");
        assert!(text.ends_with("`trash` is not kept.\n"));
    }

    #[test]
    fn what_is_not_so_is_refused() {
        let cases = [
            (
                "| PutIt | yes |\n| DropIt | no |\n",
                TESTS,
                "GetIt has 0 rows",
            ),
            (
                "| PutIt | yes |\n| GetIt, PutIt | yes |\n| DropIt | no |\n",
                TESTS,
                "PutIt has 2 rows",
            ),
            (
                "| PutIt, GetIt | no: why |\n| DropIt | no |\n",
                TESTS,
                "its row says no",
            ),
            (
                "| PutIt, GetIt, Other | yes |\n| DropIt | no |\n",
                TESTS,
                "Other is no operation",
            ),
            ("| PutIt, GetIt | yes |\n", TESTS, "`DropIt` is refused"),
            (
                "| PutIt, GetIt | yes |\n| DropIt | no |\n",
                "PutIt = [\"a.rs::one\"]",
                "GetIt: no test",
            ),
            (
                "| PutIt, GetIt | yes |\n| DropIt | no |\n",
                "PutIt = [\"a.rs::two\"]",
                "no test a.rs::two",
            ),
        ];
        for (rows, tests, wanted) in cases {
            let why = made(rows, tests).unwrap_err().to_string();
            assert!(why.contains(wanted), "{why}");
        }
    }
}
