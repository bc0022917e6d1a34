//! How many pods there are to be, by what they have to do: the algorithm of Kubernetes' Horizontal
//! Pod Autoscaler (<https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/>).
//!
//! `desired = ceil(current × metric ÷ target)`, nothing within a tolerance of 10 %, up at once but at
//! most to the double or by four, down only to the highest that was desired within a window. Pods
//! that do not serve yet count as idle, so that those that are starting are not started again.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::api::Autoscale;

/// Around the target.
const TOLERANCE: f64 = 0.1;
/// More pods at one look, at least.
const STEP: usize = 4;

/// What all pods together had to do since the last look.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Usage {
    /// Requests in flight, on average.
    pub(super) in_flight: f64,
    /// Cores busy, on average; none: unknown.
    pub(super) cpu: Option<f64>,
}

/// What was desired lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Autoscaler {
    desired: VecDeque<(Instant, usize)>,
}

impl Autoscaler {
    /// How many pods there are to be, with `current` specified now.
    pub(super) fn decide(
        &mut self,
        spec: &Autoscale,
        current: usize,
        usage: Usage,
        now: Instant,
    ) -> usize {
        let wanted = desired(spec, current, usage);
        self.desired.push_back((now, wanted));
        let window = Duration::from_millis(spec.scale_down_after_ms);
        while self
            .desired
            .front()
            .is_some_and(|(at, _)| *at + window < now)
        {
            self.desired.pop_front();
        }
        let highest = self.desired.iter().map(|(_, wanted)| *wanted).max();
        let calm = highest.unwrap_or(wanted).min(current);
        let next = if wanted > current {
            wanted.min((current * 2).max(current + STEP))
        } else {
            calm
        };
        next.clamp(to_count(spec.min), to_count(spec.max))
    }
}

/// What the metrics ask for: of several the highest counts.
fn desired(spec: &Autoscale, current: usize, usage: Usage) -> usize {
    let in_flight = spec
        .target_in_flight
        .map(|target| (usage.in_flight, f64::from(target)));
    let cpu = (spec.target_cpu_percent.zip(usage.cpu))
        .map(|(percent, cores)| (cores, f64::from(percent) / 100.0));
    let asked = in_flight.into_iter().chain(cpu);
    let by_metric =
        asked.map(|(all, target)| by_ratio(current, all / current.max(1) as f64 / target));
    by_metric.max().unwrap_or(current)
}

/// Ratios come of what a machine can do: far from where a float stops counting.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn by_ratio(current: usize, ratio: f64) -> usize {
    if (ratio - 1.0).abs() <= TOLERANCE {
        return current;
    }
    (current as f64 * ratio).ceil() as usize
}

fn to_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spec() -> Autoscale {
        Autoscale {
            min: 2,
            max: 12,
            target_in_flight: Some(10),
            target_cpu_percent: None,
            scale_down_after_ms: 10_000,
        }
    }

    fn busy(in_flight: f64) -> Usage {
        Usage {
            in_flight,
            cpu: None,
        }
    }

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn up_at_once_by_the_ratio_and_not_within_the_tolerance() {
        let now = Instant::now();
        let decide = |current, in_flight| {
            Autoscaler::default().decide(&spec(), current, busy(in_flight), now)
        };
        assert_eq!(decide(3, 45.0), 5);
        assert_eq!(decide(3, 32.9), 3, "within 10 %");
        assert_eq!(decide(3, 33.1), 4);
        assert_eq!(decide(2, 500.0), 6, "four more at one look");
        assert_eq!(decide(5, 500.0), 10, "or the double");
        assert_eq!(decide(8, 500.0), 12, "never above the most");
    }

    #[test]
    fn down_only_to_the_highest_of_the_window() {
        let (mut autoscaler, start) = (Autoscaler::default(), Instant::now());
        let mut decide =
            |seconds, in_flight| autoscaler.decide(&spec(), 6, busy(in_flight), at(start, seconds));
        assert_eq!(decide(0, 60.0), 6);
        assert_eq!(decide(5, 40.0), 6);
        assert_eq!(decide(9, 20.0), 6);
        assert_eq!(decide(11, 20.0), 4, "what was wanted at 5 s");
        assert_eq!(decide(16, 5.0), 2, "never below the fewest");
    }

    #[test]
    fn of_two_metrics_the_hungrier_counts() {
        let spec = Autoscale {
            target_cpu_percent: Some(50),
            ..spec()
        };
        let usage = Usage {
            in_flight: 10.0,
            cpu: Some(2.6),
        };
        let decided = Autoscaler::default().decide(&spec, 3, usage, Instant::now());
        assert_eq!(decided, 6);
    }

    proptest! {
        /// A load that stays the same is met within a few looks, and then nothing moves any more.
        #[test]
        fn comes_to_rest_where_the_load_is_met(load in 0.0_f64..200.0, begin in 2_usize..12) {
            let (mut autoscaler, start) = (Autoscaler::default(), Instant::now());
            let mut current = begin;
            for second in 0..60 {
                current = autoscaler.decide(&spec(), current, busy(load), at(start, second));
                prop_assert!((2..=12).contains(&current));
            }
            let rest = autoscaler.decide(&spec(), current, busy(load), at(start, 60));
            prop_assert_eq!(rest, current);
            prop_assert!(load / current as f64 <= 11.0 + 1e-9 || current == 12);
        }
    }
}
