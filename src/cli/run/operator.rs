//! A person at the controls of a run: what they ask for, and what they are told. What they see it
//! on is none of a run's business.

use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::interrupt::Interrupts;
use super::progress::Live;
use crate::chaos::record::ChaosEvent;
use crate::measure::clock::Micros;
use crate::scenario::FaultId;

/// What an operator asks for, or wants written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(in crate::cli) enum Command {
    /// Inject this fault, if nothing speaks against it.
    Inject {
        /// Which.
        fault: FaultId,
    },
    /// A person noticed this fault.
    Noticed {
        /// Which.
        fault: FaultId,
    },
    /// A person did something about this fault.
    Mitigated {
        /// Which.
        fault: FaultId,
    },
    /// Something worth remembering.
    Note {
        /// As it was typed.
        text: String,
    },
    /// A step of the runbook is done.
    StepDone {
        /// From 0.
        step: usize,
    },
    /// Undo what is open, stop the load, report: this went wrong.
    Abort,
    /// Everything has been tried: the load need not go on.
    Finish,
    /// As Ctrl-C, which a console takes as a key like any other.
    Stop,
}

/// What an operator is told.
#[derive(Debug, Clone)]
pub(in crate::cli) enum Sight {
    /// The load runs, from here to there in run time.
    Began {
        /// When its schedules began.
        at: Micros,
        /// When they end.
        until: Micros,
    },
    /// Where the run is.
    Now(Live),
    /// A second is over.
    Second(Second),
    /// Something happened to a fault, or at a provider.
    Chaos(ChaosEvent),
    /// T0 to T5 of every fault accepted so far, as far as they are known.
    Marks(Vec<Marks>),
    /// What was asked for has been written down.
    Written {
        /// When.
        at: Micros,
        /// What.
        command: Command,
    },
    /// In words, for people.
    Said {
        /// Whether something is wrong.
        warning: bool,
        /// One line.
        text: String,
    },
    /// The load has ended.
    LoadOver,
    /// Nothing more will come: give the screen back.
    Over,
}

/// A second of the load in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::cli) struct Second {
    /// Requests that ended in it.
    pub requests: u64,
    /// Of those, failed.
    pub failed: u64,
    /// Response time, microseconds.
    pub p99_us: u64,
}

/// What is known of one fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::cli) struct Marks {
    /// Which.
    pub fault: FaultId,
    /// T0 to T5 in run time.
    pub t: [Option<Micros>; 6],
}

/// A seat at the controls.
#[derive(Debug)]
pub(in crate::cli) struct Operator {
    /// What is asked for.
    pub commands: UnboundedReceiver<Command>,
    /// What is told.
    pub sights: UnboundedSender<Sight>,
    /// Ends after [`Sight::Over`], when the screen has been given back.
    pub gone: JoinHandle<()>,
}

impl Operator {
    /// The observer's end of it, what faults are released by, and the way to leave.
    pub(super) fn seated(
        self,
        interrupts: &Interrupts,
    ) -> (Desk, watch::Receiver<Vec<FaultId>>, Leave) {
        let (releases, released) = watch::channel(Vec::new());
        let leave = Leave {
            sights: self.sights.clone(),
            gone: self.gone,
        };
        let desk = Desk {
            sights: self.sights,
            releases,
            interrupts: interrupts.clone(),
            commands: Some(self.commands),
        };
        (desk, released, leave)
    }
}

/// Gives the screen back.
#[derive(Debug)]
pub(super) struct Leave {
    sights: UnboundedSender<Sight>,
    gone: JoinHandle<()>,
}

impl Leave {
    /// Returns when the screen is as it was before.
    pub(super) async fn leave(self) {
        // Who has gone already cannot be told; and a panic in there has given the screen back.
        let _ = self.sights.send(Sight::Over);
        let _ = self.gone.await;
    }
}

/// The observer's end.
#[derive(Debug)]
pub(super) struct Desk {
    commands: Option<UnboundedReceiver<Command>>,
    sights: UnboundedSender<Sight>,
    releases: watch::Sender<Vec<FaultId>>,
    interrupts: Interrupts,
}

impl Desk {
    /// The commands, once.
    pub(super) fn commands(&mut self) -> Option<UnboundedReceiver<Command>> {
        self.commands.take()
    }

    /// Tells the operator.
    pub(super) fn tell(&self, sight: Sight) {
        // Whoever left does not want to know.
        let _ = self.sights.send(sight);
    }

    /// Lets the conductor have this fault.
    pub(super) fn release(&self, fault: FaultId) {
        self.releases.send_modify(|so_far| so_far.push(fault));
    }

    /// As Ctrl-C would.
    pub(super) fn interrupt(&self) {
        self.interrupts.ring();
    }
}
