//! Fetches what clients' URLs name: from this server itself, where it stands for the name, else from others.

use std::sync::{Arc, OnceLock, Weak};

use async_trait::async_trait;
use cohong_core::ports::{BodyError, FetchFault, Fetched, Fetcher};
use cohong_dialects::gate::OutBody;
use cohong_egress::{Http, UrlReader};
use futures_util::TryStreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, Response, StatusCode, Uri};
use http_body_util::BodyDataStream;

use super::gateway::Gateway;

/// Reads URLs. Until it is told who serves requests, none can be read.
#[derive(Debug)]
pub(super) struct Fetches {
    outside: UrlReader,
    gateway: OnceLock<Weak<Gateway>>,
}

impl Fetches {
    /// Asks others with this client.
    pub(super) fn new(http: &Arc<Http>) -> Arc<Self> {
        Arc::new(Self {
            outside: UrlReader::new(http.clone()),
            gateway: OnceLock::new(),
        })
    }

    /// Says who serves the requests of this server.
    pub(super) fn served_by(&self, gateway: &Arc<Gateway>) {
        self.gateway.get_or_init(|| Arc::downgrade(gateway));
    }

    /// Who serves a URL that names this server; `Broken` while it is starting or stopping.
    fn here(&self, url: &str) -> Result<Option<(Arc<Gateway>, Uri)>, FetchFault> {
        let gateway = self.gateway.get().and_then(Weak::upgrade);
        let gateway = gateway.ok_or(FetchFault::Broken)?;
        let Ok(url) = url.parse::<Uri>() else {
            return Ok(None);
        };
        let web = matches!(url.scheme_str(), Some("http" | "https"));
        Ok((web && gateway.stands_for(&url)).then_some((gateway, url)))
    }
}

#[async_trait]
impl Fetcher for Fetches {
    fn check(&self, url: &str) -> Result<(), FetchFault> {
        match self.here(url)? {
            Some(_) => Ok(()),
            None => self.outside.check(url),
        }
    }

    async fn fetch(&self, url: &str) -> Result<Fetched, FetchFault> {
        let Some((gateway, url)) = self.here(url)? else {
            return self.outside.fetch(url).await;
        };
        let answer = gateway.ask(url).await.map_err(|_| FetchFault::Broken)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchFault::Status(answer.status().as_u16()));
        }
        Ok(Fetched {
            len: text(&answer, &CONTENT_LENGTH).and_then(|len| len.parse().ok()),
            content_type: text(&answer, &CONTENT_TYPE).map(Into::into),
            body: Box::pin(
                BodyDataStream::new(answer.into_body())
                    .map_err(|error| BodyError::Aborted(error.to_string())),
            ),
        })
    }
}

fn text<'a>(answer: &'a Response<OutBody>, name: &HeaderName) -> Option<&'a str> {
    answer.headers().get(name)?.to_str().ok()
}
