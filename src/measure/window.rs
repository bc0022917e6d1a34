//! Phases: labels on time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clock::Micros;
use crate::scenario::{FaultId, PhaseSelector};

/// What a stretch of time is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum PhaseKind {
    /// Load rises.
    Ramp,
    /// Full load, nothing broken.
    Steady,
    /// Something is broken.
    Fault,
    /// After a fault, until steady again.
    Recovery,
}

impl PhaseKind {
    /// As in files and reports: `steady`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ramp => "ramp",
            Self::Steady => "steady",
            Self::Fault => "fault",
            Self::Recovery => "recovery",
        }
    }

    /// A second that two windows share belongs to the one that says more about it: whatever
    /// touches a fault is the fault's, so that steady figures stay undisturbed.
    fn precedence(self) -> u8 {
        match self {
            Self::Fault => 3,
            Self::Recovery => 2,
            Self::Ramp => 1,
            Self::Steady => 0,
        }
    }
}

/// A labelled stretch of run time. Fault windows may overlap one another and the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseWindow {
    /// `steady`, or the fault's name.
    pub name: String,
    /// What it is.
    pub kind: PhaseKind,
    /// The fault, for [`PhaseKind::Fault`].
    pub fault: Option<FaultId>,
    /// Start, inclusive.
    pub from: Micros,
    /// End, exclusive.
    pub to: Micros,
}

impl PhaseWindow {
    fn overlap(&self, from: Micros, to: Micros) -> Micros {
        self.to.min(to).saturating_sub(self.from.max(from))
    }
}

/// The windows (by index) that a second's requests belong to: every fault window that it touches,
/// else the one window that says most about it, by kind and then by length of overlap.
#[must_use]
pub fn windows_of_second(windows: &[PhaseWindow], second: u64) -> Vec<usize> {
    let (from, to) = (second * 1_000_000, (second + 1) * 1_000_000);
    let touched = || {
        windows
            .iter()
            .enumerate()
            .map(|(index, window)| (index, window, window.overlap(from, to)))
            .filter(|(_, _, overlap)| *overlap > 0)
    };
    let faults: Vec<usize> = touched()
        .filter(|(_, window, _)| window.kind == PhaseKind::Fault)
        .map(|(index, ..)| index)
        .collect();
    if !faults.is_empty() {
        return faults;
    }
    touched()
        .max_by_key(|(_, window, overlap)| (window.kind.precedence(), *overlap))
        .map(|(index, ..)| index)
        .into_iter()
        .collect()
}

/// Whether a phase selector means the windows (by index) of a second.
pub(crate) fn selects(during: &PhaseSelector, windows: &[PhaseWindow], within: &[usize]) -> bool {
    let any = |is: &dyn Fn(&PhaseWindow) -> bool| within.iter().any(|index| is(&windows[*index]));
    match during {
        PhaseSelector::Whole => true,
        PhaseSelector::Ramp => any(&|window| window.kind == PhaseKind::Ramp),
        PhaseSelector::Steady => any(&|window| window.kind == PhaseKind::Steady),
        PhaseSelector::Faults => any(&|window| window.kind == PhaseKind::Fault),
        PhaseSelector::Fault(id) => any(&|window| window.fault == Some(*id)),
        PhaseSelector::Recovery => any(&|window| window.kind == PhaseKind::Recovery),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(kind: PhaseKind, from: f64, to: f64) -> PhaseWindow {
        let us = |seconds: f64| (seconds * 1e6) as u64;
        PhaseWindow {
            name: kind.name().into(),
            kind,
            fault: None,
            from: us(from),
            to: us(to),
        }
    }

    #[test]
    fn whatever_touches_a_fault_is_the_faults() {
        use PhaseKind::{Fault, Ramp, Recovery, Steady};
        let windows = [
            window(Ramp, 0.0, 10.4),
            window(Steady, 10.4, 25.9),
            window(Fault, 25.9, 30.0),
            window(Fault, 29.5, 31.1),
            window(Recovery, 31.1, 33.0),
        ];
        let of = |second| windows_of_second(&windows, second);
        assert_eq!(of(5), [0]);
        assert_eq!(
            of(10),
            [0],
            "a ramp says more than steady, though it has less of the second"
        );
        assert_eq!(of(24), [1]);
        assert_eq!(of(25), [2], "a tenth of the second is enough");
        assert_eq!(of(29), [2, 3], "both faults were there");
        assert_eq!(of(31), [3], "before recovery");
        assert_eq!(of(32), [4]);
        assert_eq!(of(33), Vec::<usize>::new(), "after the last window");
    }
}
