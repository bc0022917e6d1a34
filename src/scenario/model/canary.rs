//! Canaries: writers beside the load.

use super::Step;

/// Small writes at a fixed pace beside the load: how long nobody could write, whatever the load
/// does meanwhile.
#[derive(Debug, Clone)]
pub struct Canary {
    /// Writes per second of each writer.
    pub rate: f64,
    /// One per zone, or a single one without a zone; never none.
    pub writers: Vec<CanaryWriter>,
}

/// One of the canaries.
#[derive(Debug, Clone)]
pub struct CanaryWriter {
    /// The zone it writes through.
    pub zone: Option<String>,
    /// What it sends again and again. Its name is the writer's: `canary b`, or `canary`.
    pub step: Step,
}
