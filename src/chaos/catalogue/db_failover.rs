//! `db-failover`: the operator asks the standby to take over.

use target_app::api::{FailoverMode, FailoverProfile};

use super::{Choice, Fault, Plan, Refusal};
use crate::provider::{Change, DatabaseView, NodeView, Snapshot};

/// Fence, promote, move the endpoint.
pub(super) struct DbFailover {
    pub(super) profile: Option<FailoverProfile>,
    /// Which database of several, from 1.
    pub(super) shard: u32,
}

impl Fault for DbFailover {
    fn plan(&self, now: &Snapshot, _choice: Choice<'_>) -> Result<Plan, Refusal> {
        let (primary, standby) = redundant_shard(now, self.shard, "db-failover")?;
        Ok(Plan {
            change: Change::FailOverDatabase {
                mode: FailoverMode::Planned,
                profile: self.profile,
                shard: self.shard,
            },
            targets: vec![primary.name.clone(), standby.name.clone()],
            words: format!(
                "fail the database over from {} (zone {}) to {} (zone {})",
                primary.name, primary.zone, standby.name, standby.zone
            ),
            blast_radius: writes_stop(now, self.shard),
            undo: NO_FAILING_BACK.to_owned(),
            restored_when: RESTORED_WHEN.to_owned(),
        })
    }
}

/// Which database of several, in words; nothing where there need not be any.
pub(super) fn of(shard: u32) -> String {
    match shard {
        1 => String::new(),
        shard => format!(" of shard {shard}"),
    }
}

/// What nobody can do meanwhile.
pub(super) fn writes_stop(now: &Snapshot, shard: u32) -> String {
    let all = now.shards.len() + 1;
    let whose = match (all, shard) {
        (1, _) => "no write succeeds anywhere".to_owned(),
        (_, 1) => format!("nobody signs in, and 1 of {all} customers cannot buy"),
        _ => format!("1 of {all} customers cannot buy"),
    };
    format!(
        "{whose} until the standby has taken over, and there is no second standby until a new one \
         is built"
    )
}

/// The primary and the standby of the database with that number, from 1.
pub(super) fn redundant_shard<'s>(
    now: &'s Snapshot,
    shard: u32,
    kind: &str,
) -> Result<(&'s NodeView, &'s NodeView), Refusal> {
    let database = now.shard(shard).ok_or_else(|| match shard {
        1 => Refusal(format!("{kind}: there is no database")),
        _ => Refusal(format!(
            "{kind}: there is no shard {shard}: orders are in {} database{}",
            now.shards.len() + 1,
            if now.shards.is_empty() { "" } else { "s" },
        )),
    })?;
    redundant_pair(database, kind)
}

pub(super) const NO_FAILING_BACK: &str =
    "nothing to undo: failing back would be a second outage, and is never done by itself";
pub(super) const RESTORED_WHEN: &str =
    "another node takes the writes and a standby has caught up with it";

/// The primary and the standby that would take over without losing anything.
pub(super) fn redundant_pair<'s>(
    database: &'s DatabaseView,
    kind: &str,
) -> Result<(&'s NodeView, &'s NodeView), Refusal> {
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
