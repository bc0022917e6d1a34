//! What a stack is made of on its way from one server to many.

use serde::{Deserialize, Serialize};

use super::Millis;

/// What the work of a database server costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseTime {
    /// What a request reads in one go: a page of the catalogue, a customer, a list of orders.
    pub read: Millis,
    /// A transaction that writes: an order with all that belongs to it, a confirmation.
    pub write: Millis,
}

/// A cache of the catalogue in every pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// For how long an entry is served.
    pub ttl: Millis,
    /// Entries at most.
    pub entries: u32,
    /// The address of a Redis that all pods share, instead of a cache in each.
    #[serde(default)]
    pub redis: Option<String>,
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
