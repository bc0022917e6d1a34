//! What the requests came to.

use crate::measure::aggregate::{Measured, Tally};
use crate::measure::interval::{ErrorSample, SlowRequest};
use crate::report::summary::{ErrorRow, Journey, Latency, Phase, Requests, SlowRow, Step};
use crate::scenario::{PhaseSelector, Scenario, Scope, Shape};

/// A ratio with more digits than anyone reads, and few enough to be the same after a file.
fn ratio(part: u64, whole: u64) -> f64 {
    (part as f64 / whole as f64 * 1e9).round() / 1e9
}

pub(super) fn requests(scenario: &Scenario, measured: &Measured, duration_us: u64) -> Requests {
    let nothing = Tally::default();
    let all = measured
        .tally(&Scope::Run, &PhaseSelector::Whole)
        .unwrap_or(&nothing);
    // A run that was stopped at once has no rate; infinity could not even be written.
    let seconds = (duration_us as f64 / 1e6).max(1e-3);
    let per_second = |count: u64| ((count as f64 / seconds) * 1e3).round() / 1e3;
    let open = scenario
        .loads
        .iter()
        .any(|load| matches!(load.shape, Shape::Arrivals { .. }));
    Requests {
        total: all.count,
        failed: all.failed,
        availability: (all.count > 0).then(|| ratio(all.count - all.failed, all.count)),
        rate: per_second(all.count),
        scheduled: all.scheduled,
        started: all.started,
        iterations: measured.iterations,
        offered_rate: open.then(|| per_second(all.scheduled)),
        achieved_rate: open.then(|| per_second(all.started)),
        bytes_sent: measured.steps.iter().map(|step| step.bytes_sent).sum(),
        bytes_received: measured.steps.iter().map(|step| step.bytes_received).sum(),
        response_time_us: Latency::of(&all.response),
        service_time_us: Latency::of(&all.service),
    }
}

pub(super) fn journeys(scenario: &Scenario, measured: &Measured) -> Vec<Journey> {
    let nothing = Tally::default();
    let journey = |(id, journey): (usize, &crate::scenario::Journey)| {
        let tally = measured
            .tally(&Scope::Journey(id), &PhaseSelector::Whole)
            .unwrap_or(&nothing);
        Journey {
            name: journey.name.clone(),
            count: tally.count,
            failed: tally.failed,
            response_time_us: Latency::of(&tally.response),
            service_time_us: Latency::of(&tally.service),
        }
    };
    scenario.journeys.iter().enumerate().map(journey).collect()
}

pub(super) fn steps(scenario: &Scenario, measured: &Measured) -> Vec<Step> {
    let rows = scenario.steps.iter().zip(&measured.steps);
    rows.map(|(step, total)| Step {
        journey: scenario.journeys[step.journey].name.clone(),
        step: step.name.clone(),
        method: step.method.clone(),
        write: step.is_write(),
        count: total.response.len(),
        failed: total.response.len() - total.ok_response.len(),
        errors: total
            .errors
            .iter()
            .map(|(kind, error)| (*kind, error.count))
            .collect(),
        statuses: total.statuses.clone(),
        response_time_us: Latency::of(&total.response),
        service_time_us: Latency::of(&total.service),
        ok_response_time_us: Latency::of(&total.ok_response),
        ok_service_time_us: Latency::of(&total.ok_service),
    })
    .collect()
}

pub(super) fn phases(measured: &Measured) -> Vec<Phase> {
    let mut phases: Vec<Phase> = measured
        .windows
        .iter()
        .map(|(window, tally)| Phase {
            name: window.name.clone(),
            kind: window.kind,
            from_us: window.from,
            to_us: window.to,
            count: tally.count,
            failed: tally.failed,
            response_time_us: Latency::of(&tally.response),
            service_time_us: Latency::of(&tally.service),
        })
        .collect();
    phases.sort_by_key(|phase| (phase.from_us, phase.to_us));
    phases
}

pub(super) fn slowest(scenario: &Scenario, slowest: &[SlowRequest]) -> Vec<SlowRow> {
    let row = |request: &SlowRequest| {
        let step = &scenario.steps[request.step];
        SlowRow {
            journey: scenario.journeys[step.journey].name.clone(),
            step: step.name.clone(),
            at_us: request.at,
            response_us: request.response_us,
            service_us: request.service_us,
            failed: request.failed,
            request: request.request.clone(),
            status: request.status,
            pod: request.pod.clone(),
            trace: request.trace.clone(),
        }
    };
    slowest.iter().map(row).collect()
}

pub(super) fn errors(
    scenario: &Scenario,
    measured: &Measured,
    samples: &[ErrorSample],
) -> Vec<ErrorRow> {
    let mut rows = Vec::new();
    for (id, (step, total)) in scenario.steps.iter().zip(&measured.steps).enumerate() {
        for (kind, error) in &total.errors {
            let sample = samples
                .iter()
                .find(|sample| sample.step == id && sample.kind == *kind);
            rows.push(ErrorRow {
                journey: scenario.journeys[step.journey].name.clone(),
                step: step.name.clone(),
                kind: *kind,
                count: error.count,
                first_us: error.first_second * 1_000_000,
                last_us: (error.last_second + 1) * 1_000_000,
                sample: sample.map(|sample| sample.message.clone()),
                request: sample.map(|sample| sample.request.clone()),
                status: sample.and_then(|sample| sample.status),
                pod: sample.and_then(|sample| sample.pod.clone()),
                trace: sample.and_then(|sample| sample.trace.clone()),
            });
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    rows
}
