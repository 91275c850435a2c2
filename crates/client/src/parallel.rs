//! Many pieces of work, some at a time.

use tokio::task::{JoinError, JoinSet};

/// Runs `work` on every item, at most `at_once` together, and hands each outcome to `done`.
///
/// After a failure nothing new is begun, what runs comes to its end, and the first failure is returned: so as much as
/// possible is there for the next attempt. Dropping the future ends everything.
pub async fn each<I, T, E, F>(
    items: impl IntoIterator<Item = I>,
    at_once: usize,
    work: impl Fn(I) -> F,
    mut done: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E>
where
    T: Send + 'static,
    E: From<std::io::Error> + Send + 'static,
    F: Future<Output = Result<T, E>> + Send + 'static,
{
    let mut items = items.into_iter();
    let mut running = JoinSet::new();
    let mut failed = None;
    loop {
        while failed.is_none() && running.len() < at_once {
            let Some(item) = items.next() else { break };
            running.spawn(work(item));
        }
        let Some(ended) = running.join_next().await else {
            return failed.map_or(Ok(()), Err);
        };
        if let Err(error) = joined(ended).and_then(&mut done) {
            failed.get_or_insert(error);
        }
    }
}

/// How many may compute at once without waiting for each other.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

/// Runs what computes or waits for a disk where it holds up nobody.
pub async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<std::io::Error> + Send + 'static,
{
    joined(tokio::task::spawn_blocking(work).await)
}

/// A task of ours ends early only when it panicked, which goes on here, or with its runtime.
fn joined<T, E: From<std::io::Error>>(ended: Result<Result<T, E>, JoinError>) -> Result<T, E> {
    match ended {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(std::io::Error::other(error).into()),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn no_more_than_allowed_run_together_and_a_failure_ends_it() {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let work = |n: usize| {
            let (now, most) = (now.clone(), most.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
                match n {
                    20 => Err(std::io::Error::other("twenty")),
                    n => Ok(n),
                }
            }
        };
        let mut seen = Vec::new();
        let mut note = |n| {
            seen.push(n);
            Ok::<(), std::io::Error>(())
        };
        each(0..20, 3, work, &mut note).await.expect("all good");
        assert_eq!(most.load(Ordering::SeqCst), 3);
        let failed = each(15..100, 3, work, &mut note).await.expect_err("twenty");
        assert_eq!(failed.to_string(), "twenty");
        assert!(seen.len() >= 25 && seen.iter().all(|n| *n < 25), "{seen:?}");
    }
}
