//! How long a fault is expected to hurt.

use std::time::Duration;

use super::micros;
use crate::measure::clock::Micros;
use crate::scenario::{FaultId, GateSubject, RecoveryCheck, Scenario};

/// How long a fault may hurt after its hold when no gate says.
pub const DEFAULT_ALLOWANCE: Duration = Duration::from_secs(30);

/// The time in which a fault is expected to hurt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The fault's name.
    pub fault: String,
    /// Its acceptance.
    pub from: Micros,
    /// The end, exclusive.
    pub until: Micros,
}

impl Allowance {
    /// That of a fault which was accepted at `accepted`.
    #[must_use]
    pub fn of(scenario: &Scenario, fault: FaultId, accepted: Micros) -> Self {
        let allowed = scenario
            .gates
            .iter()
            .filter_map(|gate| match &gate.subject {
                GateSubject::Recovery {
                    fault: of,
                    check:
                        RecoveryCheck::RecoveredWithin(limit) | RecoveryCheck::Unavailable(limit),
                } if *of == fault => Some(*limit),
                _ => None,
            })
            .max();
        let fault = &scenario.faults[fault];
        let allowed = allowed.unwrap_or_else(|| fault.hold.unwrap_or_default() + DEFAULT_ALLOWANCE);
        Self {
            fault: fault.name.clone(),
            from: accepted,
            until: accepted.saturating_add(micros(allowed)),
        }
    }
}
