//! One worker's measurements. Used by that worker's thread alone, so nothing here contends.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use super::responders::Responders;
use super::samples::Samples;
use super::slices::Slices;
use super::slowest::Slowest;
use crate::load::exchange::Made;
use crate::load::health::ThreadTime;
use crate::load::plan::{LATE_US, Totals};
use crate::load::wire::{WireTimes, note};
use crate::measure::clock::Micros;
use crate::measure::interval::{
    ErrorSample, Interval, Slice, SlowRequest, StepInterval, histogram,
};
use crate::measure::outcome::ErrorKind;
use crate::scenario::StepId;

const SECOND_US: Micros = 1_000_000;

/// What became of one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Outcome<'a> {
    pub(crate) step: StepId,
    /// When it was meant to start.
    pub(crate) intended: Micros,
    /// When sending began.
    pub(crate) sent_at: Micros,
    /// When its last byte was there or its failure certain.
    pub(crate) done_at: Micros,
    /// Why it failed, if it did.
    pub(crate) error: Option<ErrorKind>,
    /// Status of the answer, if there was one.
    pub(crate) status: Option<u16>,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    /// Zone that answered, as the answer says.
    pub(crate) zone: Option<&'a [u8]>,
    /// Pod that answered, as the answer says.
    pub(crate) pod: Option<&'a [u8]>,
}

/// When an arrival was meant to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: Micros,
    /// A user was free by then.
    pub(crate) awaited: bool,
}

/// Measurements of one worker that have not been handed over yet.
#[derive(Debug)]
pub(crate) struct Recorder {
    current: Interval,
    steps: Vec<StepInterval>,
    touched: Vec<bool>,
    finished: Vec<Interval>,
    slices: Slices,
    responders: Responders,
    pub(crate) samples: Samples,
    pub(crate) slowest: Slowest,
    users: u64,
    pub(crate) totals: Totals,
    lag_us: Histogram<u64>,
    wire: WireTimes,
    most_users: u64,
}

/// What a worker hands to the collector.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) worker: usize,
    /// Everything that ended before is in it or in an earlier one.
    pub(crate) at: Micros,
    /// Seconds that are complete.
    pub(crate) intervals: Vec<Interval>,
    pub(crate) slices: Vec<Slice>,
    pub(crate) samples: Vec<ErrorSample>,
    pub(crate) users: u64,
    /// Of the worker's thread so far.
    pub(crate) time: ThreadTime,
    /// Arrivals that are due and wait for a user.
    pub(crate) backlog: u64,
    /// The worker has ended: nothing follows.
    pub(crate) last: Option<Box<Last>>,
}

/// What is only known at the end.
#[derive(Debug)]
pub(crate) struct Last {
    pub(crate) totals: Totals,
    pub(crate) lag_us: Histogram<u64>,
    pub(crate) wire: WireTimes,
    pub(crate) most_users: u64,
    pub(crate) slowest: Vec<SlowRequest>,
}

impl Recorder {
    /// For a run whose first second is that of `start`.
    pub(crate) fn new(steps: usize, start: Micros) -> Self {
        Self {
            current: empty(start / SECOND_US),
            steps: (0..steps).map(empty_step).collect(),
            touched: vec![false; steps],
            finished: Vec::new(),
            slices: Slices::new(steps),
            responders: Responders::default(),
            samples: Samples::default(),
            slowest: Slowest::default(),
            users: 0,
            totals: Totals::default(),
            lag_us: histogram(),
            wire: WireTimes::default(),
            most_users: 0,
        }
    }

    /// Counts successes that took longer than this, microseconds, as slow.
    pub(crate) fn slow_over(mut self, limit_us: u64) -> Self {
        self.slices = self.slices.slow_over(limit_us);
        self
    }

    /// Counts one request.
    pub(crate) fn record(&mut self, outcome: &Outcome<'_>) {
        self.advance(outcome.done_at);
        let response_us = outcome.done_at.saturating_sub(outcome.intended);
        let service_us = outcome.done_at.saturating_sub(outcome.sent_at);
        let step = &mut self.steps[outcome.step];
        self.touched[outcome.step] = true;
        let (response, service) = match outcome.error {
            None => (&mut step.ok_response_us, &mut step.ok_service_us),
            Some(kind) => {
                *step.errors.entry(kind).or_default() += 1;
                (&mut step.failed_response_us, &mut step.failed_service_us)
            }
        };
        note(response, response_us);
        note(service, service_us);
        if let Some(status) = outcome.status {
            *step.statuses.entry(status).or_default() += 1;
        }
        step.bytes_sent += outcome.bytes_sent;
        step.bytes_received += outcome.bytes_received;
        self.slices.add(
            outcome.done_at,
            outcome.step,
            response_us,
            outcome.error.map(|_| outcome.sent_at),
        );
        self.responders
            .count(outcome.zone, outcome.pod, outcome.error.is_some());
    }

