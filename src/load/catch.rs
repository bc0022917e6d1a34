//! Panics of one iteration must not end its user: goose would never tell.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

/// The future's output, or what it panicked with. The caller discards whatever the future was
/// working on, so no half-done state survives.
pub(crate) async fn caught<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    std::future::poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_after_a_wait_is_caught() {
        assert_eq!(caught(async { 7 }).await.ok(), Some(7));
        let failing = async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        };
        let panic: Result<(), _> = caught(failing).await;
        assert_eq!(
            panic.unwrap_err().downcast_ref::<&str>(),
            Some(&"on purpose")
        );
    }
}
