//! Rules about the text of files: length, words of unfinished work, machine paths, odd characters.

use super::Finding;
use super::tree::Tree;

/// Longer files are two files.
const FILE_LINES_MAX: usize = 800;

/// Kinds of source whose length is limited; prose and data may be as long as they need.
const LIMITED: &[&str] = &[".rs", ".py", ".go"];

/// Words that mark unfinished work, spelt in halves so that this file passes its own check.
const UNFINISHED: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders that exist on one machine only.
const MACHINE: &[&str] = &["work", "root", "home", "tmp"];

/// All text rules on all text files.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for path in &tree.unreadable {
        found.push(Finding::new("characters", path, 0, "is not UTF-8"));
    }
    for (path, text) in tree.texts("") {
        found.extend(length(path, text));
        for (i, line) in text.lines().enumerate() {
            found.extend(words(line).map(|why| Finding::new("words", path, i + 1, why)));
            found.extend(machine_path(line).map(|why| Finding::new("paths", path, i + 1, why)));
            found.extend(characters(line).map(|why| Finding::new("characters", path, i + 1, why)));
        }
    }
    found
}

fn length(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let limited = LIMITED.iter().any(|ending| path.ends_with(ending));
    (limited && lines > FILE_LINES_MAX).then(|| {
        let why = format!("has {lines} lines, at most {FILE_LINES_MAX}: split it by topic");
        Finding::new("file-length", path, 0, why)
    })
}

fn words(line: &str) -> Option<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut words = line.split(|c| !is_word(c));
    let word = words.find(|word| UNFINISHED.contains(word))?;
    Some(format!(
        "has {word}: finish it, or state the limit in the docs"
    ))
}

/// An absolute path into a folder of one machine, such as a home folder. A folder of the same name
/// further down a path is fine: it has a name before its slash.
fn machine_path(line: &str) -> Option<String> {
    let folder = MACHINE.iter().find(|folder| {
        let start = format!("/{folder}");
        line.match_indices(&start).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + start.len()..].chars().next();
            !before.is_some_and(continues_path) && after == Some('/')
        })
    })?;
    Some(format!(
        "has a path below /{folder}: no path of one machine belongs here"
    ))
}

fn continues_path(c: char) -> bool {
    c.is_alphanumeric() || "_-.})>]*~%/".contains(c)
}

/// Characters that a reader cannot see: controls, and marks that change the order of text.
fn characters(line: &str) -> Option<String> {
    let hidden = |c: &char| {
        (c.is_control() && *c != '\t')
            || matches!(*c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
            || matches!(*c, '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let c = line.chars().find(hidden)?;
    Some(format!(
        "has the invisible character U+{:04X}: write an escape",
        u32::from(c)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sources_are_found_and_long_prose_is_not() {
        let long = "x\n".repeat(FILE_LINES_MAX + 1);
        let tree = Tree::of(&[
            ("a.rs", &long),
            ("b.md", &long),
            ("c.rs", &"x\n".repeat(FILE_LINES_MAX)),
        ]);
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            (found[0].check, found[0].place.as_str()),
            ("file-length", "a.rs")
        );
    }

    #[test]
    fn unfinished_words_are_found_as_words() {
        for word in UNFINISHED {
            assert!(words(&format!("// {word}: later")).is_some());
            assert!(words(&format!("a{word}b {word}_1")).is_none());
        }
    }

    #[test]
    fn machine_paths_are_found_at_the_start_of_a_path_only() {
        for folder in MACHINE {
            for bad in [
                format!("/{folder}/x"),
                format!("see `/{folder}/x`"),
                format!("=/{folder}/"),
            ] {
                assert!(machine_path(&bad).is_some(), "{bad}");
            }
            for good in [
                format!("src/{folder}/mod.rs"),
                format!("/{folder}s/"),
                format!("/{folder}"),
            ] {
                assert!(machine_path(&good).is_none(), "{good}");
            }
        }
    }

    #[test]
    fn invisible_characters_are_found() {
        for bad in [
            "a\u{0}",
            "\u{1b}[0m",
            "a\u{85}b",
            "\u{202e}x",
            "\u{feff}x",
            "a\u{200b}",
            "x\r",
        ] {
            assert!(characters(bad).is_some(), "{bad:?}");
        }
        for good in ["\tplain", "公行", "naïve – “quoted”"] {
            assert!(characters(good).is_none(), "{good:?}");
        }
    }
}
