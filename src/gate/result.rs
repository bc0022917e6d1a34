//! What a gate came to, as the summary keeps it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::measure::units;
use crate::scenario::{CompareOp, Gate};

/// What a gate came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateVerdict {
    /// It held.
    Pass,
    /// It did not, or nothing was measured.
    Fail,
    /// Too little was measured to tell.
    Inconclusive,
}

impl GateVerdict {
    /// Order for people: what needs one comes first.
    #[must_use]
    pub fn urgency(self) -> u8 {
        match self {
            Self::Fail => 0,
            Self::Inconclusive => 1,
            Self::Pass => 2,
        }
    }
}

/// The unit of a gate's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Microseconds.
    Us,
    /// 0…1, shown as a percentage.
    Ratio,
    /// Per second.
    PerSecond,
    /// A number of things.
    Count,
    /// A number, whole or not.
    Number,
    /// So many times as much.
    Times,
    /// 1 is yes, 0 is no.
    YesNo,
}

/// What a gate came to, with everything that a person needs to believe it.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct GateResult {
    /// Stable, without values: `journey:buy/steady/p95`.
    pub id: String,
    /// As written in the scenario.
    pub text: String,
    /// Line in the scenario file, from 1; 0 for a gate that a ledger implies.
    pub line: usize,
    /// The phase it looked at: `steady`, `whole run`, `fault: database fails over`.
    pub phase: String,
    /// What was measured, in `unit`. Absent when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
    /// `<`, `<=`, `>`, `>=` or `==`.
    pub op: String,
    /// The limit, in `unit`.
    pub limit: f64,
    /// The unit of `measured`, `limit` and `interval`.
    pub unit: Unit,
    /// Approximate 95 % interval of `measured` (block bootstrap over one-second histograms).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// How much is left to the limit ÷ limit; negative when missed. Absent for a limit of zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Requests that `measured` rests on. Absent for gates about a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// What it came to.
    pub verdict: GateVerdict,
    /// One sentence: by how much it held or was missed, or why it cannot be told.
    pub explanation: String,
}

impl Unit {
    /// A value in this unit, for people.
    #[must_use]
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Us => units::duration(value),
            Self::Ratio => units::percent(value),
            Self::PerSecond => units::rate(value),
            Self::Count => units::count(value.round() as u64),
            Self::Number => number(value),
            Self::Times => format!("{value:.2}×"),
            Self::YesNo if value >= 0.5 => "yes".into(),
            Self::YesNo => "no".into(),
        }
    }

    /// A distance between two values in this unit, for people.
    fn show_distance(self, distance: f64) -> String {
        match self {
            // The difference of two percentages is told in points, else it reads as a ratio.
            Self::Ratio => format!("{} points", significant(distance * 100.0)),
            unit => unit.show(distance),
        }
    }
}

/// Whole numbers as such, others with as many digits as mean something.
fn number(value: f64) -> String {
    match value.fract() == 0.0 {
        true => format!("{value:.0}"),
        false if value.abs() >= 100.0 => format!("{value:.1}"),
        false => format!("{value:.3}"),
    }
}

/// Two significant digits below ten.
fn significant(value: f64) -> String {
    match value {
        v if v >= 10.0 => format!("{v:.0}"),
        v if v >= 1.0 => format!("{v:.1}"),
        v if v >= 0.1 => format!("{v:.2}"),
        v if v >= 0.01 => format!("{v:.3}"),
        v => format!("{v:.4}"),
    }
}

/// As many digits as mean something, and few enough to be the same once read from a file.
pub(super) fn rounded(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}

/// A value beside its limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comparison {
    /// What was measured.
    pub(crate) measured: f64,
    /// How it must compare.
    pub(crate) op: CompareOp,
    /// To what.
    pub(crate) limit: f64,
    /// The unit of both.
    pub(crate) unit: Unit,
}

impl Comparison {
    pub(crate) fn holds(&self) -> bool {
        self.op.holds(self.measured, self.limit)
    }

    /// What is left to the limit ÷ limit; negative when missed. None where the ratio says nothing.
    pub(crate) fn margin(&self) -> Option<f64> {
        let distance = match self.op {
            CompareOp::Less | CompareOp::AtMost => self.limit - self.measured,
            CompareOp::Greater | CompareOp::AtLeast => self.measured - self.limit,
            CompareOp::Equal => -(self.measured - self.limit).abs(),
        };
        (self.limit != 0.0 && self.unit != Unit::YesNo).then(|| rounded(distance / self.limit, 1e6))
    }

