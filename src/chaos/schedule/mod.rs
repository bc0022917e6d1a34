//! When each fault is injected and taken back: a state machine over the scenario's times, told
//! what happened and what time it is, answering what to do next. Reads no clock and does no IO.
//!
//! # The rules
//! - A fault is due at its time after the load's start, or when the fault it follows is over and
//!   the target has met the SLO for `recovered_for` since.
//! - A fault that is due waits until the target has been healthy for `guard.healthy_before`, and
//!   until every earlier fault is over: taken back, and what it took from the infrastructure there
//!   again. When that lasts longer than `guard.wait_at_most`, the run has nothing to say any more
//!   and is given up. Of several that wait, the one that was due first goes first.
//! - Two faults may only overlap when the file says so by times: both start `at` a time, and the
//!   second lies within the first one's hold. Then the second waits neither for the first nor for
//!   health, as long as the first is really in progress.
//! - A fault with a hold is undone that long after its acceptance, though not before its effect was
//!   seen. One that heals by itself is closed once it has. Whatever is open at the end is undone.

mod entry;
mod obstacle;
mod stage;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::measure::clock::Micros;
use crate::measure::validity::Cause;
use crate::scenario::{Fault, FaultId, FaultStart, Guard, Scenario};
use entry::Entry;
use obstacle::Obstacle;
pub use stage::{Happened, Rest, Stage};

/// What is known about the target and about recovery, from what users see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Since when the target has met the SLO without a break; none: it does not now.
    pub healthy_since: Option<Micros>,
    /// No request has ended yet: nobody knows.
    pub unasked: bool,
    /// For each fault: since when the SLO has held again after it; none: it does not now.
    pub recovered_since: Vec<Option<Micros>>,
}

/// How long a run goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// It goes on.
    #[default]
    No,
    /// No new faults: undo what is open, and see the infrastructure get well.
    Finish,
    /// Undo what is open and leave.
    Leave,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Do it, now.
    Inject(FaultId),
    /// Take it back.
    Undo(FaultId),
    /// Tell that a fault that is due has to wait, and for what. Once for each reason.
    Wait(FaultId, String),
    /// Tell that a fault's turn never comes.
    Skip(FaultId, String),
    /// The run is invalid: no more faults, undo what is open.
    GiveUp(FaultId, String),
}

/// The faults of a run and where each is.
#[derive(Debug, Clone)]
pub struct Schedule {
    entries: Vec<Entry>,
    guard: Guard,
    /// When the load started, run time.
    start: Micros,
    given_up: Option<Cause>,
}

impl Schedule {
    /// The scenario's faults, for a load that starts at `start` of run time.
    #[must_use]
    pub fn new(scenario: &Scenario, start: Micros) -> Self {
        Self::of(&scenario.faults, scenario.guard.clone(), start)
    }

    /// These faults under this guard.
    #[must_use]
    pub fn of(faults: &[Fault], guard: Guard, start: Micros) -> Self {
        Self {
            entries: faults.iter().map(Entry::new).collect(),
            guard,
            start,
            given_up: None,
        }
    }

    /// Where a fault is.
    #[must_use]
    pub fn stage(&self, fault: FaultId) -> &Stage {
        &self.entries[fault].stage
    }

    /// When a fault was due; none: not yet.
    #[must_use]
    pub fn due(&self, fault: FaultId) -> Option<Micros> {
        self.entries[fault].due
    }

