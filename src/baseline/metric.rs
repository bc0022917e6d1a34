//! What is compared between runs: `steady/p99`, `journey:buy/p95`, `step:place order/p95`.

use std::fmt;
use std::str::FromStr;

use crate::gate::regression::Better;
use crate::measure::window::PhaseKind;
use crate::report::summary::{Latency, Summary};

/// A figure of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    scope: Scope,
    figure: Figure,
}

/// Of which requests.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    /// All, in undisturbed seconds.
    Steady,
    /// All.
    Run,
    /// Of one journey, over the whole run.
    Journey(String),
    /// Of one step, over the whole run.
    Step(String),
}

/// Which figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    P50,
    P90,
    P95,
    P99,
    P99_9,
    Mean,
    Rate,
}

const FIGURES: [(&str, Figure); 7] = [
    ("p50", Figure::P50),
    ("p90", Figure::P90),
    ("p95", Figure::P95),
    ("p99", Figure::P99),
    ("p99.9", Figure::P99_9),
    ("mean", Figure::Mean),
    ("rate", Figure::Rate),
];

/// No metric is called so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no metric `{0}`: write SCOPE/FIGURE, such as steady/p99, run/p95, journey:buy/p95, \
     \"step:place order/p99\"; figures are p50, p90, p95, p99, p99.9, mean, rate"
)]
pub struct BadMetric(pub String);

impl FromStr for Metric {
    type Err = BadMetric;

    fn from_str(text: &str) -> Result<Self, BadMetric> {
        let bad = || BadMetric(text.to_owned());
        // Names of steps may hold a slash, figures do not.
        let (scope, figure) = text.rsplit_once('/').ok_or_else(bad)?;
        let figure = FIGURES.iter().find(|(name, _)| *name == figure);
        let scope = match scope.split_once(':') {
            None if scope == "steady" => Scope::Steady,
            None if scope == "run" => Scope::Run,
            Some(("journey", name)) if !name.is_empty() => Scope::Journey(name.to_owned()),
            Some(("step", name)) if !name.is_empty() => Scope::Step(name.to_owned()),
            _ => return Err(bad()),
        };
        Ok(Self {
            scope,
            figure: figure.ok_or_else(bad)?.1,
        })
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = self.figure_name();
        match &self.scope {
            Scope::Steady => write!(f, "steady/{figure}"),
            Scope::Run => write!(f, "run/{figure}"),
            Scope::Journey(name) => write!(f, "journey:{name}/{figure}"),
            Scope::Step(name) => write!(f, "step:{name}/{figure}"),
        }
    }
}

impl Metric {
    /// What is compared unless something else is asked for.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        [Figure::P50, Figure::P95, Figure::P99]
            .map(|figure| Self {
                scope: Scope::Steady,
                figure,
            })
            .into()
    }

    /// Short, for people: `p99`, `buy p95`.
    #[must_use]
    pub fn name(&self) -> String {
        let figure = self.figure_name();
        match &self.scope {
            Scope::Steady => figure.to_owned(),
            Scope::Run => format!("{figure} of the whole run"),
            Scope::Journey(name) | Scope::Step(name) => format!("{name} {figure}"),
        }
    }

    /// Which way is better.
    #[must_use]
    pub fn better(&self) -> Better {
        match self.figure {
            Figure::Rate => Better::More,
            _ => Better::Less,
        }
    }

    /// Its value in a run, times in microseconds, rates per second; none: it was not measured.
    #[must_use]
    pub fn of(&self, run: &Summary) -> Option<f64> {
        let (latency, count, over_us) = match &self.scope {
            Scope::Steady => {
                let steady: Vec<_> = (run.phases.iter())
                    .filter(|phase| phase.kind == PhaseKind::Steady)
                    .collect();
                // Several steady stretches: the longest has the most to say.
                let longest = steady.iter().max_by_key(|phase| phase.count)?;
                let over = longest.to_us.saturating_sub(longest.from_us);
                (longest.response_time_us, longest.count, over)
            }
            Scope::Run => {
                let requests = &run.requests;
                (
                    requests.response_time_us,
                    requests.total,
                    run.run.duration_us,
                )
            }
            Scope::Journey(name) => {
                let journey = run.journeys.iter().find(|journey| journey.name == *name)?;
                (journey.response_time_us, journey.count, run.run.duration_us)
            }
            Scope::Step(name) => {
                let step = run.steps.iter().find(|step| step.step == *name)?;
                (step.response_time_us, step.count, run.run.duration_us)
            }
        };
        match self.figure {
            Figure::Rate => (over_us > 0).then(|| count as f64 * 1e6 / over_us as f64),
            figure => Some(value(latency?, figure)),
        }
    }

    fn figure_name(&self) -> &'static str {
        let found = FIGURES.iter().find(|(_, figure)| *figure == self.figure);
        found.map_or("", |(name, _)| name)
    }
}

fn value(latency: Latency, figure: Figure) -> f64 {
    match figure {
        Figure::P50 => latency.p50 as f64,
        Figure::P90 => latency.p90 as f64,
        Figure::P95 => latency.p95 as f64,
        Figure::P99 => latency.p99 as f64,
        Figure::P99_9 => latency.p99_9 as f64,
        Figure::Mean | Figure::Rate => latency.mean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_written_as_they_are_read() {
        for text in [
            "steady/p99",
            "run/mean",
            "journey:buy/p95",
            "step:get a/b/p99.9",
            "steady/rate",
        ] {
            assert_eq!(text.parse::<Metric>().unwrap().to_string(), text);
        }
        for wrong in ["p99", "steady/p98", "journey:/p95", "pod:x/p95", ""] {
            assert!(wrong.parse::<Metric>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_usual_ones_are_few_enough_to_be_told_together() {
        assert!(Metric::usual().len() <= crate::gate::regression::MOST_METRICS);
    }
}
