//! A fault of the summary: what was done, what users saw, what the infrastructure said.

use super::super::canary;
use super::super::conduct::Played;
use super::{at_risk, drill, log, undo};
use crate::chaos::record::FaultRecord;
use crate::measure::infrastructure::{Entry, detections, mitigated};
use crate::measure::ledger::LedgerReport;
use crate::measure::phases::FaultSpan;
use crate::measure::recovery::{
    Course, Impact, LatencyBack, Logged, Side, Stage as Step, towards_redundancy, towards_users,
    witnesses,
};
use crate::report::summary::{
    Check, ClassImpact, CloseUp, ControlEvent, Detection, Fault, RolledBack, Stage, Towards,
};
use crate::scenario::{FaultId, FaultStart, Scenario};

/// What is known of a run's faults besides the run itself.
pub(in crate::cli::run) struct Findings<'a> {
    /// When each began and ended.
    pub spans: &'a [FaultSpan],
    /// What the response time did around each span, by position.
    pub latency: &'a [LatencyBack],
    /// What became of writes.
    pub ledger: Option<&'a LedgerReport>,
}

/// Every fault of the scenario.
pub(in crate::cli::run) fn faults(
    scenario: &Scenario,
    played: &Played,
    findings: &Findings<'_>,
) -> Vec<Fault> {
    let log = log(played);
    let records = played.chaos.records.iter().enumerate();
    records
        .map(|(id, record)| {
            let mut fault = told(scenario, played, id, record);
            if let Some(impacts) = played.observed.impacts.get(&id) {
                felt(&mut fault, scenario, impacts);
            }
            fault.canary = canary::impacts(scenario, played, id, record.accepted_us);
            let span = findings.spans.iter().position(|span| span.fault == id);
            if let Some(at) = span {
                noticed(&mut fault, &log, &findings.spans[at], record);
                if let Some(latency) = findings.latency.get(at) {
                    fault.p99_before_us = latency.p99_before;
                    fault.latency_recovered_us = latency.back;
                }
                fault.shared_with = shared(scenario, findings.spans, at);
                let later = later_within(findings.spans, at).next();
                if later.is_none() {
                    fault.check = check(played, id, &log, findings.spans[at].accepted);
                }
                fault.close_up = close_up(played, id, &fault);
            }
            drill::marked(&mut fault, id, played);
            if let Some(report) = findings.ledger {
                lost(&mut fault, id, report);
            }
            fault
        })
        .collect()
}

/// What the conductor knows.
fn told(scenario: &Scenario, played: &Played, id: FaultId, record: &FaultRecord) -> Fault {
    let planned_us = match scenario.faults[id].start {
        FaultStart::At(at) => {
            Some(played.load.began + u64::try_from(at.as_micros()).unwrap_or(u64::MAX))
        }
        FaultStart::After { .. } => record.planned_us,
    };
    Fault {
        name: record.name.clone(),
        hypothesis: scenario.faults[id].hypothesis.clone(),
        kind: record.kind.clone(),
        provider: record.provider.clone(),
        target: record.targets.clone(),
        planned_us,
        accepted_us: record.accepted_us,
        not_injected: record.accepted_us.is_none().then(|| {
            record
                .refused
                .clone()
                .unwrap_or_else(|| "its turn never came".into())
        }),
        redundancy_restored_us: record.redundancy_restored_us,
        rolled_back: record.rolled_back.as_ref().map(|back| RolledBack {
            at_us: back.at_us,
            why: back.why.clone(),
        }),
        undo: record.accepted_us.is_some().then(|| undo(record)),
        events: record
            .events
            .iter()
            .map(|event| ControlEvent {
                at_us: event.at_us,
                kind: event.kind.clone(),
                subject: event.subject.clone(),
                detail: event.detail.clone(),
            })
            .collect(),
        ..Fault::default()
    }
}

/// Until when a fault was in force: users served, and taken back.
fn in_force_until(span: &FaultSpan) -> u64 {
    span.window_end.unwrap_or(u64::MAX)
}

/// Faults accepted while that at position `at` was in force: the log may tell of them.
fn later_within(spans: &[FaultSpan], at: usize) -> impl Iterator<Item = &FaultSpan> {
    let until = in_force_until(&spans[at]);
    let later = spans[at + 1..].iter();
    later.filter(move |later| later.accepted < until)
}

