//! Logs and metrics.

use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::sync::watch;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging to standard error: text for people, JSON lines for programs. A second call keeps
/// the first.
pub(crate) fn log(filter: &str, json: bool) {
    // The storage engine tells at info what operators cannot use; whoever names it is heard.
    let filter = EnvFilter::try_new(format!("fjall=warn,lsm_tree=warn,{filter}"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let text = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let started = if json {
        registry.with(text.json()).try_init()
    } else {
        registry.with(text.with_target(false)).try_init()
    };
    if started.is_err() {
        tracing::debug!("logging was already set up");
    }
}

/// Bounds of histograms, seconds: from a cached read to the longest upload that is still a request.
const SECONDS: [f64; 12] = [
    0.000_5, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0,
];

/// How often samples are folded into their histograms.
const UPKEEP: Duration = Duration::from_secs(5);

/// Keeps samples from piling up while nobody asks for the page; until the server stops.
pub(crate) async fn upkeep(handle: PrometheusHandle, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(UPKEEP) => handle.run_upkeep(),
        }
    }
}

/// Starts counting; the handle renders the page. A process counts once.
pub(crate) fn count() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&SECONDS)
        .map(PrometheusBuilder::build_recorder);
    let recorder = recorder.expect("there are buckets");
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("metrics were already set up");
    }
    handle
}
