//! Numbers that are read when the metrics page is asked for, as the text that Prometheus reads. Written
//! here and not through the recorder, which would go on showing destinations that are no more.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use cohong_core::Error;
use cohong_core::delivery::{SubActivity, SubStatus};
use cohong_core::work::WorkReport;
use cohong_store::meta::Stats;

use super::super::Admin;
use crate::serve::scrub::Progress;

/// Everything that nobody counts as it happens.
pub(super) async fn read(admin: &Admin) -> Result<String, Error> {
    let subs = admin.delivery.subs().await?;
    let mut page = Page::default();
    deliveries(&mut page, &subs);
    work(&mut page, &admin.work.report());
    store(&mut page, &admin.meta.stats());
    scrub(&mut page, &admin.scrub.progress());
    page.plain(
        "cohong_uptime_seconds",
        "gauge",
        admin.started.elapsed().as_secs_f64(),
    );
    Ok(page.text)
}

#[derive(Default)]
struct OfDestination {
    lag: u64,
    held: u64,
    dead: u64,
    in_flight: usize,
    paused: u8,
    oldest: f64,
}

type OneNumber = fn(&OfDestination) -> String;

/// One line a destination, over all its buckets: the number of lines stays small.
fn deliveries(page: &mut Page, subs: &[SubStatus]) {
    let mut all: BTreeMap<&str, OfDestination> = BTreeMap::new();
    for sub in subs {
        let of = all.entry(&sub.destination).or_default();
        of.lag += sub.lag;
        of.held += sub.held;
        of.dead += sub.dead;
        of.in_flight += sub.in_flight;
        of.paused |= u8::from(matches!(sub.activity, SubActivity::Paused { .. }));
        of.oldest = of
            .oldest
            .max(sub.oldest.map_or(0.0, |age| age.as_secs_f64()));
    }
    let numbers: [(&str, OneNumber); 6] = [
        ("cohong_delivery_lag_events", |of| of.lag.to_string()),
        ("cohong_delivery_oldest_seconds", |of| of.oldest.to_string()),
        ("cohong_delivery_held_events", |of| of.held.to_string()),
        ("cohong_delivery_dead_events", |of| of.dead.to_string()),
        ("cohong_delivery_in_flight", |of| of.in_flight.to_string()),
        ("cohong_delivery_paused", |of| of.paused.to_string()),
    ];
    for (name, number) in numbers {
        page.of_destinations(
            name,
            all.iter()
                .map(|(destination, of)| (*destination, number(of))),
        );
    }
}

fn work(page: &mut Page, report: &WorkReport) {
    page.plain("cohong_work_running", "gauge", report.running);
    page.plain("cohong_work_finished_total", "counter", report.finished);
    page.plain("cohong_work_failed_total", "counter", report.failed);
}

fn store(page: &mut Page, stats: &Stats) {
    page.plain("cohong_commit_batches_total", "counter", stats.batches);
    page.plain("cohong_commits_total", "counter", stats.members);
    page.plain("cohong_commit_conflicts_total", "counter", stats.conflicts);
    page.plain("cohong_commit_syncs_total", "counter", stats.syncs);
    page.plain(
        "cohong_commit_sync_micros_total",
        "counter",
        stats.sync_micros,
    );
    page.plain("cohong_commit_queue", "gauge", stats.queued);
}

fn scrub(page: &mut Page, progress: &Progress) {
    let now = progress.now.as_ref();
    let last = progress.last.as_ref();
    page.plain("cohong_scrub_running", "gauge", u8::from(now.is_some()));
    page.plain(
        "cohong_scrub_pass_bytes",
        "gauge",
        now.map_or(0, |pass| pass.bytes),
    );
    let damaged = [now, last].into_iter().flatten().map(|pass| pass.damaged);
    page.plain("cohong_scrub_damaged", "gauge", damaged.max().unwrap_or(0));
    if let Some(ended) = last.and_then(|pass| pass.ended_at) {
        page.plain(
            "cohong_scrub_ended_timestamp_seconds",
            "gauge",
            ended / 1000,
        );
    }
}

/// The text format, version 0.0.4. Writing to a string cannot fail.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn plain(&mut self, name: &str, kind: &str, value: impl Display) {
        let _ = writeln!(self.text, "# TYPE {name} {kind}\n{name} {value}\n");
    }

    fn of_destinations<'a>(&mut self, name: &str, values: impl Iterator<Item = (&'a str, String)>) {
        let _ = writeln!(self.text, "# TYPE {name} gauge");
        for (destination, value) in values {
            let label = destination
                .replace('\\', r"\\")
                .replace('"', "\\\"")
                .replace('\n', r"\n");
            let _ = writeln!(self.text, "{name}{{destination=\"{label}\"}} {value}");
        }
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_prometheus_reads_them() {
        let mut page = Page::default();
        page.plain("a_total", "counter", 3);
        let odd = "webhook:http://h/\"q\"\\".to_owned();
        page.of_destinations(
            "b",
            [("function:f", "0.5".to_owned()), (&odd, "1".to_owned())].into_iter(),
        );
        let expected = concat!(
            "# TYPE a_total counter\na_total 3\n\n",
            "# TYPE b gauge\n",
            "b{destination=\"function:f\"} 0.5\n",
            r#"b{destination="webhook:http://h/\"q\"\\"} 1"#,
            "\n\n",
        );
        assert_eq!(page.text, expected);
    }
}
