//! `zone-drain`: an evacuation in good order. Not an outage.

use super::zones::{RESTORED_WHEN, ZoneLoss};
use super::{Choice, Fault, Plan, Refusal};
use crate::provider::{Change, Snapshot};

/// The edge stops sending, pods finish and stop, replacements start elsewhere.
pub(super) struct ZoneDrain {
    pub(super) zone: String,
}

impl Fault for ZoneDrain {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let loss = ZoneLoss::of(&self.zone, now, choice)?;
        let zone = loss.zone.to_owned();
        Ok(Plan {
            change: Change::DrainZone { zone: zone.clone() },
            targets: loss.targets(),
            words: format!("empty zone {zone} in good order and keep it empty"),
            blast_radius: format!("{}; replacements start in other zones", loss.blast_radius()),
            undo: format!("zone {zone} takes part again"),
            restored_when: RESTORED_WHEN.to_owned(),
        })
    }
}
