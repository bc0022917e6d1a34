//! What a scenario's faults would do: exact targets, the calls for them, and a hash of it all by
//! which a later run can tell that nothing has changed since.
//!
//! Needs no more than the right to read.

mod hash;
mod words;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use super::catalogue::{self, Choice, Plan};
use crate::provider::{Answer, Call, Provider, Rehearsed, Snapshot};
use crate::scenario::{Fault, FaultId, FaultStart, ProviderKind, Scenario};

/// What is planned, in the order in which faults are due.
#[derive(Debug)]
pub struct Planned<'s> {
    scenario: &'s Scenario,
    faults: Vec<PlannedFault<'s>>,
}

/// A fault and what it comes to.
#[derive(Debug)]
struct PlannedFault<'s> {
    fault: &'s Fault,
    resolved: Resolved,
}

#[derive(Debug)]
enum Resolved {
    /// What exactly would be done.
    Exact(Box<Exact>),
    /// It would be refused.
    Refused(String),
    /// The infrastructure cannot be looked at.
    Unknown(String),
}

#[derive(Debug)]
struct Exact {
    plan: Plan,
    expected: String,
    calls: Vec<Call>,
    /// What the infrastructure itself says of the calls, when it was asked.
    rehearsed: Option<Vec<Rehearsed>>,
}

/// How closely to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Which calls would be made.
    Calls,
    /// Also whether the infrastructure would accept them.
    Rehearsal,
}

/// Resolves all faults against infrastructure as it is now. Changes nothing.
///
/// Later faults are resolved against the same snapshot: a pod that an earlier fault replaces will
/// have another name by then.
pub async fn resolve<'s>(
    scenario: &'s Scenario,
    provider: impl Fn(ProviderKind) -> Result<Arc<dyn Provider>, String>,
    depth: Depth,
) -> Planned<'s> {
    let mut seen: HashMap<ProviderKind, Result<Snapshot, String>> = HashMap::new();
    let mut faults = Vec::new();
    for fault in in_order(scenario) {
        let resolved = match provider(fault.provider) {
            Err(why) => Resolved::Unknown(why),
            Ok(provider) => {
                let now = match seen.entry(fault.provider) {
                    Entry::Occupied(seen) => seen.into_mut(),
                    Entry::Vacant(unseen) => {
                        let now = provider.snapshot().await;
                        unseen.insert(now.map_err(|error| error.to_string()))
                    }
                };
                match now {
                    Ok(now) => resolve_one(scenario, fault, now, &provider, depth).await,
                    Err(why) => Resolved::Unknown(why.clone()),
                }
            }
        };
        faults.push(PlannedFault { fault, resolved });
    }
    Planned { scenario, faults }
}

async fn resolve_one(
    scenario: &Scenario,
    fault: &Fault,
    now: &Snapshot,
    provider: &Arc<dyn Provider>,
    depth: Depth,
) -> Resolved {
    let choice = Choice {
        seed: scenario.seed,
        fault: &fault.name,
        force: fault.force,
    };
    let plan = match catalogue::plan(&fault.kind, now, choice) {
        Ok(plan) => plan,
        Err(refusal) => return Resolved::Refused(refusal.0),
    };
    let calls = match provider.calls(&plan.change).await {
        Ok(calls) => calls,
        Err(error) => return Resolved::Refused(error.to_string()),
    };
    let rehearsed = match depth {
        Depth::Calls => None,
        Depth::Rehearsal => match provider.rehearse(&plan.change).await {
            Ok(rehearsed) => Some(rehearsed),
            Err(error) => return Resolved::Refused(error.to_string()),
        },
    };
    Resolved::Exact(Box::new(Exact {
        expected: provider.expected(&plan.change),
        plan,
        calls,
        rehearsed,
    }))
}

impl Planned<'_> {
    /// Whether a fault would be refused, by us or by the infrastructure.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.faults.iter().any(|planned| match &planned.resolved {
            Resolved::Refused(_) => true,
            Resolved::Unknown(_) => false,
            Resolved::Exact(exact) => exact
                .rehearsed
                .iter()
                .flatten()
                .any(|rehearsed| matches!(rehearsed.answer, Answer::Refused(_))),
        })
    }

    /// Tells this plan from every other; none: not every target is known.
    #[must_use]
    pub fn hash(&self) -> Option<String> {
        hash::of(&self.faults)
    }

    /// For people.
    #[must_use]
    pub fn describe(&self) -> String {
        words::describe(self)
    }
}

/// The faults by time; one that follows another comes right after it.
#[must_use]
pub fn order(scenario: &Scenario) -> Vec<FaultId> {
    let place = |fault: &Fault| (scenario.faults.iter()).position(|known| known.name == fault.name);
    let faults = in_order(scenario);
    faults.into_iter().filter_map(place).collect()
}

/// By time; a fault that follows another comes right after it.
fn in_order(scenario: &Scenario) -> Vec<&Fault> {
    let key = |fault: &Fault| {
        let mut depth = 0;
        let mut start = fault.start;
        // A chain is at most as long as there are faults, also if it bites its own tail.
        while let FaultStart::After { fault, .. } = start
            && depth <= scenario.faults.len()
        {
            depth += 1;
            start = scenario.faults[fault].start;
        }
        let at = match start {
            FaultStart::At(at) => at,
            FaultStart::After { .. } => Duration::MAX,
        };
        (at, depth)
    };
    let mut faults: Vec<&Fault> = scenario.faults.iter().collect();
    faults.sort_by_key(|fault| key(fault));
    faults
}

#[cfg(test)]
mod tests;
