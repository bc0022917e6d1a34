//! Joins the workers' reports into the intervals and pulses of the run.

use std::collections::BTreeMap;
use std::sync::mpsc::Receiver;

use hdrhistogram::Histogram;
use tokio::sync::mpsc::UnboundedSender;

use super::recorder::Report;
use super::slowest::Slowest;
use crate::load::health::{self, ThreadTime};
use crate::load::plan::Totals;
use crate::load::wire::WireTimes;
use crate::measure::clock::Micros;
use crate::measure::generator::GeneratorSample;
use crate::measure::interval::{
    ErrorSample, Interval, Pulse, Responder, Slice, StepInterval, histogram,
};
use crate::scenario::StepId;

const SECOND_US: Micros = 1_000_000;

/// Where the joined measurements go. Receivers that have gone away are no error.
#[derive(Debug)]
pub(crate) struct Outlets {
    pub(crate) intervals: UnboundedSender<Interval>,
    pub(crate) pulses: UnboundedSender<Pulse>,
    pub(crate) health: UnboundedSender<GeneratorSample>,
}

/// What is left when every worker has ended.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) totals: Totals,
    pub(crate) lag_us: Histogram<u64>,
    pub(crate) wire: WireTimes,
    pub(crate) cpu_seconds: f64,
    pub(crate) most_users: u64,
    pub(crate) slowest: Slowest,
}

/// Runs until every worker has sent its last report or gone away.
pub(crate) fn collect(reports: &Receiver<Report>, workers: usize, outlets: &Outlets) -> Collected {
    let mut merge = Merge::new(workers);
    while merge.open() > 0 {
        let Ok(report) = reports.recv() else { break };
        merge.add(report);
        merge.hand_over(outlets);
    }
    merge.flush(outlets);
    merge.collected
}

/// A worker's thread: what it did with its time.
#[derive(Debug, Clone, Copy, Default)]
struct Thread {
    /// At the beginning of the stretch that is being looked at.
    before: (Micros, ThreadTime),
    now: (Micros, ThreadTime),
    /// Shares of the last stretch.
    shares: ThreadTime,
}

impl Thread {
    /// Looks at the time since it last looked. Reports do not come exactly on the second, and a
    /// busy thread reports late: shares are those of the time that really passed.
    fn advance(&mut self) {
        let (from, before) = self.before;
        let (to, now) = self.now;
        let passed = to.saturating_sub(from);
        // Too short to tell: several seconds arrived at once, or the run is about to end.
        if passed < SECOND_US / 2 {
            return;
        }
        let share = |before: f64, now: f64| ((now - before) * 1e6 / passed as f64).clamp(0.0, 1.0);
        self.shares = ThreadTime {
            cpu: share(before.cpu, now.cpu),
            wanted: share(before.wanted, now.wanted),
        };
        self.before = self.now;
    }
}

/// Reports of several workers on their way to becoming one.
#[derive(Debug)]
struct Merge {
    /// Up to when each worker has reported; `MAX` once it has ended.
    reported: Vec<Micros>,
    threads: Vec<Thread>,
    backlog: Vec<u64>,
    users: Vec<u64>,
    seconds: BTreeMap<u64, Interval>,
    slices: BTreeMap<(Micros, StepId), Slice>,
    samples: Vec<ErrorSample>,
    pulsed: Micros,
    collected: Collected,
}

impl Merge {
    fn new(workers: usize) -> Self {
        Self {
            reported: vec![0; workers],
            threads: vec![Thread::default(); workers],
            backlog: vec![0; workers],
            users: vec![0; workers],
            seconds: BTreeMap::new(),
            slices: BTreeMap::new(),
            samples: Vec::new(),
            pulsed: 0,
            collected: Collected {
                totals: Totals::default(),
                lag_us: histogram(),
                wire: WireTimes::default(),
                cpu_seconds: 0.0,
                most_users: 0,
                slowest: Slowest::default(),
            },
        }
    }

    /// Workers that have not ended.
    fn open(&self) -> usize {
        self.reported
            .iter()
            .filter(|&&at| at != Micros::MAX)
            .count()
    }

