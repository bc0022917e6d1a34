//! The journal's lines as data, and what follows from them. Pure but for the time of an entry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use target_app::api::Instant;

use crate::provider::{self, Call, CallRecord, Change, ChangeId, Place, Told};

/// Of the format.
pub(super) const VERSION: u32 = 1;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, Unix time in microseconds.
    pub at_unix_us: u64,
    /// What.
    #[serde(flatten)]
    pub record: Record,
}

impl Entry {
    /// Now.
    pub(super) fn now(record: Record) -> Self {
        Self {
            at_unix_us: Instant::now().unix_us,
            record,
        }
    }
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// The first line: whose journal this is.
    Opened {
        /// Of the format.
        version: u32,
        /// The run folder's name.
        run: String,
        /// The process that writes it.
        pid: u32,
        /// Where it may do something.
        places: Vec<Place>,
    },
    /// A change is about to be made.
    Intent(Box<OpenIntent>),
    /// It was made.
    Done {
        /// Which.
        change: ChangeId,
    },
    /// The call failed; it may have been made all the same.
    Failed {
        /// Which.
        change: ChangeId,
        /// Why.
        reason: String,
    },
    /// A call that is part of it is about to be made.
    Call {
        /// Which change.
        change: ChangeId,
        /// Which of its calls.
        number: u32,
        /// What.
        call: Call,
    },
    /// The call was made.
    CallMade {
        /// Which change.
        change: ChangeId,
        /// Which of its calls.
        number: u32,
        /// What came of it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        facts: BTreeMap<String, String>,
    },
    /// The call failed; it may have been made all the same.
    CallFailed {
        /// Which change.
        change: ChangeId,
        /// Which of its calls.
        number: u32,
        /// Why.
        reason: String,
    },
    /// A change is about to be taken back.
    UndoIntent {
        /// Which.
        change: ChangeId,
    },
    /// It was taken back.
    Undone {
        /// Which.
        change: ChangeId,
    },
    /// It could not be taken back.
    UndoFailed {
        /// Which.
        change: ChangeId,
        /// Why.
        reason: String,
    },
    /// The last line: nothing is left to undo.
    Closed {
        /// Why.
        why: String,
    },
}

/// A change that may have been made and was not taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIntent {
    /// Its name.
    pub change: ChangeId,
    /// The fault's name.
    pub fault: String,
    /// Where.
    pub place: Place,
    /// What exactly.
    pub what: Change,
    /// Exact names of what is touched.
    pub targets: Vec<String>,
    /// What is done, for people.
    pub words: String,
    /// How it is taken back, for people.
    pub undo: String,
    /// The calls that were written down since; not part of the intent's own line.
    #[serde(skip)]
    pub calls: Vec<CallRecord>,
}

/// Keeps the open changes up to date with one more record.
pub(super) fn follow(open: &mut BTreeMap<ChangeId, OpenIntent>, record: Record) {
    match record {
        Record::Intent(intent) => {
            open.insert(intent.change.clone(), *intent);
        }
        Record::Undone { change } => {
            open.remove(&change);
        }
        Record::Call {
            change,
            number,
            call,
        } => follow_call(open, &change, number, Told::Intended(call)),
        Record::CallMade {
            change,
            number,
            facts,
        } => follow_call(open, &change, number, Told::Made(facts)),
        Record::CallFailed {
            change,
            number,
            reason,
        } => follow_call(open, &change, number, Told::Failed(reason)),
        Record::Closed { .. } => open.clear(),
        Record::Opened { .. }
        | Record::Done { .. }
        | Record::Failed { .. }
        | Record::UndoIntent { .. }
        | Record::UndoFailed { .. } => {}
    }
}

fn follow_call(
    open: &mut BTreeMap<ChangeId, OpenIntent>,
    change: &ChangeId,
    number: u32,
    told: Told,
) {
    if let Some(intent) = open.get_mut(change) {
        provider::follow(&mut intent.calls, number, told);
    }
}

/// What may have been done and was not taken back, the latest first.
#[must_use]
pub fn open_intents(entries: &[Entry]) -> Vec<OpenIntent> {
    let mut open = BTreeMap::new();
    for entry in entries {
        follow(&mut open, entry.record.clone());
    }
    // Ids sort by the time they were made.
    open.into_values().rev().collect()
}

/// Whether the journal was ended: nothing is left to undo.
#[must_use]
pub fn closed(entries: &[Entry]) -> bool {
    matches!(
        entries.last(),
        Some(Entry {
            record: Record::Closed { .. },
            ..
        })
    )
}

/// The run folder's name, as the first line says.
#[must_use]
pub fn run_of(entries: &[Entry]) -> Option<String> {
    match &entries.first()?.record {
        Record::Opened { run, .. } => Some(run.clone()),
        _ => None,
    }
}
