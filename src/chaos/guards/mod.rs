//! When a run is no experiment any more: `abort_when` rules over sliding windows. Pure.
//!
//! # Expected blackout or overrun
//! A fault is meant to hurt, so a rule that holds during a fault is no reason to abort as long as
//! the fault is within its [`Allowance`]: from its acceptance, for as long as the scenario's gates
//! allow the recovery to take (the longest `recovered_within` or `unavailable` of that fault), or
//! for its hold plus [`DEFAULT_ALLOWANCE`] when no gate says. What happens meanwhile is counted all
//! the same: a blackout that goes on after the allowance is an overrun, and trips the rule within
//! [`EVIDENCE`] instead of one window later. One that ended in time does not, though the window
//! still shows it: a rule also has to hold on what came after the allowance.
//!
//! # When a rule is judged
//! While the load's schedule runs, and once the rule's window has been observed completely: the
//! time before the load, and the silence while its last requests end, are nobody's failure.

mod allowance;
mod recent;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::measure::clock::Micros;
use crate::measure::interval::{Interval, Pulse};
use crate::scenario::{AbortRule, Metric};

pub use allowance::{Allowance, DEFAULT_ALLOWANCE};
use recent::Recent;

/// An overrun is told from the last moments of an outage that ended in time by so much of what came
/// after the allowance.
pub const EVIDENCE: Duration = Duration::from_secs(1);

/// A rule that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Abort {
    /// As written: `errors > 60% for 10s`.
    pub rule: String,
    /// In the metric's unit: ratio, microseconds, per second, count.
    pub measured: f64,
    /// The fault whose allowance ran out within the window, if one did.
    pub overrun_of: Option<String>,
    /// For people.
    pub words: String,
}

/// The `abort_when` rules of a run, fed with what the engine reports.
#[derive(Debug)]
pub struct Guards {
    rules: Vec<AbortRule>,
    recent: Recent,
    /// Alarms of the infrastructure that ring now.
    ringing: BTreeSet<String>,
    /// The load's schedule, run time.
    from: Micros,
    until: Micros,
}

impl Guards {
    /// Watches for these rules.
    #[must_use]
    pub fn new(rules: &[AbortRule]) -> Self {
        Self {
            rules: rules.to_vec(),
            recent: Recent::of(rules),
            ringing: BTreeSet::new(),
            from: 0,
            until: Micros::MAX,
        }
    }

    /// The load's schedule goes from here to there; only in it are rules judged.
    pub fn scheduled(&mut self, from: Micros, until: Micros) {
        self.from = from;
        self.until = until;
    }

    /// Takes in the counts since the last pulse.
    pub fn pulse(&mut self, pulse: &Pulse) {
        self.recent.pulse(pulse);
    }

    /// An alarm of the infrastructure's own has begun to ring, or has ended.
    pub fn alarm(&mut self, name: &str, rings: bool) {
        if rings {
            self.ringing.insert(name.to_owned());
        } else {
            self.ringing.remove(name);
        }
    }

    /// Takes in a second's histograms.
    pub fn interval(&mut self, interval: &Interval) {
        self.recent.interval(interval);
    }

    /// The first rule that holds now and is not explained by a fault within its allowance.
    #[must_use]
    pub fn tripped(&self, allowances: &[Allowance]) -> Option<Abort> {
        let now = self.recent.seen;
        let mut known = allowances.iter();
        if now > self.until || known.any(|known| (known.from..known.until).contains(&now)) {
            return None;
        }
        let over = allowances.iter().filter(|known| known.until <= now);
        let last = over.max_by_key(|known| known.until);
        if let Some(alarm) = self.ringing.first() {
            return Some(rung(alarm, last));
        }
        self.rules.iter().find_map(|rule| {
            let measured = self.recent.over_window(rule, self.from)?;
            let began = now.saturating_sub(micros(rule.window));
            let overrun = last.filter(|last| last.until > began);
            let holds = rule.op.holds(measured, rule.limit)
                && overrun.is_none_or(|last| self.outlasts(rule, last.until));
            let overrun_of = overrun.map(|last| last.fault.clone());
            holds.then(|| Abort {
                words: words(rule, measured, overrun_of.as_deref()),
                rule: rule.text.clone(),
                measured,
                overrun_of,
            })
        })
    }

    /// Whether the rule holds on what came after an allowance that ended at `ended`.
    fn outlasts(&self, rule: &AbortRule, ended: Micros) -> bool {
        let after = self.recent.measure(rule, ended);
        self.recent.seen >= ended + micros(EVIDENCE)
            && after.is_some_and(|after| rule.op.holds(after, rule.limit))
    }
}

/// An alarm that rings though no fault within its allowance explains it.
fn rung(alarm: &str, last: Option<&Allowance>) -> Abort {
    let rule = format!("alarm {alarm}");
    let words = match last {
        Some(last) => format!(
            "the alarm `{alarm}` rings: `{}` was expected to hurt, but not for this long",
            last.fault
        ),
        None => format!("the alarm `{alarm}` rings, and no fault explains it"),
    };
    Abort {
        rule,
        measured: 1.0,
        overrun_of: last.map(|last| last.fault.clone()),
        words,
    }
}

fn words(rule: &AbortRule, measured: f64, overrun_of: Option<&str>) -> String {
    let text = &rule.text;
    let measured = in_words(rule.metric, measured);
    match overrun_of {
        Some(fault) => format!(
            "`{text}` holds ({measured}): `{fault}` was expected to hurt, but not for this long"
        ),
        None => format!("`{text}` holds ({measured}), and no fault explains it"),
    }
}

/// A value as a person reads it.
fn in_words(metric: Metric, value: f64) -> String {
    match metric {
        Metric::Response(_) | Metric::Service(_) | Metric::Mean => {
            format!("{:.1} ms", value / 1_000.0)
        }
        Metric::Errors | Metric::Availability | Metric::OfferedRateMet => {
            format!("{:.1} %", value * 100.0)
        }
        Metric::Rate => format!("{value:.1}/s"),
        Metric::Count => format!("{value:.0}"),
    }
}

fn micros(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX / 4)
}

#[cfg(test)]
mod tests;
