//! Why the run says nothing. Each cause is told in `docs/validity.md`.

use super::super::conduct::Played;
use crate::chaos::record::FaultRecord;
use crate::load::LATE_US;
use crate::measure::clock::Micros;
use crate::measure::offered::Offered;
use crate::measure::saturation::Finding;
use crate::measure::validity::{Cause, InvalidCause};

/// What speaks against the generator.
pub(super) fn of_the_generator(played: &Played) -> Vec<Finding> {
    let denied = played.load.totals.connections_denied;
    let mut findings = played.observed.generator.findings(denied);
    findings.extend(offered(played).late(LATE_US));
    findings
}

fn offered(played: &Played) -> Offered {
    let totals = &played.load.totals;
    Offered {
        scheduled: totals.arrivals_scheduled,
        started: totals.arrivals_started,
        held_up: totals.arrivals_held_up,
        dropped: totals.arrivals_dropped,
    }
}

/// Why the run says nothing, what speaks against the generator apart.
pub(in crate::cli::run) fn invalid_causes(played: &Played) -> Vec<InvalidCause> {
    let mut causes: Vec<InvalidCause> = played.chaos.gave_up.iter().cloned().collect();
    if played.observed.healthy_before_faults == Some(false) {
        causes.push(Cause::UnhealthyTarget.found(
            "the target did not meet the SLO when the first fault was injected: there is no healthy \
             state to compare with; lower the load, or raise [guard] healthy_before",
        ));
    }
    if !is_stopped(played) {
        let load_ended = played.load.began
            + u64::try_from(played.load.duration.as_micros()).unwrap_or(u64::MAX / 2);
        // The fault for which the run was given up has been told.
        let told = played.chaos.gave_up.as_ref().map(|cause| &cause.words);
        let records = played.chaos.records.iter();
        let records = records.filter(|of| told.is_none() || of.refused.as_ref() != told);
        causes.extend(records.filter_map(|record| missed(record, load_ended)));
        // A load that was stopped leaves arrivals behind by its nature.
        causes.extend(offered(played).missing().filter(|_| told.is_none()));
    }
    causes.extend(played.load.data_ran_out.iter().map(|data| {
        Cause::DataRanOut.found(format!(
            "the data set \"{data}\" (order = \"unique\") ran out and ended its load early: give it \
             more rows, or a shorter load"
        ))
    }));
    let clock = played.observed.generator.clock();
    causes.extend(clock.map(|finding| finding.cause.found(finding.words)));
    let unwritten = played.observed.write_errors.iter();
    causes.extend(unwritten.map(|error| Cause::RecordingIncomplete.found(error.as_str())));
    if played.load.totals.panics > 0 {
        causes.push(Cause::ToolDefect.found(format!(
            "{} steps panicked: a defect of this tool; please report it with the scenario",
            played.load.totals.panics
        )));
    }
    causes
}

/// Whether somebody, or a guard, ended it before its schedule did.
fn is_stopped(played: &Played) -> bool {
    played.interrupted || played.observed.abort.is_some() || played.observed.is_ended_by_hand()
}

/// Why a fault did nothing to a load that ended at that run time, if it did nothing.
fn missed(record: &FaultRecord, load_ended: Micros) -> Option<InvalidCause> {
    let name = &record.name;
    if record.accepted_us.is_none() {
        let why = record.refused.as_deref().unwrap_or("its turn never came");
        return Some(Cause::FaultNotInjected.found(format!(
            "the fault \"{name}\" was not injected: {why}; let the load run longer or the fault \
             begin earlier, see `loadtest chaos plan`, or leave it out"
        )));
    }
    let look = "see events.jsonl for what the infrastructure said, and let the load run longer";
    match record.effective_us {
        None => Some(Cause::FaultWithoutEffect.found(format!(
            "the fault \"{name}\" was accepted but never took effect: what was measured is no \
             failure; {look}"
        ))),
        Some(at) if at > load_ended => Some(Cause::FaultWithoutEffect.found(format!(
            "the fault \"{name}\" took effect only {:.1} s after the load had ended: nobody was \
             there to feel it; {look}",
            (at - load_ended) as f64 / 1e6
        ))),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::record::Undo;

    fn record(accepted: Option<Micros>, effective: Option<Micros>) -> FaultRecord {
        FaultRecord {
            name: "lose a pod".into(),
            kind: "pod-kill".into(),
            provider: "local".into(),
            targets: Vec::new(),
            words: String::new(),
            planned_us: None,
            accepted_us: accepted,
            effective_us: effective,
            undo_started_us: None,
            undone_us: None,
            undone: Undo::NotNeeded,
            rolled_back: None,
            redundancy_restored_us: None,
            missing: Vec::new(),
            refused: None,
            events: Vec::new(),
        }
    }

    #[test]
    fn a_fault_has_to_take_effect_while_the_load_runs() {
        let cause = |record| missed(&record, 60_000_000).map(|found| found.cause);
        let accepted = Some(20_000_000);
        assert_eq!(cause(record(accepted, Some(20_500_000))), None);
        assert_eq!(cause(record(accepted, Some(60_000_000))), None);
        assert_eq!(
            cause(record(accepted, Some(60_000_001))),
            Some(Cause::FaultWithoutEffect)
        );
        assert_eq!(
            cause(record(accepted, None)),
            Some(Cause::FaultWithoutEffect)
        );
    }

    #[test]
    fn a_fault_that_was_not_injected_says_why() {
        let never = missed(&record(None, None), 60_000_000).expect("a cause");
        assert_eq!(never.cause, Cause::FaultNotInjected);
        assert!(never.words.contains("its turn never came"), "{never}");
        let refused = FaultRecord {
            refused: Some("no pod matches".into()),
            ..record(None, None)
        };
        let refused = missed(&refused, 60_000_000).expect("a cause");
        assert!(refused.words.contains("no pod matches"), "{refused}");
    }
}
