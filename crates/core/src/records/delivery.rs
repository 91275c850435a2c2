//! What delivery remembers.

use serde::{Deserialize, Serialize};

use super::LoggedEvent;
use crate::model::{BucketId, Destination, EventKinds, Timestamp, VersionTag, WorkId};
use crate::ports::Position;

/// Whether a subscription delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubState {
    /// Events are delivered.
    Active,
    /// Events up to and including the position are being given up by order of the operator; after
    /// that it is active again.
    Cancelled(Position),
}

/// What a destination has been told about a bucket. One a bucket and destination, however many rules
/// name the destination, so that all its messages keep one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubRecord {
    /// The bucket.
    pub bucket: BucketId,
    /// Who is told.
    pub destination: Destination,
    /// Everything up to and including this position is accepted, set aside, given up or was never
    /// meant for this destination.
    pub cursor: Position,
    /// The same for single positions above the cursor, in order; at most
    /// [`crate::limits::WINDOW_EVENTS_MAX`].
    pub done: Vec<Position>,
    /// Whether it delivers.
    pub state: SubState,
    /// Number of the next block of its delivery log. Begins at the cursor it was created with, so that
    /// blocks of an earlier subscription of the same pair stay below.
    pub next_block: u64,
}

/// An event set aside because it, or an earlier one of its key, failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRecord {
    /// The event.
    pub logged: LoggedEvent,
    /// How many of its messages were accepted, when several rules hit the destination.
    pub accepted: u16,
    /// Tries that counted against it.
    pub attempts: u32,
    /// When it is due; a label, read after a restart and bounded by the longest back-off then.
    pub due: Timestamp,
    /// When it failed first; none while it only waits behind another of its key.
    pub first_failed_at: Option<Timestamp>,
    /// Reasons of the last failures, oldest first; at most [`ERRORS_MAX`].
    pub errors: Vec<Box<str>>,
}

/// An event given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadRecord {
    /// Who was to be told.
    pub destination: Destination,
    /// The event.
    pub logged: LoggedEvent,
    /// Tries that counted against it.
    pub attempts: u32,
    /// Reasons of the last failures, oldest first; at most [`ERRORS_MAX`].
    pub errors: Vec<Box<str>>,
    /// When it was given up.
    pub died_at: Timestamp,
    /// Given up by order of the operator rather than after too many tries.
    pub cancelled: bool,
}

/// Failures kept with an event.
pub const ERRORS_MAX: usize = 8;

/// Adds a failure to the last [`ERRORS_MAX`].
pub fn push_error(errors: &mut Vec<Box<str>>, why: &str) {
    if errors.len() >= ERRORS_MAX {
        errors.remove(0);
    }
    errors.push(why.into());
}

/// One try at one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// The event.
    pub position: Position,
    /// Its key as text; empty when the log record could not be read.
    pub key: Box<str>,
    /// Its version.
    pub version: VersionTag,
    /// The rule whose message it was.
    pub rule: Box<str>,
    /// Which try of the event, from 1. Tries at a target that is down do not count.
    pub attempt: u32,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, milliseconds.
    pub took_ms: u64,
    /// HTTP status, when there was one.
    pub status: Option<u16>,
    /// `accepted`, or why not.
    pub outcome: Box<str>,
    /// The replay it belongs to.
    pub replay: Option<Box<str>>,
}

/// A piece of the delivery log of a subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptBlock {
    /// Name of the destination.
    pub destination: Box<str>,
    /// When the block was written.
    pub written_at: Timestamp,
    /// The tries, in the order they ended.
    pub attempts: Vec<AttemptRecord>,
}

/// Where a replay takes its events from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplaySource {
    /// The log of the bucket.
    Log {
        /// Events of this instant and later, by their labels.
        since: Option<Timestamp>,
        /// Events before this instant, by their labels.
        until: Option<Timestamp>,
        /// Keys that begin with this.
        prefix: Box<str>,
        /// Keys that end with this.
        suffix: Box<str>,
        /// These kinds; all when none are given.
        kinds: Option<EventKinds>,
        /// Told instead of those that were hit.
        destination: Option<Destination>,
    },
    /// The dead events of a destination; those accepted now leave the dead.
    Dead {
        /// The destination.
        destination: Destination,
    },
}

/// Whether a replay goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplayState {
    /// It sends.
    Running,
    /// It came to its end.
    Done,
}

/// A replay: past events sent once more, outside the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayRecord {
    /// Its id; in hex digits also the mark of its messages.
    pub id: WorkId,
    /// The bucket.
    pub bucket: BucketId,
    /// Where events come from.
    pub source: ReplaySource,
    /// Everything up to and including this position is finished.
    pub cursor: Position,
    /// The last position it sends.
    pub upto: Position,
    /// Whether it goes on.
    pub state: ReplayState,
    /// Messages accepted so far.
    pub accepted: u64,
    /// Messages that were refused until the replay gave them up.
    pub refused: u64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// Number of the next block of its delivery log, below the bucket and the replay's id.
    pub next_block: u64,
}
