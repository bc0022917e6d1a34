//! Acts on what the schedule says: injects, watches, undoes, and writes everything down.
//!
//! The loop decides nothing itself. It tells [`Schedule`] what happened and does what it answers;
//! calls run beside the loop, so that a slow undo never delays another fault.

mod book;
mod calls;
mod score;
#[cfg(test)]
mod tests;
mod watch;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;

pub use calls::{Limits, UndoResult, undo};

use super::journal::Journal;
use super::record::{ChaosEvent, FaultRecord, Undo};
use super::schedule::{Outlook, Stop};
use crate::measure::clock::{Micros, RunClock};
use crate::measure::validity::{Cause, InvalidCause};
use crate::provider::Providers;
use crate::scenario::{FaultId, Scenario};
use book::Book;
use score::Score;

/// Everything the conductor needs.
#[derive(Debug, Clone)]
pub struct ConductorInput {
    /// Whose faults.
    pub scenario: Arc<Scenario>,
    /// The run folder's name: changes are made in its name.
    pub run: String,
    /// What faults act through.
    pub providers: Providers,
    /// Where intents go.
    pub journal: Arc<Journal>,
    /// The one clock.
    pub clock: RunClock,
    /// When the load started, run time: faults' times count from here.
    pub load_started: Micros,
    /// Health and recovery as users see them. When its sender is gone the last word stands.
    pub outlook: channel::Receiver<Outlook>,
    /// The faults that a person has released so far, in order, refused ones as well; none: faults go
    /// by the scenario's times.
    pub releases: Option<channel::Receiver<Vec<FaultId>>>,
    /// Whether to go on. A sender that is gone means [`Stop::Finish`].
    pub stop: channel::Receiver<Stop>,
    /// Told as it happens.
    pub events: mpsc::UnboundedSender<ChaosEvent>,
    /// How long calls may take.
    pub limits: Limits,
}

/// What a run's faults came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// One for each fault of the scenario, in its order.
    pub records: Vec<FaultRecord>,
    /// Why the run has nothing to say: it is invalid.
    pub gave_up: Option<InvalidCause>,
}

impl Outcome {
    /// Whether something could not be taken back: the environment is dirty.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        self.records
            .iter()
            .any(|record| matches!(record.undone, Undo::Failed { .. }))
    }
}

/// Runs the scenario's faults until it is told to stop and everything is taken back.
///
/// Returns early only when it has to give the run up. Also after a panic inside, everything that
/// is open is undone before this returns. Dropping it leaves open what is open, as a kill would.
pub async fn conduct(input: ConductorInput) -> Outcome {
    let book = Book::new(&input.scenario, input.clock, input.events.clone());
    let book = Arc::new(Mutex::new(book));
    // A set, because it ends its tasks when it is dropped.
    let mut task = JoinSet::new();
    task.spawn(Score::new(input.clone(), Arc::clone(&book)).play());
    let ended = task.join_next().await;
    if !matches!(ended, Some(Ok(()))) {
        clean_up(&input, &book).await;
    }
    if input.journal.open_changes().is_empty()
        && let Err(error) = input.journal.close("every fault was taken back").await
    {
        lock(&book).problem(error.to_string());
    }
    let (records, gave_up) = lock(&book).close();
    Outcome { records, gave_up }
}

/// The loop panicked: undo what the journal says is open.
async fn clean_up(input: &ConductorInput, book: &Mutex<Book>) {
    let why = "the conductor of faults panicked: a defect of this tool; please report it with the scenario";
    lock(book).gave_up(None, Cause::ToolDefect.found(why));
    for open in input.journal.open_changes() {
        let fault = (input.scenario.faults.iter()).position(|fault| fault.name == open.fault);
        let provider = input
            .providers
            .iter()
            .find(|provider| provider.place() == open.place);
        let (Some(fault), Some(provider)) = (fault, provider) else {
            continue;
        };
        lock(book).undoing(fault);
        let result = undo(provider, &input.journal, &open.change, input.limits.undo).await;
        lock(book).undone(fault, result, provider.by_hand(&open.change));
    }
}

/// Also after a panic: a record that is half written is better than none.
fn lock(book: &Mutex<Book>) -> std::sync::MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}
