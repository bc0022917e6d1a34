//! The edge's log of who went out of rotation and who came back.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::admin_api::HealthEvent;
use crate::api::Instant;

/// Events kept: readers poll more often than this many happen.
const KEPT: usize = 10_000;

/// Numbered events that readers can wait for.
#[derive(Debug)]
pub(super) struct Events {
    log: Mutex<VecDeque<HealthEvent>>,
    last: watch::Sender<u64>,
}

impl Default for Events {
    fn default() -> Self {
        Self {
            log: Mutex::default(),
            last: watch::Sender::new(0),
        }
    }
}

impl Events {
    /// Notes that `target` turned healthy or not, now.
    pub(super) fn note(&self, target: &str, zone: &str, healthy: bool, reason: String) {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = *self.last.borrow() + 1;
        if log.len() == KEPT {
            log.pop_front();
        }
        log.push_back(HealthEvent {
            seq,
            at: Instant::now(),
            target: target.to_owned(),
            zone: zone.to_owned(),
            healthy,
            reason,
        });
        // Under the lock: numbers are given once and in order.
        self.last.send_replace(seq);
    }

    /// Events after `seq`; waits up to `patience` for the first.
    pub(super) async fn after(&self, seq: u64, patience: Duration) -> Vec<HealthEvent> {
        let mut last = self.last.subscribe();
        // Out of time means an empty list.
        let _ = tokio::time::timeout(patience, last.wait_for(|last| *last > seq)).await;
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.iter()
            .filter(|event| event.seq > seq)
            .cloned()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn readers_get_what_is_new_and_wait_for_what_comes() {
        let events = Events::default();
        events.note("a", "z", true, "ok".into());
        events.note("b", "z", false, "gone".into());
        let new = events.after(1, Duration::ZERO).await;
        assert_eq!(new.len(), 1);
        assert_eq!((new[0].seq, &*new[0].target), (2, "b"));

        let (waited, ()) = tokio::join!(events.after(2, Duration::from_secs(60)), async {
            events.note("c", "z", true, "ok".into());
        });
        assert_eq!(waited[0].seq, 3);
    }

    #[tokio::test]
    async fn the_log_is_bounded() {
        let events = Events::default();
        for _ in 0..KEPT + 5 {
            events.note("a", "z", true, String::new());
        }
        let all = events.after(0, Duration::ZERO).await;
        assert_eq!((all.len(), all[0].seq), (KEPT, 6));
    }
}
