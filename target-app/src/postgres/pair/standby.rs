//! The standby's life: built, taken into service, given up, replaced.

use std::sync::Arc;

use super::Error;
use super::actor::Actor;
use super::node::Node;
use super::placement::standby_zone;
use super::rebuild::{Source, catch_up, rebuild, replication_link};
use crate::api::{EventKind, Replication};
use crate::links::Link;

/// The standby that `work` is making.
pub(super) struct Building {
    pub(super) name: String,
    pub(super) zone: String,
    pub(super) link: Arc<Link>,
}

impl Actor {
    /// Whether a standby is missing or in the wrong place, and there is a place for it.
    pub(super) fn needs_standby(&self) -> bool {
        let misplaced = |node: &Node| self.closed.contains(node.zone());
        !self.down
            && self.standby.as_ref().is_none_or(misplaced)
            && self.place_for_standby().is_some()
    }

    pub(super) fn is_rebuilding(&self) -> bool {
        self.building.is_some()
    }

    pub(super) fn place_for_standby(&self) -> Option<String> {
        let zones: Vec<&str> = self.kit.zones.iter().map(|z| z.name.as_str()).collect();
        let preferred = self.preferred.as_deref();
        standby_zone(&zones, self.primary.zone(), &self.closed, preferred).map(str::to_owned)
    }

    pub(super) fn begin_rebuild(&mut self) -> Result<(), Error> {
        let Some(zone) = self.place_for_standby() else {
            return Ok(());
        };
        self.numbers += 1;
        let name = self.kit.server(self.numbers);
        let source = Source::of(&self.primary);
        let link = replication_link(&self.kit, &name, &zone, &source)?;
        let detail = format!("copied from {} into zone {zone}", source.name);
        self.report(EventKind::DatabaseRebuildStarted, &name, &detail);
        self.building = Some(Building {
            name: name.clone(),
            zone: zone.clone(),
            link: link.clone(),
        });
        let kit = self.kit.clone();
        self.work.spawn(rebuild(kit, source, name, zone, link));
        self.publish();
        Ok(())
    }

    /// Abandons a rebuild whose primary or zone is gone.
    pub(super) async fn cancel_rebuild(&mut self) {
        self.work.shutdown().await;
        self.building = None;
    }

    pub(super) fn rebuilding_in(&self, zone: &str) -> bool {
        self.building.as_ref().is_some_and(|b| b.zone == zone)
    }

    pub(super) async fn finish_rebuild(&mut self, built: Result<Node, Error>) {
        let adopted = match built {
            Ok(node) => self.adopt(node).await,
            Err(error) => Err(error),
        };
        if let Err(error) = adopted {
            self.problem(&error);
        }
    }

    /// Takes a rebuilt standby into service; one that it replaces is removed after that.
    pub(super) async fn adopt(&mut self, node: Node) -> Result<(), Error> {
        self.building = None;
        let name = node.name().to_owned();
        let detail = "it has replayed a marker written after it was started";
        self.report(EventKind::DatabaseStandbyCaughtUp, &name, detail);
        // Until the new one is in force, neither is known to hold every acknowledged commit.
        (self.synchronous, self.redundant) = (false, false);
        let replaced = self.standby.replace(node);
        let mut adopted = Ok(());
        if self.replication == Replication::Synchronous {
            adopted = self.make_synchronous().await;
        }
        if let Some(replaced) = replaced {
            self.discard(replaced);
        }
        if adopted.is_err() {
            self.degrade("making commits wait for it failed").await;
            return adopted;
        }
        if self.replication == Replication::Synchronous {
            self.synchronous = true;
            self.report(EventKind::DatabaseSynchronous, &name, "commits wait for it");
        }
        (self.redundant, self.trouble) = (true, None);
        self.preferred = None;
        self.publish();
        Ok(())
    }

    /// Makes commits wait for the standby, and returns when it holds all there are.
    async fn make_synchronous(&mut self) -> Result<(), Error> {
        let Some(standby) = &self.standby else {
            return Ok(());
        };
        let (primary, name) = (&self.primary.admin, standby.name());
        primary.hold_commits_for(name).await?;
        // The last commits that did not wait may still be on their way to it.
        catch_up(primary, &standby.admin, name).await
    }

    /// Gives the standby up: commits no longer wait for it, and another one is built.
    pub(super) async fn degrade(&mut self, why: &str) {
        // First of all: from now on commits may be acknowledged that it lacks.
        (self.synchronous, self.redundant) = (false, false);
        let Some(lost) = self.standby.take() else {
            return;
        };
        self.publish();
        self.unreleased = self.replication == Replication::Synchronous;
        self.release_commits().await;
        self.report(EventKind::DatabaseDegraded, lost.name(), why);
        self.preferred = Some(lost.zone().to_owned());
        self.trouble = Some(format!("standby {} was lost: {why}", lost.name()));
        self.discard(lost);
    }

    /// Lets commits go that wait for a standby that was given up.
    pub(super) async fn release_commits(&mut self) {
        if !self.unreleased {
            return;
        }
        match self.primary.admin.release_commits().await {
            Ok(()) => self.unreleased = false,
            Err(error) => self.problem(&error),
        }
    }

    /// Removes a node that takes part no more, without waiting for it.
    pub(super) fn discard(&mut self, node: Node) {
        while self.rubbish.try_join_next().is_some() {}
        self.rubbish.spawn(async move {
            let name = node.name().to_owned();
            let gone = node.server.destroy().await;
            if let Err(error) = &gone {
                tracing::error!(node = name, %error, "database server not removed");
            }
            gone
        });
    }
}
