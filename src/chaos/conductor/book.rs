//! The records of all faults, and the events told about them.

use tokio::sync::mpsc;

use super::calls::{Aimed, UndoResult};
use crate::chaos::catalogue::{self, Healing};
use crate::chaos::record::{
    ChaosEvent, ChaosEventKind, FaultRecord, ProviderEvent, RolledBack, Undo,
};
use crate::measure::clock::{Micros, RunClock};
use crate::measure::validity::InvalidCause;
use crate::provider::{self, Occurrence};
use crate::scenario::{FaultId, Scenario};

/// Writes records and tells events, so that the two cannot disagree.
#[derive(Debug)]
pub(super) struct Book {
    records: Vec<FaultRecord>,
    healing: Vec<Healing>,
    clock: RunClock,
    events: mpsc::UnboundedSender<ChaosEvent>,
    gave_up: Option<InvalidCause>,
}

impl Book {
    pub(super) fn new(
        scenario: &Scenario,
        clock: RunClock,
        events: mpsc::UnboundedSender<ChaosEvent>,
    ) -> Self {
        let record = |fault: &crate::scenario::Fault| FaultRecord {
            name: fault.name.clone(),
            kind: fault.kind.name().to_owned(),
            provider: provider::name(fault.provider).to_owned(),
            targets: Vec::new(),
            words: catalogue::intention(fault),
            planned_us: None,
            accepted_us: None,
            effective_us: None,
            undo_started_us: None,
            undone_us: None,
            undone: Undo::NotNeeded,
            rolled_back: None,
            redundancy_restored_us: None,
            missing: Vec::new(),
            refused: None,
            events: Vec::new(),
        };
        Self {
            records: scenario.faults.iter().map(record).collect(),
            healing: scenario
                .faults
                .iter()
                .map(|fault| catalogue::healing(&fault.kind))
                .collect(),
            clock,
            events,
            gave_up: None,
        }
    }

    /// Every record, and why the run was given up, if it was.
    pub(super) fn close(&mut self) -> (Vec<FaultRecord>, Option<InvalidCause>) {
        (std::mem::take(&mut self.records), self.gave_up.take())
    }

    pub(super) fn due(&mut self, fault: FaultId, at: Option<Micros>) {
        self.records[fault].planned_us = at;
    }

    pub(super) fn aimed(&mut self, fault: FaultId, aimed: &Aimed) {
        let plan = aimed.plan.clone();
        let record = &mut self.records[fault];
        record.targets.clone_from(&plan.targets);
        record.words.clone_from(&plan.words);
        self.tell(
            fault,
            self.clock.now(),
            ChaosEventKind::Planned {
                targets: plan.targets,
                words: plan.words,
                blast_radius: plan.blast_radius,
                undo: plan.undo,
            },
        );
    }

    pub(super) fn accepted(&mut self, fault: FaultId, at: Micros) {
        let record = &mut self.records[fault];
        record.accepted_us = Some(at);
        // A person may have tried before.
        record.refused = None;
        self.tell(fault, at, ChaosEventKind::Accepted);
    }

    pub(super) fn effective(&mut self, fault: FaultId, at: Micros) {
        self.records[fault].effective_us = Some(at);
        self.tell(fault, at, ChaosEventKind::Effective);
    }

    /// It takes its effect back by itself, as it was told to.
    pub(super) fn rolled_back(&mut self, fault: FaultId, at: Micros, why: String) {
        self.records[fault].rolled_back = Some(RolledBack {
            at_us: at,
            why: why.clone(),
        });
        self.tell(fault, at, ChaosEventKind::RolledBack { why });
    }

    pub(super) fn restored(&mut self, fault: FaultId, at: Micros) {
        self.records[fault].redundancy_restored_us = Some(at);
        self.records[fault].missing.clear();
        self.tell(fault, at, ChaosEventKind::Restored);
    }

    pub(super) fn missing(&mut self, fault: FaultId, missing: Vec<String>) {
        self.records[fault].missing = missing;
    }

    pub(super) fn waiting(&mut self, fault: FaultId, why: String) {
        self.tell(fault, self.clock.now(), ChaosEventKind::Waiting { why });
    }

