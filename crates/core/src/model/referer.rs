//! Which pages may lead to a bucket by a link.

use serde::{Deserialize, Serialize};

/// What is asked of the page that led to a request, where nothing but a link was needed to make it: the
/// request is unsigned, or its URL is signed. Texts are patterns of what a page's URL begins with, where
/// `*` is any run of characters and `?` any one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referers {
    /// Whether requests pass that name no page. Where `allowed` is empty they do anyway.
    pub allow_empty: bool,
    /// Pages that may; where there are none, every page that is not denied.
    pub allowed: Vec<Box<str>>,
    /// Pages that may not, whatever else allows them.
    pub denied: Vec<Box<str>>,
    /// Whether the query of a page's URL is left out of the comparison.
    pub cut_query: bool,
    /// Whether path and query are.
    pub cut_path: bool,
}

impl Default for Referers {
    /// Everybody may.
    fn default() -> Self {
        Self {
            allow_empty: true,
            allowed: Vec::new(),
            denied: Vec::new(),
            cut_query: true,
            cut_path: false,
        }
    }
}
