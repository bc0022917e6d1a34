//! `zone-outage`: a zone is gone, and nobody was told.

use super::zones::{RESTORED_WHEN, ZoneLoss};
use super::{Choice, Fault, Plan, Refusal};
use crate::provider::{Change, Snapshot};

/// Links fall silent, members die.
pub(super) struct ZoneOutage {
    pub(super) zone: String,
}

impl Fault for ZoneOutage {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let zone = &self.zone;
        let loss = ZoneLoss::of(zone, now, choice)?;
        Ok(Plan {
            change: Change::OutageZone { zone: zone.clone() },
            targets: loss.targets(),
            words: format!("cut off zone {zone} and kill what runs in it"),
            blast_radius: format!(
                "{}; connections into the zone fall silent until health checks notice",
                loss.blast_radius()
            ),
            undo: format!("zone {zone} is connected again and its members are started"),
            restored_when: RESTORED_WHEN.to_owned(),
        })
    }
}
