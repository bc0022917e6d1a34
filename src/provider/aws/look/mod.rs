//! The account as faults see it.

pub(super) mod database;
pub(super) mod hosts;
pub(super) mod metrics;
pub(super) mod networks;
pub(super) mod open;
pub(super) mod queue;
pub(super) mod shifts;
pub(super) mod targets;
pub(super) mod tasks;
pub(super) mod zones;

use super::account::Account;
use super::error::is_denied;
use crate::provider::{ProviderError, Snapshot};

/// Looks at everything that is needed.
pub(super) async fn snapshot(account: &Account) -> Result<Snapshot, ProviderError> {
    let needs = account.needs;
    let mut snapshot = Snapshot {
        last_occurrence: account.happenings.last(),
        zones: zones::look(account).await?,
        ..Snapshot::default()
    };
    if needs.instances {
        snapshot.hosts = account.allowed(hosts::look(account).await)?;
    }
    if needs.networks {
        snapshot.networks = account.allowed(networks::look(account).await)?;
    }
    if needs.tasks {
        snapshot.pods = account.allowed(tasks::look(account).await)?;
    }
    if let Some(balancer) = &account.spec.load_balancer {
        snapshot.balancer = Some(balancer.clone());
        let targets = account.allowed(targets::look(account, balancer).await)?;
        snapshot.pods.extend(targets);
    }
    if needs.database {
        snapshot.database = account.allowed(database::look(account).await)?;
    }
    if needs.queue && account.spec.queue.is_some() {
        snapshot.queue = account.allowed(queue::look(account).await)?;
    }
    let (open, cut) = open::look(account).await?;
    for zone in &mut snapshot.zones {
        let is_cut = cut.iter().any(|name| {
            *name == zone.name
                || zone.aliases.contains(name)
                || in_zone(&snapshot.networks, name, zone)
        });
        zone.up &= !is_cut;
    }
    snapshot.open = open;
    Ok(snapshot)
}

/// Whether the subnet of this name lies in the zone.
fn in_zone(
    networks: &[crate::provider::NetworkView],
    name: &str,
    zone: &crate::provider::ZoneView,
) -> bool {
    let mut networks = networks.iter();
    networks.any(|network| network.name == name && network.zone == zone.name)
}

impl Account {
    /// The answer; nothing, where a tolerant account may not ask.
    pub(super) fn allowed<T: Default>(
        &self,
        answer: Result<T, ProviderError>,
    ) -> Result<T, ProviderError> {
        match answer {
            Err(error) if self.needs.tolerant && is_denied(&error) => Ok(T::default()),
            answer => answer,
        }
    }
}
