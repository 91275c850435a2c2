//! From what is seen to what is wrong. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use cohong_core::delivery::{SubActivity, SubStatus};
use cohong_core::engine::{Damage, Function, Inspection};
use cohong_core::model::{Bucket, BucketId, Destination, Timestamp, WorkId};
use cohong_core::records::WorkRecord;
use cohong_core::work::sweep::SweepReport;
use cohong_core::work::{Mismatch, WorkReport};

use crate::finding::Finding;
use crate::serve::admin::work::what;
use crate::serve::scrub::Progress;

/// How far the clock may be behind what it wrote itself.
const CLOCK_BEHIND_MAX: Duration = Duration::from_mins(1);
/// No clock that was ever set shows less: the first day of 2025.
const CLOCK_MIN: Timestamp = Timestamp::from_millis(1_735_689_600_000);

pub(super) fn damage(damage: &Damage, names: &BTreeMap<BucketId, String>) -> Finding {
    if let Some(vault) = damage.vault {
        return Finding::wrong(
            format!("vault {vault}, archive {}: {}", damage.key, damage.what),
            "this archive cannot be read any more",
            "restore the data folder from a backup, or upload the archive again and delete this one; \
             check the disk's health first",
        );
    }
    let bucket = damage
        .bucket
        .and_then(|id| names.get(&id))
        .map_or("?", String::as_str);
    let version = damage
        .version
        .map(|id| format!(" version {id}"))
        .unwrap_or_default();
    Finding::wrong(
        format!("{bucket}/{}{version}: {}", damage.key, damage.what),
        "this version cannot be read any more",
        "restore the data folder from a backup, or upload the object again or delete this version; \
         check the disk's health first",
    )
}

pub(super) fn row(what: &str) -> Finding {
    Finding::wrong(
        what,
        "what was recorded there is refused to whoever asks for it, and never guessed",
        "restore the data folder from a backup; check the disk's health first",
    )
}

/// Records that do not agree with each other.
pub(super) fn mismatch(mismatch: &Mismatch) -> Finding {
    let why = match mismatch {
        Mismatch::WorkWithoutTurn(_) => {
            "nobody would ever do it, and what it would free stays taken"
        }
        Mismatch::TurnWithoutWork(_) => "it costs a look now and then, and tells of lost records",
        Mismatch::VaultUsage(_) => "its owner is told wrong sums, and may not be able to delete it",
        Mismatch::ReadWithoutVersion(..) => "it takes a little space that nothing frees",
        Mismatch::VaultWithoutName(_) => "its owner cannot find it, nor make it again",
        Mismatch::PayloadWithoutHolder(_) => {
            return Finding::note(
                mismatch.to_string(),
                "its bytes take space that nothing frees",
                "nothing has to be done; a restored backup from before does not have it",
            );
        }
    };
    Finding::wrong(mismatch.to_string(), why, "`cohong doctor --repair`")
}

/// What the last look at everything found, and the one under way.
pub(super) fn scrub(progress: &Progress) -> Vec<Finding> {
    let passes = [&progress.now, &progress.last].into_iter().flatten();
    let damage: BTreeSet<&str> = passes
        .flat_map(|pass| pass.damage.iter().map(String::as_str))
        .collect();
    let finding = |what| {
        Finding::wrong(
            format!("the scrub found: {what}"),
            "the disk gives something else than what was written there",
            "check the disk's health; restore the data folder from a backup, or upload again what is named \
             elsewhere in this report; then `cohong scrub` looks again",
        )
    };
    damage.into_iter().map(finding).collect()
}

pub(super) fn more_damage(seen: &Inspection) -> Option<Finding> {
    let more = seen.damaged.saturating_sub(seen.damage.len() as u64);
    (more > 0).then(|| {
        Finding::wrong(
            format!("{more} more versions or archives cannot be read"),
            "so much damage comes from the disk or from changes behind the server's back",
            "stop the server and restore the data folder from a backup",
        )
    })
}

pub(super) fn orphans(seen: &SweepReport) -> Option<Finding> {
    (seen.orphans > 0).then(|| {
        Finding::note(
            format!(
                "{} of {} files belong to no object",
                seen.orphans, seen.seen
            ),
            "a crash leaves some behind, and uploads under way look alike; they only take space",
            "nothing: the server removes them by itself within two hours",
        )
    })
}

