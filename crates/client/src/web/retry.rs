//! Trying again.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};

/// How often something is tried, and with which pauses between. A pause doubles from one to the next and is lengthened
/// by chance, so that parts that failed together do not come together again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Tries in all; 1 means none is repeated.
    pub tries: usize,
    /// First pause.
    pub pause_min: Duration,
    /// Longest pause.
    pub pause_max: Duration,
}

impl Default for Retry {
    /// Three tries, and pauses of 0.256 to 4.096 seconds.
    fn default() -> Self {
        Self {
            tries: 3,
            pause_min: Duration::from_millis(256),
            pause_max: Duration::from_millis(4096),
        }
    }
}

impl Retry {
    /// Runs `work` until it succeeds, fails with what `again` does not take, or has been tried often enough; `told` hears
    /// of each failure and the pause behind it.
    pub async fn run<T, E, F: Future<Output = Result<T, E>>>(
        self,
        work: impl FnMut() -> F,
        again: impl Fn(&E) -> bool,
        told: impl Fn(&E, Duration),
    ) -> Result<T, E> {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(self.pause_min)
            .with_max_delay(self.pause_max)
            .with_max_times(self.tries.saturating_sub(1))
            .with_jitter();
        work.retry(pauses)
            .when(again)
            .notify(|error, pause| told(error, pause))
            .await
    }
}
