//! Rules about Rust items: function length, macros of unfinished work, `unwrap` outside tests.

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Arm, Attribute, Block, Expr, ExprMethodCall, ImplItemFn, ItemFn, ItemMod, Macro, Stmt,
    TraitItemFn,
};

use super::Finding;
use super::modules::Modules;
use super::tree::Tree;

/// From the signature to the closing brace, but for the rows of a table: arms of one line of a `match` that a function
/// ends with.
const FN_LINES_MAX: usize = 100;

/// Macros that mean "not done"; `dbg!` because it is left behind by accident.
const MACROS: &[&str] = &["todo", "unimplemented", "dbg"];

/// All item rules on every Rust file; files that do not parse are findings.
pub(super) fn check(tree: &Tree, modules: &Modules) -> Vec<Finding> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(".rs") {
        found.extend(check_file(path, text, modules.is_test(path)));
    }
    found
}

fn check_file(path: &str, text: &str, is_test: bool) -> Vec<Finding> {
    let file = match syn::parse_file(text) {
        Ok(file) => file,
        Err(why) => return vec![Finding::new("parse", path, 0, why.to_string())],
    };
    let mut items = Items {
        path,
        in_tests: usize::from(is_test),
        found: Vec::new(),
    };
    items.visit_file(&file);
    items.found
}

/// Walks one file; `in_tests` counts the enclosing things that are test code.
struct Items<'a> {
    path: &'a str,
    in_tests: usize,
    found: Vec<Finding>,
}

impl Items<'_> {
    fn within(&mut self, attrs: &[Attribute], walk: impl FnOnce(&mut Self)) {
        for attr in attrs.iter().filter(|attr| attr.path().is_ident("ignore")) {
            let line = attr.span().start().line;
            let why = "is an ignored test: make it pass or remove it";
            self.found
                .push(Finding::new("ignored-test", self.path, line, why));
        }
        let test = usize::from(is_test(attrs));
        self.in_tests += test;
        walk(self);
        self.in_tests -= test;
    }

    fn length(&mut self, name: &syn::Ident, from: proc_macro2::Span, body: &Block) {
        let start = from.start().line;
        let lines = body.span().end().line.saturating_sub(start) + 1 - rows(body);
        if lines > FN_LINES_MAX {
            let place = format!("{}::{name}", self.path);
            let why = format!("has {lines} lines, at most {FN_LINES_MAX}: name its steps");
            self.found
                .push(Finding::new("fn-length", &place, start, why));
        }
    }

    fn unwrapped(&mut self, line: usize) {
        if self.in_tests == 0 {
            let why = "uses unwrap outside tests: return the error, or `expect` with the invariant";
            self.found
                .push(Finding::new("unwrap", self.path, line, why));
        }
    }

    /// Macro arguments are plain tokens: looks for a method call `.unwrap()` among them.
    fn unwraps_among(&mut self, tokens: TokenStream) {
        let mut after_dot = false;
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.unwraps_among(group.stream()),
                TokenTree::Ident(name) if after_dot && name == "unwrap" => {
                    self.unwrapped(name.span().start().line);
                }
                TokenTree::Punct(punct) => {
                    after_dot = punct.as_char() == '.';
                    continue;
                }
                _ => {}
            }
            after_dot = false;
        }
    }
}

