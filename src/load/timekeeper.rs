//! Think times and pacing, woken by the same timer that releases arrivals: tokio's own timer is a
//! millisecond coarse, which would show in every measured time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use tokio::sync::Notify;

use crate::measure::clock::{Micros, RunClock};

/// Wakes the users of one worker at given instants.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    pub(crate) clock: RunClock,
    alarms: Mutex<BinaryHeap<Reverse<Alarm>>>,
    /// When the ticker looks next; whoever needs it earlier says so.
    armed: AtomicU64,
    earlier: Notify,
    over: AtomicBool,
}

#[derive(Debug)]
struct Alarm {
    at: Micros,
    waker: Waker,
}

impl Timekeeper {
    pub(crate) fn new(clock: RunClock) -> Self {
        Self {
            clock,
            alarms: Mutex::default(),
            armed: AtomicU64::new(Micros::MAX),
            earlier: Notify::new(),
            over: AtomicBool::new(false),
        }
    }

    /// Returns at that instant, or at once when the run is over.
    pub(crate) async fn sleep_until(&self, at: Micros) {
        let mut set = false;
        std::future::poll_fn(|cx| {
            if self.is_over() || self.clock.now() >= at {
                return Poll::Ready(());
            }
            if !set {
                set = true;
                let waker = cx.waker().clone();
                self.alarms().push(Reverse(Alarm { at, waker }));
                self.needs(at);
            }
            Poll::Pending
        })
        .await;
    }

    /// Wakes everyone whose time has come; says when the next one is due.
    pub(crate) fn ring(&self, now: Micros) -> Option<Micros> {
        let mut alarms = self.alarms();
        while let Some(Reverse(next)) = alarms.peek() {
            if next.at > now {
                return Some(next.at);
            }
            if let Some(Reverse(alarm)) = alarms.pop() {
                alarm.waker.wake();
            }
        }
        None
    }

    /// The run is over: nobody sleeps any longer.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.ring(Micros::MAX);
    }

    /// Whether the run is over.
    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Something is due at that instant: the ticker must not sleep past it.
    pub(crate) fn needs(&self, at: Micros) {
        if at < self.armed.load(Ordering::Relaxed) {
            self.earlier.notify_one();
        }
    }

    /// The ticker sleeps until then; returns when that has become too late.
    pub(crate) async fn needed_before(&self, armed: Micros) {
        self.armed.store(armed, Ordering::Relaxed);
        self.earlier.notified().await;
    }

    fn alarms(&self) -> MutexGuard<'_, BinaryHeap<Reverse<Alarm>>> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PartialEq for Alarm {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Alarm {}

impl PartialOrd for Alarm {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Alarm {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sleepers_wake_in_order_and_all_at_the_end() {
        let keeper = Timekeeper::new(RunClock::start());
        let far = keeper.clock.now() + 3_600_000_000;
        let sleeper = keeper.sleep_until(far);
        let waker = async {
            tokio::task::yield_now().await;
            assert_eq!(keeper.ring(far - 1), Some(far));
            keeper.end();
        };
        tokio::join!(sleeper, waker);
        assert_eq!(keeper.ring(far), None);
    }
}
