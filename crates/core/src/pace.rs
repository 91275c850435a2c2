//! Bodies that travel no faster than they may.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

use crate::limits::PACE_PIECE_BYTES;
use crate::model::BandwidthSpan;
use crate::ports::Clock;
use crate::rules::bandwidth::{Turns, rate};

/// A limit that bodies share. It waits on the clock and takes no thread.
pub struct Brake {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    spans: Vec<BandwidthSpan>,
    turns: Turns,
}

impl fmt::Debug for Brake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Brake")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Brake {
    /// A limit by the time of day; without spans there is none.
    pub fn new(clock: Arc<dyn Clock>, spans: Vec<BandwidthSpan>) -> Self {
        let state = State {
            spans,
            ..State::default()
        };
        Self {
            clock,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Other spans from now on, for bodies under way too.
    pub fn change(&self, spans: Vec<BandwidthSpan>) {
        let mut state = self.state();
        if state.spans != spans {
            *state = State {
                spans,
                ..State::default()
            };
        }
    }

    /// The same bytes, none earlier than its turn.
    pub fn slow<S, E>(
        self: Arc<Self>,
        body: S,
    ) -> impl Stream<Item = Result<Bytes, E>> + Send + use<S, E>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Send,
    {
        let brake = Arc::clone(&self);
        let pieces = body.flat_map(move |piece| stream::iter(brake.cut(piece)));
        pieces.then(move |piece| {
            let brake = self.clone();
            async move {
                brake.pass(piece.as_ref().map_or(0, Bytes::len)).await;
                piece
            }
        })
    }

    /// Returns when it is the turn of so many bytes.
    async fn pass(&self, bytes: usize) {
        let turn = {
            let mut state = self.state();
            let rate = rate(&state.spans, self.clock.now());
            rate.and_then(|rate| state.turns.next(bytes, rate, self.clock.mono()))
        };
        if let Some(turn) = turn {
            self.clock.sleep_until(turn).await;
        }
    }

    /// A piece in pieces that are small against a second's share, where one is limited.
    fn cut<E>(&self, piece: Result<Bytes, E>) -> Vec<Result<Bytes, E>> {
        let mut rest = match piece {
            Ok(piece) if !self.state().spans.is_empty() => piece,
            piece => return vec![piece],
        };
        let mut pieces = Vec::new();
        while rest.len() > PACE_PIECE_BYTES {
            pieces.push(Ok(rest.split_to(PACE_PIECE_BYTES)));
        }
        pieces.push(Ok(rest));
        pieces
    }
}
