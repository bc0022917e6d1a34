//! Which rate to try next: doubling until one fails, halving the distance until it is as small as
//! was asked for, then holding what was found for longer.
//!
//! A function of what was measured so far, without any state of its own.

use serde::{Deserialize, Serialize};

/// Where to look, and how closely.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// The lowest rate that is tried, iterations per second, positive.
    pub from: f64,
    /// The highest; none: until a rate fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// How far apart the rate that holds and the one that fails may be: 0.05 is 5 %. At least 0.01.
    pub precision: f64,
}

/// For how long a rate was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// For a short step.
    Probe,
    /// For as long as confirms what the steps say.
    Hold,
}

/// What a rate came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every limit held.
    Held,
    /// One did not: the target's doing.
    Failed,
    /// The run says nothing of the target: the generator was the bottleneck, for one.
    Invalid,
}

/// A rate that was tried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tried {
    /// Iterations per second.
    pub rate: f64,
    /// For how long.
    pub kind: Kind,
    /// What it came to.
    pub outcome: Outcome,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next {
    /// Try this rate.
    Try(f64, Kind),
    /// It is known.
    Done(Conclusion),
}

/// What is known in the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Conclusion {
    /// This rate was held.
    Found {
        /// Iterations per second.
        rate: f64,
        /// The lowest rate that failed; none: the highest that was asked for holds.
        fails_at: Option<f64>,
    },
    /// Even the lowest rate failed.
    LowestFails,
    /// The search ended at this rate, because the run said nothing of the target.
    Invalid {
        /// Iterations per second.
        at: f64,
        /// The highest rate that held before.
        holds: Option<f64>,
    },
}

/// From all that was tried so far, in that order.
#[must_use]
pub fn next(bounds: &Bounds, tried: &[Tried]) -> Next {
    let of = |outcome| tried.iter().filter(move |one| one.outcome == outcome);
    let rates = |outcome| of(outcome).map(|one| one.rate);
    let fails_at = rates(Outcome::Failed).reduce(f64::min);
    // What held above a rate that failed held by luck.
    let below = |rate: &f64| fails_at.is_none_or(|fails| *rate < fails);
    let holds = rates(Outcome::Held).filter(below).reduce(f64::max);
    if let Some(at) = rates(Outcome::Invalid).next() {
        return Next::Done(Conclusion::Invalid { at, holds });
    }
    let held = of(Outcome::Held).filter(|one| one.kind == Kind::Hold);
    if let Some(rate) = held.map(|one| one.rate).filter(below).reduce(f64::max) {
        return Next::Done(Conclusion::Found { rate, fails_at });
    }
    let fell: Vec<f64> = of(Outcome::Failed)
        .filter(|one| one.kind == Kind::Hold)
        .map(|one| one.rate)
        .collect();
    if let Some(last) = fell.last() {
        return step_back(bounds, *last, fell.len());
    }
    match (holds, fails_at) {
        (None, None) => Next::Try(bounds.from, Kind::Probe),
        (None, Some(_)) => Next::Done(Conclusion::LowestFails),
        (Some(holds), None) if bounds.to.is_some_and(|to| holds >= to) => {
            Next::Try(holds, Kind::Hold)
        }
        (Some(holds), None) => {
            let twice = 2.0 * holds;
            Next::Try(bounds.to.map_or(twice, |to| twice.min(to)), Kind::Probe)
        }
        (Some(holds), Some(fails)) if fails / holds <= 1.0 + bounds.precision + 1e-9 => {
            Next::Try(holds, Kind::Hold)
        }
        (Some(holds), Some(fails)) => Next::Try(between(holds, fails), Kind::Probe),
    }
}

/// What held for a short step did not hold for long: further back, twice as far each time, because
/// short steps cannot be trusted any more.
fn step_back(bounds: &Bounds, from: f64, times: usize) -> Next {
    if from <= bounds.from {
        return Next::Done(Conclusion::LowestFails);
    }
    let steps = 2_i32.saturating_pow(u32::try_from(times - 1).unwrap_or(u32::MAX));
    let back = from / (1.0 + bounds.precision).powi(steps);
    Next::Try(readable(back, f64::floor).max(bounds.from), Kind::Hold)
}

/// Half-way in proportion, with digits that can be read, if those still lie between.
fn between(low: f64, high: f64) -> f64 {
    let middle = (low * high).sqrt();
    let rounded = readable(middle, f64::round);
    if low < rounded && rounded < high {
        rounded
    } else {
        middle
    }
}

