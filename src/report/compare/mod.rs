//! Runs beside each other. The first is the reference: all others are told relative to it. Pure.
//!
//! A comparison of runs whose scenario, machine or topology differ is still made, because people
//! want to see it, and says first of all what differs.

mod markdown;
mod recorded;
mod rows;

pub use markdown::render as markdown;
pub use recorded::{Basis, Recorded, read};
pub use rows::{COMPARED, FaultRow, Ratio, StepBeside, StepRow, lost, ratio_words};

use super::Summary;
use super::summary::Phase;
use crate::gate::Verdict;
use crate::measure::window::PhaseKind;

/// A run as it comes into a comparison.
#[derive(Debug)]
pub struct Input {
    /// Its figures.
    pub run: Summary,
    /// Its seconds, where `run.hlog` is there: without them ratios have no interval.
    pub recorded: Option<Recorded>,
    /// Why it is not comparable with the first one; empty: it is.
    pub differences: Vec<String>,
}

/// Runs beside each other.
#[derive(Debug)]
pub struct Comparison {
    /// The reference first.
    pub runs: Vec<Beside>,
    /// Which seconds the steps' response times are of.
    pub basis: Basis,
    /// The reference's steps in its order, then those that only others have.
    pub steps: Vec<StepRow>,
    /// The reference's faults in its order, then those that only others have.
    pub faults: Vec<FaultRow>,
}

/// One of the runs.
#[derive(Debug)]
pub struct Beside {
    /// `A`, `B` …
    pub label: String,
    /// Its figures.
    pub run: Summary,
    /// Whether its seconds were there.
    pub is_recorded: bool,
    /// Why it is not comparable with the first one.
    pub differences: Vec<String>,
}

impl Beside {
    /// The longest steady stretch, which is also what a baseline compares.
    #[must_use]
    pub fn steady(&self) -> Option<&Phase> {
        let phases = self.run.phases.iter();
        let steady = phases.filter(|phase| phase.kind == PhaseKind::Steady);
        steady.max_by_key(|phase| phase.count)
    }
}

impl Comparison {
    /// Lays runs beside each other; the first is the reference.
    #[must_use]
    pub fn of(inputs: Vec<Input>) -> Self {
        let basis = basis(&inputs);
        let steps = rows::steps(&inputs, basis);
        let faults = rows::faults(&inputs);
        let runs = inputs.into_iter().enumerate();
        let runs = runs.map(|(n, input)| Beside {
            label: label(n),
            is_recorded: input.recorded.is_some(),
            run: input.run,
            differences: input.differences,
        });
        Self {
            runs: runs.collect(),
            basis,
            steps,
            faults,
        }
    }

    /// What must be known before a figure is read, most important first: what differs, and which
    /// figures mean nothing.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let first = self.runs.first().map_or("", |run| run.label.as_str());
        for one in &self.runs {
            let label = &one.label;
            if !one.differences.is_empty() {
                warnings.push(format!(
                    "{label} and {first} are no runs of one thing, so a difference of their figures \
                     may have other causes: {}",
                    one.differences.join("; ")
                ));
            }
            if one.run.verdict == Verdict::Invalid {
                warnings.push(format!("{label} is INVALID: {}", one.run.reason));
            }
        }
        let bare: Vec<&str> = (self.runs.iter())
            .filter(|one| !one.is_recorded)
            .map(|one| one.label.as_str())
            .collect();
        if !bare.is_empty() {
            warnings.push(format!(
                "ratios with {} have no interval: there is no run.hlog beside the summary",
                bare.join(", ")
            ));
        }
        warnings
    }

    /// What the steps' figures are of, and how their marks are to be read.
    #[must_use]
    pub fn about_steps(&self) -> String {
        let seconds = match self.basis {
            Basis::Steady => "in the steady seconds, in which nothing was broken",
            Basis::Whole => "over the whole run, faults and ramps included",
        };
        format!(
            "Response times of all answers {seconds}. In brackets: approximate 95 % interval within \
             these runs (block bootstrap over one-second histograms); ▲ slower and ▼ faster by more \
             than their seconds differ anyway. What other runs of the same would do, only \
             `loadtest gate` and `loadtest ab` tell."
        )
    }

    /// Whether all runs are of the same scenario, machine and topology.
    #[must_use]
    pub fn is_like_with_like(&self) -> bool {
        self.runs.iter().all(|one| one.differences.is_empty())
    }

    /// Whether nothing speaks against reading the figures: like with like, and none invalid.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let valid = |one: &Beside| one.run.verdict != Verdict::Invalid;
        self.is_like_with_like() && self.runs.iter().all(valid)
    }
}

/// Steady seconds, where every run has a recording and some of them: a fault in one run says nothing
/// of its speed.
fn basis(inputs: &[Input]) -> Basis {
    let steady = |input: &Input| (input.recorded.as_ref()).is_some_and(Recorded::is_ever_steady);
    match inputs.iter().all(steady) {
        true => Basis::Steady,
        false => Basis::Whole,
    }
}

/// `A` … `Z`, then `A2` …
fn label(n: usize) -> String {
    let letter = char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    match n / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{}", round + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn runs_are_lettered() {
        assert_eq!([0, 1, 25, 26, 53].map(label), ["A", "B", "Z", "A2", "B3"]);
    }
}
