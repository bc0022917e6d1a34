//! Conditions on a metric: `max < 5s`, `p95 < 50ms`, `mean >= 80%`, `total == 0`.

use super::condition::{parse_operator, parse_quantile};
use crate::scenario::model::{CompareOp, MetricSource, MetricSpec, MetricUnit, Statistic};
use crate::scenario::syntax::units;

/// What a metric's gate says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MetricCondition {
    pub(super) statistic: Statistic,
    /// As gate ids name it: `max`, `p95`.
    pub(super) name: String,
    pub(super) op: CompareOp,
    /// In the metric's unit; what is `total` is a bare number.
    pub(super) limit: f64,
}

/// Reads a condition on this metric.
///
/// # Errors
/// What is wrong, and how to write it.
pub(super) fn parse(text: &str, metric: &MetricSpec) -> Result<MetricCondition, String> {
    let Some(at) = text.find(['<', '>', '=', '!']) else {
        let words = words_of(&metric.source).join(", ");
        return Err(format!(
            "`{text}` compares nothing: write for example {words} with a limit"
        ));
    };
    let (left, rest) = text.split_at(at);
    let (statistic, name) = parse_statistic(left.trim(), metric)?;
    let (op, limit) = parse_operator(rest)?;
    let unit = match statistic {
        Statistic::Total => MetricUnit::Number,
        _ => metric.unit(),
    };
    Ok(MetricCondition {
        statistic,
        name,
        op,
        limit: parse_limit(unit, limit.trim())?,
    })
}

fn parse_statistic(word: &str, metric: &MetricSpec) -> Result<(Statistic, String), String> {
    let found = match word {
        "min" => Statistic::Min,
        "max" => Statistic::Max,
        "mean" => Statistic::Mean,
        "last" => Statistic::Last,
        "total" => Statistic::Total,
        other => match parse_quantile(other)? {
            Some((quantile, _)) => Statistic::Quantile(quantile),
            None => return Err(unknown(word, metric)),
        },
    };
    let fits = match (&metric.source, found) {
        (MetricSource::Histogram { .. }, found) => matches!(
            found,
            Statistic::Quantile(_) | Statistic::Mean | Statistic::Total
        ),
        (MetricSource::Counter { .. }, found) => {
            matches!(
                found,
                Statistic::Min | Statistic::Max | Statistic::Mean | Statistic::Total
            )
        }
        (_, found) => !matches!(found, Statistic::Quantile(_) | Statistic::Total),
    };
    match fits {
        true => Ok((found, word.to_owned())),
        false => Err(unknown(word, metric)),
    }
}

fn unknown(word: &str, metric: &MetricSpec) -> String {
    format!(
        "`{}` has no `{word}`: it has {}",
        metric.name,
        words_of(&metric.source).join(", ")
    )
}

fn words_of(source: &MetricSource) -> &'static [&'static str] {
    match source {
        MetricSource::Gauge { .. } | MetricSource::Share { .. } => &["min", "max", "mean", "last"],
        MetricSource::Counter { .. } => &["min", "max", "mean", "total"],
        MetricSource::Histogram { .. } => &["p95 (any p0.1 to p99.999)", "mean", "total"],
    }
}

fn parse_limit(unit: MetricUnit, text: &str) -> Result<f64, String> {
    match unit {
        MetricUnit::Seconds => units::duration(text).map(|limit| limit.as_secs_f64()),
        MetricUnit::Ratio => units::percent(text),
        MetricUnit::PerSecond => units::rate(text),
        MetricUnit::Number => text
            .parse()
            .ok()
            .filter(|limit: &f64| limit.is_finite())
            .ok_or_else(|| format!("`{text}` is not a number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::model::{Across, Selector};

    fn of(name: &str) -> Selector {
        Selector {
            name: name.into(),
            labels: Vec::new(),
        }
    }

    fn metric(source: MetricSource) -> MetricSpec {
        MetricSpec {
            name: "it".into(),
            source,
            app: None,
        }
    }

    fn gauge(name: &str) -> MetricSpec {
        metric(MetricSource::Gauge {
            of: of(name),
            across: Across::Max,
        })
    }

    #[test]
    fn the_name_of_a_metric_tells_the_unit_of_its_limit() {
        let limit = |text: &str, metric: &MetricSpec| parse(text, metric).map(|found| found.limit);
        assert_eq!(limit("max < 5s", &gauge("oldest_seconds")), Ok(5.0));
        assert_eq!(limit("last == 0", &gauge("jobs")), Ok(0.0));
        let share = metric(MetricSource::Share {
            part: of("hits_total"),
            whole: of("answers_total"),
        });
        assert_eq!(limit("mean >= 80%", &share), Ok(0.8));
        let counter = metric(MetricSource::Counter {
            of: of("orders_total"),
        });
        assert_eq!(limit("min > 10/s", &counter), Ok(10.0));
        assert_eq!(limit("total >= 100", &counter), Ok(100.0));
        assert!(limit("max < 5", &gauge("oldest_seconds")).is_err());
    }

    #[test]
    fn what_a_metric_does_not_have_is_told_with_what_it_has() {
        let histogram = metric(MetricSource::Histogram {
            of: of("took_seconds"),
            quantile: 0.95,
        });
        let found = parse("p99.9 < 50ms", &histogram).unwrap();
        assert_eq!((found.name.as_str(), found.limit), ("p99.9", 0.05));
        let why = parse("max < 50ms", &histogram).unwrap_err();
        assert!(why.contains("has no `max`") && why.contains("p95"), "{why}");
        let why = parse("p95 < 5", &gauge("jobs")).unwrap_err();
        assert!(why.contains("min, max, mean, last"), "{why}");
    }
}
