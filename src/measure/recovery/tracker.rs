//! Follows one class of requests (all, writes, a journey …) through one fault.

use std::collections::VecDeque;

use super::dead::{DeadTime, DeadWindow};
use crate::measure::clock::Micros;
use crate::measure::interval::SLICE_US;
use crate::scenario::Slo;

/// What counts as served again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SloRule {
    /// Largest share of a window's requests that may fail.
    pub errors: f64,
    /// Largest share of a window's requests that may be slower than the SLO's p99; 1 when it has none.
    pub slow: f64,
    /// Length of the sliding window, microseconds.
    pub window_us: Micros,
    /// The SLO must hold for this long to count as held, microseconds.
    pub held_for_us: Micros,
}

impl SloRule {
    /// Windows are one second long.
    const WINDOW_US: Micros = 1_000_000;

    /// The rule that a scenario's SLO means.
    #[must_use]
    pub fn of(slo: &Slo) -> Self {
        Self {
            errors: 1.0 - slo.availability,
            slow: if slo.p99.is_some() { 0.01 } else { 1.0 },
            window_us: Self::WINDOW_US,
            held_for_us: u64::try_from(slo.held_for.as_micros()).unwrap_or(Micros::MAX),
        }
    }
}

impl SloRule {
    /// Whether a non-empty tally is within the rule; an empty one is.
    fn holds(&self, tally: Tally) -> bool {
        let total = (tally.ok + tally.failed) as f64;
        tally.failed as f64 <= self.errors * total && tally.slow as f64 <= self.slow * total
    }
}

/// What ended within one slice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Successes.
    pub ok: u64,
    /// Failures.
    pub failed: u64,
    /// Successes that were slower than the SLO's p99.
    pub slow: u64,
    /// When the earliest of the failures was sent.
    pub failed_sent: Option<Micros>,
    /// When the latest of the failures was sent.
    pub last_failed_sent: Option<Micros>,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.failed_sent = self.failed_sent.into_iter().chain(other.failed_sent).min();
        self.last_failed_sent = self.last_failed_sent.max(other.last_failed_sent);
        self.ok += other.ok;
        self.failed += other.failed;
        self.slow += other.slow;
    }
}

/// Whether the SLO holds now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Since when every window met the SLO; none while the last one did not.
    pub since: Option<Micros>,
}

/// What a fault did to one class of requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Impact {
    /// Requests that ended since the fault was accepted.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
    /// T1: end of the first failure.
    pub first_error: Option<Micros>,
    /// End of the last failure.
    pub last_error: Option<Micros>,
    /// T4: end of the first success after the first failure, or after the first dead window.
    pub first_success: Option<Micros>,
    /// T5: from here on the SLO held, and did so for the rule's time. T0 itself when it was never missed.
    pub recovered: Option<Micros>,
    /// How often the SLO was missed again after T5.
    pub relapses: u32,
    /// When the first request was sent that failed after T0: users were affected from here on,
    /// though a request that hangs tells late.
    pub first_failed_sent: Option<Micros>,
    /// When the last request was sent that failed.
    pub last_failed_sent: Option<Micros>,
    /// Time below the SLO, in tenths of a second, microseconds.
    pub below_slo_us: Micros,
    /// Of that, time in which somebody was served: a brown-out.
    pub brown_out_us: Micros,
    /// Longest stretch in which nothing succeeded.
    pub longest_dead: Option<DeadWindow>,
    /// All such stretches together, microseconds.
    pub dead_us: Micros,
}

/// Follows one class of requests from the acceptance of a fault.
#[derive(Debug, Clone)]
pub struct Tracker {
    rule: SloRule,
    accepted: Micros,
    /// Whether a window without any request is bad news: there was traffic before.
    silence_is_bad: bool,
    /// Slices of the windows that are not judged yet; the first starts at `next`.
    slices: VecDeque<Tally>,
    /// Start of the next window to judge.
    next: Micros,
    /// Start of the first window of the current unbroken run of good ones.
    good_since: Option<Micros>,
    /// Something ended badly, or nothing ended at all, since acceptance.
    touched: bool,
    /// A window missed the SLO since acceptance.
    missed: bool,
    /// When the fault had done what it does; nothing counts as recovered from before it has.
    effective: Option<Micros>,
    dead: DeadTime,
    bucket: (Micros, Tally),
    impact: Impact,
    /// Successes in time order that may turn out to be T5.
    successes: VecDeque<Micros>,
}

