//! What people did in a drill.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A drill: a run that people follow, by a runbook. Instants are run time in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Drill {
    /// Whether an operator released the faults; else they went by the scenario's times.
    pub attended: bool,
    /// In order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runbook: Vec<RunbookStep>,
    /// In order of time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// When the operator gave it up, and had everything undone. Absent: it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aborted_us: Option<u64>,
}

/// A step of the runbook.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct RunbookStep {
    /// What was to be done.
    pub step: String,
    /// Who was to do it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// The fault that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// When it was done. Absent: nobody said that it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_us: Option<u64>,
}

/// Something an operator wanted remembered.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at_us: u64,
    /// As typed.
    pub text: String,
}
