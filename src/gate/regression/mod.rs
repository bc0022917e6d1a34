//! Whether a candidate is slower than its baseline: *ratio with margin*, where a whole run is one
//! sample.
//!
//! Raw requests are never compared with each other: those of one run hang together, so a rank test
//! on them finds a difference nearly always, also in unchanged code. One limit on the last run's
//! figure has the opposite fault: it knows nothing of how much runs differ by themselves.
//!
//! For a metric, y = ln(value) of each run; d is the difference of the means of m candidate and n
//! baseline runs; s is the pooled standard deviation, at least [`LEAST_SPREAD`]; the interval of
//! the ratio is e^(d ∓ t(0.95, n+m−2) · s · √(1/n + 1/m)). Several metrics are judged together with
//! Holm's correction (S. Holm, *A simple sequentially rejective multiple test procedure*, 1979), so
//! that ten metrics do not raise ten times as many false alarms.

mod ratio;
#[cfg(test)]
mod simulation;

pub use ratio::{Ratio, ratio};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::GateVerdict;

/// More metrics than this are refused: each one more costs the others power.
pub const MOST_METRICS: usize = 6;
/// Runs differ at least this much, whatever few of them say by chance: the standard deviation of
/// ln(value).
const LEAST_SPREAD: f64 = 0.02;
/// Chance of an alarm without a cause, over all metrics together.
pub(super) const ALPHA: f64 = 0.05;

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Times.
    Less,
    /// Rates.
    More,
}

/// One metric, in the runs of both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Which: `steady/p99`.
    pub metric: String,
    /// Short, for people: `p99`.
    pub name: String,
    /// Which way is better.
    pub better: Better,
    /// Its value in each run of the baseline, positive.
    pub baseline: Vec<f64>,
    /// Its value in each run of the candidate, positive.
    pub candidate: Vec<f64>,
}

/// What became of one metric.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Regression {
    /// Which: `steady/p99`.
    pub metric: String,
    /// How much worse: 1.31 is 31 % slower than the baseline (or so much less, of a rate).
    pub ratio: f64,
    /// 90 % interval of the ratio: above its lower end with 95 % confidence, below its upper end with 95 %.
    pub interval: [f64; 2],
    /// What was allowed: 1.1 is 10 % more.
    pub allowed: f64,
    /// Runs of the baseline.
    pub baseline_runs: usize,
    /// Runs of the candidate.
    pub candidate_runs: usize,
    /// Worse than allowed, surely not, or not to be told yet.
    pub verdict: GateVerdict,
    /// `p99 1.31× baseline (1.14–1.50, 10 runs); allowed 1.10×`.
    pub explanation: String,
}

/// Judges the metrics together; `margin` is what each may be worse by (0.1: 10 %).
///
/// A metric that has no two runs in the baseline, or none in the candidate, is left out.
#[must_use]
pub fn judge(samples: &[Samples], margin: f64) -> Vec<Regression> {
    let ratios: Vec<(&Samples, Ratio)> = samples
        .iter()
        .filter_map(|samples| Some((samples, ratio(samples, LEAST_SPREAD)?)))
        .collect();
    let chances: Vec<f64> = ratios
        .iter()
        .map(|(_, ratio)| ratio.chance_of_at_most(1.0 + margin))
        .collect();
    let worse = holm(&chances, ALPHA);
    ratios
        .into_iter()
        .zip(worse)
        .map(|((samples, ratio), worse)| tell(samples, ratio, margin, worse))
        .collect()
}

fn tell(samples: &Samples, ratio: Ratio, margin: f64, worse: bool) -> Regression {
    let interval = ratio.interval();
    let verdict = if worse {
        GateVerdict::Fail
    } else if interval[1] <= 1.0 + margin {
        GateVerdict::Pass
    } else {
        GateVerdict::Inconclusive
    };
    let runs = samples.baseline.len();
    Regression {
        explanation: format!(
            "{} {:.2}× baseline ({:.2}–{:.2}, {runs} runs); allowed {:.2}×",
            samples.name,
            ratio.ratio(),
            interval[0],
            interval[1],
            1.0 + margin
        ),
        metric: samples.metric.clone(),
        ratio: ratio.ratio(),
        interval,
        allowed: 1.0 + margin,
        baseline_runs: runs,
        candidate_runs: samples.candidate.len(),
        verdict,
    }
}

/// Which hypotheses are rejected at level `alpha` together, by Holm's step-down procedure.
pub(super) fn holm(chances: &[f64], alpha: f64) -> Vec<bool> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    order.sort_by(|a, b| chances[*a].total_cmp(&chances[*b]));
    let mut rejected = vec![false; chances.len()];
    for (rank, index) in order.into_iter().enumerate() {
        let left = (chances.len() - rank) as f64;
        if chances[index] > alpha / left {
            break;
        }
        rejected[index] = true;
    }
    rejected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(baseline: &[f64], candidate: &[f64]) -> Samples {
        Samples {
            metric: "steady/p99".into(),
            name: "p99".into(),
            better: Better::Less,
            baseline: baseline.to_vec(),
            candidate: candidate.to_vec(),
        }
    }

    #[test]
    fn holm_stops_at_the_first_that_is_not_rejected() {
        assert_eq!(holm(&[0.01, 0.04, 0.03], 0.05), [true, false, false]);
        assert_eq!(holm(&[0.01, 0.02, 0.012], 0.05), [true, true, true]);
        // The textbook's: 0.005 and 0.01 at 4 and 3 hypotheses; 0.03 fails at 2.
        assert_eq!(
            holm(&[0.01, 0.04, 0.03, 0.005], 0.05),
            [true, false, false, true]
        );
        assert_eq!(holm(&[], 0.05), [false; 0]);
    }

    #[test]
    fn words_say_how_much_worse_and_what_was_allowed() {
        let base = [
            100.0, 102.0, 98.0, 101.0, 99.0, 100.0, 101.0, 99.0, 100.0, 100.0,
        ];
        let told = judge(&[samples(&base, &[131.0, 130.0, 132.0])], 0.1);
        insta::assert_snapshot!(told[0].explanation, @"p99 1.31× baseline (1.28–1.34, 10 runs); allowed 1.10×");
        assert_eq!(told[0].verdict, GateVerdict::Fail);
    }

    #[test]
    fn unchanged_passes_and_few_noisy_runs_decide_nothing() {
        let base = [100.0, 102.0, 98.0, 101.0, 99.0, 100.0];
        let same = judge(&[samples(&base, &[100.0, 101.0, 99.0])], 0.1);
        assert_eq!(same[0].verdict, GateVerdict::Pass);
        let noisy = judge(&[samples(&[80.0, 120.0, 100.0], &[115.0])], 0.1);
        assert_eq!(noisy[0].verdict, GateVerdict::Inconclusive);
    }

    #[test]
    fn a_metric_without_enough_runs_is_left_out() {
        assert!(judge(&[samples(&[100.0], &[100.0])], 0.1).is_empty());
        assert!(judge(&[samples(&[100.0, 101.0], &[])], 0.1).is_empty());
    }
}