/// Time below the SLO is counted in steps of this length.
const BUCKET_US: Micros = 100_000;

impl Tracker {
    /// Starts at the fault's acceptance. `silence_us` is a gap between successes that the class's
    /// traffic before does not explain; none: it was too thin to tell.
    #[must_use]
    pub fn new(rule: SloRule, accepted: Micros, silence_us: Option<Micros>) -> Self {
        let start = accepted / SLICE_US * SLICE_US;
        Self {
            rule,
            accepted,
            silence_is_bad: silence_us.is_some_and(|silence| silence <= rule.window_us),
            slices: VecDeque::new(),
            next: start,
            good_since: None,
            touched: false,
            missed: false,
            effective: None,
            dead: DeadTime::new(accepted, silence_us),
            bucket: (accepted / BUCKET_US, Tally::default()),
            successes: VecDeque::new(),
            impact: Impact {
                requests: 0,
                failed: 0,
                first_error: None,
                last_error: None,
                first_success: None,
                recovered: None,
                relapses: 0,
                first_failed_sent: None,
                last_failed_sent: None,
                below_slo_us: 0,
                brown_out_us: 0,
                longest_dead: None,
                dead_us: 0,
            },
        }
    }

    /// The fault had done what it does at `at`: the pod was dead, the endpoint had moved.
    pub fn effective(&mut self, at: Micros) {
        self.effective.get_or_insert(at);
    }

    /// What ended in the slice that starts at `at`. Slices come in order of time.
    pub fn observe(&mut self, at: Micros, tally: Tally) {
        let end = at + SLICE_US;
        if end <= self.accepted || at < self.next {
            return;
        }
        let slot = ((at - self.next) / SLICE_US) as usize;
        if self.slices.len() <= slot {
            self.slices.resize(slot + 1, Tally::default());
        }
        self.slices[slot].add(tally);
        self.impact.requests += tally.ok + tally.failed;
        self.impact.failed += tally.failed;
        if tally.failed > 0 {
            self.touched = true;
            self.impact.first_error.get_or_insert(at);
            self.impact.last_error = Some(end);
            let sent = tally.failed_sent.map(|sent| sent.max(self.accepted));
            self.impact.first_failed_sent =
                self.impact.first_failed_sent.into_iter().chain(sent).min();
            self.impact.last_failed_sent = self.impact.last_failed_sent.max(tally.last_failed_sent);
            self.dead.failure(at);
        }
        if tally.ok > 0 {
            if self.dead.open(at).is_some() {
                self.touched = true;
            }
            self.dead.success(at.max(self.accepted));
            if self.touched && tally.failed == 0 {
                self.impact.first_success.get_or_insert(at);
            }
            if self.successes.back() != Some(&at) {
                self.successes.push_back(at);
            }
        }
        self.count_bucket(at, tally);
    }

    /// Judges every window that ended by `now`; all slices before `now` have been observed.
    pub fn advance(&mut self, now: Micros) {
        let length = (self.rule.window_us / SLICE_US) as usize;
        while self.next + self.rule.window_us <= now {
            let mut window = Tally::default();
            for slice in self.slices.iter().take(length) {
                window.add(*slice);
            }
            match self.judge(window) {
                Some(false) => {
                    self.touched = true;
                    self.missed = true;
                    self.take_back(window);
                    if self.good_since.take().is_some() && self.impact.recovered.is_some() {
                        self.impact.relapses += 1;
                    }
                }
                // A window within the budget may still begin with the outage's last failure.
                Some(true) if self.slices.front().is_none_or(|first| first.failed == 0) => {
                    self.good_since.get_or_insert(self.next);
                }
                _ => {}
            }
            self.slices.pop_front();
            self.next += SLICE_US;
        }
        self.settle(now);
    }

