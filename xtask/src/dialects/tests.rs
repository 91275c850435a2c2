//! Which tests call an operation.

use std::path::Path;

use super::{Hints, read};
use crate::shell::{Failure, Outcome};

/// A cell names this many tests at most: those that do the least beside.
const SHOWN_MAX: usize = 2;

/// The test functions of a dialect's clients.
pub(super) struct Tests<'a> {
    functions: Vec<Function>,
    hints: &'a Hints,
}

struct Function {
    /// `file::function`.
    name: String,
    text: String,
}

/// Reads the tests of the suites, and sees that those exist which the hints name.
pub(super) fn of_suites<'a>(root: &Path, hints: &'a Hints) -> Outcome<Tests<'a>> {
    let mut functions = Vec::new();
    for suite in &hints.suites {
        let folder = root.join("conformance").join(suite);
        let unreadable = |why| Failure::new(format!("{}: {why}", folder.display()));
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(unreadable)? {
            files.push(entry.map_err(unreadable)?.path());
        }
        files.sort();
        for path in files {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("test_") && name.ends_with(".py") {
                functions.extend(functions_of(&name, &read(&path)?));
            }
        }
    }
    for test in hints.tests.values().flatten() {
        exists(root, hints, test)?;
    }
    Ok(Tests { functions, hints })
}

/// Fails unless a test that people name is there; of the vendor's, whether it is expected to pass.
fn exists(root: &Path, hints: &Hints, test: &str) -> Outcome {
    let missing = || Failure::new(format!("operations.toml: there is no test {test}"));
    if let Some((suite, id)) = test.split_once(": ") {
        let listed = root.join(format!("conformance/{suite}/expected-failures.txt"));
        let fails = read(&listed)?
            .lines()
            .any(|line| line.starts_with(&format!("{id} |")));
        return if hints.vendor.iter().any(|known| known == suite) && !fails {
            Ok(())
        } else {
            Err(missing())
        };
    }
    let (path, name) = test.split_once("::").ok_or_else(missing)?;
    let source = read(&root.join(path))?;
    if ["fn", "def"]
        .iter()
        .any(|word| source.contains(&format!("{word} {name}(")))
    {
        return Ok(());
    }
    Err(missing())
}

impl Tests<'_> {
    /// The tests of each of these operations, as the cell of a table.
    pub(super) fn cells(&self, operations: &[String]) -> Vec<String> {
        let callers: Vec<Vec<usize>> = operations.iter().map(|op| self.callers(op)).collect();
        let calls = |function: &usize| callers.iter().filter(|of| of.contains(function)).count();
        let cell = |(operation, callers): (&String, &Vec<usize>)| {
            let mut callers = callers.clone();
            callers.sort_by_key(calls);
            let found = callers.iter().map(|at| self.functions[*at].name.as_str());
            let named = self.hints.tests.get(operation).into_iter().flatten();
            let named = named.map(|test| shown(test));
            let found = found.map(|name| format!("`{name}`"));
            let all: Vec<_> = named.chain(found).take(SHOWN_MAX).collect();
            all.join(", ")
        };
        operations.iter().zip(&callers).map(cell).collect()
    }

    fn callers(&self, operation: &str) -> Vec<usize> {
        let mut names = vec![method(operation)];
        names.extend(
            self.hints
                .calls
                .get(operation)
                .into_iter()
                .flatten()
                .cloned(),
        );
        let calls = |function: &Function| names.iter().any(|name| is_called(&function.text, name));
        let all = self.functions.iter().enumerate();
        all.filter(|(_, function)| calls(function))
            .map(|(at, _)| at)
            .collect()
    }
}

/// A test that people name, as a cell shows it.
fn shown(test: &str) -> String {
    if let Some((suite, id)) = test.split_once(": ") {
        return format!("`{id}` of {suite}");
    }
    let name = test.rsplit_once('/').map_or(test, |(_, name)| name);
    format!("`{name}`")
}

/// The test functions of a file of Python.
fn functions_of(file: &str, text: &str) -> Vec<Function> {
    let parts = text.split("\ndef ").skip(1);
    let tests = parts.filter(|part| part.starts_with("test_"));
    let function = |part: &str| Function {
        name: format!("{file}::{}", part.split('(').next().unwrap_or_default()),
        text: part.to_owned(),
    };
    tests.map(function).collect()
}

/// The name that clients in Python give an operation: `PutBucketAcl` is `put_bucket_acl`.
fn method(operation: &str) -> String {
    let mut name = String::new();
    let mut before = '_';
    for letter in operation.chars() {
        if letter.is_uppercase() && before.is_lowercase() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
        before = letter;
    }
    name
}

/// Whether a text has `.name`, and nothing that goes on behind it.
fn is_called(text: &str, name: &str) -> bool {
    let dotted = format!(".{name}");
    text.match_indices(&dotted).any(|(at, _)| {
        let next = text[at + dotted.len()..].chars().next();
        next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
    })
}

#[cfg(test)]
mod cases {
    use super::*;

    const FILE: &str = "import x\n\ndef helper(c):\n    c.put_it(1)\n\ndef test_both(c):\n    c.put_it(1)\n    c.get_it()\n\n\
                        def test_one(c):\n    lambda: c.put_it(2)\n\ndef test_other(c):\n    c.put_its(3)\n";

    fn hints(text: &str) -> Hints {
        toml::from_str(&format!("suites = []\n{text}")).unwrap()
    }

    fn cells(hints: &Hints, operations: &[&str]) -> Vec<String> {
        let functions = functions_of("test_a.py", FILE);
        let operations: Vec<_> = operations.iter().map(|name| (*name).to_owned()).collect();
        Tests { functions, hints }.cells(&operations)
    }

    #[test]
    fn tests_that_do_the_least_beside_are_named_first() {
        let found = cells(&hints(""), &["PutIt", "GetIt", "DropIt"]);
        let both = "`test_a.py::test_both`";
        assert_eq!(found, [&format!("`test_a.py::test_one`, {both}"), both, ""]);
    }

    #[test]
    fn other_names_and_other_tests_are_hints() {
        let hints = hints("[calls]\nDropIt = [\"put_its\"]\n[tests]\nGetIt = [\"a/b.rs::t\"]\n");
        let found = cells(&hints, &["DropIt", "GetIt"]);
        assert_eq!(
            found,
            [
                "`test_a.py::test_other`",
                "`b.rs::t`, `test_a.py::test_both`"
            ]
        );
    }

    #[test]
    fn methods_are_named_as_clients_in_python_do() {
        for (operation, wanted) in [
            ("PutBucketAcl", "put_bucket_acl"),
            ("PutObjectACL", "put_object_acl"),
            ("ListObjectsV2", "list_objects_v2"),
        ] {
            assert_eq!(method(operation), wanted);
        }
    }
}
