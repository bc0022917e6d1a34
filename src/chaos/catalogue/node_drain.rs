//! `node-drain`: machines are emptied in good order, as before maintenance.

use super::emptying::{self, Emptying};
use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, Snapshot};
use crate::scenario::HostSelector;

/// No new pods, and those that are there move.
pub(super) struct NodeDrain {
    pub(super) nodes: HostSelector,
}

impl Fault for NodeDrain {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let chosen = emptying::select(&self.nodes, now, choice)?;
        let emptying = Emptying::of(chosen, now, choice)?;
        let names = emptying.names();
        let list = select::list(names.iter().cloned());
        Ok(Plan {
            targets: emptying.targets(),
            words: format!("empty {list} in good order and keep them empty"),
            blast_radius: emptying.blast_radius(),
            undo: format!("{list} take pods again"),
            restored_when: "all nodes take pods, and as many pods of each app are ready as before"
                .to_owned(),
            change: Change::DrainHosts {
                hosts: names,
                force: choice.is_forced(),
            },
        })
    }
}