impl<'ast> Visit<'ast> for Items<'_> {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.within(&item.attrs, |walk| visit::visit_item_mod(walk, item));
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.length(&item.sig.ident, item.sig.span(), &item.block);
        self.within(&item.attrs, |walk| visit::visit_item_fn(walk, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.length(&item.sig.ident, item.sig.span(), &item.block);
        self.within(&item.attrs, |walk| visit::visit_impl_item_fn(walk, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        if let Some(body) = &item.default {
            self.length(&item.sig.ident, item.sig.span(), body);
        }
        self.within(&item.attrs, |walk| visit::visit_trait_item_fn(walk, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.within(&item.attrs, |walk| visit::visit_item_impl(walk, item));
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        if call.method == "unwrap" {
            self.unwrapped(call.method.span().start().line);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        let name = mac.path.segments.last().map(|last| last.ident.to_string());
        if let Some(name) = name.filter(|name| MACROS.contains(&name.as_str())) {
            let line = mac.path.span().start().line;
            let why = format!("uses {name}!: finish it, or answer a typed error");
            self.found
                .push(Finding::new("unfinished", self.path, line, why));
        }
        self.unwraps_among(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }
}

/// Whether the attributes make the item test code: `#[test]`, `#[tokio::test]`, `#[cfg(test)]`.
pub(super) fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| {
        let named_test = attr
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "test");
        named_test || (attr.path().is_ident("cfg") && needs_test(attr))
    })
}

/// `cfg(test)` or `cfg(all(test, ..))`; `any` and `not` also hold outside tests.
fn needs_test(attr: &Attribute) -> bool {
    let Ok(list) = attr.meta.require_list() else {
        return false;
    };
    let mut tokens = list.tokens.clone().into_iter();
    match (tokens.next(), tokens.next()) {
        (Some(TokenTree::Ident(name)), None) => name == "test",
        (Some(TokenTree::Ident(name)), Some(TokenTree::Group(all))) if name == "all" => {
            let is_test = |token| matches!(token, TokenTree::Ident(name) if name == "test");
            all.stream().into_iter().any(is_test)
        }
        _ => false,
    }
}

/// Arms of one line of the `match` that a body ends with.
fn rows(body: &Block) -> usize {
    let Some(Stmt::Expr(Expr::Match(table), _)) = body.stmts.last() else {
        return 0;
    };
    let is_row = |arm: &&Arm| arm.span().start().line == arm.span().end().line;
    table.arms.iter().filter(is_row).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checks(text: &str) -> Vec<&'static str> {
        check_file("a.rs", text, false)
            .iter()
            .map(|finding| finding.check)
            .collect()
    }

    #[test]
    fn long_functions_are_found_wherever_they_stand() {
        let body = "let x = 1;\n".repeat(FN_LINES_MAX);
        for around in [
            "fn f() {BODY}",
            "impl A { fn f(&self) {BODY} }",
            "trait T { fn f() {BODY} }",
        ] {
            let long = around.replace("BODY", &body);
            assert_eq!(checks(&long), ["fn-length"], "{around}");
            assert_eq!(check_file("a.rs", &long, false)[0].place, "a.rs::f");
            assert_eq!(checks(&around.replace("BODY", "\n")), [""; 0]);
        }
    }

    #[test]
    fn rows_of_a_table_are_no_steps() {
        let rows = |row: &str| row.repeat(FN_LINES_MAX);
        let table = rows("A => 1,\n");
        assert_eq!(
            checks(&format!("fn f() {{ match a {{\n{table}}} }}")),
            [""; 0]
        );
        for long in [
            format!("fn f() {{ match a {{\n{table}}}; b() }}"),
            format!("fn f() {{ match a {{\n{}}} }}", rows("A => {\n1\n}\n")),
        ] {
            assert_eq!(checks(&long), ["fn-length"], "{long}");
        }
    }

    #[test]
    fn attributes_do_not_count_into_a_function() {
        let head = "/// x\n".repeat(FN_LINES_MAX);
        assert_eq!(checks(&format!("{head}fn f() {{\n}}")), [""; 0]);
    }

    #[test]
    fn unwrap_is_found_outside_tests_only() {
        for bad in [
            "fn f() { a().unwrap(); }",
            "fn f() { println!(\"{}\", a().unwrap()); }",
            "#[cfg(not(test))] fn f() { a().unwrap(); }",
            "#[cfg(any(test, feature = \"memory\"))] fn f() { a().unwrap(); }",
        ] {
            assert_eq!(checks(bad), ["unwrap"], "{bad}");
            assert_eq!(check_file("tests/a.rs", bad, true), [], "{bad}");
        }
        for good in [
            "fn f() { a().unwrap_or(1); let unwrap = 1; g!(unwrap); }",
            "#[cfg(test)] mod tests { fn f() { a().unwrap(); } }",
            "#[cfg(all(test, unix))] mod tests { fn f() { a().unwrap(); } }",
            "#[tokio::test] async fn f() { a().unwrap(); assert!(b().unwrap()); }",
        ] {
            assert_eq!(checks(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn unfinished_macros_and_ignored_tests_are_found_everywhere() {
        for name in MACROS {
            assert_eq!(checks(&format!("fn f() {{ {name}!(1) }}")), ["unfinished"]);
            assert_eq!(
                checks(&format!("#[test] fn f() {{ std::{name}!(1); }}")),
                ["unfinished"]
            );
        }
        assert_eq!(
            checks("#[test] #[ignore = \"slow\"] fn f() {}"),
            ["ignored-test"]
        );
    }

    #[test]
    fn files_that_do_not_parse_are_found() {
        assert_eq!(checks("fn f( {"), ["parse"]);
    }
}
