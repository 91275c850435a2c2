//! Which destinations a change is told to. Decided at commit, by the rules in force then.

use crate::model::{Bucket, Destination, Event};
use crate::records::{Hit, LoggedEvent};

/// The log record of a change, or `None` while the bucket never had a rule. A destination that two
/// rules name is hit once a rule: each rule writes its own message.
pub fn log_record(bucket: &Bucket, event: Event) -> Option<LoggedEvent> {
    if !bucket.logs_changes() {
        return None;
    }
    let hits = bucket
        .rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| rule.matches(event.kind, &event.key))
        .flat_map(|(rule, found)| {
            let entered = found.destinations.iter().map(|to| enters(&event, to));
            let told = entered.enumerate().filter(|(_, enters)| *enters);
            told.map(move |(destination, _)| hit(rule, destination))
        })
        .collect();
    Some(LoggedEvent {
        event,
        rule_set: bucket.rule_set,
        hits,
    })
}

/// Whether a destination is told of a change. Loops of sync tasks end here.
fn enters(event: &Event, to: &Destination) -> bool {
    match to {
        Destination::Sync(task) => event.past.may_enter(*task),
        Destination::Function(_) | Destination::Webhook(_) | Destination::Broker { .. } => true,
    }
}

fn hit(rule: usize, destination: usize) -> Hit {
    let index =
        |n: usize| u16::try_from(n).expect("rules and destinations are limited to hundreds");
    Hit {
        rule: index(rule),
        destination: index(destination),
    }
}
