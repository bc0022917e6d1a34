//! `db-failover`: the operator asks the standby to take over.

use target_app::api::{FailoverMode, FailoverProfile};

use super::{Choice, Fault, Plan, Refusal};
use crate::provider::{Change, NodeView, Snapshot};

/// Fence, promote, move the endpoint.
pub(super) struct DbFailover {
    pub(super) profile: Option<FailoverProfile>,
}

impl Fault for DbFailover {
    fn plan(&self, now: &Snapshot, _choice: Choice<'_>) -> Result<Plan, Refusal> {
        let (primary, standby) = redundant_pair(now, "db-failover")?;
        Ok(Plan {
            change: Change::FailOverDatabase {
                mode: FailoverMode::Planned,
                profile: self.profile,
            },
            targets: vec![primary.name.clone(), standby.name.clone()],
            words: format!(
                "fail the database over from {} (zone {}) to {} (zone {})",
                primary.name, primary.zone, standby.name, standby.zone
            ),
            blast_radius: WRITES_STOP.to_owned(),
            undo: NO_FAILING_BACK.to_owned(),
            restored_when: RESTORED_WHEN.to_owned(),
        })
    }
}

pub(super) const WRITES_STOP: &str = "no write succeeds anywhere until the standby has taken over, \
     and there is no second standby until a new one is built";
pub(super) const NO_FAILING_BACK: &str =
    "nothing to undo: failing back would be a second outage, and is never done by itself";
pub(super) const RESTORED_WHEN: &str =
    "another node takes the writes and a standby has caught up with it";

/// The primary and the standby that would take over without losing anything.
pub(super) fn redundant_pair<'s>(
    now: &'s Snapshot,
    kind: &str,
) -> Result<(&'s NodeView, &'s NodeView), Refusal> {
    let Some(database) = &now.database else {
        return Err(Refusal(format!("{kind}: there is no database")));
    };
    if let Some(why) = &database.shielded {
        return Err(Refusal(format!("{kind}: {why}")));
    }
    let pair = database.primary().zip(database.standby());
    match pair {
        Some(pair) if database.redundant => Ok(pair),
        Some((_, standby)) => Err(Refusal(format!(
            "{kind}: standby {} has not caught up, so a failover now would lose acknowledged \
             writes: wait until the database is redundant",
            standby.name
        ))),
        None => Err(Refusal(format!(
            "{kind}: there is no standby that could take over: wait until the database is redundant"
        ))),
    }
}
