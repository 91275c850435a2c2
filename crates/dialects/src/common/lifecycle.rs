//! Lifecycle rules, as documents of any form tell them.

use std::collections::BTreeSet;

use cohong_core::model::{Due, LifecycleRule};
use cohong_core::rules::lifecycle::{Deed, overlap};

use super::date;
use super::vocabulary::Vocabulary;
use crate::gate::fault::Fault;

/// When something happens, in the members of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct When {
    /// So many days after.
    pub(crate) days: Option<u32>,
    /// At this instant.
    pub(crate) date: Option<String>,
    /// At once, to what was written before this instant.
    pub(crate) before: Option<String>,
}

impl When {
    /// The one thing they say; `what` names what is to happen.
    pub(crate) fn read(self, what: &str) -> Result<Due, Fault> {
        let instant = |text: String| {
            let why = "a date is written as in 2030-01-01T00:00:00.000Z";
            date::parse_iso(text.trim()).ok_or_else(|| Fault::argument("Date", &text, why))
        };
        match (self.days, self.date, self.before) {
            (Some(days), None, None) => Ok(Due::Days(days)),
            (None, Some(date), None) => Ok(Due::Date(instant(date)?)),
            (None, None, Some(date)) => Ok(Due::WrittenBefore(instant(date)?)),
            _ => Err(Fault::Body(
                format!("{what} names one time: days or a date").into(),
            )),
        }
    }

    /// When current objects go, and whether delete markers that stand alone do: one or the other.
    pub(crate) fn expiry(self, markers: bool) -> Result<(Option<Due>, bool), Fault> {
        if !markers {
            return Ok((Some(self.read("Expiration")?), false));
        }
        if self == Self::default() {
            return Ok((None, true));
        }
        Err(Fault::Body(
            "Expiration names either a time or ExpiredObjectDeleteMarker".into(),
        ))
    }
}

impl Vocabulary {
    /// The members of a document for a time.
    pub(crate) fn when(&self, due: Due) -> When {
        let none = When::default();
        match due {
            Due::Days(days) => When {
                days: Some(days),
                ..none
            },
            Due::Date(at) => When {
                date: Some(self.date(at)),
                ..none
            },
            Due::WrittenBefore(at) => When {
                before: Some(self.date(at)),
                ..none
            },
        }
    }
}

/// Whether a rule is in force, by the word of the whole family.
pub(crate) fn is_enabled(word: &str) -> Result<bool, Fault> {
    match word {
        "Enabled" => Ok(true),
        "Disabled" => Ok(false),
        _ => Err(Fault::Body("Status is Enabled or Disabled".into())),
    }
}

/// The word for whether a rule is in force.
pub(crate) fn status(enabled: bool) -> &'static str {
    if enabled { "Enabled" } else { "Disabled" }
}

/// Gives rules without a name one of their own.
pub(crate) fn name_all(rules: &mut [LifecycleRule]) {
    let mut taken: BTreeSet<Box<str>> = rules.iter().map(|rule| rule.id.clone()).collect();
    let mut free = (1..)
        .map(|number: u64| Box::from(format!("rule-{number}")))
        .filter(move |name| taken.insert(Box::clone(name)));
    for rule in rules.iter_mut().filter(|rule| rule.id.is_empty()) {
        rule.id = free.next().unwrap_or_default();
    }
}

/// Whether a rule counts days for one thing and names a date for another that happens to the same
/// objects: which comes first would be a matter of luck.
pub(crate) fn mixes_times(rule: &LifecycleRule) -> bool {
    let moves = rule.transitions.iter().map(|one| one.due);
    let dues: Vec<Due> = rule.expire.into_iter().chain(moves).collect();
    let by_days = |due: &Due| matches!(due, Due::Days(_));
    dues.iter().any(by_days) && !dues.iter().all(by_days)
}

/// What two rules may both do to one object, in the family's words.
pub(crate) fn overlapping(rules: &[LifecycleRule]) -> Option<&'static str> {
    overlap(rules).map(|deed| match deed {
        Deed::Expire | Deed::ExpireMarkers => "Expiration",
        Deed::ExpireOlder => "NoncurrentVersionExpiration",
        Deed::Move => "Transition",
        Deed::MoveOlder => "NoncurrentVersionTransition",
        Deed::Abort => "AbortMultipartUpload",
    })
}

#[cfg(test)]
mod tests {
    use cohong_core::model::{StorageClass, Timestamp, Transition};

    use super::*;

    #[test]
    fn exactly_one_time_is_named() {
        let text = |text: &str| Some(text.to_owned());
        let day = "1970-01-02T00:00:00.000Z";
        let at = Timestamp::from_millis(86_400_000);
        let cases = [
            (Some(3), None, None, Some(Due::Days(3))),
            (None, text(day), None, Some(Due::Date(at))),
            (None, None, text(day), Some(Due::WrittenBefore(at))),
            (None, None, None, None),
            (Some(3), text(day), None, None),
            (None, text(day), text(day), None),
            (None, text("tomorrow"), None, None),
        ];
        for (days, date, before, wanted) in cases {
            let when = When { days, date, before };
            let told = format!("{when:?}");
            assert_eq!(when.read("Expiration").ok(), wanted, "{told}");
        }
    }

    #[test]
    fn rules_without_name_get_one_that_no_other_has() {
        let rule = |id: &str| LifecycleRule {
            id: id.into(),
            ..LifecycleRule::default()
        };
        let mut rules = [rule(""), rule("rule-2"), rule("mine"), rule("")];
        name_all(&mut rules);
        let names: Vec<&str> = rules.iter().map(|rule| &*rule.id).collect();
        assert_eq!(names, ["rule-1", "rule-2", "mine", "rule-3"]);
    }

    #[test]
    fn days_and_dates_do_not_go_together() {
        let (days, date) = (Due::Days(1), Due::WrittenBefore(Timestamp::default()));
        let cases = [
            (Some(days), vec![days], false),
            (Some(date), vec![date], false),
            (Some(date), vec![days], true),
            (None, vec![days, date], true),
            (Some(days), vec![], false),
        ];
        for (expire, moves, wanted) in cases {
            let class = StorageClass::Infrequent;
            let rule = LifecycleRule {
                expire,
                transitions: moves
                    .into_iter()
                    .map(|due| Transition { due, class })
                    .collect(),
                ..LifecycleRule::default()
            };
            assert_eq!(mixes_times(&rule), wanted, "{rule:?}");
        }
    }
}
