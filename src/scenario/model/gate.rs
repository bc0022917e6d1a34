//! Guards, the SLO and gates: what ends a run and what decides its verdict.

use std::time::Duration;

use super::{FaultId, JourneyId, MetricCheck, StepId};

/// When this is no experiment any more.
#[derive(Debug, Clone, PartialEq)]
pub struct Guard {
    /// A fault starts only after the target met the SLO for this long.
    pub healthy_before: Duration,
    /// How long a fault may wait for that before the run is given up as invalid.
    pub wait_at_most: Duration,
    /// Stop the load, undo, report.
    pub abort_when: Vec<AbortRule>,
}

/// A condition over a sliding window.
#[derive(Debug, Clone, PartialEq)]
pub struct AbortRule {
    /// What is watched.
    pub metric: Metric,
    /// Above or below what.
    pub op: CompareOp,
    /// In the metric's unit: ratio, µs, per second.
    pub limit: f64,
    /// For how long.
    pub window: Duration,
    /// As written.
    pub text: String,
}

/// What "healthy" means.
#[derive(Debug, Clone, PartialEq)]
pub struct Slo {
    /// Share of requests that must succeed, over the error budget's period and in a healthy window.
    pub availability: f64,
    /// Response time p99 in a healthy window; none: latency does not decide health.
    pub p99: Option<Duration>,
    /// A fault has recovered when the SLO held for this long after it.
    pub held_for: Duration,
}

/// A rule that decides the verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Stable, without values: `journey:buy/steady/p95`, `fault:database fails over/recovered_within`.
    pub id: String,
    /// What it looks at.
    pub subject: GateSubject,
    /// As written, for people.
    pub text: String,
    /// Line in the scenario file, from 1.
    pub line: usize,
}

/// What a gate looks at. Each expectation of the file becomes one gate.
#[derive(Debug, Clone, PartialEq)]
pub enum GateSubject {
    /// A measured value within a limit.
    Measured {
        /// Over what.
        scope: Scope,
        /// When.
        during: PhaseSelector,
        /// What.
        check: Check,
    },
    /// A figure that the target tells of itself.
    Metric(MetricCheck),
    /// Something about a fault.
    Recovery {
        /// Which.
        fault: FaultId,
        /// What.
        check: RecoveryCheck,
    },
}

/// Over what a gate looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All requests.
    Run,
    /// Those of a journey.
    Journey(JourneyId),
    /// Those of a step.
    Step(StepId),
}

/// When a gate looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhaseSelector {
    /// Always.
    Whole,
    /// While any load's schedule rises at the start.
    Ramp,
    /// Full load, no fault's window.
    Steady,
    /// Any fault's window.
    Faults,
    /// A fault's window: from its acceptance until the SLO held again and it was undone.
    Fault(FaultId),
    /// After a fault's window, until steady again.
    Recovery,
}

/// A measured value and its limit.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What.
    pub metric: Metric,
    /// How it compares.
    pub op: CompareOp,
    /// In the metric's unit: ratio (0…1), microseconds, per second, count.
    pub limit: f64,
}

/// A quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Metric {
    /// Response time at a quantile 0…1, microseconds, all answers.
    Response(f64),
    /// Service time at a quantile 0…1, microseconds, all answers.
    Service(f64),
    /// Mean response time, microseconds.
    Mean,
    /// Failed requests ÷ requests.
    Errors,
    /// 1 − errors.
    Availability,
    /// Requests per second.
    Rate,
    /// Requests.
    Count,
    /// Iterations started ÷ iterations scheduled (open model).
    OfferedRateMet,
}

/// How a value compares to its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
}

impl CompareOp {
    /// Whether the comparison holds.
    #[must_use]
    pub fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            Self::Greater => value > limit,
            Self::AtLeast => value >= limit,
            Self::Equal => (value - limit).abs() <= f64::EPSILON * limit.abs().max(1.0),
        }
    }
}

/// Something about a fault that must hold.
#[derive(Debug, Clone, PartialEq)]
pub enum RecoveryCheck {
    /// RTO at most this.
    RecoveredWithin(Duration),
    /// Acknowledged writes of the run that are gone, at most this many.
    LostWrites(u64),
    /// Time without any success, at most this.
    Unavailable(Duration),
    /// Failed requests in its window, at most this many.
    FailedRequests(u64),
    /// It was undone completely.
    Undone,
}
