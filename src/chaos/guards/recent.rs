//! What was observed lately: as much of it as the rules look at, and no more.

use std::collections::VecDeque;

use hdrhistogram::Histogram;

use super::micros;
use crate::measure::clock::Micros;
use crate::measure::interval::{Interval, Pulse, SLICE_US, histogram};
use crate::scenario::{AbortRule, Metric};

/// Counts to 10 ms, histograms to the second.
#[derive(Debug)]
pub(super) struct Recent {
    /// How far back anything is kept, microseconds.
    longest: Micros,
    needs_seconds: bool,
    counts: VecDeque<Count>,
    seconds: VecDeque<Second>,
    /// Everything before this is in `counts`.
    pub(super) seen: Micros,
}

#[derive(Debug, Default)]
struct Count {
    at: Micros,
    ok: u64,
    failed: u64,
    sum_response_us: u64,
}

#[derive(Debug)]
struct Second {
    second: u64,
    response_us: Histogram<u64>,
    service_us: Histogram<u64>,
    scheduled: u64,
    started: u64,
}

impl Recent {
    /// Keeps what these rules look at.
    pub(super) fn of(rules: &[AbortRule]) -> Self {
        let windows = rules.iter().map(|rule| micros(rule.window));
        Self {
            longest: windows.max().unwrap_or(0),
            needs_seconds: rules.iter().any(|rule| is_by_second(rule.metric)),
            counts: VecDeque::new(),
            seconds: VecDeque::new(),
            seen: 0,
        }
    }

    /// Takes in the counts since the last pulse.
    pub(super) fn pulse(&mut self, pulse: &Pulse) {
        self.counts.extend(pulse.slices.iter().map(|slice| Count {
            at: slice.at,
            ok: u64::from(slice.ok),
            failed: u64::from(slice.failed),
            sum_response_us: slice.sum_response_us,
        }));
        self.seen = self.seen.max(pulse.at);
        let oldest = self.seen.saturating_sub(self.longest + SLICE_US);
        while self.counts.front().is_some_and(|count| count.at < oldest) {
            self.counts.pop_front();
        }
    }

    /// Takes in a second's histograms; kept only when a rule needs them.
    pub(super) fn interval(&mut self, interval: &Interval) {
        if !self.needs_seconds {
            return;
        }
        let mut second = Second {
            second: interval.second,
            response_us: histogram(),
            service_us: histogram(),
            scheduled: interval.scheduled,
            started: interval.started,
        };
        for step in &interval.steps {
            for (into, ok, failed) in [
                (
                    &mut second.response_us,
                    &step.ok_response_us,
                    &step.failed_response_us,
                ),
                (
                    &mut second.service_us,
                    &step.ok_service_us,
                    &step.failed_service_us,
                ),
            ] {
                into.add(ok).expect("both grow on demand");
                into.add(failed).expect("both grow on demand");
            }
        }
        self.seconds.push_back(second);
        let oldest = (interval.second + 1).saturating_sub(seconds_in(self.longest));
        while self.seconds.front().is_some_and(|s| s.second < oldest) {
            self.seconds.pop_front();
        }
    }

    /// The metric over the rule's window; none while less than that has passed since `since`, or
    /// where there is nothing to measure it on.
    pub(super) fn over_window(&self, rule: &AbortRule, since: Micros) -> Option<f64> {
        let window = micros(rule.window);
        let from = if is_by_second(rule.metric) {
            let after_last = self.seconds.back()?.second + 1;
            after_last.checked_sub(seconds_in(window))? * 1_000_000
        } else {
            self.seen.checked_sub(window)?
        };
        (from >= since).then(|| self.measure(rule, from)).flatten()
    }

    /// The metric over all that was observed from `from` on; none where there is nothing to
    /// measure it on.
    pub(super) fn measure(&self, rule: &AbortRule, from: Micros) -> Option<f64> {
        match rule.metric {
            Metric::Response(quantile) => self.quantile(from, quantile, |s| &s.response_us),
            Metric::Service(quantile) => self.quantile(from, quantile, |s| &s.service_us),
            Metric::OfferedRateMet => {
                let sum = |of: fn(&Second) -> u64| self.seconds_from(from).map(of).sum();
                ratio(sum(|s| s.started), sum(|s| s.scheduled))
            }
            Metric::Mean | Metric::Errors | Metric::Availability | Metric::Rate | Metric::Count => {
                self.count(rule, from)
            }
        }
    }

    fn count(&self, rule: &AbortRule, from: Micros) -> Option<f64> {
        let mut sum = Count::default();
        for count in self.counts.iter().filter(|count| count.at >= from) {
            sum.ok += count.ok;
            sum.failed += count.failed;
            sum.sum_response_us += count.sum_response_us;
        }
        let all = sum.ok + sum.failed;
        let length = self.seen.saturating_sub(from);
        match rule.metric {
            Metric::Errors => ratio(sum.failed, all),
            Metric::Availability => ratio(sum.ok, all),
            Metric::Mean => ratio(sum.sum_response_us, all),
            Metric::Rate => ratio(all * 1_000_000, length),
            // The limit is meant for the whole window.
            Metric::Count => ratio(all * micros(rule.window), length),
            Metric::Response(_) | Metric::Service(_) | Metric::OfferedRateMet => None,
        }
    }

    fn quantile(
        &self,
        from: Micros,
        quantile: f64,
        of: impl Fn(&Second) -> &Histogram<u64>,
    ) -> Option<f64> {
        let mut merged = histogram();
        for second in self.seconds_from(from) {
            merged.add(of(second)).expect("both grow on demand");
        }
        (!merged.is_empty()).then(|| merged.value_at_quantile(quantile) as f64)
    }

    /// Whole seconds only.
    fn seconds_from(&self, from: Micros) -> impl Iterator<Item = &Second> {
        let first = from.div_ceil(1_000_000);
        self.seconds.iter().filter(move |s| s.second >= first)
    }

    /// How many counts and seconds are kept.
    #[cfg(test)]
    pub(super) fn kept(&self) -> (usize, usize) {
        (self.counts.len(), self.seconds.len())
    }
}

fn is_by_second(metric: Metric) -> bool {
    matches!(
        metric,
        Metric::Response(_) | Metric::Service(_) | Metric::OfferedRateMet
    )
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn seconds_in(window: Micros) -> u64 {
    window.div_ceil(1_000_000).max(1)
}
