//! The verdict in one sentence.

use crate::gate::{Ending, GateResult, GateVerdict, Verdict};
use crate::measure::units;
use crate::measure::validity::InvalidCause;
use crate::report::summary::Summary;

pub(in crate::report) fn reason(summary: &Summary, ending_reason: Option<&str>) -> String {
    let why = match summary.verdict {
        Verdict::Invalid => first_and_others(&summary.invalid_causes, "cause"),
        Verdict::Fail => gates(summary, GateVerdict::Fail, "failed"),
        Verdict::Inconclusive => gates(summary, GateVerdict::Inconclusive, "cannot be decided"),
        Verdict::Pass => pass(summary),
    };
    let ran = units::micros(summary.run.duration_us);
    let sentence = match (summary.ending, ending_reason) {
        (Ending::Completed, _) => why,
        (Ending::Interrupted, _) => format!("Interrupted after {ran}. {why}"),
        (Ending::Aborted, _) if is_aborted_by_hand(summary) => {
            format!("Given up by the operator after {ran}. {why}")
        }
        (Ending::Aborted, Some(cause)) => format!("Stopped by a guard after {ran}: {cause}. {why}"),
        (Ending::Aborted, None) => format!("Stopped by a guard after {ran}. {why}"),
    };
    let dirty: Vec<&str> = summary
        .faults
        .iter()
        .filter(|fault| !fault.is_clean())
        .map(|fault| fault.name.as_str())
        .collect();
    if dirty.is_empty() {
        sentence
    } else {
        format!(
            "The environment is dirty, “{}” could not be undone. {sentence}",
            dirty.join("”, “")
        )
    }
}

fn is_aborted_by_hand(summary: &Summary) -> bool {
    let drill = summary.drill.as_ref();
    drill.is_some_and(|drill| drill.aborted_us.is_some())
}

fn first_and_others(causes: &[InvalidCause], noun: &str) -> String {
    let first = causes.first().map(ToString::to_string).unwrap_or_default();
    let first = first.trim_end_matches('.');
    match causes.len().saturating_sub(1) {
        0 => format!("{first}."),
        1 => format!("{first}, and 1 more {noun}."),
        others => format!("{first}, and {others} more {noun}s."),
    }
}

fn gates(summary: &Summary, verdict: GateVerdict, what: &str) -> String {
    let found: Vec<&GateResult> = summary
        .gates
        .iter()
        .filter(|gate| gate.verdict == verdict)
        .collect();
    let Some(first) = found.first() else {
        return String::new();
    };
    let count = match (found.len(), summary.gates.len()) {
        (1, 1) => format!("The only gate {what}"),
        (found, all) => format!("{found} of {all} gates {what}"),
    };
    let name = first
        .id
        .rsplit_once('/')
        .map_or(first.id.as_str(), |(scope, _)| scope);
    let others = match found.len() - 1 {
        0 => String::new(),
        others => format!("; {others} more below"),
    };
    format!(
        "{count}: {name}, {}: {}{others}.",
        first.text,
        first.measured_words()
    )
}

fn pass(summary: &Summary) -> String {
    let held = match summary.gates.len() {
        0 => "No gate was set, so nothing was required".into(),
        1 => "The only gate held".into(),
        count => format!("All {count} gates held"),
    };
    let injected: Vec<_> = summary
        .faults
        .iter()
        .filter(|fault| fault.accepted_us.is_some())
        .collect();
    let recovered = injected.iter().filter_map(|fault| fault.rto_seconds);
    let slowest = recovered.clone().fold(None, |most: Option<f64>, rto| {
        Some(most.map_or(rto, |most| most.max(rto)))
    });
    let faults = match (injected.len(), recovered.count(), slowest) {
        (0, ..) => String::new(),
        (1, 1, Some(rto)) => format!("; the fault recovered in {}", units::duration(rto * 1e6)),
        (count, back, Some(rto)) if count == back => {
            format!(
                "; all {count} faults recovered, the slowest in {}",
                units::duration(rto * 1e6)
            )
        }
        (count, back, _) => format!("; {back} of {count} faults recovered"),
    };
    let writes = summary
        .ledger
        .filter(|ledger| ledger.acknowledged > 0)
        .map_or(String::new(), |ledger| {
            let (lost, all) = (units::count(ledger.lost), units::count(ledger.acknowledged));
            format!("; {lost} of {all} acknowledged writes lost")
        });
    format!("{held}{faults}{writes}.")
}
