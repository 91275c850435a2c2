//! Other people's web server: what a URL names is its last part. It is away at times, or breaks off.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cohong_core::ports::{BodyError, FetchFault, Fetched, Fetcher};

use super::Weather;
use crate::sim::exec::Sim;

/// See the module's text.
#[derive(Debug)]
pub(crate) struct Web {
    pub(crate) sim: Sim,
    pub(crate) weather: Weather,
}

#[async_trait]
impl Fetcher for Web {
    fn check(&self, _url: &str) -> Result<(), FetchFault> {
        Ok(())
    }

    async fn fetch(&self, url: &str) -> Result<Fetched, FetchFault> {
        self.sim
            .pass(Duration::from_millis(self.sim.random(50)))
            .await;
        let (_, text) = url.rsplit_once('/').expect("URLs have parts");
        let whole = Bytes::from(text.to_owned());
        let (len, half) = (Some(whole.len() as u64), whole.slice(..whole.len() / 2));
        let mut pieces = vec![Ok(whole)];
        if self.weather.strikes(&self.sim, 4) {
            self.sim.note(format_args!("fault: {url} is not served"));
            match self.sim.random(8) {
                0 => return Err(FetchFault::Status(404)),
                1..4 => return Err(FetchFault::Status(503)),
                4..6 => return Err(FetchFault::Broken),
                _ => pieces = vec![Ok(half), Err(BodyError::Aborted("it breaks off".into()))],
            }
        }
        Ok(Fetched {
            len,
            content_type: None,
            body: Box::pin(futures_util::stream::iter(pieces)),
        })
    }
}
