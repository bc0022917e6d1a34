//! What losing a zone means, whether in good order or at once.

use super::db_failover::redundant_pair;
use super::{Choice, Refusal, select};
use crate::provider::{DatabaseView, HostView, PodView, Role, Snapshot};

/// The members of a zone, and whether the others can carry on without it.
pub(super) struct ZoneLoss<'s> {
    /// Its name, whatever it was called.
    pub(super) zone: &'s str,
    pods: Vec<&'s PodView>,
    nodes: Vec<(&'s str, Role)>,
    now: &'s Snapshot,
}

impl<'s> ZoneLoss<'s> {
    /// Like [`Self::of`], for what leaves the database alone.
    pub(super) fn of_traffic(
        zone: &'s str,
        now: &'s Snapshot,
        choice: Choice<'_>,
    ) -> Result<Self, Refusal> {
        Self::find(zone, now, choice, false)
    }

    /// Finds the members; refuses what the other zones could not carry.
    pub(super) fn of(
        zone: &'s str,
        now: &'s Snapshot,
        choice: Choice<'_>,
    ) -> Result<Self, Refusal> {
        Self::find(zone, now, choice, true)
    }

    fn find(
        zone: &'s str,
        now: &'s Snapshot,
        choice: Choice<'_>,
        with_database: bool,
    ) -> Result<Self, Refusal> {
        let all = || select::list(now.zones.iter().map(|zone| zone.name.as_str()));
        let found = now.zone(zone);
        let zone = found.map_or(zone, |found| found.name.as_str());
        match found {
            None => {
                return Err(Refusal(format!(
                    "there is no zone `{zone}`; there are {}",
                    all()
                )));
            }
            Some(found) if !found.up => {
                return Err(Refusal(format!("zone `{zone}` is already out of service")));
            }
            Some(_) => {}
        }
        if now.zones_up().count() < 2 {
            return Err(Refusal(format!(
                "`{zone}` is the only zone in service (of {}): nothing would be left",
                all()
            )));
        }
        let loss = Self {
            zone,
            pods: now
                .pods
                .iter()
                .filter(|pod| pod.zone == zone && pod.ready && pod.shielded.is_none())
                .collect(),
            nodes: now
                .databases()
                .flat_map(|database| &database.nodes)
                .filter(|node| with_database && node.zone == zone)
                .map(|node| (node.name.as_str(), node.role))
                .collect(),
            now,
        };
        loss.others_carry_on(choice)?;
        Ok(loss)
    }

    fn others_carry_on(&self, choice: Choice<'_>) -> Result<(), Refusal> {
        let zone = self.zone;
        let elsewhere = |app: &str| {
            self.now
                .pods
                .iter()
                .any(|pod| pod.app == app && pod.ready && pod.zone != zone)
        };
        let stranded = self
            .pods
            .iter()
            .find(|pod| pod.serving && !elsewhere(&pod.app));
        if let Some(pod) = stranded
            && !choice.is_forced()
        {
            return Err(Refusal(format!(
                "no pod of `{}` would be ready outside zone `{zone}`: run more replicas, or set \
                 `force = true` in the fault if that is what you want to see",
                pod.app
            )));
        }
        let runs = |host: &&HostView, here: bool| host.ready && (host.zone == zone) == here;
        let mut hosts = self.now.hosts.iter();
        if hosts.clone().any(|host| runs(&host, true))
            && !hosts.any(|host| runs(&host, false))
            && !choice.is_forced()
        {
            return Err(Refusal(format!(
                "no instance would run outside zone `{zone}`: run some there, or set \
                 `force = true` in the fault if that is what you want to see"
            )));
        }
        let loses = |database: &&DatabaseView| {
            let primary = database.primary().map(|node| node.name.as_str());
            let mut nodes = self.nodes.iter();
            nodes.any(|(name, role)| *role == Role::Primary && Some(*name) == primary)
        };
        for database in self.now.databases().filter(loses) {
            redundant_pair(database, "the zone holds the database's primary")?;
        }
        Ok(())
    }

    /// Everything in it, by name.
    pub(super) fn targets(&self) -> Vec<String> {
        std::iter::once(format!("zone {}", self.zone))
            .chain(self.pods.iter().map(|pod| pod.name.clone()))
            .chain(self.nodes.iter().map(|(name, _)| (*name).to_owned()))
            .collect()
    }

    /// Who is hit and what is left.
    pub(super) fn blast_radius(&self) -> String {
        let up = self.now.zones_up().count();
        let mut words = format!("{} of {up} zones stay", up - 1);
        let left = select::left(&self.pods, self.now);
        if left.is_empty() {
            words += &format!("; no ready pod runs in zone {}", self.zone);
        } else {
            words += &format!("; {left}");
        }
        for (name, role) in &self.nodes {
            words += &match role {
                Role::Primary => format!("; the database's primary {name} moves"),
                Role::Standby => format!("; the database loses its standby {name}"),
                Role::Other => String::new(),
            };
        }
        words
    }
}

pub(super) const RESTORED_WHEN: &str = "all zones are in service, as many pods of each app are \
     ready as before, and the database is redundant";
