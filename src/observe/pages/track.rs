//! One metric over the run. Pure.

use super::buckets::{self, Buckets};
use crate::measure::clock::Micros;
use crate::measure::window::{PhaseWindow, selects, windows_of_second};
use crate::scenario::{PhaseSelector, Statistic};

/// What one look at all pages found.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A value, in the metric's unit.
    Gauge(f64),
    /// What was counted since the look before.
    Counted {
        /// How much.
        by: f64,
        /// Per second.
        rate: f64,
    },
    /// What was observed since the look before.
    Observed {
        /// Cumulative, in order of their bounds.
        buckets: Vec<(f64, f64)>,
        /// Of the observed values.
        sum: f64,
    },
    /// What was counted since the look before.
    Share {
        /// The part.
        part: f64,
        /// The whole.
        whole: f64,
    },
}

/// What a statistic came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found {
    /// A value.
    Value(f64),
    /// More than the histogram's last bound, which is this.
    Beyond(f64),
}

/// One metric over the run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Track {
    /// When the pages were looked at, run time, and what they told of this metric.
    pub looks: Vec<(Micros, Cell)>,
}

impl Track {
    /// What is drawn: for each look that found something one value, `quantile` of a histogram.
    pub fn drawn(&self, quantile: f64) -> impl Iterator<Item = (Micros, f64)> {
        let value = move |(at, cell): &(Micros, Cell)| {
            let value = match cell {
                Cell::Observed { buckets, .. } => buckets::quantile(quantile, buckets)?,
                other => other.value()?,
            };
            value.is_finite().then_some((*at, value))
        };
        self.looks.iter().filter_map(value)
    }

    /// What the values of a phase come to; none, where there are none.
    #[must_use]
    pub fn statistic(
        &self,
        statistic: Statistic,
        during: &PhaseSelector,
        windows: &[PhaseWindow],
    ) -> Option<Found> {
        let within = |at: Micros| {
            let windows_there = windows_of_second(windows, at / 1_000_000);
            selects(during, windows, &windows_there)
        };
        let cells = (self.looks.iter())
            .filter(|(at, _)| within(*at))
            .map(|(_, cell)| cell);
        let cells: Vec<&Cell> = cells.collect();
        if let Statistic::Quantile(q) = statistic {
            return quantile(q, &cells);
        }
        let mut values = cells.iter().filter_map(|cell| cell.value());
        let value = match statistic {
            Statistic::Min => values.reduce(f64::min),
            Statistic::Max => values.reduce(f64::max),
            Statistic::Last => values.next_back(),
            Statistic::Mean => mean(&cells),
            Statistic::Total => total(&cells),
            Statistic::Quantile(_) => None,
        };
        value.map(Found::Value)
    }
}

impl Cell {
    /// One figure; none, where nothing was counted that it could be the share of.
    fn value(&self) -> Option<f64> {
        match self {
            Self::Gauge(value) => Some(*value),
            Self::Counted { rate, .. } => Some(*rate),
            Self::Share { part, whole } => (*whole > 0.0).then(|| part / whole),
            Self::Observed { .. } => None,
        }
    }
}

fn quantile(q: f64, cells: &[&Cell]) -> Option<Found> {
    let mut all = Buckets::new();
    for cell in cells {
        if let Cell::Observed { buckets, .. } = cell {
            buckets::add(&mut all, buckets);
        }
    }
    let value = buckets::quantile(q, &all)?;
    if value.is_finite() {
        return Some(Found::Value(value));
    }
    let finite = all.iter().rev().find(|(bound, _)| bound.is_finite());
    Some(Found::Beyond(finite.map_or(0.0, |(bound, _)| *bound)))
}

