//! One generator thread: its users, its connections, its recorder. Nothing on its hot path is
//! shared with another worker.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::exchange::{Client, Connector};
use super::gate::OpenGate;
use super::journey::{Program, Traveller};
use super::record::Recorder;
use super::seats::Seat;
use super::shared::Shared;
use super::timekeeper::Timekeeper;
use super::write_log::WriteLog;
use crate::measure::clock::{Micros, RunClock};
use crate::scenario::Scenario;

/// What the users of one thread share.
pub(crate) struct Worker {
    pub(crate) clock: RunClock,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) program: Arc<Program>,
    pub(crate) write_log: Arc<dyn WriteLog>,
    pub(crate) keeper: Timekeeper,
    /// What all workers of the run share.
    pub(crate) shared: Arc<Shared>,
    /// The gates of the open loads.
    pub(crate) gates: Vec<Arc<OpenGate>>,
    pub(crate) seats: Vec<Seat>,
    pub(crate) connector: Arc<Connector>,
    recorder: Mutex<Recorder>,
    /// Users that stand ready, and those that have gone home.
    ready: AtomicUsize,
    home: AtomicUsize,
    changed: Notify,
    ended_early: AtomicBool,
}

/// The parts a worker is made of.
pub(crate) struct Parts {
    pub(crate) clock: RunClock,
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) program: Arc<Program>,
    pub(crate) write_log: Arc<dyn WriteLog>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) gates: Vec<Arc<OpenGate>>,
    pub(crate) seats: Vec<Seat>,
    pub(crate) connector: Connector,
}

impl Worker {
    pub(crate) fn new(parts: Parts) -> Self {
        let slow_over = parts.scenario.slo.p99.map_or(u64::MAX, |limit| {
            u64::try_from(limit.as_micros()).unwrap_or(u64::MAX)
        });
        let recorder =
            Recorder::new(parts.scenario.steps.len(), parts.clock.now()).slow_over(slow_over);
        Self {
            keeper: Timekeeper::new(parts.clock),
            clock: parts.clock,
            scenario: parts.scenario,
            program: parts.program,
            write_log: parts.write_log,
            shared: parts.shared,
            gates: parts.gates,
            seats: parts.seats,
            connector: Arc::new(parts.connector),
            recorder: Mutex::new(recorder),
            ready: AtomicUsize::new(0),
            home: AtomicUsize::new(0),
            changed: Notify::new(),
            ended_early: AtomicBool::new(false),
        }
    }

    /// Only this worker's thread ever takes this lock.
    pub(crate) fn recorder(&self) -> MutexGuard<'_, Recorder> {
        lock(&self.recorder)
    }

    /// For cookies' expiry.
    pub(crate) fn unix_seconds(&self) -> i64 {
        let seconds = self.clock.unix_us(self.clock.now()) / 1_000_000;
        i64::try_from(seconds).unwrap_or(i64::MAX)
    }

    /// Connections and buffers for the user on this seat; it has none yet.
    pub(crate) fn new_traveller(&self, seat: usize) -> Box<Traveller> {
        let client = Client::new(self.connector.clone(), self.clock, seat);
        Box::new(Traveller::new(client, self.scenario.slots))
    }

    /// A user stands ready: returns the run time at which the schedules begin.
    pub(crate) async fn stand_ready(&self, mut begin: watch::Receiver<Option<Micros>>) -> Micros {
        self.ready.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
        let origin = begin.wait_for(Option::is_some).await.map(|origin| *origin);
        match origin {
            Ok(origin) => origin.unwrap_or(0),
            // The run was given up before it began; the runtime is about to go.
            Err(_) => std::future::pending().await,
        }
    }

    /// Returns once every user stands ready.
    pub(crate) async fn all_ready(&self) {
        self.reaches(&self.ready).await;
    }

    /// A user has nothing left to do.
    pub(crate) fn goes_home(&self) {
        self.home.fetch_add(1, Ordering::Relaxed);
        self.changed.notify_waiters();
    }

    /// Returns once every user has gone home.
    pub(crate) async fn all_home(&self) {
        self.reaches(&self.home).await;
    }

    /// Counts what the open schedules have called for since this was last done.
    pub(crate) fn count_offered(&self) {
        let now = self.clock.now();
        let mut recorder = self.recorder();
        for due in self.gates.iter().flat_map(|gate| gate.offered(now)) {
            recorder.scheduled(due);
        }
    }

    /// No new requests, no more sleep. `early`: before the schedules were over.
    pub(crate) fn end(&self, early: bool) {
        self.count_offered();
        self.ended_early.store(early, Ordering::Relaxed);
        for gate in &self.gates {
            gate.end();
        }
        self.keeper.end();
    }

    /// Whether the run was stopped before its schedules were over.
    pub(crate) fn ended_early(&self) -> bool {
        self.ended_early.load(Ordering::Relaxed)
    }

    async fn reaches(&self, count: &AtomicUsize) {
        loop {
            let changed = self.changed.notified();
            if count.load(Ordering::Relaxed) >= self.seats.len() {
                return;
            }
            changed.await;
        }
    }
}

impl std::fmt::Debug for Worker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Worker")
            .field("seats", &self.seats.len())
            .finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
