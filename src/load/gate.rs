//! Where the users of an open load wait for arrivals.
//!
//! Nothing is queued: arrivals that find every user busy stay in the schedule, and a user who
//! comes back takes the oldest one that is due. Its wait counts, for it starts from its due time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::pacing::{Arrival, Arrivals};
use super::timekeeper::Timekeeper;
use crate::measure::clock::Micros;

/// One worker's share of one open load.
#[derive(Debug)]
pub(crate) struct OpenGate {
    /// Every `stride`-th arrival is this worker's, beginning with number `offset`.
    stride: u64,
    offset: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// The load's `t = 0`, run time. Nothing is due before it is known.
    origin: Option<Micros>,
    /// What has been given to users.
    taken: Arrivals,
    /// What the schedule has called for.
    offered: Arrivals,
    /// Users without work; the last one goes first, so that warm connections are used again.
    idle: Vec<(usize, Waker)>,
    handed: Vec<Handed>,
    started: u64,
    called: u64,
    over: bool,
}

/// What a user at the gate has been given.
#[derive(Debug, Clone, Default)]
enum Handed {
    #[default]
    Busy,
    Waiting,
    Work(Arrival),
}

/// An arrival as a user gets it, due in run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) arrival: Arrival,
    /// A user was free when it was due: if it starts late, then not for want of one.
    pub(crate) awaited: bool,
}

impl OpenGate {
    pub(crate) fn new(arrivals: &Arrivals, users: usize, worker: usize, workers: usize) -> Self {
        Self {
            stride: workers as u64,
            offset: worker as u64,
            inner: Mutex::new(Inner {
                origin: None,
                taken: arrivals.clone(),
                offered: arrivals.clone(),
                idle: Vec::with_capacity(users),
                handed: vec![Handed::Busy; users],
                started: 0,
                called: 0,
                over: false,
            }),
        }
    }

    /// The schedule begins: `t = 0` is at `origin`.
    pub(crate) fn begin(&self, origin: Micros) {
        self.inner().origin = Some(origin);
    }

    /// The next arrival for this user (its number at this gate), due in run time; `None` when
    /// there will be none.
    pub(crate) async fn next(&self, user: usize, keeper: &Timekeeper) -> Option<Given> {
        std::future::poll_fn(|cx| {
            let mut inner = self.inner();
            if inner.over {
                return Poll::Ready(None);
            }
            match inner.handed[user] {
                Handed::Work(arrival) => {
                    inner.handed[user] = Handed::Busy;
                    return Poll::Ready(Some(Given {
                        arrival,
                        awaited: true,
                    }));
                }
                // Woken for another reason: the waker left here stays good.
                Handed::Waiting => return Poll::Pending,
                Handed::Busy => {}
            }
            if let Some(arrival) = self.take(&mut inner, keeper.clock.now()) {
                let awaited = !inner.idle.is_empty();
                return Poll::Ready(Some(Given { arrival, awaited }));
            }
            let Some(next) = inner.taken.peek() else {
                return Poll::Ready(None);
            };
            inner.handed[user] = Handed::Waiting;
            inner.idle.push((user, cx.waker().clone()));
            keeper.needs(inner.origin.unwrap_or(0) + next.due);
            Poll::Pending
        })
        .await
    }

    /// Gives what is due to waiting users; says when the next arrival is due for one of them.
    pub(crate) fn release(&self, now: Micros) -> Option<Micros> {
        let mut inner = self.inner();
        while !inner.idle.is_empty() {
            let Some(arrival) = self.take(&mut inner, now) else {
                break;
            };
            if let Some((user, waker)) = inner.idle.pop() {
                inner.handed[user] = Handed::Work(arrival);
                waker.wake();
            }
        }
        match inner.taken.peek() {
            Some(_) if inner.idle.is_empty() => None,
            Some(next) => Some(inner.origin? + next.due),
            None => {
                inner.dismiss();
                None
            }
        }
    }

    /// The due times, in run time, of what the schedule has called for since this was last asked.
    pub(crate) fn offered(&self, now: Micros) -> Vec<Micros> {
        let mut inner = self.inner();
        let mut due = Vec::new();
        let Some(origin) = inner.origin.filter(|_| !inner.over) else {
            return due;
        };
        let Some(now) = now.checked_sub(origin) else {
            return due;
        };
        while let Some(arrival) = inner.offered.next_due(now) {
            if self.is_mine(arrival) {
                due.push(origin + arrival.due);
            }
        }
        inner.called += due.len() as u64;
        due
    }

