//! `pod-kill`: processes end, replacements start.

use std::time::Duration;

use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, Snapshot};
use crate::scenario::PodSelector;

/// SIGKILL, or SIGTERM and SIGKILL after a grace period.
pub(super) struct PodKill {
    pub(super) pods: PodSelector,
    pub(super) grace: Duration,
}

impl Fault for PodKill {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let hit = select::pods(&self.pods, now, choice)?;
        let how = if self.grace.is_zero() {
            "at once".to_owned()
        } else {
            format!("after {} ms to finish in", self.grace.as_millis())
        };
        Ok(Plan {
            change: Change::KillPods {
                pods: select::names(&hit),
                grace_ms: u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX),
            },
            targets: select::names(&hit),
            words: format!("kill {} {how}", select::named(&hit)),
            blast_radius: format!(
                "{}; requests in flight on the killed ones fail",
                select::left(&hit, now)
            ),
            undo: "nothing to undo: replacements start by themselves".to_owned(),
            restored_when: "as many pods of each app are ready as before".to_owned(),
        })
    }
}
