//! Read replicas: servers beside the pair that follow its primary and are never promoted.
//!
//! Commits do not wait for them, and the pair does not know of them: each has a task of its own that
//! copies it from the primary, watches it, and copies it afresh when it was lost, when its zone was
//! closed, or when the primary is another one. It is built only while the pair is redundant, so that
//! it never competes with the standby that a failover needs.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::Error;
use super::detect::loss;
use super::events::Events;
use super::node::Node;
use super::rebuild::{Source, rebuild, replication_link};
use crate::api::{DatabaseNode, DatabaseRole, EventKind};
use crate::links::Link;
use crate::postgres::kit::Kit;
use crate::process::Shutdown;

/// Before trying again what failed.
const BACK_OFF: Duration = Duration::from_secs(1);
/// Between two looks at a replica.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A replica whose newest marker is older than this is stuck.
const STUCK_AFTER: Duration = Duration::from_secs(30);

/// The primary that replicas follow.
#[derive(Clone)]
pub(super) struct Lead {
    pub(super) source: Source,
    /// Whether the pair needs nothing of it: replicas may be copied.
    pub(super) is_redundant: bool,
}

/// A replica as others see it.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) node: DatabaseNode,
    /// Where it is read from, once it has caught up.
    pub(super) address: Option<SocketAddr>,
    pub(super) link: Option<Arc<Link>>,
}

/// A replica's task.
pub(super) struct Keeper {
    pub(super) kit: Arc<Kit>,
    pub(super) events: Arc<dyn Events>,
    /// From 0.
    pub(super) index: usize,
    pub(super) lead: watch::Receiver<Option<Lead>>,
    /// Zones that nothing may be placed in.
    pub(super) closed: watch::Receiver<BTreeSet<String>>,
    pub(super) state: watch::Sender<State>,
}

/// `replica-1`
pub(super) fn name(index: usize) -> String {
    format!("replica-{}", index + 1)
}

/// One that is not there yet.
pub(super) fn absent(index: usize) -> State {
    State {
        node: DatabaseNode {
            name: name(index),
            zone: String::new(),
            role: DatabaseRole::Rebuilding,
            pid: None,
            address: String::new(),
        },
        address: None,
        link: None,
    }
}

/// Where a replica goes: behind primary and standby in the zones' order, not into a closed one.
fn place<'a>(zones: &[&'a str], closed: &BTreeSet<String>, index: usize) -> Option<&'a str> {
    let open: Vec<_> = zones
        .iter()
        .filter(|zone| !closed.contains(**zone))
        .collect();
    let at = (index + 2).checked_rem(open.len())?;
    Some(open[at])
}

impl Keeper {
    /// Keeps a replica until it is to stop, then removes it.
    pub(super) async fn run(mut self, mut shutdown: Shutdown) {
        while !shutdown.is_requested() {
            let built = tokio::select! {
                // What is half copied is removed with the future.
                () = shutdown.requested() => return,
                built = self.build() => built,
            };
            match built {
                Ok((node, source)) => {
                    let why = tokio::select! {
                        () = shutdown.requested() => None,
                        why = self.accompany(&node, &source) => Some(why),
                    };
                    self.state.send_replace(absent(self.index));
                    if let Some(why) = why {
                        self.report(EventKind::ReplicaLost, &why);
                    }
                    if let Err(error) = node.server.destroy().await {
                        tracing::error!(replica = self.index + 1, %error, "read replica not removed");
                    }
                }
                Err(error) => {
                    self.report(EventKind::Problem, &error.to_string());
                    tokio::select! {
                        () = shutdown.requested() => return,
                        () = sleep(BACK_OFF) => {}
                    }
                }
            }
        }
    }

    fn report(&self, kind: EventKind, detail: &str) {
        self.events.report(kind, &name(self.index), detail);
    }

    /// Copies the primary as soon as it may be copied.
    async fn build(&mut self) -> Result<(Node, Source), Error> {
        let may_be_copied = |lead: &Option<Lead>| lead.as_ref().is_some_and(|l| l.is_redundant);
        let lead = self.lead.wait_for(may_be_copied).await;
        let lead = lead.map_err(|_| Error::Stopped)?.clone();
        let source = lead.ok_or(Error::Stopped)?.source;
        let zones: Vec<_> = self
            .kit
            .zones
            .iter()
            .map(|zone| zone.name.as_str())
            .collect();
        let closed = self.closed.borrow_and_update().clone();
        let zone = place(&zones, &closed, self.index).ok_or_else(|| Error::NoStandby {
            why: "every zone is closed".into(),
        })?;
        let (zone, name) = (zone.to_owned(), name(self.index));
        let link = replication_link(&self.kit, &name, &zone, &source)?;
        self.state.send_modify(|state| {
            state.node.zone.clone_from(&zone);
            state.link = Some(Arc::clone(&link));
        });
        let detail = format!("read replica copied from {} into zone {zone}", source.name);
        self.report(EventKind::ReplicaCopying, &detail);
        let node = rebuild(Arc::clone(&self.kit), source.clone(), name, zone, link).await?;
        source.admin.write_age_marker(&self.kit.user).await?;
        let detail = "it has replayed a marker written after it was started, and is read from";
        self.report(EventKind::ReplicaReady, detail);
        self.state.send_modify(|state| {
            state.node.role = DatabaseRole::Replica;
            state.node.pid = node.server.pid();
            state.node.address = node.server.address.to_string();
            state.address = Some(node.server.address);
        });
        Ok((node, source))
    }

    /// Watches a replica that serves; answers why it does no more.
    async fn accompany(&self, node: &Node, source: &Source) -> String {
        let (mut lead, mut closed) = (self.lead.clone(), self.closed.clone());
        let other = |lead: &Option<Lead>| {
            lead.as_ref()
                .is_some_and(|lead| lead.source.address != source.address)
        };
        tokio::select! {
            _ = lead.wait_for(other) => "the primary is another one".into(),
            _ = closed.wait_for(|closed| closed.contains(node.zone())) => "its zone is closed".into(),
            () = node.server.ended() => "its process ended".into(),
            why = self.watch(node) => why,
        }
    }

    /// Writes the marker that its age is read from, and looks whether the replica follows.
    async fn watch(&self, node: &Node) -> String {
        loop {
            sleep(LOOK_EVERY).await;
            // The pair connects anew when it has to; what of its primary does not answer is its own
            // matter.
            let lead = self.lead.borrow().clone();
            let Some(Lead { source, .. }) = lead else {
                continue;
            };
            if source.admin.write_age_marker(&self.kit.user).await.is_err() {
                continue;
            }
            let Ok(row) = source.admin.standby(node.name()).await else {
                continue;
            };
            if let Some(why) = loss(row.as_ref()) {
                return why;
            }
            match node.admin.marker_age().await {
                Ok(age) if age > STUCK_AFTER => {
                    return format!("what it shows is {} s old", age.as_secs());
                }
                Ok(_) => {}
                Err(error) => return error.to_string(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replicas_stand_behind_the_pair_and_not_in_closed_zones() {
        let closed = |zones: &[&str]| zones.iter().map(ToString::to_string).collect();
        let zones = ["a", "b", "c"];
        assert_eq!(place(&zones, &closed(&[]), 0), Some("c"));
        assert_eq!(place(&zones, &closed(&[]), 1), Some("a"));
        assert_eq!(place(&zones, &closed(&["c"]), 0), Some("a"));
        assert_eq!(place(&["a"], &closed(&[]), 4), Some("a"));
        assert_eq!(place(&["a"], &closed(&["a"]), 0), None);
    }
}
