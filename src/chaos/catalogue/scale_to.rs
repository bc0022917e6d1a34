//! `scale-to`: a workload has another number of pods for a while.

use super::{Choice, Fault, Plan, Refusal, workloads};
use crate::provider::{Change, Snapshot};
use crate::scenario::WorkloadSelector;

/// Fewer or more pods than it shall have.
pub(super) struct ScaleTo {
    pub(super) workload: WorkloadSelector,
    pub(super) replicas: u32,
}

impl Fault for ScaleTo {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let workload = workloads::find(&self.workload, now)?;
        let name = workloads::exact(workload);
        let (before, replicas) = (workload.desired, self.replicas);
        if workload.name.starts_with("daemonset/") {
            return Err(Refusal(format!(
                "{name} cannot be scaled: it has a pod on every node"
            )));
        }
        if replicas == before {
            return Err(Refusal(format!("{name} already has {replicas} pods")));
        }
        if replicas == 0 && !choice.is_forced() {
            return Err(Refusal(format!(
                "nothing of {name} would be left: keep at least one, or set `force = true` in the \
                 fault if that is what you want to see"
            )));
        }
        Ok(Plan {
            change: Change::ScaleWorkload {
                workload: name.clone(),
                replicas,
            },
            targets: vec![name.clone()],
            words: format!("scale {name} from {before} to {replicas} pods"),
            blast_radius: format!(
                "{name} has {replicas} instead of {before} pods; an autoscaler may disagree"
            ),
            undo: format!("{name} is scaled back to {before} pods"),
            restored_when: format!("{name} has {before} pods, all ready"),
        })
    }
}
