//! What requests cost a pod where that is stated, so that a result does not hang on this machine.

use std::sync::Arc;
use std::time::Duration;

use super::metrics::Metrics;
use super::{PodWork, ShardConfig, ShopConfig};
use crate::service::ServeError;
use crate::service::database::{Server, Work};
use crate::service::slots::{Full, Slots};
use crate::service::turnstile::Gate;

/// The pod's slots.
#[derive(Debug)]
pub(crate) struct PodSlots {
    slots: Slots,
    time: Duration,
}

impl PodSlots {
    pub(crate) fn new(work: PodWork) -> Self {
        Self {
            slots: Slots::new(work.at_once),
            time: work.time.into(),
        }
    }

    /// One request's work.
    pub(crate) async fn request(&self) -> Result<(), Full> {
        self.slots.work(self.time).await
    }

    /// More work for a request that was begun: it waits like all, and is not refused.
    pub(crate) async fn goes_on(&self, time: Duration) {
        self.slots.go_on(time).await;
    }

    pub(crate) fn slots(&self) -> &Slots {
        &self.slots
    }
}

/// What the work of a further database costs, where that is stated.
pub(crate) fn shard_work(
    config: &ShopConfig,
    shard: &ShardConfig,
    metrics: &Metrics,
) -> Option<Work> {
    let (work, turnstile) = config.database_work.zip(shard.turnstile)?;
    let server = Server::Shared(Arc::new(Gate::new(turnstile)));
    Some(Work::new(
        server,
        work.time,
        metrics.database_work(&shard.name),
    ))
}

/// What the primary's work costs this pod's requests.
pub(crate) fn database_work(
    config: &ShopConfig,
    pod: Option<&PodSlots>,
    metrics: &Metrics,
) -> Result<Option<Work>, ServeError> {
    let Some(work) = config.database_work else {
        return Ok(None);
    };
    let server = match (work.turnstile, pod) {
        (Some(turnstile), _) => Server::Shared(Arc::new(Gate::new(turnstile))),
        (None, Some(pod)) => Server::Own(pod.slots.clone()),
        (None, None) => {
            let words = "database_work: without a turnstile it takes the pod's slots, so `work` has to be there";
            return Err(ServeError::Config(words.into()));
        }
    };
    Ok(Some(Work::new(
        server,
        work.time,
        metrics.database_work("primary"),
    )))
}
