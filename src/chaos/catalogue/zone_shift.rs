//! `zone-drain` by zonal shift: the load balancer leaves a zone out. An evacuation, not an outage.

use std::time::Duration;

use super::zones::ZoneLoss;
use super::{Choice, Fault, Plan, Refusal};
use crate::provider::{Change, Snapshot};

/// Traffic goes to the other zones; what runs in this one goes on.
pub(super) struct ZoneShift {
    pub(super) zone: String,
    pub(super) expires: Duration,
}

impl Fault for ZoneShift {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let Some(balancer) = &now.balancer else {
            return Err(Refusal(
                "there is no load balancer whose traffic could be shifted".to_owned(),
            ));
        };
        let loss = ZoneLoss::of_traffic(&self.zone, now, choice)?;
        let zone = loss.zone;
        Ok(Plan {
            change: Change::ShiftZone {
                zone: zone.to_owned(),
                balancer: balancer.clone(),
                expires_s: self.expires.as_secs_f64().ceil() as u64,
            },
            targets: vec![format!("zone {zone}"), balancer.clone()],
            words: format!("shift the traffic of {balancer} away from zone {zone}"),
            blast_radius: format!(
                "{}; new connections go to the other zones, those that are open stay",
                loss.blast_radius()
            ),
            undo: format!(
                "the shift is cancelled; it ends by itself after {} min",
                self.expires.as_secs() / 60
            ),
            restored_when: "all zones take traffic".to_owned(),
        })
    }
}
