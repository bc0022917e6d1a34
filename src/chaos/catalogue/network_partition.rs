//! `network-partition`: pods run, and nobody reaches them.

use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, Snapshot};
use crate::scenario::PodSelector;

/// No traffic to or from these pods.
pub(super) struct NetworkPartition {
    pub(super) pods: PodSelector,
}

impl Fault for NetworkPartition {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let hit = select::pods(&self.pods, now, choice)?;
        Ok(Plan {
            change: Change::PartitionPods {
                pods: select::names(&hit),
            },
            targets: select::names(&hit),
            words: format!("cut off {}", select::named(&hit)),
            blast_radius: format!(
                "{} and reachable; requests to the others are never answered, and their own calls \
                 hang",
                select::left(&hit, now)
            ),
            undo: "the pods are reachable again".to_owned(),
            restored_when: select::AS_MANY_READY.to_owned(),
        })
    }
}
