//! `instance-stop`, and `zone-drain` by instances: machines are stopped, and started again.

use super::zones::ZoneLoss;
use super::{Choice, Fault, Plan, Refusal, select};
use crate::provider::{Change, HostView, Snapshot};
use crate::scenario::InstanceSelector;

/// The machines that a selector picks.
pub(super) struct InstanceStop {
    pub(super) instances: InstanceSelector,
}

impl Fault for InstanceStop {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let hit = select::hosts(&self.instances, now, choice)?;
        let left = now.hosts.iter().filter(|host| host.ready).count() - hit.len();
        Ok(stop(&hit, format!("{left} other instances keep running")))
    }
}

/// All machines of a zone that may be touched.
pub(super) struct ZoneStop {
    pub(super) zone: String,
}

impl Fault for ZoneStop {
    fn plan(&self, now: &Snapshot, choice: Choice<'_>) -> Result<Plan, Refusal> {
        let loss = ZoneLoss::of_traffic(&self.zone, now, choice)?;
        let all = InstanceSelector {
            zone: Some(loss.zone.to_owned()),
            ..InstanceSelector::default()
        };
        let hit = select::hosts(&all, now, choice)?;
        Ok(stop(&hit, loss.blast_radius()))
    }
}

fn stop(hit: &[&HostView], left: String) -> Plan {
    let names: Vec<String> = hit.iter().map(|host| host.name.clone()).collect();
    let named = hit
        .iter()
        .map(|host| format!("{} (zone {})", host.name, host.zone));
    Plan {
        words: format!("stop {}", select::list(named)),
        change: Change::StopHosts {
            hosts: names.clone(),
        },
        targets: names,
        blast_radius: format!("{left}; what runs on the stopped ones ends"),
        undo: "exactly these instances are started again".to_owned(),
        restored_when: "the same instances run, and as many targets are healthy as before"
            .to_owned(),
    }
}
