//! From a host name to addresses that may be dialled. The connector dials exactly what comes from
//! here, so a name that changes between check and call gains nothing.

use std::fmt::Debug;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolving};
use tokio::sync::Semaphore;

use crate::limits::{ADDRESSES_MAX, LOOKUPS_MAX};
use crate::policy::{Policy, Refusal, Way};

/// Looks names up.
#[async_trait]
pub trait Resolve: Debug + Send + Sync + 'static {
    /// All addresses of a host name. Takes as long as it takes: the caller has a time limit.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver, at most [`LOOKUPS_MAX`] look-ups at once.
#[derive(Debug)]
pub struct SystemResolver {
    lookups: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            lookups: Arc::new(Semaphore::new(LOOKUPS_MAX)),
        }
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        // RFC 6761, section 6.3: no question to anybody. Not every system's resolver does so.
        if host.ends_with(".localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into()]);
        }
        let permit = Arc::clone(&self.lookups)
            .acquire_owned()
            .await
            .map_err(io::Error::other)?;
        let host = host.to_owned();
        let look_up = move || {
            // Given back by the thread itself: it goes on when the caller has given up.
            let _permit = permit;
            let found = (host.as_str(), 0).to_socket_addrs()?;
            Ok(found.map(|address| address.ip()).collect())
        };
        tokio::task::spawn_blocking(look_up)
            .await
            .map_err(io::Error::other)?
    }
}

/// Why a name gave no address to dial.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    #[error(transparent)]
    Refused(Refusal),
    #[error("host {host} was not resolved: {why}")]
    Failed { host: String, why: String },
}

/// A resolver that gives back only addresses the policy lets one way of call dial.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) policy: Arc<Policy>,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) way: Way,
    pub(crate) within: Duration,
}

impl Guard {
    async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, LookupError> {
        let failed = |why: String| LookupError::Failed {
            host: host.to_owned(),
            why,
        };
        let found = tokio::time::timeout(self.within, self.resolver.resolve(host)).await;
        let found = found
            .map_err(|_| failed(format!("no answer within {} ms", self.within.as_millis())))?
            .map_err(|e| failed(e.to_string()))?;
        let mut open = Vec::new();
        let mut refused = None;
        for ip in found {
            match self.policy.judge(host, ip, self.way) {
                Ok(()) => open.push(SocketAddr::new(ip, 0)),
                Err(refusal) => refused = Some(refusal),
            }
        }
        open.truncate(ADDRESSES_MAX);
        match refused {
            _ if !open.is_empty() => Ok(open),
            Some(refusal) => Err(LookupError::Refused(refusal)),
            None => Err(failed("it has no address".to_owned())),
        }
    }
}

impl reqwest::dns::Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.clone();
        Box::pin(async move {
            let addresses = guard.addresses(name.as_str()).await?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
