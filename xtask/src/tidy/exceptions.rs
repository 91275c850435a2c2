//! The list of excused findings, which only shrinks.
//!
//! A line is `check | place | reason`. A line that excuses nothing any more is itself a finding,
//! and so is a list longer or shorter than [`ALLOWED`]: adding one means raising a number here,
//! which a reviewer sees and refuses; fixing one means lowering it for good.

use super::Finding;

/// How many exceptions there are. Lower it with each one removed; never raise it.
const ALLOWED: usize = 0;

const FILE: &str = "xtask/tidy-exceptions.txt";
const CHECK: &str = "exceptions";

struct Exception<'a> {
    check: &'a str,
    place: &'a str,
    line: usize,
}

/// The findings that nothing excuses, plus what is wrong with the list itself.
pub(super) fn apply(findings: Vec<Finding>, list: &str) -> Vec<Finding> {
    judge(findings, list, ALLOWED)
}

fn judge(findings: Vec<Finding>, list: &str, allowed: usize) -> Vec<Finding> {
    let (exceptions, mut remaining) = parse(list);
    let excuses = |e: &Exception, f: &Finding| e.check == f.check && e.place == f.place;
    for exception in &exceptions {
        if !findings.iter().any(|finding| excuses(exception, finding)) {
            let why = "excuses nothing any more: remove the line and lower ALLOWED";
            remaining.push(Finding::new(CHECK, FILE, exception.line, why));
        }
    }
    if exceptions.len() != allowed {
        let why = format!(
            "has {} line(s) where ALLOWED is {allowed}",
            exceptions.len()
        );
        remaining.push(Finding::new(CHECK, FILE, 0, why));
    }
    let stays = |f: &Finding| !exceptions.iter().any(|e| excuses(e, f));
    remaining.extend(findings.into_iter().filter(stays));
    remaining
}

fn parse(list: &str) -> (Vec<Exception<'_>>, Vec<Finding>) {
    let (mut exceptions, mut bad) = (Vec::new(), Vec::new());
    for (i, text) in list.lines().enumerate() {
        let text = text.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = text.split('|').map(str::trim).collect();
        match fields[..] {
            [check, place, reason] if !reason.is_empty() => {
                exceptions.push(Exception {
                    check,
                    place,
                    line: i + 1,
                });
            }
            _ => bad.push(Finding::new(
                CHECK,
                FILE,
                i + 1,
                "is not `check | place | reason`",
            )),
        }
    }
    (exceptions, bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding() -> Finding {
        Finding::new("file-length", "a.rs", 0, "too long")
    }

    #[test]
    fn needed_exception_excuses_its_finding() {
        let list = "# why\n\nfile-length | a.rs | a table\n";
        assert_eq!(judge(vec![finding()], list, 1), []);
    }

    #[test]
    fn other_findings_stay() {
        for list in ["file-length | b.rs | x", "words | a.rs | x"] {
            assert!(
                judge(vec![finding()], list, 1).contains(&finding()),
                "{list}"
            );
        }
    }

    #[test]
    fn unneeded_malformed_and_uncounted_lines_are_findings() {
        let cases = [
            ("file-length | a.rs | x", 1, "excuses nothing"),
            ("file-length | a.rs", 0, "is not"),
            ("file-length | a.rs |", 0, "is not"),
            ("", 1, "where ALLOWED is 1"),
        ];
        for (list, allowed, part) in cases {
            let found = judge(Vec::new(), list, allowed);
            assert!(
                found.iter().any(|f| f.why.contains(part)),
                "{list}: {found:?}"
            );
        }
        let grown = judge(vec![finding()], "file-length | a.rs | x", 0);
        assert!(grown[0].why.contains("where ALLOWED is 0"), "{grown:?}");
    }
}
