//! What must hold in the target's own books whatever failed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One rule of the target's domain, checked by the target itself when the run was over.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Invariant {
    /// `one-payment-per-order`
    pub name: String,
    /// The rule in words: `every order is paid exactly once, by its total`.
    pub rule: String,
    /// How many things it covers: orders, products …
    pub checked: u64,
    /// How many of them break it.
    pub violations: u64,
}

/// The target's books after a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Books {
    /// Each rule.
    #[serde(default)]
    pub invariants: Vec<Invariant>,
    /// Work that was still waiting when they were read: what it will come to is unknown.
    #[serde(default)]
    pub pending: u64,
    /// Why they could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

impl Books {
    /// Whether they were read, nothing was waiting, and every rule held.
    #[must_use]
    pub fn in_order(&self) -> bool {
        self.unread.is_none()
            && self.pending == 0
            && self.invariants.iter().all(|rule| rule.violations == 0)
    }
}
