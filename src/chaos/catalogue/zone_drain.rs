//! `zone-drain`: an evacuation in good order. Not an outage.

use super::emptying::Emptying;
use super::zones::{RESTORED_WHEN, ZoneLoss};
use super::{Choice, Fault, Plan, Refusal};
use crate::provider::{Change, HostView, Snapshot};

/// The edge stops sending, pods finish and stop, replacements start elsewhere.
pub(super) struct ZoneDrain {
    pub(super) zone: String,
}

impl Fault for ZoneDrain {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let loss = ZoneLoss::of(&self.zone, now, choice)?;
        let zone = loss.zone.to_owned();
        // Where zones consist of machines that are shared, not everything in them may be touched.
        let hosts: Vec<&HostView> = now.hosts.iter().filter(|host| host.zone == zone).collect();
        let emptying = (!hosts.is_empty())
            .then(|| Emptying::of(hosts, now, choice))
            .transpose()?;
        Ok(Plan {
            change: Change::DrainZone {
                zone: zone.clone(),
                force: choice.is_forced(),
            },
            targets: match &emptying {
                Some(emptying) => emptying.targets(),
                None => loss.targets(),
            },
            words: format!("empty zone {zone} in good order and keep it empty"),
            blast_radius: match &emptying {
                Some(emptying) => format!("{}; {}", loss.blast_radius(), emptying.blast_radius()),
                None => format!("{}; replacements start in other zones", loss.blast_radius()),
            },
            undo: format!("zone {zone} takes part again"),
            restored_when: RESTORED_WHEN.to_owned(),
        })
    }
}
