//! What the observer of a run found out.

use std::collections::BTreeMap;

use super::canary::Sightings;
use super::operator::Command;
use crate::chaos::guards::Abort;
use crate::chaos::record::ProviderEvent;
use crate::measure::clock::Micros;
use crate::measure::interval::ErrorSample;
use crate::measure::recovery::{CloseUps, Impact, Side};
use crate::measure::saturation;
use crate::measure::served::Served;
use crate::report::chain::Chain;
use crate::scenario::FaultId;

/// What was observed, when it is over.
#[derive(Debug)]
pub(super) struct Observed {
    /// For each fault that was accepted, what it did to each class of requests.
    pub impacts: BTreeMap<FaultId, Vec<(Side, Impact)>>,
    /// For each fault that was accepted, what it did to all canaries together and to each.
    pub canary_impacts: BTreeMap<FaultId, Vec<Impact>>,
    /// What the canaries did.
    pub canaries: Sightings,
    /// A few failures of each kind.
    pub samples: Vec<ErrorSample>,
    /// What speaks against the generator.
    pub generator: saturation::Watch,
    /// The guard that stopped the run.
    pub abort: Option<Abort>,
    /// What the operator asked for and wanted written down, in order.
    pub operator: Vec<(Micros, Command)>,
    /// How `events.jsonl` ends.
    pub events: Option<Chain>,
    /// Why the run says nothing.
    pub gave_up: Vec<String>,
    /// Who served in each second.
    pub served: Served,
    /// The moments around each fault: of the load, and of the canaries.
    pub close_ups: [CloseUps; 2],
    /// All that the provider reported, in order.
    pub provider_events: Vec<ProviderEvent>,
    /// Whether the target ever met the SLO before the first fault.
    pub healthy_before_faults: Option<bool>,
    /// What could not be written to the run folder.
    pub write_errors: Vec<String>,
    /// The last pulse.
    pub last_pulse: Micros,
}

impl Observed {
    /// Whether the operator gave it up.
    pub(super) fn is_aborted_by_hand(&self) -> bool {
        self.asked(&Command::Abort)
    }

    /// Whether the operator ended it before its schedule did, for whatever reason.
    pub(super) fn is_ended_by_hand(&self) -> bool {
        self.is_aborted_by_hand() || self.asked(&Command::Finish)
    }

    fn asked(&self, wanted: &Command) -> bool {
        self.operator.iter().any(|(_, command)| command == wanted)
    }
}
