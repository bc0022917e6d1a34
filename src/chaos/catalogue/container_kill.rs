//! `container-kill`: a container dies, its pod stays and starts it again.

use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, Snapshot};
use crate::scenario::PodSelector;

/// The processes of one container of each pod end.
pub(super) struct ContainerKill {
    pub(super) pods: PodSelector,
    pub(super) container: String,
}

impl Fault for ContainerKill {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let hit = select::pods(&self.pods, now, choice)?;
        let container = &self.container;
        if let Some(pod) = hit.iter().find(|pod| !pod.containers.contains(container)) {
            return Err(Refusal(format!(
                "{} has no container `{container}`; it has {}",
                pod.name,
                select::list(pod.containers.iter().cloned())
            )));
        }
        Ok(Plan {
            change: Change::KillContainers {
                pods: select::names(&hit),
                container: container.clone(),
            },
            targets: select::names(&hit),
            words: format!("kill container {container} in {}", select::named(&hit)),
            blast_radius: format!(
                "{}; requests in flight on the others fail",
                select::left(&hit, now)
            ),
            undo: "nothing to undo: the container is started again in its pod".to_owned(),
            restored_when: "the container was started again, and as many pods of each app are \
                            ready as before"
                .to_owned(),
        })
    }
}
