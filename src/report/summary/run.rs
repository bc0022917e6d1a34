//! Who ran what where.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who ran what where.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Run {
    /// The run folder's name: `checkout-20261121T101500Z`.
    pub id: String,
    /// The scenario's name.
    pub scenario: String,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// Hash of the scenario's text and overrides: equal means comparable.
    pub hash: String,
    /// Makes the run repeatable.
    pub seed: u64,
    /// RFC 3339, UTC.
    pub started: String,
    /// RFC 3339, UTC.
    pub ended: String,
    /// Unix time of run time zero, microseconds.
    pub started_unix_us: u64,
    /// From the first scheduled start to the end of the load, microseconds.
    pub duration_us: u64,
    /// Version and revision of this tool.
    pub tool: String,
    /// Revision of what was tested, if it told one (`--revision` or the pipeline's variable).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// What was loaded, without credentials: `stack "default"` or a URL.
    pub target: String,
    /// What it consists of, in words: `3 shop pods in zones a, b, c · PostgreSQL pair, synchronous`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topology: Option<String>,
    /// The machine that made the load: system, cores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<String>,
    /// Reproduces the run.
    pub command: String,
    /// What the command line changed, as given.
    #[serde(default)]
    pub overrides: Vec<String>,
    /// What "healthy" meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slo: Option<Slo>,
}

/// What "healthy" meant.
#[derive(Debug, Clone, Copy, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Slo {
    /// Share of requests that must succeed, 0…1.
    pub availability: f64,
    /// Limit of the response time's p99, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<u64>,
    /// How long it must hold for a fault to count as recovered, microseconds.
    pub held_for_us: u64,
}

/// Another file of the run folder.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Sibling {
    /// Relative to the run folder.
    pub file: String,
    /// What is in it.
    pub holds: String,
}
