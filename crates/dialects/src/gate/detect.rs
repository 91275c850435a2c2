//! Which dialect a request speaks: the strongest claim wins.

use std::sync::Arc;

use http::request::Parts;

use super::{Claim, Dialect};

/// The dialects of a listener, in the order that settles equal claims.
#[derive(Clone)]
pub struct Dialects(Vec<Arc<dyn Dialect>>);

impl Dialects {
    /// At least one dialect; the first also takes what nobody claims.
    ///
    /// # Panics
    ///
    /// When the list is empty.
    pub fn new(dialects: Vec<Arc<dyn Dialect>>) -> Self {
        assert!(
            !dialects.is_empty(),
            "a listener speaks at least one dialect"
        );
        Self(dialects)
    }

    /// The dialect that serves, or refuses, a request.
    pub fn of(&self, head: &Parts) -> &Arc<dyn Dialect> {
        let mut best = (&self.0[0], Claim::No);
        for dialect in &self.0 {
            let claim = dialect.claim(head);
            if claim > best.1 {
                best = (dialect, claim);
            }
        }
        best.0
    }
}

impl std::fmt::Debug for Dialects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|dialect| dialect.id()))
            .finish()
    }
}
