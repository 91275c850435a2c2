//! Numbers that are read when the metrics page is asked for.

use std::collections::BTreeMap;

use cohong_core::Error;
use cohong_core::delivery::{SubActivity, SubStatus};

use super::super::Admin;

/// Refreshes everything that nobody counts as it happens.
pub(super) async fn record(admin: &Admin) -> Result<(), Error> {
    let subs = admin.delivery.subs().await?;
    deliveries(&subs);
    work(admin);
    store(admin);
    metrics::gauge!("cohong_uptime_seconds").set(admin.started.elapsed().as_secs_f64());
    Ok(())
}

#[derive(Default)]
struct OfDestination {
    lag: u64,
    held: u64,
    dead: u64,
    in_flight: usize,
    paused: bool,
    oldest: f64,
}

/// One line a destination, over all its buckets: the number of lines stays small.
fn deliveries(subs: &[SubStatus]) {
    let mut all: BTreeMap<&str, OfDestination> = BTreeMap::new();
    for sub in subs {
        let of = all.entry(&sub.destination).or_default();
        of.lag += sub.lag;
        of.held += sub.held;
        of.dead += sub.dead;
        of.in_flight += sub.in_flight;
        of.paused |= matches!(sub.activity, SubActivity::Paused { .. });
        of.oldest = of.oldest.max(sub.oldest.map_or(0.0, |age| age.as_secs_f64()));
    }
    for (name, of) in all {
        let labels = [("destination", name.to_owned())];
        metrics::gauge!("cohong_delivery_lag_events", &labels).set(float(of.lag));
        metrics::gauge!("cohong_delivery_oldest_seconds", &labels).set(of.oldest);
        metrics::gauge!("cohong_delivery_held_events", &labels).set(float(of.held));
        metrics::gauge!("cohong_delivery_dead_events", &labels).set(float(of.dead));
        metrics::gauge!("cohong_delivery_in_flight", &labels).set(float(of.in_flight as u64));
        let paused = if of.paused { 1.0 } else { 0.0 };
        metrics::gauge!("cohong_delivery_paused", &labels).set(paused);
    }
}

fn work(admin: &Admin) {
    let report = admin.work.report();
    metrics::gauge!("cohong_work_running").set(float(report.running as u64));
    metrics::counter!("cohong_work_finished_total").absolute(report.finished);
    metrics::counter!("cohong_work_failed_total").absolute(report.failed);
}

fn store(admin: &Admin) {
    let stats = admin.meta.stats();
    metrics::counter!("cohong_commit_batches_total").absolute(stats.batches);
    metrics::counter!("cohong_commits_total").absolute(stats.members);
    metrics::counter!("cohong_commit_conflicts_total").absolute(stats.conflicts);
    metrics::counter!("cohong_commit_syncs_total").absolute(stats.syncs);
    metrics::counter!("cohong_commit_sync_micros_total").absolute(stats.sync_micros);
    metrics::gauge!("cohong_commit_queue").set(float(stats.queued));
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; counts here stay far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}
