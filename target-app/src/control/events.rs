//! What happened: a bounded log that clients follow by long polling.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;

use crate::api::{Event, EventKind, Instant};

/// Events kept; a client that falls further behind misses the oldest.
const CAPACITY: usize = 20_000;

/// The log. Shared by everything that reports and everybody who follows.
#[derive(Debug)]
pub(super) struct EventLog {
    events: Mutex<VecDeque<Event>>,
    last: watch::Sender<u64>,
}

impl EventLog {
    pub(super) fn new() -> Self {
        Self {
            events: Mutex::new(VecDeque::new()),
            last: watch::Sender::new(0),
        }
    }

    /// Adds an event that happens now.
    pub(super) fn add(
        &self,
        kind: EventKind,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) {
        self.add_at(Instant::now(), kind, subject, detail);
    }

    /// Adds an event that another process saw at `at`.
    pub(super) fn add_at(
        &self,
        at: Instant,
        kind: EventKind,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) {
        let (subject, detail) = (subject.into(), detail.into());
        tracing::info!(?kind, subject, detail);
        let mut events = self.lock();
        let seq = *self.last.borrow() + 1;
        if events.len() == CAPACITY {
            events.pop_front();
        }
        events.push_back(Event {
            seq,
            at,
            kind,
            subject,
            detail,
        });
        self.last.send_replace(seq);
    }

    /// The number of the last event; 0 before the first.
    pub(super) fn last(&self) -> u64 {
        *self.last.borrow()
    }

    /// Events after number `after`, oldest first; waits up to `wait` for the first.
    pub(super) async fn after(&self, after: u64, wait: Duration) -> Vec<Event> {
        let mut last = self.last.subscribe();
        // Nothing in time: the answer is empty.
        let _ = tokio::time::timeout(wait, last.wait_for(|last| *last > after)).await;
        let events = self.lock();
        let first = events.partition_point(|event| event.seq <= after);
        events.range(first..).cloned().collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Event>> {
        self.events
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn answers_what_came_after() {
        let log = EventLog::new();
        log.add(EventKind::PodStarted, "shop-1", "");
        log.add(EventKind::PodReady, "shop-1", "");
        let seen = log.after(1, Duration::ZERO).await;
        assert_eq!(seen.len(), 1);
        assert_eq!(seen[0].kind, EventKind::PodReady);
        assert!(log.after(2, Duration::ZERO).await.is_empty());
    }

    #[tokio::test]
    async fn a_poll_waits_for_the_next_event() {
        let log = std::sync::Arc::new(EventLog::new());
        let following = {
            let log = log.clone();
            tokio::spawn(async move { log.after(0, Duration::from_secs(60)).await })
        };
        tokio::task::yield_now().await;
        log.add(EventKind::PodStarted, "shop-1", "");
        assert_eq!(following.await.unwrap()[0].seq, 1);
    }

    #[tokio::test]
    async fn keeps_the_newest() {
        let log = EventLog::new();
        for _ in 0..CAPACITY + 5 {
            log.add(EventKind::Problem, "", "");
        }
        let kept = log.after(0, Duration::ZERO).await;
        assert_eq!((kept.len(), kept[0].seq), (CAPACITY, 6));
    }
}
