//! From what was measured to the [`Summary`]. Pure.

mod curves;
mod faults;
mod reason;
mod traffic;

pub(super) use reason::reason;

use super::summary::{
    Books, Canary, Connections, Drill, Fault, Generator, Lanes, Latency, Ledger, Observed, Run,
    SCHEMA_VERSION, Sibling, Slo, Summary,
};
use crate::gate::{self, Ending, ExitCode, GateVerdict, verdict};
use crate::measure::aggregate::{Cut, Measured, Plan};
use crate::measure::interval::{ErrorSample, SlowRequest};
use crate::measure::validity::InvalidCause;
use crate::measure::window::PhaseWindow;
use crate::observe::pages::Track;
use crate::report::chain::Chain;
use crate::scenario::{PhaseSelector, Scenario, Scope};

/// All that a summary is made from.
#[derive(Debug)]
pub struct SummaryInput<'a> {
    /// What was run.
    pub scenario: &'a Scenario,
    /// Who ran it where. Its `slo` is filled in from the scenario.
    pub run: Run,
    /// The recording, aggregated by [`plan`].
    pub measured: &'a Measured,
    /// The scenario's faults, by index. Requests, failures and budget are filled in where absent.
    pub faults: Vec<Fault>,
    /// What people did; none where it was no drill.
    pub drill: Option<Drill>,
    /// How `events.jsonl` ends.
    pub events: Option<Chain>,
    /// What became of the run's writes; none without ledger steps.
    pub ledger: Option<Ledger>,
    /// The target's own books; none where it has none to show.
    pub books: Option<Books>,
    /// The writers beside the load.
    pub canary: Option<Canary>,
    /// Failures worth showing.
    pub samples: &'a [ErrorSample],
    /// The slowest requests, slowest first.
    pub slowest: &'a [SlowRequest],
    /// What the way to the target cost.
    pub connections: Option<Connections>,
    /// How well the load was made. What is fatal in it makes the run invalid.
    pub generator: Generator,
    /// What else makes the run invalid, in words that say what to do.
    pub invalid_causes: Vec<InvalidCause>,
    /// Who served, who was broken: serving lanes by whole seconds, summed up here to the timeline's
    /// buckets. Fault lanes are filled in where there are none.
    pub lanes: Lanes,
    /// What the target measured of itself.
    pub observed: Option<Observed>,
    /// The scenario's metrics over the run, by their index.
    pub tracks: &'a [Track],
    /// How the run came to its end.
    pub ending: Ending,
    /// Why a guard stopped it.
    pub ending_reason: Option<String>,
    /// Whether an inconclusive run is a failure (`--strict`).
    pub strict: bool,
    /// The scenario as it ran, secrets removed.
    pub configuration: String,
}

/// What to ask of a recording for gates and report.
#[must_use]
pub fn plan(scenario: &Scenario, windows: Vec<PhaseWindow>) -> Plan {
    let mut cuts = gate::cuts(&scenario.gates);
    let phases = [
        PhaseSelector::Whole,
        PhaseSelector::Steady,
        PhaseSelector::Faults,
        PhaseSelector::Recovery,
    ];
    cuts.extend(phases.map(|during| Cut::of(Scope::Run, during)));
    cuts.extend(
        (0..scenario.journeys.len()).map(|id| Cut::of(Scope::Journey(id), PhaseSelector::Whole)),
    );
    Plan::new(scenario, windows, cuts)
}

