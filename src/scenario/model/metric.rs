//! Figures that the target tells of itself on `/metrics` pages, and limits on them.

use super::{CompareOp, PhaseSelector};

/// Index into [`Scenario::metrics`](super::Scenario::metrics).
pub type MetricId = usize;

/// `[[metric]]`: one figure, read once a second.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricSpec {
    /// As charts and gates name it.
    pub name: String,
    /// Where it comes from.
    pub source: MetricSource,
    /// Only pages of this app count: `shop`, `edge`. None: all pages.
    pub app: Option<String>,
}

/// What is read off the pages, and how it becomes one figure.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricSource {
    /// A value that goes up and down.
    Gauge {
        /// Which samples.
        of: Selector,
        /// What many samples come to.
        across: Across,
    },
    /// How fast a counter counts, per second, all samples together.
    Counter {
        /// Which samples.
        of: Selector,
    },
    /// A quantile of a histogram's observations, those of all pages together.
    Histogram {
        /// Its name, without `_bucket`.
        of: Selector,
        /// Which quantile is drawn, 0…1.
        quantile: f64,
    },
    /// What one counter counts of what another one counts.
    Share {
        /// The part.
        part: Selector,
        /// The whole.
        whole: Selector,
    },
}

/// What the samples of many pods come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Across {
    /// Their sum.
    Sum,
    /// The highest.
    Max,
    /// The lowest.
    Min,
    /// Their mean.
    Mean,
}

/// Samples by name and labels: `shop_orders_total{outcome="placed"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    /// The samples' name.
    pub name: String,
    /// Labels that they must have, and with what value.
    pub labels: Vec<(String, String)>,
}

/// What a metric is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricUnit {
    /// Seconds.
    Seconds,
    /// A ratio, 0…1.
    Ratio,
    /// Per second.
    PerSecond,
    /// A bare number.
    Number,
}

impl MetricSpec {
    /// By Prometheus' conventions, the name tells the unit.
    #[must_use]
    pub fn unit(&self) -> MetricUnit {
        match &self.source {
            MetricSource::Share { .. } => MetricUnit::Ratio,
            MetricSource::Counter { .. } => MetricUnit::PerSecond,
            MetricSource::Gauge { of, .. } | MetricSource::Histogram { of, .. } => {
                match of.name.rsplit('_').next() {
                    Some("seconds") => MetricUnit::Seconds,
                    Some("ratio") => MetricUnit::Ratio,
                    _ => MetricUnit::Number,
                }
            }
        }
    }
}

/// A limit on a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricCheck {
    /// Which.
    pub metric: MetricId,
    /// When.
    pub during: PhaseSelector,
    /// What its values come to over that time.
    pub statistic: Statistic,
    /// How that compares.
    pub op: CompareOp,
    /// In the metric's unit; what is `total` is a bare number.
    pub limit: f64,
}

/// What a metric's values come to over a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// The lowest.
    Min,
    /// The highest.
    Max,
    /// The mean; of a share the parts ÷ the wholes, of a histogram the mean observation.
    Mean,
    /// The last.
    Last,
    /// How many were counted or observed.
    Total,
    /// A quantile of a histogram's observations, 0…1.
    Quantile(f64),
}
