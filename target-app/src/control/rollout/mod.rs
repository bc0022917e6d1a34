//! A release on its way to every pod of an app: who starts, who leaves, and who gets how much of
//! the traffic meanwhile. Decisions only; time is data.

mod judge;
mod rolling;
mod shift;

pub(super) use judge::Judge;
pub(super) use rolling::{Fleet, Rolling};
pub(super) use shift::Shift;

use super::release::Release;
use super::state::{Pod, State};
use crate::api::{PodState, Strategy};

/// One release giving way to another.
#[derive(Debug, Clone)]
pub(super) struct Rollout {
    /// The change that brought it about.
    pub(super) change: String,
    pub(super) from: Release,
    pub(super) to: Release,
    pub(super) way: Way,
    /// Watches the new version's traffic, where a rule says what takes it back.
    pub(super) judge: Option<Judge>,
}

/// How it goes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Way {
    /// Old pods leave as new ones serve.
    Rolling(Rolling),
    /// A second set stands beside the first, and the edge moves the traffic.
    Shift(Shift),
}

impl Way {
    /// To something new.
    pub(super) fn forward(strategy: &Strategy) -> Self {
        match strategy {
            Strategy::Rolling {
                max_surge,
                max_unavailable,
            } => Self::Rolling(Rolling {
                surge: to_count(*max_surge),
                unavailable: to_count(*max_unavailable),
            }),
            Strategy::BlueGreen { keep_old_ms } => Self::Shift(Shift::at_once(*keep_old_ms)),
            Strategy::Canary { steps } => Self::Shift(Shift::in_steps(steps)),
        }
    }

    /// To something known, whose pods have `share` percent of the traffic still: there is nothing to
    /// find out about it, so that it takes everything as soon as it stands in full.
    pub(super) fn back(strategy: &Strategy, share: u32) -> Self {
        match Self::forward(strategy) {
            Self::Shift(_) => Self::Shift(Shift::back(share)),
            rolling @ Self::Rolling(_) => rolling,
        }
    }
}

impl Rollout {
    /// Of the traffic, in percent, what pods of the old release get; none: as each pod comes.
    pub(super) fn old_share(&self) -> Option<u32> {
        match &self.way {
            Way::Shift(shift) => Some(100 - shift.share()),
            Way::Rolling(_) => None,
        }
    }
}

/// What the edge is to give a pod, relative to the others of its app.
pub(super) fn weight(state: &State, pod: &Pod) -> u32 {
    let Some(rollout) = state.rollouts.get(&pod.app) else {
        return 1;
    };
    let Way::Shift(shift) = &rollout.way else {
        return 1;
    };
    let active = |other: &&Pod| {
        let reached = state.edge.in_rotation.contains(&other.name);
        other.app == pod.app && reached && other.state != PodState::Draining
    };
    let (new, old): (Vec<&Pod>, Vec<&Pod>) =
        (state.pods.iter().filter(active)).partition(|other| other.release == rollout.to);
    let (of_new, of_old) = shift::weights(shift.share(), new.len(), old.len());
    if pod.release == rollout.to {
        of_new
    } else {
        of_old
    }
}

pub(super) fn to_count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