/// Shares and observations weigh as much as was counted, all else by time.
fn mean(cells: &[&Cell]) -> Option<f64> {
    let (mut sum, mut weight) = (0.0, 0.0);
    for cell in cells {
        let (value, weighs) = match cell {
            Cell::Share { part, whole } => (*part, *whole),
            Cell::Observed { buckets, sum } => (*sum, buckets.last().map_or(0.0, |last| last.1)),
            Cell::Gauge(value) | Cell::Counted { rate: value, .. } => (*value, 1.0),
        };
        sum += value;
        weight += weighs;
    }
    (weight > 0.0).then(|| sum / weight)
}

fn total(cells: &[&Cell]) -> Option<f64> {
    let counted = |cell: &&Cell| match cell {
        Cell::Counted { by, .. } => Some(*by),
        Cell::Observed { buckets, .. } => buckets.last().map(|last| last.1),
        Cell::Gauge(_) | Cell::Share { .. } => None,
    };
    cells.iter().filter_map(counted).reduce(|a, b| a + b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::window::PhaseKind;

    fn track(cells: impl IntoIterator<Item = Cell>) -> Track {
        let at = (0..).map(|second| second * 1_000_000 + 500_000);
        Track {
            looks: at.zip(cells).collect(),
        }
    }

    fn whole(track: &Track, statistic: Statistic) -> Option<Found> {
        track.statistic(statistic, &PhaseSelector::Whole, &[])
    }

    #[test]
    fn a_share_over_time_is_the_share_of_all_and_not_the_mean_of_shares() {
        let share = |part, whole| Cell::Share { part, whole };
        let track = track([share(1.0, 1.0), share(0.0, 0.0), share(1.0, 9.0)]);
        assert_eq!(whole(&track, Statistic::Mean), Some(Found::Value(0.2)));
        assert_eq!(whole(&track, Statistic::Max), Some(Found::Value(1.0)));
        assert_eq!(track.drawn(0.5).count(), 2);
    }

    #[test]
    fn a_histogram_is_that_of_the_whole_phase() {
        let observed = |fast, slow| Cell::Observed {
            buckets: vec![
                (0.1, fast),
                (1.0, fast + slow),
                (f64::INFINITY, fast + slow),
            ],
            sum: fast * 0.05 + slow * 0.5,
        };
        let track = track([observed(90.0, 0.0), observed(0.0, 10.0)]);
        let quantile = |q| whole(&track, Statistic::Quantile(q));
        assert_eq!(quantile(0.9), Some(Found::Value(0.1)));
        assert_eq!(quantile(1.0), Some(Found::Value(1.0)));
        assert_eq!(whole(&track, Statistic::Total), Some(Found::Value(100.0)));
        let mean = whole(&track, Statistic::Mean);
        assert!(matches!(mean, Some(Found::Value(mean)) if (mean - 0.095).abs() < 1e-9));
        let beyond = Cell::Observed {
            buckets: vec![(0.1, 0.0), (f64::INFINITY, 4.0)],
            sum: 9.0,
        };
        let beyond = whole(&super::tests::track([beyond]), Statistic::Quantile(0.5));
        assert_eq!(beyond, Some(Found::Beyond(0.1)));
    }

    #[test]
    fn only_the_looks_of_a_phase_count() {
        let track = track([5.0, 1.0, 2.0, 9.0].map(Cell::Gauge));
        let steady = PhaseWindow {
            name: "steady".into(),
            kind: PhaseKind::Steady,
            fault: None,
            from: 1_000_000,
            to: 3_000_000,
        };
        let steady = |statistic| {
            track.statistic(
                statistic,
                &PhaseSelector::Steady,
                std::slice::from_ref(&steady),
            )
        };
        assert_eq!(steady(Statistic::Max), Some(Found::Value(2.0)));
        assert_eq!(steady(Statistic::Min), Some(Found::Value(1.0)));
        assert_eq!(whole(&track, Statistic::Last), Some(Found::Value(9.0)));
        assert_eq!(whole(&track, Statistic::Total), None);
        let faults = track.statistic(Statistic::Max, &PhaseSelector::Faults, &[]);
        assert_eq!(faults, None);
    }
}