    /// Whether every fault is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.entries.iter().all(|entry| entry.stage.is_over())
    }

    /// Whether a fault could not start, so that the run has nothing to say, and what for.
    #[must_use]
    pub fn given_up(&self) -> Option<Cause> {
        self.given_up
    }

    /// The run has nothing to say any more: nothing new is injected, and what is open is undone.
    pub fn give_up(&mut self, cause: Cause) {
        self.given_up.get_or_insert(cause);
    }

    /// Whether the provider has to be asked if this fault's infrastructure is back.
    #[must_use]
    pub fn awaits_restoration(&self, fault: FaultId) -> bool {
        let entry = &self.entries[fault];
        match entry.stage {
            Stage::Open {
                effective,
                restored,
                ..
            } => entry.heals_by_itself() && effective.is_some() && !restored,
            Stage::Settling => true,
            _ => false,
        }
    }

    /// Takes in what happened. What does not fit the fault's stage is old news and changes nothing.
    pub fn happened(&mut self, fault: FaultId, what: Happened) {
        let entry = &mut self.entries[fault];
        entry.stage = entry.after(what);
    }

    /// What to do at `now`. Ask again after each [`Schedule::happened`], when the outlook changes,
    /// and at [`Schedule::wake_at`].
    pub fn next(&mut self, now: Micros, outlook: &Outlook, stop: Stop) -> Vec<Action> {
        let mut actions = Vec::new();
        for fault in self.in_turn() {
            let ending = stop != Stop::No || self.given_up.is_some();
            match &self.entries[fault].stage {
                Stage::Pending if ending => {
                    let why = format!("the run ended before its turn{}", self.turn_in_words(fault));
                    self.skip(fault, why, &mut actions);
                }
                Stage::Waiting { why, .. } if ending => {
                    let why = format!("the run ended while it waited: {why}");
                    self.skip(fault, why, &mut actions);
                }
                Stage::Pending => self.await_turn(fault, now, outlook, &mut actions),
                Stage::Waiting { .. } => self.await_leave(fault, now, outlook, &mut actions),
                Stage::Open { .. } if ending || self.entries[fault].has_lasted(now) => {
                    let then = if self.entries[fault].is_restored() {
                        Rest::Close
                    } else {
                        Rest::Settle
                    };
                    self.entries[fault].stage = Stage::Undoing { then };
                    actions.push(Action::Undo(fault));
                }
                Stage::Settling if stop == Stop::Leave => {
                    self.entries[fault].stage = Stage::Closed { at: now };
                }
                _ => {}
            }
        }
        actions
    }

    /// The next instant at which time alone may change the answer.
    #[must_use]
    pub fn wake_at(&self, now: Micros, outlook: &Outlook) -> Option<Micros> {
        let health = outlook
            .healthy_since
            .map(|since| since + micros(self.guard.healthy_before));
        let instants = self.entries.iter().flat_map(|entry| match &entry.stage {
            Stage::Pending => vec![self.turn(entry, outlook)],
            Stage::Waiting { due, .. } => {
                vec![health, Some(due + micros(self.guard.wait_at_most))]
            }
            Stage::Open { .. } => vec![entry.undo_at()],
            _ => vec![],
        });
        instants.flatten().filter(|at| *at > now).min()
    }

    /// The faults by when they were due, those whose turn is not known last.
    fn in_turn(&self) -> Vec<FaultId> {
        let mut faults: Vec<FaultId> = (0..self.entries.len()).collect();
        faults.sort_by_key(|fault| {
            let entry = &self.entries[*fault];
            match (entry.due, entry.start) {
                (Some(due), _) => due,
                (None, FaultStart::At(after)) => self.start + micros(after),
                (None, FaultStart::After { .. }) => Micros::MAX,
            }
        });
        faults
    }

    /// When a fault's turn comes, as far as that is known.
    fn turn(&self, entry: &Entry, outlook: &Outlook) -> Option<Micros> {
        match entry.start {
            FaultStart::At(after) => Some(self.start + micros(after)),
            FaultStart::After {
                fault,
                recovered_for,
            } => {
                // Users may be served all the while: what lasts is counted from the end.
                let Stage::Closed { at } = self.entries[fault].stage else {
                    return None;
                };
                let since = outlook.recovered_since.get(fault).copied().flatten()?;
                Some(since.max(at) + micros(recovered_for))
            }
        }
    }

    /// What the turn of a fault that follows another depends on.
    fn turn_in_words(&self, fault: FaultId) -> String {
        match self.entries[fault].start {
            FaultStart::At(_) => String::new(),
            FaultStart::After {
                fault,
                recovered_for,
            } => format!(
                ": it comes when `{}` is over and users have been served for {} s since",
                self.entries[fault].name,
                recovered_for.as_secs_f64()
            ),
        }
    }

    fn await_turn(
        &mut self,
        fault: FaultId,
        now: Micros,
        outlook: &Outlook,
        actions: &mut Vec<Action>,
    ) {
        if let FaultStart::After { fault: earlier, .. } = self.entries[fault].start
            && matches!(self.entries[earlier].stage, Stage::Void | Stage::Dirty)
        {
            let why = format!(
                "it follows `{}`, which was not done and taken back",
                self.entries[earlier].name
            );
            return self.skip(fault, why, actions);
        }
        let turn = self.turn(&self.entries[fault], outlook);
        if let Some(due) = turn.filter(|due| *due <= now) {
            self.entries[fault].due = Some(due);
            self.entries[fault].stage = Stage::Waiting {
                due,
                why: String::new(),
            };
            self.await_leave(fault, now, outlook, actions);
        }
    }

    fn await_leave(
        &mut self,
        fault: FaultId,
        now: Micros,
        outlook: &Outlook,
        actions: &mut Vec<Action>,
    ) {
        let Stage::Waiting { due, why: told } = &self.entries[fault].stage else {
            return;
        };
        let due = *due;
        match self.obstacle(fault, now, outlook) {
            None => {
                self.entries[fault].stage = Stage::Injecting;
                actions.push(Action::Inject(fault));
            }
            Some(Obstacle {
                why,
                cause,
                next,
                stays,
            }) if stays || now >= due + micros(self.guard.wait_at_most) => {
                let waited = (now - due) as f64 / 1e6;
                let name = &self.entries[fault].name;
                let reason = format!(
                    "`{name}` could not start, {waited:.1} s after it was due: {why}; {next}"
                );
                self.entries[fault].stage = Stage::Void;
                self.given_up = Some(cause);
                actions.push(Action::GiveUp(fault, reason));
            }
            Some(Obstacle { why, .. }) if why != *told => {
                self.entries[fault].stage = Stage::Waiting {
                    due,
                    why: why.clone(),
                };
                actions.push(Action::Wait(fault, why));
            }
            Some(_) => {}
        }
    }

    fn skip(&mut self, fault: FaultId, why: String, actions: &mut Vec<Action>) {
        self.entries[fault].stage = Stage::Void;
        actions.push(Action::Skip(fault, why));
    }
}

/// As run time counts.
fn micros(duration: Duration) -> Micros {
    Micros::try_from(duration.as_micros()).unwrap_or(Micros::MAX / 4)
}
