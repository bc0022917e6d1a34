//! Who served, who was broken, when: drawn under the charts on the same time axis.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// All lanes.
#[derive(Debug, Clone, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Lanes {
    /// One per fault, in the scenario's order.
    #[serde(default)]
    pub faults: Vec<FaultLane>,
    /// One per zone, then one per pod, then one per canary.
    #[serde(default)]
    pub serving: Vec<ServingLane>,
    /// One per database server.
    #[serde(default)]
    pub roles: Vec<RoleLane>,
}

/// A stretch of run time, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Span {
    /// Start.
    pub from_us: u64,
    /// End.
    pub to_us: u64,
}

/// When a fault was meant to be and was.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct FaultLane {
    /// The fault's name.
    pub name: String,
    /// As the scenario wanted it. Absent when it follows another fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Span>,
    /// From acceptance until recovered and undone. Absent when never injected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<Span>,
}

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ServingKind {
    /// An availability zone.
    Zone,
    /// One replica.
    Pod,
    /// Failures without an answer that tells whose it is.
    Nobody,
    /// A writer beside the load.
    Canary,
}

/// What a zone or a pod served, or what a canary wrote, on the timeline's buckets.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct ServingLane {
    /// Zone, pod or canary.
    pub kind: ServingKind,
    /// Its name.
    pub name: String,
    /// Successes per bucket.
    pub ok: Vec<u64>,
    /// Failures per bucket.
    pub failed: Vec<u64>,
}

/// What part a database server had.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct RoleLane {
    /// Server and zone: `db-1 · zone a`.
    pub name: String,
    /// In order of time, without overlap.
    pub segments: Vec<Segment>,
}

/// One stretch of a lane.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Segment {
    /// When.
    #[serde(flatten)]
    pub span: Span,
    /// `primary`, `standby`, `rebuilding`, `down`
    pub state: String,
}
