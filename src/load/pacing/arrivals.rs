//! The arrivals of an open load, one after another.

use std::sync::Arc;

use super::rate::{RateCurve, micros};
use crate::load::seed::{self, Purpose};
use crate::measure::clock::Micros;
use crate::scenario::Spread;

/// One iteration that is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Its number within the load, from 0.
    pub(crate) number: u64,
    /// When it is meant to start, microseconds from the load's start.
    pub(crate) due: Micros,
}

/// Yields arrivals in order; clones continue independently and agree.
///
/// Poisson arrivals of a changing rate are unit exponentials pulled back through the integral of
/// the rate, so that the schedule's mean is exact at every instant.
#[derive(Debug, Clone)]
pub(crate) struct Arrivals {
    curve: Arc<RateCurve>,
    piece: usize,
    /// Integral of the rate at the next arrival.
    reached: f64,
    /// Only with [`Spread::Poisson`].
    random: Option<fastrand::Rng>,
    next: Option<Arrival>,
}

impl Arrivals {
    /// The schedule of load number `load` in a run with this seed.
    pub(crate) fn new(curve: Arc<RateCurve>, spread: Spread, seed: u64, load: usize) -> Self {
        let mut arrivals = Self {
            curve,
            piece: 0,
            reached: 0.0,
            random: match spread {
                Spread::Even => None,
                Spread::Poisson => Some(seed::rng(seed, Purpose::Arrivals, load, 0)),
            },
            next: None,
        };
        if let Some(random) = &mut arrivals.random {
            arrivals.reached = exponential(random);
        }
        arrivals.next = arrivals.find(0);
        arrivals
    }

    /// The next one, without taking it.
    pub(crate) fn peek(&self) -> Option<Arrival> {
        self.next
    }

    /// Takes the next one if it is due at `now`.
    pub(crate) fn next_due(&mut self, now: Micros) -> Option<Arrival> {
        let arrival = self.next.filter(|arrival| arrival.due <= now)?;
        self.reached += match &mut self.random {
            None => 1.0,
            Some(random) => exponential(random),
        };
        self.next = self.find(arrival.number + 1);
        Some(arrival)
    }

    fn find(&mut self, number: u64) -> Option<Arrival> {
        let seconds = self.curve.reaches(self.reached, &mut self.piece)?;
        Some(Arrival {
            number,
            due: micros(seconds),
        })
    }
}

/// An exponential draw with mean 1.
pub(crate) fn exponential(random: &mut fastrand::Rng) -> f64 {
    // 1 − [0, 1) is never 0, whose logarithm is not finite.
    -(1.0 - random.f64()).ln()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::scenario::RateSegment;

    fn all(segments: &[RateSegment], spread: Spread, seed: u64) -> Vec<Micros> {
        let mut arrivals = Arrivals::new(Arc::new(RateCurve::new(segments)), spread, seed, 0);
        std::iter::from_fn(|| arrivals.next_due(u64::MAX).map(|arrival| arrival.due)).collect()
    }

    fn hold(rate: f64, seconds: u64) -> RateSegment {
        RateSegment {
            from: rate,
            to: rate,
            over: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn even_arrivals_of_a_hold_are_equally_far_apart() {
        let due = all(&[hold(500.0, 4)], Spread::Even, 1);
        assert_eq!(due.len(), 2_000);
        for (n, due) in due.iter().enumerate() {
            assert_eq!(*due, n as u64 * 2_000);
        }
    }

    #[test]
    fn a_seed_repeats_poisson_arrivals_and_another_does_not() {
        let segments = [hold(100.0, 5)];
        assert_eq!(
            all(&segments, Spread::Poisson, 7),
            all(&segments, Spread::Poisson, 7)
        );
        assert_ne!(
            all(&segments, Spread::Poisson, 7),
            all(&segments, Spread::Poisson, 8)
        );
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_spread_of_an_exponential() {
        let due = all(&[hold(1_000.0, 100)], Spread::Poisson, 3);
        let gaps: Vec<f64> = due.windows(2).map(|w| (w[1] - w[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let deviation =
            (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / gaps.len() as f64).sqrt();
        // 100,000 draws: the standard error of both is about 0.3 %.
        assert!((mean - 1_000.0).abs() < 15.0, "mean {mean} µs");
        assert!(
            (deviation - 1_000.0).abs() < 25.0,
            "deviation {deviation} µs"
        );
    }

    #[test]
    fn poisson_follows_a_ramp() {
        let ramp = RateSegment {
            from: 0.0,
            to: 2_000.0,
            over: Duration::from_secs(50),
        };
        let due = all(&[ramp], Spread::Poisson, 11);
        // 50,000 expected in all, a quarter of them in the first half.
        let early = due.iter().filter(|&&at| at < 25_000_000).count();
        assert!((49_000..51_000).contains(&due.len()), "{}", due.len());
        assert!((12_000..13_000).contains(&early), "{early}");
    }

    #[test]
    fn nothing_is_taken_before_it_is_due() {
        let mut arrivals = Arrivals::new(
            Arc::new(RateCurve::new(&[hold(10.0, 1)])),
            Spread::Even,
            1,
            0,
        );
        assert_eq!(arrivals.next_due(0).map(|a| a.number), Some(0));
        assert_eq!(arrivals.next_due(99_999), None);
        assert_eq!(arrivals.next_due(100_000).map(|a| a.number), Some(1));
    }
}
