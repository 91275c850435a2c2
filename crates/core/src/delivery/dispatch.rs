//! The task that finds subscriptions and gives them to the runners of their destinations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::select;

use super::drain::after;
use super::line::{Line, Shared, lock};
use super::pace;
use super::runner::Runner;
use super::sub::{PAGE, scan};
use crate::model::BucketId;
use crate::ports::{KeyRange, StoreError, Table};
use crate::records::keys::{self, DestinationKey};
use crate::records::{SubRecord, decode};

/// How often everything is looked at without a ring: a ring is lost when a commit's answer is.
const POLL: Duration = Duration::from_secs(5);
/// How long rings are gathered after some were answered, or as long as senders rest: a busy server rings
/// thousands of times a second, and a look for each would cost its requests more than this costs an event.
const GATHER: Duration = Duration::from_millis(2);
/// Every how many polls subscriptions without a rule are looked for.
const SWEEP_POLLS: u32 = 12;

/// Runs until delivery stops.
pub(super) async fn run(shared: Arc<Shared>) {
    let clock = shared.ports.clock.clone();
    let mut polls = 0_u32;
    let mut next = clock.mono();
    loop {
        select! {
            biased;
            () = shared.stopping() => return,
            grown = shared.bell.wait() => {
                for bucket in grown {
                    let of_bucket = keys::prefix_range(Table::Subs, &[&bucket.0.to_be_bytes()]);
                    if hand_out(&shared, of_bucket, false).await.is_err() {
                        next = clock.mono() + Duration::from_secs(1);
                    }
                }
                let gather = GATHER.max(pace::rest(shared.load.wait()));
                clock.sleep_until(clock.mono() + gather).await;
            }
            () = clock.sleep_until(next) => {
                let sweep = polls.is_multiple_of(SWEEP_POLLS);
                polls = polls.wrapping_add(1);
                // A poll that failed is made up for by the next one.
                let _ = hand_out(&shared, keys::prefix_range(Table::Subs, &[]), sweep).await;
                next = clock.mono() + POLL;
            }
        }
    }
}

/// Tells the runners of all subscriptions in `range` to look at them.
async fn hand_out(
    shared: &Arc<Shared>,
    mut range: KeyRange,
    sweep: bool,
) -> Result<(), StoreError> {
    loop {
        let (rows, more) = scan(&shared.ports, range.clone(), PAGE).await?;
        for (_, row) in &rows {
            // A damaged record must not stop the others; listing the subscriptions reports it.
            if let Ok(record) = decode::<SubRecord>(&row.bytes) {
                tell(shared, &record, sweep);
            }
        }
        let Some((last, true)) = rows.last().map(|(key, _)| (key, more)) else {
            return Ok(());
        };
        range.start = after(last);
    }
}

fn tell(shared: &Arc<Shared>, record: &SubRecord, sweep: bool) {
    let to = DestinationKey::of(&record.destination);
    let mut lines = lock(&shared.lines);
    let line = match lines.get(&to) {
        Some(line) => line.clone(),
        None => start(shared, &mut lines, to, record),
    };
    line.ask(|mail| {
        mail.grown.insert(record.bucket);
        mail.sweep |= sweep;
    });
}

fn start(
    shared: &Arc<Shared>,
    lines: &mut BTreeMap<DestinationKey, Arc<Line>>,
    to: DestinationKey,
    record: &SubRecord,
) -> Arc<Line> {
    let line = Arc::new(Line::new(record.destination.clone()));
    lines.insert(to, line.clone());
    let runner = Runner::new(shared.clone(), to, line.clone());
    shared.spawn("delivery runner", runner.run());
    line
}

/// Tells the runner of one subscription, when there is one.
pub(super) fn nudge_sub(shared: &Shared, bucket: BucketId, to: DestinationKey) {
    if let Some(line) = lock(&shared.lines).get(&to) {
        line.ask(|mail| {
            mail.grown.insert(bucket);
        });
    }
}