    pub(super) fn held_back(&mut self, fault: FaultId, reason: String) {
        let event = ChaosEventKind::HeldBack { reason };
        self.tell(fault, self.clock.now(), event);
    }

    pub(super) fn refused(&mut self, fault: FaultId, reason: String) {
        self.records[fault].refused = Some(reason.clone());
        self.tell(fault, self.clock.now(), ChaosEventKind::Refused { reason });
    }

    pub(super) fn failed(&mut self, fault: FaultId, reason: String) {
        self.records[fault].refused = Some(reason.clone());
        self.tell(fault, self.clock.now(), ChaosEventKind::Failed { reason });
    }

    pub(super) fn skipped(&mut self, fault: FaultId, reason: String) {
        let record = &mut self.records[fault];
        // What it was refused for tells more.
        record.refused.get_or_insert_with(|| reason.clone());
        self.tell(fault, self.clock.now(), ChaosEventKind::Skipped { reason });
    }

    pub(super) fn gave_up(&mut self, fault: Option<FaultId>, cause: InvalidCause) {
        let reason = cause.words.clone();
        if let Some(fault) = fault {
            self.records[fault].refused = Some(reason.clone());
        }
        self.gave_up.get_or_insert(cause);
        self.say(fault, self.clock.now(), ChaosEventKind::GaveUp { reason });
    }

    /// What has healed by itself is only struck off: there is nothing to tell.
    fn has_healed(&self, fault: FaultId) -> bool {
        self.healing[fault] == Healing::ByItself
            && self.records[fault].redundancy_restored_us.is_some()
    }

    pub(super) fn undoing(&mut self, fault: FaultId) {
        if self.has_healed(fault) {
            return;
        }
        let at = self.clock.now();
        self.records[fault].undo_started_us = Some(at);
        self.tell(fault, at, ChaosEventKind::Undoing);
    }

    /// `by_hand` is what a person can do if it failed.
    pub(super) fn undone(&mut self, fault: FaultId, result: UndoResult, by_hand: Vec<String>) {
        let at = self.clock.now();
        let healed = self.has_healed(fault);
        let record = &mut self.records[fault];
        let event = match result {
            UndoResult::Failed(reason) => {
                record.undone = Undo::Failed {
                    reason: reason.clone(),
                    by_hand: by_hand.clone(),
                };
                ChaosEventKind::UndoFailed { reason, by_hand }
            }
            UndoResult::Gone(reason) => {
                record.undone_us = Some(at);
                record.missing = vec![reason];
                ChaosEventKind::Undone
            }
            UndoResult::Done if healed => return,
            UndoResult::Done => {
                record.undone_us = Some(at);
                record.undone = Undo::Done;
                ChaosEventKind::Undone
            }
        };
        self.tell(fault, at, event);
    }

    /// Something happened at a provider; it belongs to these faults.
    pub(super) fn occurred(&mut self, occurrence: &Occurrence, faults: &[FaultId]) {
        let at = self.clock.at(occurrence.at);
        for fault in faults {
            self.records[*fault].events.push(ProviderEvent {
                at_us: at,
                kind: occurrence.kind.clone(),
                subject: occurrence.subject.clone(),
                detail: occurrence.detail.clone(),
            });
        }
        let what = ChaosEventKind::Provider {
            kind: occurrence.kind.clone(),
            subject: occurrence.subject.clone(),
            detail: occurrence.detail.clone(),
        };
        self.say(None, at, what);
    }

    pub(super) fn problem(&mut self, reason: String) {
        self.say(None, self.clock.now(), ChaosEventKind::Problem { reason });
    }

    fn tell(&self, fault: FaultId, at: Micros, what: ChaosEventKind) {
        self.say(Some(fault), at, what);
    }

    fn say(&self, fault: Option<FaultId>, at: Micros, what: ChaosEventKind) {
        // Nobody listening is no reason to stop: the records are what counts.
        let _ = self.events.send(ChaosEvent {
            at_us: at,
            fault,
            what,
        });
    }
}