    /// Since when the SLO holds without a break.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            since: self.good_since,
        }
    }

    /// Nothing has succeeded for longer than the traffic explains: whatever was good is over.
    pub(super) fn fell_silent(&mut self) {
        self.good_since = None;
    }

    /// Whether any request has ended.
    pub(super) fn is_unasked(&self) -> bool {
        self.impact.requests == 0
    }

    /// T5, once the SLO held for long enough and as long as it was not missed again.
    #[must_use]
    pub fn recovered_since(&self) -> Option<Micros> {
        Some(self.impact.recovered?.max(self.good_since?))
    }

    /// What is known at `now`.
    #[must_use]
    pub fn impact(&self, now: Micros) -> Impact {
        let mut impact = self.impact.clone();
        impact.longest_dead = self.dead.longest(now);
        impact.dead_us = self.dead.total_us(now);
        impact
    }

    /// Whether the SLO holds in a window; nothing is known of an empty one unless traffic was dense.
    fn judge(&self, window: Tally) -> Option<bool> {
        let total = window.ok + window.failed;
        if total == 0 {
            return self.silence_is_bad.then_some(false);
        }
        Some(window.ok > 0 && self.rule.holds(window))
    }

    /// Requests that hung tell late: those that were sent before the SLO had held long enough
    /// belong to the same outage, so it was not over. Only a window that misses the SLO counts.
    fn take_back(&mut self, window: Tally) {
        let held_until = self.impact.recovered.map(|at| at + self.rule.held_for_us);
        let sent = window.failed_sent.filter(|sent| *sent >= self.accepted);
        if sent
            .zip(held_until)
            .is_some_and(|(sent, held_until)| sent < held_until)
        {
            self.impact.recovered = None;
            self.good_since = None;
        }
    }

    fn settle(&mut self, now: Micros) {
        let earliest = self.good_since.unwrap_or(self.next);
        while self.successes.front().is_some_and(|at| *at < earliest) {
            self.successes.pop_front();
        }
        if self.impact.recovered.is_some() {
            self.successes.clear();
        }
        let (Some(good), Some(effective), None) =
            (self.good_since, self.effective, self.impact.recovered)
        else {
            return;
        };
        let held_us = now.saturating_sub(good.max(effective));
        if held_us >= self.rule.held_for_us.max(self.rule.window_us) {
            self.impact.recovered = if self.missed {
                self.successes.front().map(|at| (*at).max(self.accepted))
            } else {
                Some(self.accepted)
            };
        }
    }

    fn count_bucket(&mut self, at: Micros, tally: Tally) {
        let number = at / BUCKET_US;
        if number != self.bucket.0 {
            let (_, full) = std::mem::replace(&mut self.bucket, (number, Tally::default()));
            if !self.rule.holds(full) {
                self.impact.below_slo_us += BUCKET_US;
                self.impact.brown_out_us += if full.ok > 0 { BUCKET_US } else { 0 };
            }
        }
        self.bucket.1.add(tally);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: SloRule = SloRule {
        errors: 0.01,
        slow: 1.0,
        window_us: 1_000_000,
        held_for_us: 3_000_000,
    };

    fn tracker() -> Tracker {
        let mut tracker = Tracker::new(RULE, 10_000_000, Some(100_000));
        tracker.effective(10_000_000);
        tracker
    }

    /// Feeds 100 requests a second from `from` to `to`; those in `outage` fail.
    fn feed(tracker: &mut Tracker, from: u64, to: u64, outage: std::ops::Range<u64>) {
        for at in (from..to).step_by(SLICE_US as usize) {
            let tally = if outage.contains(&at) {
                Tally {
                    failed: 1,
                    ..Tally::default()
                }
            } else {
                Tally {
                    ok: 1,
                    ..Tally::default()
                }
            };
            tracker.observe(at, tally);
            tracker.advance(at + SLICE_US);
        }
    }

    #[test]
    fn an_outage_is_told_to_ten_milliseconds() {
        let mut tracker = tracker();
        feed(&mut tracker, 10_000_000, 20_000_000, 10_050_000..10_800_000);
        let impact = tracker.impact(20_000_000);
        assert_eq!(impact.first_error, Some(10_050_000));
        assert_eq!(impact.last_error, Some(10_800_000));
        assert_eq!(impact.first_success, Some(10_800_000));
        assert_eq!(impact.recovered, Some(10_800_000));
        assert_eq!(impact.failed, 75);
        assert_eq!(impact.dead_us, 760_000);
        assert_eq!(impact.relapses, 0);
    }

    #[test]
    fn a_fault_that_nobody_felt_recovers_when_it_was_accepted() {
        let mut tracker = tracker();
        feed(&mut tracker, 10_000_000, 14_000_000, 0..0);
        assert_eq!(tracker.impact(14_000_000).recovered, Some(10_000_000));
    }

    #[test]
    fn it_is_not_recovered_before_the_slo_held_long_enough() {
        let mut tracker = tracker();
        feed(&mut tracker, 10_000_000, 13_500_000, 10_000_000..11_000_000);
        assert_eq!(tracker.impact(13_500_000).recovered, None);
        assert_eq!(tracker.recovered_since(), None);
        feed(&mut tracker, 13_500_000, 14_100_000, 0..0);
        assert_eq!(tracker.recovered_since(), Some(11_000_000));
    }

    #[test]
    fn a_second_dip_is_a_relapse_and_takes_recovery_back() {
        let mut tracker = tracker();
        feed(&mut tracker, 10_000_000, 20_000_000, 10_000_000..11_000_000);
        feed(&mut tracker, 20_000_000, 22_000_000, 20_000_000..20_500_000);
        assert_eq!(tracker.recovered_since(), Some(20_500_000));
        let impact = tracker.impact(22_000_000);
        assert_eq!((impact.recovered, impact.relapses), (Some(11_000_000), 1));
    }

    #[test]
    fn requests_that_hang_are_an_outage_without_errors() {
        let mut tracker = tracker();
        tracker.advance(12_000_000);
        feed(&mut tracker, 12_000_000, 16_000_000, 0..0);
        let impact = tracker.impact(16_000_000);
        assert_eq!(impact.first_error, None);
        assert_eq!(impact.first_success, Some(12_000_000));
        assert_eq!(impact.recovered, Some(12_000_000));
        assert_eq!(impact.dead_us, 2_000_000);
    }

    #[test]
    fn one_failure_within_the_budget_is_no_outage() {
        let mut tracker = tracker();
        feed(&mut tracker, 10_000_000, 15_000_000, 12_000_000..12_010_000);
        let impact = tracker.impact(15_000_000);
        assert_eq!(impact.failed, 1);
        assert_eq!(
            impact.recovered,
            Some(10_000_000),
            "the SLO was never missed"
        );
    }

    #[test]
    fn requests_that_hang_and_fail_late_take_a_recovery_back() {
        let mut tracker = tracker();
        feed(&mut tracker, 10_000_000, 15_000_000, 0..0);
        assert_eq!(tracker.impact(15_000_000).recovered, Some(10_000_000));
        // Frozen at once, told after a timeout of five seconds.
        let hung = Tally {
            failed: 8,
            failed_sent: Some(10_100_000),
            ..Tally::default()
        };
        tracker.observe(15_000_000, hung);
        feed(&mut tracker, 15_010_000, 20_000_000, 0..0);
        let impact = tracker.impact(20_000_000);
        assert_eq!((impact.recovered, impact.relapses), (Some(15_010_000), 0));
    }

    #[test]
    fn a_fault_that_bites_late_is_not_recovered_before_it_bit() {
        let mut tracker = Tracker::new(RULE, 10_000_000, Some(100_000));
        feed(&mut tracker, 10_000_000, 15_000_000, 0..0);
        assert_eq!(tracker.recovered_since(), None);
        tracker.effective(15_500_000);
        feed(&mut tracker, 15_000_000, 20_000_000, 15_000_000..15_500_000);
        assert_eq!(tracker.impact(20_000_000).recovered, Some(15_500_000));
    }
}