/// Judges the gates and puts everything together.
#[must_use]
pub fn summarise(input: SummaryInput<'_>) -> Summary {
    let SummaryInput {
        scenario,
        mut run,
        measured,
        faults,
        drill,
        events,
        ledger,
        books,
        canary,
        samples,
        slowest,
        connections,
        mut generator,
        lanes,
        observed,
        tracks,
        ..
    } = input;
    run.slo = Some(Slo {
        availability: scenario.slo.availability,
        p99_us: scenario
            .slo
            .p99
            .map(|limit| u64::try_from(limit.as_micros()).unwrap_or(u64::MAX)),
        held_for_us: u64::try_from(scenario.slo.held_for.as_micros()).unwrap_or(u64::MAX),
    });
    generator.start_lag_us = generator
        .start_lag_us
        .or_else(|| Latency::of(&measured.start_lag));
    let mut invalid_causes = input.invalid_causes;
    let fatal = generator.causes.iter().filter(|finding| finding.fatal);
    invalid_causes.extend(fatal.map(|finding| finding.cause.found(finding.words.as_str())));
    let faults = faults::completed(faults, scenario, measured);
    let lanes = faults::bucketed(lanes, measured.timeline.width_seconds());
    let lanes = faults::with_lanes(lanes, scenario, &faults, run.duration_us);
    let outcomes: Vec<_> = faults
        .iter()
        .map(|fault| faults::outcome(fault, ledger, run.duration_us))
        .collect();
    let mut gates = gate::judge(scenario, measured, &outcomes, tracks);
    // Said already where the scenario has a gate on lost writes that failed over them.
    let told = gates
        .iter()
        .any(|gate| gate.id.contains("lost_writes") && gate.verdict == GateVerdict::Fail);
    let broken = ledger
        .filter(|ledger| !told || ledger.duplicate > 0)
        .and_then(|ledger| {
            gate::ledger::implied(ledger.acknowledged, ledger.lost, ledger.duplicate)
        });
    gates.extend(broken);
    if let Some(books) = &books {
        gates.extend(implied_by_books(books));
    }
    let canaries = canary.as_ref().and_then(|canary| canary.ledger);
    gates.extend(canaries.and_then(|ledger| {
        gate::ledger::implied_by_canaries(ledger.acknowledged, ledger.lost, ledger.duplicate)
    }));
    let verdict = verdict::decide(&gates, &invalid_causes);
    let undo_failed = faults.iter().any(|fault| !fault.is_clean());
    let exit_code = ExitCode::of_run(verdict, input.ending, undo_failed, input.strict).code();
    let mut summary = Summary {
        schema_version: SCHEMA_VERSION,
        verdict,
        reason: String::new(),
        ending: input.ending,
        exit_code,
        invalid_causes,
        requests: traffic::requests(scenario, measured, run.duration_us),
        journeys: traffic::journeys(scenario, measured),
        steps: traffic::steps(scenario, measured),
        phases: traffic::phases(measured),
        baseline: None,
        errors: traffic::errors(scenario, measured, samples),
        slowest: traffic::slowest(scenario, slowest),
        timeline: curves::timeline(measured),
        distribution: curves::distribution(measured),
        run,
        faults,
        drill,
        events,
        ledger,
        books,
        canary,
        gates,
        connections,
        generator,
        lanes,
        observed,
        configuration: input.configuration,
        siblings: siblings(ledger.is_some() || canaries.is_some()),
    };
    summary.reason = reason(&summary, input.ending_reason.as_deref());
    summary
}

/// A target whose own books are wrong fails the run; one that cannot show them leaves it open.
fn implied_by_books(books: &Books) -> Vec<gate::GateResult> {
    if let Some(why) = &books.unread {
        return vec![gate::books::undecided(&format!(
            "the target's books could not be read: {why}"
        ))];
    }
    let broken = books.invariants.iter();
    let mut gates: Vec<_> = broken
        .filter_map(|rule| {
            gate::books::implied(&rule.name, &rule.rule, rule.checked, rule.violations)
        })
        .collect();
    if books.pending > 0 {
        let words = format!(
            "{} jobs still waited when the target's books were read",
            books.pending
        );
        gates.push(gate::books::undecided(&words));
    }
    gates
}

fn siblings(ledger: bool) -> Vec<Sibling> {
    let mut siblings = vec![
        (
            "report.html",
            "this run for people; one file, works offline",
        ),
        (
            "summary.json",
            "all figures; every other report is made from it",
        ),
        ("summary.md", "the verdict for a pull request"),
        ("junit.xml", "one test case per gate, for the pipeline"),
        ("samples.csv", "every second of every step"),
        (
            "run.hlog",
            "every second's histograms, for any HdrHistogram tool",
        ),
        (
            "events.jsonl",
            "what the tool, the infrastructure and people did, on the run's clock; `loadtest report --verify` checks it",
        ),
    ];
    if ledger {
        siblings.push(("ledger.csv", "every write and what became of it"));
    }
    let sibling = |(file, holds): (&str, &str)| Sibling {
        file: file.into(),
        holds: holds.into(),
    };
    siblings.into_iter().map(sibling).collect()
}
