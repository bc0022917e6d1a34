//! Whether one of two versions is slower, measured in turn: the *paired t test on log ratios*.
//!
//! On a machine that is quick in one hour and slow in the next, runs of today say little beside
//! runs of last week. Two runs that follow each other share the hour, so only their ratio is looked
//! at: d = ln(b ÷ a) of each pair. With n pairs, their mean and standard deviation s, the interval
//! of the ratio is e^(mean ∓ t(0.95, n−1) · s ÷ √n). The order is A B B A …, so that what gets
//! steadily slower by itself favours neither. Several metrics are judged together with Holm's
//! correction, as in [`regression`](super::regression).

#[cfg(test)]
mod simulation;

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::GateVerdict;
use super::regression::{ALPHA, Better, holm};

/// With fewer the interval is too wide to be of any use.
pub const FEWEST_PAIRS: usize = 4;
/// Quantiles come from histograms of three digits: nothing is known more exactly than that,
/// whatever a few equal pairs say. The standard deviation of ln(b ÷ a).
const LEAST_SPREAD: f64 = 0.001;
/// Of the interval's ends, each.
const CONFIDENCE: f64 = 0.95;

/// Which of two runs in a pair comes first, and so on: A B B A A B B A …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The reference.
    A,
    /// What is compared with it.
    B,
}

/// The order of the two runs of a pair, counted from 0.
#[must_use]
pub fn order(pair: usize) -> [Side; 2] {
    match pair % 2 {
        0 => [Side::A, Side::B],
        _ => [Side::B, Side::A],
    }
}

/// One metric, in all pairs.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// Which: `steady/p99`.
    pub metric: String,
    /// Short, for people: `p99`.
    pub name: String,
    /// Which way is better.
    pub better: Better,
    /// (a, b) of each pair, positive.
    pub values: Vec<(f64, f64)>,
}

/// What became of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Which: `steady/p99`.
    pub metric: String,
    /// b ÷ a: 1.12 is 12 % more in b.
    pub ratio: f64,
    /// 90 % interval of the ratio: above its lower end with 95 % confidence, below its upper end with 95 %.
    pub interval: [f64; 2],
    /// What b was allowed to be: at most this, or at least this where more is better.
    pub allowed: f64,
    /// Pairs that it rests on.
    pub pairs: usize,
    /// Worse than allowed, surely not, or not to be told yet.
    pub verdict: GateVerdict,
    /// `p99: b is 1.12× a (1.05–1.19, 6 pairs); allowed 1.10×`.
    pub explanation: String,
}

/// Judges the metrics together; `margin` is what b may be worse by (0.1: 10 %).
///
/// A metric with fewer than two pairs, or with a value that is not positive, is left out.
#[must_use]
pub fn judge(metrics: &[Pairs], margin: f64) -> Vec<Paired> {
    let tested: Vec<(&Pairs, Differences)> = metrics
        .iter()
        .filter_map(|pairs| Some((pairs, Differences::of(&pairs.values)?)))
        .collect();
    let limit = (1.0 + margin).ln();
    let chances: Vec<f64> = tested
        .iter()
        .map(|(pairs, differences)| match pairs.better {
            Better::Less => differences.chance_beyond(limit),
            Better::More => differences.mirrored().chance_beyond(limit),
        })
        .collect();
    let worse = holm(&chances, ALPHA);
    tested
        .into_iter()
        .zip(worse)
        .map(|((pairs, differences), worse)| tell(pairs, &differences, margin, worse))
        .collect()
}

fn tell(pairs: &Pairs, differences: &Differences, margin: f64, worse: bool) -> Paired {
    let interval = differences.interval();
    let allowed = match pairs.better {
        Better::Less => 1.0 + margin,
        Better::More => 1.0 / (1.0 + margin),
    };
    let surely_fine = match pairs.better {
        Better::Less => interval[1] <= allowed,
        Better::More => interval[0] >= allowed,
    };
    let count = pairs.values.len();
    Paired {
        metric: pairs.metric.clone(),
        ratio: differences.mean.exp(),
        interval,
        allowed,
        pairs: count,
        verdict: match (worse, surely_fine) {
            (true, _) => GateVerdict::Fail,
            (false, true) => GateVerdict::Pass,
            (false, false) => GateVerdict::Inconclusive,
        },
        explanation: format!(
            "{}: b is {:.2}× a ({:.2}–{:.2}, {count} pairs); allowed {allowed:.2}×",
            pairs.name,
            differences.mean.exp(),
            interval[0],
            interval[1],
        ),
    }
}

/// ln(b ÷ a) over the pairs.
#[derive(Debug, Clone, Copy)]
struct Differences {
    mean: f64,
    /// Standard error of the mean.
    error: f64,
    /// Pairs − 1.
    freedom: f64,
}