    /// How a request fared on its connection: its wait for the first byte of the answer, if that
    /// came, and whether it was sent a second time.
    pub(crate) fn exchanged(
        &mut self,
        sent_at: Micros,
        first_byte_at: Option<Micros>,
        resent: bool,
    ) {
        self.totals.requests_resent += u64::from(resent);
        if let Some(at) = first_byte_at {
            note(&mut self.wire.first_byte_us, at.saturating_sub(sent_at));
        }
    }

    /// A body came compressed: how long it was on its way, and how long it is, bytes.
    pub(crate) fn decompressed(&mut self, received: u64, length: u64) {
        self.totals.compressed_answers += 1;
        self.totals.bytes_compressed += received;
        self.totals.bytes_decompressed += length;
    }

    /// What the worker's connector has made.
    pub(crate) fn made(&mut self, made: &Made) {
        self.totals.connections_opened = made.connections;
        self.totals.connections_denied = made.denied;
        self.totals.handshakes_full = made.full_handshakes;
        self.totals.handshakes_resumed = made.resumed_handshakes;
        self.wire.add(&made.times);
    }

    /// The open model's schedules called for an iteration.
    pub(crate) fn scheduled(&mut self, due: Micros) {
        self.totals.arrivals_scheduled += 1;
        // Counted a little later than due: its second may be over already, but not handed over.
        let second = due / SECOND_US;
        match self.finished.iter_mut().find(|i| i.second == second) {
            Some(interval) => interval.scheduled += 1,
            None => self.current.scheduled += 1,
        }
    }

    /// An iteration starts. `due` is when an arrival was meant to; closed users have none.
    pub(crate) fn started(&mut self, now: Micros, due: Option<Due>) {
        self.advance(now);
        self.totals.iterations_started += 1;
        self.users += 1;
        self.most_users = self.most_users.max(self.users);
        self.current.users = self.current.users.max(self.users);
        if let Some(due) = due {
            let lag = now.saturating_sub(due.at);
            let late = lag > LATE_US;
            self.totals.arrivals_started += 1;
            self.totals.arrivals_late += u64::from(late);
            self.totals.arrivals_held_up += u64::from(late && due.awaited);
            self.current.started += 1;
            note(&mut self.current.start_lag_us, lag);
            note(&mut self.lag_us, lag);
        }
    }

    /// An iteration is over: by itself, or `cut` short by the end of the run.
    pub(crate) fn ended(&mut self, now: Micros, failed: bool, cut: bool) {
        self.advance(now);
        self.users = self.users.saturating_sub(1);
        if cut {
            self.totals.iterations_cut += 1;
        } else {
            self.totals.iterations_ended += 1;
            self.totals.iterations_failed += u64::from(failed);
            self.current.ended += 1;
        }
    }

    /// Takes everything that is complete at `now`.
    pub(crate) fn report(&mut self, worker: usize, now: Micros) -> Report {
        self.advance(now);
        Report {
            worker,
            at: now,
            intervals: std::mem::take(&mut self.finished),
            slices: self.slices.take(),
            samples: self.samples.take(),
            users: self.users,
            time: ThreadTime::default(),
            backlog: 0,
            last: None,
        }
    }

    /// Takes the rest, the unfinished second too.
    pub(crate) fn last_report(&mut self, worker: usize, now: Micros) -> Report {
        let mut report = self.report(worker, now);
        self.finish_second();
        report.intervals.append(&mut self.finished);
        report.last = Some(Box::new(Last {
            totals: self.totals,
            lag_us: self.lag_us.clone(),
            wire: self.wire.clone(),
            most_users: self.most_users,
            slowest: self.slowest.take(),
        }));
        report
    }

    fn advance(&mut self, at: Micros) {
        while self.current.second < at / SECOND_US {
            self.finish_second();
        }
    }

