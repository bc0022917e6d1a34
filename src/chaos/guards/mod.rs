//! When a run is no experiment any more: `abort_when` rules over sliding windows. Pure.
//!
//! # Expected blackout or overrun
//! A fault is meant to hurt, so a rule that holds during a fault is no reason to abort as long as
//! the fault is within its [`Allowance`]: from its acceptance, for as long as the scenario's gates
//! allow the recovery to take (the longest `recovered_within` or `unavailable` of that fault), or
//! for its hold plus [`DEFAULT_ALLOWANCE`] when no gate says. What happens meanwhile is counted all
//! the same: a blackout that is still going on when the allowance ends is an overrun, and trips
//! the rule at once instead of one window later.
//!
//! A rule is judged only when its window has been observed completely.

mod allowance;

use std::collections::VecDeque;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::measure::clock::Micros;
use crate::measure::interval::{Interval, Pulse, SLICE_US, histogram};
use crate::scenario::{AbortRule, Metric};

pub use allowance::{Allowance, DEFAULT_ALLOWANCE};

/// A rule that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Abort {
    /// As written: `errors > 60% for 10s`.
    pub rule: String,
    /// In the metric's unit: ratio, microseconds, per second, count.
    pub measured: f64,
    /// The fault whose allowance ran out within the window, if one did.
    pub overrun_of: Option<String>,
    /// For people.
    pub words: String,
}

/// The `abort_when` rules of a run, fed with what the engine reports.
#[derive(Debug)]
pub struct Guards {
    rules: Vec<AbortRule>,
    /// The longest window, microseconds: how far back anything is kept.
    longest: Micros,
    counts: VecDeque<Count>,
    seconds: VecDeque<Second>,
    /// Everything before this is in `counts`.
    seen: Micros,
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

impl Guards {
    /// Watches for these rules.
    #[must_use]
    pub fn new(rules: &[AbortRule]) -> Self {
        Self {
            rules: rules.to_vec(),
            longest: rules
                .iter()
                .map(|rule| micros(rule.window))
                .max()
                .unwrap_or(0),
            counts: VecDeque::new(),
            seconds: VecDeque::new(),
            seen: 0,
        }
    }

    /// Takes in the counts since the last pulse.
    pub fn pulse(&mut self, pulse: &Pulse) {
        if self.rules.is_empty() {
            return;
        }
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
    pub fn interval(&mut self, interval: &Interval) {
        if !self.rules.iter().any(|rule| needs_seconds(rule.metric)) {
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

    /// The first rule that holds now and is not explained by a fault within its allowance.
    #[must_use]
    pub fn tripped(&self, allowances: &[Allowance]) -> Option<Abort> {
        let expected = allowances
            .iter()
            .any(|allowance| (allowance.from..allowance.until).contains(&self.seen));
        if expected {
            return None;
        }
        self.rules.iter().find_map(|rule| {
            let measured = self.measure(rule)?;
            rule.op.holds(measured, rule.limit).then(|| {
                let began = self.seen.saturating_sub(micros(rule.window));
                let overrun_of = allowances
                    .iter()
                    .find(|allowance| allowance.until > began && allowance.until <= self.seen)
                    .map(|allowance| allowance.fault.clone());
                Abort {
                    words: words(rule, measured, overrun_of.as_deref()),
                    rule: rule.text.clone(),
                    measured,
                    overrun_of,
                }
            })
        })
    }

    /// The metric over the rule's window; none while it has not been observed completely, or
    /// where there is nothing to measure it on.
    fn measure(&self, rule: &AbortRule) -> Option<f64> {
        match rule.metric {
            Metric::Response(quantile) => self.quantile(rule, quantile, |s| &s.response_us),
            Metric::Service(quantile) => self.quantile(rule, quantile, |s| &s.service_us),
            Metric::OfferedRateMet => {
                let seconds = self.last_seconds(rule)?;
                let (scheduled, started) = seconds.fold((0, 0), |(scheduled, started), second| {
                    (scheduled + second.scheduled, started + second.started)
                });
                ratio(started, scheduled)
            }
            Metric::Mean | Metric::Errors | Metric::Availability | Metric::Rate | Metric::Count => {
                self.count(rule)
            }
        }
    }

    fn count(&self, rule: &AbortRule) -> Option<f64> {
        let window = micros(rule.window);
        let from = self.seen.checked_sub(window)?;
        let mut sum = Count::default();
        for count in self.counts.iter().filter(|count| count.at >= from) {
            sum.ok += count.ok;
            sum.failed += count.failed;
            sum.sum_response_us += count.sum_response_us;
        }
        let all = sum.ok + sum.failed;
        match rule.metric {
            Metric::Errors => ratio(sum.failed, all),
            Metric::Availability => ratio(sum.ok, all),
            Metric::Mean => ratio(sum.sum_response_us, all),
            Metric::Rate => ratio(all * 1_000_000, window),
            Metric::Count => Some(all as f64),
            Metric::Response(_) | Metric::Service(_) | Metric::OfferedRateMet => None,
        }
    }

    fn quantile(
        &self,
        rule: &AbortRule,
        quantile: f64,
        of: impl Fn(&Second) -> &Histogram<u64>,
    ) -> Option<f64> {
        let mut merged = histogram();
        for second in self.last_seconds(rule)? {
            merged.add(of(second)).expect("both grow on demand");
        }
        (!merged.is_empty()).then(|| merged.value_at_quantile(quantile) as f64)
    }

    /// The rule's window in whole seconds, rounded up.
    fn last_seconds(&self, rule: &AbortRule) -> Option<impl Iterator<Item = &Second>> {
        let last = self.seconds.back()?.second;
        let first = (last + 1).checked_sub(seconds_in(micros(rule.window)))?;
        Some(self.seconds.iter().filter(move |s| s.second >= first))
    }
}

fn words(rule: &AbortRule, measured: f64, overrun_of: Option<&str>) -> String {
    let text = &rule.text;
    let measured = in_words(rule.metric, measured);
    match overrun_of {
        Some(fault) => format!(
            "`{text}` holds ({measured}): `{fault}` was expected to hurt, but not for this long"
        ),
        None => format!("`{text}` holds ({measured}), and no fault explains it"),
    }
}

/// A value as a person reads it.
fn in_words(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Response(_) | Metric::Service(_) | Metric::Mean => {
            format!("{:.1} ms", value / 1_000.0)
        }
        Metric::Errors | Metric::Availability | Metric::OfferedRateMet => {
            format!("{:.1} %", value * 100.0)
        }
        Metric::Rate => format!("{value:.1}/s"),
        Metric::Count => format!("{value:.0}"),
    }
}

fn needs_seconds(metric: Metric) -> bool {
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

fn micros(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX / 4)
}

#[cfg(test)]
mod tests;
