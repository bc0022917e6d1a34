//! One fault of the schedule: what the file says about it, and where it is.

use super::micros;
use super::stage::{Happened, Rest, Stage};
use crate::chaos::catalogue::{self, Healing};
use crate::measure::clock::Micros;
use crate::scenario::{Fault, FaultStart};

/// An effect that was not seen by then will not come: a held fault is undone without it.
const EFFECT_AT_LATEST: Micros = 30_000_000;

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) start: FaultStart,
    pub(super) hold: Option<Micros>,
    pub(super) healing: Healing,
    pub(super) stage: Stage,
    /// When it was due, once it was.
    pub(super) due: Option<Micros>,
}

impl Entry {
    pub(super) fn new(fault: &Fault) -> Self {
        Self {
            name: fault.name.clone(),
            start: fault.start,
            hold: fault.hold.map(micros),
            healing: catalogue::healing(&fault.kind),
            stage: Stage::Pending,
            due: None,
        }
    }

    /// Whether the file says by times that `self` starts while `earlier` is held.
    pub(super) fn overlaps(&self, earlier: &Self) -> bool {
        let (FaultStart::At(mine), FaultStart::At(theirs)) = (self.start, earlier.start) else {
            return false;
        };
        let (mine, theirs) = (micros(mine), micros(theirs));
        match (earlier.healing, earlier.hold) {
            (Healing::ByUndo, Some(hold)) => (theirs..theirs + hold.max(1)).contains(&mine),
            // Held until the run ends.
            (Healing::ByUndo, None) => mine >= theirs,
            (Healing::ByItself, _) => mine == theirs,
        }
    }

    /// When time alone says that it is undone.
    pub(super) fn undo_at(&self) -> Option<Micros> {
        let Stage::Open {
            accepted,
            effective,
            ..
        } = self.stage
        else {
            return None;
        };
        let held_until = accepted + self.hold?;
        Some(match effective {
            Some(effective) => held_until.max(effective),
            None => held_until.max(accepted + EFFECT_AT_LATEST),
        })
    }

    pub(super) fn heals_by_itself(&self) -> bool {
        self.healing == Healing::ByItself
    }

    pub(super) fn is_restored(&self) -> bool {
        matches!(self.stage, Stage::Open { restored: true, .. })
    }

    pub(super) fn has_lasted(&self, now: Micros) -> bool {
        match self.healing {
            Healing::ByItself => self.is_restored(),
            Healing::ByUndo => self.undo_at().is_some_and(|at| now >= at),
        }
    }

    pub(super) fn unfinished(&self) -> &'static str {
        match self.stage {
            Stage::Undoing { .. } => "is being taken back",
            Stage::Settling => "was taken back, but its redundancy is not restored yet",
            _ if self.healing == Healing::ByItself => "is in progress: redundancy is not restored",
            _ => "is in progress",
        }
    }

    pub(super) fn after(&self, what: Happened) -> Stage {
        match (&self.stage, what) {
            (Stage::Injecting, Happened::Accepted(accepted)) => Stage::Open {
                accepted,
                effective: None,
                restored: false,
            },
            (Stage::Injecting, Happened::Refused) => Stage::Void,
            (Stage::Injecting, Happened::Failed) => Stage::Undoing { then: Rest::Void },
            (
                Stage::Open {
                    accepted, restored, ..
                },
                Happened::Effective(at),
            ) => Stage::Open {
                accepted: *accepted,
                effective: Some(at),
                restored: *restored,
            },
            (
                Stage::Open {
                    accepted,
                    effective,
                    ..
                },
                Happened::Restored(_),
            ) => Stage::Open {
                accepted: *accepted,
                effective: *effective,
                restored: true,
            },
            (Stage::Undoing { then }, Happened::Undone(at)) => match then {
                Rest::Settle => Stage::Settling,
                Rest::Close => Stage::Closed { at },
                Rest::Void => Stage::Void,
            },
            (Stage::Undoing { .. }, Happened::UndoFailed) => Stage::Dirty,
            (Stage::Undoing { .. }, Happened::Gone) => Stage::Void,
            (Stage::Settling, Happened::Restored(at)) => Stage::Closed { at },
            (stage, _) => stage.clone(),
        }
    }
}
