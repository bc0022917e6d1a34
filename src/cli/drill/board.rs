//! What the operator sees: everything that was told so far, in a form that is only painted. Pure.

use std::collections::VecDeque;

use super::lanes::Lanes;
use crate::chaos::catalogue::{self, Healing};
use crate::chaos::record::{ChaosEvent, ChaosEventKind};
use crate::cli::run::{Command, Live, Marks, Second, Sight};
use crate::measure::clock::Micros;
use crate::provider::Snapshot;
use crate::scenario::{FaultId, Scenario};

/// A chart is at most as wide as the widest terminal.
const SECONDS: usize = 400;
/// Nobody scrolls further back; all of it is in `events.jsonl`.
const LOG: usize = 200;

/// Where a fault is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Injecting,
    InForce,
    Undoing,
    Over,
    NotDone,
    CannotBeUndone,
}

impl Progress {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waits for you",
            Self::Injecting => "is being injected",
            Self::InForce => "in force",
            Self::Undoing => "is being taken back",
            Self::Over => "over",
            Self::NotDone => "not done",
            Self::CannotBeUndone => "CANNOT BE UNDONE",
        }
    }

    fn is_over(self) -> bool {
        matches!(self, Self::Over | Self::NotDone | Self::CannotBeUndone)
    }
}

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FaultRow {
    pub(super) name: String,
    /// What it does, without exact targets.
    pub(super) does: String,
    pub(super) hypothesis: Option<String>,
    pub(super) progress: Progress,
    /// T0 to T5.
    pub(super) t: [Option<Micros>; 6],
    /// T7.
    pub(super) restored: Option<Micros>,
    pub(super) noticed: Option<Micros>,
    pub(super) mitigated: Option<Micros>,
    heals_by_itself: bool,
    undone: bool,
}

/// A step of the runbook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StepRow {
    pub(super) text: String,
    pub(super) owner: Option<String>,
    pub(super) fault: Option<FaultId>,
    pub(super) done: Option<Micros>,
}

/// What a line of the log is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// The operator wrote it.
    Operator,
    /// It was told.
    Told,
    /// Something is wrong, or was refused.
    Warning,
}

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) at: Micros,
    pub(super) tone: Tone,
    pub(super) text: String,
}

/// The whole board.
#[derive(Debug, Clone)]
pub(super) struct Board {
    pub(super) scenario: String,
    pub(super) target: String,
    pub(super) began: Micros,
    pub(super) until: Micros,
    /// Run time of the last word.
    pub(super) now: Micros,
    pub(super) live: Live,
    pub(super) seconds: VecDeque<Second>,
    pub(super) faults: Vec<FaultRow>,
    /// In which order they are offered.
    pub(super) order: Vec<FaultId>,
    pub(super) steps: Vec<StepRow>,
    pub(super) lanes: Lanes,
    pub(super) log: VecDeque<Line>,
    pub(super) load_over: bool,
    /// It was told to end, in whatever way.
    pub(super) ending: Option<&'static str>,
}

impl Board {
    /// Before anything has happened.
    pub(super) fn new(scenario: &Scenario, target: &str, snapshots: &[Snapshot]) -> Self {
        let faults = scenario.faults.iter().map(|fault| FaultRow {
            name: fault.name.clone(),
            does: catalogue::intention(fault),
            hypothesis: fault.hypothesis.clone(),
            progress: Progress::Waiting,
            t: [None; 6],
            restored: None,
            noticed: None,
            mitigated: None,
            heals_by_itself: catalogue::healing(&fault.kind) == Healing::ByItself,
            undone: false,
        });
        let steps = scenario.runbook.iter().map(|step| StepRow {
            text: step.step.clone(),
            owner: step.owner.clone(),
            fault: step.fault,
            done: None,
        });
        Self {
            scenario: scenario.name.clone(),
            target: target.to_owned(),
            began: 0,
            until: 0,
            now: 0,
            live: Live::default(),
            seconds: VecDeque::new(),
            faults: faults.collect(),
            order: crate::chaos::plan::order(scenario),
            steps: steps.collect(),
            lanes: Lanes::of(snapshots),
            log: VecDeque::new(),
            load_over: false,
            ending: None,
        }
    }

