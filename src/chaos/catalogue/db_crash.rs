//! `db-crash`: the primary dies and somebody has to notice.

use target_app::api::{FailoverMode, FailoverProfile};

use super::db_failover::{NO_FAILING_BACK, RESTORED_WHEN, redundant_shard, writes_stop};
use super::{Choice, Fault, Plan, Refusal};
use crate::provider::{Change, Snapshot};

/// SIGKILL of the primary; detection is part of the outage.
pub(super) struct DbCrash {
    pub(super) profile: Option<FailoverProfile>,
    /// Which database of several, from 1.
    pub(super) shard: u32,
}

impl Fault for DbCrash {
    fn plan(&self, now: &Snapshot, _choice: Choice<'_>) -> Result<Plan, Refusal> {
        let (primary, standby) = redundant_shard(now, self.shard, "db-crash")?;
        Ok(Plan {
            change: Change::FailOverDatabase {
                mode: FailoverMode::Crash,
                profile: self.profile,
                shard: self.shard,
            },
            targets: vec![primary.name.clone()],
            words: format!(
                "kill the database's primary {} (zone {}); {} (zone {}) has to take over",
                primary.name, primary.zone, standby.name, standby.zone
            ),
            blast_radius: writes_stop(now, self.shard),
            undo: NO_FAILING_BACK.to_owned(),
            restored_when: RESTORED_WHEN.to_owned(),
        })
    }
}
