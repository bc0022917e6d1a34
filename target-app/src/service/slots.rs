//! Work that takes a stated time, so many at once: what a server can do, without the server.
//!
//! It is slept, not computed, so that the result does not hang on how many cores this machine has
//! and on who else uses them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

/// So many may wait for each slot. Longer queues help nobody: who joins one has given up before
/// being served.
const QUEUE_PER_SLOT: usize = 20;

/// Nothing was done: too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all slots are taken, and {waiting} requests wait for one")]
pub struct Full {
    /// How many.
    pub waiting: usize,
}

/// Slots, and those who wait for one in the order in which they came. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Slots {
    free: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    count: usize,
}

impl Slots {
    /// So many slots, one at least.
    #[must_use]
    pub fn new(count: u32) -> Self {
        let count = usize::try_from(count).unwrap_or(usize::MAX).max(1);
        Self {
            free: Arc::new(Semaphore::new(count)),
            waiting: Arc::default(),
            count,
        }
    }

    /// Waits for a slot and holds it for `time`. Dropping the future gives both back.
    ///
    /// # Errors
    /// [`Full`], at once.
    pub async fn work(&self, time: Duration) -> Result<(), Full> {
        if let Ok(_slot) = self.free.try_acquire() {
            tokio::time::sleep(time).await;
            return Ok(());
        }
        let queued = self.queue();
        if queued.before >= self.count * QUEUE_PER_SLOT {
            return Err(Full {
                waiting: queued.before,
            });
        }
        self.wait_and_work(queued, time).await;
        Ok(())
    }

    /// As [`Slots::work`] for what was begun and has to go on: it waits however many do.
    pub async fn go_on(&self, time: Duration) {
        self.wait_and_work(self.queue(), time).await;
    }

    async fn wait_and_work(&self, queued: Queued<'_>, time: Duration) {
        let slot = self.free.acquire().await;
        drop(queued);
        tokio::time::sleep(time).await;
        drop(slot);
    }

    fn queue(&self) -> Queued<'_> {
        Queued {
            before: self.waiting.fetch_add(1, Ordering::Relaxed),
            waiting: &self.waiting,
        }
    }

    /// How many slots there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many of them are held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.count.saturating_sub(self.free.available_permits())
    }

    /// How many wait for one.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

/// A place in the queue, given back when it is dropped.
struct Queued<'a> {
    /// Who was there before.
    before: usize,
    waiting: &'a AtomicUsize,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_millis(4);
    const FOR_GOOD: Duration = Duration::from_secs(600);

    #[tokio::test]
    async fn so_many_at_once_each_for_the_stated_time() {
        let slots = Slots::new(2);
        let began = std::time::Instant::now();
        let work: Vec<_> = (0..10)
            .map(|_| {
                let slots = slots.clone();
                tokio::spawn(async move { slots.work(TIME).await })
            })
            .collect();
        for done in work {
            done.await.unwrap().unwrap();
        }
        // No sleep ends early: ten pieces by twos.
        assert!(began.elapsed() >= 5 * TIME);
        assert_eq!((slots.held(), slots.waiting()), (0, 0));
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_who_leaves_makes_room() {
        let slots = Slots::new(1);
        let mut queue: Vec<_> = (0..=QUEUE_PER_SLOT)
            .map(|_| {
                let slots = slots.clone();
                tokio::spawn(async move { slots.work(FOR_GOOD).await })
            })
            .collect();
        tokio::task::yield_now().await;
        assert_eq!((slots.held(), slots.waiting()), (1, QUEUE_PER_SLOT));
        let refused = slots.work(FOR_GOOD).await;
        assert_eq!(
            refused,
            Err(Full {
                waiting: QUEUE_PER_SLOT
            })
        );
        let last = queue.pop().unwrap();
        last.abort();
        assert!(last.await.unwrap_err().is_cancelled());
        assert_eq!(slots.waiting(), QUEUE_PER_SLOT - 1);
        // It waits again, behind all the others.
        let waits = slots.work(FOR_GOOD);
        tokio::pin!(waits);
        assert!(is_pending(waits.as_mut()).await);
        assert_eq!(slots.waiting(), QUEUE_PER_SLOT);
    }

    /// Whether a future waits for something, having been asked once.
    async fn is_pending<T>(mut future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(future.as_mut().poll(context).is_pending())
        })
        .await
    }
}
