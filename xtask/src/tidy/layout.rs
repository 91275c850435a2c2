//! Rules about where files stand: crate heads, and the same file names in every dialect.

use super::Finding;
use super::tree::Tree;

const DIALECTS: &str = "crates/dialects/src/";

/// Folders of the dialects crate that are not a dialect.
const SHARED: &[&str] = &["common", "gate"];

/// What a dialect folder is made of, so that who knows one finds the way in all.
const PARTS: &[&str] = &[
    "auth", "callback", "error", "event", "limits", "mod", "ops", "policy", "route", "tests",
    "wire", "words",
];

const ROOT_LINTS: &str = "clippy.toml";
const CORE_LINTS: &str = "crates/core/clippy.toml";

/// Crate heads and dialect folders.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(".rs") {
        let root = path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs");
        if root && !text.starts_with("//!") {
            let why = "does not start with `//!`: say what the crate is and what it does not know";
            found.push(Finding::new("crate-head", path, 1, why));
        }
    }
    found.extend(tree.paths().filter_map(odd_part));
    found.extend(lint_settings(tree));
    found
}

/// Clippy reads the nearest settings only, so `core`, which has its own, must repeat the root's.
fn lint_settings(tree: &Tree) -> Vec<Finding> {
    let (Some(root), Some(core)) = (tree.text(ROOT_LINTS), tree.text(CORE_LINTS)) else {
        return Vec::new();
    };
    let missing = root
        .lines()
        .filter(|line| !core.lines().any(|other| other == *line));
    let finding = |line| {
        let why = format!("does not repeat `{line}` of {ROOT_LINTS}");
        Finding::new("lint-settings", CORE_LINTS, 0, why)
    };
    missing.map(finding).collect()
}

/// A file of a dialect under a name that other dialects do not have.
fn odd_part(path: &str) -> Option<Finding> {
    let (dialect, inside) = path.strip_prefix(DIALECTS)?.split_once('/')?;
    let part = inside.split('/').next().unwrap_or(inside);
    let name = part.strip_suffix(".rs").unwrap_or(part);
    (!SHARED.contains(&dialect) && !PARTS.contains(&name)).then(|| {
        let why = format!("is none of a dialect's parts ({})", PARTS.join(", "));
        Finding::new("dialect-parts", path, 0, why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crate_roots_need_a_head() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "//! A.\n"),
            ("crates/b/src/lib.rs", "mod x;\n"),
            ("crates/b/src/x.rs", "fn f() {}\n"),
        ]);
        let found = check(&tree);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].place, "crates/b/src/lib.rs");
    }

    #[test]
    fn core_repeats_the_lint_settings_of_the_root() {
        let files = |core| [(ROOT_LINTS, "a = 1\nb = 2\n"), (CORE_LINTS, core)];
        assert_eq!(check(&Tree::of(&files("b = 2\na = 1\nc = 3\n"))), []);
        assert_eq!(check(&Tree::of(&files("a = 1\nb = 3\n"))).len(), 1);
    }

    #[test]
    fn dialect_folders_have_the_same_parts() {
        for good in [
            "tos/mod.rs",
            "tos/ops/object.rs",
            "oss/wire/list.rs",
            "gate/any.rs",
            "lib.rs",
        ] {
            assert_eq!(odd_part(&format!("{DIALECTS}{good}")), None, "{good}");
        }
        for bad in ["tos/helpers.rs", "oss/handlers/x.rs"] {
            assert!(odd_part(&format!("{DIALECTS}{bad}")).is_some(), "{bad}");
        }
    }
}
