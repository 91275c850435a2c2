//! The files the checks look at: all that git tracks or would track, with their text.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::shell::{self, Failure, Outcome};

/// Endings of files that hold text written by people. Others are data and are not read.
const TEXT: &[&str] = &[
    "rs", "py", "go", "toml", "md", "txt", "json", "yml", "yaml", "sh", "html", "css", "js", "ts",
];

/// Text files without an ending.
const TEXT_NAMES: &[&str] = &["LICENSE", "NOTICE", ".gitignore", ".ci/run"];

/// Paths relative to the root, with `/`, in order; the text of those that hold text.
#[derive(Default)]
pub(super) struct Tree {
    files: BTreeMap<String, Option<String>>,
    /// Text files that could not be read as UTF-8.
    pub(super) unreadable: Vec<String>,
}

impl Tree {
    /// The working tree below `root`, as `git ls-files` lists it.
    pub(super) fn of_repository(root: &Path) -> Outcome<Self> {
        let mut git = Command::new("git");
        git.current_dir(root)
            .args(["ls-files", "-z", "-co", "--exclude-standard"]);
        let listed = shell::capture(&mut git)?;
        let mut tree = Self::default();
        for path in listed.split('\0').filter(|path| !path.is_empty()) {
            tree.read(root, path)?;
        }
        Ok(tree)
    }

    /// A tree made up for a test.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let entry = |(path, text): &(&str, &str)| ((*path).to_owned(), Some((*text).to_owned()));
        Self {
            files: files.iter().map(entry).collect(),
            unreadable: Vec::new(),
        }
    }

    /// All paths.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Whether a file, or a folder with files in it, is there.
    pub(super) fn has(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        path.is_empty()
            || self.files.contains_key(path)
            || self
                .files
                .range(inside.clone()..)
                .next()
                .is_some_and(|(p, _)| p.starts_with(&inside))
    }

    /// The text of a file, when it is a text file of this tree.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.as_deref()
    }

    /// All text files with this ending, or all when it is empty.
    pub(super) fn texts<'a>(&'a self, ending: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |(path, _)| path.ends_with(ending))
            .filter_map(|(path, text)| Some((path.as_str(), text.as_deref()?)))
    }

    fn read(&mut self, root: &Path, path: &str) -> Outcome {
        let full = root.join(path);
        // Listed but deleted, or a link to nowhere: git will say so, this tool need not.
        if !full.is_file() {
            return Ok(());
        }
        let bytes = std::fs::read(&full).map_err(|e| Failure::new(format!("{path}: {e}")))?;
        let text = match (is_text(path), String::from_utf8(bytes)) {
            (true, Ok(text)) => Some(text),
            (true, Err(_)) => {
                self.unreadable.push(path.to_owned());
                None
            }
            (false, _) => None,
        };
        self.files.insert(path.to_owned(), text);
        Ok(())
    }
}

fn is_text(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    TEXT_NAMES.contains(&path) || ending.is_some_and(|ending| TEXT.contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_exist_through_their_files() {
        let tree = Tree::of(&[("docs/adr/README.md", ""), ("docs-old.md", "")]);
        for path in ["docs", "docs/adr", "docs/adr/README.md", ""] {
            assert!(tree.has(path), "{path}");
        }
        assert!(!tree.has("doc") && !tree.has("docs/ad"));
    }

    #[test]
    fn text_is_told_by_its_name() {
        for path in ["a/b.rs", "LICENSE", ".ci/run", "x.tar.md"] {
            assert!(is_text(path), "{path}");
        }
        for path in ["a.png", "fixture.bin", "Cargo.lock", "md"] {
            assert!(!is_text(path), "{path}");
        }
    }

    #[test]
    fn untracked_files_are_seen_and_ignored_ones_are_not() {
        let root = tempfile::tempdir().unwrap();
        let write =
            |name: &str, bytes: &[u8]| std::fs::write(root.path().join(name), bytes).unwrap();
        write(".gitignore", b"*.log\n");
        write("new.rs", b"fn main() {}");
        write("out.log", b"");
        write("bad.md", &[0xff]);
        let mut git = Command::new("git");
        shell::run(git.current_dir(root.path()).args(["init", "-q"])).unwrap();
        let tree = Tree::of_repository(root.path()).unwrap();
        assert_eq!(
            tree.paths().collect::<Vec<_>>(),
            [".gitignore", "bad.md", "new.rs"]
        );
        assert_eq!(tree.unreadable, ["bad.md"]);
    }
}
