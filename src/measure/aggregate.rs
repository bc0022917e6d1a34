//! From seconds to figures: streams a recording once and keeps only what reports and gates ask for.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::interval::{Interval, StepInterval, histogram};
use super::outcome::ErrorKind;
use super::quantile::Sparse;
use super::timeline::{Bounded, Bucket};
use super::window::{PhaseWindow, selects, windows_of_second};
use crate::scenario::{JourneyId, PhaseSelector, Scenario, Scope};

/// Which of the two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    /// From the intended start.
    Response,
    /// From the send.
    Service,
}

/// A question: what did this scope do during that phase?
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Over what.
    pub scope: Scope,
    /// When.
    pub during: PhaseSelector,
    /// Keep this series second by second as well, for an interval of its quantiles.
    pub resample: Option<Series>,
}

impl Cut {
    /// Totals only.
    #[must_use]
    pub fn of(scope: Scope, during: PhaseSelector) -> Self {
        Self {
            scope,
            during,
            resample: None,
        }
    }
}

/// What to keep.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The journey of each step, by step.
    pub journey_of: Vec<JourneyId>,
    /// Phases.
    pub windows: Vec<PhaseWindow>,
    /// Questions; equal ones are answered once.
    pub cuts: Vec<Cut>,
}

impl Plan {
    /// For a scenario: the given questions.
    #[must_use]
    pub fn new(scenario: &Scenario, windows: Vec<PhaseWindow>, cuts: Vec<Cut>) -> Self {
        Self {
            journey_of: scenario.steps.iter().map(|step| step.journey).collect(),
            windows,
            cuts,
        }
    }
}

/// Totals of a scope during a phase.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Requests.
    pub count: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Whole seconds that it looked at, with or without requests.
    pub seconds: u64,
    /// Iterations that the open-model schedules called for in these seconds, of all loads.
    pub scheduled: u64,
    /// Of those, started.
    pub started: u64,
    /// Response time of all requests, microseconds.
    pub response: Histogram<u64>,
    /// Service time of all requests, microseconds.
    pub service: Histogram<u64>,
    /// The series that the cut asked for, by consecutive seconds of the phase.
    pub units: Bounded<Sparse>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            count: 0,
            failed: 0,
            seconds: 0,
            scheduled: 0,
            started: 0,
            response: histogram(),
            service: histogram(),
            units: Bounded::default(),
        }
    }
}

impl Tally {
    fn add_second<'a>(
        &mut self,
        interval: &Interval,
        steps: impl Iterator<Item = &'a StepInterval>,
        resample: Option<Series>,
    ) {
        let mut unit = Sparse::default();
        for step in steps {
            self.count += step.ok_response_us.len() + step.failed_response_us.len();
            self.failed += step.failed_response_us.len();
            for part in [&step.ok_response_us, &step.failed_response_us] {
                add(&mut self.response, part);
                if resample == Some(Series::Response) {
                    unit.merge(&Sparse::from(part));
                }
            }
            for part in [&step.ok_service_us, &step.failed_service_us] {
                add(&mut self.service, part);
                if resample == Some(Series::Service) {
                    unit.merge(&Sparse::from(part));
                }
            }
        }
        if resample.is_some() {
            self.units.add(self.seconds, unit);
        }
        self.seconds += 1;
        self.scheduled += interval.scheduled;
        self.started += interval.started;
    }
}

fn add(into: &mut Histogram<u64>, part: &Histogram<u64>) {
    // All have three digits, and `histogram()` grows on demand.
    into.add(part).expect("histograms of one kind add up");
}

/// Failures of one kind at one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorTotal {
    /// How many.
    pub count: u64,
    /// The second in which the first ended.
    pub first_second: u64,
    /// The second in which the last ended.
    pub last_second: u64,
}

/// Totals of a step over the run.
#[derive(Debug, Clone)]
pub struct StepTotal {
    /// Response time of successes, microseconds.
    pub ok_response: Histogram<u64>,
    /// Service time of successes.
    pub ok_service: Histogram<u64>,
    /// Response time of all.
    pub response: Histogram<u64>,
    /// Service time of all.
    pub service: Histogram<u64>,
    /// Failures by kind.
    pub errors: BTreeMap<ErrorKind, ErrorTotal>,
    /// Answers by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Body bytes sent.
    pub bytes_sent: u64,
    /// Body bytes received.
    pub bytes_received: u64,
}

