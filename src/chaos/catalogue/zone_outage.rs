//! `zone-outage`: a zone is gone, and nobody was told.

use super::zones::{RESTORED_WHEN, ZoneLoss};
use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, Snapshot};

/// Links fall silent, members die.
pub(super) struct ZoneOutage {
    pub(super) zone: String,
}

impl Fault for ZoneOutage {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let loss = ZoneLoss::of(&self.zone, now, choice)?;
        let zone = loss.zone.to_owned();
        if !now.networks.is_empty() {
            return cut(&loss, now);
        }
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

/// Where a zone consists of networks, those are cut off: what runs in them lives on, unreachable.
fn cut(loss: &ZoneLoss<'_>, now: &Snapshot) -> Result<Plan, Refusal> {
    let zone = loss.zone;
    let networks: Vec<_> = now.networks.iter().filter(|of| of.zone == zone).collect();
    let shielded = networks
        .iter()
        .find_map(|of| of.shielded.as_ref().zip(Some(of)));
    if let Some((why, network)) = shielded {
        return Err(Refusal(format!(
            "{} in zone {zone} must not be touched: {why}",
            network.name
        )));
    }
    let names: Vec<String> = networks.iter().map(|of| of.name.clone()).collect();
    if names.is_empty() {
        return Err(Refusal(format!(
            "zone {zone} has no network that may be cut off; there are {}",
            select::list(
                now.networks
                    .iter()
                    .map(|of| format!("{} (zone {})", of.name, of.zone))
            )
        )));
    }
    let mut targets = names.clone();
    targets.extend(loss.targets());
    Ok(Plan {
        words: format!("cut off {} in zone {zone}", select::list(names.iter())),
        change: Change::CutNetworks {
            zone: zone.to_owned(),
            networks: names,
        },
        targets,
        blast_radius: format!(
            "{}; nothing in these networks can be reached or reach anything, and connections fall \
             silent",
            loss.blast_radius()
        ),
        undo: "each network gets back the access list that it had".to_owned(),
        restored_when: RESTORED_WHEN.to_owned(),
    })
}
