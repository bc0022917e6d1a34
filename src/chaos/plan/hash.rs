//! A plan's hash: equal hashes mean the same faults, in the same order and for the same time, on the
//! same targets by the same calls.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{PlannedFault, Resolved};
use crate::provider::{self, Call, Change};
use crate::scenario::{Fault, FaultStart};

/// As many digits as a person copies without a mistake, and chance does not find.
const DIGITS: usize = 16;

/// What must not drift, of one fault.
#[derive(Serialize)]
struct Fixed<'p> {
    fault: &'p str,
    kind: &'p str,
    provider: &'p str,
    start_us: [u128; 3],
    hold_us: Option<u128>,
    change: &'p Change,
    targets: &'p [String],
    calls: &'p [Call],
}

pub(super) fn of(faults: &[PlannedFault<'_>]) -> Option<String> {
    let fixed = faults.iter().map(fixed).collect::<Option<Vec<_>>>()?;
    // Structs and ordered maps only: the same plan is always the same text.
    let text = serde_json::to_vec(&fixed).ok()?;
    let digest = Sha256::digest(&text);
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(digits[..DIGITS].to_owned())
}

fn fixed<'p>(planned: &'p PlannedFault<'_>) -> Option<Fixed<'p>> {
    let Resolved::Exact(exact) = &planned.resolved else {
        return None;
    };
    let fault = planned.fault;
    Some(Fixed {
        fault: &fault.name,
        kind: fault.kind.name(),
        provider: provider::name(fault.provider),
        start_us: start(fault),
        hold_us: fault.hold.map(|hold| hold.as_micros()),
        change: &exact.plan.change,
        targets: &exact.plan.targets,
        calls: &exact.calls,
    })
}

/// Which kind of start, and its two figures.
fn start(fault: &Fault) -> [u128; 3] {
    match fault.start {
        FaultStart::At(at) => [0, at.as_micros(), 0],
        FaultStart::After {
            fault,
            recovered_for,
        } => [1, fault as u128, recovered_for.as_micros()],
    }
}
