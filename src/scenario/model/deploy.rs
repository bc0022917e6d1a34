//! A deploy: which version takes the place of the one that runs, how, and what takes it back.

use std::time::Duration;

use target_app::api::{CanaryStep, Mischief, RollbackRule};

/// Another version of the shop takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// As the shop's header `x-version` tells it.
    pub version: String,
    /// How the old one gives way.
    pub strategy: DeployStrategy,
    /// What is wrong with it on purpose.
    pub bad: Mischief,
    /// When it is taken back by itself.
    pub rollback_when: Option<RollbackRule>,
}

/// How an old version gives way to a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeployStrategy {
    /// A few pods at a time.
    Rolling {
        /// Beyond the number of pods, at most.
        max_surge: Extent,
        /// Short of it, at most.
        max_unavailable: Extent,
    },
    /// A whole second set, and a switch.
    BlueGreen {
        /// How long the old set stays after the switch.
        keep_old: Duration,
    },
    /// A growing share of the traffic.
    Canary {
        /// In order, the last one everything.
        steps: Vec<CanaryStep>,
    },
}

/// A number of pods, or a share of those there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// So many.
    Count(u32),
    /// 0 to 100.
    Percent(u32),
}

impl Extent {
    /// Of so many pods; a part of one counts as one.
    #[must_use]
    pub fn rounded_up(self, pods: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (pods * percent).div_ceil(100),
        }
    }

    /// Of so many pods; a part of one counts as none.
    #[must_use]
    pub fn rounded_down(self, pods: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => pods * percent / 100,
        }
    }
}