/// Names of the other faults in force within the window of that at position `at`.
fn shared(scenario: &Scenario, spans: &[FaultSpan], at: usize) -> Vec<String> {
    let earlier = spans[..at].iter();
    earlier
        .filter(|earlier| in_force_until(earlier) > spans[at].accepted)
        .chain(later_within(spans, at))
        .map(|span| scenario.faults[span.fault].name.clone())
        .collect()
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// T5 − T0.
fn rto(accepted: Option<u64>, impact: &Impact) -> Option<f64> {
    let (recovered, accepted) = impact.recovered.zip(accepted)?;
    Some(seconds(recovered.saturating_sub(accepted)))
}

fn dead_window(impact: &Impact) -> f64 {
    impact
        .longest_dead
        .map_or(0.0, |dead| seconds(dead.length()))
}

/// What users saw: all of them, and each class of requests.
fn felt(fault: &mut Fault, scenario: &Scenario, impacts: &[(Side, Impact)]) {
    let Some((_, all)) = impacts.iter().find(|(side, _)| *side == Side::ALL) else {
        return;
    };
    fault.first_error_us = all.first_error;
    fault.first_failed_sent_us = all.first_failed_sent;
    fault.last_error_us = all.last_error;
    fault.first_success_us = all.first_success;
    fault.recovered_us = all.recovered;
    fault.rto_seconds = rto(fault.accepted_us, all);
    fault.dead_window_seconds = Some(dead_window(all));
    fault.dead_seconds = Some(seconds(all.dead_us));
    fault.below_slo_seconds = Some(seconds(all.below_slo_us));
    fault.brown_out_seconds = Some(seconds(all.brown_out_us));
    fault.relapses = Some(all.relapses);
    let accepted = fault.accepted_us;
    let class = |(side, impact): &(Side, Impact)| ClassImpact {
        class: side.name(scenario),
        journey: side.journey.map(|id| scenario.journeys[id].name.clone()),
        writes: side.writes,
        requests: impact.requests,
        failed: impact.failed,
        first_error_us: impact.first_error,
        first_success_us: impact.first_success,
        recovered_us: impact.recovered,
        rto_seconds: rto(accepted, impact),
        dead_window_seconds: dead_window(impact),
        brown_out_seconds: seconds(impact.brown_out_us),
    };
    fault.classes = impacts.iter().map(class).collect();
}

/// What the infrastructure said, and what the time was spent on.
fn noticed(fault: &mut Fault, log: &[Entry<'_>], span: &FaultSpan, record: &FaultRecord) {
    let until = span.restored.or(span.window_end).unwrap_or(u64::MAX);
    let detected = detections(log, span.accepted, until).into_iter();
    fault.detected = detected
        .map(|(by, at_us)| Detection {
            by: by.into(),
            at_us,
        })
        .collect();
    fault.mitigated_us = mitigated(log, span.accepted, until);
    let affected = fault.affected_us();
    let first = fault.detected.first().map(|detection| detection.at_us);
    fault.time_to_detect_seconds = first
        .zip(affected)
        .map(|(noticed, affected)| (noticed as f64 - affected as f64) / 1e6);

    let course = Course {
        accepted: span.accepted,
        recovered: fault.recovered_us,
        restored: fault.redundancy_restored_us,
        held_until: record.undo_started_us,
    };
    let stages = |towards: Towards, steps: Vec<Step>| {
        steps.into_iter().map(move |step| Stage {
            towards,
            name: step.name.into(),
            from_us: step.from,
            to_us: step.to,
        })
    };
    fault.stages = stages(Towards::Users, towards_users(log, &course))
        .chain(stages(
            Towards::Redundancy,
            towards_redundancy(log, &course),
        ))
        .collect();
}

/// What clients found beside what the log says: of all requests, and of all canary writes.
fn check(played: &Played, id: FaultId, log: &[Entry<'_>], accepted: u64) -> Option<Check> {
    let load = played.observed.impacts.get(&id).into_iter().flatten();
    let load = load.filter(|(side, _)| *side == Side::ALL);
    let canaries = played.observed.canary_impacts.get(&id);
    let canaries = canaries.and_then(|impacts| impacts.first());
    let felt = load.map(|(_, impact)| impact).chain(canaries);
    let found = witnesses(felt, log, accepted)?;
    let event = |logged: Logged| ControlEvent {
        at_us: logged.at,
        kind: logged.kind,
        subject: logged.subject,
        detail: String::new(),
    };
    Some(Check {
        clients_from_us: found.clients_from,
        clients_to_us: found.clients_to,
        log_from: found.log_from.map(event),
        log_to: found.log_to.map(event),
    })
}

/// The moments until users were served again, or at least until the last failure.
fn close_up(played: &Played, id: FaultId, fault: &Fault) -> Option<CloseUp> {
    let canaries = fault.canary.first();
    let felt = fault.first_error_us.is_some() || canaries.is_some_and(|all| all.failed > 0);
    let marks: Vec<u64> = [
        fault.recovered_us,
        fault.last_error_us,
        canaries.and_then(|all| all.last_error_us),
        canaries.and_then(|all| all.recovered_us),
        fault.mitigated_us.filter(|_| felt),
    ]
    .into_iter()
    .flatten()
    .collect();
    let [load, canary] = played
        .observed
        .close_ups
        .each_ref()
        .map(|of| of.of(id, &marks));
    let load = load?;
    // Both cut the same time into the same buckets.
    let canary = canary.filter(|_| !fault.canary.is_empty());
    let (canary_ok, canary_failed) =
        canary.map_or_else(Default::default, |canary| (canary.ok, canary.failed));
    Some(CloseUp {
        from_us: load.from_us,
        bucket_us: load.bucket_us,
        ok: load.ok,
        failed: load.failed,
        canary_ok,
        canary_failed,
    })
}

/// What became of the writes at its risk.
fn lost(fault: &mut Fault, id: FaultId, report: &LedgerReport) {
    let Some((_, found)) = report.per_fault.iter().find(|(of, _)| *of == id) else {
        return;
    };
    fault.ledger = Some(at_risk(found));
    fault.rpo_seconds = match found.oldest_lost {
        None => Some(0.0),
        Some(oldest) => fault
            .accepted_us
            .map(|accepted| seconds(accepted.saturating_sub(oldest))),
    };
}