    /// `missed by 34 ms (17 %)` or `166 ms (42 %) below the limit`.
    pub(crate) fn words(&self) -> String {
        let distance = (self.measured - self.limit).abs();
        let shown = self.unit.show_distance(distance);
        let share = match self.margin() {
            // A share of a percentage reads as nonsense.
            Some(margin) if self.unit != Unit::Ratio => {
                format!(" ({} %)", significant(margin.abs() * 100.0))
            }
            _ => String::new(),
        };
        match (self.holds(), self.op) {
            (true, _) if distance == 0.0 => "exactly the limit".into(),
            (true, CompareOp::Less | CompareOp::AtMost) => {
                format!("{shown}{share} below the limit")
            }
            (true, _) => format!("{shown}{share} above the limit"),
            (false, _) if distance == 0.0 => {
                "missed: exactly the limit, which is not enough".into()
            }
            (false, _) => format!("missed by {shown}{share}"),
        }
    }
}

/// As in scenarios: `<=`.
#[must_use]
pub(crate) fn op_text(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Less => "<",
        CompareOp::AtMost => "<=",
        CompareOp::Greater => ">",
        CompareOp::AtLeast => ">=",
        CompareOp::Equal => "==",
    }
}

impl GateResult {
    /// A gate for which nothing was measured yet, which is a failure: a run must never pass by
    /// measuring nothing. `limit` is in `unit`.
    pub(super) fn unmeasured(
        gate: &Gate,
        phase: String,
        (op, limit, unit): (CompareOp, f64, Unit),
    ) -> Self {
        Self {
            id: gate.id.clone(),
            text: gate.text.clone(),
            line: gate.line,
            phase,
            measured: None,
            op: op_text(op).into(),
            limit,
            unit,
            interval: None,
            margin: None,
            samples: None,
            verdict: GateVerdict::Fail,
            explanation: String::new(),
        }
    }

    /// Takes a measured value, and whether it holds.
    pub(super) fn measure(&mut self, comparison: Comparison) {
        self.measured = Some(rounded(comparison.measured, 1e9));
        self.margin = comparison.margin();
        self.verdict = match comparison.holds() {
            true => GateVerdict::Pass,
            false => GateVerdict::Fail,
        };
        self.explanation = comparison.words();
    }

    /// Whether it is about a quantile, so that an interval can be expected.
    #[must_use]
    pub fn is_quantile(&self) -> bool {
        let metric = self.id.rsplit('/').next().unwrap_or_default();
        let metric = metric.strip_prefix("service_").unwrap_or(metric);
        let digits = metric.strip_prefix('p').unwrap_or_default();
        digits.starts_with(|c: char| c.is_ascii_digit()) && self.unit == Unit::Us
    }

    /// What was measured and what that means: `24.7 ms, missed by 4.70 ms (24 %)`.
    #[must_use]
    pub fn measured_words(&self) -> String {
        let shown = self.measured.map(|value| self.unit.show(value));
        match shown {
            // `3 of 840 writes lost` says it already.
            Some(shown) if !self.explanation.starts_with(&format!("{shown} ")) => {
                format!("{shown}, {}", self.explanation)
            }
            _ => self.explanation.clone(),
        }
    }

    /// Where it stands in the scenario, in words.
    #[must_use]
    pub fn place(&self) -> String {
        match self.line {
            0 => "implied".into(),
            line => format!("line {line}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(measured: f64, op: CompareOp, limit: f64, unit: Unit) -> Comparison {
        Comparison {
            measured,
            op,
            limit,
            unit,
        }
    }

    #[test]
    fn distances_are_told_in_the_metrics_own_unit() {
        use CompareOp::{AtLeast, AtMost, Equal, Less};
        let words = |measured, op, limit, unit| compare(measured, op, limit, unit).words();
        assert_eq!(
            words(234e3, Less, 200e3, Unit::Us),
            "missed by 34.0 ms (17 %)"
        );
        assert_eq!(
            words(100e3, Less, 400e3, Unit::Us),
            "300 ms (75 %) below the limit"
        );
        assert_eq!(
            words(0.982, AtLeast, 0.99, Unit::Ratio),
            "missed by 0.80 points"
        );
        assert_eq!(words(3.0, AtMost, 0.0, Unit::Count), "missed by 3");
        assert_eq!(words(0.0, AtMost, 0.0, Unit::Count), "exactly the limit");
        assert_eq!(
            words(200e3, Less, 200e3, Unit::Us),
            "missed: exactly the limit, which is not enough"
        );
        assert_eq!(words(7.0, Equal, 8.0, Unit::Count), "missed by 1 (12 %)");
    }

    #[test]
    fn margins_are_negative_when_missed_and_absent_at_zero() {
        assert_eq!(
            compare(150.0, CompareOp::Less, 200.0, Unit::Us).margin(),
            Some(0.25)
        );
        assert_eq!(
            compare(0.5, CompareOp::AtLeast, 1.0, Unit::Ratio).margin(),
            Some(-0.5)
        );
        assert_eq!(
            compare(1.0, CompareOp::AtMost, 0.0, Unit::Count).margin(),
            None
        );
    }
}
