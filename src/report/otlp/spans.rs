//! The run and its faults as one trace.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Resource, attribute, nanoseconds, scope};
use crate::gate::Verdict;
use crate::report::Summary;
use crate::report::summary::Fault;

const INTERNAL: u8 = 1;
const OK: u8 = 1;
const ERROR: u8 = 2;

/// The body of `POST /v1/traces`: a span for the run, and within it one for each fault that was
/// accepted, until users were served again and it was undone. Its marks are the span's events.
#[must_use]
pub fn spans(summary: &Summary, resource: &Resource) -> Value {
    let run = &summary.run;
    let unix = |run_us: u64| nanoseconds(run.started_unix_us.saturating_add(run_us));
    let trace = &digest(&run.id)[..32];
    let root = &digest(&format!("{}/run", run.id))[..16];
    let mut spans = vec![json!({
        "traceId": trace,
        "spanId": root,
        "name": format!("run {}", run.scenario),
        "kind": INTERNAL,
        "startTimeUnixNano": unix(0),
        "endTimeUnixNano": unix(run.duration_us),
        "attributes": [
            attribute("loadtest.verdict", summary.verdict.word()),
            attribute("loadtest.target", &run.target),
        ],
        "status": { "code": code(summary.verdict == Verdict::Pass), "message": summary.reason },
    })];
    for (index, fault) in summary.faults.iter().enumerate() {
        let Some(accepted) = fault.accepted_us else {
            continue;
        };
        let events = fault
            .marks()
            .into_iter()
            .map(|mark| json!({ "timeUnixNano": unix(mark.at_us), "name": mark.label }));
        spans.push(json!({
            "traceId": trace,
            "spanId": &digest(&format!("{}/fault/{index}", run.id))[..16],
            "parentSpanId": root,
            "name": format!("fault {}", fault.name),
            "kind": INTERNAL,
            "startTimeUnixNano": unix(accepted),
            "endTimeUnixNano": unix(end(fault, run.duration_us)),
            "attributes": [
                attribute("loadtest.fault.kind", &fault.kind),
                attribute("loadtest.fault.provider", &fault.provider),
                attribute("loadtest.fault.target", &fault.target.join(", ")),
            ],
            "events": events.collect::<Vec<_>>(),
            "status": { "code": code(fault.is_clean() && fault.recovered_us.is_some()) },
        }));
    }
    json!({ "resourceSpans": [{
        "resource": resource.to_json(),
        "scopeSpans": [{ "scope": scope(), "spans": spans }],
    }]})
}

/// The last of its marks; a fault without an end lasts as long as the run.
fn end(fault: &Fault, run_us: u64) -> u64 {
    let last = fault.marks().iter().map(|mark| mark.at_us).max();
    fault
        .recovered_us
        .map_or(run_us, |at| at.max(last.unwrap_or(at)))
}

fn code(good: bool) -> u8 {
    if good { OK } else { ERROR }
}

/// Ids that are the same whenever the same run is told again.
fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
