//! The stages of a fault, and what leads from one to the next.

use crate::measure::clock::Micros;

/// Something that happened to a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// The provider accepted it.
    Accepted(Micros),
    /// Its effect is complete.
    Effective(Micros),
    /// What it took from the infrastructure is there again.
    Restored(Micros),
    /// It was taken back.
    Undone(Micros),
    /// What it changed does not exist any more: nothing is left to take back or to get well.
    Gone,
    /// It could not be taken back.
    UndoFailed,
    /// It was not done at all.
    Refused,
    /// The provider failed. Whether it was done is unknown, so whoever tells this takes it back.
    Failed,
}

/// Where a fault is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Its turn has not come.
    Pending,
    /// It is due, and something has to be so first.
    Waiting {
        /// When it was due.
        due: Micros,
        /// What it waits for.
        why: String,
    },
    /// Asked for, not answered yet.
    Injecting,
    /// In progress.
    Open {
        /// T0.
        accepted: Micros,
        /// Its effect was complete.
        effective: Option<Micros>,
        /// It healed by itself.
        restored: bool,
    },
    /// Being taken back.
    Undoing {
        /// What comes after that.
        then: Rest,
    },
    /// Taken back; what it took is not there again yet.
    Settling,
    /// Over, and the infrastructure is what it was.
    Closed {
        /// Since when.
        at: Micros,
    },
    /// Over without having been done.
    Void,
    /// It could not be taken back.
    Dirty,
}

/// What comes after a fault was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Its infrastructure has to get well.
    Settle,
    /// Its infrastructure is well already.
    Close,
    /// It failed, and counts as not done.
    Void,
}

impl Stage {
    /// Nothing will happen to it any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Void | Self::Dirty)
    }

    /// It has been asked for and is not over.
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        !self.is_over() && !matches!(self, Self::Pending | Self::Waiting { .. })
    }
}
