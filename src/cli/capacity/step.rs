//! One step: a short run of its own, judged by what was measured after its warm-up.

use std::sync::Arc;
use std::time::Duration;

use super::{CapacityArgs, Search};
use crate::capacity::result::Step;
use crate::capacity::search::{Kind, Outcome};
use crate::capacity::steps::{Shapes, at_rate};
use crate::cli::UsageError;
use crate::cli::run::{Finished, Interrupts, RunArgs, play_alone};
use crate::gate::{self, Ending, ExitCode, GateVerdict, Verdict};
use crate::measure::aggregate::{Measured, aggregate};
use crate::measure::clock::Micros;
use crate::measure::recording::{Reader, StepNames};
use crate::measure::validity::{Cause, InvalidCause};
use crate::measure::window::{PhaseKind, PhaseWindow};
use crate::report::{self, Summary, against, folder};
use crate::scenario::{PhaseSelector, Scenario, Scope};

/// What became of a step.
pub(super) enum Stepped {
    /// It says something, if only that it says nothing.
    Tried {
        /// What.
        step: Step,
        /// What was loaded, in words.
        target: String,
    },
    /// The user ended it.
    Interrupted,
    /// A fault could not be undone.
    Dirty,
}

impl Search<'_> {
    /// Runs the scenario at a rate, and judges it.
    ///
    /// # Errors
    /// What kept it from running or reporting.
    pub(super) async fn step(
        &self,
        rate: f64,
        kind: Kind,
        interrupts: &Interrupts,
    ) -> anyhow::Result<Stepped> {
        let shapes = self.shapes(kind);
        let mut scenario =
            at_rate(self.scenario, rate, &shapes).map_err(|error| UsageError(error.to_string()))?;
        let options = options(self.args, rate, kind);
        // The command line's own changes are told there already.
        scenario
            .source
            .change(format!("capacity {}", options.join(" ")));
        let scenario = Arc::new(scenario);
        let args = RunArgs::one_of_many(
            self.args.file.clone(),
            self.args.overrides(),
            self.place.to_owned(),
            self.args.workers,
        )
        .told_as(command(self.args, options))
        .on_stack(self.args.stack.clone());
        let finished = play_alone(&args, Arc::clone(&scenario), interrupts.clone()).await?;
        let Finished {
            folder,
            summary,
            code,
        } = finished;
        let summary = match (code, summary) {
            (ExitCode::UndoFailed, _) => return Ok(Stepped::Dirty),
            (ExitCode::Interrupted, _) | (_, None) => return Ok(Stepped::Interrupted),
            (_, Some(summary)) => summary,
        };
        let mut judged = summary;
        let measured = self.measure(&folder, &scenario, &judged, shapes.settle)?;
        against::add(
            &mut judged,
            gate::judge(&self.judged(&scenario), &measured, &[], &[]),
            false,
        );
        folder::write(&folder, &judged)?;
        Ok(Stepped::Tried {
            target: judged.run.target.clone(),
            step: tried(rate, kind, &judged, &measured),
        })
    }

    fn shapes(&self, kind: Kind) -> Shapes {
        Shapes {
            warm_up: self.args.warm_up,
            settle: self.during.map_or(Duration::ZERO, |_| self.args.settle),
            measured: match kind {
                Kind::Probe => self.args.step_duration,
                Kind::Hold => self.args.hold,
            },
            during: self.during,
        }
    }

    /// The step's scenario with the limits as its gates.
    fn judged(&self, step: &Scenario) -> Scenario {
        Scenario {
            gates: self.limits.clone(),
            ..step.clone()
        }
    }

    /// The recording once more, with the part that counts as its steady phase.
    fn measure(
        &self,
        folder: &std::path::Path,
        scenario: &Scenario,
        run: &Summary,
        settle: Duration,
    ) -> anyhow::Result<Measured> {
        let (from, to) = counted(run, self.during.is_some(), settle);
        let window = |name: &str, kind, from, to| PhaseWindow {
            name: name.to_owned(),
            kind,
            fault: None,
            from,
            to,
        };
        let windows = vec![
            window("ramp", PhaseKind::Ramp, 0, from),
            window("steady", PhaseKind::Steady, from, to),
        ];
        let reader = Reader::open(folder, StepNames::of(scenario))?;
        Ok(aggregate(
            reader,
            &report::plan(&self.judged(scenario), windows),
        )?)
    }
}

/// From when to when a step counts, run time; empty when it never came to that.
fn counted(run: &Summary, with_fault: bool, settle: Duration) -> (Micros, Micros) {
    let never = (run.run.duration_us, run.run.duration_us);
    if with_fault {
        let settle = u64::try_from(settle.as_micros()).unwrap_or(u64::MAX);
        let accepted = run.faults.first().and_then(|fault| fault.accepted_us);
        return accepted.map_or(never, |accepted| {
            (accepted.saturating_add(settle).min(never.1), never.1)
        });
    }
    let mut phases = run.phases.iter();
    let steady = phases.find(|phase| phase.kind == PhaseKind::Steady);
    steady.map_or(never, |phase| (phase.from_us, phase.to_us))
}

