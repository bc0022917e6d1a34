//! Conditions as gates and guards write them: `p95 < 200ms`, `service p99 < 50ms`, `errors > 60% for 10s`.

use std::time::Duration;

use crate::scenario::model::{CompareOp, Metric};
use crate::scenario::syntax::{did_you_mean, units};

/// A condition, and over how long it must hold where that is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Condition {
    pub(crate) metric: Metric,
    /// The metric as gate ids name it: `p95`, `service_p99`, `errors`.
    pub(crate) name: String,
    pub(crate) op: CompareOp,
    /// In the metric's unit: ratio, microseconds, per second, count.
    pub(crate) limit: f64,
    pub(crate) window: Option<Duration>,
}

const WORDS: [(&str, Metric); 6] = [
    ("mean", Metric::Mean),
    ("errors", Metric::Errors),
    ("availability", Metric::Availability),
    ("rate", Metric::Rate),
    ("count", Metric::Count),
    ("offered_rate_met", Metric::OfferedRateMet),
];

/// What a metric is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Time,
    Share,
    Rate,
    Count,
}

/// Reads a condition.
///
/// # Errors
/// What is wrong, and how to write it; or why it could never fail or never hold.
pub(crate) fn parse(text: &str) -> Result<Condition, String> {
    let (left, rest) = match text.find(['<', '>', '=', '!']) {
        Some(at) => text.split_at(at),
        None => {
            return Err(format!(
                "`{text}` compares nothing: write for example p95 < 200ms or errors < 1%"
            ));
        }
    };
    let (metric, name) = parse_metric(left.trim())?;
    let (op, rest) = parse_operator(rest)?;
    let (limit, window) = match rest.split_once(" for ") {
        Some((limit, window)) => (limit.trim(), Some(units::duration(window)?)),
        None => (rest.trim(), None),
    };
    if window.is_some_and(|window| window < Duration::from_secs(1)) {
        return Err("a window is at least 1s".into());
    }
    let unit = unit(metric);
    let limit = parse_limit(unit, &name, limit)?;
    let condition = Condition {
        metric,
        name,
        op,
        limit,
        window,
    };
    check_possible(text, &condition, unit)?;
    Ok(condition)
}

fn unit(metric: Metric) -> Unit {
    match metric {
        Metric::Response(_) | Metric::Service(_) | Metric::Mean => Unit::Time,
        Metric::Errors | Metric::Availability | Metric::OfferedRateMet => Unit::Share,
        Metric::Rate => Unit::Rate,
        Metric::Count => Unit::Count,
    }
}

fn parse_metric(text: &str) -> Result<(Metric, String), String> {
    if let Some((_, metric)) = WORDS.iter().find(|(word, _)| *word == text) {
        return Ok((*metric, text.to_owned()));
    }
    let (service, quantile) = match text.split_once(char::is_whitespace) {
        Some(("service", rest)) => (true, rest.trim()),
        Some(("response", rest)) => (false, rest.trim()),
        _ => (false, text),
    };
    let Some((value, quantile)) = parse_quantile(quantile)? else {
        let words = WORDS.iter().map(|(word, _)| *word);
        let known = words.chain(["p50", "p90", "p95", "p99", "max", "service p99"]);
        return Err(match did_you_mean(text, known) {
            Some(meant) => format!("unknown metric `{text}`: did you mean `{meant}`?"),
            None => format!(
                "unknown metric `{text}`: there are p95 (any p0.1 to p99.999), max, mean, service p95, errors, availability, rate, count and offered_rate_met"
            ),
        });
    };
    Ok(if service {
        (Metric::Service(value), format!("service_{quantile}"))
    } else {
        (Metric::Response(value), quantile)
    })
}

/// `p99.9` is 0.999, `max` is 1, `median` is 0.5, each with its name; `None` if it is no quantile.
pub(super) fn parse_quantile(text: &str) -> Result<Option<(f64, String)>, String> {
    match text {
        "max" => return Ok(Some((1.0, "max".into()))),
        "median" => return Ok(Some((0.5, "p50".into()))),
        _ => {}
    }
    let digits = text.strip_prefix('p').unwrap_or("");
    let digits = digits
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
        .map_or(digits, str::trim);
    let plain = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let Some(percent) = digits.parse::<f64>().ok().filter(|_| plain) else {
        return Ok(None);
    };
    if percent >= 100.0 {
        return Err(format!(
            "`{text}` does not exist: percentiles end below 100, the largest value is `max`"
        ));
    }
    if percent <= 0.0 {
        return Err(format!(
            "`{text}` does not exist: percentiles begin above 0"
        ));
    }
    Ok(Some((units::hundredth(digits), format!("p{digits}"))))
}

pub(super) fn parse_operator(text: &str) -> Result<(CompareOp, &str), String> {
    for (sign, op) in [
        ("<=", CompareOp::AtMost),
        (">=", CompareOp::AtLeast),
        ("==", CompareOp::Equal),
        ("<", CompareOp::Less),
        (">", CompareOp::Greater),
    ] {
        if let Some(rest) = text.strip_prefix(sign) {
            if rest.starts_with(['<', '>', '=', '!']) {
                break;
            }
            return Ok((op, rest));
        }
    }
    let sign: String = text.chars().take_while(|c| "<>=!".contains(*c)).collect();
    Err(format!(
        "`{sign}` is not a comparison: write <, <=, >, >= or =="
    ))
}