    /// The step of the runbook that is to be done now.
    pub(super) fn current_step(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.done.is_none())
    }

    /// The fault that the key injects: that of the current step, else the next in order.
    pub(super) fn next_fault(&self) -> Option<FaultId> {
        let waits = |fault: &FaultId| self.faults[*fault].progress == Progress::Waiting;
        let step = self.current_step().and_then(|step| self.steps[step].fault);
        step.filter(waits)
            .or_else(|| self.order.iter().copied().find(waits))
    }

    /// The fault that people talk about: the one that was accepted last.
    pub(super) fn latest_fault(&self) -> Option<FaultId> {
        let accepted = |fault: &FaultId| self.faults[*fault].t[0];
        (0..self.faults.len())
            .filter(|fault| accepted(fault).is_some())
            .max_by_key(accepted)
    }

    /// Nothing is left to be tried, and what was tried has been seen to its end.
    pub(super) fn is_finished(&self) -> bool {
        let over = |fault: &FaultRow| {
            fault.progress.is_over() && (fault.t[0].is_none() || fault.t[5].is_some())
        };
        self.faults.iter().all(over)
    }

    /// `steady`, or what is in force.
    pub(super) fn phase(&self) -> String {
        let open = self
            .faults
            .iter()
            .find(|fault| !fault.progress.is_over() && fault.progress != Progress::Waiting);
        match (self.ending, open) {
            (Some(ending), _) => ending.to_owned(),
            (None, Some(fault)) => format!("{}: {}", fault.name, fault.progress.word()),
            (None, None) if self.load_over => "the load has ended".to_owned(),
            (None, None) if self.is_finished() => "all faults are over".to_owned(),
            (None, None) => "no fault in force".to_owned(),
        }
    }

    /// Takes in what was told.
    pub(super) fn told(&mut self, sight: Sight) {
        match sight {
            Sight::Began { at, until } => {
                (self.began, self.until) = (at, until);
                self.now = self.now.max(at);
            }
            Sight::Now(live) => {
                self.now = self.now.max(self.began + live.at);
                self.live = live;
            }
            Sight::Second(second) => {
                self.seconds.push_back(second);
                if self.seconds.len() > SECONDS {
                    self.seconds.pop_front();
                }
            }
            Sight::Chaos(event) => self.chaos(&event),
            Sight::Marks(marks) => self.marks(&marks),
            Sight::Written { at, command } => self.written(at, &command),
            Sight::Said { warning, text } => {
                let tone = if warning { Tone::Warning } else { Tone::Told };
                self.say(self.now, tone, text);
            }
            Sight::LoadOver => self.load_over = true,
            Sight::Over => {}
        }
    }

    /// Something that only the operator is told.
    pub(super) fn remark(&mut self, text: impl Into<String>) {
        self.say(self.now, Tone::Warning, text.into());
    }

    fn say(&mut self, at: Micros, tone: Tone, text: String) {
        self.log.push_back(Line { at, tone, text });
        if self.log.len() > LOG {
            self.log.pop_front();
        }
    }

    fn marks(&mut self, marks: &[Marks]) {
        for known in marks {
            self.faults[known.fault].t = known.t;
        }
    }

    fn chaos(&mut self, event: &ChaosEvent) {
        self.now = self.now.max(event.at_us);
        if let ChaosEventKind::Provider {
            kind,
            subject,
            detail,
        } = &event.what
        {
            self.lanes.told(event.at_us, kind, subject, detail);
        }
        let Some(id) = event.fault else { return };
        let fault = &mut self.faults[id];
        fault.progress = match &event.what {
            ChaosEventKind::Planned { .. } => Progress::Injecting,
            ChaosEventKind::Accepted => {
                fault.t[0] = Some(event.at_us);
                Progress::InForce
            }
            ChaosEventKind::Undoing => Progress::Undoing,
            ChaosEventKind::Undone => {
                fault.undone = true;
                match fault.restored {
                    Some(_) => Progress::Over,
                    None => Progress::Undoing,
                }
            }
            ChaosEventKind::Restored => {
                fault.restored = Some(event.at_us);
                match fault.heals_by_itself || fault.undone {
                    true => Progress::Over,
                    false => fault.progress,
                }
            }
            // It may be tried again.
            ChaosEventKind::Refused { .. } => Progress::Waiting,
            ChaosEventKind::Failed { .. }
            | ChaosEventKind::Skipped { .. }
            | ChaosEventKind::GaveUp { .. } => Progress::NotDone,
            ChaosEventKind::UndoFailed { .. } => Progress::CannotBeUndone,
            _ => fault.progress,
        };
    }

    fn written(&mut self, at: Micros, command: &Command) {
        self.now = self.now.max(at);
        let name = |fault: &FaultId| self.faults[*fault].name.clone();
        let text = match command {
            Command::Inject { fault } => format!("inject “{}”", name(fault)),
            Command::Noticed { fault } => format!("noticed “{}”", name(fault)),
            Command::Mitigated { fault } => format!("mitigated “{}”", name(fault)),
            Command::Note { text } => format!("note: {text}"),
            Command::StepDone { step } => format!("done: {}", self.steps[*step].text),
            Command::Abort => "abort: stop the load and undo".to_owned(),
            Command::Finish => "the drill is over".to_owned(),
            Command::Stop => "stop".to_owned(),
        };
        match command {
            Command::Noticed { fault } => {
                self.faults[*fault].noticed.get_or_insert(at);
            }
            Command::Mitigated { fault } => {
                self.faults[*fault].mitigated.get_or_insert(at);
            }
            Command::StepDone { step } => {
                self.steps[*step].done.get_or_insert(at);
            }
            Command::Abort => self.ending = Some("aborted: undoing"),
            Command::Finish => self.ending = Some("over: the load ends"),
            Command::Stop => self.ending = Some("stopped: undoing"),
            Command::Inject { .. } | Command::Note { .. } => {}
        }
        self.say(at, Tone::Operator, text);
    }
}
