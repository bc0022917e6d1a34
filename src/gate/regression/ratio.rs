//! The ratio of two sides' means, with its interval.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{Better, Samples};

/// Of the interval's ends, each.
const CONFIDENCE: f64 = 0.95;

/// How much worse the candidate is than the baseline, on the logarithmic scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Difference of the means of ln(value); positive: worse.
    difference: f64,
    /// Standard error of the difference.
    error: f64,
    /// n + m − 2.
    freedom: f64,
}

/// The ratio; `least_spread` is the smallest standard deviation of ln(value) that is believed.
/// None: there are too few runs, or a value is not positive.
#[must_use]
pub fn ratio(samples: &Samples, least_spread: f64) -> Option<Ratio> {
    let (n, m) = (samples.baseline.len(), samples.candidate.len());
    if n < 2 || m < 1 {
        return None;
    }
    let baseline = Side::of(&samples.baseline)?;
    let candidate = Side::of(&samples.candidate)?;
    let freedom = (n + m - 2) as f64;
    let spread = ((baseline.squares + candidate.squares) / freedom)
        .sqrt()
        .max(least_spread);
    let slower = candidate.mean - baseline.mean;
    Some(Ratio {
        difference: match samples.better {
            Better::Less => slower,
            Better::More => -slower,
        },
        error: spread * (1.0 / n as f64 + 1.0 / m as f64).sqrt(),
        freedom,
    })
}

/// One side's logarithms.
struct Side {
    mean: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
}

impl Side {
    fn of(values: &[f64]) -> Option<Self> {
        if values
            .iter()
            .any(|value| *value <= 0.0 || !value.is_finite())
        {
            return None;
        }
        let logarithms = || values.iter().map(|value| value.ln());
        let mean = logarithms().sum::<f64>() / values.len() as f64;
        let squares = logarithms().map(|y| (y - mean).powi(2)).sum();
        Some(Self { mean, squares })
    }
}

impl Ratio {
    /// The ratio itself: 1.31 is 31 % worse.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.difference.exp()
    }

    /// It is above the first with 95 % confidence, and below the second with 95 %.
    #[must_use]
    pub fn interval(&self) -> [f64; 2] {
        let half = self.student().inverse_cdf(CONFIDENCE) * self.error;
        [-half, half].map(|half| (self.difference + half).exp())
    }

    /// How likely so large a ratio would come by chance if the true one were `at_most`.
    #[must_use]
    pub fn chance_of_at_most(&self, at_most: f64) -> f64 {
        let distance = (self.difference - at_most.ln()) / self.error;
        self.student().sf(distance)
    }

    fn student(&self) -> StudentsT {
        StudentsT::new(0.0, 1.0, self.freedom).expect("two runs on one side leave a freedom of 1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(better: Better, baseline: &[f64], candidate: &[f64]) -> Samples {
        Samples {
            metric: "steady/p99".into(),
            name: "p99".into(),
            better,
            baseline: baseline.to_vec(),
            candidate: candidate.to_vec(),
        }
    }

    /// By hand: means of ln are ln 100 and ln 200; s = ln 2 · √(2 · 0.25 · … ) from two runs each.
    #[test]
    fn agrees_with_a_calculation_by_hand() {
        let both = samples(Better::Less, &[50.0, 200.0], &[100.0, 400.0]);
        let ratio = ratio(&both, 0.0).unwrap();
        assert!((ratio.ratio() - 2.0).abs() < 1e-12);
        // Each side's squares: 2 · (ln 2)²; freedom 2, so s = √2 · ln 2; √(1/2 + 1/2) = 1.
        let s = 2f64.sqrt() * 2f64.ln();
        let t = 2.919_985_580_353_725; // t(0.95, 2), from a table
        let [low, high] = ratio.interval();
        assert!((low.ln() - (2f64.ln() - t * s)).abs() < 1e-6);
        assert!((high.ln() - (2f64.ln() + t * s)).abs() < 1e-6);
    }

    #[test]
    fn less_of_a_rate_is_worse() {
        let rate = samples(Better::More, &[100.0, 100.0], &[50.0]);
        assert!((ratio(&rate, 0.02).unwrap().ratio() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_has_no_logarithm_has_no_ratio() {
        let zero = samples(Better::Less, &[1.0, 0.0], &[1.0]);
        assert_eq!(ratio(&zero, 0.02), None);
    }

    #[test]
    fn the_chance_at_the_interval_s_lower_end_is_five_percent() {
        let both = samples(Better::Less, &[90.0, 100.0, 110.0], &[130.0, 120.0]);
        let ratio = ratio(&both, 0.02).unwrap();
        let chance = ratio.chance_of_at_most(ratio.interval()[0]);
        assert!((chance - 0.05).abs() < 1e-9, "{chance}");
    }
}
