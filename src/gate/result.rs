//! What a gate came to, as the summary keeps it.

use serde::{Deserialize, Serialize};

/// What a gate came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateVerdict {
    /// It held.
    Pass,
    /// It did not, or nothing was measured.
    Fail,
    /// Too little was measured to tell.
    Inconclusive,
}

/// The unit of a gate's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Microseconds.
    Us,
    /// 0…1, shown as a percentage.
    Ratio,
    /// Per second.
    PerSecond,
    /// A number of things.
    Count,
    /// 1 is yes, 0 is no.
    YesNo,
}

/// What a gate came to, with everything that a person needs to believe it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateResult {
    /// Stable, without values: `journey:buy/steady/p95`.
    pub id: String,
    /// As written in the scenario.
    pub text: String,
    /// Line in the scenario file, from 1.
    pub line: usize,
    /// The phase it looked at: `steady`, `whole run`, `fault: database fails over`.
    pub phase: String,
    /// What was measured, in `unit`. Absent when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
    /// `<`, `<=`, `>`, `>=` or `==`.
    pub op: String,
    /// The limit, in `unit`.
    pub limit: f64,
    /// The unit of `measured`, `limit` and `interval`.
    pub unit: Unit,
    /// Approximate 95 % interval of `measured` (block bootstrap over one-second histograms).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// How much is left to the limit ÷ limit; negative when missed. Absent for a limit of zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// Requests that `measured` rests on. Absent for gates about a fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<u64>,
    /// What it came to.
    pub verdict: GateVerdict,
    /// One sentence: by how much it held or was missed, or why it cannot be told.
    pub explanation: String,
}
