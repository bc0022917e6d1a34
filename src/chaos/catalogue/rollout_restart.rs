//! `rollout-restart`: every pod of a workload is replaced, as a deployment of a new version does.

use super::{Choice, Fault, Plan, Refusal, workloads};
use crate::provider::{Change, Snapshot};
use crate::scenario::WorkloadSelector;

/// A rolling replacement under load: nobody should notice.
pub(super) struct RolloutRestart {
    pub(super) workload: WorkloadSelector,
}

impl Fault for RolloutRestart {
    fn plan(&self, now: &Snapshot, _choice: Choice<'_>) -> Result<Plan, Refusal> {
        let workload = workloads::find(&self.workload, now)?;
        let name = workloads::exact(workload);
        if !workload.settled {
            return Err(Refusal(format!(
                "{name} is in the middle of a rollout: wait until it has ended"
            )));
        }
        Ok(Plan {
            change: Change::RestartWorkload {
                workload: name.clone(),
            },
            targets: vec![name.clone()],
            words: format!("replace every pod of {name}, a few at a time"),
            blast_radius: format!(
                "all {} pods of {name} are replaced, as fast as its strategy allows",
                workload.desired
            ),
            undo: "nothing to undo: the rollout goes on to its end".to_owned(),
            restored_when: "every pod was replaced and is ready".to_owned(),
        })
    }
}
