//! Bodies at the pace that a request asks for.

use std::sync::Arc;

use bytes::Bytes;
use cohong_core::model::BandwidthSpan;
use cohong_core::pace::Brake;
use cohong_core::ports::Clock;
use futures_core::Stream;
use http::HeaderMap;

use super::vocabulary::Vocabulary;
use crate::gate::fault::Fault;

/// How fast a body may travel.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    clock: Arc<dyn Clock>,
    bytes_per_s: u64,
}

impl Vocabulary {
    /// The pace that a request asks for, in its headers or else in its query.
    pub(crate) fn pace(
        &self,
        clock: &Arc<dyn Clock>,
        headers: &HeaderMap,
        query: &[(String, String)],
    ) -> Result<Option<Pace>, Fault> {
        let Some(range) = &self.traffic else {
            return Ok(None);
        };
        let name = format!("{}traffic-limit", self.prefix);
        let header = headers
            .get(&name)
            .map(|value| value.to_str().unwrap_or("?"));
        let named = query
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(&name));
        let Some(text) = header.or(named.map(|(_, value)| value.as_str())) else {
            return Ok(None);
        };
        let bits = text.parse().ok().filter(|bits| range.contains(bits));
        let bits = bits.ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            let why = format!("{name} is {least} to {most} bits in a second");
            Fault::argument(name, text, why)
        })?;
        Ok(Some(Pace {
            clock: clock.clone(),
            bytes_per_s: bits / 8,
        }))
    }
}

impl Pace {
    /// The same bytes, none earlier than its turn; the time begins with the first one.
    pub(crate) fn slow<S, E>(self, body: S) -> impl Stream<Item = Result<Bytes, E>> + Send
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Send,
    {
        let always = BandwidthSpan::always(self.bytes_per_s);
        Arc::new(Brake::new(self.clock, vec![always])).slow(body)
    }
}
