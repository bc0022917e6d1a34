//! The target's own metrics pages: found, read while the load runs, and drawn.

use crate::measure::clock::RunClock;
use crate::observe::pages::{Address, PERIOD, PageSource, Reading, Track};
use crate::observe::{Sample, Series};
use crate::scenario::{MetricSource, MetricSpec, MetricUnit, Scenario};

use super::stage::Stage;

/// Begins to read; none, where the scenario asks for no metric. The first look is over when this
/// returns: what was counted before is not the run's.
pub(super) async fn begin(scenario: &Scenario, stage: &Stage, clock: RunClock) -> Option<Reading> {
    if scenario.metrics.is_empty() {
        return None;
    }
    let named = scenario.scrape.iter().map(|url| Address {
        process: url.clone(),
        app: url.clone(),
        url: url.clone(),
    });
    let (named, providers) = (named.collect::<Vec<_>>(), stage.providers.clone());
    let source: PageSource = Box::new(move || {
        let (mut pages, providers) = (named.clone(), providers.clone());
        Box::pin(async move {
            for provider in providers.iter() {
                pages.extend(provider.pages().await.ok()?);
            }
            Some(pages)
        })
    });
    Some(Reading::begin(&scenario.metrics, source, &scenario.http.tls, clock).await)
}

/// The metrics as charts, and those that no page told.
pub(super) fn observed(
    metrics: &[MetricSpec],
    tracks: &[Track],
    clock: RunClock,
) -> (Vec<Series>, Vec<String>) {
    let (mut series, mut not_read) = (Vec::new(), Vec::new());
    for (metric, track) in metrics.iter().zip(tracks) {
        if track.looks.is_empty() {
            not_read.push(format!("{}: no page told it", metric.name));
        } else {
            series.push(chart(metric, track, clock));
        }
    }
    (series, not_read)
}

fn chart(metric: &MetricSpec, track: &Track, clock: RunClock) -> Series {
    let (unit, scale) = match metric.unit() {
        MetricUnit::Seconds => ("s", 1.0),
        MetricUnit::Ratio => ("%", 100.0),
        MetricUnit::PerSecond => ("/s", 1.0),
        MetricUnit::Number => ("", 1.0),
    };
    let (quantile, name) = match &metric.source {
        MetricSource::Histogram { quantile, .. } => {
            let percent = quantile * 100.0;
            (*quantile, format!("{}, p{percent}", metric.name))
        }
        _ => (0.0, metric.name.clone()),
    };
    let sample = |(at, value): (u64, f64)| Sample {
        at_us: clock.unix_us(at),
        value: value * scale,
    };
    Series {
        name,
        unit: unit.to_owned(),
        source: "metrics pages".to_owned(),
        resolution: PERIOD,
        samples: track.drawn(quantile).map(sample).collect(),
    }
}
