//! What the target measured of itself, as the report draws it.

use std::time::Duration;

use super::stage::Stage;
use crate::measure::clock::{Micros, RunClock};
use crate::observe::{Series, Window};
use crate::report::summary::{Observed, ObservedPoint, ObservedSeries};

/// Nobody waits longer for a picture beside the verdict.
const PATIENCE: Duration = Duration::from_secs(20);
/// No series has more points than the timeline has buckets.
const MOST_POINTS: usize = 600;

/// Asks everybody who may know, beside what was `told` already; what cannot be read is said, and
/// changes no verdict.
pub(super) async fn read(
    stage: &Stage,
    clock: RunClock,
    until: Micros,
    (told, not_told): (Vec<Series>, Vec<String>),
) -> Observed {
    let window = Window {
        from_us: clock.unix_us(0),
        to_us: clock.unix_us(until),
    };
    let mut observed = Observed {
        series: told.iter().map(|series| lane(series, window)).collect(),
        not_read: not_told,
    };
    for provider in stage.providers.iter() {
        match tokio::time::timeout(PATIENCE, provider.series(window)).await {
            Ok(Ok(series)) => {
                let series = series.iter().map(|series| lane(series, window));
                observed.series.extend(series);
            }
            Ok(Err(error)) => observed.not_read.push(error.to_string()),
            Err(_) => observed.not_read.push(format!(
                "{} did not tell its metrics within {} s",
                provider.place(),
                PATIENCE.as_secs()
            )),
        }
    }
    if let Some(prometheus) = &stage.prometheus {
        let (series, not_read) = prometheus.series(window).await;
        let series = series.iter().map(|series| lane(series, window));
        observed.series.extend(series);
        observed.not_read.extend(not_read);
    }
    observed.series.retain(|series| !series.points.is_empty());
    observed
}

/// On the run's clock, thinned to what can be drawn.
fn lane(series: &Series, window: Window) -> ObservedSeries {
    let half = series.resolution / 2;
    let half = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
    // A value counts when any of the stretch that it stands for lies within the run.
    let within = |at: u64| at + half > window.from_us && at.saturating_sub(half) < window.to_us;
    let samples: Vec<_> = (series.samples.iter())
        .filter(|sample| within(sample.at_us) && sample.value.is_finite())
        .collect();
    let every = samples.len().div_ceil(MOST_POINTS).max(1);
    let resolution = u64::try_from(series.resolution.as_micros()).unwrap_or(u64::MAX);
    ObservedSeries {
        name: series.name.clone(),
        unit: series.unit.clone(),
        source: series.source.clone(),
        resolution_us: resolution.saturating_mul(every as u64),
        // The highest of those that one point stands for: a peak must not vanish.
        points: samples
            .chunks(every)
            .map(|some| ObservedPoint {
                at_us: (some[some.len() / 2].at_us).clamp(window.from_us, window.to_us)
                    - window.from_us,
                value: some
                    .iter()
                    .map(|sample| sample.value)
                    .fold(f64::MIN, f64::max),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Sample;

    #[test]
    fn a_peak_survives_the_thinning_and_what_lies_outside_does_not() {
        let second = 1_000_000;
        let window = Window {
            from_us: 100 * second,
            to_us: 1_300 * second,
        };
        let series = Series {
            name: "jobs".to_owned(),
            unit: String::new(),
            source: "a test".to_owned(),
            resolution: Duration::from_secs(1),
            samples: (90..=1_310)
                .map(|at| Sample {
                    at_us: at * second,
                    value: if at == 777 { 9.0 } else { 1.0 },
                })
                .collect(),
        };
        let lane = lane(&series, window);
        assert!(lane.points.len() <= MOST_POINTS);
        assert_eq!(lane.resolution_us, 3 * second);
        assert!(lane.points.iter().any(|point| point.value > 8.0));
        assert!(
            lane.points
                .iter()
                .all(|point| point.at_us <= 1_200 * second)
        );
    }
}
