//! Which dialect a request speaks: the strongest claim wins.

use std::sync::Arc;

use cohong_core::engine::Engine;
use cohong_core::model::DialectId;
use http::request::Parts;

use super::access::LogFormat;
use super::address::{self, OwnDomain};
use super::{Claim, Dialect};

/// The dialects of a listener, in the order that settles equal claims.
#[derive(Clone)]
pub struct Dialects {
    engine: Arc<Engine>,
    list: Vec<Arc<dyn Dialect>>,
}

impl Dialects {
    /// At least one dialect; the first also takes what nobody claims.
    ///
    /// # Panics
    ///
    /// When the list is empty.
    pub fn new(engine: Arc<Engine>, list: Vec<Arc<dyn Dialect>>) -> Self {
        assert!(!list.is_empty(), "a listener speaks at least one dialect");
        Self { engine, list }
    }

    /// Looks up which bucket the host of a request stands for, where no dialect knows the host. To be asked
    /// before [`Self::of`]. What the store cannot say is taken for no bucket, and the log says so.
    pub async fn look_up(&self, head: &mut Parts) {
        if self.list.iter().any(|dialect| dialect.knows_host(head)) {
            return;
        }
        let Some(domain) = address::host(head).map(address::domain) else {
            return;
        };
        match self.engine.bucket_of_domain(&domain).await {
            Ok(Some((bucket, dialect))) => {
                head.extensions.insert(OwnDomain { bucket, dialect });
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%domain, %error, "the domain cannot be looked up"),
        }
    }

    /// The dialect that serves, or refuses, a request. Where nothing in the request tells, it is the one
    /// through which the bucket addressed was made, if that one can read the address.
    pub async fn of(&self, head: &Parts) -> &Arc<dyn Dialect> {
        let mut best = (&self.list[0], Claim::No);
        for dialect in &self.list {
            let claim = dialect.claim(head);
            if claim > best.1 {
                best = (dialect, claim);
            }
        }
        if best.1 != Claim::Default {
            return best.0;
        }
        for dialect in &self.list {
            if dialect.claim(head) == Claim::Default && self.is_home(dialect, head).await {
                return dialect;
            }
        }
        best.0
    }

    /// Whether a host, without port, is a name of any of them.
    pub fn are_at(&self, host: &str) -> bool {
        self.list.iter().any(|dialect| dialect.is_at(host))
    }

    /// How a dialect writes access logs, if it does.
    pub fn access_log(&self, id: DialectId) -> Option<&'static dyn LogFormat> {
        self.list.iter().find(|one| one.id() == id)?.access_log()
    }

    /// The domains of all of them.
    pub fn domains(&self) -> impl Iterator<Item = &str> {
        self.list.iter().flat_map(|dialect| dialect.domains())
    }

    /// Whether the bucket addressed was made through a dialect. When the store cannot say, the request
    /// itself will tell why.
    async fn is_home(&self, dialect: &Arc<dyn Dialect>, head: &Parts) -> bool {
        let Some(bucket) = dialect.bucket(head) else {
            return false;
        };
        let home = self.engine.bucket_home(&bucket).await;
        home.is_ok_and(|home| home == Some(dialect.id()))
    }
}

impl std::fmt::Debug for Dialects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.list.iter().map(|dialect| dialect.id()))
            .finish()
    }
}
