//! A deadline for every request at the price of one timer operation per timeout, not per request.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// The deadline passed first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Expired;

/// One user's timer. It is left running from request to request: when it fires before the current
/// deadline it is set anew, so that only requests that take long ever touch the timer wheel.
#[derive(Debug, Default)]
pub(crate) struct Watchdog {
    timer: Option<Pin<Box<Sleep>>>,
}

impl Watchdog {
    /// Runs the future until `limit` has passed.
    pub(crate) async fn guard<F: Future>(
        &mut self,
        limit: Duration,
        future: F,
    ) -> Result<F::Output, Expired> {
        let mut future = pin!(future);
        let mut deadline = None;
        std::future::poll_fn(|cx| {
            if let Poll::Ready(output) = future.as_mut().poll(cx) {
                return Poll::Ready(Ok(output));
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + limit);
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
            if timer.deadline() > deadline {
                timer.as_mut().reset(deadline);
            }
            while timer.as_mut().poll(cx).is_ready() {
                if Instant::now() >= deadline {
                    return Poll::Ready(Err(Expired));
                }
                timer.as_mut().reset(deadline);
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Lower bounds only: a busy machine may be late, but nothing may expire early.

    #[tokio::test]
    async fn each_future_has_its_own_full_limit() {
        let mut dog = Watchdog::default();
        let limit = Duration::from_millis(40);
        let started = Instant::now();
        // The timer of the first future fires under a later one, which must not suffer from it.
        while started.elapsed() < 2 * limit {
            let quick = tokio::task::yield_now();
            assert_eq!(dog.guard(limit, quick).await, Ok(()));
        }
        let started = Instant::now();
        let never = std::future::pending::<()>();
        assert_eq!(dog.guard(limit, never).await, Err(Expired));
        assert!(started.elapsed() >= limit);
    }

    #[tokio::test]
    async fn a_shorter_limit_after_a_longer_one_holds() {
        let mut dog = Watchdog::default();
        let quick = tokio::task::yield_now();
        assert!(dog.guard(Duration::from_secs(3_600), quick).await.is_ok());
        // Hangs for an hour if it does not.
        let never = std::future::pending::<()>();
        assert!(dog.guard(Duration::from_millis(5), never).await.is_err());
    }
}
