//! Which Rust files belong to a crate, and which of them are test code.
//!
//! A file nobody declares with `mod` is never compiled: it rots, and looks like code.

use std::collections::BTreeMap;

use syn::{Item, ItemMod, Lit};

use super::Finding;
use super::rust::is_test;
use super::tree::Tree;

/// A file cargo compiles by itself.
pub(super) struct Target {
    /// Path relative to the root of the repository.
    pub(super) path: String,
    /// A test, an example or a benchmark.
    pub(super) is_test: bool,
}

/// All files reached from the targets.
pub(super) struct Modules {
    /// Whether a file is reached by test code only.
    reached: BTreeMap<String, bool>,
}

impl Modules {
    /// Whether all of the file is test code.
    pub(super) fn is_test(&self, path: &str) -> bool {
        self.reached.get(path).copied().unwrap_or(false)
    }
}

/// Follows the `mod` declarations from every target.
pub(super) fn walk(tree: &Tree, targets: &[Target]) -> Modules {
    let mut modules = Modules {
        reached: BTreeMap::new(),
    };
    for target in targets {
        let folder = parent(&target.path).to_owned();
        modules.visit(tree, &target.path, &folder, target.is_test);
    }
    modules
}

/// Files below `crates/` and `xtask/` that no target reaches.
pub(super) fn strays(tree: &Tree, modules: &Modules) -> Vec<Finding> {
    let ours = |path: &&str| path.starts_with("crates/") || path.starts_with("xtask/");
    tree.texts(".rs")
        .map(|(path, _)| path)
        .filter(ours)
        .filter(|path| !modules.reached.contains_key(*path))
        .map(|path| {
            Finding::new(
                "stray",
                path,
                0,
                "no `mod` declares it: declare or remove it",
            )
        })
        .collect()
}

impl Modules {
    /// Notes one file and follows its modules, which stand in `folder`.
    fn visit(&mut self, tree: &Tree, path: &str, folder: &str, is_test: bool) {
        let Some(text) = tree.text(path) else { return };
        let known = self.reached.get(path).copied();
        if known.is_some_and(|test_only| !test_only || is_test) {
            return;
        }
        self.reached.insert(path.to_owned(), is_test);
        // A file that does not parse is a finding of its own.
        if let Ok(file) = syn::parse_file(text) {
            self.follow(tree, &file.items, path, folder, is_test);
        }
    }

    fn follow(&mut self, tree: &Tree, items: &[Item], from: &str, folder: &str, in_test: bool) {
        for item in items {
            let Item::Mod(module) = item else { continue };
            let in_test = in_test || is_test(&module.attrs);
            let inside = format!("{folder}/{}", module.ident);
            if let Some((_, items)) = &module.content {
                self.follow(tree, items, from, &inside, in_test);
            } else if let Some(path) = path_attribute(module) {
                let path = format!("{}/{path}", parent(from));
                self.visit(tree, &path, parent(&path), in_test);
            } else {
                self.visit(tree, &format!("{inside}.rs"), &inside, in_test);
                self.visit(tree, &format!("{inside}/mod.rs"), &inside, in_test);
            }
        }
    }
}

/// The value of `#[path = ".."]`.
fn path_attribute(module: &ItemMod) -> Option<String> {
    let attr = module
        .attrs
        .iter()
        .find(|attr| attr.path().is_ident("path"))?;
    match &attr.meta.require_name_value().ok()?.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str, is_test: bool) -> Target {
        Target {
            path: path.to_owned(),
            is_test,
        }
    }

    #[test]
    fn declared_files_are_reached_and_others_are_strays() {
        let tree = Tree::of(&[
            (
                "crates/a/src/lib.rs",
                "mod b; mod c { mod d; } #[path = \"odd.rs\"] mod e;",
            ),
            ("crates/a/src/b/mod.rs", "mod f;"),
            ("crates/a/src/b/f.rs", ""),
            ("crates/a/src/c/d.rs", ""),
            ("crates/a/src/odd.rs", ""),
            ("crates/a/src/lost.rs", ""),
            ("fuzz/other.rs", ""),
        ]);
        let modules = walk(&tree, &[target("crates/a/src/lib.rs", false)]);
        let lost: Vec<_> = strays(&tree, &modules)
            .into_iter()
            .map(|f| f.place)
            .collect();
        assert_eq!(lost, ["crates/a/src/lost.rs"]);
    }

    #[test]
    fn files_reached_by_tests_only_are_test_code() {
        let tree = Tree::of(&[
            ("crates/a/src/lib.rs", "mod b; #[cfg(test)] mod tests;"),
            ("crates/a/src/b.rs", "#[cfg(test)] mod tests;"),
            ("crates/a/src/b/tests.rs", "mod deep;"),
            ("crates/a/src/b/tests/deep.rs", ""),
            ("crates/a/src/tests.rs", ""),
            ("crates/a/tests/it.rs", "mod common;"),
            ("crates/a/tests/common/mod.rs", ""),
        ]);
        let targets = [
            target("crates/a/tests/it.rs", true),
            target("crates/a/src/lib.rs", false),
        ];
        let modules = walk(&tree, &targets);
        assert_eq!(strays(&tree, &modules), []);
        let code: Vec<_> = tree.paths().filter(|path| !modules.is_test(path)).collect();
        assert_eq!(code, ["crates/a/src/b.rs", "crates/a/src/lib.rs"]);
    }
}
