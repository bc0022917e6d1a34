//! A scenario as the rest of the program sees it: parsed, resolved, checked.
//!
//! Names have become indices, texts have become compiled templates; whatever reaches this model is
//! known to be sound, so nothing downstream parses or looks anything up by name.

mod answer;
mod aws;
mod canary;
mod fault;
mod gate;
mod http;
mod journey;
mod kubernetes;
mod load;
mod metric;
mod prometheus;
mod runbook;

use std::path::PathBuf;

use super::fingerprint::Fingerprint;

pub use answer::*;
pub use aws::*;
pub use canary::*;
pub use fault::*;
pub use gate::*;
pub use http::*;
pub use journey::*;
pub use kubernetes::*;
pub use load::*;
pub use metric::*;
pub use prometheus::*;
pub use runbook::*;

/// Index into [`Scenario::journeys`].
pub type JourneyId = usize;
/// Index into [`Scenario::steps`]: unique over all journeys.
pub type StepId = usize;
/// Index into [`Scenario::faults`].
pub type FaultId = usize;

/// One scenario file, with the command line's overrides applied.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Names the run folder and the JUnit class.
    pub name: String,
    /// For people.
    pub description: String,
    /// Makes a run repeatable: data, think times, arrivals, targets picked.
    pub seed: u64,
    /// Where it came from.
    pub source: Source,
    /// What is loaded.
    pub target: Target,
    /// How requests are made unless a step says otherwise.
    pub http: HttpDefaults,
    /// CSV data that templates draw from.
    pub data: Vec<DataSet>,
    /// Who arrives when.
    pub loads: Vec<Load>,
    /// User paths.
    pub journeys: Vec<Journey>,
    /// All steps of all journeys, in order; journeys refer to them by index.
    pub steps: Vec<Step>,
    /// How many variable slots an iteration needs.
    pub slots: usize,
    /// Where the provider `kubernetes` acts.
    pub kubernetes: KubernetesSpec,
    /// Faults in the file's order.
    pub faults: Vec<Fault>,
    /// Which part of an AWS account they may touch.
    pub aws: AwsSpec,
    /// A Prometheus server that watches what is loaded.
    pub prometheus: Option<PrometheusSpec>,
    /// What is read off the target's own metrics pages.
    pub metrics: Vec<MetricSpec>,
    /// Pages besides those of the bundled stack, by their URLs.
    pub scrape: Vec<String>,
    /// What people do in a drill, in order.
    pub runbook: Vec<RunbookStep>,
    /// Writers beside the load; none: nobody writes but the journeys.
    pub canary: Option<Canary>,
    /// When this is no experiment any more.
    pub guard: Guard,
    /// What "healthy" means, for guards, recovery and the error budget.
    pub slo: Slo,
    /// Rules that decide the verdict.
    pub gates: Vec<Gate>,
}

impl Scenario {
    /// Whether requests carry a trace's id.
    #[must_use]
    pub fn is_traced(&self) -> bool {
        let bundled = matches!(self.target, Target::Stack(_));
        self.http.trace.unwrap_or(bundled)
    }
}

/// The file a scenario was read from.
#[derive(Debug, Clone)]
pub struct Source {
    /// As the user named it.
    pub path: PathBuf,
    /// The file's text.
    pub text: String,
    /// Hash of text and overrides, hexadecimal: equal means comparable.
    pub hash: String,
    /// `--set`, `--duration`, `--scale` … as given, for the report.
    pub overrides: Vec<String>,
}

impl Source {
    /// Something else than the file and its options decides how it runs: told in reports, and
    /// comparable only with runs of the same.
    pub(crate) fn change(&mut self, how: String) {
        let mut fingerprint = Fingerprint::default();
        fingerprint.add(self.hash.as_bytes());
        fingerprint.add(how.as_bytes());
        self.hash = fingerprint.hex();
        self.overrides.push(how);
    }
}

/// What is loaded.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The bundled shop on this machine; started for the run if none is up.
    Stack(StackTarget),
    /// Any HTTP system.
    Url(String),
}

/// What the stack must consist of.
#[derive(Debug, Clone, PartialEq)]
pub struct StackTarget {
    /// Which stack: the one that `stack up` started under this name, else a fresh one.
    pub spec: target_app::api::StackSpec,
}

/// Rows of a CSV file.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// As templates name it.
    pub name: String,
    /// Column names.
    pub columns: Vec<String>,
    /// Row-major cells.
    pub rows: Vec<Vec<String>>,
    /// How rows are handed to iterations.
    pub order: DataOrder,
}

/// How rows are handed to iterations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataOrder {
    /// In the file's order, from the start again at the end.
    Sequential,
    /// In a seeded random order, each once before any comes twice.
    Shuffle,
    /// Seeded, independent draws.
    Random,
    /// Each row at most once in a run; running out ends the load with an error.
    Unique,
}