impl Default for StepTotal {
    fn default() -> Self {
        Self {
            ok_response: histogram(),
            ok_service: histogram(),
            response: histogram(),
            service: histogram(),
            errors: BTreeMap::new(),
            statuses: BTreeMap::new(),
            bytes_sent: 0,
            bytes_received: 0,
        }
    }
}

impl StepTotal {
    fn add_second(&mut self, second: u64, of: &StepInterval) {
        add(&mut self.ok_response, &of.ok_response_us);
        add(&mut self.ok_service, &of.ok_service_us);
        for part in [&of.ok_response_us, &of.failed_response_us] {
            add(&mut self.response, part);
        }
        for part in [&of.ok_service_us, &of.failed_service_us] {
            add(&mut self.service, part);
        }
        for (kind, count) in &of.errors {
            let total = self.errors.entry(*kind).or_insert(ErrorTotal {
                count: 0,
                first_second: second,
                last_second: second,
            });
            total.count += count;
            total.last_second = second;
        }
        for (status, count) in &of.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        self.bytes_sent += of.bytes_sent;
        self.bytes_received += of.bytes_received;
    }
}

/// All that reports and gates need to know about a recording.
#[derive(Debug, Clone)]
pub struct Measured {
    /// Totals of each step, by step.
    pub steps: Vec<StepTotal>,
    /// Totals of the run in each of the plan's windows.
    pub windows: Vec<(PhaseWindow, Tally)>,
    /// The run over time.
    pub timeline: Bounded<Bucket>,
    /// How late open-model iterations started, microseconds.
    pub start_lag: Histogram<u64>,
    /// Iterations that ended, of all loads.
    pub iterations: u64,
    cuts: Vec<(Cut, Tally)>,
}

impl Measured {
    /// The answer to a question that the plan asked; none for others.
    #[must_use]
    pub fn tally(&self, scope: &Scope, during: &PhaseSelector) -> Option<&Tally> {
        let asked = |(cut, _): &&(Cut, Tally)| cut.scope == *scope && cut.during == *during;
        self.cuts.iter().find(asked).map(|(_, tally)| tally)
    }

    /// The answer that keeps the series second by second.
    #[must_use]
    pub fn resampled(&self, cut: &Cut) -> Option<&Tally> {
        self.cuts
            .iter()
            .find(|(asked, _)| asked == cut)
            .map(|(_, tally)| tally)
    }
}

/// Streams a recording through a plan.
///
/// # Errors
/// The first error that the recording returns.
pub fn aggregate<E>(
    intervals: impl IntoIterator<Item = Result<Interval, E>>,
    plan: &Plan,
) -> Result<Measured, E> {
    let mut cuts: Vec<(Cut, Tally)> = Vec::new();
    for cut in &plan.cuts {
        if !cuts.iter().any(|(known, _)| known == cut) {
            cuts.push((cut.clone(), Tally::default()));
        }
    }
    let mut measured = Measured {
        steps: vec![StepTotal::default(); plan.journey_of.len()],
        windows: plan
            .windows
            .iter()
            .map(|window| (window.clone(), Tally::default()))
            .collect(),
        timeline: Bounded::default(),
        start_lag: histogram(),
        iterations: 0,
        cuts,
    };
    for interval in intervals {
        measured.add(&interval?, plan);
    }
    Ok(measured)
}

impl Measured {
    fn add(&mut self, interval: &Interval, plan: &Plan) {
        let within = windows_of_second(&plan.windows, interval.second);
        for index in &within {
            self.windows[*index]
                .1
                .add_second(interval, interval.steps.iter(), None);
        }
        for (cut, tally) in &mut self.cuts {
            if !selects(&cut.during, &plan.windows, &within) {
                continue;
            }
            let in_scope = |step: &&StepInterval| match cut.scope {
                Scope::Run => true,
                Scope::Journey(journey) => plan.journey_of[step.step] == journey,
                Scope::Step(id) => step.step == id,
            };
            tally.add_second(
                interval,
                interval.steps.iter().filter(in_scope),
                cut.resample,
            );
        }
        for step in &interval.steps {
            self.steps[step.step].add_second(interval.second, step);
        }
        self.timeline.add(interval.second, Bucket::from(interval));
        add(&mut self.start_lag, &interval.start_lag_us);
        self.iterations += interval.ended;
    }
}
