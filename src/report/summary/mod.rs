//! `summary.json`: the only source of every report.
//!
//! Times named `…_us` are microseconds; instants among them are run time (since the run's start).
//! What was not measured is absent, never zero. Fields may be added without raising
//! [`SCHEMA_VERSION`]; a changed meaning raises it.

mod baseline;
mod belief;
mod canary;
mod connections;
mod drill;
mod earlier;
mod fault;
mod generator;
mod heat;
mod impact;
mod invariant;
mod lanes;
mod observed;
mod run;
mod timeline;
mod traffic;

pub use baseline::{Baseline, EnvelopePoint};
pub use belief::Outcome;
pub use canary::{Canary, CanaryImpact, CanaryWriter};
pub use connections::{Compression, Connections};
pub use drill::{Drill, Note, RunbookStep};
pub use fault::{Budget, ControlEvent, Detection, Fault, Ledger, Mark, Undo};
pub use generator::{Generator, GeneratorVerdict};
pub use heat::{Heat, HeatColumn};
pub use impact::{Check, ClassImpact, CloseUp, Stage, Towards};
pub use invariant::{Books, Invariant};
pub use lanes::{FaultLane, Lanes, RoleLane, Segment, ServingKind, ServingLane, Span};
pub use observed::{Observed, ObservedPoint, ObservedSeries};
pub use run::{Run, Sibling, Slo};
pub use timeline::{Curve, CurvePoint, Timeline};
pub use traffic::{ErrorRow, Journey, Latency, Phase, Requests, SlowRow, Step};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::gate::{Ending, GateResult, Verdict};
use crate::measure::validity::InvalidCause;
use crate::report::chain::Chain;

/// Version of the format that this build writes.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that one run left behind, as figures.
#[derive(Debug, Clone, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Summary {
    /// Version of the format. A higher one has fields whose meaning changed.
    #[schemars(range(min = 1, max = SCHEMA_VERSION))]
    pub schema_version: u32,
    /// What the run comes to.
    pub verdict: Verdict,
    /// One sentence: why.
    pub reason: String,
    /// How it came to its end.
    #[serde(default)]
    pub ending: Ending,
    /// The process's exit code.
    pub exit_code: u8,
    /// Why the figures mean nothing, in words that say what to do.
    #[serde(default, deserialize_with = "earlier::invalid_causes")]
    pub invalid_causes: Vec<InvalidCause>,
    /// Who ran what where.
    pub run: Run,
    /// All requests.
    pub requests: Requests,
    /// In the scenario's order.
    #[serde(default)]
    pub journeys: Vec<Journey>,
    /// In the scenario's order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// In order of time.
    #[serde(default)]
    pub phases: Vec<Phase>,
    /// In the scenario's order.
    #[serde(default)]
    pub faults: Vec<Fault>,
    /// What people did; absent where it was no drill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<Drill>,
    /// How `events.jsonl` ends, so that it can be told whether it still does; absent in summaries
    /// of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Chain>,
    /// What became of the run's writes; absent without ledger steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Ledger>,
    /// What must hold in the target's own books; absent for a target that has none to show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub books: Option<Books>,
    /// The writers beside the load; absent without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// In the scenario's order.
    #[serde(default)]
    pub gates: Vec<GateResult>,
    /// What it was compared with; absent until `loadtest gate` has done that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Most frequent first.
    #[serde(default)]
    pub errors: Vec<ErrorRow>,
    /// The slowest requests, slowest first; empty in summaries of earlier versions.
    #[serde(default)]
    pub slowest: Vec<SlowRow>,
    /// What the way to the target cost; absent in summaries of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
    /// How well the load was made.
    pub generator: Generator,
    /// At most 600 buckets over the whole run.
    pub timeline: Timeline,
    /// Who served, who was broken, when.
    #[serde(default)]
    pub lanes: Lanes,
    /// What the target measured of itself; absent where nobody was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// Latency by quantile, per kind of phase.
    #[serde(default)]
    pub distribution: Vec<Curve>,
    /// The scenario as it ran, secrets removed.
    #[serde(default)]
    pub configuration: String,
    /// The other files of the run folder.
    #[serde(default)]
    pub siblings: Vec<Sibling>,
}
