//! Since which run a baseline counts.

use serde::{Deserialize, Serialize};

/// A new beginning after an intended change of performance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// The first run that counts. Runs' names sort by time.
    pub since: String,
    /// Why the change was accepted.
    pub why: String,
    /// What was tested then, if it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl Epoch {
    /// Whether a run of that name counts.
    #[must_use]
    pub fn includes(&self, run: &str) -> bool {
        *run >= *self.since
    }
}
