//! What the engine hands over while it runs: one [`Interval`] a second, one [`Pulse`] every 100 ms.
//!
//! Intervals carry full histograms and become `run.hlog`; pulses carry only counts, at 10 ms
//! resolution, and drive what has to know at once: guards, recovery, progress.

use std::collections::BTreeMap;
use std::sync::Arc;

use hdrhistogram::Histogram;

use super::clock::Micros;
use super::outcome::ErrorKind;
use crate::scenario::StepId;

/// Highest value kept exactly, microseconds: ten minutes. Anything slower is clamped and counted there.
pub const HIGHEST_US: u64 = 600_000_000;

/// An empty histogram: 1 µs to [`HIGHEST_US`], three significant digits, grown on demand.
#[must_use]
pub fn histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new(3).expect("three digits are valid");
    histogram.auto(true);
    histogram
}

/// One second of one run, merged over the workers. Requests belong to the second they ended in.
#[derive(Debug, Clone)]
pub struct Interval {
    /// Seconds since the run's start.
    pub second: u64,
    /// Only steps that had requests.
    pub steps: Vec<StepInterval>,
    /// How late iterations started after their intended start, microseconds.
    pub start_lag_us: Histogram<u64>,
    /// Iterations that the open-model schedules called for in this second.
    pub scheduled: u64,
    /// Iterations started, of those.
    pub started: u64,
    /// Iterations ended, of all loads.
    pub ended: u64,
    /// Most iterations in progress at once.
    pub users: u64,
    /// Who answered; a recording that is read back has none.
    pub responders: Vec<Responder>,
}

/// Requests of one second by who answered them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Responder {
    /// As the answers' `x-zone` says; none: no answer, or one that does not say.
    pub zone: Option<Arc<str>>,
    /// As the answers' `x-pod` says.
    pub pod: Option<Arc<str>>,
    /// Successes.
    pub ok: u64,
    /// Failures.
    pub failed: u64,
}

impl Responder {
    /// Adds the counts of another part of the same second to those of the same responder.
    pub fn join(all: &mut Vec<Self>, other: Self) {
        let same = |known: &&mut Self| known.zone == other.zone && known.pod == other.pod;
        match all.iter_mut().find(same) {
            Some(known) => {
                known.ok += other.ok;
                known.failed += other.failed;
            }
            None => all.push(other),
        }
    }
}

/// One second of one step.
#[derive(Debug, Clone)]
pub struct StepInterval {
    /// Which.
    pub step: StepId,
    /// Response time of successes, microseconds from the intended start to the last byte.
    pub ok_response_us: Histogram<u64>,
    /// Service time of successes, microseconds from the send to the last byte.
    pub ok_service_us: Histogram<u64>,
    /// Response time of failures.
    pub failed_response_us: Histogram<u64>,
    /// Service time of failures.
    pub failed_service_us: Histogram<u64>,
    /// Failures by kind.
    pub errors: BTreeMap<ErrorKind, u64>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Body bytes sent.
    pub bytes_sent: u64,
    /// Body bytes received.
    pub bytes_received: u64,
}

/// Counts since the last pulse, at 10 ms resolution.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    /// When it was taken: everything that ended before is in it or in an earlier one.
    pub at: Micros,
    /// Non-empty slices in order of time.
    pub slices: Vec<Slice>,
    /// Iterations in progress.
    pub users: u64,
    /// Failures worth showing, at most a few per step and kind in a run.
    pub samples: Vec<ErrorSample>,
}

/// Length of a [`Slice`], microseconds.
pub const SLICE_US: u64 = 10_000;

/// What ended within one hundredth of a second at one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Its start, a multiple of [`SLICE_US`].
    pub at: Micros,
    /// Which step.
    pub step: StepId,
    /// Successes.
    pub ok: u32,
    /// Failures.
    pub failed: u32,
    /// Successes whose response time exceeded the SLO's p99; 0 when it has none.
    pub slow: u32,
    /// Largest response time in it, microseconds.
    pub max_response_us: u64,
    /// Sum of response times, microseconds.
    pub sum_response_us: u64,
    /// Earliest send of a request that failed, microseconds of run time; 0 without failures.
    pub first_failed_sent: Micros,
    /// Latest send of a request that failed; 0 without failures.
    pub last_failed_sent: Micros,
}

impl Slice {
    /// Joins the counts of another part of the same slice and step.
    pub fn merge(&mut self, other: &Self) {
        self.first_failed_sent = match (self.failed, other.failed) {
            (_, 0) => self.first_failed_sent,
            (0, _) => other.first_failed_sent,
            _ => self.first_failed_sent.min(other.first_failed_sent),
        };
        self.last_failed_sent = self.last_failed_sent.max(other.last_failed_sent);
        self.ok += other.ok;
        self.failed += other.failed;
        self.slow += other.slow;
        self.max_response_us = self.max_response_us.max(other.max_response_us);
        self.sum_response_us += other.sum_response_us;
    }
}

/// One of the slowest requests. Never holds secrets: no request headers or bodies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowRequest {
    /// When it ended.
    pub at: Micros,
    /// Which step.
    pub step: StepId,
    /// From the intended start to the last byte, microseconds.
    pub response_us: u64,
    /// From the send to the last byte, microseconds.
    pub service_us: u64,
    /// Status, where there was an answer.
    pub status: Option<u16>,
    /// Whether it failed.
    pub failed: bool,
    /// `METHOD path` without the query's values.
    pub request: String,
    /// The pod that answered, as `x-pod` says.
    pub pod: Option<String>,
    /// Its trace id, 32 hexadecimal digits, where one was sent.
    pub trace: Option<String>,
}

/// A failure as a person would want to see it. Never holds secrets: no request headers or bodies.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ErrorSample {
    /// When it ended.
    pub at: Micros,
    /// Which step.
    pub step: StepId,
    /// Why.
    pub kind: ErrorKind,
    /// Status, where there was an answer.
    pub status: Option<u16>,
    /// What was expected and what came, at most 300 characters.
    pub message: String,
    /// `METHOD path` without the query's values.
    pub request: String,
    /// The pod that answered, as `x-pod` says.
    pub pod: Option<String>,
    /// Its trace id, where one was sent.
    #[serde(default)]
    pub trace: Option<String>,
}
