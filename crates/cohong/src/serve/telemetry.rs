//! Logs and metrics.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
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

/// Starts counting; the handle renders the page. A process counts once.
pub(crate) fn count() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::debug!("metrics were already set up");
    }
    handle
}