impl Differences {
    fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        let sound = |value: f64| value > 0.0 && value.is_finite();
        if pairs.len() < 2 || !pairs.iter().all(|(a, b)| sound(*a) && sound(*b)) {
            return None;
        }
        let count = pairs.len() as f64;
        let differences = || pairs.iter().map(|(a, b)| (b / a).ln());
        let mean = differences().sum::<f64>() / count;
        let squares: f64 = differences().map(|d| (d - mean).powi(2)).sum();
        let spread = (squares / (count - 1.0)).sqrt().max(LEAST_SPREAD);
        Some(Self {
            mean,
            error: spread / count.sqrt(),
            freedom: count - 1.0,
        })
    }

    /// Those of a ÷ b.
    fn mirrored(self) -> Self {
        Self {
            mean: -self.mean,
            ..self
        }
    }

    fn interval(&self) -> [f64; 2] {
        let half = self.student().inverse_cdf(CONFIDENCE) * self.error;
        [-half, half].map(|half| (self.mean + half).exp())
    }

    /// How likely so large a mean would come by chance if the true one were this.
    fn chance_beyond(&self, limit: f64) -> f64 {
        self.student().sf((self.mean - limit) / self.error)
    }

    fn student(&self) -> StudentsT {
        StudentsT::new(0.0, 1.0, self.freedom).expect("two pairs leave a freedom of 1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p99(values: &[(f64, f64)]) -> Pairs {
        Pairs {
            metric: "steady/p99".into(),
            name: "p99".into(),
            better: Better::Less,
            values: values.to_vec(),
        }
    }

    #[test]
    fn the_order_is_abba() {
        use Side::{A, B};
        let all: Vec<Side> = (0..4).flat_map(order).collect();
        assert_eq!(all, [A, B, B, A, A, B, B, A]);
    }

    /// d = ln 2 ∓ ln 1.1, twice: mean ln 2, s = ln 1.1 · √(4/3), √4 = 2.
    #[test]
    fn agrees_with_a_calculation_by_hand() {
        let pairs = [
            (1.0, 2.2),
            (1.0, 2.0 / 1.1),
            (10.0, 22.0),
            (10.0, 20.0 / 1.1),
        ];
        let told = judge(&[p99(&pairs)], 0.1);
        let t = 2.353_363_434_801_823; // t(0.95, 3), from a table
        let half = t * 1.1_f64.ln() * (4.0_f64 / 3.0).sqrt() / 2.0;
        assert!((told[0].ratio - 2.0).abs() < 1e-12);
        let [low, high] = told[0].interval;
        assert!((low.ln() - (2f64.ln() - half)).abs() < 1e-6, "{low}");
        assert!((high.ln() - (2f64.ln() + half)).abs() < 1e-6, "{high}");
        assert_eq!(told[0].verdict, GateVerdict::Fail);
    }

    #[test]
    fn hours_that_differ_tenfold_do_not_matter() {
        let pairs: Vec<(f64, f64)> = [1.0, 10.0, 3.0, 0.2, 7.0, 1.5]
            .iter()
            .zip([1.11, 1.13, 1.12, 1.10, 1.14, 1.12])
            .map(|(hour, ratio)| (*hour, hour * ratio))
            .collect();
        let told = judge(&[p99(&pairs)], 0.05);
        insta::assert_snapshot!(told[0].explanation, @"p99: b is 1.12× a (1.11–1.13, 6 pairs); allowed 1.05×");
        assert_eq!(told[0].verdict, GateVerdict::Fail);
        assert_eq!(judge(&[p99(&pairs)], 0.2)[0].verdict, GateVerdict::Pass);
        assert_eq!(
            judge(&[p99(&pairs)], 0.12)[0].verdict,
            GateVerdict::Inconclusive
        );
    }

    #[test]
    fn less_of_a_rate_is_worse() {
        let rate = |b: f64| Pairs {
            better: Better::More,
            name: "rate".into(),
            ..p99(&[(100.0, b), (100.0, b * 1.01), (100.0, b), (100.0, b * 0.99)])
        };
        let verdict = |b| judge(&[rate(b)], 0.1)[0].verdict;
        assert_eq!(verdict(50.0), GateVerdict::Fail);
        assert_eq!(verdict(150.0), GateVerdict::Pass);
        let told = judge(&[rate(50.0)], 0.1);
        insta::assert_snapshot!(told[0].explanation, @"rate: b is 0.50× a (0.50–0.50, 4 pairs); allowed 0.91×");
    }

    #[test]
    fn equal_pairs_are_not_believed_beyond_their_digits() {
        let told = judge(&[p99(&[(5.0, 5.0); 4])], 0.0);
        assert!(told[0].interval[0] < 1.0 && told[0].interval[1] > 1.0);
        assert_eq!(told[0].verdict, GateVerdict::Inconclusive);
    }

    #[test]
    fn what_has_no_logarithm_is_left_out() {
        assert!(judge(&[p99(&[(1.0, 1.0), (0.0, 1.0)])], 0.1).is_empty());
        assert!(judge(&[p99(&[(1.0, 1.0)])], 0.1).is_empty());
    }
}
