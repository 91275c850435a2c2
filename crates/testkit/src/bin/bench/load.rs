//! A closed loop of clients, each with a connection of its own.

use std::future::Future;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

/// What one cell gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    /// Operations.
    pub count: u32,
    /// Operations a second.
    pub rate: f64,
    /// Median latency.
    pub p50: Duration,
    /// 99th percentile of latency.
    pub p99: Duration,
}

impl Cell {
    /// As many a second as its operations, if there were `count` of them.
    pub(crate) fn share(&self, count: usize) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "counts of a few million")]
        let count = count as f64;
        self.rate * count / f64::from(self.count)
    }
}

/// Length of a cell.
pub(crate) fn length() -> Duration {
    let seconds = std::env::var("COHONG_BENCH_SECONDS")
        .ok()
        .and_then(|s| s.parse().ok());
    Duration::from_secs_f64(seconds.unwrap_or(2.0))
}

/// Runs `clients` loops for the length of a cell. `client` makes a loop's state, `step` runs one
/// operation with it; an error ends everything.
pub(crate) async fn closed_loop<S, C, F, Fut>(
    clients: usize,
    client: C,
    step: F,
) -> Result<Cell, String>
where
    S: Send + 'static,
    C: Fn(usize) -> S,
    F: Fn(S, usize) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = Result<S, String>> + Send,
{
    let mut set = JoinSet::new();
    let started = Instant::now();
    let end = started + length();
    for number in 0..clients {
        let (mut state, step) = (client(number), step.clone());
        set.spawn(async move {
            let mut latencies = Vec::new();
            let mut n = number;
            while Instant::now() < end {
                let begun = Instant::now();
                state = step(state, n).await?;
                latencies.push(begun.elapsed());
                n += clients;
            }
            Ok::<_, String>(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = set.join_next().await {
        latencies.extend(done.map_err(|e| e.to_string())??);
    }
    let elapsed = started.elapsed();
    latencies.sort_unstable();
    let at = |share: usize| {
        latencies
            .get(latencies.len() * share / 100)
            .copied()
            .unwrap_or_default()
    };
    let count = u32::try_from(latencies.len()).map_err(|e| e.to_string())?;
    Ok(Cell {
        count,
        rate: f64::from(count) / elapsed.as_secs_f64(),
        p50: at(50),
        p99: at(99),
    })
}

/// The middle of some values.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
