//! `db-reboot`: the database restarts where it is.

use super::{Choice, Fault, Plan, Refusal};
use crate::provider::{Change, Snapshot};

/// No failover: clients wait until the same server is back.
pub(super) struct DbReboot;

impl Fault for DbReboot {
    fn plan(&self, now: &Snapshot, _choice: Choice<'_>) -> Result<Plan, Refusal> {
        let database = now
            .database
            .as_ref()
            .ok_or_else(|| Refusal("db-reboot: there is no database".to_owned()))?;
        if let Some(why) = &database.shielded {
            return Err(Refusal(format!("db-reboot: {why}")));
        }
        let Some(primary) = database.primary().filter(|_| database.endpoint.is_some()) else {
            return Err(Refusal(
                "db-reboot: the database is not available: wait until it is".to_owned(),
            ));
        };
        Ok(Plan {
            change: Change::RebootDatabase,
            targets: vec![primary.name.clone()],
            words: format!(
                "restart the database on {} (zone {})",
                primary.name, primary.zone
            ),
            blast_radius: "no statement succeeds until it is back; connections are lost".to_owned(),
            undo: "nothing to undo: it comes back by itself".to_owned(),
            restored_when: "the database is available, and redundant if it was".to_owned(),
        })
    }
}