/// What a judged step came to.
fn tried(rate: f64, kind: Kind, run: &Summary, measured: &Measured) -> Step {
    let (outcome, is_unsure, why) = outcome(run);
    let steady = measured.tally(&Scope::Run, &PhaseSelector::Steady);
    let steady = steady.filter(|tally| tally.count > 0);
    let at = |q| steady.map(|tally| tally.response.value_at_quantile(q));
    Step {
        rate,
        kind,
        outcome,
        is_unsure,
        why,
        run: run.run.id.clone(),
        folder: run.run.id.clone(),
        requests: steady.map_or(0, |tally| tally.count),
        failed: steady.map_or(0, |tally| tally.failed),
        p50_us: at(0.5),
        p99_us: at(0.99),
    }
}

/// A step that could not be run at all after others had been.
pub(super) fn not_run(rate: f64, kind: Kind, error: &anyhow::Error) -> Step {
    Step {
        rate,
        kind,
        outcome: Outcome::Invalid,
        is_unsure: false,
        why: format!("it could not be run: {error:#}"),
        run: String::new(),
        folder: String::new(),
        requests: 0,
        failed: 0,
        p50_us: None,
        p99_us: None,
    }
}

/// Outcome, whether it is unsure, and why.
fn outcome(run: &Summary) -> (Outcome, bool, String) {
    if let Some((outcome, why)) = of_causes(&run.invalid_causes) {
        return (outcome, false, why);
    }
    if run.ending != Ending::Completed {
        return (Outcome::Failed, false, run.reason.clone());
    }
    let first = |verdict| {
        let mut gates = run.gates.iter().filter(|gate| gate.verdict == verdict);
        gates
            .next()
            .map(|gate| format!("{}: {}", gate.text, gate.explanation))
    };
    match run.verdict {
        Verdict::Fail => (
            Outcome::Failed,
            false,
            first(GateVerdict::Fail).unwrap_or_default(),
        ),
        Verdict::Inconclusive => (
            Outcome::Held,
            true,
            first(GateVerdict::Inconclusive).unwrap_or_default(),
        ),
        Verdict::Pass | Verdict::Invalid => (Outcome::Held, false, "every limit held".to_owned()),
    }
}

/// Whose doing it is that a run is invalid: the target's, which is what is looked for, or another's.
fn of_causes(causes: &[InvalidCause]) -> Option<(Outcome, String)> {
    let other = causes.iter().find(|found| !is_of_the_target(found.cause));
    match (other, causes.first()) {
        (Some(other), _) if is_of_the_generator(other.cause) => Some((
            Outcome::Invalid,
            format!("the generator, not the target: {}", other.words),
        )),
        (Some(other), _) => Some((Outcome::Invalid, other.words.clone())),
        (None, Some(first)) => Some((Outcome::Failed, first.words.clone())),
        (None, None) => None,
    }
}

/// Every user was busy, or health never came: the target was too slow.
fn is_of_the_target(cause: Cause) -> bool {
    matches!(cause, Cause::DroppedArrivals | Cause::UnhealthyTarget)
}

fn is_of_the_generator(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::GeneratorCpu
            | Cause::ScheduleLag
            | Cause::LateArrivals
            | Cause::Descriptors
            | Cause::EphemeralPorts
    )
}

/// The words that repeat this step alone.
fn command(args: &CapacityArgs, options: Vec<String>) -> Vec<String> {
    let mut words = vec!["capacity".to_owned(), args.file.display().to_string()];
    words.extend(options);
    words.extend(args.overrides().overrides().to_options());
    words
}

/// What makes a search of this step alone.
fn options(args: &CapacityArgs, rate: f64, kind: Kind) -> Vec<String> {
    let time = |duration: Duration| format!("{}ms", duration.as_millis());
    let measured = match kind {
        Kind::Probe => args.step_duration,
        Kind::Hold => args.hold,
    };
    let mut words: Vec<String> = (["--from", "--to"].iter())
        .map(|option| format!("{option}={rate}/s"))
        .collect();
    words.push(format!("--step-duration={}", time(measured)));
    words.push(format!("--hold={}", time(measured)));
    words.push(format!("--warm-up={}", time(args.warm_up)));
    if let Some(fault) = &args.during {
        words.push(format!("--during={fault}"));
        words.push(format!("--settle={}", time(args.settle)));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_generator_did_is_never_told_as_the_target_s_limit() {
        for cause in Cause::ALL {
            let found = of_causes(&[
                Cause::DroppedArrivals.found("full"),
                cause.found("so it was"),
            ]);
            let (outcome, why) = found.expect("a cause");
            match cause {
                Cause::DroppedArrivals | Cause::UnhealthyTarget => {
                    assert_eq!((outcome, why.as_str()), (Outcome::Failed, "full"));
                }
                cause if is_of_the_generator(cause) => {
                    assert_eq!(outcome, Outcome::Invalid);
                    assert!(why.starts_with("the generator, not the target: "), "{why}");
                }
                _ => assert_eq!((outcome, why.as_str()), (Outcome::Invalid, "so it was")),
            }
        }
        assert_eq!(of_causes(&[]), None);
    }
}
