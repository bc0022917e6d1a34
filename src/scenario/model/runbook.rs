//! What people do in a drill, in order.

use super::FaultId;

/// One step of a drill's runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunbookStep {
    /// What is done, in one line.
    pub step: String,
    /// The fault that it is about.
    pub fault: Option<FaultId>,
    /// Who does it.
    pub owner: Option<String>,
}
