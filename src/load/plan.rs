//! What a load run needs, what it leaves, and why it cannot begin.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::sync::mpsc::UnboundedSender;

use super::stop::Stop;
use super::wire::WireTimes;
use super::write_log::WriteLog;
use crate::measure::clock::{Micros, RunClock};
use crate::measure::generator::GeneratorSample;
use crate::measure::interval::{Interval, Pulse, SlowRequest};
use crate::measure::saturation::Denied;
use crate::scenario::Scenario;

/// Everything a load run needs. Its channels are read on other threads than the generator's.
#[derive(Clone)]
pub struct LoadPlan {
    /// What is done.
    pub scenario: Arc<Scenario>,
    /// What paths are appended to: `http://127.0.0.1:8080`, perhaps with a path of its own.
    pub base_url: String,
    /// The run's clock.
    pub clock: RunClock,
    /// Generator threads; users are spread over them. At least 1.
    pub workers: usize,
    /// Ends the run early.
    pub stop: Stop,
    /// One message for every second that had any activity, complete and in order.
    pub intervals: UnboundedSender<Interval>,
    /// One message every 100 ms.
    pub pulses: UnboundedSender<Pulse>,
    /// How the generator itself is doing, every second.
    pub health: UnboundedSender<GeneratorSample>,
    /// Where writes with a ledger rule are told.
    pub write_log: Arc<dyn WriteLog>,
}

impl fmt::Debug for LoadPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadPlan")
            .field("scenario", &self.scenario.name)
            .field("base_url", &self.base_url)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

/// What a load run did.
#[derive(Debug, Clone)]
pub struct LoadOutcome {
    /// When the schedules began, run time: a load's `t = 0`.
    pub began: Micros,
    /// From then until the last worker was done.
    pub duration: Duration,
    /// Sums over all loads and workers.
    pub totals: Totals,
    /// How late iterations started after their intended start, microseconds.
    pub start_lag_us: Histogram<u64>,
    /// How long names, connections, handshakes and first bytes took.
    pub wire: WireTimes,
    /// The slowest requests, slowest first.
    pub slowest: Vec<SlowRequest>,
    /// Processor time of the generator's threads, seconds.
    pub cpu_seconds: f64,
    /// Most iterations in progress at once.
    pub max_users: u64,
    /// Data sets with `order = "unique"` that ran out, each of which ended a load early.
    pub data_ran_out: Vec<String>,
}

/// Counts over a whole run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Iterations that the open-model schedules called for.
    pub arrivals_scheduled: u64,
    /// Of those, started.
    pub arrivals_started: u64,
    /// Of those, more than [`LATE_US`] after their intended start.
    pub arrivals_late: u64,
    /// Of those, the ones that a free user was waiting for: the generator itself held them up.
    pub arrivals_held_up: u64,
    /// Scheduled and never started.
    pub arrivals_dropped: u64,
    /// Iterations started, of all loads.
    pub iterations_started: u64,
    /// Iterations that came to their end, well or not.
    pub iterations_ended: u64,
    /// Of those, with a failed step.
    pub iterations_failed: u64,
    /// Iterations that the end of the run cut short.
    pub iterations_cut: u64,
    /// Requests that got no answer before a stop; they are in no histogram.
    pub requests_abandoned: u64,
    /// Requests without effects that were sent again because an idle connection had expired.
    pub requests_resent: u64,
    /// Connections opened.
    pub connections_opened: u64,
    /// Connections that this machine denied.
    pub connections_denied: Denied,
    /// TLS handshakes with certificates and keys.
    pub handshakes_full: u64,
    /// TLS handshakes that continued an earlier session.
    pub handshakes_resumed: u64,
    /// Answers whose body came compressed.
    pub compressed_answers: u64,
    /// Bytes of those bodies as they came.
    pub bytes_compressed: u64,
    /// Bytes of those bodies without their compression.
    pub bytes_decompressed: u64,
    /// Steps that panicked: defects of this tool.
    pub panics: u64,
}

/// An arrival that starts later than this after its intended start is late, microseconds.
pub const LATE_US: u64 = 10_000;

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.arrivals_scheduled += other.arrivals_scheduled;
        self.arrivals_started += other.arrivals_started;
        self.arrivals_late += other.arrivals_late;
        self.arrivals_held_up += other.arrivals_held_up;
        self.arrivals_dropped += other.arrivals_dropped;
        self.iterations_started += other.iterations_started;
        self.iterations_ended += other.iterations_ended;
        self.iterations_failed += other.iterations_failed;
        self.iterations_cut += other.iterations_cut;
        self.requests_abandoned += other.requests_abandoned;
        self.requests_resent += other.requests_resent;
        self.connections_opened += other.connections_opened;
        self.connections_denied += other.connections_denied;
        self.handshakes_full += other.handshakes_full;
        self.handshakes_resumed += other.handshakes_resumed;
        self.compressed_answers += other.compressed_answers;
        self.bytes_compressed += other.bytes_compressed;
        self.bytes_decompressed += other.bytes_decompressed;
        self.panics += other.panics;
    }
}

/// A load run could not begin, or ended against its plan.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Nothing answers where the target should be.
    #[error("the target {url} cannot be reached: {cause}\n  next: {next}")]
    Unreachable {
        /// What was tried.
        url: String,
        /// Why it failed.
        cause: String,
        /// What to do about it.
        next: String,
    },
    /// The target's URL is none.
    #[error("`{url}` is no target: {cause}")]
    BadUrl {
        /// As given.
        url: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The operating system refused something.
    #[error("the generator cannot {what}: {source}")]
    System {
        /// What it was doing.
        what: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The user engine refused its configuration or ended while users were running.
    #[error("the user engine (goose) {0}")]
    Engine(String),
    /// A generator thread panicked: a defect of this tool.
    #[error("a generator thread panicked; what it measured is lost")]
    WorkerPanicked,
}
