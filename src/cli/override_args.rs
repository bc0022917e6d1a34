//! The options that change a scenario, the same for every command that takes one.

use clap::Args;

use crate::scenario::Overrides;

/// What the command line changes in the scenario.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct OverrideArgs {
    /// Load this system instead of the scenario's target
    #[arg(short, long, value_name = "URL")]
    pub(super) target: Option<String>,
    /// Shorten or stretch the load, and the times of faults with it
    #[arg(short, long, value_name = "TIME")]
    pub(super) duration: Option<String>,
    /// Multiply rates and users
    #[arg(short, long, value_name = "FACTOR")]
    pub(super) scale: Option<f64>,
    /// Load only; gates about faults are left out
    #[arg(long)]
    pub(super) no_faults: bool,
    /// Do what `force = true` in the file asks for also on Kubernetes and AWS: take the last pod, a
    /// zone that the others cannot replace
    #[arg(long)]
    pub(super) force: bool,
    /// Makes data, think times, arrivals and targets repeatable
    #[arg(long, value_name = "NUMBER")]
    pub(super) seed: Option<u64>,
    /// Change any value of the file, such as `guard.healthy_before=2s` (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(super) sets: Vec<String>,
}

impl OverrideArgs {
    /// As the scenario language takes them.
    #[must_use]
    pub(super) fn overrides(&self) -> Overrides {
        Overrides {
            target: self.target.clone(),
            duration: self.duration.clone(),
            scale: self.scale,
            no_faults: self.no_faults,
            force: self.force,
            seed: self.seed,
            sets: self.sets.clone(),
        }
    }
}