    fn add(&mut self, report: Report) {
        let worker = report.worker;
        self.reported[worker] = report.at;
        self.threads[worker].now = (report.at, report.time);
        self.backlog[worker] = report.backlog;
        self.users[worker] = report.users;
        self.samples.extend(report.samples);
        for interval in report.intervals {
            match self.seconds.entry(interval.second) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(interval);
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => {
                    join(entry.get_mut(), interval);
                }
            }
        }
        for slice in report.slices {
            match self.slices.entry((slice.at, slice.step)) {
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(slice);
                }
                std::collections::btree_map::Entry::Occupied(mut entry) => {
                    entry.get_mut().merge(&slice);
                }
            }
        }
        if let Some(last) = report.last {
            self.reported[worker] = Micros::MAX;
            self.collected.totals += last.totals;
            self.collected.most_users += last.most_users;
            self.collected.cpu_seconds += report.time.cpu;
            // It grows on demand, so adding cannot fail.
            let _ = self.collected.lag_us.add(&last.lag_us);
            self.collected.wire.add(&last.wire);
            self.collected.slowest.join(last.slowest);
        }
    }

    /// Sends what every worker has reported past.
    fn hand_over(&mut self, outlets: &Outlets) {
        let complete = self.reported.iter().copied().min().unwrap_or(0);
        if complete == Micros::MAX {
            return;
        }
        while let Some(entry) = self.seconds.first_entry()
            && (entry.key() + 1) * SECOND_US <= complete
        {
            let interval = entry.remove();
            self.send_interval(interval, outlets);
        }
        if complete > self.pulsed {
            self.send_pulse(complete, outlets);
        }
    }

    /// Sends the rest, when all workers have ended.
    fn flush(&mut self, outlets: &Outlets) {
        while let Some((_, interval)) = self.seconds.pop_first() {
            self.send_interval(interval, outlets);
        }
        let last = self.slices.last_key_value().map_or(0, |((at, _), _)| *at);
        self.send_pulse(self.pulsed.max(last + 1), outlets);
    }

    fn send_interval(&mut self, interval: Interval, outlets: &Outlets) {
        let before: f64 = self.threads.iter().map(|thread| thread.before.1.cpu).sum();
        self.threads.iter_mut().for_each(Thread::advance);
        let after: f64 = self.threads.iter().map(|thread| thread.before.1.cpu).sum();
        let most = |share: fn(&Thread) -> f64| self.threads.iter().map(share).fold(0.0, f64::max);
        let sample = GeneratorSample {
            at: (interval.second + 1) * SECOND_US,
            cpu_busiest: most(|thread| thread.shares.cpu),
            cpu_wanted: most(|thread| thread.shares.wanted),
            cpu_seconds: after - before,
            start_lag_p99_us: interval.start_lag_us.value_at_quantile(0.99),
            start_lag_max_us: interval.start_lag_us.max(),
            backlog: self.backlog.iter().sum(),
            ..health::system_sample()
        };
        let _ = outlets.health.send(sample);
        let _ = outlets.intervals.send(interval);
    }

    fn send_pulse(&mut self, at: Micros, outlets: &Outlets) {
        self.pulsed = at;
        let slices = std::mem::take(&mut self.slices);
        let _ = outlets.pulses.send(Pulse {
            at,
            slices: slices.into_values().collect(),
            users: self.users.iter().sum(),
            samples: std::mem::take(&mut self.samples),
        });
    }
}

/// Adds another worker's part of the same second.
fn join(into: &mut Interval, other: Interval) {
    debug_assert_eq!(into.second, other.second);
    let Interval {
        second: _,
        steps,
        start_lag_us,
        scheduled,
        started,
        ended,
        users,
        responders,
    } = other;
    let _ = into.start_lag_us.add(&start_lag_us);
    into.scheduled += scheduled;
    into.started += started;
    into.ended += ended;
    into.users += users;
    for responder in responders {
        Responder::join(&mut into.responders, responder);
    }
    for step in steps {
        match into.steps.iter_mut().find(|known| known.step == step.step) {
            Some(known) => join_step(known, &step),
            None => into.steps.push(step),
        }
    }
    into.steps.sort_by_key(|step| step.step);
}