    fn finish_second(&mut self) {
        let mut next = empty(self.current.second + 1);
        next.users = self.users;
        let mut interval = std::mem::replace(&mut self.current, next);
        interval.responders = self.responders.take();
        for (id, touched) in self.touched.iter_mut().enumerate() {
            if std::mem::take(touched) {
                let step = &mut self.steps[id];
                let next = like(step);
                interval.steps.push(std::mem::replace(step, next));
            }
        }
        self.finished.push(interval);
    }
}

/// A second in which nothing has happened yet.
fn empty(second: u64) -> Interval {
    Interval {
        second,
        steps: Vec::new(),
        start_lag_us: histogram(),
        scheduled: 0,
        started: 0,
        ended: 0,
        users: 0,
        responders: Vec::new(),
    }
}

fn empty_step(step: StepId) -> StepInterval {
    StepInterval {
        step,
        ok_response_us: histogram(),
        ok_service_us: histogram(),
        failed_response_us: histogram(),
        failed_service_us: histogram(),
        errors: BTreeMap::new(),
        statuses: BTreeMap::new(),
        bytes_sent: 0,
        bytes_received: 0,
    }
}

/// An empty one whose histograms already have the size that the last second needed, so that the
/// hot path does not grow them again.
fn like(step: &StepInterval) -> StepInterval {
    StepInterval {
        ok_response_us: Histogram::new_from(&step.ok_response_us),
        ok_service_us: Histogram::new_from(&step.ok_service_us),
        failed_response_us: Histogram::new_from(&step.failed_response_us),
        failed_service_us: Histogram::new_from(&step.failed_service_us),
        ..empty_step(step.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(
        step: StepId,
        intended: Micros,
        sent_at: Micros,
        done_at: Micros,
    ) -> Outcome<'static> {
        Outcome {
            step,
            intended,
            sent_at,
            done_at,
            error: None,
            status: Some(200),
            bytes_sent: 1,
            bytes_received: 10,
            zone: None,
            pod: None,
        }
    }

    #[test]
    fn a_request_belongs_to_the_second_it_ended_in() {
        let mut recorder = Recorder::new(3, 0);
        recorder.record(&outcome(2, 100, 200, 999_999));
        recorder.record(&outcome(2, 100, 500_000, 1_000_000));
        recorder.record(&Outcome {
            error: Some(ErrorKind::Status),
            status: Some(503),
            ..outcome(0, 0, 0, 3_000_000)
        });
        let report = recorder.last_report(0, 3_500_000);
        let seconds: Vec<u64> = report.intervals.iter().map(|i| i.second).collect();
        assert_eq!(seconds, [0, 1, 2, 3]);
        assert_eq!(report.intervals[0].steps[0].step, 2);
        assert_eq!(report.intervals[1].steps[0].ok_service_us.max(), 500_223);
        assert!(report.intervals[2].steps.is_empty());
        let failed = &report.intervals[3].steps[0];
        assert_eq!(
            (failed.ok_response_us.len(), failed.failed_response_us.len()),
            (0, 1)
        );
        assert_eq!(failed.errors[&ErrorKind::Status], 1);
        assert_eq!(failed.statuses[&503], 1);
    }

    #[test]
    fn lag_is_only_that_of_arrivals() {
        let mut recorder = Recorder::new(1, 0);
        recorder.scheduled(900_000);
        let due = |awaited| Due {
            at: 900_000,
            awaited,
        };
        recorder.started(1_000_100, Some(due(false)));
        recorder.started(1_000_150, Some(due(true)));
        recorder.started(1_000_200, None);
        recorder.ended(1_200_000, true, false);
        recorder.ended(1_300_000, false, true);
        let report = recorder.last_report(0, 1_400_000);
        let last = report.last.unwrap();
        assert_eq!(last.totals.arrivals_late, 2);
        assert_eq!(last.totals.arrivals_held_up, 1);
        assert_eq!(last.totals.iterations_started, 3);
        assert_eq!(
            (last.totals.iterations_failed, last.totals.iterations_cut),
            (1, 1)
        );
        assert_eq!(last.lag_us.len(), 2);
        assert_eq!(last.most_users, 3);
        assert_eq!(report.intervals[0].scheduled, 1);
        assert_eq!(report.intervals[1].users, 3);
    }
}
