//! The pairs that a stack has: one, or as many as its orders are divided over. The first has all
//! the rest besides, and is the only one that read replicas follow.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use super::database::{DatabaseHandle, DatabasePlan};
use super::events::EventLog;
use super::stages::Stages;
use super::supervisor::Message;
use crate::links::Link;

/// What the pair with this number, from 0, is called: by links, in metrics, in problems.
pub(super) fn name(index: usize) -> String {
    match index {
        0 => "database".into(),
        _ => format!("shard-{}", index + 1),
    }
}

/// The number, from 0, of the pair with this name.
pub(super) fn index(name: &str) -> Option<usize> {
    match name.strip_prefix("shard-") {
        Some(number) => number.parse::<usize>().ok()?.checked_sub(1),
        None => (name == "database").then_some(0),
    }
}

/// Where pods find a pair.
#[derive(Debug, Clone)]
pub(super) struct DatabaseTarget {
    /// Its [`name`].
    pub(super) name: String,
    /// Where its endpoint leads now.
    pub(super) target: watch::Receiver<Option<SocketAddr>>,
    /// Where the slots of its primary are shared, when its work is stated.
    pub(super) turnstile: Option<SocketAddr>,
}

/// The handles of all pairs. Dropping them kills every server.
pub(super) struct Databases(Vec<DatabaseHandle>);

impl Databases {
    /// Begins to start them side by side, each as `plan` says, in a folder of its own below the
    /// plan's.
    pub(super) fn start(
        plan: &DatabasePlan,
        events: &Arc<EventLog>,
        stages: Stages,
        news: &mpsc::UnboundedSender<Message>,
    ) -> std::io::Result<Self> {
        let start = |index| {
            let plan = DatabasePlan {
                index,
                root: plan.root.join(name(index)),
                ..plan.clone()
            };
            DatabaseHandle::start(plan, events.clone(), stages, news.clone())
        };
        let count = usize::try_from(plan.spec.order_shards).unwrap_or(usize::MAX);
        (0..count).map(start).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn first(&self) -> &DatabaseHandle {
        &self.0[0]
    }

    pub(super) fn get(&self, index: usize) -> Option<&DatabaseHandle> {
        self.0.get(index)
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut DatabaseHandle> {
        self.0.get_mut(index)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &DatabaseHandle> {
        self.0.iter()
    }

    /// For pods, in the pairs' order.
    pub(super) fn targets(&self) -> Vec<DatabaseTarget> {
        let target = |(index, pair): (usize, &DatabaseHandle)| DatabaseTarget {
            name: name(index),
            target: pair.target(),
            turnstile: pair.turnstile(),
        };
        self.0.iter().enumerate().map(target).collect()
    }

    /// The links by which standbys and read replicas follow their primaries.
    pub(super) fn replication_links(&self) -> impl Iterator<Item = Arc<Link>> {
        self.0.iter().flat_map(DatabaseHandle::replication_links)
    }

    /// Ends every server.
    pub(super) async fn stop(self) {
        for pair in self.0 {
            pair.stop().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_found_by_its_name() {
        for number in [0, 1, 7] {
            assert_eq!(index(&name(number)), Some(number));
        }
        assert_eq!(index("mail"), None);
        assert_eq!(index("shard-0"), None);
    }
}