fn join_step(into: &mut StepInterval, other: &StepInterval) {
    // All histograms grow on demand and share their precision, so adding cannot fail.
    let _ = into.ok_response_us.add(&other.ok_response_us);
    let _ = into.ok_service_us.add(&other.ok_service_us);
    let _ = into.failed_response_us.add(&other.failed_response_us);
    let _ = into.failed_service_us.add(&other.failed_service_us);
    for (kind, count) in &other.errors {
        *into.errors.entry(*kind).or_default() += count;
    }
    for (status, count) in &other.statuses {
        *into.statuses.entry(*status).or_default() += count;
    }
    into.bytes_sent += other.bytes_sent;
    into.bytes_received += other.bytes_received;
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::load::record::{Due, Outcome, Recorder};
    use crate::measure::outcome::ErrorKind;

    /// What was recorded, whatever the room that was kept for it.
    fn counts(histogram: &Histogram<u64>) -> Vec<(u64, u64)> {
        let recorded = histogram.iter_recorded();
        recorded
            .map(|value| (value.value_iterated_to(), value.count_at_value()))
            .collect()
    }

    /// Who answered how much, in no order.
    fn answered(interval: &Interval) -> BTreeMap<Option<String>, (u64, u64)> {
        let responders = interval.responders.iter();
        responders
            .map(|of| (of.zone.as_deref().map(str::to_owned), (of.ok, of.failed)))
            .collect()
    }

    /// Runs the requests through so many workers and returns everything that comes out.
    fn merged(
        requests: &[(usize, u64, u64, bool)],
        workers: usize,
    ) -> (Vec<Interval>, Vec<Pulse>, Collected) {
        let (intervals, mut interval_rx) = unbounded_channel();
        let (pulses, mut pulse_rx) = unbounded_channel();
        let (health, _health_rx) = unbounded_channel();
        let (reports, report_rx) = std::sync::mpsc::channel();
        let mut recorders: Vec<_> = (0..workers).map(|_| Recorder::new(4, 0)).collect();
        let mut now = 0;
        for (index, &(step, gap, response, failed)) in requests.iter().enumerate() {
            now += gap;
            let recorder = &mut recorders[index % workers];
            let due = Due {
                at: now.saturating_sub(gap),
                awaited: failed,
            };
            recorder.started(now, Some(due));
            recorder.record(&Outcome {
                step,
                intended: now.saturating_sub(response),
                sent_at: now.saturating_sub(response / 2),
                done_at: now,
                error: failed.then_some(ErrorKind::Timeout),
                status: (!failed).then_some(200),
                bytes_sent: 1,
                bytes_received: response,
                zone: Some(if failed { b"a" } else { b"b" }),
                pod: None,
            });
            recorder.ended(now, failed, false);
            if index % 7 == 0 {
                for (worker, recorder) in recorders.iter_mut().enumerate() {
                    reports.send(recorder.report(worker, now)).unwrap();
                }
            }
        }
        for (worker, recorder) in recorders.iter_mut().enumerate() {
            reports.send(recorder.last_report(worker, now)).unwrap();
        }
        let outlets = Outlets {
            intervals,
            pulses,
            health,
        };
        let collected = collect(&report_rx, workers, &outlets);
        drop(outlets);
        let intervals = std::iter::from_fn(|| interval_rx.blocking_recv()).collect();
        let pulses = std::iter::from_fn(|| pulse_rx.blocking_recv()).collect();
        (intervals, pulses, collected)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn several_workers_measure_what_one_would(
            requests in prop::collection::vec(
                (0..4usize, 0..400_000u64, 0..2_000_000u64, any::<bool>()),
                1..60,
            ),
        ) {
            let (one, one_pulses, one_all) = merged(&requests, 1);
            let (three, three_pulses, three_all) = merged(&requests, 3);
            prop_assert_eq!(one.len(), three.len());
            for (a, b) in one.iter().zip(&three) {
                prop_assert_eq!(a.second, b.second);
                prop_assert_eq!((a.started, a.ended), (b.started, b.ended));
                prop_assert_eq!(counts(&a.start_lag_us), counts(&b.start_lag_us));
                prop_assert_eq!(answered(a), answered(b));
                prop_assert_eq!(a.steps.len(), b.steps.len());
                for (x, y) in a.steps.iter().zip(&b.steps) {
                    prop_assert_eq!(x.step, y.step);
                    prop_assert_eq!(counts(&x.ok_response_us), counts(&y.ok_response_us));
                    prop_assert_eq!(counts(&x.failed_service_us), counts(&y.failed_service_us));
                    prop_assert_eq!(&x.errors, &y.errors);
                    prop_assert_eq!(&x.statuses, &y.statuses);
                    prop_assert_eq!(x.bytes_received, y.bytes_received);
                }
            }
            prop_assert_eq!(one_all.totals, three_all.totals);
            let count = |pulses: &[Pulse]| -> (u32, u32, u64) {
                pulses.iter().flat_map(|pulse| &pulse.slices).fold((0, 0, 0), |sum, slice| {
                    (sum.0 + slice.ok, sum.1 + slice.failed, sum.2 + slice.sum_response_us)
                })
            };
            prop_assert_eq!(count(&one_pulses), count(&three_pulses));
            prop_assert_eq!(
                u64::from(count(&one_pulses).0 + count(&one_pulses).1),
                requests.len() as u64
            );
        }
    }

    #[test]
    fn a_second_is_handed_over_once_every_worker_is_past_it() {
        let (intervals, mut interval_rx) = unbounded_channel();
        let (pulses, mut pulse_rx) = unbounded_channel();
        let (health, _health_rx) = unbounded_channel();
        let outlets = Outlets {
            intervals,
            pulses,
            health,
        };
        let mut merge = Merge::new(2);
        let mut recorders = [Recorder::new(1, 0), Recorder::new(1, 0)];
        merge.add(recorders[0].report(0, 1_100_000));
        merge.hand_over(&outlets);
        assert!(interval_rx.try_recv().is_err());
        merge.add(recorders[1].report(1, 1_050_000));
        merge.hand_over(&outlets);
        assert_eq!(interval_rx.try_recv().unwrap().second, 0);
        assert_eq!(pulse_rx.try_recv().unwrap().at, 1_050_000);
    }

    #[test]
    fn shares_are_those_of_the_time_that_passed() {
        let time = |cpu, wanted| ThreadTime { cpu, wanted };
        // A busy thread reports late, and three seconds arrive at once.
        let mut thread = Thread {
            now: (3_200_000, time(1.6, 3.2)),
            ..Thread::default()
        };
        for _ in 0..3 {
            thread.advance();
            assert_eq!(thread.shares, time(0.5, 1.0));
        }
        thread.now = (4_200_000, time(1.7, 3.3));
        thread.advance();
        assert!((thread.shares.cpu - 0.1).abs() < 1e-9, "{thread:?}");
        assert!((thread.shares.wanted - 0.1).abs() < 1e-9, "{thread:?}");
    }
}
