//! One line of the table: what was injected, what was reported, how far apart they may be.

use crate::measure::units;

/// What kind of figure a row compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    /// A number of things: exact, whatever the machine does.
    Count,
    /// A length of time, microseconds.
    Duration,
    /// An instant of run time, microseconds.
    Instant,
}

impl Figure {
    /// As in JSON.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Duration | Self::Instant => "us",
        }
    }

    /// As a person reads it.
    pub(super) fn show(self, value: u64) -> String {
        match self {
            Self::Count => units::count(value),
            Self::Duration => units::micros(value),
            Self::Instant => units::instant(value),
        }
    }
}

/// How far the reported figure may be from the injected one, in the figure's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tolerance {
    /// Below it.
    pub(super) below: u64,
    /// Above it.
    pub(super) above: u64,
}

impl Tolerance {
    /// Not at all.
    pub(super) const EXACT: Self = Self { below: 0, above: 0 };

    /// So many milliseconds either way.
    pub(super) const fn either_way_ms(ms: u64) -> Self {
        Self {
            below: ms * 1_000,
            above: ms * 1_000,
        }
    }

    /// What the tool measures encloses what the target measured of the same request: it may be so
    /// many milliseconds more (the way there and back, and two threads waking up), and less only
    /// by the resolution of a histogram with three digits.
    pub(super) fn enclosing_ms(ms: u64, injected: u64) -> Self {
        Self {
            below: injected / 500,
            above: ms * 1_000 + injected / 500,
        }
    }

    fn show(self) -> String {
        let ms = |us: u64| format!("{} ms", (us + 500) / 1_000);
        match (self.below, self.above) {
            (0, 0) => "exact".to_owned(),
            (below, above) if below == above => format!("±{}", ms(above)),
            (below, above) if below < 500 => format!("+{}", ms(above)),
            (below, above) => format!("−{} +{}", ms(below), ms(above)),
        }
    }
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// What is compared: unique within its part.
    pub(super) what: &'static str,
    /// What kind of figure.
    pub(super) figure: Figure,
    /// What the target did, by its own books.
    pub(super) injected: u64,
    /// What the run's summary says; none: nothing.
    pub(super) reported: Option<u64>,
    /// How far apart they may be.
    pub(super) tolerance: Tolerance,
}

impl Row {
    /// Things that can be counted, and must be counted right.
    pub(super) fn count(what: &'static str, injected: u64, reported: u64) -> Self {
        Self {
            what,
            figure: Figure::Count,
            injected,
            reported: Some(reported),
            tolerance: Tolerance::EXACT,
        }
    }

    /// A length of time.
    pub(super) fn duration(
        what: &'static str,
        injected: u64,
        reported: Option<u64>,
        tolerance: Tolerance,
    ) -> Self {
        Self {
            what,
            figure: Figure::Duration,
            injected,
            reported,
            tolerance,
        }
    }

    /// An instant of run time.
    pub(super) fn instant(
        what: &'static str,
        injected: u64,
        reported: Option<u64>,
        tolerance: Tolerance,
    ) -> Self {
        Self {
            figure: Figure::Instant,
            ..Self::duration(what, injected, reported, tolerance)
        }
    }

    /// Whether the two are as close as they must be.
    pub(super) fn holds(&self) -> bool {
        self.reported.is_some_and(|reported| {
            reported >= self.injected.saturating_sub(self.tolerance.below)
                && reported <= self.injected.saturating_add(self.tolerance.above)
        })
    }

    /// Whether a busy machine may be the reason that it does not hold, so that another attempt is
    /// worth making. A count does not depend on the machine.
    pub(super) fn is_timing(&self) -> bool {
        self.figure != Figure::Count
    }

    /// `what`, `injected`, `reported`, `tolerance` as the table shows them.
    pub(super) fn cells(&self) -> [String; 4] {
        [
            self.what.to_owned(),
            self.figure.show(self.injected),
            self.reported
                .map_or_else(|| "nothing".to_owned(), |value| self.figure.show(value)),
            self.tolerance.show(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_holds_only_when_equal() {
        assert!(Row::count("lost", 3, 3).holds());
        assert!(!Row::count("lost", 3, 2).holds());
        assert!(!Row::count("lost", 3, 4).holds());
    }

    #[test]
    fn what_was_not_reported_does_not_hold() {
        let tolerance = Tolerance::either_way_ms(1_000);
        assert!(!Row::duration("RTO", 0, None, tolerance).holds());
    }

    #[test]
    fn what_encloses_the_targets_own_time_is_not_shorter() {
        let row = |reported| {
            let tolerance = Tolerance::enclosing_ms(2, 5_000);
            Row::duration("p50", 5_000, Some(reported), tolerance)
        };
        assert!(row(4_990).holds() && row(7_010).holds());
        assert!(!row(4_989).holds() && !row(7_011).holds());
        assert_eq!(row(0).cells()[3], "+2 ms");
    }

    #[test]
    fn tolerances_are_told_as_they_are() {
        assert_eq!(Tolerance::either_way_ms(20).show(), "±20 ms");
        assert_eq!(Tolerance::EXACT.show(), "exact");
        let uneven = Tolerance {
            below: 6_000,
            above: 25_000,
        };
        assert_eq!(uneven.show(), "−6 ms +25 ms");
    }
}
