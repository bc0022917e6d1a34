//! What the command line changes about a scenario.

/// Changes to a scenario; the default changes nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// Load this URL instead of the scenario's target.
    pub target: Option<String>,
    /// Stretch or shrink all schedules and fault times so that the load ends then: `30s`.
    pub duration: Option<String>,
    /// Multiply rates and users.
    pub scale: Option<f64>,
    /// Leave out faults and the gates on them.
    pub no_faults: bool,
    /// Do what the file forces also on infrastructure that is not ours.
    pub force: bool,
    /// Instead of the scenario's seed.
    pub seed: Option<u64>,
    /// `key=value` each: changes of the file before it is read.
    pub sets: Vec<String>,
}

impl Overrides {
    /// As options of the command line, for reports and for repeating a run.
    #[must_use]
    pub fn to_options(&self) -> Vec<String> {
        let mut options = self.comparable_options();
        options.extend(self.seed.map(|seed| format!("--seed={seed}")));
        options
    }

    /// All but the seed: runs that differ only in it are comparable.
    pub(crate) fn comparable_options(&self) -> Vec<String> {
        let mut options = Vec::new();
        options.extend(self.target.as_ref().map(|url| format!("--target={url}")));
        options.extend(
            self.duration
                .as_ref()
                .map(|time| format!("--duration={time}")),
        );
        options.extend(self.scale.map(|factor| format!("--scale={factor}")));
        options.extend(self.no_faults.then(|| "--no-faults".to_owned()));
        options.extend(self.force.then(|| "--force".to_owned()));
        options.extend(self.sets.iter().map(|set| format!("--set={set}")));
        options
    }
}
