//! `pod-evict`: pods are asked to leave, as a drain does, and disruption budgets have a say.

use std::time::Duration;

use super::budgets::{headroom, losing_something};
use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, Snapshot};
use crate::scenario::PodSelector;

/// Evictions; what a budget refuses is tried again until the timeout.
pub(super) struct PodEvict {
    pub(super) pods: PodSelector,
    pub(super) timeout: Duration,
}

impl Fault for PodEvict {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let hit = select::pods(&self.pods, now, choice)?;
        losing_something(&hit, choice)?;
        Ok(Plan {
            change: Change::EvictPods {
                pods: select::names(&hit),
                timeout_ms: u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX),
            },
            targets: select::names(&hit),
            words: format!(
                "evict {}, for at most {} s where a disruption budget refuses",
                select::named(&hit),
                self.timeout.as_secs_f64()
            ),
            blast_radius: format!("{}{}", select::left(&hit, now), headroom(&hit, now)),
            undo: "nothing to undo: replacements start by themselves".to_owned(),
            restored_when: select::AS_MANY_READY.to_owned(),
        })
    }
}
