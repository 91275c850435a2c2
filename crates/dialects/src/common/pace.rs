//! Bodies at the pace that a request asks for.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cohong_core::ports::Clock;
use futures_core::Stream;
use futures_util::StreamExt;
use http::HeaderMap;

use super::limits::PACE_PIECE_BYTES;
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
        S: Stream<Item = Result<Bytes, E>> + Send + Unpin,
        E: Send,
    {
        let pieces = body.flat_map(|piece| futures_util::stream::iter(cut(piece)));
        let start = (pieces, None, 0_u64, self);
        futures_util::stream::unfold(start, |(mut pieces, begun, sent, pace)| async move {
            let piece = pieces.next().await?;
            let begun = begun.unwrap_or_else(|| pace.clock.mono());
            let sent = sent + piece.as_ref().map_or(0, |piece| piece.len() as u64);
            let due = begun + Duration::from_millis(sent.saturating_mul(1000) / pace.bytes_per_s);
            pace.clock.sleep_until(due).await;
            Some((piece, (pieces, Some(begun), sent, pace)))
        })
    }
}

/// A piece in pieces that are small against a second's share.
fn cut<E>(piece: Result<Bytes, E>) -> Vec<Result<Bytes, E>> {
    let mut rest = match piece {
        Ok(piece) => piece,
        Err(error) => return vec![Err(error)],
    };
    let mut pieces = Vec::new();
    while rest.len() > PACE_PIECE_BYTES {
        pieces.push(Ok(rest.split_to(PACE_PIECE_BYTES)));
    }
    pieces.push(Ok(rest));
    pieces
}
