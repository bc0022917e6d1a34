//! `pod-hang`: processes keep their sockets and answer nothing.

use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, Snapshot};
use crate::scenario::PodSelector;

/// SIGSTOP, and SIGCONT to undo it.
pub(super) struct PodHang {
    pub(super) pods: PodSelector,
}

impl Fault for PodHang {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let hit = select::pods(&self.pods, now, choice)?;
        Ok(Plan {
            change: Change::HangPods {
                pods: select::names(&hit),
            },
            targets: select::names(&hit),
            words: format!("freeze {}", select::named(&hit)),
            blast_radius: format!(
                "{}; requests to the frozen ones wait until the health check takes them out",
                select::left(&hit, now)
            ),
            undo: "the frozen pods are resumed".to_owned(),
            restored_when: select::AS_MANY_READY.to_owned(),
        })
    }
}
