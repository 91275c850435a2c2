//! The operations of a dialect, as its routes know them.

use std::collections::BTreeSet;

use syn::{Expr, ExprLit, Item, Lit, Pat, Stmt};

use crate::shell::{Failure, Outcome};

/// What the routes of a dialect know.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Code {
    /// Operations that are served, by the vendor's names.
    pub(super) served: Vec<String>,
    /// Operations or query names that are refused as not served.
    pub(super) refused: Vec<String>,
}

/// Reads the text of a `route.rs`: the variants of `Op` without fields under the names that `fn name` gives them, and
/// what stands in the lists that end in `_LATER` or in a `NotServed`.
pub(super) fn of_dialect(text: &str) -> Outcome<Code> {
    let file = syn::parse_file(text).map_err(|why| Failure::new(format!("route.rs: {why}")))?;
    let mut code = Code::default();
    let mut named = Vec::new();
    for item in &file.items {
        match item {
            Item::Enum(op) if op.ident == "Op" => {
                let plain = op
                    .variants
                    .iter()
                    .filter(|variant| variant.fields.is_empty());
                code.served
                    .extend(plain.map(|variant| variant.ident.to_string()));
            }
            Item::Impl(part) => named.extend(part.items.iter().flat_map(names)),
            Item::Const(list) if list.ident.to_string().ends_with("_LATER") => {
                code.refused.extend(texts(&list.expr));
            }
            Item::Const(table) => code.refused.extend(not_served(&table.expr)),
            _ => {}
        }
    }
    for (variant, name) in named {
        if let Some(place) = code.served.iter().position(|served| *served == variant) {
            code.served[place] = name;
        }
    }
    let mut seen = BTreeSet::new();
    code.served.retain(|name| seen.insert(name.clone()));
    if code.served.is_empty() {
        return Err(Failure::new("route.rs: has no `enum Op`"));
    }
    Ok(code)
}

/// The arms `Self::Variant => "Name"` and `Self::One | Self::Other => "Name"` of a function called `name`.
fn names(item: &syn::ImplItem) -> Vec<(String, String)> {
    let syn::ImplItem::Fn(function) = item else {
        return Vec::new();
    };
    let Some(Stmt::Expr(Expr::Match(found), None)) = function.block.stmts.first() else {
        return Vec::new();
    };
    if function.sig.ident != "name" {
        return Vec::new();
    }
    let arm = |arm: &syn::Arm| {
        let name = text(&arm.body);
        let named = variants(&arm.pat).into_iter();
        named
            .filter_map(|variant| Some((variant, name.clone()?)))
            .collect::<Vec<_>>()
    };
    found.arms.iter().flat_map(arm).collect()
}

/// The variants that a pattern without fields stands for.
fn variants(pattern: &Pat) -> Vec<String> {
    match pattern {
        Pat::Path(path) => {
            let last = path.path.segments.last();
            last.map(|last| last.ident.to_string())
                .into_iter()
                .collect()
        }
        Pat::Or(either) => either.cases.iter().flat_map(variants).collect(),
        _ => Vec::new(),
    }
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => Some(text.value()),
        _ => None,
    }
}

/// The texts of a list.
fn texts(expr: &Expr) -> Vec<String> {
    match expr {
        Expr::Reference(list) => texts(&list.expr),
        Expr::Array(list) => list.elems.iter().filter_map(text).collect(),
        _ => Vec::new(),
    }
}

/// What stands in the `NotServed(..)` of a table of rows.
fn not_served(expr: &Expr) -> Vec<String> {
    match expr {
        Expr::Reference(table) => not_served(&table.expr),
        Expr::Array(table) => table.elems.iter().flat_map(not_served).collect(),
        Expr::Tuple(row) => row.elems.iter().flat_map(not_served).collect(),
        Expr::Call(call) => {
            let named = matches!(&*call.func, Expr::Path(path)
                if path.path.segments.last().is_some_and(|last| last.ident == "NotServed"));
            call.args
                .iter()
                .filter(|_| named)
                .filter_map(text)
                .collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_those_of_the_enum_under_their_names() {
        let text = r#"
            enum Op { ListAll, ListSome, Page, NotImplemented(&'static str) }
            impl Operation for Op {
                fn name(self) -> &'static str {
                    match self {
                        Self::ListAll | Self::ListSome => "ListAll",
                        Self::Page => "GetPage",
                        Self::NotImplemented(_) => "NotImplemented",
                    }
                }
            }
            const NAMES: &[&str] = &["acl"];
            const BUCKET_LATER: &[&str] = &["inventory", "trash"];
            const TABLE: &[Row<Op>] = &[(Method::GET, "a", Op::NotServed("ListGroups")), (Method::GET, "b", Op::Page)];
        "#;
        let code = of_dialect(text).unwrap();
        assert_eq!(code.served, ["ListAll", "GetPage"]);
        assert_eq!(code.refused, ["inventory", "trash", "ListGroups"]);
    }

    #[test]
    fn without_operations_it_is_no_route() {
        assert!(of_dialect("fn route() {}").is_err());
        assert!(of_dialect("enum Op {").is_err());
    }
}
