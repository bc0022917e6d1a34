//! What a stack is made of on its way from one server to many.

use serde::{Deserialize, Serialize};

use super::{Millis, RedisUrl};

/// What the work of a database server costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseTime {
    /// What a request reads in one go: a page of the catalogue, a customer, a list of orders.
    pub read: Millis,
    /// A transaction that writes: an order with all that belongs to it, a confirmation.
    pub write: Millis,
}

/// A cache of the catalogue: in every pod, or one that all of them share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// For how long an entry is served.
    pub ttl: Millis,
    /// Entries at most, where each pod has a cache of its own. How much a Redis keeps is set there.
    #[serde(default = "Cache::default_entries")]
    pub entries: u32,
    /// A Redis that all pods share, instead of a cache in each.
    #[serde(default)]
    pub redis: Option<RedisUrl>,
}

impl Cache {
    /// The same with what its Redis' address takes from the environment.
    ///
    /// # Errors
    /// The variable that is not set.
    pub fn filled_in(self, variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let redis = self.redis.map(|redis| redis.filled_in(variable));
        Ok(Self {
            redis: redis.transpose()?,
            ..self
        })
    }

    pub(super) fn without_secrets(&self) -> Self {
        let shown = |redis: &RedisUrl| RedisUrl::from(&*redis.shown());
        Self {
            redis: self.redis.as_ref().map(shown),
            ..self.clone()
        }
    }

    fn default_entries() -> u32 {
        1_000
    }
}

/// When an order's confirmation is written and sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirm {
    /// Within the request that places the order: the customer waits for it.
    Inline,
    /// By a task runner, from the queue.
    #[default]
    Queued,
}
