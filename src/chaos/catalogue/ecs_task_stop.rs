//! `ecs-task-stop`: tasks end, their services start others.

use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, Snapshot};
use crate::scenario::PodSelector;

/// SIGTERM, and SIGKILL after the container's own `stopTimeout`.
pub(super) struct EcsTaskStop {
    pub(super) tasks: PodSelector,
}

impl Fault for EcsTaskStop {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let hit = select::pods(&self.tasks, now, choice)?;
        if let Some(alone) = hit.iter().find(|task| task.owner.is_none()) {
            return Err(Refusal(format!(
                "task {} belongs to no service: nothing would start another in its place",
                alone.name
            )));
        }
        Ok(Plan {
            change: Change::KillPods {
                pods: select::names(&hit),
                grace_ms: 0,
            },
            targets: select::names(&hit),
            words: format!("stop tasks {}", select::named(&hit)),
            blast_radius: format!(
                "{}; what they were doing ends after their stopTimeout",
                select::left(&hit, now)
            ),
            undo: "nothing to undo: their services start others".to_owned(),
            restored_when: "as many tasks of each service are ready as before".to_owned(),
        })
    }
}