fn parse_limit(unit: Unit, name: &str, text: &str) -> Result<f64, String> {
    if text.is_empty() {
        return Err(format!("`{name}` is compared with nothing"));
    }
    match unit {
        Unit::Time => units::duration(text).map(|limit| limit.as_secs_f64() * 1e6),
        Unit::Share => units::percent(text),
        Unit::Rate => units::rate(text),
        Unit::Count => match text.parse::<u64>() {
            Ok(count) => Ok(count as f64),
            Err(_) => Err(format!("`{text}` is not a whole number of requests")),
        },
    }
}

/// A rule that can never hold, or never fail, decides nothing.
fn check_possible(text: &str, condition: &Condition, unit: Unit) -> Result<(), String> {
    let limit = condition.limit;
    let (highest, why) = match unit {
        Unit::Share => (1.0, "a share is between 0% and 100%"),
        Unit::Time => (f64::INFINITY, "no request takes less than no time"),
        Unit::Rate | Unit::Count => (f64::INFINITY, "there are never fewer than no requests"),
    };
    let never = match condition.op {
        CompareOp::Less => limit <= 0.0,
        CompareOp::AtMost => limit < 0.0,
        CompareOp::Greater => limit >= highest,
        CompareOp::AtLeast => limit > highest,
        CompareOp::Equal => !(0.0..=highest).contains(&limit),
    };
    let always = match condition.op {
        CompareOp::Less => limit > highest,
        CompareOp::AtMost => limit >= highest,
        CompareOp::Greater => limit < 0.0,
        CompareOp::AtLeast => limit <= 0.0,
        CompareOp::Equal => false,
    };
    let text = text.trim();
    match (never, always) {
        (true, _) => Err(format!("`{text}` can never hold: {why}")),
        (_, true) => Err(format!("`{text}` always holds: {why}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_have_a_metric_a_comparison_and_a_limit_in_its_unit() {
        for (text, metric, op, limit) in [
            (
                "p95 < 200ms",
                Metric::Response(0.95),
                CompareOp::Less,
                200_000.0,
            ),
            (
                "p99.9<=1.5s",
                Metric::Response(0.999),
                CompareOp::AtMost,
                1_500_000.0,
            ),
            (
                "p(95) < 1s",
                Metric::Response(0.95),
                CompareOp::Less,
                1_000_000.0,
            ),
            (
                "response p50 < 1s",
                Metric::Response(0.5),
                CompareOp::Less,
                1_000_000.0,
            ),
            (
                "service p99 < 50ms",
                Metric::Service(0.99),
                CompareOp::Less,
                50_000.0,
            ),
            (
                "max < 2s",
                Metric::Response(1.0),
                CompareOp::Less,
                2_000_000.0,
            ),
            ("mean <= 10ms", Metric::Mean, CompareOp::AtMost, 10_000.0),
            ("errors < 0.1%", Metric::Errors, CompareOp::Less, 0.001),
            ("errors == 0%", Metric::Errors, CompareOp::Equal, 0.0),
            ("errors <= 0%", Metric::Errors, CompareOp::AtMost, 0.0),
            (
                "availability >= 99%",
                Metric::Availability,
                CompareOp::AtLeast,
                0.99,
            ),
            ("rate >= 100/s", Metric::Rate, CompareOp::AtLeast, 100.0),
            ("count > 500", Metric::Count, CompareOp::Greater, 500.0),
            (
                "offered_rate_met >= 99%",
                Metric::OfferedRateMet,
                CompareOp::AtLeast,
                0.99,
            ),
        ] {
            let condition = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((condition.metric, condition.op), (metric, op), "{text}");
            assert!(
                (condition.limit - limit).abs() < 1e-6,
                "{text}: {}",
                condition.limit
            );
        }
    }

    #[test]
    fn names_hold_no_values() {
        let name = |text: &str| parse(text).unwrap().name;
        assert_eq!(name("service p99.9 < 50ms"), "service_p99.9");
        assert_eq!(name("p(95) < 50ms"), "p95");
        assert_eq!(name("median < 50ms"), "p50");
    }

    #[test]
    fn a_window_is_how_long_it_must_hold() {
        let condition = parse("errors > 60% for 10s").unwrap();
        assert_eq!(condition.window, Some(Duration::from_secs(10)));
        assert!(parse("errors > 60% for 10ms").is_err());
        assert!(parse("errors > 60% for ever").is_err());
    }

    #[test]
    fn rules_that_decide_nothing_are_refused() {
        for text in [
            "p100 < 1s",
            "p0 < 1s",
            "p95 < 0s",
            "p95 >= 0s",
            "errors < 0%",
            "errors <= 100%",
            "errors > 100%",
            "availability >= 0%",
            "availability == 101%",
            "count >= 0",
            "rate < 0/s",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