/// With three significant digits.
fn readable(value: f64, round: fn(f64) -> f64) -> f64 {
    let scale = 10_f64.powf(2.0 - value.log10().floor());
    round(value * scale) / scale
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// More tries than any search may need.
    const PATIENCE: usize = 80;

    /// Searches a target that this says the outcome of; answers all tries and the end.
    fn search(
        bounds: &Bounds,
        mut target: impl FnMut(f64, Kind) -> Outcome,
    ) -> (Vec<Tried>, Conclusion) {
        let mut tried = Vec::new();
        loop {
            match next(bounds, &tried) {
                Next::Done(conclusion) => return (tried, conclusion),
                Next::Try(rate, kind) => tried.push(Tried {
                    rate,
                    kind,
                    outcome: target(rate, kind),
                }),
            }
            assert!(tried.len() <= PATIENCE, "no end: {tried:?}");
        }
    }

    fn holds_up_to(capacity: f64) -> impl FnMut(f64, Kind) -> Outcome {
        move |rate, _| match rate <= capacity {
            true => Outcome::Held,
            false => Outcome::Failed,
        }
    }

    const BOUNDS: Bounds = Bounds {
        from: 10.0,
        to: None,
        precision: 0.05,
    };

    #[test]
    fn it_doubles_then_halves_the_distance_then_holds() {
        let (tried, end) = search(&BOUNDS, holds_up_to(100.0));
        let rates: Vec<f64> = tried.iter().map(|one| one.rate).collect();
        assert_eq!(
            rates,
            [
                10.0, 20.0, 40.0, 80.0, 160.0, 113.0, 95.1, 104.0, 99.5, 99.5
            ]
        );
        assert_eq!(tried.last().map(|one| one.kind), Some(Kind::Hold));
        let found = Conclusion::Found {
            rate: 99.5,
            fails_at: Some(104.0),
        };
        assert_eq!(end, found);
    }

    #[test]
    fn the_highest_rate_that_was_asked_for_is_the_last() {
        let bounds = Bounds {
            to: Some(50.0),
            ..BOUNDS
        };
        let (tried, end) = search(&bounds, holds_up_to(100.0));
        assert_eq!(tried.len(), 5);
        let found = Conclusion::Found {
            rate: 50.0,
            fails_at: None,
        };
        assert_eq!(end, found);
    }

    #[test]
    fn when_even_the_lowest_fails_nothing_else_is_tried() {
        let (tried, end) = search(&BOUNDS, holds_up_to(9.0));
        assert_eq!((tried.len(), end), (1, Conclusion::LowestFails));
    }

    #[test]
    fn a_generator_at_its_limit_ends_the_search_and_is_no_limit_of_the_target() {
        let (tried, end) = search(&BOUNDS, |rate, _| match rate < 70.0 {
            true => Outcome::Held,
            false => Outcome::Invalid,
        });
        assert_eq!(tried.len(), 4);
        let invalid = Conclusion::Invalid {
            at: 80.0,
            holds: Some(40.0),
        };
        assert_eq!(end, invalid);
    }

    #[test]
    fn what_holds_only_for_a_short_step_is_not_believed() {
        let (tried, end) = search(&BOUNDS, |rate, kind| match kind {
            Kind::Probe => holds_up_to(100.0)(rate, kind),
            Kind::Hold => holds_up_to(70.0)(rate, kind),
        });
        let held: Vec<f64> = (tried.iter())
            .filter(|one| one.kind == Kind::Hold)
            .map(|one| one.rate)
            .collect();
        assert_eq!(held, [99.5, 94.7, 85.8, 70.5, 47.7]);
        let found = Conclusion::Found {
            rate: 47.7,
            fails_at: Some(70.5),
        };
        assert_eq!(end, found);
    }

    fn bounds() -> impl Strategy<Value = Bounds> {
        (
            0.5_f64..500.0,
            prop::option::of(1.0_f64..1e4),
            0.01_f64..0.5,
        )
            .prop_map(|(from, factor, precision)| Bounds {
                from,
                to: factor.map(|factor| from * factor),
                precision,
            })
    }

    proptest! {
        #[test]
        fn a_known_capacity_is_found_as_closely_as_was_asked_for(
            bounds in bounds(),
            factor in 1.0_f64..5_000.0,
        ) {
            let capacity = bounds.from * factor;
            let (_, end) = search(&bounds, holds_up_to(capacity));
            match end {
                Conclusion::Found { rate, fails_at: Some(fails) } => {
                    prop_assert!(rate <= capacity && capacity < fails);
                    prop_assert!(fails / rate <= 1.0 + bounds.precision + 1e-6);
                }
                Conclusion::Found { rate, fails_at: None } => prop_assert_eq!(Some(rate), bounds.to),
                other => prop_assert!(false, "{other:?}"),
            }
        }

        #[test]
        fn noise_moves_what_is_found_no_further_than_itself(
            bounds in bounds(),
            factor in 2.0_f64..2_000.0,
            seed in any::<u64>(),
            noise in 0.0_f64..0.2,
        ) {
            let capacity = bounds.from * factor;
            let bounds = Bounds { to: None, ..bounds };
            let mut random = fastrand::Rng::with_seed(seed);
            let (tried, end) = search(&bounds, |rate, kind| {
                let off = 1.0 + noise * (2.0 * random.f64() - 1.0);
                holds_up_to(capacity * off)(rate, kind)
            });
            let Conclusion::Found { rate, fails_at: Some(fails) } = end else {
                return Err(TestCaseError::fail(format!("{end:?}")));
            };
            prop_assert!(rate <= capacity * (1.0 + noise));
            prop_assert!(rate < fails && fails >= capacity * (1.0 - noise));
            // As far back as holds that failed have led, and that is why they are told.
            let fell = tried.iter().filter(|one| one.kind == Kind::Hold).count() - 1;
            let back = (1.0 + bounds.precision).powi(1 << fell.min(20));
            prop_assert!(rate * back * (1.0 + bounds.precision) >= capacity * (1.0 - noise) * 0.99);
        }

        #[test]
        fn whatever_a_target_does_the_search_ends_and_stays_within_its_bounds(
            bounds in bounds(),
            outcomes in prop::collection::vec(0_u8..20, PATIENCE),
        ) {
            let bounds = Bounds { to: Some(bounds.to.unwrap_or(bounds.from * 1e4)), ..bounds };
            let mut outcomes = outcomes.into_iter();
            let (tried, end) = search(&bounds, |_, _| match outcomes.next() {
                Some(0) => Outcome::Invalid,
                Some(n) if n % 2 == 0 => Outcome::Failed,
                _ => Outcome::Held,
            });
            let to = bounds.to.unwrap_or(f64::INFINITY);
            prop_assert!(tried.iter().all(|one| one.rate >= bounds.from && one.rate <= to));
            if let Conclusion::Found { rate, .. } = end {
                let held = Tried { rate, kind: Kind::Hold, outcome: Outcome::Held };
                prop_assert!(tried.contains(&held));
            }
        }
    }
}
