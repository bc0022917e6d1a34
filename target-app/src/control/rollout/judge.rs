//! Whether a new version has to go again: a rule over its traffic alone, in a sliding window.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::api::{RollbackRule, TrafficMetric};
use crate::edge::admin_api::{Counts, Stats};

/// A rule and what it was shown.
#[derive(Debug, Clone)]
pub(in crate::control) struct Judge {
    rule: RollbackRule,
    /// By target: the edge counts from a target's first request on.
    last: BTreeMap<String, Ended>,
    sum: Ended,
    /// Oldest first; sums since the beginning.
    samples: VecDeque<(Instant, Ended)>,
}

/// Requests that came to an end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Ended {
    requests: u64,
    failures: u64,
    took_us: u64,
}

impl Judge {
    pub(in crate::control) fn new(rule: RollbackRule) -> Self {
        Self {
            rule,
            last: BTreeMap::new(),
            sum: Ended::default(),
            samples: VecDeque::new(),
        }
    }

    /// Takes in what the edge has counted up to `now` of the targets of `version`.
    pub(in crate::control) fn see(&mut self, now: Instant, stats: &Stats, version: &str) {
        for (name, target) in &stats.targets {
            if target.version != version {
                continue;
            }
            let ended = Ended::of(&target.counts);
            let before = self.last.insert(name.clone(), ended).unwrap_or_default();
            self.sum = self.sum.plus(ended.minus(before));
        }
        self.samples.push_back((now, self.sum));
        // One sample from before the window stays: the window begins there.
        while self
            .samples
            .get(1)
            .is_some_and(|(at, _)| *at + self.window() <= now)
        {
            self.samples.pop_front();
        }
    }

    /// Why the version has to go; none: it may stay, or not enough has been seen.
    pub(in crate::control) fn verdict(&self, now: Instant) -> Option<String> {
        let (first, begin) = self.samples.front()?;
        let (_, end) = self.samples.back()?;
        if *first + self.window() > now {
            return None;
        }
        let seen = end.minus(*begin);
        let value = seen.value(self.rule.metric)?;
        self.rule.comparison.holds(value, self.rule.limit).then(|| {
            let words = in_words(self.rule.metric, value);
            let requests = seen.requests;
            format!("{}: {words} of {requests} requests to it", self.rule.text)
        })
    }

    fn window(&self) -> Duration {
        Duration::from_millis(self.rule.window_ms)
    }
}

impl Ended {
    fn of(counts: &Counts) -> Self {
        let requests = counts.requests.saturating_sub(counts.in_flight);
        Self {
            requests,
            failures: counts.failures,
            took_us: counts.mean_us * requests,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            failures: self.failures + other.failures,
            took_us: self.took_us + other.took_us,
        }
    }

    fn minus(self, other: Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(other.requests),
            failures: self.failures.saturating_sub(other.failures),
            took_us: self.took_us.saturating_sub(other.took_us),
        }
    }

    /// In the rule's unit; none without any request.
    fn value(self, metric: TrafficMetric) -> Option<u64> {
        let of_requests = |part: u64| part.checked_div(self.requests);
        let errors = of_requests(self.failures * 1_000_000);
        match metric {
            TrafficMetric::Errors => errors,
            TrafficMetric::Availability => errors.map(|ppm| 1_000_000_u64.saturating_sub(ppm)),
            TrafficMetric::Mean => of_requests(self.took_us),
        }
    }
}

fn in_words(metric: TrafficMetric, value: u64) -> String {
    match metric {
        TrafficMetric::Errors => format!("{:.1} % errors", value as f64 / 1e4),
        TrafficMetric::Availability => format!("{:.1} % available", value as f64 / 1e4),
        TrafficMetric::Mean => format!("{:.1} ms on average", value as f64 / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Comparison;
    use crate::edge::admin_api::{TargetState, TargetStats};

    fn judge(metric: TrafficMetric, limit: u64) -> Judge {
        Judge::new(RollbackRule {
            metric,
            comparison: Comparison::Above,
            limit,
            window_ms: 2_000,
            text: "the rule".into(),
        })
    }

    fn stats(targets: &[(&str, &str, u64, u64)]) -> Stats {
        let target = |&(name, version, requests, failures): &(&str, &str, u64, u64)| {
            let counts = Counts {
                requests,
                failures,
                mean_us: 1_500,
                ..Counts::default()
            };
            let stats = TargetStats {
                trouble: None,
                zone: "a".into(),
                version: version.into(),
                address: ([127, 0, 0, 1], 1).into(),
                state: TargetState::Active,
                healthy: true,
                counts,
            };
            (name.to_owned(), stats)
        };
        Stats {
            targets: targets.iter().map(target).collect(),
            ..Stats::default()
        }
    }

    #[test]
    fn only_the_new_versions_traffic_counts() {
        let (mut judge, start) = (judge(TrafficMetric::Errors, 20_000), Instant::now());
        let later = start + Duration::from_secs(2);
        judge.see(
            start,
            &stats(&[("old", "1", 0, 0), ("new", "2", 0, 0)]),
            "2",
        );
        judge.see(
            later,
            &stats(&[("old", "1", 100, 100), ("new", "2", 100, 2)]),
            "2",
        );
        assert_eq!(judge.verdict(later), None);
    }

    #[test]
    fn it_waits_for_a_whole_window_and_forgets_what_came_before() {
        let (mut judge, start) = (judge(TrafficMetric::Errors, 20_000), Instant::now());
        let at = |tenths: u64| start + Duration::from_millis(100 * tenths);
        for tenth in 0..=19 {
            judge.see(
                at(tenth),
                &stats(&[("new", "2", tenth * 10, tenth * 5)]),
                "2",
            );
            assert_eq!(judge.verdict(at(tenth)), None, "at {tenth}");
        }
        judge.see(at(20), &stats(&[("new", "2", 200, 100)]), "2");
        let why = judge.verdict(at(20)).unwrap();
        assert!(why.contains("50.0 % errors of 200 requests"), "{why}");
        judge.see(at(60), &stats(&[("new", "2", 600, 100)]), "2");
        judge.see(at(80), &stats(&[("new", "2", 800, 100)]), "2");
        assert_eq!(judge.verdict(at(80)), None);
    }

    #[test]
    fn no_traffic_is_no_reason() {
        let (mut judge, start) = (judge(TrafficMetric::Mean, 1), Instant::now());
        judge.see(start, &stats(&[]), "2");
        let later = start + Duration::from_secs(3);
        judge.see(later, &stats(&[("new", "2", 0, 0)]), "2");
        assert_eq!(judge.verdict(later), None);
        let last = later + Duration::from_secs(2);
        judge.see(last, &stats(&[("new", "2", 10, 0)]), "2");
        assert!(judge.verdict(last).unwrap().contains("1.5 ms on average"));
    }
}
