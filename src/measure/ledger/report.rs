//! What the ledger found, added up: in all, and for each fault the writes at its risk.

use super::fate::{Fate, Finding, LedgerCounts};
use crate::measure::clock::Micros;
use crate::measure::phases::FaultSpan;
use crate::scenario::FaultId;

/// What the ledger found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerReport {
    /// All writes of the journeys.
    pub total: LedgerCounts,
    /// All writes of the canaries.
    pub canary: LedgerCounts,
    /// Writes at risk of each fault, the canaries' too: answered after the previous fault's window
    /// and up to the end of its own.
    pub per_fault: Vec<(FaultId, FaultLedger)>,
    /// Somebody or something stopped the reading back before every write was looked at: what was
    /// not is unread.
    pub cut_short: bool,
}

/// The writes at risk of one fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FaultLedger {
    /// How many had which fate.
    pub counts: LedgerCounts,
    /// When the oldest lost one was acknowledged: T0 minus this is the observed RPO.
    pub oldest_lost: Option<Micros>,
}

impl LedgerReport {
    /// Of no write yet.
    pub(super) fn new(spans: &[FaultSpan]) -> Self {
        Self {
            per_fault: spans
                .iter()
                .map(|span| (span.fault, FaultLedger::default()))
                .collect(),
            ..Self::default()
        }
    }

    /// Adds a write to the fault whose risk it ran, if any: `answered` is 0 when it never was.
    pub(super) fn put_at_risk(
        &mut self,
        finding: Finding,
        answered: Micros,
        sent: Micros,
        spans: &[FaultSpan],
    ) {
        let known = if answered == 0 { sent } else { answered };
        let Some(at_risk) = at_risk_of(known, spans) else {
            return;
        };
        let (_, fault) = &mut self.per_fault[at_risk];
        fault.counts.add(finding);
        if finding.fate == Fate::Lost {
            fault.oldest_lost = Some(fault.oldest_lost.map_or(known, |oldest| oldest.min(known)));
        }
    }
}

/// The position of the first fault whose window ends after `at`: a write acknowledged before it
/// began is at its risk, one acknowledged after its end no longer.
fn at_risk_of(at: Micros, spans: &[FaultSpan]) -> Option<usize> {
    (0..spans.len())
        .filter(|n| spans[*n].window_end.is_none_or(|end| at <= end))
        .min_by_key(|n| spans[*n].accepted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(fault: FaultId, accepted: Micros, window_end: Option<Micros>) -> FaultSpan {
        FaultSpan {
            fault,
            accepted,
            recovered: window_end,
            window_end,
            restored: None,
        }
    }

    #[test]
    fn a_write_is_at_risk_of_the_next_fault_until_its_window_ends() {
        let spans = [span(0, 10, Some(20)), span(1, 50, Some(60))];
        assert_eq!(at_risk_of(5, &spans), Some(0));
        assert_eq!(at_risk_of(20, &spans), Some(0));
        assert_eq!(at_risk_of(21, &spans), Some(1));
        assert_eq!(at_risk_of(61, &spans), None);
    }
}
