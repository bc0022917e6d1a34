//! What is told about faults: while they happen, and at the end.

use serde::{Deserialize, Serialize};

use crate::measure::clock::Micros;
use crate::scenario::FaultId;

/// Everything about one fault, at the end of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// As the scenario names it.
    pub name: String,
    /// `pod-kill`
    pub kind: String,
    /// `local`
    pub provider: String,
    /// Exact names of what was touched; empty when it never came to that.
    pub targets: Vec<String>,
    /// What was done, as a sentence.
    pub words: String,
    /// When the scenario wanted it; absent when its turn never came.
    pub planned_us: Option<Micros>,
    /// T0: the provider accepted it.
    pub accepted_us: Option<Micros>,
    /// Its effect was complete. Accepted without this: it never took effect.
    pub effective_us: Option<Micros>,
    /// Undoing began.
    pub undo_started_us: Option<Micros>,
    /// Undoing was complete.
    pub undone_us: Option<Micros>,
    /// Whether it was taken back.
    pub undone: Undo,
    /// It took its effect back by itself, as it was told to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<RolledBack>,
    /// T7: what it took from the infrastructure was there again.
    pub redundancy_restored_us: Option<Micros>,
    /// What was still missing when the run ended; empty when restored.
    pub missing: Vec<String>,
    /// Why it was not done, or failed.
    pub refused: Option<String>,
    /// What the provider reported meanwhile.
    pub events: Vec<ProviderEvent>,
}

/// Whether a fault was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum Undo {
    /// Nothing was done, or it heals by itself and has.
    NotNeeded,
    /// It was.
    Done,
    /// It could not be: the environment is dirty.
    Failed {
        /// Why.
        reason: String,
        /// Commands with which a person can.
        by_hand: Vec<String>,
    },
}

/// A fault that took its effect back by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolledBack {
    /// When that began.
    pub at_us: Micros,
    /// What was seen.
    pub why: String,
}

/// Something the provider saw or did, in run time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderEvent {
    /// When.
    pub at_us: Micros,
    /// `pod-ready`
    pub kind: String,
    /// To whom.
    pub subject: String,
    /// For people.
    pub detail: String,
}

/// Something happened to a fault, told as it happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChaosEvent {
    /// When.
    pub at_us: Micros,
    /// Which fault; none: the provider's own doings.
    pub fault: Option<FaultId>,
    /// What.
    #[serde(flatten)]
    pub what: ChaosEventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum ChaosEventKind {
    /// Its turn has come and its targets are known.
    Planned {
        /// Exact names.
        targets: Vec<String>,
        /// What will be done.
        words: String,
        /// Who is hit and what is left.
        blast_radius: String,
        /// How it is taken back.
        undo: String,
    },
    /// Its turn has come, but something has to be so first.
    Waiting {
        /// What.
        why: String,
    },
    /// A person asked for it, and a guard spoke against it at that moment.
    HeldBack {
        /// What.
        reason: String,
    },
    /// The provider accepted it.
    Accepted,
    /// Its effect is complete.
    Effective,
    /// It takes its effect back by itself.
    RolledBack {
        /// What was seen.
        why: String,
    },
    /// Undoing begins.
    Undoing,
    /// It was taken back.
    Undone,
    /// It could not be taken back.
    UndoFailed {
        /// Why.
        reason: String,
        /// Commands with which a person can.
        by_hand: Vec<String>,
    },
    /// What it took from the infrastructure is there again.
    Restored,
    /// It was not done: its blast radius is unclear or too large.
    Refused {
        /// Why.
        reason: String,
    },
    /// The provider could not do it.
    Failed {
        /// Why.
        reason: String,
    },
    /// Its turn never came.
    Skipped {
        /// Why.
        reason: String,
    },
    /// The run cannot say anything any more: it is invalid.
    GaveUp {
        /// Why.
        reason: String,
    },
    /// Something went wrong that changes nothing for the faults, but that a person should know.
    Problem {
        /// What.
        reason: String,
    },
    /// The provider saw or did something.
    Provider {
        /// `pod-ready`
        kind: String,
        /// To whom.
        subject: String,
        /// For people.
        detail: String,
    },
}
