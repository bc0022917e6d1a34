//! `pod-kill`: processes end, replacements start.

use std::time::Duration;

use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, PodView, Snapshot};
use crate::scenario::PodSelector;

/// SIGKILL, or SIGTERM and SIGKILL after a grace period.
pub(super) struct PodKill {
    pub(super) pods: PodSelector,
    pub(super) grace: Duration,
}

/// Whether it has an identity that must not be there twice.
fn is_stateful(pod: &PodView) -> bool {
    (pod.owner.as_deref()).is_some_and(|owner| owner.starts_with("statefulset/"))
}

impl Fault for PodKill {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let hit = select::pods(&self.pods, now, choice)?;
        if let Some(pod) = hit.iter().find(|pod| is_stateful(pod))
            && !choice.is_forced()
        {
            return Err(Refusal(format!(
                "{} belongs to a StatefulSet: killed without grace, two of the same name may run \
                 at once; evict it, or set `force = true` in the fault",
                pod.name
            )));
        }
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
            restored_when: select::AS_MANY_READY.to_owned(),
        })
    }
}
