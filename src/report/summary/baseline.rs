//! What a run was compared with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gate::regression::Regression;

/// What a run was compared with, and what came of it.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Baseline {
    /// Where it is kept: `dir:/srv/baselines`, `git:loadtest-baselines`.
    pub place: String,
    /// Which runs are comparable.
    pub fingerprint: String,
    /// Names of the runs compared with, in order of time.
    pub runs: Vec<String>,
    /// Names of the candidate's runs, in order of time.
    pub candidates: Vec<String>,
    /// Since which run the baseline counts, and why; absent in the first epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<String>,
    /// Why nothing was judged; absent when something was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_judged: Option<String>,
    /// One for each metric.
    #[serde(default)]
    pub regressions: Vec<Regression>,
    /// Response time in the steady phases of its runs, in order of quantile; empty where fewer than
    /// two of them have any, and in summaries of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub envelope: Vec<EnvelopePoint>,
}

/// Between which values the runs of a baseline lie at one quantile.
#[derive(Debug, Clone, Copy, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct EnvelopePoint {
    /// 0…1
    pub q: f64,
    /// Of the fastest run, microseconds.
    pub low_us: u64,
    /// Of the slowest run, microseconds.
    pub high_us: u64,
}