pub(super) fn work(work: &[(WorkId, WorkRecord)], report: &WorkReport) -> Vec<Finding> {
    let dead = work
        .iter()
        .filter(|(_, record)| record.dead)
        .map(|(id, record)| {
            let why = record.last_error.as_deref().unwrap_or("no reason was kept");
            Finding::wrong(
                format!("given up: {} ({why})", what(&record.kind)),
                "space stays taken until it is done",
                format!(
                    "repair the cause, then order it again: POST /admin/v1/queue/{}/reopen",
                    hex::encode(id.0)
                ),
            )
        });
    let trouble = report.trouble.iter().map(|trouble| {
        Finding::note(
            format!("background work had trouble: {trouble}"),
            "it goes on by itself; the last trouble since the start is kept",
            "look into the server's log when it does not stop",
        )
    });
    dead.chain(trouble).collect()
}

pub(super) fn sub(sub: &SubStatus) -> Vec<Finding> {
    let bucket = sub.bucket_name.as_ref().map_or("?", |name| name.as_str());
    let to = &sub.destination;
    let mut findings = Vec::new();
    if let SubActivity::Paused { why, .. } = &sub.activity {
        findings.push(Finding::wrong(
            format!("{to} takes no events of {bucket}: {why} ({} wait)", sub.lag),
            "events wait, in order, until it takes them; nothing is lost",
            "repair the receiver; it is tried again by itself, at least every 5 minutes",
        ));
    }
    if sub.held > 0 {
        findings.push(Finding::note(
            format!(
                "{to} refused events of {bucket}: {} are set aside",
                sub.held
            ),
            "other keys go on; these are tried again with growing pauses",
            "`cohong trace BUCKET/KEY` shows why one is refused",
        ));
    }
    if sub.dead > 0 {
        findings.push(Finding::wrong(
            format!("{} events of {bucket} for {to} were given up", sub.dead),
            "the receiver refused each of them about ten times and was never told",
            "`cohong events dead` says why; repair the receiver, then `cohong events dead redrive`",
        ));
    }
    findings
}

pub(super) fn unregistered(bucket: &Bucket, functions: &[Function]) -> Vec<Finding> {
    let named = bucket.rules.iter().flat_map(|rule| &rule.destinations);
    let missing: BTreeSet<&str> = named
        .filter_map(|destination| match destination {
            Destination::Function(name) => Some(&**name),
            Destination::Webhook(_) | Destination::Broker { .. } | Destination::Sync(_) => None,
        })
        .filter(|name| !functions.iter().any(|function| *function.name == **name))
        .collect();
    let finding = |name: &str| {
        Finding::wrong(
            format!(
                "rules of {} call function {name}, which is not registered",
                bucket.name
            ),
            "its events wait until it is",
            format!("cohong function add {name} URL"),
        )
    };
    missing.into_iter().map(finding).collect()
}

pub(super) fn clock(now: Timestamp, latest: Option<Timestamp>) -> Option<Finding> {
    let ahead = latest.map_or(Duration::ZERO, |latest| latest.since(now));
    (now < CLOCK_MIN || ahead > CLOCK_BEHIND_MAX).then(|| {
        Finding::wrong(
            "the clock of this machine shows a time that has already been",
            "signed requests are refused when clocks are 15 minutes apart",
            "set the clock, and keep it right with NTP",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    #[test]
    fn a_clock_that_went_back_is_noticed() {
        let at = |millis: u64| Timestamp::from_millis(1_800_000_000_000 + millis);
        let cases = [
            (at(0), None, false),
            (at(0), Some(at(0)), false),
            (at(0), Some(at(30_000)), false),
            (at(0), Some(at(90_000)), true),
            (Timestamp::from_millis(1_000), None, true),
        ];
        for (n, (now, latest, noticed)) in cases.into_iter().enumerate() {
            assert_eq!(clock(now, latest).is_some(), noticed, "case {n}");
        }
    }

    #[test]
    fn what_a_crash_leaves_behind_is_no_illness() {
        let level = |orphans| {
            let seen = SweepReport {
                seen: 9,
                orphans,
                removed: 0,
            };
            super::orphans(&seen).map(|finding| finding.level)
        };
        assert_eq!(level(0), None);
        assert_eq!(level(2), Some(Level::Note));
    }

    #[test]
    fn damage_beyond_what_is_named_is_counted() {
        let seen = |damaged| Inspection {
            damaged,
            ..Inspection::default()
        };
        assert_eq!(more_damage(&seen(0)), None);
        assert!(
            more_damage(&seen(3))
                .expect("a finding")
                .what
                .starts_with("3 more")
        );
    }
}