    /// Arrivals that the schedule has called for and that wait for a user. While one is free there
    /// are none: then they wait for this thread.
    pub(crate) fn backlog(&self) -> u64 {
        let inner = self.inner();
        if inner.idle.is_empty() {
            inner.called.saturating_sub(inner.started)
        } else {
            0
        }
    }

    /// No more arrivals: everyone who waits goes home.
    pub(crate) fn end(&self) {
        let mut inner = self.inner();
        inner.over = true;
        inner.dismiss();
    }

    fn take(&self, inner: &mut Inner, now: Micros) -> Option<Arrival> {
        let origin = inner.origin?;
        let now = now.checked_sub(origin)?;
        loop {
            let arrival = inner.taken.next_due(now)?;
            if self.is_mine(arrival) {
                inner.started += 1;
                return Some(Arrival {
                    due: origin + arrival.due,
                    ..arrival
                });
            }
        }
    }

    fn is_mine(&self, arrival: Arrival) -> bool {
        arrival.number % self.stride == self.offset
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn dismiss(&mut self) {
        for (user, waker) in self.idle.drain(..) {
            self.handed[user] = Handed::Busy;
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::load::pacing::RateCurve;
    use crate::measure::clock::RunClock;
    use crate::scenario::{RateSegment, Spread};

    fn gate(rate: f64, users: usize, worker: usize, workers: usize) -> OpenGate {
        let curve = RateCurve::new(&[RateSegment {
            from: rate,
            to: rate,
            over: Duration::from_secs(1),
        }]);
        let arrivals = Arrivals::new(Arc::new(curve), Spread::Even, 1, 0);
        OpenGate::new(&arrivals, users, worker, workers)
    }

    #[tokio::test]
    async fn arrivals_wait_for_busy_users_and_none_is_lost() {
        // A clock that started long ago.
        let keeper = Timekeeper::new(RunClock::started_at(target_app::api::Instant {
            monotonic_us: 0,
            unix_us: 0,
        }));
        let gate = gate(100.0, 1, 0, 1);
        gate.begin(0);
        // The user was busy for the whole schedule: every arrival still has its due time.
        assert_eq!(gate.release(2_000_000), None);
        assert_eq!(gate.offered(2_000_000).len(), 100);
        let mut taken = Vec::new();
        while let Some(given) = gate.next(0, &keeper).await {
            assert!(
                !given.awaited,
                "it waited for its user, not the other way round"
            );
            taken.push(given.arrival.due);
        }
        assert_eq!(taken, (0..100).map(|n| n * 10_000).collect::<Vec<_>>());
        assert_eq!(gate.backlog(), 0);
    }

    #[tokio::test]
    async fn a_waiting_user_is_handed_what_becomes_due() {
        let keeper = Timekeeper::new(RunClock::start());
        let gate = gate(10.0, 2, 0, 1);
        // Far in the future on the real clock, so that only the test decides what is due.
        let origin = keeper.clock.now() + 3_600_000_000;
        gate.begin(origin);
        let user = gate.next(0, &keeper);
        let release = async {
            tokio::task::yield_now().await;
            assert_eq!(gate.release(origin - 1), Some(origin));
            assert_eq!(gate.release(origin + 100_000), None);
        };
        let (given, ()) = tokio::join!(user, release);
        let arrival = Arrival {
            number: 0,
            due: origin,
        };
        let awaited = true;
        assert_eq!(given, Some(Given { arrival, awaited }));
        assert_eq!(gate.offered(origin + 100_000), [origin, origin + 100_000]);
        assert_eq!(gate.backlog(), 1);
    }

    #[tokio::test]
    async fn the_end_sends_everyone_home() {
        let keeper = Timekeeper::new(RunClock::start());
        let gate = gate(10.0, 2, 0, 1);
        let origin = keeper.clock.now() + 3_600_000_000;
        gate.begin(origin);
        let end = async {
            tokio::task::yield_now().await;
            // Due and not handed out: no backlog, for there are users.
            assert_eq!(gate.offered(origin + 100_000).len(), 2);
            assert_eq!(gate.backlog(), 0);
            gate.end();
        };
        let (a, b, ()) = tokio::join!(gate.next(0, &keeper), gate.next(1, &keeper), end);
        assert_eq!((a, b), (None, None));
    }

    #[test]
    fn workers_share_the_arrivals_without_overlap() {
        let mut all: Vec<Micros> = (0..3)
            .flat_map(|worker| {
                let gate = gate(100.0, 1, worker, 3);
                gate.begin(0);
                gate.offered(2_000_000)
            })
            .collect();
        all.sort_unstable();
        assert_eq!(all, (0..100).map(|n| n * 10_000).collect::<Vec<_>>());
    }
}
