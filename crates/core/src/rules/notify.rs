//! Which destinations a change is told to. Decided at commit, by the rules in force then.

use crate::model::{Bucket, Event};
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
            (0..found.destinations.len()).map(move |destination| hit(rule, destination))
        })
        .collect();
    Some(LoggedEvent {
        event,
        rule_set: bucket.rule_set,
        hits,
    })
}

fn hit(rule: usize, destination: usize) -> Hit {
    let index =
        |n: usize| u16::try_from(n).expect("rules and destinations are limited to hundreds");
    Hit {
        rule: index(rule),
        destination: index(destination),
    }
}
